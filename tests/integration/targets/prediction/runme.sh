#!/usr/bin/env bash
# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A prediction that comes true: server, connector, day and outcome are named, the day passes, mail stops there and nowhere
# else, and what was said to cure it does. What Exchange does with an expired certificate is not known, so it happens in
# both ways, and both were said.
. ../setup_runs/lab.sh

for reading in not_found used; do
    exchange-lab run --scenario "$scenarios/day-of-expiry.yml" --set "readings.expired_named_certificate=$reading" -- \
        ansible-playbook come_true.yml -e "expired_certificate=$reading" "$@"
done
