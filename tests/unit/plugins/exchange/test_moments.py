# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times cross as ISO text and are compared in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.moments import (
    day_text,
    moment_text,
    parse_moment,
    parse_span,
)
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-02T02:15:00.123Z", datetime(2026, 3, 2, 2, 15, 0, 123000, tzinfo=UTC)),
        ("2022-03-23T18:00:30+01:00", datetime(2022, 3, 23, 17, 0, 30, tzinfo=UTC)),
        ("2022-03-23T18:00:30.1234567-05:30", datetime(2022, 3, 23, 23, 30, 30, 123456, tzinfo=UTC)),
    ],
)
def test_reads_offsets_and_the_seven_decimals_of_net(text: str, moment: datetime) -> None:
    assert parse_moment(text) == moment


def test_a_time_without_offset_could_be_anybodys() -> None:
    with pytest.raises(ValueError, match="does not say its time zone"):
        parse_moment("2026-03-02T02:15:00")


@pytest.mark.parametrize("text", ["", "yesterday", "03/02/2026 02:15:00"])
def test_what_is_no_time_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=f"'{text}' is no time"):
        parse_moment(text)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00", "0001-01-01T00:00:00+01:00", "0001-01-01T00:00:00Z"])
def test_the_smallest_time_of_net_means_no_time(text: str) -> None:
    assert parse_moment(text) is None


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1)), st.integers(-14 * 60, 14 * 60))
def test_what_is_written_is_read_back_to_the_millisecond(local: datetime, offset: int) -> None:
    moment = local.replace(tzinfo=timezone(timedelta(minutes=offset)))
    text = moment_text(moment)
    assert text is not None
    read = parse_moment(text)
    assert read is not None
    assert timedelta() <= moment - read < timedelta(milliseconds=1)
    assert text.endswith("Z")


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("2.00:00:00", timedelta(days=2)),
        ("00:15:00", timedelta(minutes=15)),
        (" 10.23:59:58.1234567 ", timedelta(days=10, hours=23, minutes=59, seconds=58)),
        ("00:00:00", timedelta()),
    ],
)
def test_reads_a_span_of_time_as_net_writes_it(text: str, span: timedelta) -> None:
    assert parse_span(text) == span


@pytest.mark.parametrize("text", ["", "2", "2 days", "2.0:0:0", "Unlimited", "-00:15:00", "\u0662.00:00:00"])
def test_anything_else_is_no_span_of_time(text: str) -> None:
    with pytest.raises(ValueError, match="is no span of time"):
        parse_span(text)


def test_the_day_of_a_moment_is_that_of_utc() -> None:
    west = timezone(timedelta(hours=-5))
    assert day_text(datetime(2026, 3, 1, 23, 0, tzinfo=west)) == "2026-03-02"


def test_where_there_is_no_moment_there_is_no_text() -> None:
    assert moment_text(None) is None
