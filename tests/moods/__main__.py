# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make moods``: the shipped playbook in every mood of Exchange, and a table of what came of it.

The exit status is 0 only if all is as it must be. Words choose moods: ``python -m tests.moods queues suspended``.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .drive import Outcome, run
from .moods import MOODS, Mood

BUILD = Path(__file__).resolve().parents[2] / "build"
AT_ONCE = 2
"""A lab and a playbook keep a processor busy."""
ROW = "{:<66}{:<18}{:<18}{:<10}{:<9}{:<11}{:>4}"


def main(wanted: Sequence[str]) -> int:
    """Run the moods whose names contain all the words; returns the exit status."""
    moods = [mood for mood in MOODS if all(word.casefold() in str(mood).casefold() for word in wanted)]
    if not moods:
        print(f"there is no mood {' '.join(wanted)}; there are:", *MOODS, sep="\n    ", file=sys.stderr)
        return 2
    shutil.rmtree(BUILD / "moods", ignore_errors=True)
    print(ROW.format("mood", "expected", "real", "services", "default", "level", "s"))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = []
        for outcome in pool.map(lambda mood: run(mood, folder_of(mood)), moods):
            outcomes.append(outcome)
            print_row(outcome)
    (BUILD / "moods.json").write_text(json.dumps([record(each) for each in outcomes], indent=2) + "\n")
    short = sum(bool(each.problems) for each in outcomes)
    print(f"{len(outcomes)} moods, {short or 'none'} of them short of what must come")
    return 1 if short else 0


def folder_of(mood: Mood) -> Path:
    folder = BUILD / "moods" / "".join(each if each.isalnum() else "-" for each in str(mood).casefold())
    folder.mkdir(parents=True)
    return folder


def print_row(outcome: Outcome) -> None:
    mood = outcome.mood
    told = [
        "kept" if outcome.services else "NOT KEPT",
        "kept" if outcome.default else "LOST",
        mood.level if outcome.level else "NOT BACK",
    ]
    print(ROW.format(str(mood)[:64], mood.verdict, outcome.verdict, *told, outcome.seconds), flush=True)
    for problem in outcome.problems:
        print(f"    {problem}", flush=True)


def record(outcome: Outcome) -> dict[str, object]:
    return {
        "area": outcome.mood.area,
        "mood": outcome.mood.name,
        "scenario": outcome.mood.scenario,
        "facts": outcome.mood.facts,
        "expected": outcome.mood.verdict,
        "real": outcome.verdict,
        "services_kept": outcome.services,
        "default_kept": outcome.default,
        "level_put_back": outcome.level,
        "problems": outcome.problems,
        "seconds": outcome.seconds,
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
