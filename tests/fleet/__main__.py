# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make fleet``: one connector, three source servers, and every way to run the role over them.

At the end the level must be what it was at the beginning, all mail that can leave must have left over TLS, and the
connector must have been set once up and once down, in batches once a batch: it belongs to the organisation, not to a
host. The exit status is 0 only if all is as it must be. Words choose cases: ``python -m tests.fleet free killed``.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from .case import CASES, Case
from .drive import Outcome, run

BUILD: Final = Path(__file__).resolve().parents[2] / "build"
AT_ONCE: Final = 2
ROW: Final = "{:<62}{:<26}{:<10}{:>6}{:>5}  {}"


def main(wanted: Sequence[str]) -> int:
    """Run the cases whose names contain all the words; returns the exit status."""
    cases = [(number, case) for number, case in enumerate(CASES, 1) if all(word in str(case) for word in wanted)]
    if not cases:
        print(f"there is no case {' '.join(wanted)}; there are:", *CASES, sep="\n    ", file=sys.stderr)
        return 2
    shutil.rmtree(BUILD / "fleet", ignore_errors=True)
    print(ROW.format("run over three servers", "set to", "at the end", "mail", "s", ""))
    outcomes = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for outcome in pool.map(lambda each: run(each[1], folder_of(*each)), cases):
            outcomes.append(outcome)
            print_row(outcome)
    (BUILD / "fleet.json").write_text(
        json.dumps(
            [{"case": str(each.case), "sets": each.sets, "problems": each.problems} for each in outcomes], indent=2
        )
    )
    short = sum(bool(each.problems) for each in outcomes)
    print(f"{len(outcomes)} cases, {short or 'none'} of them short of what must come")
    return 1 if short else 0


def folder_of(number: int, case: Case) -> Path:
    folder = BUILD / "fleet" / f"{number:02}-{''.join(each if each.isalnum() else '-' for each in str(case))}"
    folder.mkdir(parents=True)
    return folder


def print_row(outcome: Outcome) -> None:
    word = "FALLS SHORT" if outcome.problems else ""
    row = (str(outcome.case), ", ".join(outcome.sets), outcome.level, outcome.accepted, outcome.seconds, word)
    print(ROW.format(*row), flush=True)
    for problem in outcome.problems:
        print(f"    {problem}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
