# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Points in time: every one is an aware ``datetime`` in UTC, and text goes in and out in one form only."""

from __future__ import annotations

from datetime import UTC, datetime


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
