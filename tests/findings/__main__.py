# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make findings``: facts of the world against what the diagnosis finds, with a table in the end.

The exit status is 0 only if all is as it must be. Words choose cases: ``python -m tests.findings ipv6 20:``.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .case import Case
from .cases import CASES
from .drive import Outcome, run

BUILD = Path(__file__).resolve().parents[2] / "build"
AT_ONCE = 3
"""A lab and a playbook keep a processor busy, but for the time in which they wait for each other."""
ROW = "{:<12}{:<52}{:<44}{:<44}{:>4}  {}"


def main(wanted: Sequence[str]) -> int:
    """Run the cases whose names contain all the words; returns the exit status."""
    cases = [(number, case) for number, case in enumerate(CASES, 1) if has_words(case, wanted)]
    if not cases:
        print(f"there is no case {' '.join(wanted)}; there are:", *CASES, sep="\n    ", file=sys.stderr)
        return 2
    shutil.rmtree(BUILD / "findings", ignore_errors=True)
    print(ROW.format("row", "how it shows itself", "expected", "found", "s", ""))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = []
        for outcome in pool.map(lambda each: run(each[1], folder_of(*each)), cases):
            outcomes.append(outcome)
            print_row(outcome)
    (BUILD / "findings.json").write_text(json.dumps([record(each) for each in outcomes], indent=2) + "\n")
    short = sum(bool(each.problems) for each in outcomes)
    print(f"{len(outcomes)} cases, {short or 'none'} of them short of what must come")
    return 1 if short else 0


def has_words(case: Case, words: Sequence[str]) -> bool:
    text = f"{case} {case.primary} {case.scenario} {' '.join(case.facts)}".casefold()
    return all(word.casefold() in text for word in words)


def folder_of(number: int, case: Case) -> Path:
    folder = BUILD / "findings" / f"{number:03}-{''.join(each if each.isalnum() else '-' for each in str(case))}"
    folder.mkdir(parents=True)
    return folder


def print_row(outcome: Outcome) -> None:
    case = outcome.case
    expected = " + ".join((case.primary, *sorted(case.also)))
    found = " + ".join(outcome.found) or "nothing"
    word = "FALLS SHORT" if outcome.problems else ""
    print(ROW.format(case.row, case.name, expected, found, outcome.seconds, word), flush=True)
    for problem in outcome.problems:
        print(f"    {problem}", flush=True)


def record(outcome: Outcome) -> dict[str, object]:
    case = outcome.case
    return {
        "row": case.row,
        "name": case.name,
        "scenario": case.scenario,
        "server": case.server,
        "facts": case.facts,
        "expected": [case.primary, *sorted(case.also)],
        "qualifiers": sorted(case.qualifiers),
        "unobserved": case.unobserved,
        "found": outcome.found,
        "problems": outcome.problems,
        "seconds": outcome.seconds,
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
