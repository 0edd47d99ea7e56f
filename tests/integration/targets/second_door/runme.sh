#!/usr/bin/env bash
# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The second door: the modules run on a bastion, with nothing but their options to reach Exchange. The password is in none
# of the output, though Ansible shows all it has.
. ../setup_runs/lab.sh
# Newer releases of ansible-core show options only when asked.
export ANSIBLE_INJECT_INVOCATION=true
secret='Näher als 7 Meilen!'

# The inner shell has the lab's environment.
# shellcheck disable=SC2016
exchange-lab run --scenario "$scenarios/kb4051498.yml" \
    --set "accounts=[{user: 'CONTOSO\\exadmin', password: '$secret', role_groups: [Organization Management]}]" -- \
    bash -c 'ansible-playbook -i "$ANSIBLE_INVENTORY" -i bastion, through_the_bastion.yml -vvv "$@"' bash "$@" |
    tee "$work/output.txt"

# The tasks' options are shown, the password is not.
grep --quiet '"exchange_username": "CONTOSO\\\\exadmin"' "$work/output.txt"
# Ansible shows letters beyond ASCII as they are or escaped.
if grep -E 'N(ä|\\u00e4|\\xe4|Ã¤)her als 7' "$work/output.txt"; then
    echo "the output shows the password" >&2
    exit 1
fi
