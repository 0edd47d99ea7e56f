# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Queues of a transport service and the messages in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from ..world import MessageFacts, Role

QueueStatus = Literal["None", "Active", "Ready", "Retry", "Suspended", "Connecting"]
MessageStatus = Literal["Active", "PendingSuspend", "Ready", "Retry", "Suspended"]

NO_CONNECTOR = "00000000-0000-0000-0000-000000000000"
DEFERRAL = timedelta(minutes=15)  # MessageRetryInterval


@dataclass
class Message:
    """A message on its way.

    Attributes:
        record_id: The internal id, by which a server knows it as long as it has it.
        expires: When it goes back to its sender.
        in_session: While a session holds it.
        deferred_until: After a reply of 4xx.
        suspended: Whether an administrator has suspended it (Suspend-Message): no session takes it then.
        retry_count: How many replies of 4xx it has had, the last of which is ``last_error``.
    """

    record_id: int
    message_id: str
    sender: str
    recipient: str
    size: int
    arrived: datetime
    expires: datetime
    subject: str = ""
    in_session: bool = False
    deferred_until: datetime | None = None
    suspended: bool = False
    retry_count: int = 0
    last_error: str = ""


@dataclass
class Queue:
    r"""A queue, with the properties of Get-Queue.

    Attributes:
        identity: ``SERVER\n``, or the name of a persistent queue behind the server's.
        next_hop_connector: The Guid of the Send connector.
        retry_count: How many connections in a row have failed.
        first_retry_time: The first failure since the last success.
        role: Of the server; an Edge waits longer between retries.
        connections: How many sessions work on it now.
        idle_since: Since when it is empty; Exchange removes it after QueueMaxIdleTime.
        refused: Whether a peer has sent a session away, since the last retry, instead of answering for its message.
    """

    identity: str
    delivery_type: str
    next_hop_domain: str
    next_hop_connector: str = NO_CONNECTOR
    tls_domain: str = ""
    status: QueueStatus = "Ready"
    messages: list[Message] = field(default_factory=list)
    last_error: str = ""
    retry_count: int = 0
    first_retry_time: datetime | None = None
    last_retry_time: datetime | None = None
    next_retry_time: datetime | None = None
    role: Role = "mailbox"
    connections: int = 0
    idle_since: datetime | None = None
    refused: bool = False

    @property
    def message_count(self) -> int:
        return len(self.messages)

    def waiting(self, now: datetime) -> Iterator[Message]:
        """The messages that a session may take now, the oldest first."""
        for each in self.messages:
            free = not each.in_session and not each.suspended
            if free and (each.deferred_until is None or each.deferred_until <= now):
                yield each

    def message_status(self, message: MessageFacts) -> MessageStatus:
        """Status of one of its messages (documentation page "Properties of messages in queues").

        One that is suspended while a session holds it waits for the end of that session.
        """
        own = next(each for each in self.messages if each.record_id == message.record_id)
        if own.suspended:
            return "PendingSuspend" if own.in_session else "Suspended"
        if own.in_session:
            return "Active"
        return "Retry" if self.status == "Retry" or own.deferred_until is not None else "Ready"

    def expire(self, now: datetime) -> bool:
        """Return messages that are too old to their senders; whether some are left that a session still holds."""
        old = [each for each in self.messages if each.expires <= now]
        held = [each for each in old if each.in_session]
        self.messages = [each for each in self.messages if each not in old or each in held]
        return bool(held)

    def failed(self, error: str, began: datetime, now: datetime) -> datetime:
        """A connection has failed, and no other one works on the queue; returns when to try again."""
        self.last_error, self.refused = error, False
        self.retry_count += 1
        self.first_retry_time = self.first_retry_time or now
        self.last_retry_time = began
        return self.waits_from(now)

    def waits_from(self, now: datetime) -> datetime:
        """Wait for the next retry; returns when that is."""
        self.status = "Retry"
        self.next_retry_time = now + retry_interval(self.retry_count, self.role)
        return self.next_retry_time

    def succeeded(self) -> None:
        """A peer has answered for a message: whatever failed before is over."""
        self.last_error, self.retry_count, self.first_retry_time, self.refused = "", 0, None, False


def retry_interval(failures: int, role: Role) -> timedelta:
    """The pause after so many failed connections in a row: 4 times 1 minute, 6 times 5 minutes, then 10 minutes.

    On an Edge 4 times 1 minute, 6 times 10 minutes, then 30 minutes. Documentation page "Message retry, resubmit, and
    expiration intervals".
    """
    if failures <= 4:
        return timedelta(minutes=1)
    transient, connection = (10, 30) if role == "edge" else (5, 10)
    return timedelta(minutes=transient if failures <= 10 else connection)
