# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plugin of pytest: what tests are marked with, which of the lab's switches they read, which of them turn red.

``python -m tests.ledger`` runs pytest with it. All three are told by the name of the test function: where one of its
parametrized cases reads a switch or fails, it does.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from exchange_lab.world import Readings


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("ledger")
    group.addoption("--ledger", type=Path, required=True, metavar="FILE", help="write what was found into FILE (JSON)")
    group.addoption("--flip", metavar="READING=ANSWER", help="let the lab give this answer instead of its default")
    group.addoption("--only-these", type=Path, metavar="FILE", help="run the test functions that FILE lists (JSON)")


def pytest_configure(config: pytest.Config) -> None:
    if flip := config.getoption("--flip"):
        reading, __, answer = flip.partition("=")
        replace_default(reading, int(answer) if answer.isdigit() else answer)
    config.pluginmanager.register(Ledger(config), "the ledger")


def replace_default(reading: str, answer: object) -> None:
    """From now on the lab gives this answer wherever its default was wanted, whether that was said or left unsaid."""
    build = Readings.__init__
    default = Readings.__dataclass_fields__[reading].default

    def build_flipped(readings: Readings, *args: Any, **named: Any) -> None:
        build(readings, *args, **named)
        if getattr(readings, reading) == default:
            object.__setattr__(readings, reading, answer)

    Readings.__init__ = build_flipped  # type: ignore[method-assign,assignment]


def name_of(item: pytest.Item) -> str:
    """The test function of a test: its id without parameters."""
    return item.nodeid.split("[")[0]


class Ledger:
    """Notes marks, readings and failures while pytest runs; writes them at the end."""

    def __init__(self, config: pytest.Config) -> None:
        self._marks: dict[str, list[str]] = {}
        self._reads: defaultdict[str, set[str]] = defaultdict(set)
        self._red: set[str] = set()
        self._ran: set[str] = set()
        self._now = ""
        self._file: Path = config.getoption("--ledger")
        self._only: Path | None = config.getoption("--only-these")
        self._watch()

    def _watch(self) -> None:
        """Note every reading that is looked up, in whatever thread, for the test that runs at that time."""
        names, look_up = frozenset(Readings.__dataclass_fields__), object.__getattribute__

        def noted(readings: Readings, name: str) -> object:
            if name in names:
                self._reads[self._now].add(name)
            return look_up(readings, name)

        Readings.__getattribute__ = noted  # type: ignore[method-assign,assignment]

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        if self._only is not None:
            wanted = set(json.loads(self._only.read_text(encoding="utf-8")))
            items[:] = [item for item in items if name_of(item) in wanted]
        for item in items:
            facts = [str(fact) for mark in item.iter_markers("fact") for fact in mark.args]
            self._marks[name_of(item)] = sorted({*self._marks.get(name_of(item), ()), *facts})

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._now = name_of(item)
        self._ran.add(self._now)
        return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._red.add(report.nodeid.split("[")[0])

    def pytest_sessionfinish(self) -> None:
        found = {
            "marks": self._marks,
            "reads": {test: sorted(readings) for test, readings in self._reads.items()},
            "ran": sorted(self._ran),
            "red": sorted(self._red),
        }
        self._file.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
