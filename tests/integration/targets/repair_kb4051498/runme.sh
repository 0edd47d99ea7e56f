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

# Where the binding has to come before the logging, mail that leaves by itself in between leaves no proof: on a busy machine
# the quick time of the lab would let it.
declare -A time_scale=([kb4051498]=60 [kb4051498-refused]=20)
for scenario in "${!time_scale[@]}"; do
    export scenario
    in_lab repair_twice "$scenario" --set "time_scale=${time_scale[$scenario]}"
    see "$scenario" see_repaired.yml -e scenario="$scenario" "$@"
    see "$scenario-again" see_left_alone.yml -e first_dir="$work/$scenario" "$@"
done
