# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections of a queue: which host, which certificate, which sessions one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Protocol

from ..agenda import Agenda, Steps
from ..world import Delivery, Peer, SendConnector, Server, World
from .certificate_choice import Credentials, choose_credentials
from .failure import CERTIFICATE_NOT_FOUND, NO_ADDRESS, Failure, last_error
from .protocol_log import ProtocolLog, SessionLog
from .queue import Message, Queue
from .routing import Routing
from .smtp import Terms, converse

TRY_IN_CLEAR_S = 1.0


class Clerk(Protocol):
    """Who hands out the messages of a queue to its sessions, and hears what became of them."""

    def established(self, queue: Queue, max_messages: int) -> None: ...
    def take(self, queue: Queue) -> Message | None: ...
    def answered(self, queue: Queue, message: Message, delivery: Delivery) -> None: ...


class Outbound:
    """Opens connections to peers for one server. ``forget_certificates`` empties its cache of chosen certificates."""

    def __init__(self, world: World, server: Server, agenda: Agenda, routing: Routing, random: Random) -> None:
        self._world = world
        self._server = server
        self._agenda = agenda
        self._routing = routing
        self._random = random
        self._log = ProtocolLog(server, agenda, world.readings, random)
        self._credentials: dict[str, Credentials | None] = {}
        uptime = timedelta(seconds=random.randrange(3600, 5 * 86400))
        self._session_ids = count(_ticks(agenda.now - uptime))
        self._address = f"10.0.0.{21 + list(world.servers).index(server.fqdn) % 200}"

    def forget_certificates(self) -> None:
        self._credentials.clear()

    def connection(self, queue: Queue, clerk: Clerk) -> Steps[str | None]:
        """One connection: host after host until a session comes to its regular end.

        Returns the queue's LastError when none does. The last host is the one that is told about; the queue's text
        calls it the primary target all the same.
        """
        error = None
        for host in self._routing.connector(queue.next_hop_connector).smart_hosts or (queue.next_hop_domain,):
            peer = self._world.peer_for(host)
            failure = NO_ADDRESS if peer is None else (yield from self._talk_to(peer, queue, clerk))
            if failure is None:
                return None
            error = last_error(failure, host, peer, self._agenda.now, self._world.readings)
        return error

    def _talk_to(self, peer: Peer, queue: Queue, clerk: Clerk) -> Steps[Failure | None]:
        """Sessions with one host: a second one in clear where our TLS failed and the connector does not insist."""
        failure = yield from self._session(peer, queue, clerk, starttls=True)
        connector = self._routing.connector(queue.next_hop_connector)
        if failure is not None and failure.stage == "security" and connector.falls_back_to_clear:
            yield TRY_IN_CLEAR_S
            failure = yield from self._session(peer, queue, clerk, starttls=False)
        return failure

    def _session(self, peer: Peer, queue: Queue, clerk: Clerk, *, starttls: bool) -> Steps[Failure | None]:
        connector = self._routing.connector(queue.next_hop_connector)
        credentials = None
        if starttls and not connector.ignore_starttls:
            credentials = self._credentials_for(connector)
            if credentials is None:
                return CERTIFICATE_NOT_FOUND  # before anything is connected to, or logged
        terms = Terms(
            helo=connector.fqdn or self._server.fqdn,
            local=f"{self._address}:{self._random.randrange(1025, 65535)}",
            destination=queue.next_hop_domain,
            credentials=credentials,
            require_tls=not connector.falls_back_to_clear,
            max_messages=connector.smtp_max_messages_per_connection,
        )
        mailbag = _Mailbag(clerk, queue, connector, peer, credentials, self._server.fqdn, self._agenda)
        return (yield from converse(peer, terms, self._session_log(connector, peer), mailbag, self._world.readings))

    def _session_log(self, connector: SendConnector, peer: Peer) -> SessionLog:
        """The level is read as a session opens, and holds for all of it."""
        return SessionLog(
            connector.name,
            f"{next(self._session_ids):016X}",
            f"{peer.address}:{peer.port}",
            self._log.write if connector.protocol_logging_level == "Verbose" else None,
            self._agenda,
        )

    def _credentials_for(self, connector: SendConnector) -> Credentials | None:
        """The choice for a name, once made, holds until the store changes."""
        name = connector.tls_certificate_name or connector.fqdn or self._server.fqdn
        if name not in self._credentials:
            self._credentials[name] = choose_credentials(
                self._server, connector, self._agenda.now, self._world.readings
            )
        return self._credentials[name]


@dataclass(frozen=True)
class _Mailbag:
    """The queue as one session sees it."""

    clerk: Clerk
    queue: Queue
    connector: SendConnector
    peer: Peer
    credentials: Credentials | None
    server: str
    agenda: Agenda

    def established(self) -> None:
        self.clerk.established(self.queue, self.connector.smtp_max_messages_per_connection)

    def take(self) -> Message | None:
        return self.clerk.take(self.queue)

    def answered(self, message: Message, reply: str, *, encrypted: bool) -> None:
        certificate = self.credentials.certificate if self.credentials and encrypted else None
        delivery = Delivery(
            at=self.agenda.now,
            connector=self.connector.name,
            server=self.server,
            peer=self.peer.name,
            tls=encrypted,
            thumbprint=certificate.thumbprint if certificate else None,
            reply=reply,
        )
        self.clerk.answered(self.queue, message, delivery)


def _ticks(moment: datetime) -> int:
    """A time in .NET's ticks: session ids such as 08D50D3D9730A8D2 count on from the start of the service."""
    span = moment.replace(tzinfo=None) - datetime.min
    return (span.days * 86400 + span.seconds) * 10**7 + span.microseconds * 10
