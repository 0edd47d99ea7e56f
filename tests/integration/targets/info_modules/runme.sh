#!/usr/bin/env bash
# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The information modules as an administrator meets them in the first night, and as an account does whose role group has no
# Send connectors.
. ../setup_runs/lab.sh

for connection in psrp winrm; do
    library=py$connection exchange-lab run --scenario "$scenarios/kb4051498.yml" --connection "$connection" \
        --set 'connectors.Outbound to Office 365.protocol_logging_level=Verbose' -- ansible-playbook administrator.yml "$@"
done

exchange-lab run --scenario "$scenarios/kb4051498.yml" \
    --set "accounts=[{user: 'CONTOSO\\srvadmin', password: 'Lab-Passw0rd!', role_groups: [Server Management]}]" -- \
    ansible-playbook server_management.yml "$@"
