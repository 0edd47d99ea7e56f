#!/usr/bin/env bash
# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A check run changes nothing. Where the log is silent, it says on what the repair depends; where the log already speaks, it
# promises exactly what the run then does.
. ../setup_runs/lab.sh
. ../setup_runs/one_lab.sh
export playbook=repair_and_keep.yml

check() {
    mkdir -p "$work/$log/before"
    exchange-lab state > "$work/$log/before/state.json"
    repair_here 0 "$log/check" --check --diff
}

check_then_run() {
    check
    repair_here 0 "$log/run" --diff
}

# Exchange has tried the queue a minute ago and will again in nine, so not while the runs are compared, however slow this
# machine is; the transport service is as quick as it can be.
pace=(--set "mail=[{server: mbx01.contoso.test, domain: fabrikam.com, count: 25, queued_at: -35m}]" --set time_scale=15
    --set servers.mbx01.contoso.test.transport_reload_s=0 --set servers.mbx01.contoso.test.log_flush_s=1)

export log=silent
in_lab check kb4051498 "${pace[@]}"
see silent/check see_untouched.yml -e before_dir="$work/silent/before" "$@"
see silent/check see_conditional.yml "$@"

export log=speaking
in_lab check_then_run log-already-speaks "${pace[@]}"
see speaking/check see_untouched.yml -e before_dir="$work/speaking/before" "$@"
see speaking/run see_promise_kept.yml -e promised_dir="$work/speaking/check" "$@"
