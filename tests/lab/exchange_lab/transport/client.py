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
from .failure import CERTIFICATE_NOT_FOUND, NO_ADDRESS, Unreached
from .protocol_log import ProtocolLog, SessionLog
from .smtp import Terms, open_session

TRY_IN_CLEAR_S = 1.0


@dataclass(frozen=True)
class Channel:
    """A session with a peer that is ready for messages; ``thumbprint`` is that of the certificate we presented."""

    peer: Peer
    log: SessionLog
    encrypted: bool
    thumbprint: str | None


class SmtpClient:
    """One service of a server, with a Send log, session ids and a cache of chosen certificates of its own."""

    def __init__(self, world: World, server: Server, log_directory: str | None, random: Random) -> None:
        self._world = world
        self._server = server
        self._random = random
        self._log = ProtocolLog(server, log_directory, world.agenda, world.readings, random)
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
    ) -> Steps[Channel | Unreached]:
        """Open a session with a connector's smart host, or with the MX of a domain: host after host until one is ready.

        Returns the last host that failed when none is; a queue's text calls that one the primary target all the same.
        """
        unreached = Unreached(NO_ADDRESS, destination, None)
        for host in connector.smart_hosts or (destination,):
            peer = self._world.peer_for(host)
            if peer is None:
                unreached = Unreached(NO_ADDRESS, host, None)
                continue
            for starttls in (True, False):
                opened = yield from self._open(peer, connector, destination, log_for, proxied_for, starttls=starttls)
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
    ) -> Steps[Channel | Unreached]:
        credentials = None
        if starttls and not connector.ignore_starttls:
            credentials = self._credentials_for(connector)
            if credentials is None:  # before anything is connected to, or logged
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
        opened = yield from open_session(peer, terms, log, self._world.readings)
        if not isinstance(opened, bool):
            return Unreached(opened, peer.name, peer, credentials.failure if credentials else None)
        certificate = credentials.certificate if credentials and opened else None
        return Channel(peer, log, opened, certificate.thumbprint if certificate else None)

    def _credentials_for(self, connector: SendConnector) -> Credentials | None:
        """The choice for a name, once made, holds until the store changes."""
        name = connector.tls_certificate_name or connector.fqdn or self._server.fqdn
        if name not in self._credentials:
            self._credentials[name] = choose_credentials(
                self._server, connector, self._world.agenda.now, self._world.readings
            )
        return self._credentials[name]


def _ticks(moment: datetime) -> int:
    """A time in .NET's ticks: session ids such as 08D50D3D9730A8D2 count on from the start of the service."""
    span = moment.replace(tzinfo=None) - datetime.min
    return (span.days * 86400 + span.seconds) * 10**7 + span.microseconds * 10
