#!/usr/bin/env bash
# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Logs that mislead. Logging stays as it is, so that what they say is all there is to go by: a binding by it can then not
# be proved, and the verdict says so.
. ../setup_runs/lab.sh
by_this_log=(-- -e outbound_tls_repair_raise_logging=false -e outbound_tls_repair_evidence_timeout=5
    -e outbound_tls_repair_drain_timeout=5)

repair 2 interleaved-sessions interleaved-sessions "${by_this_log[@]}"
see interleaved-sessions see_marked.yml "$@"

repair 2 kb-six-lines kb-six-lines "${by_this_log[@]}"
see kb-six-lines see_inferred.yml "$@"

# The decoy bears the very name that the connector asks for, so only the form of the log speaks against it.
namesake='CN=*.contoso.com, OU=IT, O=Contoso Corporation, L=Redmond, S=WA, C=US'
for log in forged-row receive-log-only; do
    repair 2 "$log" "$log" --set "servers.mbx01.contoso.test.certificates.decoy.subject=$namesake" "${by_this_log[@]}"
    see "$log" see_nothing.yml "$@"
done
