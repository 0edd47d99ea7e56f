#!/usr/bin/env bash
# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Inventories that call a server by an alias, an address or the name of a load balancer: what is read, bound and retried is
# one server's, or it is refused.
. ../setup_runs/lab.sh

exchange-lab run --scenario "$scenarios/kb4051498.yml" --set time_scale=60 -- \
    ansible-playbook alias.yml -e outbound_tls_repair_journal_dir="$work/journal" "$@"

# The inner shell has the lab's environment.
# shellcheck disable=SC2016
exchange-lab run --scenario "$scenarios/four-servers.yml" --set time_scale=60 \
    --set servers.mbx04.contoso.test.certificates.wildcard.key=ok -- \
    bash -c 'ansible-playbook -i "$ANSIBLE_INVENTORY" -i leads_elsewhere.inventory.yml leads_elsewhere.yml "$@"' bash \
    -e outbound_tls_repair_journal_dir="$work/journal" "$@"

exchange-lab run --scenario "$scenarios/four-servers.yml" \
    --set servers.mbx02.contoso.test.powershell.proxied_to=mbx03.contoso.test \
    --set servers.mbx04.contoso.test.certificates.wildcard.key=ok -- \
    ansible-playbook load_balancer.yml "$@"
