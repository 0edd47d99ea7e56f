# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a hold is decided on: a connector's queues on one server, the messages in them, and our record."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from .._exchange.message import Message
from .._exchange.queue import Queue
from .hold_record import HoldRecord
from .logging_record import Holder
from .stuck import delivers_by_connector, is_suspended


@dataclass(frozen=True)
class HoldSituation:
    """``server`` is an FQDN; ``has_ended`` tells that the run of the record has, ``me`` is the one that asks, ``file``
    where the record lies.

    ``queues`` are those that matter, what may send and what is in the record, and ``messages`` are theirs.
    """

    server: str
    queues: tuple[Queue, ...]
    messages: tuple[Message, ...]
    record: HoldRecord | None
    has_ended: bool
    me: Holder
    file: str = "the record of held mail"

    def in_queue(self, queue: Queue) -> tuple[Message, ...]:
        """Return the messages of a queue."""
        return tuple(each for each in self.messages if each.queue.lower() == queue.identity.lower())

    def is_suspended(self, identity: str) -> bool | None:
        """Tell whether a queue or a message is suspended; None where it is not there any more."""
        return self._states.get(identity)

    @cached_property
    def _states(self) -> dict[str, bool]:
        queues = {each.identity: is_suspended(each) for each in self.queues}
        return queues | {each.identity: each.is_suspended for each in self.messages}


def queues_concerned(connector: str, record: HoldRecord | None, queues: tuple[Queue, ...]) -> tuple[Queue, ...]:
    """Return the queues of a connector, by its Guid, whose mail matters: those that nobody holds, and those we hold."""
    ours = [each for each in queues if delivers_by_connector(each) and each.next_hop_connector == connector]
    return tuple(each for each in ours if may_send(each) or (record is not None and record.queue_of(each) is not None))


def may_send(queue: Queue) -> bool:
    """Tell whether mail of a queue may leave, now or at its next retry."""
    return queue.message_count > 0 and not is_suspended(queue)
