#!/usr/bin/env bash
# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# KB 4051498 on Edge Transport servers. One that stands alone is repaired by itself; of one that is subscribed, the level
# is raised in the organisation, or, where no server for that is named, not at all.
. ../setup_runs/lab.sh
. ../setup_runs/one_lab.sh

stand_alone() {
    repair_here 0 edge-standalone
    repair_here 0 edge-standalone-again
    recap edge-standalone-again edge01.contoso.test changed=0
}

# The Edge's level is read after the organisation's has been put back and EdgeSync has run; see_repaired.yml looks.
be_subscribed() {
    local organisation=(-e outbound_tls_repair_organization_host=mbx01.contoso.test)
    ansible-playbook refused_on_the_edge.yml
    repair_here 2 edge-subscribed-alone
    repair_here 0 edge-subscribed-promised --check "${organisation[@]}"
    repair_here 0 edge-subscribed "${organisation[@]}"
    ansible-playbook level_on_the_edge.yml
    repair_here 0 edge-subscribed-again "${organisation[@]}"
    recap edge-subscribed-again edge01.contoso.test changed=0
}

in_lab stand_alone edge-standalone --set time_scale=60
see edge-standalone see_repaired.yml "$@"

in_lab be_subscribed edge-subscribed --set time_scale=60
see edge-subscribed-alone see_level_left_alone.yml "$@"
see edge-subscribed-promised see_promised.yml "$@"
see edge-subscribed see_repaired.yml "$@"
see edge-subscribed see_organisation.yml "$@"
