# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``exchange-lab run … -- python -m tests.fleet.inside FOLDER KILLED RUNS [LIMIT…]``: the runs of a case."""

from __future__ import annotations

import sys
from pathlib import Path

from .drive import play

if __name__ == "__main__":
    folder, killed, runs, *limit = sys.argv[1:]
    sys.exit(play(Path(folder), killed=killed == "1", runs=int(runs), limit=limit))
