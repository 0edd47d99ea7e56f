#!/usr/bin/env bash
# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# KB 4051498, where logging can be raised before the cure and where Exchange refuses that: mail flows after one run, and a
# second one in the same organisation finds nothing left to do.
. ../setup_runs/lab.sh
. ../setup_runs/one_lab.sh

repair_twice() {
    repair_here 0 "$scenario"
    repair_here 0 "$scenario-again"
    recap "$scenario-again" mbx01.contoso.test changed=0
}

for scenario in kb4051498 kb4051498-refused; do
    export scenario
    in_lab repair_twice "$scenario" --set time_scale=60
    see "$scenario" see_repaired.yml -e scenario="$scenario" "$@"
    see "$scenario-again" see_left_alone.yml -e first_dir="$work/$scenario" "$@"
done
