# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading Windows' event logs. Where that is not allowed, what they say is unknown, and nothing else fails."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from .._exchange.cmdlets import get_events
from .._exchange.event import SOURCES, Event, Events, event_from
from .._powershell import RemoteObject
from .._remoting.errors import CmdletFailed
from .send_log import Run

_MOST: Final = 50
# Windows has no other answer for "none": an error record, its words in the server's language.
_NONE: Final = "NoMatchingEventsFound"


def read_events(run: Run, since: datetime) -> Events:
    """Read the newest events since a time that speak of outbound TLS."""
    found: list[Event] = []
    problem = ""
    for log, provider, numbers in SOURCES:
        try:
            output = run(get_events(log, provider, numbers, since, _MOST)).output
        except CmdletFailed as failure:
            output = failure.result.output
            if any(_NONE not in each.fully_qualified_error_id for each in failure.errors):
                problem = str(failure)
        found += [event_from(each) for each in output if isinstance(each, RemoteObject)]
    return Events(tuple(sorted(found, key=lambda each: each.time, reverse=True)), problem)
