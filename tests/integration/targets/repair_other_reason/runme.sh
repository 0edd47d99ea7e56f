#!/usr/bin/env bash
# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The certificate has been bound since, mail is stuck again because the other end does not answer, and the rows of the old
# failure are still in the log: nothing is changed, and the new reason is named.
. ../setup_runs/lab.sh
. ../setup_runs/one_lab.sh

repair_once() {
    repair_here 2 stuck
    recap stuck mbx01.contoso.test changed=0
}

in_lab repair_once stuck-for-another-reason --set time_scale=60
see stuck see_named.yml "$@"
