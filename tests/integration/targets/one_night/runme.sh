#!/usr/bin/env bash
# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The guide of one night is lived through: its commands are typed, in their order, and answer what it says.
. ../setup_runs/lab.sh

guide=$scenarios/../../../docs/docsite/rst/guide_one_night.rst
live=$PWD/live.py
export HOME=$work
cd "$work"
exchange-lab run --scenario "$scenarios/kb4051498.yml" --set time_scale=60 -- python "$live" "$guide"
