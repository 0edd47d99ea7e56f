# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The transport service of one server: it works on its queues by facts alone, and tells as little as Exchange does."""

from __future__ import annotations

import threading
from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from math import ceil
from random import Random
from uuid import UUID

from ..world import Delivery, Mail, Peer, SendConnector, Server, World
from .agenda import Agenda, Steps
from .certificate_choice import Credentials, choose_credentials
from .failure import CERTIFICATE_NOT_FOUND, NO_ADDRESS, Failure, last_error
from .protocol_log import ProtocolLog, SessionLog
from .queue import DEFERRAL, EXPIRATION, Message, Queue
from .routing import NextHop, NotSimulated, next_hop, route
from .smtp import Terms, converse

MAX_CONNECTIONS = 20  # MaxPerDomainOutboundConnections
MAX_IDLE = timedelta(minutes=3)  # QueueMaxIdleTime
MIN_RELOAD_S = 5.0  # DeferredReloadTimeoutSeconds
TRY_IN_CLEAR_S = 1.0
_SHORTEST_SLEEP_S, _LONGEST_SLEEP_S = 0.005, 0.5


class TransportService:
    """Sends the mail of one server; everything it does, it does at a simulated time, in the order of the times.

    All methods may be called from any thread; they take the world's lock.
    """

    def __init__(self, world: World, server: Server) -> None:
        self._world = world
        self._server = server
        # Seeded by the name: two runs of a scenario differ in nothing but their certificates.
        self._random = Random(server.fqdn)
        mail = [each for each in world.mail if server.answers_to(each.server)]
        began = min((each.queued_at for each in mail), default=world.clock.now())
        self._agenda = Agenda(began)
        self._log = ProtocolLog(server, self._agenda, world.readings, self._random)
        self._queues: dict[NextHop, Queue] = {}
        self._unreachable = Queue(rf"{server.name}\Unreachable", "Unreachable", "Unreachable Domain")
        self._submission = Queue(rf"{server.name}\Submission", "Undefined", "Submission")
        self._shadows: dict[str, Queue] = {}
        self._queue_numbers = count(3)
        self._record_ids = count(self._random.randrange(2**34, 2**37))
        self._session_ids = count(_ticks(began - timedelta(seconds=self._random.randrange(3600, 5 * 86400))))
        self._credentials: dict[str, Credentials | None] = {}
        self._address = f"10.0.0.{21 + list(world.servers).index(server.fqdn) % 200}"
        self._wake = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._crash: BaseException | None = None
        for each in mail:
            self._submit_at(each)

    # -- Life -------------------------------------------------------------------------------------------------------

    def live_through(self, _begin: datetime, end: datetime) -> None:
        """Live through the past of the scenario. NotSimulated when its mail takes a way that the lab does not know."""
        with self._world.lock:
            self._agenda.live_until(end)

    def start(self) -> None:
        """Let things happen by themselves as the clock goes on."""
        self._world.clock.on_advance(self._wake.set)
        self._thread = threading.Thread(target=self._tick, name=f"transport {self._server.name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let nothing happen any more; raises what made the service crash, if it did."""
        self._stopping = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._crash is not None:
            raise RuntimeError(f"the transport service of {self._server.fqdn} crashed") from self._crash

    def catch_up(self) -> None:
        """Do everything that is due by now."""
        with self._world.lock:
            if self._crash is not None:
                raise RuntimeError(f"the transport service of {self._server.fqdn} crashed") from self._crash
            self._agenda.live_until(self._world.clock.now())

    def _tick(self) -> None:
        while not self._stopping:
            try:
                self.catch_up()
            except BaseException as crash:
                self._crash = crash
                raise
            self._wake.wait(self._sleep_s())
            self._wake.clear()

    def _sleep_s(self) -> float:
        with self._world.lock:
            due = self._agenda.next_due
            if due is None:
                return _LONGEST_SLEEP_S
            until = self._world.clock.real_seconds(due - self._world.clock.now())
            return min(max(until, _SHORTEST_SLEEP_S), _LONGEST_SLEEP_S)

    # -- What cmdlets do --------------------------------------------------------------------------------------------

    def queues(self) -> Sequence[Queue]:
        """All queues, as they are now: delivery queues in the order of their numbers, then the persistent ones."""
        with self._world.lock:
            self.catch_up()
            unreachable = [self._unreachable] if self._unreachable.messages else []
            return [*self._queues.values(), self._submission, *unreachable, *self._shadow_queues()]

    def retry(self, identity: str, now: datetime) -> None:
        r"""Retry-Queue: connect at once instead of at NextRetryTime. KeyError when there is no queue ``SERVER\n``.

        A queue that does not wait for a retry is left alone.
        """
        with self._world.lock:
            self._agenda.live_until(now)
            queue = next((each for each in self.queues() if each.identity.lower() == identity.lower()), None)
            if queue is None:
                raise KeyError(identity)
            if queue.status == "Retry":
                self._connect(queue)
            self._wake.set()

    def store_changed(self, now: datetime) -> None:
        """The My store changed; Exchange then forgets which certificate it had chosen for which name.

        Enable-ExchangeCertificate causes this on purpose: after it has added a key ACE it writes the friendly name of
        the certificate anew (published analysis of Exchange 2013 CU23).
        """
        with self._world.lock:
            self._agenda.live_until(now)
            if self._world.readings.binding_takes_effect == "at_once":
                self._credentials.clear()

    # -- Mail arrives -----------------------------------------------------------------------------------------------

    def _submit_at(self, mail: Mail) -> None:
        self._agenda.at(mail.queued_at, lambda: self._submit(mail))

    def _submit(self, mail: Mail) -> None:
        queue = self._queue_for(mail.domain)
        for number in range(1, mail.count + 1):
            queue.messages.append(self._message(f"user{number}@{mail.domain}"))
        queue.idle_since = None
        self._agenda.after(EXPIRATION.total_seconds(), lambda: self._expire(queue))
        if queue is not self._unreachable:
            self._work_on(queue)

    def _message(self, recipient: str) -> Message:
        unique = UUID(int=self._random.getrandbits(128), version=4)
        return Message(
            record_id=next(self._record_ids),
            message_id=f"<{unique.hex}@{self._server.fqdn}>",
            sender=f"sender{self._random.randrange(1, 60)}@{self._world.domain}",
            recipient=recipient,
            size=self._random.randrange(4_000, 90_000),
            arrived=self._agenda.now,
        )

    def _queue_for(self, domain: str) -> Queue:
        connector = route(domain, self._loaded_connectors(), self._server)
        if connector is None:
            self._unreachable.last_error = "A matching connector cannot be found to route the external recipient"
            return self._unreachable
        hop = next_hop(domain, connector, self._server)
        if hop not in self._queues:
            self._queues[hop] = Queue(
                rf"{self._server.name}\{next(self._queue_numbers)}",
                hop.delivery_type,
                hop.domain,
                hop.connector,
                hop.tls_domain,
            )
        return self._queues[hop]

    def _loaded_connectors(self) -> list[SendConnector]:
        """The Send connectors as the service has loaded them: as its domain controller held them a reload ago."""
        controller = self._server.domain_controller
        if controller is None:
            raise NotSimulated(f"{self._server.fqdn} is an Edge; its connectors come by EdgeSync")
        age = timedelta(seconds=max(MIN_RELOAD_S, self._server.transport_reload_s))
        return self._world.connectors.view(controller, self._agenda.now - age)

    # -- Queues are worked on ---------------------------------------------------------------------------------------

    def _work_on(self, queue: Queue) -> None:
        """Connect if messages may be taken and nothing else keeps the queue; else let it rest."""
        if queue.status == "Retry":
            return
        now = self._agenda.now
        if any(queue.waiting(now)):
            if queue.connections == 0:
                self._connect(queue)
        elif queue.connections == 0:
            queue.status = "Ready"
            deferred = [each.deferred_until for each in queue.messages if each.deferred_until is not None]
            if deferred:
                self._agenda.at(min(deferred), lambda: self._work_on(queue))
            elif not queue.messages and queue.idle_since is None:
                queue.idle_since = now
                self._agenda.at(now + MAX_IDLE, lambda: self._remove_idle(queue))

    def _connect(self, queue: Queue) -> None:
        if queue.connections == 0:
            queue.status, queue.next_retry_time = "Connecting", None
        queue.connections += 1
        began = self._agenda.now
        self._agenda.run(self._connection(queue), lambda error: self._connection_ended(queue, began, error))

    def _connection(self, queue: Queue) -> Steps[str | None]:
        """One connection of a queue: host after host until a session comes to its end; returns LastError."""
        connector = self._connector(queue)
        error = None
        for host in connector.smart_hosts or (queue.next_hop_domain,):
            peer = self._world.peer_for(host)
            if peer is None:
                yield 0.0
                failure: Failure | None = NO_ADDRESS
            else:
                failure = yield from self._talk_to(peer, queue)
            if failure is None:
                return None
            name = peer.name if peer else host
            error = last_error(failure, name, peer, self._agenda.now, self._world.readings)
        return error

    def _talk_to(self, peer: Peer, queue: Queue) -> Steps[Failure | None]:
        """Sessions with one host: a second one in clear where our TLS failed and the connector does not insist."""
        failure = yield from self._session(peer, queue, starttls=True)
        if failure is not None and failure.stage == "security" and self._connector(queue).falls_back_to_clear:
            yield TRY_IN_CLEAR_S
            failure = yield from self._session(peer, queue, starttls=False)
        return failure

    def _session(self, peer: Peer, queue: Queue, *, starttls: bool) -> Steps[Failure | None]:
        connector = self._connector(queue)
        credentials = None
        if starttls and not connector.ignore_starttls:
            credentials = self._credentials_for(connector)
            if credentials is None:
                yield 0.0
                return CERTIFICATE_NOT_FOUND  # before anything is connected to, or logged
        terms = Terms(
            helo=connector.fqdn or self._server.fqdn,
            local=f"{self._address}:{self._random.randrange(1025, 65535)}",
            destination=queue.next_hop_domain,
            credentials=credentials,
            require_tls=not connector.falls_back_to_clear,
            max_messages=connector.smtp_max_messages_per_connection,
        )
        log = SessionLog(
            connector.name,
            f"{next(self._session_ids):016X}",
            f"{peer.address}:{peer.port}",
            self._log.write if connector.protocol_logging_level == "Verbose" else None,
            self._agenda,
        )
        mailbag = _Mailbag(self, queue, connector, peer, credentials)
        return (yield from converse(peer, terms, log, mailbag, self._world.readings))

    def _connector(self, queue: Queue) -> SendConnector:
        return next(each for each in self._loaded_connectors() if each.guid == queue.next_hop_connector)

    def _credentials_for(self, connector: SendConnector) -> Credentials | None:
        """The choice, remembered for each name until the store changes."""
        name = connector.tls_certificate_name or connector.fqdn or self._server.fqdn
        if name not in self._credentials:
            self._credentials[name] = choose_credentials(
                self._server, connector, self._agenda.now, self._world.readings
            )
        return self._credentials[name]

    def _connection_ended(self, queue: Queue, began: datetime, error: str | None) -> None:
        queue.connections -= 1
        if error is not None and queue.connections == 0 and queue.messages:
            queue.failed(error, began, self._agenda.now)
            due = queue.next_retry_time
            assert due is not None
            self._agenda.at(due, lambda: self._retry_if_due(queue, due))
        elif error is None or queue.connections == 0:
            self._work_on(queue)

    def _retry_if_due(self, queue: Queue, due: datetime) -> None:
        if queue.status == "Retry" and queue.next_retry_time == due:
            self._connect(queue)

    def _remove_idle(self, queue: Queue) -> None:
        if queue.idle_since is not None and queue.idle_since + MAX_IDLE <= self._agenda.now:
            self._queues = {hop: each for hop, each in self._queues.items() if each is not queue}

    def _expire(self, queue: Queue) -> None:
        """Return what is too old to its senders; what a session holds is looked at again a minute later."""
        for message in queue.expired(self._agenda.now):
            queue.messages.remove(message)
        if any(each.in_session and each.arrived + EXPIRATION <= self._agenda.now for each in queue.messages):
            self._agenda.after(60, lambda: self._expire(queue))
        if not queue.messages and queue.status == "Retry":
            queue.status, queue.next_retry_time = "Ready", None
            self._work_on(queue)

    # -- What a session reports -------------------------------------------------------------------------------------

    def _established(self, queue: Queue, limit: int) -> None:
        """A first session proves the way; now as many more are opened as the messages need."""
        queue.status = "Active"
        waiting = sum(1 for _ in queue.waiting(self._agenda.now))
        for _ in range(min(ceil(waiting / limit), MAX_CONNECTIONS) - queue.connections):
            self._connect(queue)

    def _take(self, queue: Queue) -> Message | None:
        message = next(queue.waiting(self._agenda.now), None)
        if message is not None:
            message.in_session = True
        return message

    def _answered(self, queue: Queue, message: Message, delivery: Delivery) -> None:
        """2xx: delivered. 5xx: returned to its sender. 4xx: the message, not the queue, is tried again later."""
        insort(self._world.delivered, delivery, key=lambda each: each.at)
        queue.succeeded()
        message.in_session = False
        if delivery.reply.startswith("4"):
            message.deferred_until = self._agenda.now + DEFERRAL
            message.last_error = delivery.reply
        else:
            queue.messages.remove(message)

    # -- Shadow redundancy ------------------------------------------------------------------------------------------

    def _shadow_queues(self) -> list[Queue]:
        """Copies of what other servers have not yet delivered; the first other Mailbox server after each keeps them."""
        found = []
        for other in self._world.servers.values():
            if not isinstance(other.transport, TransportService) or other.transport._shadow_server is not self._server:
                continue
            copies = [message for queue in other.transport._queues.values() for message in queue.messages]
            if other.fqdn not in self._shadows and copies:
                identity = rf"{self._server.name}\Shadow\{next(self._queue_numbers)}"
                self._shadows[other.fqdn] = Queue(identity, "ShadowRedundancy", other.fqdn)
            if other.fqdn in self._shadows:
                self._shadows[other.fqdn].messages = copies
                found.append(self._shadows[other.fqdn])
        return found

    @property
    def _shadow_server(self) -> Server | None:
        servers = [each for each in self._world.servers.values() if each.role == "mailbox"]
        if self._server not in servers or len(servers) == 1:
            return None
        return servers[(servers.index(self._server) + 1) % len(servers)]


@dataclass(frozen=True)
class _Mailbag:
    """The queue as one session sees it."""

    service: TransportService
    queue: Queue
    connector: SendConnector
    peer: Peer
    credentials: Credentials | None

    def established(self) -> None:
        self.service._established(self.queue, self.connector.smtp_max_messages_per_connection)

    def take(self) -> Message | None:
        return self.service._take(self.queue)

    def answered(self, message: Message, reply: str, *, encrypted: bool) -> None:
        certificate = self.credentials.certificate if self.credentials and encrypted else None
        delivery = Delivery(
            at=self.service._agenda.now,
            connector=self.connector.name,
            server=self.service._server.fqdn,
            peer=self.peer.name,
            tls=encrypted,
            thumbprint=certificate.thumbprint if certificate else None,
            reply=reply,
        )
        self.service._answered(self.queue, message, delivery)


def _ticks(moment: datetime) -> int:
    """A time in .NET's ticks. Session ids count on from the ticks at the start of the service: 08D50D3D9730A8D2."""
    span = moment.replace(tzinfo=None) - datetime.min
    return (span.days * 86400 + span.seconds) * 10**7 + span.microseconds * 10
