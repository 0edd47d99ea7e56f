# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger of what rests on what.

python -m tests.ledger page     writes docs/fidelity.md (make fidelity)
python -m tests.ledger check    fails where that page is not what it would write, or a mark names no fact
python -m tests.ledger flip     flips each reading that stands for a fact (make ledger); names choose some
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from exchange_lab.world import Readings

from .facts import Fact, FactsError, read
from .page import PAGE, ROOT, answers, page, problems

LAB_TESTS = "tests/unit/lab"
AT_ONCE = 2
"""Runs of pytest; each keeps a processor busy."""


@dataclass(frozen=True)
class Found:
    """What one run of pytest found, by test function."""

    marks: Mapping[str, Sequence[str]]
    reads: Mapping[str, Sequence[str]]
    ran: Sequence[str]
    red: Sequence[str]


def run(*arguments: str) -> Found:
    """Run pytest with the plugin. What it prints is shown if it could not run; red tests are no such failure."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "found.json"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.ledger.plugin", "-p", "no:cacheprovider"]
        done = subprocess.run(
            [*command, "--tb=no", "--ledger", str(file), *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode not in (0, 1) or not file.exists():
            raise SystemExit(f"pytest ended with status {done.returncode}\n{done.stdout}{done.stderr}")
        return Found(**json.loads(file.read_text(encoding="utf-8")))


def main(arguments: Sequence[str]) -> int:
    """Do what the first argument says; returns the exit status."""
    match arguments:
        case ["page"]:
            return write_page()
        case ["check"]:
            return check_page()
        case ["flip", *wanted]:
            return flip(wanted)
    print(__doc__, file=sys.stderr)
    return 2


def collected() -> tuple[dict[str, Fact], Mapping[str, Sequence[str]]]:
    """Facts and marks, or an end with what is wrong about them."""
    try:
        facts = read()
    except FactsError as wrong:
        raise SystemExit(str(wrong)) from None
    marks = run("--collect-only").marks
    if wrongs := problems(facts, marks):
        raise SystemExit("\n".join(wrongs))
    return facts, marks


def write_page() -> int:
    PAGE.write_text(page(*collected()), encoding="utf-8")
    return 0


def check_page() -> int:
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == page(*collected()):
        return 0
    print(f"{PAGE.relative_to(ROOT)} is not what facts and marks say; `make fidelity` writes it", file=sys.stderr)
    return 1


def flip(wanted: Sequence[str]) -> int:
    """Flip the readings of all facts, or those wanted, to each of their other answers.

    A test that never looks a reading up cannot change with it. So one run of all tests of the lab tells which may be
    concerned, and a flip runs those alone. What turned red stands in build/ledger.json as well.
    """
    facts = read()
    readings = {reading for fact in facts.values() for reading in fact.readings}
    chosen = sorted(readings & set(wanted) if wanted else readings)
    if not chosen or set(wanted) - readings:
        print(f"no fact has such a reading; there are: {', '.join(sorted(readings))}", file=sys.stderr)
        return 2
    begun = time.monotonic()
    plain = run(LAB_TESTS)
    print(
        f"as it is: {len(plain.ran)} tests of the lab, {len(plain.red)} red ({time.monotonic() - begun:.0f} s)",
        flush=True,
    )
    if plain.red:
        print("they must all be green before anything is flipped:", *plain.red, sep="\n    ", file=sys.stderr)
        return 1
    with ThreadPoolExecutor(AT_ONCE) as pool:
        red = dict(zip(chosen, pool.map(lambda reading: flip_one(reading, plain), chosen), strict=True))
    wrong = [
        *(
            f"{reading}={answer} turns nothing red"
            for reading in chosen
            for answer, tests in red[reading].items()
            if not tests
        ),
        *not_as_marked(facts, plain, {reading: set().union(*red[reading].values()) for reading in chosen}),
    ]
    record = {reading: {str(answer): sorted(tests) for answer, tests in red[reading].items()} for reading in chosen}
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / "ledger.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    print(*wrong, sep="\n", end="\n" if wrong else "")
    print(f"{len(chosen)} readings flipped, {len(wrong)} complaints ({time.monotonic() - begun:.0f} s)")
    return 1 if wrong else 0


def flip_one(reading: str, plain: Found) -> dict[object, Set[str]]:
    """The tests that turn red with each answer that is not the lab's default."""
    concerned = {test for test, looked_up in plain.reads.items() if reading in looked_up}
    default, begun = Readings.__dataclass_fields__[reading].default, time.monotonic()
    red = {answer: flipped(reading, answer, concerned) for answer in answers(reading) if answer != default}
    counts = ", ".join(f"{len(tests)} red with {answer}" for answer, tests in red.items())
    print(f"{reading}: {len(concerned)} tests look it up, {counts} ({time.monotonic() - begun:.0f} s)", flush=True)
    return red


def not_as_marked(facts: Mapping[str, Fact], plain: Found, red: Mapping[str, Set[str]]) -> Iterator[str]:
    """Tests that turn red without a mark that says so, and marked tests that stay green with all readings of a fact."""
    for reading, tests in red.items():
        ids = {fact.id for fact in facts.values() if reading in fact.readings}
        for test in sorted(tests):
            if not ids & set(plain.marks[test]):
                yield f"{reading} turns red what is marked with none of {', '.join(sorted(ids))}: {test}"
    for test in sorted(plain.ran):
        for fact in (facts[each] for each in plain.marks[test]):
            if (
                fact.readings
                and set(fact.readings) <= set(red)
                and not any(test in red[each] for each in fact.readings)
            ):
                yield f"{fact.id} ({', '.join(fact.readings)}) leaves green what is marked with it: {test}"


def flipped(reading: str, answer: object, tests: Set[str]) -> Set[str]:
    """The tests among these that turn red when the lab gives this answer instead of its default."""
    if not tests:
        return set()
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(sorted(tests), file)
        file.flush()
        files = sorted({test.partition("::")[0] for test in tests})
        return set(run("--flip", f"{reading}={answer}", "--only-these", file.name, *files).red)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
