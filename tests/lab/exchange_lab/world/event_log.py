# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event logs of a server's Windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

LogName = Literal["Application", "System"]
Level = Literal["Error", "Warning", "Information"]

_FIRST_RECORDS: dict[LogName, int] = {"Application": 48_211, "System": 17_930}


@dataclass(frozen=True)
class Event:
    """One event.

    Attributes:
        id: The low word of its number, as every tool shows it.
        task: The name of its category.
        values: What stands in the message's gaps.
        process: The process that wrote it, by its id.
    """

    log: LogName
    record: int
    provider: str
    id: int
    level: Level
    task: str
    message: str
    values: tuple[str, ...]
    at: datetime
    process: int


class EventLog:
    """What services have written, the oldest first."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._next = dict(_FIRST_RECORDS)

    @property
    def events(self) -> Sequence[Event]:
        return tuple(self._events)

    def write(
        self,
        log: LogName,
        provider: str,
        number: int,
        level: Level,
        message: str,
        *,
        at: datetime,
        task: str = "",
        values: tuple[str, ...] = (),
        process: int = 0,
    ) -> None:
        record = self._next[log]
        self._next[log] += 1
        self._events.append(Event(log, record, provider, number, level, task, message, values, at, process))
