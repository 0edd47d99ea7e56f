# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``docs/fidelity.md``: each fact with its confidence, the lab's switch for it and the tests that rest on it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from exchange_lab.scenario.contract import schema
from exchange_lab.world import Readings

from .facts import Fact

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "fidelity.md"

TITLES = {
    "cmdlets 0": "Cmdlets: what decides the design",
    "cmdlets 10": "Cmdlets: what nobody has proved",
    "protocol-log 0": "The protocol log: what decides the design",
    "protocol-log 3": "The protocol log: what the causes look like",
    "protocol-log 7": "The protocol log: what nobody has proved",
    "wire 2": "Objects on the wire",
}

HEAD = """\
<!-- Written by `make fidelity` from tests/ledger/facts.yml and the marks of the tests. Change those. -->

# What rests on what

No Exchange is here to test on. This page lists what we take for true about it, how sure that is, where the lab can be
told to behave otherwise (a *reading*, the default in bold), and which tests rest on it. `make ledger` flips every
reading that is named here and sees that of the lab's tests exactly the named ones turn red.

| confidence | means |
|---|---|
| seen | in real output, a log or a recording |
| published source | in the source of PowerShell or of another program that Microsoft publishes |
| documented | by Microsoft |
| reported | by a blog, a forum or an issue thread |
| analysis | by a published analysis of Exchange 2013 CU23; newer versions may differ |
| inferred | by us, from the others |
| open | contradictory or not found: we support every reading |
| ours | not a fact about Exchange: a rule that we draw from the facts |
"""


def problems(facts: Mapping[str, Fact], marks: Mapping[str, Sequence[str]]) -> list[str]:
    """What is wrong with facts and marks, in a sentence each."""
    known = Readings.__dataclass_fields__
    wrong = [
        f"{test} is marked with {fact}, which is no fact"
        for test, named in marks.items()
        for fact in named
        if fact not in facts
    ]
    for fact in facts.values():
        wrong += [
            f"{fact.id} names the reading {each}, which the lab does not have"
            for each in fact.readings
            if each not in known
        ]
        if fact.id.rpartition(".")[0] not in TITLES:
            wrong.append(f"{fact.id} belongs to no part of the page")
    return wrong


def page(facts: Mapping[str, Fact], marks: Mapping[str, Sequence[str]]) -> str:
    """The text of the page."""
    tests: defaultdict[str, list[str]] = defaultdict(list)
    for test, named in sorted(marks.items()):
        for fact in named:
            tests[fact].append(test)
    untested = [fact.id for fact in facts.values() if not tests[fact.id]]
    count = f"{len(facts)} facts, {len(facts) - len(untested)} of them with a test"
    lack = f"Without a test: {', '.join(untested)}." if untested else "None is without a test."
    parts = [HEAD, f"{count}. {lack}\n"]
    for group, title in TITLES.items():
        rows = [_row(fact, tests[fact.id]) for fact in facts.values() if fact.id.rpartition(".")[0] == group]
        table = ["| fact | | confidence | source | reading | tests |", "|---|---|---|---|---|---|", *rows]
        parts.append("\n".join([f"## {title}", "", *table, ""]))
    return "\n".join(parts)


def _row(fact: Fact, tests: Sequence[str]) -> str:
    cells = [
        fact.id,
        fact.says,
        ", ".join(fact.confidence),
        fact.source,
        "<br>".join(_answers(each) for each in fact.readings) or "–",
        "<br>".join(_links(tests)) or "**none**",
    ]
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"


def _answers(reading: str) -> str:
    default = Readings.__dataclass_fields__[reading].default
    return f"`{reading}`: " + ", ".join(f"**{each}**" if each == default else str(each) for each in answers(reading))


def answers(reading: str) -> Sequence[object]:
    """The answers that the lab has to an open question, its default among them."""
    allowed: Sequence[object] = schema()["$defs"]["readings"]["properties"][reading]["enum"]
    return allowed


def _links(tests: Iterable[str]) -> Iterator[str]:
    """One link a file, with the names of its tests."""
    names: defaultdict[str, list[str]] = defaultdict(list)
    for test in tests:
        path, __, name = test.partition("::")
        names[path].append(name.replace("::", "."))
    for path, named in names.items():
        short = path.removeprefix("tests/unit/").removesuffix(".py")
        yield f"[{short}](../{path}): {', '.join(f'`{name}`' for name in named)}"
