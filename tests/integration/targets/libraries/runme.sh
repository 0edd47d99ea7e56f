#!/usr/bin/env bash
# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Controllers that lack a library, or have the oldest that is supported: it works, or one sentence says what to add.
. ../setup_runs/lab.sh
. ../setup_runs/failing.sh

# Usage: without LIBRARY: prints a folder that hides it from Python
without() {
    mkdir -p "$work/without_$1"
    echo "raise ModuleNotFoundError(\"No module named '$1'\", name='$1')" >"$work/without_$1/$1.py"
    echo "$work/without_$1"
}

for library in pypsrp cryptography jmespath; do
    export library
    fail_in_lab say_what_to_add.yml -- env PYTHONPATH="$(without "$library")"
done
# Where pypsrp can do it, a missing pywinrm is no obstacle, unless it was named.
export library=winrm
fail_in_lab do_without.yml --connection winrm -- env PYTHONPATH="$(without winrm)"
fail_in_lab say_what_to_add.yml --connection winrm -- env PYTHONPATH="$(without winrm)" exchange_transport=pywinrm

# The oldest libraries, on top of the newest.
oldest=$work/libraries
python -m pip install --quiet --quiet --disable-pip-version-check --no-deps --target "$oldest" \
    --requirement "$scenarios/../../requirements-oldest.txt"
export PYTHONPATH=$oldest
[ "$(python -c 'import pypsrp, winrm; print(pypsrp.__path__ + winrm.__path__)')" = "['$oldest/pypsrp', '$oldest/winrm']" ]
for connection in psrp winrm; do
    repair 0 "oldest-$connection" kb4051498 --connection "$connection"
    see "oldest-$connection" see_repaired.yml "$@"
done
