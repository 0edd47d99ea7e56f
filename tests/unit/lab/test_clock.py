# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from exchange_lab.clock import Clock
from exchange_lab.timespan import log_time, parse_moment, parse_span

BEGIN = datetime(2026, 3, 2, 2, 15, tzinfo=UTC)


class Stopwatch:
    """Real time, moved by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_stands_still_until_it_is_started() -> None:
    stopwatch = Stopwatch()
    clock = Clock(BEGIN, 20, stopwatch)
    stopwatch.seconds += 100
    assert clock.now() == BEGIN
    clock.start()
    assert clock.now() == BEGIN


def test_runs_as_much_faster_as_the_time_scale_says() -> None:
    stopwatch = Stopwatch()
    clock = Clock(BEGIN, 20, stopwatch)
    clock.start()
    stopwatch.seconds += 3
    assert clock.now() == BEGIN + timedelta(seconds=60)
    assert clock.real_seconds(timedelta(seconds=60)) == 3


def test_a_second_start_does_not_turn_it_back() -> None:
    stopwatch = Stopwatch()
    clock = Clock(BEGIN, 1, stopwatch)
    clock.start()
    stopwatch.seconds += 5
    clock.start()
    assert clock.now() == BEGIN + timedelta(seconds=5)


def test_advancing_jumps_and_tells_who_listens() -> None:
    clock = Clock(BEGIN, 1, Stopwatch())
    heard: list[datetime] = []
    clock.on_advance(lambda: heard.append(clock.now()))
    clock.advance(timedelta(days=3))
    assert clock.now() == BEGIN + timedelta(days=3)
    assert heard == [BEGIN + timedelta(days=3)]


def test_never_runs_backwards() -> None:
    with pytest.raises(ValueError, match="backwards"):
        Clock(BEGIN).advance(timedelta(seconds=-1))


def test_needs_a_time_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Clock(datetime(2026, 3, 2))


@pytest.mark.parametrize(
    ("text", "seconds"), [("3d", 259200), ("1h30m", 5400), ("90s", 90), ("-90s", -90), ("+2m", 120), ("1d1s", 86401)]
)
def test_reads_spans_of_time(text: str, seconds: int) -> None:
    assert parse_span(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "3", "d", "3 d", "3w", "--3d", "3d-1h"])
def test_refuses_what_is_no_span_of_time(text: str) -> None:
    with pytest.raises(ValueError, match="no span of time"):
        parse_span(text)


def test_a_moment_is_absolute_or_relative_to_the_clock() -> None:
    assert parse_moment("2026-03-01T00:00:00Z", BEGIN) == datetime(2026, 3, 1, tzinfo=UTC)
    assert parse_moment("-15m", BEGIN) == datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
    with pytest.raises(ValueError, match="2026-02-30"):
        parse_moment("2026-02-30T00:00:00Z", BEGIN)


def test_the_log_cuts_off_what_is_below_a_millisecond() -> None:
    assert log_time(datetime(2026, 3, 2, 2, 15, 7, 4999, tzinfo=UTC)) == "2026-03-02T02:15:07.004Z"
