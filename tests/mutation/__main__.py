# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make mutation``: puts one small fault after another into the code that decides; each must turn a test red.

The exit status is 0 only if every survivor stands in ``equivalent.yml``, and nothing else does. Words choose files:
``python -m tests.mutation _exchange/services``. A sample of the mutants is no proof, and says so.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Final

from . import judge
from .judge import Tally
from .mutants import ROOT, Mutant, mutants
from .suite import Suite, learn, start, survived

FOLDERS: Final = ("plugins/module_utils/_exchange", "plugins/module_utils/_outbound_tls")
PROMPTS: Final = "plugins/module_utils/_remoting/prompts.py"
"""Who may answer a question; what may be answered stands in _exchange."""
WAIT_SECONDS: Final = 300
"""For a mutant that neither ends nor works; none of them takes so long to end."""


def main(arguments: Sequence[str]) -> int:
    """Measure the chosen files; returns the exit status."""
    wish = _parser().parse_args(arguments)
    files = [file for file in subjects() if any(word in file for word in wish.words or [""])]
    if not files:
        print(f"there is no file {' '.join(wish.words)}; there are:", *subjects(), sep="\n    ", file=sys.stderr)
        return 2
    begun = time.monotonic()
    suite = learn(files)
    print(f"{len(suite.seconds)} tests, green without a fault ({time.monotonic() - begun:.0f} s)", flush=True)
    equivalents = judge.read()
    tallies = [measure(file, suite, equivalents, wish) for file in files]
    outdated = [] if wish.sample else list(judge.outdated(equivalents, tallies))
    for each in outdated:
        print(f"{judge.EQUIVALENT.name} has what does not survive in {each.file}: {each.was} -> {each.becomes}")
    _write(tallies)
    for folder in sorted({tally.folder for tally in tallies}):
        print(_line(folder, [tally for tally in tallies if tally.folder == folder]))
    print(_line("all", tallies), f"({time.monotonic() - begun:.0f} s)")
    if wish.sample:
        print(f"a sample: at most {wish.sample} mutants of each file were tried")
    return 1 if outdated or any(tally.unanswered for tally in tallies) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("words", nargs="*", help="measure the files with one of these in their path")
    parser.add_argument("--at-once", type=int, default=os.cpu_count() or 1, help="mutants to try at a time")
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="try no more than N mutants of each file")
    return parser


def subjects() -> list[str]:
    """Return the files that are mutated: paths below the root."""
    below = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    return sorted(str(path.relative_to(ROOT)) for path in (*below, ROOT / PROMPTS))


def measure(file: str, suite: Suite, equivalents: Collection[judge.Equivalent], wish: argparse.Namespace) -> Tally:
    """Try the mutants of a file, and tell of each that survives without being listed."""
    begun = time.monotonic()
    found = mutants(file)
    if wish.sample:
        found = random.Random(file).sample(found, min(wish.sample, len(found)))
    alive = sorted(survivors(found, suite, wish.at_once), key=lambda mutant: mutant.line)
    tally = Tally(file, len(found) - len(alive), alive, equivalents)
    print(_line(file, [tally]), f"({time.monotonic() - begun:.0f} s)", flush=True)
    for mutant in tally.unanswered:
        unseen = "" if suite.concerned(mutant) else ", no test runs it"
        print(f"    line {mutant.line}, {mutant.operator}{unseen}\n        {mutant.was}\n        {mutant.becomes}")
    return tally


def survivors(found: Sequence[Mutant], suite: Suite, at_once: int) -> Iterator[Mutant]:
    """Yield the mutants that no test notices, so many tried at a time."""
    running: dict[int, tuple[BaseProcess, Mutant, list[list[str]]]] = {}
    rest = [(mutant, suite.concerned(mutant)) for mutant in found]
    while rest or running:
        while rest and len(running) < at_once:
            mutant, groups = rest.pop(0)
            if groups:
                process = start(mutant, groups[0], suite.patience(groups[0]))
                running[process.sentinel] = process, mutant, groups[1:]
            else:
                yield mutant
        for sentinel in _ended({sentinel: process for sentinel, (process, *__) in running.items()}):
            process, mutant, groups = running.pop(sentinel)
            process.join()
            if survived(process):
                rest.insert(0, (mutant, groups))


def _ended(running: Mapping[int, BaseProcess]) -> list[int]:
    """Wait until a process has ended, if any runs; where none does, since all wait for something, they are ended."""
    ended = wait(running, WAIT_SECONDS) if running else []
    if running and not ended:
        for process in running.values():
            process.kill()
        ended = wait(running)
    return [sentinel for sentinel in running if sentinel in ended]


def _line(name: str, tallies: Sequence[Tally]) -> str:
    counts = {
        "mutants": sum(tally.mutants for tally in tallies),
        "killed": sum(tally.killed for tally in tallies),
        "equivalent": sum(tally.equivalent for tally in tallies),
        "unanswered": sum(len(tally.unanswered) for tally in tallies),
    }
    said = ", ".join(f"{count} {word}" for word, count in counts.items())
    return f"{name}: {judge.score(tallies):.1f} %, {said}"


def _write(tallies: Sequence[Tally]) -> None:
    record = {
        tally.file: {
            "mutants": tally.mutants,
            "killed": tally.killed,
            "equivalent": tally.equivalent,
            "unanswered": [
                {"line": each.line, "operator": each.operator, "was": each.was, "becomes": each.becomes}
                for each in tally.unanswered
            ],
        }
        for tally in tallies
    }
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / "mutation.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
