#!/usr/bin/env bash
# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Mail that leaves through the front end of another server: the certificate is bound there, and nowhere else.
. ../setup_runs/lab.sh
. ../setup_runs/one_lab.sh

# The front end's log calls its sessions by an implicit connector or by the connector itself.
for called in virtual name; do
    repair 0 "$called" front-end-proxy --set readings.front_end_connector_id="$called"
    see "$called" see_repaired.yml "$@"
done

# The queue's error names no server, so that only the log can.
repair 0 unnamed front-end-proxy --set readings.front_end_error=450_4.4.101
see unnamed see_repaired.yml "$@"

repair 0 promised front-end-proxy -- --check
see promised see_promised.yml "$@"

repair 2 alone front-end-proxy -- --limit mbx01.contoso.test
see alone see_front_end_named.yml "$@"

repair 2 absent front-end-proxy --set servers.mbx02.contoso.test.reachable=false
see absent see_front_end_named.yml "$@"

# The way to the front end fails with the same word, with the default certificate, whatever the queue says.
for error in primary_4.4.1 led_4.4.1; do
    repair 2 "trap-$error" front-end-trap --set readings.set_send_connector=works --set readings.queue_error="$error"
    see "trap-$error" see_trap.yml "$@"
done
repair 2 trap-refused front-end-trap --set readings.set_send_connector=refused
see trap-refused see_trap_refused.yml "$@"

# One after the other, the server that sends is told to run again; then it does.
in_turns() {
    ansible-playbook repair_in_turns.yml -e outbound_tls_repair_journal_dir="$work/journal" \
        -e outbound_tls_repair_interval=1
    repair_here 0 in_turns
}
in_lab in_turns front-end-proxy --set time_scale=60
see in_turns see_in_turns.yml "$@"
