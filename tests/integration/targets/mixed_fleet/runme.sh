#!/usr/bin/env bash
# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Three Mailbox servers in two sites, one of them behind front-end proxying, a subscribed Edge and a standalone one: all
# repaired in one play.
. ../setup_runs/lab.sh

ANSIBLE_SHOW_CUSTOM_STATS=true repair 0 fleet mixed-fleet -- -e outbound_tls_repair_organization_host=mbx01.contoso.test \
    | tee "$work/fleet.txt"
see fleet see.yml "$@"
