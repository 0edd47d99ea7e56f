# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Moments and spans of time as scenarios and the command line write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_SPAN = re.compile(r"(?P<sign>[+-]?)(?P<parts>(\d+[dhms])+)")


def parse_span(text: str) -> timedelta:
    """A span such as ``3d``, ``1h30m`` or ``-90s``; ValueError when the text is none."""
    span = _SPAN.fullmatch(text)
    if span is None:
        raise ValueError(f"{text!r} is no span of time such as 3d, 1h30m or 90s")
    parts = re.findall(r"(\d+)([dhms])", span["parts"])
    total = sum((timedelta(**{_UNITS[unit]: int(count)}) for count, unit in parts), timedelta())
    return -total if span["sign"] == "-" else total


def parse_moment(text: str, clock: datetime) -> datetime:
    """A UTC time such as ``2026-03-02T02:15:00Z``, or a span relative to ``clock``; ValueError when it is neither."""
    if text.startswith(("+", "-")):
        return clock + parse_span(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no time: {error}") from error
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return moment.astimezone(UTC)


def log_time(moment: datetime) -> str:
    """A moment as the protocol log writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
