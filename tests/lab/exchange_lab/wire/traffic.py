# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What went over the wire, counted for whoever wants to prove something by it."""

from __future__ import annotations

import logging
import threading
import traceback
from collections import Counter
from dataclasses import dataclass

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Operation:
    """One WS-Management operation: ``Create``, ``Command``, ``Receive``, ``Send``, ``Delete``, ``Signal:ctrl_c``…

    ``fault`` is the WSManFault code that it was answered with, None when it went well.
    """

    name: str
    endpoint: str
    user: str
    fault: int | None = None


class Traffic:
    """Counters that any number of listeners share. Everything may be read at any time, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._operations: list[Operation] = []
        self._crashes: list[str] = []

    def count(self, name: str, amount: int = 1) -> None:
        """Add to a counter."""
        with self._lock:
            self._counts[name] += amount

    def operated(self, operation: Operation) -> None:
        """Remember an operation in the order in which operations were answered."""
        with self._lock:
            self._operations.append(operation)

    def crashed(self, error: BaseException, where: str) -> None:
        """Remember an error of the lab itself: the client sees a fault, and a test must not pass over it."""
        _log.error("%s", where, exc_info=error)
        with self._lock:
            self._crashes.append(f"{where}: " + "".join(traceback.format_exception(error)))

    @property
    def connections(self) -> int:
        """TCP connections accepted."""
        return self._count_of("connections")

    @property
    def requests(self) -> int:
        """HTTP requests read, those of an authentication's legs included."""
        return self._count_of("requests")

    @property
    def challenges(self) -> int:
        """Replies with the status 401."""
        return self._count_of("challenges")

    @property
    def bytes_in(self) -> int:
        """Bytes of requests, heads included, before TLS."""
        return self._count_of("bytes_in")

    @property
    def bytes_out(self) -> int:
        """Bytes of replies, heads included, before TLS."""
        return self._count_of("bytes_out")

    @property
    def open_shells(self) -> int:
        """Shells that exist now, on all listeners."""
        return self._count_of("open_shells")

    @property
    def operations(self) -> tuple[Operation, ...]:
        """All operations so far."""
        with self._lock:
            return tuple(self._operations)

    @property
    def actions(self) -> tuple[str, ...]:
        """The names of all operations so far."""
        return tuple(operation.name for operation in self.operations)

    @property
    def crashes(self) -> tuple[str, ...]:
        """Errors of the lab itself, with their tracebacks."""
        with self._lock:
            return tuple(self._crashes)

    def _count_of(self, name: str) -> int:
        with self._lock:
            return self._counts[name]
