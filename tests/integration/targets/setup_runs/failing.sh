# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Sourced after lab.sh by the runme.sh of targets that look at what a user reads when something goes wrong.
# shellcheck shell=bash
: "${scenarios:?}" "${work:?}"
export ANSIBLE_DISPLAY_TRACEBACK=always

# Usage: fail_in_lab PLAYBOOK [OPTION-OF-exchange-lab]… [-- COMMAND-BEFORE-ansible-playbook…]
#
# Runs a playbook, which looks at its own failures, in a fresh organisation. None may show a traceback of ours, though
# Ansible shows all it has.
fail_in_lab() {
    local playbook=$1 lab=()
    shift
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        lab+=("$1")
        shift
    done
    exchange-lab run --scenario "$scenarios/kb4051498.yml" "${lab[@]}" --state "$work/state.json" -- \
        "${@:2}" ansible-playbook "$playbook" -vvv | tee "$work/output.txt"
    if ! grep --quiet '"open_shells": 0' "$work/state.json"; then
        echo "$playbook leaves sessions open" >&2
        exit 1
    fi
    if grep '^ *File ".*/mailops/exchange/plugins/' "$work/output.txt"; then
        echo "$playbook shows a traceback" >&2
        exit 1
    fi
}
