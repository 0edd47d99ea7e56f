# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Sourced after lab.sh by the runme.sh of targets that do several things, one after the other, to one organisation.
# shellcheck shell=bash
: "${scenarios:?}" "${work:?}"

# Usage: in_lab FUNCTION SCENARIO [OPTION-OF-exchange-lab]…
#
# Calls the function of the calling script inside a fresh organisation.
in_lab() {
    export work
    exchange-lab run --scenario "$scenarios/$2.yml" "${@:3}" -- \
        bash -euo pipefail -c "$(declare -f)"$'\n'"$1"
}

# Usage: repair_here STATUS NAME [OPTION-OF-ansible-playbook]…
#
# Runs the playbook repair, or the one that $playbook names, in the organisation around; it must end with STATUS. What was
# done to the organisation until then, the verdicts, and the playbook's output stay in $work/NAME.
repair_here() {
    local status=0
    mkdir "$work/$2"
    ansible-playbook "${playbook:-mailops.exchange.repair}" \
        -e outbound_tls_repair_report_dir="$work/$2" \
        -e outbound_tls_repair_journal_dir="$work/journal" \
        -e outbound_tls_repair_interval=1 \
        -e outbound_tls_repair_reload_wait=5 \
        "${@:3}" | tee "$work/$2/output.txt" || status=$?
    exchange-lab state > "$work/$2/state.json"
    if [ "$status" -ne "$1" ]; then
        echo "$2: the playbook's exit status is $status, not $1" >&2
        exit 1
    fi
}

# Usage: recap NAME HOST WORD
#
# Whether that run's PLAY RECAP says the word of the host, as in: recap second mbx01.contoso.test changed=0
recap() {
    grep -E "^${2//./\\.} +:.* $3( |$)" "$work/$1/output.txt"
}
