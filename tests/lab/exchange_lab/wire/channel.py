# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The PSRP conversation of one shell: psrpcore's state machine, made safe for threads, and the fragments it wrote."""

from __future__ import annotations

import threading
import uuid
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psrpcore import PSRPEvent, PSRPPayload, ServerRunspacePool, StreamType

Event = PSRPEvent[Any, Any]
"""A message of the client, decoded by psrpcore."""

FRAGMENT_SIZE = 32_768
"""Largest piece of a message, in bytes before base64; a client reassembles any size."""

RECEIVE_SIZE = 100_000
"""How much one Receive carries at most, before base64: below every client's MaxEnvelopeSize (150 or 500 kB)."""


class Channel:
    """One lock for one shell: psrpcore is not thread-safe, and a Receive waits on what a cmdlet's thread writes."""

    def __init__(self) -> None:
        self.pool = ServerRunspacePool()
        self.changed = threading.Condition(threading.RLock())
        self.session_state: dict[str, object] = {}
        self._outgoing: defaultdict[uuid.UUID | None, deque[bytes]] = defaultdict(deque)

    @contextmanager
    def speaking(self) -> Iterator[ServerRunspacePool]:
        """Hold the lock, let the caller make psrpcore write one message, and offer its fragments to Receive."""
        with self.changed:
            yield self.pool
            # psrpcore merges neighbouring messages when it is asked for data late: ask after each one.
            while (payload := self.pool.data_to_send(FRAGMENT_SIZE)) is not None:
                self._outgoing[payload.pipeline_id].append(payload.data)
            self.changed.notify_all()

    def hear(self, data: bytes, pipeline_id: uuid.UUID | None) -> list[Event]:
        """Take in fragments and return the messages that they complete."""
        events: list[Event] = []
        with self.speaking() as pool:
            pool.receive_data(PSRPPayload(data, StreamType.default, pipeline_id))
            while (event := pool.next_event()) is not None:
                events.append(event)
        return events

    def has_output(self, pipeline_id: uuid.UUID | None) -> bool:
        """Tell whether a Receive would get something. The lock must be held."""
        return bool(self._outgoing.get(pipeline_id))

    def take(self, pipeline_id: uuid.UUID | None) -> list[bytes]:
        """Hand out what one Receive carries. The lock must be held."""
        waiting, taken, size = self._outgoing[pipeline_id], [], 0
        while waiting and size + len(waiting[0]) <= RECEIVE_SIZE:
            taken.append(waiting.popleft())
            size += len(taken[-1])
        return taken

    def forget(self, pipeline_id: uuid.UUID) -> None:
        """Drop a pipeline and what nobody received of it. The lock must be held."""
        self._outgoing.pop(pipeline_id, None)
        self.pool.pipeline_table.pop(pipeline_id, None)
