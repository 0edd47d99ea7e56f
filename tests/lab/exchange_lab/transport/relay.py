# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail for which this server is no source: it is handed to a server that is, or to one on the way there.

Documentation pages "Mail routing in Exchange Server" and "Queue properties". Rows and texts of an authentication that
fails have been seen (event 2017 and a queue, 2019); no session of this kind has been published as a whole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from ..agenda import Steps
from ..world import Replies, Server, World
from .certificate_choice import default_credentials
from .client import SmtpClient, address_of
from .failure import AUTHENTICATION_FAILED, SOCKET_ERRORS, Failure, Unreached, last_error, unable_to_connect
from .handshake import ROUND_TRIP_S
from .protocol_log import SessionLog
from .queue import Message, Queue
from .server_session import open_server_session
from .smtp import Opened, Terms, Way, send_messages
from .target import Host

INTRA_ORGANIZATION = "Intra-Organization SMTP Send Connector"
MAX_MESSAGES = 20
_ACCEPTED = Replies("250 2.1.0 Sender OK", "250 2.1.5 Recipient OK", "250 2.6.0 Queued mail for delivery")
_PORTS = {"mailbox": 2525, "edge": 25}


class RelayClerk(Protocol):
    """Who hands out the messages of a queue, and hears that another server has taken one over."""

    def established(self, queue: Queue, max_messages: int) -> None: ...
    def take(self, queue: Queue) -> Message | None: ...
    def passed_on(self, queue: Queue, message: Message) -> None: ...
    def returned(self, queue: Queue, message: Message) -> None: ...


class Relay:
    """Opens sessions with other servers for the queues of one; ``receive`` is how another one takes a message over."""

    def __init__(
        self, world: World, server: Server, client: SmtpClient, receive: Callable[[Server, Message], None]
    ) -> None:
        self._world = world
        self._server = server
        self._client = client
        self._receive = receive

    def connection(self, queue: Queue, servers: list[Server], origin: str, clerk: RelayClerk) -> Steps[str | None]:
        """One connection, to the first of these servers that takes it; returns the queue's LastError when none does."""
        unreached: Unreached | None = None
        for number, other in enumerate(servers, start=1):
            host = Host(other.fqdn, address_of(self._world, other), _PORTS[other.role])
            failure = yield from self._hand_over(other, host, queue, origin, clerk)
            if failure is None:
                return None
            unreached = Unreached(failure, other.fqdn, host, tried=number)
        if unreached is None:
            raise RuntimeError(f"nobody takes the mail of {queue.identity}")
        return last_error(unreached, self._world.agenda.now, self._world.readings)

    def _hand_over(
        self, other: Server, host: Host, queue: Queue, origin: str, clerk: RelayClerk
    ) -> Steps[Failure | None]:
        """One session; returns why none came about."""
        verbose = self._server.intra_org_connector_protocol_logging_level == "Verbose"
        log = self._client.session_log(INTRA_ORGANIZATION, host.endpoint, verbose=verbose)
        attempt = self._client.connectivity.begin(log.session, queue.next_hop_domain, origin)
        log.when_connected(lambda: attempt.connected(host.endpoint, host))
        failure = yield from self._open(other, host, queue, log)
        if failure is not None:
            if failure.socket_error is not None:
                attempt.unconnected(host, failure.socket_error)
            else:
                attempt.ended()
            return failure
        bag = _Bag(clerk, queue, lambda message: self._receive(other, message))
        clerk.established(queue, MAX_MESSAGES)
        way = Way(other.fqdn, _ACCEPTED, Opened(encrypted=True, chunking=True))
        yield from send_messages(way, log, bag, MAX_MESSAGES, self._world.readings)
        attempt.ended(bag.count, bag.size)
        return None

    def _open(self, other: Server, host: Host, queue: Queue, log: SessionLog) -> Steps[Failure | None]:
        now, readings = self._world.agenda.now, self._world.readings
        ours, theirs = (default_credentials(each, now, readings) for each in (self._server, other))
        terms = Terms(self._server.fqdn, self._client.local_endpoint(), queue.next_hop_domain, ours, require_tls=True)
        if (failure := (yield from self._connect(other, host, terms, log))) is not None:
            return failure
        failure = yield from open_server_session(
            host.name, theirs, terms, log, readings, offers="X-EXPS EXCHANGEAUTH GSSAPI"
        )
        if failure is not None:
            if ours.failure is not None:
                self._client.events.key_failed(ours.failure)
            return failure
        # An Edge is in no domain: the two know each other by the credentials that EdgeSync keeps.
        return None if other.role == "edge" else (yield from self._authenticate(other, log))

    def _connect(self, other: Server, host: Host, terms: Terms, log: SessionLog) -> Steps[Failure | None]:
        """What keeps a session from coming about: a firewall between the two, or the other one's service."""
        reason = self._server.network.connect_failure(host.name, host.address, named=True)
        if reason is None and not other.transport_ran(self._world.agenda.now):
            reason = "refused"
        if reason is not None:
            error = SOCKET_ERRORS[reason]
            log.note("Set Session Permissions", "SendRoutingHeaders")
            log.note("attempting to connect")
            yield error.seconds
            log.note(error.row(terms.destination, host.endpoint))
            return unable_to_connect(error)
        if not other.sends_mail(self._world.agenda.now):
            log.note("Set Session Permissions", "SendRoutingHeaders")
            log.note("attempting to connect")
            yield ROUND_TRIP_S
            log.connected(terms.local)
            yield ROUND_TRIP_S
            log.received("421 4.3.2 Service not active")
            log.disconnected("Remote")
            return Failure("421 4.3.2 Service not active", "reply")
        return None

    def _authenticate(self, other: Server, log: SessionLog) -> Steps[Failure | None]:
        """Kerberos between the two machine accounts."""
        log.sent("X-EXPS EXCHANGEAUTH SHA256 ")
        yield ROUND_TRIP_S
        if self._server.kerberos in ("in_order", "no_spn") and other.kerberos == "in_order":
            log.sent("<Binary Data>")
            yield ROUND_TRIP_S
            log.received("235 <authentication response>")
            return None
        log.note(f"Outbound Authentication failed with {AUTHENTICATION_FAILED.status}")
        log.disconnected("Local")
        self._client.events.authentication_failed(
            INTRA_ORGANIZATION, AUTHENTICATION_FAILED.status or "", "ExchangeAuth", f"SMTPSVC/{other.fqdn}"
        )
        return AUTHENTICATION_FAILED


@dataclass
class _Bag:
    """The queue as one session sees it; what the other server accepts is that server's from then on."""

    clerk: RelayClerk
    queue: Queue
    receive: Callable[[Message], None]
    count: int = 0
    size: int = 0

    @property
    def patience_s(self) -> float:
        return 0.0

    def take(self) -> Message | None:
        return self.clerk.take(self.queue)

    def answered(self, message: Message, reply: str) -> None:
        if not reply.startswith("2"):
            self.returned(message, reply)
            return
        self.count, self.size = self.count + 1, self.size + message.size
        self.clerk.passed_on(self.queue, message)
        self.receive(replace(message))

    def returned(self, message: Message, reply: str) -> None:
        message.last_error = reply
        self.clerk.returned(self.queue, message)
