# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make readings``: the shipped playbook under every reading of Exchange and in its moods, with a table in the end.

The exit status is 0 only if all is as it must be. Words choose cases: ``python -m tests.readings prompt german``.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .case import Case
from .drive import Outcome, run
from .readings import CASES

BUILD = Path(__file__).resolve().parents[2] / "build"
AT_ONCE = 3
"""A lab and a playbook keep a processor busy, but for the time in which they wait for each other."""
ROW = "{:<27}{:<40}{:<18}{:<18}{:<9}{:<9}{:<6}{:>6}{:>5}  {}"


def main(wanted: Sequence[str]) -> int:
    """Run the cases whose names contain all the words; returns the exit status."""
    cases = [(number, case) for number, case in enumerate(CASES, 1) if has_words(case, wanted)]
    if not cases:
        print(f"there is no case {' '.join(wanted)}; there are:", *CASES, sep="\n    ", file=sys.stderr)
        return 2
    shutil.rmtree(BUILD / "readings", ignore_errors=True)
    print(ROW.format("reading", "value", "expected", "real", "services", "default", "level", "shells", "s", ""))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = []
        for outcome in pool.map(lambda each: run(each[1], folder_of(*each)), cases):
            outcomes.append(outcome)
            print_row(outcome)
    (BUILD / "readings.json").write_text(json.dumps([record(each) for each in outcomes], indent=2) + "\n")
    short = sum(bool(each.problems) for each in outcomes)
    print(f"{len(outcomes)} cases, {short or 'none'} of them short of what must come")
    return 1 if short else 0


def has_words(case: Case, words: Sequence[str]) -> bool:
    text = f"{case} {case.scenario} {' '.join(case.facts)}".casefold()
    return all(word.casefold() in text for word in words)


def folder_of(number: int, case: Case) -> Path:
    folder = BUILD / "readings" / f"{number:03}-{''.join(each if each.isalnum() else '-' for each in str(case))}"
    folder.mkdir(parents=True)
    return folder


def print_row(outcome: Outcome) -> None:
    case = outcome.case
    services = "lost" if outcome.services.startswith("lost") else outcome.services
    shells = "?" if outcome.open_shells is None else outcome.open_shells
    seen = (outcome.verdict, services, outcome.default, outcome.level, shells, outcome.seconds)
    word = "FALLS SHORT" if outcome.problems else ""
    print(ROW.format(case.area, case.name, case.verdict, *seen, word), flush=True)
    for problem in outcome.problems:
        print(f"    {problem}", flush=True)


def record(outcome: Outcome) -> dict[str, object]:
    case = outcome.case
    return {
        "area": case.area,
        "name": case.name,
        "scenario": case.scenario,
        "facts": case.facts,
        "expected": case.verdict,
        "real": outcome.verdict,
        "services": outcome.services,
        "default": outcome.default,
        "level": outcome.level,
        "open_shells": outcome.open_shells,
        "problems": outcome.problems,
        "seconds": outcome.seconds,
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
