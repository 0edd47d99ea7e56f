#!/usr/bin/env bash
# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The playbook audit looks at a fleet of which one server cannot be reached and two are Edges. It changes nothing, and says
# what it saw: to people, to programs, and to workflows.
. ../setup_runs/lab.sh
. ../setup_runs/one_lab.sh

# Usage: audit STATUS NAME [OPTION-OF-ansible-playbook]…
#
# Runs the playbook in the organisation around; it must end with STATUS. Report and output stay in $work/NAME.
audit() {
    local status=0
    mkdir "$work/$2"
    ANSIBLE_SHOW_CUSTOM_STATS=true ansible-playbook mailops.exchange.audit \
        -e outbound_tls_audit_report_dir="$work/$2" "${@:3}" | tee "$work/$2/output.txt" || status=$?
    exchange-lab state > "$work/$2/state.json"
    if [ "$status" -ne "$1" ]; then
        echo "$2: the playbook's exit status is $status, not $1" >&2
        exit 1
    fi
}

look_at_the_fleet() {
    audit 0 fleet
    audit 0 checked --check -e '{"outbound_tls_audit_connectors": ["By the Edge"]}'
    audit 2 failing -e outbound_tls_audit_fail_on=error -f 1
    audit 2 misspelt -e outbound_tls_hosts=exchnage
    ! grep --quiet 'TASK.*Look' "$work/misspelt/output.txt"
}

in_lab look_at_the_fleet audit-fleet --set time_scale=60
see fleet see_fleet.yml "$@"
see checked see_checked.yml "$@"
see failing see_failing.yml "$@"
schema=$scenarios/../../../roles/outbound_tls_audit/files/outbound_tls_audit.schema.json
python - "$schema" "$work"/{fleet,checked,failing}/outbound_tls_audit.json <<'PY'
import json
import sys
from pathlib import Path

import jsonschema

schema, *documents = (json.loads(Path(name).read_text(encoding="utf-8")) for name in sys.argv[1:])
for document in documents:
    jsonschema.validate(document, schema)
PY
