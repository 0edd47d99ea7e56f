# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which queues and messages we hold back, so that nothing of an administrator's is ever let go for him.

What somebody had suspended before us is not in a record. All times in a record are the controller's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property

from .._exchange.message import Message
from .._exchange.queue import Queue
from .logging_record import Holder


class Kept(Enum):
    """Why a hold outlasts the run that made it: the message that went first was rejected, or left unseen."""

    NO = ""
    REJECTED = "rejected"
    UNSEEN = "unseen"


@dataclass(frozen=True)
class HeldMessage:
    r"""A message, by ``SERVER\queue\number`` and its Message-ID.

    The numbers of queues are given anew when the transport service starts; whether a message is still suspended then is
    documented nowhere. Where it is, its own number and its Message-ID tell that it is the one.
    """

    identity: str
    message_id: str

    @classmethod
    def of(cls, message: Message) -> HeldMessage:
        """Return what is remembered of a message."""
        return cls(message.identity, message.message_id)

    @property
    def key(self) -> tuple[str, str]:
        """Return what it is known by."""
        return self.identity.rpartition("\\")[2], self.message_id

    def is_same(self, message: Message) -> bool:
        """Tell whether a message is this one."""
        return self.key == (message.number, message.message_id)


@dataclass(frozen=True)
class HeldQueue:
    """A queue that we have suspended, and the message of it that goes first, once one is chosen.

    A queue is what its next hop is, not its number: see ``HeldMessage``.
    """

    identity: str
    delivery_type: str
    next_hop_domain: str
    tls_domain: str
    first: HeldMessage | None = None

    @classmethod
    def of(cls, queue: Queue) -> HeldQueue:
        """Return what is remembered of a queue."""
        return cls(queue.identity, queue.delivery_type, queue.next_hop_domain, queue.tls_domain)

    def is_same(self, queue: Queue) -> bool:
        """Tell whether a queue of the record's connector is this one."""
        ours = (self.delivery_type, self.next_hop_domain, self.tls_domain)
        its = (queue.delivery_type, queue.next_hop_domain, queue.tls_domain)
        return [each.lower() for each in ours] == [each.lower() for each in its]


@dataclass(frozen=True)
class HoldRecord:
    """What one run holds back on one server for one connector. ``messages`` are those suspended one by one."""

    server: str
    connector: str
    queues: tuple[HeldQueue, ...]
    messages: tuple[HeldMessage, ...]
    holder: Holder
    kept: Kept = Kept.NO

    def queue_of(self, queue: Queue) -> HeldQueue | None:
        """Return what is remembered of a queue; None for one that is not ours."""
        return next((each for each in self.queues if each.is_same(queue)), None)

    @cached_property
    def _known(self) -> frozenset[tuple[str, str]]:
        return frozenset(each.key for each in self.messages)

    def holds(self, message: Message) -> bool:
        """Tell whether a message is one that we have suspended."""
        return HeldMessage.of(message).key in self._known

    def with_queues(self, queues: Iterable[Queue]) -> HoldRecord:
        """Add queues."""
        new = tuple(HeldQueue.of(each) for each in queues if self.queue_of(each) is None)
        return replace(self, queues=(*self.queues, *new))

    def with_messages(self, messages: Iterable[Message]) -> HoldRecord:
        """Add messages."""
        new = tuple(HeldMessage.of(each) for each in messages if not self.holds(each))
        return replace(self, messages=(*self.messages, *new))

    def without(self, message: Message) -> HoldRecord:
        """Remove a message that is let go."""
        return replace(self, messages=tuple(each for each in self.messages if not each.is_same(message)))

    def with_first(self, queue: Queue, message: Message) -> HoldRecord:
        """Say which message of a queue goes first."""
        first = HeldMessage.of(message)
        queues = (replace(each, first=first) if each.is_same(queue) else each for each in self.queues)
        return replace(self, queues=tuple(queues))

    def taken_over(self, me: Holder, messages: Iterable[Message]) -> HoldRecord:
        """Hand it to another run, for which another message goes first where the former one has left.

        What became of that one stays unknown, so the hold is kept.
        """
        waiting = tuple(messages)
        left = {each.first for each in self.queues if each.first and not any(map(each.first.is_same, waiting))}
        queues = tuple(replace(each, first=None) if each.first in left else each for each in self.queues)
        kept = Kept.UNSEEN if left and self.kept is Kept.NO else self.kept
        return replace(self, holder=me, queues=queues, kept=kept)
