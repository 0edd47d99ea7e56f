# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make mutation`` runs the tests against the fault and not against the file, and lets no survivor go unexplained."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent

import pytest

from tests.mutation.__main__ import survivors
from tests.mutation.judge import Equivalent, Tally, outdated, read, score
from tests.mutation.mutants import ROOT, Mutant, difference, reach
from tests.mutation.suite import IMPORT, Suite

FILE = "plugins/module_utils/_exchange/services.py"
LISTED = Equivalent(FILE, "a < b", "a <= b", "a is never b.")


def mutant(was: str, becomes: str, file: str = FILE) -> Mutant:
    return Mutant(file, "AnOperator", 1, was, becomes, "")


def test_only_a_survivor_that_is_listed_is_answered() -> None:
    listed, other, elsewhere = mutant("a < b", "a <= b"), mutant("a < b", "a > b"), mutant("a < b", "a <= b", "b.py")
    tally = Tally(FILE, 6, [listed, other, elsewhere], [LISTED])
    assert tally.unanswered == [other, elsewhere]
    assert (tally.mutants, tally.equivalent, score([tally])) == (9, 1, 75.0)


def test_what_is_all_listed_has_the_full_score() -> None:
    assert score([Tally(FILE, 0, [mutant("a < b", "a <= b")], [LISTED])]) == 100.0


def test_an_entry_that_fits_no_survivor_is_outdated_if_its_file_was_measured() -> None:
    assert list(outdated([LISTED], [Tally(FILE, 1, [mutant("a < b", "a > b")], [LISTED])])) == [LISTED]
    assert list(outdated([LISTED], [Tally(FILE, 1, [mutant("a < b", "a <= b")], [LISTED])])) == []
    assert list(outdated([LISTED], [Tally("b.py", 1, [], [LISTED])])) == []


def test_every_entry_is_about_a_line_that_exists_and_has_a_reason() -> None:
    for each in read():
        text = " ".join((ROOT / each.file).read_text(encoding="utf-8").split())
        assert " ".join(each.was.split()) in text
        assert each.was != each.becomes
        assert each.reason.endswith(".")


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ("a\n  b\nc", "a\n  x\nc", (2, "b", "x")),
        ("a\nb\nc", "a\nc", (2, "b", "")),
        ("a\nb\nb", "a\nb", (3, "b", "")),
        ("for a in (\n  1,\n):\n  b", "for a in []:\n  b", (1, "for a in ( 1, ):", "for a in []:")),
    ],
)
def test_a_fault_is_told_by_the_lines_that_differ(one: str, other: str, found: tuple[int, str, str]) -> None:
    assert difference(one.splitlines(), other.splitlines()) == found


CODE = dedent(
    """\
    LIMIT = 1
    def decide(
        value=LIMIT,
    ):
        if (
            value
            and LIMIT
        ):
            return [
                1,
            ]
        match value:
            case 2 if LIMIT:
                return 3
        try:
            return 4
        except ValueError:
            return 5
    """
)


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        (1, None),
        (3, None),
        (7, range(5, 9)),
        (10, range(9, 12)),
        (12, range(12, 13)),
        (13, range(13, 14)),
        (17, range(17, 18)),
        (18, range(18, 19)),
    ],
)
def test_a_test_runs_a_fault_if_it_runs_its_statement(line: int, lines: range | None) -> None:
    assert reach(CODE, line) == lines


def test_what_runs_at_the_import_concerns_all_tests_and_those_of_the_file_first() -> None:
    text = (ROOT / FILE).read_text(encoding="utf-8").splitlines()
    suite = Suite({"far": 0.1, "near": 0.2}, {(FILE, len(text)): ["near"]})
    at_import = Mutant(FILE, "AnOperator", 1, "", "", "")
    assert suite.concerned(at_import) == [["near"], ["far"]]
    assert suite.concerned(Mutant(FILE, "AnOperator", len(text), "", "", "")) == [["near"]]
    assert suite.concerned(Mutant(FILE, "AnOperator", len(text) - 2, "", "", "")) == []


def test_a_fault_that_no_test_runs_survives() -> None:
    text = (ROOT / FILE).read_text(encoding="utf-8").splitlines()
    unseen = Mutant(FILE, "AnOperator", len(text), "", "", "")
    assert list(survivors([unseen], Suite({}, {}), 1)) == [unseen]


def test_what_runs_while_the_collection_is_imported_concerns_all_tests() -> None:
    text = (ROOT / FILE).read_text(encoding="utf-8").splitlines()
    suite = Suite({"far": 0.1, "near": 0.2}, {(FILE, len(text)): ["near", IMPORT]})
    assert suite.concerned(Mutant(FILE, "AnOperator", len(text), "", "", "")) == [["near"], ["far"]]


def test_the_tests_see_the_fault() -> None:
    """In a process of its own, since nothing of the collection may be imported before the fork."""
    script = """
        from tests.mutation.mutants import ROOT, Mutant
        from tests.mutation.suite import start, survived

        file = "plugins/module_utils/_exchange/services.py"
        test = "tests/unit/plugins/exchange/test_services.py::test_prints_in_the_order_of_the_flags"
        source = (ROOT / file).read_text(encoding="utf-8")
        for text in (source, source.replace('", ".join', '"; ".join')):
            process = start(Mutant(file, "", 1, "", "", text), [test], 30)
            process.join()
            print(survived(process))
    """
    done = subprocess.run([sys.executable, "-c", dedent(script)], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]
