#!/usr/bin/env bash
# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The connector was Verbose before, and its rows stay in a buffer: every wait ends in time, nothing is bound without
# evidence, and a level that somebody else has chosen stays.
. ../setup_runs/lab.sh

repair 2 silent kb4051498 --set "connectors.Outbound to Office 365.protocol_logging_level=Verbose" \
    --set servers.mbx01.contoso.test.log_flush_s=86400 -- -e outbound_tls_repair_evidence_timeout=5
see silent see_no_evidence.yml "$@"
