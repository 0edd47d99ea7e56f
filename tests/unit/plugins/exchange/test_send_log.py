# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a Send log was read: given out in a result, and taken back by the next look."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.send_log import (
    LogPosition,
    position_from,
    position_result,
)

POSITION = LogPosition(datetime(2026, 3, 2, 2, 15, tzinfo=UTC), "08DE7814C5A2B301", 16)


def test_a_position_is_taken_back_as_it_was_given() -> None:
    told = position_result(POSITION)
    assert told == {"time": "2026-03-02T02:15:00.000Z", "session": "08DE7814C5A2B301", "sequence": 16}
    assert position_from(told) == POSITION


@pytest.mark.parametrize("value", [None, {}])
def test_nothing_read_is_no_position(value: dict[str, Any] | None) -> None:
    assert position_result(None) is None
    assert position_from(value) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"time": "0001-01-01T00:00:00Z"}, "it holds no time"),
        ({"time": "yesterday"}, "is no time"),
        ({"sequence": None}, "is not a position in a log: time, session, sequence"),
        ({"sequence": "many"}, "invalid literal"),
    ],
)
def test_what_is_no_position_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        position_from({**(position_result(POSITION) or {}), **changes})


@pytest.mark.parametrize("missing", ["time", "session", "sequence"])
def test_a_position_without_one_of_its_parts_is_refused(missing: str) -> None:
    value = {key: part for key, part in (position_result(POSITION) or {}).items() if key != missing}
    with pytest.raises(ValueError, match="is not a position in a log"):
        position_from(value)


@pytest.mark.parametrize(("seconds", "before"), [(-1, False), (0, False), (1, True)])
def test_only_a_session_that_began_later_is_new(make, seconds: int, before: bool) -> None:
    (session,) = make.sessions(make.rows("A1", 0, "+,,", "-,,Local"))
    assert LogPosition(make.at(seconds=-seconds), "08DE", 1).is_before(session) is before
