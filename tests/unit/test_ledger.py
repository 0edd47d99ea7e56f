# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger of what rests on what notices a mark that is wrong, one that is missing and one that is too many."""

from __future__ import annotations

import pytest
from exchange_lab.world import Readings

from tests.ledger.__main__ import Found, not_as_marked
from tests.ledger.facts import Fact, read
from tests.ledger.page import page, problems
from tests.ledger.plugin import replace_default

FACTS = {
    "cmdlets 0.1": Fact("cmdlets 0.1", "The key decides.", ("analysis",), "A page"),
    "cmdlets 0.4": Fact("cmdlets 0.4", "It refuses.", ("analysis",), "A page", ("set_send_connector",)),
    "protocol-log 0.1": Fact("protocol-log 0.1", "Two texts.", ("seen",), "KB", ("queue_error", "connect_error")),
}


def found(**marks: list[str]) -> Found:
    return Found(marks=marks, reads={}, ran=list(marks), red=[])


def test_the_facts_are_in_order() -> None:
    assert problems(read(), {}) == []


def test_a_mark_that_names_no_fact_is_told() -> None:
    (wrong,) = problems(FACTS, {"test_a.py::test_b": ["cmdlets 0.1", "cmdlets 0.99"]})
    assert wrong == "test_a.py::test_b is marked with cmdlets 0.99, which is no fact"


def test_a_fact_with_a_reading_that_the_lab_lacks_is_told() -> None:
    fact = Fact("wire 2.1", "It is so.", ("open",), "Not found", ("no_such_reading",))
    assert problems({fact.id: fact}, {}) == ["wire 2.1 names the reading no_such_reading, which the lab does not have"]


def test_a_fact_that_the_page_would_not_show_is_told() -> None:
    fact = Fact("rumours 1.1", "It is so.", ("open",), "Not found")
    assert problems({fact.id: fact}, {}) == ["rumours 1.1 belongs to no part of the page"]


def test_the_page_tells_what_has_no_test() -> None:
    text = page(FACTS, {"tests/unit/lab/test_a.py::TestB::test_c[d]": ["cmdlets 0.4"]})
    assert "3 facts, 1 of them with a test. Without a test: cmdlets 0.1, protocol-log 0.1." in text
    (row,) = [line for line in text.splitlines() if line.startswith("| cmdlets 0.4 ")]
    assert "`set_send_connector`: **refused**, works" in row
    assert "[lab/test_a](../tests/unit/lab/test_a.py): `TestB.test_c[d]`" in row


def test_what_turns_red_without_a_mark_is_told() -> None:
    (wrong,) = not_as_marked(FACTS, found(a=["cmdlets 0.4"], b=["cmdlets 0.1"]), {"set_send_connector": {"a", "b"}})
    assert wrong == "set_send_connector turns red what is marked with none of cmdlets 0.4: b"


def test_what_stays_green_with_a_mark_is_told() -> None:
    (wrong,) = not_as_marked(FACTS, found(a=["cmdlets 0.4"], b=["cmdlets 0.4"]), {"set_send_connector": {"a"}})
    assert wrong == "cmdlets 0.4 (set_send_connector) leaves green what is marked with it: b"


def test_one_reading_of_several_is_enough() -> None:
    plain = found(a=["protocol-log 0.1"], b=["protocol-log 0.1"])
    assert list(not_as_marked(FACTS, plain, {"queue_error": {"a"}, "connect_error": {"b"}})) == []


def test_a_fact_is_not_judged_by_a_part_of_its_readings() -> None:
    assert list(not_as_marked(FACTS, found(a=["protocol-log 0.1"]), {"queue_error": set()})) == []


def test_a_flip_replaces_the_default_said_or_unsaid_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Readings, "__init__", Readings.__init__)
    replace_default("services_value", "text")
    assert Readings().services_value == "text"
    assert Readings(services_value="object").services_value == "text"
    assert Readings(services_value="letters").services_value == "letters"
