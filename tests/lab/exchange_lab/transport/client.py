# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What opens connections to peers: the transport service of a server, or its Front End Transport service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from random import Random

from ..agenda import Steps
from ..world import DnsAnswer, Peer, SendConnector, Server, StoredCertificate, World
from .certificate_choice import Credentials, choose_credentials
from .connectivity_log import Attempt, ConnectivityLog
from .events import Events, Source
from .failure import CERTIFICATE_NOT_FOUND, DNS_STATUS, STARTTLS_REQUIRED, Failure, Unreached, not_resolved
from .peer_certificate import objection
from .protocol_log import ProtocolLog, SessionLog
from .smtp import Opened, Terms, Way, open_session
from .target import Target

TRY_IN_CLEAR_S = 1.0
DNS_TIMEOUT_S = 15.0


@dataclass(frozen=True)
class Channel:
    """A session with a peer that is ready for messages; ``presented`` is the certificate that the peer was shown.

    ``attempt`` is the session in the connectivity log, which ends with it.
    """

    target: Target
    log: SessionLog
    opened: Opened
    presented: StoredCertificate | None
    attempt: Attempt

    @property
    def way(self) -> Way:
        replies = self.target.peer.replies(self.presented, encrypted=self.opened.encrypted)
        return Way(self.target.name, replies, self.opened)


@dataclass(frozen=True)
class Service:
    """A service that sends mail: its name in the event log, and its logs' directories, None for a log that is off."""

    source: Source
    send_log: str | None
    connectivity_log: str | None


@dataclass(frozen=True)
class Errand:
    """What a session is wanted for.

    Attributes:
        log_for: Makes the protocol log of a session with one address.
        origin: What the connectivity log says of where the mail comes from.
        proxied_for: What the protocol log says of a session that another server asked for.
    """

    connector: SendConnector
    destination: str
    log_for: Callable[[Target], SessionLog]
    origin: str
    proxied_for: str = ""


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
        self.address = address_of(world, server)

    def forget_certificates(self) -> None:
        self._credentials.clear()

    def next_session_id(self) -> str:
        return f"{next(self._session_ids):016X}"

    def local_endpoint(self, *, of_ipv6: bool = False) -> str:
        host = f"[2001:db8:10::{self.address.rpartition('.')[2]}]" if of_ipv6 else self.address
        return f"{host}:{self._random.randrange(1025, 65535)}"

    def session_log(self, connector_id: str, remote: str, *, verbose: bool) -> SessionLog:
        """The log of a new session. The level is read as a session opens, and holds for all of it."""
        write = self._log.write if verbose else None
        return SessionLog(connector_id, self.next_session_id(), remote, write, self._world.agenda)

    def reach(self, errand: Errand) -> Steps[Channel | Unreached]:
        """Open a session with a connector's smart host, or with the MX of a domain: address after address until one is
        ready.

        Returns the last one that failed when none is; a queue's text calls it the primary target all the same.
        """
        unreached, tried = Unreached(not_resolved("nxdomain"), errand.destination, None), 0
        for host in errand.connector.smart_hosts or (errand.destination,):
            peer, answer = self._world.peer_for(host), self._dns_answer(host)
            if peer is None or answer != "answers":
                attempt = self._begin(self.next_session_id(), errand)
                if answer == "timeout":
                    yield DNS_TIMEOUT_S
                attempt.not_found(host, DNS_STATUS[answer])
                unreached = Unreached(not_resolved(answer), host, None)
                continue
            for target in self._targets(peer):
                opened = yield from self._try(target, errand)
                if isinstance(opened, Channel):
                    return opened
                tried += 1
                unreached = replace(opened, tried=tried)
        return unreached

    def _dns_answer(self, host: str) -> DnsAnswer:
        peer, servers_own = self._world.peer_for(host), self._server.network.dns
        if servers_own != "answers":
            return servers_own
        return "nxdomain" if peer is None else peer.dns

    def _targets(self, peer: Peer) -> list[Target]:
        """The addresses of a host, in the order in which they are tried."""
        ipv6_first = self._world.readings.address_order == "ipv6_first"
        in_order = sorted(peer.addresses, key=lambda address: (":" in address) is not ipv6_first)
        return [Target.of(peer, address) for address in in_order]

    def _try(self, target: Target, errand: Errand) -> Steps[Channel | Unreached]:
        """One address: once more in clear where TLS failed with a security status and the connector does not insist."""
        opened = yield from self._open(target, errand, starttls=True)
        insists = not errand.connector.falls_back_to_clear
        if isinstance(opened, Channel) or opened.failure.stage != "security" or insists:
            return opened
        yield TRY_IN_CLEAR_S
        return (yield from self._open(target, errand, starttls=False))

    def _open(self, target: Target, errand: Errand, *, starttls: bool) -> Steps[Channel | Unreached]:
        credentials = None
        if starttls and not errand.connector.ignore_starttls:
            credentials = self._credentials_for(errand.connector)
            if credentials is None:  # before anything is connected to, or stands in the protocol log
                self._begin(self.next_session_id(), errand).aborted()
                return Unreached(CERTIFICATE_NOT_FOUND, target.name, target)
        log = errand.log_for(target)
        attempt = self._begin(log.session, errand)
        attempt.found(target)
        log.when_connected(lambda: attempt.connected(target.endpoint, target))
        terms = self._terms(target, errand, credentials)
        opened = yield from open_session(target, terms, log, self._world.readings)
        if isinstance(opened, Failure):
            unreached = Unreached(opened, target.name, target)
            self._tell(unreached, attempt, errand, credentials)
            return unreached
        presented = credentials.certificate if credentials and opened.encrypted else None
        return Channel(target, log, opened, presented, attempt)

    def _begin(self, session: str, errand: Errand) -> Attempt:
        return self.connectivity.begin(session, errand.destination, errand.origin)

    def _terms(self, target: Target, errand: Errand, credentials: Credentials | None) -> Terms:
        server, connector, now = self._server, errand.connector, self._world.agenda.now
        # Without TlsDomain, a certificate is compared with the host that somebody named: the smart host, or the domain.
        named = target.name if connector.smart_hosts else errand.destination
        return Terms(
            helo=connector.fqdn or server.fqdn,
            local=self.local_endpoint(of_ipv6=":" in target.address),
            destination=errand.destination,
            credentials=credentials,
            require_tls=not connector.falls_back_to_clear,
            proxied_for=errand.proxied_for,
            versions=server.tls_versions,
            network=server.network,
            patience_s=connector.connection_inactivity_timeout_s,
            objects=lambda certificate: objection(certificate, connector, named, server, now),
        )

    def _tell(self, unreached: Unreached, attempt: Attempt, errand: Errand, credentials: Credentials | None) -> None:
        """What a session that failed leaves besides its rows in the protocol log."""
        failure, target = unreached.failure, unreached.target
        if target is not None and failure.socket_error is not None:
            attempt.unconnected(target, failure.socket_error)
            return
        if failure.stage == "validation":
            attempt.aborted()
        else:
            attempt.ended()
        if failure.alert is not None:
            self.events.alert_received(failure.alert)
        elif failure.stage == "security" and credentials is not None and credentials.failure is not None:
            self.events.key_failed(credentials.failure)
        elif failure is STARTTLS_REQUIRED:
            self.events.tls_not_offered(errand.connector, errand.destination, unreached.host)

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


def address_of(world: World, server: Server) -> str:
    """Where a server is on the network of the organisation."""
    return f"10.0.0.{21 + list(world.servers).index(server.fqdn) % 200}"


def _ticks(moment: datetime) -> int:
    """A time in .NET's ticks: session ids such as 08D50D3D9730A8D2 count on from the start of the service."""
    span = moment.replace(tzinfo=None) - datetime.min
    return (span.days * 86400 + span.seconds) * 10**7 + span.microseconds * 10
