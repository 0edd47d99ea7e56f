# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Points in time as the documents write them, for people."""

from __future__ import annotations

from datetime import UTC, datetime


def moment(text: str | None) -> datetime | None:
    """Read a point in time of a document.

    Raises:
        ValueError: it is none.
    """
    if not text:
        return None
    read = datetime.fromisoformat(text)
    return read if read.tzinfo is not None else read.replace(tzinfo=UTC)


def day_of(text: str | None) -> str:
    """Return the day of a point in time, like 2026-03-02; empty where there is none."""
    read = moment(text)
    return "" if read is None else f"{read.astimezone(UTC):%Y-%m-%d}"


def minute_of(text: str | None) -> str:
    """Return a point in time to the minute, like 2026-03-02 02:15 UTC; empty where there is none."""
    read = moment(text)
    return "" if read is None else f"{read.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def days_between(start: str | None, end: str | None) -> int | None:
    """Return the whole days from one point in time to another, None where one of them is missing."""
    first, last = moment(start), moment(end)
    return None if first is None or last is None else (last - first).days


def distance(days: int | None) -> str:
    """Say how far a day is, like "in 29 days"."""
    match days:
        case None:
            return ""
        case 0:
            return "in less than a day"
        case -1:
            return "less than a day ago"
        case _ if days < 0:
            return f"{-days - 1} days ago" if days < -2 else "a day ago"
        case 1:
            return "in a day"
        case _:
            return f"in {days} days"
