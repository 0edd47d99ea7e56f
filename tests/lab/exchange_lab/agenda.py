# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated time as a list of what will happen when."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Generator
from datetime import datetime, timedelta
from itertools import count
from typing import TypeVar

T = TypeVar("T")
Steps = Generator[float, None, T]
"""Something that takes time: it yields the seconds until its next step and returns its result."""


class Agenda:
    """Does what is due, in the order of the times; what is due at the same time, in the order in which it was entered.

    ``now`` is the time of what is being done, so that a jump of the clock is lived through moment by moment.
    """

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._entries: list[tuple[datetime, int, Callable[[], object]]] = []
        self._numbers = count()

    @property
    def next_due(self) -> datetime | None:
        return self._entries[0][0] if self._entries else None

    def at(self, moment: datetime, action: Callable[[], object]) -> None:
        """Enter an action; one for a moment that has passed is due at once."""
        heapq.heappush(self._entries, (max(moment, self.now), next(self._numbers), action))

    def after(self, seconds: float, action: Callable[[], object]) -> None:
        self.at(self.now + timedelta(seconds=seconds), action)

    def run(self, steps: Steps[T], then: Callable[[T], None]) -> None:
        """Begin something that takes time, and hand its result on at its end."""
        try:
            pause = next(steps)
        except StopIteration as end:
            then(end.value)
        else:
            self.after(pause, lambda: self.run(steps, then))

    def live_until(self, moment: datetime) -> None:
        """Do all that is due up to and including ``moment``, also what is entered on the way."""
        while self._entries and self._entries[0][0] <= moment:
            self.now, __, action = heapq.heappop(self._entries)
            action()
        self.now = max(self.now, moment)
