# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections of a queue: which host, which certificate, which sessions one after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Protocol

from ..agenda import Agenda, Steps
from ..world import Delivery, Readings, SendConnector, Server, World
from .certificate_choice import Credentials, default_credentials
from .client import Channel, Errand, Service, SmtpClient
from .events import Events
from .failure import Failure, Unreached, front_end_unreached, last_error, proxy_failed
from .front_end import PORT, FrontEnd, front_end_server
from .protocol_log import SessionLog
from .proxy import connect, request
from .queue import Message, Queue
from .relay import Relay
from .routing import RELAYS, Routing
from .smtp import Terms, send_messages
from .target import Target


class Clerk(Protocol):
    """Who hands out the messages of a queue to its sessions, and hears what became of them."""

    def established(self, queue: Queue, max_messages: int) -> None: ...
    def take(self, queue: Queue) -> Message | None: ...
    def answered(self, queue: Queue, message: Message, delivery: Delivery) -> None: ...
    def passed_on(self, queue: Queue, message: Message) -> None: ...
    def returned(self, queue: Queue, message: Message) -> None: ...


class Outbound:
    """Opens connections for the queues of one server.

    ``front_end_of`` finds the service that proxies for it, ``receive`` has another server take a message over.
    """

    def __init__(
        self,
        world: World,
        server: Server,
        routing: Routing,
        random: Random,
        *,
        front_end_of: Callable[[Server], FrontEnd],
        receive: Callable[[Server, Message], None],
    ) -> None:
        self._world = world
        self._server = server
        self._routing = routing
        connectivity_log = server.connectivity_log_path if server.connectivity_log_enabled else None
        service = Service("MSExchangeTransport", server.send_log_path, connectivity_log)
        self._client = SmtpClient(world, server, service, random)
        if server.transport_ran(world.agenda.now):
            self._client.connectivity.service_started()
        self._front_end_of = front_end_of
        self._relay = Relay(world, server, self._client, receive)

    def forget_certificates(self) -> None:
        self._client.forget_certificates()

    @property
    def events(self) -> Events:
        return self._client.events

    def connection(self, queue: Queue, clerk: Clerk) -> Steps[str | None]:
        """One connection: until a session comes to its regular end. Returns the queue's LastError when none does."""
        if queue.delivery_type in RELAYS:
            servers = self._routing.servers_of(queue.delivery_type, queue.next_hop_domain, queue.next_hop_connector)
            return (yield from self._relay.connection(queue, servers, _origin(queue), clerk))
        connector = self._routing.connector(queue.next_hop_connector)
        # An Edge has no front end: there the property has no effect.
        if connector.frontend_proxy_enabled and self._server.role == "mailbox":
            return (yield from self._through_front_end(queue, connector, clerk))
        errand = Errand(
            connector,
            queue.next_hop_domain,
            lambda target: self._session_log(connector, target.endpoint),
            _origin(queue),
        )
        reached = yield from self._client.reach(errand)
        if isinstance(reached, Unreached):
            return last_error(reached, self._world.agenda.now, self._world.readings)
        mailbag = _Mailbag(clerk, queue, connector, reached, self._server, None, self._world.agenda, self.events)
        refusal = yield from mailbag.deliver(reached.log, self._world.readings)
        reached.attempt.ended(mailbag.count, mailbag.size)
        return self._refused(refusal, reached.target)

    def _refused(self, reply: str | None, target: Target) -> str | None:
        """LastError after a session that ended over a reply of the peer's; None after one that came to its end."""
        if reply is None:
            return None
        unreached = Unreached(Failure(reply, "reply"), target.name, target)
        return last_error(unreached, self._world.agenda.now, self._world.readings)

    def _through_front_end(self, queue: Queue, connector: SendConnector, clerk: Clerk) -> Steps[str | None]:
        """The connection when a front end makes it: the level, and what the log calls it, are the connector's."""
        agenda, readings = self._world.agenda, self._world.readings
        front_end = self._front_end_of(front_end_server(self._world, self._server))
        ours = default_credentials(self._server, agenda.now, readings)
        terms = Terms(
            helo=self._server.fqdn,
            local=self._client.local_endpoint(),
            destination=queue.next_hop_domain,
            credentials=ours,
            require_tls=True,
        )
        log = self._session_log(connector, f"{front_end.address}:{PORT}")
        attempt = self._client.connectivity.begin(log.session, queue.next_hop_domain, _origin(queue))
        log.when_connected(lambda: attempt.connected(f"{front_end.address}:{PORT}"))
        failure = yield from connect(front_end, terms, log, readings)
        if failure is not None:
            attempt.ended()
            self._tell_keys(ours, front_end)
            return front_end_unreached(failure, front_end.server, front_end.address, agenda.now, readings)
        reached = yield from request(front_end, connector, terms, log, readings)
        if isinstance(reached, str):
            attempt.ended()
            return proxy_failed(reached, front_end.server, front_end.address, agenda.now, readings)
        mailbag = _Mailbag(clerk, queue, connector, reached, self._server, front_end.server.fqdn, agenda, self.events)
        refusal = yield from mailbag.deliver(log, readings)
        reached.log.disconnected("Local")
        for each in (attempt, reached.attempt):
            each.ended(mailbag.count, mailbag.size)
        return self._refused(refusal, reached.target)

    def _tell_keys(self, ours: Credentials, front_end: FrontEnd) -> None:
        """Schannel tells it at the end whose key it is."""
        theirs = front_end.credentials()
        if ours.failure is not None:
            self.events.key_failed(ours.failure)
        elif theirs.failure is not None:
            front_end.events.key_failed(theirs.failure, "server")

    def _session_log(self, connector: SendConnector, remote: str) -> SessionLog:
        return self._client.session_log(connector.name, remote, verbose=connector.protocol_logging_level == "Verbose")


def _origin(queue: Queue) -> str:
    """What the connectivity log says of a queue."""
    return f"{queue.delivery_type} {queue.next_hop_connector};QueueLength=TQ={queue.message_count};"


@dataclass
class _Mailbag:
    """The queue as one session sees it; ``front_end`` is the FQDN of the server that holds the channel for ours.

    ``count`` and ``size`` are those of the messages that the peer has accepted.
    """

    clerk: Clerk
    queue: Queue
    connector: SendConnector
    channel: Channel
    server: Server
    front_end: str | None
    agenda: Agenda
    events: Events
    count: int = 0
    size: int = 0

    def deliver(self, log: SessionLog, readings: Readings) -> Steps[str | None]:
        """Send messages through the channel, and log them in the session that our server holds.

        Returns the reply over which the session ended, if one did.
        """
        limit = self.connector.smtp_max_messages_per_connection
        self.clerk.established(self.queue, limit)
        return (yield from send_messages(self.channel.way, log, self, limit, readings))

    @property
    def patience_s(self) -> float:
        return self.server.connections_kept_s

    def take(self) -> Message | None:
        return self.clerk.take(self.queue)

    def answered(self, message: Message, reply: str) -> None:
        presented = self.channel.presented
        delivery = Delivery(
            at=self.agenda.now,
            connector=self.connector.name,
            server=self.server.fqdn,
            peer=self.channel.target.name,
            tls=self.channel.opened.encrypted,
            thumbprint=presented.thumbprint if presented else None,
            reply=reply,
            front_end=self.front_end,
        )
        if reply.startswith("2"):
            self.count, self.size = self.count + 1, self.size + message.size
        else:
            self.events.not_delivered(self.connector, message.message_id, reply)
        self.clerk.answered(self.queue, message, delivery)

    def returned(self, message: Message, reply: str) -> None:
        self.events.not_delivered(self.connector, message.message_id, reply)
        self.clerk.returned(self.queue, message)
