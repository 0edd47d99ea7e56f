# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated time: from the scenario's clock on, ``time_scale`` times as fast as real time; it can be advanced."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class Clock:
    """The one clock of the organisation; all times are aware and in UTC.

    It stands still until :meth:`start`, so that the past of a scenario can be lived through first.
    """

    def __init__(
        self, begin: datetime, time_scale: float = 1.0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        if begin.tzinfo is None:
            raise ValueError("the clock of a scenario needs a time zone")
        self.time_scale = time_scale
        self._monotonic = monotonic
        self._begin = begin.astimezone(UTC)
        self._started: float | None = None
        self._advanced = timedelta()
        self._lock = threading.Lock()
        self._listeners: list[Callable[[], None]] = []

    def start(self) -> None:
        """Let time run; a second start changes nothing."""
        with self._lock:
            if self._started is None:
                self._started = self._monotonic()

    def now(self) -> datetime:
        with self._lock:
            elapsed = 0.0 if self._started is None else self._monotonic() - self._started
            return self._begin + self._advanced + timedelta(seconds=elapsed * self.time_scale)

    def advance(self, by: timedelta) -> None:
        """Jump forward; whoever waits for a moment in between is woken."""
        if by < timedelta():
            raise ValueError("time does not run backwards")
        with self._lock:
            self._advanced += by
        for listener in self._listeners:
            listener()

    def real_seconds(self, simulated: timedelta) -> float:
        """How long a span of simulated time lasts for whoever waits for it."""
        return max(0.0, simulated.total_seconds()) / self.time_scale

    def on_advance(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` (without arguments) after each jump."""
        self._listeners.append(listener)
