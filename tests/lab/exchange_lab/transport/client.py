# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What opens connections to peers: the transport service of a server, or its Front End Transport service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from random import Random

from ..agenda import Steps
from ..world import Peer, SendConnector, Server, World
from .certificate_choice import Credentials, choose_credentials
from .connectivity_log import Attempt, ConnectivityLog
from .events import Events, Source
from .failure import CERTIFICATE_NOT_FOUND, NO_ADDRESS, STARTTLS_REQUIRED, Unreached
from .protocol_log import ProtocolLog, SessionLog
from .smtp import Terms, open_session

TRY_IN_CLEAR_S = 1.0


@dataclass(frozen=True)
class Channel:
    """A session with a peer that is ready for messages; ``thumbprint`` is that of the certificate we presented.

    ``attempt`` is the session in the connectivity log, which ends with it.
    """

    peer: Peer
    log: SessionLog
    encrypted: bool
    thumbprint: str | None
    attempt: Attempt


@dataclass(frozen=True)
class Service:
    """A service that sends mail: its name in the event log, and its logs' directories, None for a log that is off."""

    source: Source
    send_log: str | None
    connectivity_log: str | None


class SmtpClient:
    """One service of a server, with logs, events, session ids and a cache of chosen certificates of its own."""

    def __init__(self, world: World, server: Server, service: Service, random: Random) -> None:
        self._world = world
        self._server = server
        self._random = random
        self._log = ProtocolLog(server, service.send_log, world.agenda, world.readings, random)
        # A source of chance of its own, so that this log does not change what the other one does.
        chance = Random(f"connectivity log of {service.source} on {server.fqdn}")
        self.connectivity = ConnectivityLog(server, service.connectivity_log, world.agenda, world.readings, chance)
        self.events = Events(server, service.source, world.agenda)
        self._credentials: dict[str, Credentials | None] = {}
        uptime = timedelta(seconds=random.randrange(3600, 5 * 86400))
        self._session_ids = count(_ticks(world.agenda.now - uptime))
        self.address = f"10.0.0.{21 + list(world.servers).index(server.fqdn) % 200}"

    def forget_certificates(self) -> None:
        self._credentials.clear()

    def next_session_id(self) -> str:
        return f"{next(self._session_ids):016X}"

    def local_endpoint(self) -> str:
        return f"{self.address}:{self._random.randrange(1025, 65535)}"

    def session_log(self, connector_id: str, remote: str, *, verbose: bool) -> SessionLog:
        """The log of a new session. The level is read as a session opens, and holds for all of it."""
        write = self._log.write if verbose else None
        return SessionLog(connector_id, self.next_session_id(), remote, write, self._world.agenda)

    def reach(
        self,
        connector: SendConnector,
        destination: str,
        log_for: Callable[[Peer], SessionLog],
        proxied_for: str = "",
        *,
        origin: str,
    ) -> Steps[Channel | Unreached]:
        """Open a session with a connector's smart host, or with the MX of a domain: host after host until one is ready.

        Returns the last host that failed when none is; a queue's text calls that one the primary target all the same.
        ``origin`` is what the connectivity log says of where the mail comes from.
        """
        unreached = Unreached(NO_ADDRESS, destination, None)
        for host in connector.smart_hosts or (destination,):
            peer = self._world.peer_for(host)
            if peer is None:
                unreached = Unreached(NO_ADDRESS, host, None)
                self.connectivity.begin(self.next_session_id(), destination, origin).not_found(host, "ErrorRetry")
                continue
            for starttls in (True, False):
                opened = yield from self._open(
                    peer, connector, destination, log_for, proxied_for, starttls=starttls, origin=origin
                )
                if isinstance(opened, Channel):
                    return opened
                unreached = opened
                # Once more in clear where our own TLS failed and the connector does not insist.
                if unreached.failure.stage != "security" or not connector.falls_back_to_clear:
                    break
                yield TRY_IN_CLEAR_S
        return unreached

    def _open(
        self,
        peer: Peer,
        connector: SendConnector,
        destination: str,
        log_for: Callable[[Peer], SessionLog],
        proxied_for: str,
        *,
        starttls: bool,
        origin: str,
    ) -> Steps[Channel | Unreached]:
        credentials = None
        if starttls and not connector.ignore_starttls:
            credentials = self._credentials_for(connector)
            if credentials is None:  # before anything is connected to, or stands in the protocol log
                self.connectivity.begin(self.next_session_id(), destination, origin).aborted()
                return Unreached(CERTIFICATE_NOT_FOUND, peer.name, peer)
        terms = Terms(
            helo=connector.fqdn or self._server.fqdn,
            local=self.local_endpoint(),
            destination=destination,
            credentials=credentials,
            require_tls=not connector.falls_back_to_clear,
            proxied_for=proxied_for,
        )
        log = log_for(peer)
        attempt = self.connectivity.begin(log.session, destination, origin)
        attempt.found(peer)
        log.when_connected(lambda: attempt.connected(f"{peer.address}:{peer.port}", peer))
        opened = yield from open_session(peer, terms, log, self._world.readings)
        if not isinstance(opened, bool):
            unreached = Unreached(opened, peer.name, peer, credentials.failure if credentials else None)
            self._tell(unreached, attempt, connector, destination)
            return unreached
        certificate = credentials.certificate if credentials and opened else None
        return Channel(peer, log, opened, certificate.thumbprint if certificate else None, attempt)

    def _tell(self, unreached: Unreached, attempt: Attempt, connector: SendConnector, destination: str) -> None:
        """What a session that failed leaves besides its rows in the protocol log."""
        failure, peer = unreached.failure, unreached.peer
        if peer is not None and failure.socket_error is not None:
            attempt.unconnected(peer, failure.socket_error)
            return
        attempt.ended()
        if failure.stage == "security" and unreached.status is not None:
            self.events.key_failed(unreached.status)
        elif failure is STARTTLS_REQUIRED:
            self.events.tls_not_offered(connector, destination, unreached.host)

    def _credentials_for(self, connector: SendConnector) -> Credentials | None:
        """The choice for a name, once made, holds until the store changes."""
        fqdn = connector.fqdn or self._server.fqdn
        name = connector.tls_certificate_name or fqdn
        if name not in self._credentials:
            self._credentials[name] = choose_credentials(
                self._server, connector, self._world.agenda.now, self._world.readings
            )
        chosen = self._credentials[name]
        if chosen is None or chosen.certificate is None:
            self.events.no_certificate(name, connector.name, fqdn)
        elif connector.tls_auth_level != "EncryptionOnly":
            self.events.starttls_certificate(chosen.certificate, fqdn)
        return chosen


def _ticks(moment: datetime) -> int:
    """A time in .NET's ticks: session ids such as 08D50D3D9730A8D2 count on from the start of the service."""
    span = moment.replace(tzinfo=None) - datetime.min
    return (span.days * 86400 + span.seconds) * 10**7 + span.microseconds * 10
