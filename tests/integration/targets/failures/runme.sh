#!/usr/bin/env bash
# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What a user reads when something goes wrong: one sentence, and no traceback of ours, though Ansible shows all it has.
export ANSIBLE_DISPLAY_TRACEBACK=always
. ../setup_runs/lab.sh

# Usage: fail_in_lab PLAYBOOK [OPTION-OF-exchange-lab]… [-- COMMAND-BEFORE-ansible-playbook…]
fail_in_lab() {
    local playbook=$1 lab=()
    shift
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        lab+=("$1")
        shift
    done
    exchange-lab run --scenario "$scenarios/kb4051498.yml" "${lab[@]}" -- "${@:2}" ansible-playbook "$playbook" -vvv |
        tee "$work/output.txt"
    if grep '^ *File ".*/mailops/exchange/plugins/' "$work/output.txt"; then
        echo "$playbook shows a traceback" >&2
        exit 1
    fi
}

# Usage: without LIBRARY: prints a folder in which the library cannot be imported
without() {
    mkdir "$work/without_$1"
    echo "raise ImportError(\"No module named '$1'\")" >"$work/without_$1/$1.py"
    echo "$work/without_$1"
}

server=servers.mbx01.contoso.test
fail_in_lab wrong_options.yml
fail_in_lab expired_certificate.yml --set "$server.certificates.third-party.not_after=-1d"
fail_in_lab unknown_default.yml --set "$server.default_certificate=null"
fail_in_lab unforeseen_prompt.yml \
    --set 'faults=[{unforeseen_prompt: {cmdlet: Enable-ExchangeCertificate, message: "Restart the service now?"}}]'
fail_in_lab without_pypsrp.yml -- env PYTHONPATH="$(without pypsrp)"
fail_in_lab without_jmespath.yml -- env PYTHONPATH="$(without jmespath)"
