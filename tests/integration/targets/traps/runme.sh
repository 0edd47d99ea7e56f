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

for trap in interleaved-sessions forged-row receive-log-only kb-six-lines; do
    repair 2 "$trap" "$trap" "${by_this_log[@]}"
done
see interleaved-sessions see_marked.yml "$@"
see kb-six-lines see_inferred.yml "$@"
see forged-row see_nothing.yml "$@"
see receive-log-only see_nothing.yml "$@"
