#!/usr/bin/env bash
# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Work that is interrupted: the right sentence, no session left open, a reading command repeated once and a changing one
# never, a wrong password tried once.
. ../setup_runs/lab.sh
. ../setup_runs/failing.sh
. ../setup_runs/one_lab.sh

# Usage: under FAULT PLAYBOOK [ARRIVALS]: how often the fault's cmdlet must have arrived
under() {
    fail_in_lab "$2" --connection "$connection" --set "faults=[{$1}]" -- env arrivals="${3:-}"
}

# Interrupts ansible-playbook as Ctrl-C does, while it waits for Exchange. What it leaves open, the server ends when idle.
interrupt_by_hand() {
    set -m # a process group of its own, as a terminal gives it
    ansible-playbook be_interrupted.yml &
    set +m
    until exchange-lab state | grep --quiet '"name": "Get-ExchangeCertificate"'; do
        sleep 0.2
    done
    kill -INT -- "-$!"
    local status=0 left
    wait "$!" || status=$?
    [ "$status" = 99 ] || { echo "the playbook's exit status is $status, not 99" >&2 && exit 1; }
    left=$(open_shells)
    for _ in {1..20}; do
        [ "$(open_shells)" = 0 ] && return
        sleep 1
    done
    echo "of $left sessions left open, $(open_shells) still are" >&2
    exit 1
}

open_shells() {
    exchange-lab state | python -c 'import json, sys; print(json.load(sys.stdin)["open_shells"])'
}

for connection in psrp winrm; do
    under 'connection_lost: {cmdlet: Get-ExchangeCertificate}' read.yml 2
    under 'connection_lost: {cmdlet: Get-ExchangeCertificate, at: receive}' read.yml 2
    under 'connection_lost: {cmdlet: Enable-ExchangeCertificate}' change.yml 1
    under 'connection_lost: {cmdlet: Enable-ExchangeCertificate, at: receive}' change.yml 1
    under 'recycled_shells: {cmdlet: Get-ExchangeCertificate}' read.yml 1
    under 'recycled_shells: {cmdlet: Enable-ExchangeCertificate}' change.yml 0
    silence='silent: {cmdlet: Get-ExchangeCertificate, seconds: 60}'
    under "$silence" wait.yml
    # Ansible ends the task wherever it is, so its traceback shows our code.
    in_lab 'ansible-playbook time_out.yml' kb4051498 --connection "$connection" --set "faults=[{$silence}]"
    in_lab interrupt_by_hand kb4051498 --connection "$connection" --set "faults=[{$silence}]"

    fail_in_lab be_rejected.yml --connection "$connection"
    repair 2 "rejected-$connection" kb4051498 --connection "$connection" \
        -- -e ansible_password=wrong -e exchange_password=wrong
    see "rejected-$connection" see_one_try.yml "$@"
done
