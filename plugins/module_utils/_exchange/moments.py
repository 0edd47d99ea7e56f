# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Points in time: every one is an aware ``datetime`` in UTC, and text goes in and out in one form only."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_SPAN: Final = re.compile(
    r"(?:(?P<days>\d+)\.)?(?P<hours>\d\d):(?P<minutes>\d\d):(?P<seconds>\d\d)(?:\.\d{1,7})?", flags=re.ASCII
)


def parse_moment(text: str) -> datetime | None:
    """Read ISO 8601 text with an offset or ``Z``; seven decimals, as .NET writes them, lose their last digit.

    None stands for .NET's DateTime.MinValue, which Exchange writes where there is no time.

    Raises:
        ValueError: not ISO 8601, or without an offset: it could be the server's local time as well as UTC.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ValueError(f"{text!r} is no time") from error
    if moment.year == datetime.min.year:
        return None
    if moment.tzinfo is None:
        raise ValueError(f"the time {text!r} does not say its time zone")
    return moment.astimezone(UTC)


def moment_text(moment: datetime | None) -> str | None:
    """Write a moment as ``2026-03-02T02:15:00.000Z``, the form of the protocol log and of everything we return."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_span(text: str) -> timedelta:
    """Read a span of time as .NET writes it, ``2.00:00:00``; fractions of a second are dropped.

    Raises:
        ValueError: anything else.
    """
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no span of time")
    return timedelta(**{name: int(number or 0) for name, number in found.groupdict().items()})


def day_text(moment: datetime) -> str:
    """Write the day of a moment, in UTC, as in ``2026-03-02``."""
    return moment.astimezone(UTC).date().isoformat()
