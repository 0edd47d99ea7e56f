#!/usr/bin/env bash
# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What a user reads when something goes wrong: one sentence, and no traceback of ours.
. ../setup_runs/lab.sh
. ../setup_runs/failing.sh

server=servers.mbx01.contoso.test
fail_in_lab wrong_options.yml
fail_in_lab expired_certificate.yml --set "$server.certificates.third-party.not_after=-1d"
fail_in_lab unknown_default.yml --set "$server.default_certificate=null"
fail_in_lab unforeseen_prompt.yml \
    --set 'faults=[{unforeseen_prompt: {cmdlet: Enable-ExchangeCertificate, message: "Restart the service now?"}}]'
