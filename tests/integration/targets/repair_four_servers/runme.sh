#!/usr/bin/env bash
# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Four source servers of one connector: one is down, two have the fault, the fourth has a certificate without its key.
. ../setup_runs/lab.sh

repair 2 fleet four-servers
see fleet see_fleet.yml "$@"

# One alone fails as loudly as among the others.
repair 2 without_key four-servers -- --limit mbx04.contoso.test
see without_key see_without_key.yml "$@"
repair 2 unreachable four-servers -- --limit mbx01.contoso.test
see unreachable see_unreachable.yml "$@"
repair 0 affected four-servers -- --limit mbx03.contoso.test
see affected see_affected.yml "$@"
