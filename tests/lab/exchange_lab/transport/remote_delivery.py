# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Delivery queues: when they connect, when they wait, and when messages and queues go."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from math import ceil

from ..agenda import Agenda
from ..world import Delivery, Server
from .outbound import Outbound
from .queue import DEFERRAL, Message, Queue
from .routing import NextHop

MAX_CONNECTIONS = 20  # MaxPerDomainOutboundConnections
MAX_IDLE = timedelta(minutes=3)  # QueueMaxIdleTime
LOOK_AGAIN_S = 60.0


class RemoteDelivery:
    """The delivery queues of one server. ``next_identity`` names a new queue, ``record`` keeps what peers answered."""

    def __init__(
        self,
        agenda: Agenda,
        outbound: Outbound,
        next_identity: Callable[[], str],
        record: Callable[[Delivery], None],
        server: Server,
    ) -> None:
        self._agenda = agenda
        self._outbound = outbound
        self._next_identity = next_identity
        self._record = record
        self._server = server
        self._queues: dict[NextHop, Queue] = {}

    @property
    def queues(self) -> list[Queue]:
        return list(self._queues.values())

    def accept(self, hop: NextHop, messages: list[Message]) -> None:
        """Queue messages for a next hop, and connect unless the queue waits for a retry."""
        queue = self._queues.get(hop)
        if queue is None:
            queue = self._queues[hop] = Queue(
                self._next_identity(),
                hop.delivery_type,
                hop.domain,
                hop.connector,
                hop.tls_domain,
                role=self._server.role,
            )
        queue.messages.extend(messages)
        queue.idle_since = None
        for moment in {each.expires for each in messages}:
            self._agenda.at(moment, lambda: self._expire(queue))
        self._work_on(queue)

    def retry(self, queue: Queue) -> None:
        """Connect at once instead of at NextRetryTime; a queue that does not wait for a retry is left alone."""
        if queue.status == "Retry":
            self._connect(queue)

    def queue_for(self, hop: NextHop) -> Queue | None:
        return self._queues.get(hop)

    def suspend(self, queue: Queue) -> None:
        """Suspend-Queue: what is in a session is finished, and nothing else leaves until somebody resumes the queue."""
        queue.status, queue.next_retry_time = "Suspended", None

    def resume(self, queue: Queue) -> None:
        """Resume-Queue. Whether one that had failed connects at once is documented nowhere: here it waits its time."""
        if queue.status != "Suspended":
            return
        if queue.connections > 0:
            queue.status = "Active"
        elif queue.retry_count > 0 and queue.messages:
            self._wait_for_retry(queue, queue.waits_from(self._agenda.now))
        else:
            queue.status = "Ready"
            self._work_on(queue)

    def resume_message(self, queue: Queue, message: Message) -> None:
        """Resume-Message: it may leave, when its queue works."""
        message.suspended = False
        self._work_on(queue)

    # What a session asks and reports (Clerk).

    def established(self, queue: Queue, max_messages: int) -> None:
        """A session has proved the way: as many more are opened as the messages need, unless one has been sent away."""
        if queue.status == "Suspended":
            return
        queue.status = "Active"
        if queue.refused:
            return
        waiting = sum(1 for __ in queue.waiting(self._agenda.now))
        for __ in range(min(ceil(waiting / max_messages), MAX_CONNECTIONS) - queue.connections):
            self._connect(queue)

    def take(self, queue: Queue) -> Message | None:
        message = None if queue.status == "Suspended" else next(queue.waiting(self._agenda.now), None)
        if message is not None:
            message.in_session = True
        return message

    def answered(self, queue: Queue, message: Message, delivery: Delivery) -> None:
        """2xx: the peer has it. 5xx: it goes back to its sender. 4xx: the message, not the queue, is tried again."""
        self._record(delivery)
        queue.succeeded()
        message.in_session = False
        if delivery.reply.startswith("4"):
            message.deferred_until = self._agenda.now + DEFERRAL
            message.retry_count += 1
            message.last_error = delivery.reply
        else:
            queue.messages.remove(message)

    def passed_on(self, queue: Queue, message: Message) -> None:
        """Another server of the organisation has taken the message over."""
        queue.succeeded()
        queue.messages.remove(message)

    def returned(self, queue: Queue, message: Message) -> None:
        """The session ended over this message, which waits with its queue."""
        message.in_session, queue.refused = False, True

    # How a queue goes on.

    def _work_on(self, queue: Queue) -> None:
        """Connect when messages may be taken; let the queue rest when none may and nobody works on it."""
        if queue.status in ("Retry", "Suspended") or queue.connections > 0:
            return
        now = self._agenda.now
        if any(queue.waiting(now)):
            self._connect(queue)
            return
        queue.status = "Ready"
        deferred = [
            each.deferred_until for each in queue.messages if each.deferred_until is not None and not each.suspended
        ]
        if deferred:
            self._agenda.at(min(deferred), lambda: self._work_on(queue))
        elif not queue.messages and queue.idle_since is None:
            queue.idle_since = now
            self._agenda.at(now + MAX_IDLE, lambda: self._remove_idle(queue))

    def _connect(self, queue: Queue) -> None:
        if not self._server.sends_mail(self._agenda.now):
            return
        if queue.connections == 0:
            queue.status, queue.next_retry_time = "Connecting", None
        queue.connections += 1
        began = self._agenda.now
        self._agenda.run(self._outbound.connection(queue, self), lambda error: self._ended(queue, began, error))

    def _ended(self, queue: Queue, began: datetime, error: str | None) -> None:
        """A connection has ended. Its failure counts only when no other one gets through to the next hop."""
        queue.connections -= 1
        if queue.status == "Suspended":
            return
        if error is None or queue.connections > 0 or not queue.messages:
            self._work_on(queue)
            return
        self._wait_for_retry(queue, queue.failed(error, began, self._agenda.now))

    def _wait_for_retry(self, queue: Queue, due: datetime) -> None:
        self._agenda.at(due, lambda: self._retry_if_due(queue, due))

    def _retry_if_due(self, queue: Queue, due: datetime) -> None:
        if queue.next_retry_time == due:
            self.retry(queue)

    def _expire(self, queue: Queue) -> None:
        if queue.expire(self._agenda.now):
            self._agenda.after(LOOK_AGAIN_S, lambda: self._expire(queue))
        if not queue.messages and queue.status == "Retry":
            queue.status, queue.next_retry_time = "Ready", None
        self._work_on(queue)

    def _remove_idle(self, queue: Queue) -> None:
        if queue.idle_since is not None and queue.idle_since + MAX_IDLE <= self._agenda.now:
            self._queues = {hop: each for hop, each in self._queues.items() if each is not queue}
