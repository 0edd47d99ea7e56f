# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The transport service of one server: it works by facts alone, and tells as little as Exchange does."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from random import Random
from uuid import UUID

from ..world import Mail, ReceiveConnector, Server, World
from .certificate_check import CertificateCheck
from .events import Events
from .front_end import FrontEnd
from .outbound import Outbound
from .queue import Message, Queue
from .remote_delivery import RemoteDelivery
from .routing import Routing
from .shadow import ShadowQueues

_SHORTEST_SLEEP_S, _LONGEST_SLEEP_S = 0.005, 0.5


class TransportService:
    """Sends the mail of one server. Whatever it does, it does at a simulated time, in the order of the times.

    The past of a scenario is lived through by the first :meth:`catch_up` of any server. All methods take the world's
    lock.
    """

    def __init__(self, world: World, server: Server) -> None:
        self._world = world
        self._server = server
        self._agenda = world.agenda
        # Seeded by the name: two runs of a scenario differ in nothing but their certificates.
        self._random = Random(server.fqdn)
        self._routing = Routing(world, server, self._agenda)
        self.front_end = FrontEnd(world, server)
        self._outbound = Outbound(
            world, server, self._routing, self._random, front_end_of=_front_end_of, receive=_receive
        )
        self._queue_numbers = count(3)
        self._record_ids = count(self._random.randrange(2**34, 2**37))
        self._delivery = RemoteDelivery(
            self._agenda,
            self._outbound,
            lambda: rf"{server.name}\{next(self._queue_numbers)}",
            world.delivered.append,
            server,
        )
        self._shadows = ShadowQueues(world, server, lambda: next(self._queue_numbers))
        self._submission = Queue(rf"{server.name}\Submission", "Undefined", "Submission")
        self._unreachable = Queue(rf"{server.name}\Unreachable", "Unreachable", "Unreachable Domain")
        for each in world.mail:
            if server.answers_to(each.server):
                self._submit_when_due(each)
        self._check = CertificateCheck(server, self._agenda, world.readings, self._events_about)
        self._check.begin()
        for moment in server.transport_restarts:
            self._agenda.at(moment, self._restart)
        self._wake = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._crash: Exception | None = None

    def start(self) -> None:
        """Let things happen by themselves as the clock goes on."""
        self._world.clock.on_advance(self._wake.set)
        self._thread = threading.Thread(target=self._tick, name=f"transport {self._server.name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let nothing happen any more."""
        self._stopping = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def catch_up(self) -> None:
        """Do at once everything that is due by the clock's now, in its order.

        Whoever is about to change what the service goes by (a certificate's key, a peer) or to read what it writes (a
        log) calls this first: the service's own thread may be a moment late. RuntimeError when that thread crashed.
        """
        with self._world.lock:
            if self._crash is not None:
                raise RuntimeError(f"the transport service of {self._server.fqdn} has crashed") from self._crash
            self._agenda.live_until(self._world.clock.now())

    def queues(self) -> Sequence[Queue]:
        """All queues as they are now: delivery queues by number, then the others."""
        with self._world.lock:
            self.catch_up()
            unreachable = [self._unreachable] if self._unreachable.messages else []
            return [*self._delivery.queues, self._submission, *unreachable, *self._shadows.reflect(_undelivered)]

    def retry(self, identity: str, now: datetime) -> None:
        r"""Retry-Queue: connect at once instead of at NextRetryTime. KeyError when there is no queue ``SERVER\n``.

        A queue that does not wait for a retry is left alone.
        """
        with self._world.lock:
            self._agenda.live_until(now)
            self._delivery.retry(self._found(identity))
            self._wake.set()

    def suspend(self, identity: str, now: datetime) -> None:
        """Suspend-Queue; KeyError when there is no such queue."""
        with self._world.lock:
            self._agenda.live_until(now)
            self._delivery.suspend(self._found(identity))

    def resume(self, identity: str, now: datetime) -> None:
        """Resume-Queue; KeyError when there is no such queue."""
        with self._world.lock:
            self._agenda.live_until(now)
            self._delivery.resume(self._found(identity))
            self._wake.set()

    def suspend_message(self, identity: str, record_id: int, now: datetime) -> None:
        """Suspend-Message: one that a session holds is sent all the same. KeyError when there is no such message."""
        with self._world.lock:
            self._agenda.live_until(now)
            self._message_in(self._found(identity), record_id).suspended = True

    def resume_message(self, identity: str, record_id: int, now: datetime) -> None:
        """Resume-Message; KeyError when there is no such message."""
        with self._world.lock:
            self._agenda.live_until(now)
            queue = self._found(identity)
            self._delivery.resume_message(queue, self._message_in(queue, record_id))
            self._wake.set()

    def _found(self, identity: str) -> Queue:
        return {each.identity.upper(): each for each in self.queues()}[identity.upper()]

    def _message_in(self, queue: Queue, record_id: int) -> Message:
        return {each.record_id: each for each in queue.messages}[record_id]

    def store_changed(self, now: datetime) -> None:
        """The My store has changed: Exchange forgets which certificate it chose for which name.

        Enable-ExchangeCertificate causes this on purpose: when it has added a key ACE, it writes the certificate's
        friendly name anew (published analysis of Exchange 2013 CU23). Whether that suffices is a reading.
        """
        with self._world.lock:
            self._agenda.live_until(now)
            if self._world.readings.binding_takes_effect == "at_once":
                self._outbound.forget_certificates()
                self.front_end.forget_certificates()

    def _tick(self) -> None:
        while not self._stopping:
            try:
                self.catch_up()
            except Exception as crash:
                self._crash = crash
                raise
            self._wake.wait(self._sleep_s())
            self._wake.clear()

    def _sleep_s(self) -> float:
        """Real seconds until the next thing is due."""
        with self._world.lock:
            due, clock = self._agenda.next_due, self._world.clock
            until = _LONGEST_SLEEP_S if due is None else clock.real_seconds(due - clock.now())
            return min(max(until, _SHORTEST_SLEEP_S), _LONGEST_SLEEP_S)

    def _restart(self) -> None:
        """The services begin anew: what they remember of certificates is gone, and no queue waits for its time."""
        self._outbound.forget_certificates()
        self.front_end.forget_certificates()
        self._check.look()
        for queue in self._delivery.queues:
            self._delivery.retry(queue)

    def _events_about(self, connector: ReceiveConnector | None) -> Events:
        is_front_ends = connector is not None and connector.transport_role == "FrontendTransport"
        return self.front_end.events if is_front_ends else self._outbound.events

    def _submit_when_due(self, mail: Mail) -> None:
        for time in range(mail.times):
            self._agenda.at(mail.queued_at + timedelta(seconds=time * mail.every_s), lambda: self._submit(mail))
        if mail.suspended_at is not None:
            self._agenda.at(mail.suspended_at, lambda: self._suspend(mail))

    def _suspend(self, mail: Mail) -> None:
        for domain in mail.recipients:
            hop = self._routing.next_hop(domain)
            queue = None if hop is None else self._delivery.queue_for(hop)
            if queue is not None:
                self._delivery.suspend(queue)

    def _submit(self, mail: Mail) -> None:
        for domain in mail.recipients:
            self._hand_over(domain, mail)

    def receive(self, message: Message) -> None:
        """Take a message over from another server of the organisation."""
        now = self._agenda.now
        own = replace(
            message,
            record_id=next(self._record_ids),
            arrived=now,
            expires=now + self._server.message_expiration,
            in_session=False,
            suspended=False,
        )
        self._queue_up(message.recipient.rpartition("@")[2], [own])

    def _hand_over(self, domain: str, mail: Mail) -> None:
        messages = [self._message(f"user{number}@{domain}", mail.subject) for number in range(1, mail.count + 1)]
        if mail.messages_suspended_at is not None:
            self._agenda.at(mail.messages_suspended_at, lambda: _suspend_each(messages))
        self._queue_up(domain, messages)

    def _queue_up(self, domain: str, messages: list[Message]) -> None:
        hop = self._routing.next_hop(domain)
        if hop is not None:
            self._delivery.accept(hop, messages)
        else:
            self._unreachable.messages.extend(messages)
            self._unreachable.last_error = "A matching connector cannot be found to route the external recipient"
            self._agenda.at(messages[0].expires, lambda: self._unreachable.expire(self._agenda.now))

    def _message(self, recipient: str, subject: str) -> Message:
        return Message(
            record_id=next(self._record_ids),
            message_id=f"<{UUID(int=self._random.getrandbits(128), version=4).hex}@{self._server.fqdn}>",
            sender=f"sender{self._random.randrange(1, 60)}@{self._world.domain}",
            recipient=recipient,
            size=self._random.randrange(4_000, 90_000),
            arrived=self._agenda.now,
            expires=self._agenda.now + self._server.message_expiration,
            subject=subject,
        )


def _suspend_each(messages: Sequence[Message]) -> None:
    for each in messages:
        each.suspended = True


def _front_end_of(server: Server) -> FrontEnd:
    if not isinstance(server.transport, TransportService):
        raise RuntimeError(f"the services of {server.fqdn} do not run")
    return server.transport.front_end


def _receive(server: Server, message: Message) -> None:
    if not isinstance(server.transport, TransportService):
        raise RuntimeError(f"the services of {server.fqdn} do not run")
    server.transport.receive(message)


def _undelivered(server: Server) -> list[Message]:
    """What the service of a server still has to deliver."""
    if not isinstance(server.transport, TransportService):
        return []
    server.transport.catch_up()
    return [message for queue in server.transport._delivery.queues for message in queue.messages]
