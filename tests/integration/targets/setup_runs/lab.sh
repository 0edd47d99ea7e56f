# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Sourced by runme.sh of targets: the shipped playbook against a simulated organisation, then a look at what it left.
# shellcheck shell=bash
set -euo pipefail

scenarios=$(dirname -- "$(command -v exchange-lab)")/scenarios
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

# Usage: repair STATUS NAME SCENARIO [OPTION-OF-exchange-lab]… [-- OPTION-OF-ansible-playbook…]
#
# Runs the playbook repair against a fresh organisation, whose time runs fast; it must end with STATUS. What was done to
# the organisation and the verdicts stay in $work/NAME.
repair() {
    local expected=$1 name=$2 scenario=$3 status=0 lab=(--set time_scale=60)
    shift 3
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        lab+=("$1")
        shift
    done
    [ $# -eq 0 ] || shift
    mkdir "$work/$name"
    exchange-lab run --scenario "$scenarios/$scenario.yml" "${lab[@]}" --state "$work/$name/state.json" -- \
        ansible-playbook mailops.exchange.repair \
        -e outbound_tls_repair_report_dir="$work/$name" \
        -e outbound_tls_repair_journal_dir="$work/$name/journal" \
        -e outbound_tls_repair_interval=1 \
        "$@" || status=$?
    if [ "$status" -ne "$expected" ]; then
        echo "$name: the playbook's exit status is $status, not $expected" >&2
        exit 1
    fi
}

# Usage: see NAME PLAYBOOK [OPTION-OF-ansible-playbook]…
#
# Holds what a repair has left against a playbook of assertions, which read it by ../setup_runs/seen.yml.
see() {
    ansible-playbook -i localhost, "$2" -e seen_dir="$work/$1" "${@:3}"
}
