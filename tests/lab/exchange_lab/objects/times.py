# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times as a server's own clock shows them, and as the session's culture writes them."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo


class _ServerTime(tzinfo):
    """The time zone of all servers of the lab. Its offset is that of UTC, but a local time never ends in Z."""

    def utcoffset(self, dt: datetime | None) -> timedelta:
        del dt
        return timedelta()

    def dst(self, dt: datetime | None) -> timedelta:
        del dt
        return timedelta()

    def tzname(self, dt: datetime | None) -> str:
        del dt
        return "Coordinated Universal Time"


_SERVER_TIME = _ServerTime()


def local(moment: datetime) -> datetime:
    """The same moment as a local time of the server: ``2026-03-02T02:15:00+00:00`` on the wire."""
    return moment.astimezone(_SERVER_TIME)


def local_or_null(moment: datetime | None) -> datetime | None:
    return None if moment is None else local(moment)


def general_text(moment: datetime) -> str:
    """A local time in .NET's general format, in the culture en-US, which every client of the lab asks for."""
    at = local(moment)
    half = "AM" if at.hour < 12 else "PM"
    return f"{at.month}/{at.day}/{at.year} {at.hour % 12 or 12}:{at.minute:02}:{at.second:02} {half}"
