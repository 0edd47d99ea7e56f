# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sentences fit on a screen, and a failure has one word for programs."""

from __future__ import annotations

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.plan import (
    Mishap,
    Refused,
    Unsettled,
    shortened,
    words_of,
)
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import Result


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("x" * 300, "x" * 300),
        ("x" * 301, "x" * 299 + "…"),
        ("x" * 298 + " yyy", "x" * 298 + "…"),
    ],
)
def test_a_sentence_that_is_too_long_ends_in_dots(sentence: str, shown: str) -> None:
    assert shortened(sentence) == shown
    assert str(Refused(sentence)) == str(Unsettled(sentence, before={}, now=None)) == shown


def test_the_reason_is_that_of_what_happened_on_the_way() -> None:
    assert Unsettled("It is not.", before={}, now={}).reason == "unsettled"
    lost = Mishap("It was lost.", "session_lost")
    assert Unsettled("It is not.", before={}, now={}, mishap=lost).reason == "session_lost"
    assert not lost.asked


def test_the_warnings_of_all_commands_are_told_in_their_order() -> None:
    assert words_of([Result(warnings=("a", "b")), Result(), Result(warnings=("c",))]) == ("a", "b", "c")
