#!/usr/bin/env bash
# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A binding alone is no success: the other end must have accepted mail after it.
. ../setup_runs/lab.sh
peer=contoso-com.mail.protection.outlook.com

# The other end goes down with the binding, and stays down.
repair 2 silent kb4051498 --set "faults=[{peer_goes_down: {cmdlet: Enable-ExchangeCertificate, peer: $peer}}]" \
    -- -e outbound_tls_repair_drain_timeout=5
see silent see_bound_not_proven.yml "$@"

# The other end takes our certificate and refuses our mail: the queue empties, and the senders get it back.
repair 2 refusing kb4051498 --set "peers.$peer.reply_to_data=550 5.7.64 TenantAttribution; Relay Access Denied"
see refusing see_rejected.yml "$@"
