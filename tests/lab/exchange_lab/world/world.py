# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The organisation as a whole: everything that is true, and the lock that guards it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from ..agenda import Agenda
from ..clock import Clock
from .connector import Connectors, DomainController, SendConnector
from .fault import ConnectorChanged, Fault, OthersConnect, PeerGoesDown, UnforeseenPrompt
from .peer import Peer
from .readings import Readings
from .record import CommandEntry, Delivery
from .server import Server


@dataclass(frozen=True)
class Account:
    r"""A domain account. ``user`` is ``DOMAIN\name``; without any role it may not open an Exchange session.

    Attributes:
        roles: Management roles besides those of the role groups.
        reads_event_logs: Whether it may read the event logs of servers.
        other_sessions: How many sessions of Exchange others have open with it, until ``other_sessions_end``.
    """

    user: str
    password: str = field(repr=False)
    role_groups: tuple[str, ...] = ("Organization Management",)
    roles: tuple[str, ...] = ()
    other_sessions: int = 0
    other_sessions_end: datetime | None = None
    reads_event_logs: bool = True

    @property
    def name(self) -> str:
        return self.user.partition("\\")[2]


@dataclass(frozen=True)
class Realm:
    """The Kerberos realm of the domain's users and servers; ``answering`` is whether its KDC does."""

    name: str
    answering: bool = True


@dataclass(frozen=True)
class Mail:
    """``count`` messages to each of some domains, handed to a server's transport service at ``queued_at``.

    Attributes:
        domains: How many domains; where there are several, ``d1.``, ``d2.`` … stand before ``domain``.
        times, every_s: How often as much is handed over, and after how many simulated seconds again.
        suspended_at: When an administrator suspends the queues that it waits in.
        messages_suspended_at: When he suspends these messages, one by one.
        subject: Of each message.
    """

    server: str
    domain: str
    count: int
    queued_at: datetime
    domains: int = 1
    times: int = 1
    every_s: float = 60.0
    suspended_at: datetime | None = None
    messages_suspended_at: datetime | None = None
    subject: str = "Weekly report"

    @property
    def recipients(self) -> tuple[str, ...]:
        """The domains it goes to."""
        if self.domains == 1:
            return (self.domain,)
        return tuple(f"d{number}.{self.domain}" for number in range(1, self.domains + 1))


@dataclass
class World:
    """Whoever reads or changes what is mutable in here, or below, holds ``lock`` (it may be taken again).

    ``agenda`` is what all services will do when: it begins with the first mail, so that the past of a scenario can be
    lived through in the order of the times, whichever server it happens on.
    """

    clock: Clock
    organisation: str
    domain: str
    domain_controllers: dict[str, DomainController]
    servers: dict[str, Server]
    connectors: Connectors
    peers: dict[str, Peer]
    accounts: list[Account]
    realm: Realm | None = None
    mail: list[Mail] = field(default_factory=list)
    readings: Readings = field(default_factory=Readings)
    faults: list[Fault] = field(default_factory=list)
    commands: list[CommandEntry] = field(default_factory=list)
    delivered: list[Delivery] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    agenda: Agenda = field(init=False, repr=False)
    _happened: list[Fault] = field(default_factory=list, repr=False)
    _crowds: list[tuple[int, datetime]] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        self.agenda = Agenda(min((self.clock.now(), *(each.queued_at for each in self.mail))))
        for server in self.servers.values():
            self._foresee(server)

    def _foresee(self, server: Server) -> None:
        """Leave in a store what is in it when the agenda begins, and enter there what comes and goes later."""
        everything, begin = list(server.store), self.agenda.now

        def look(at: datetime) -> None:
            server.store[:] = [each for each in server.store if each not in everything] + [
                each
                for each in everything
                if (each.imported_at is None or each.imported_at <= at)
                and (each.removed_at is None or at < each.removed_at)
            ]
            if server.transport is not None:
                server.transport.store_changed(at)

        moments = {at for each in everything for at in (each.imported_at, each.removed_at) if at is not None}
        if moments:
            look(begin)
        for at in sorted(each for each in moments if each > begin):
            self.agenda.at(at, partial(look, at))

    def knows_tickets(self, server: Server) -> bool:
        """Whether the realm has keys for this server: every member of the domain, and an Edge that offers Kerberos."""
        return self.realm is not None and (server.role == "mailbox" or "Kerberos" in server.wsman.authentication)

    def server(self, name: str) -> Server | None:
        """The server with this FQDN or NetBIOS name, in any case."""
        return next((each for each in self.servers.values() if each.answers_to(name)), None)

    def connectors_of(self, server: Server, now: datetime) -> list[SendConnector]:
        """The Send connectors in the directory that a server works by: an Edge has its own, the others share AD's."""
        if server.edge_directory is not None:
            return server.edge_directory.view(now)
        if server.domain_controller is None:
            raise ValueError(f"{server.fqdn} reads no directory")
        return self.connectors.view(server.domain_controller, now)

    def peer_for(self, host_or_domain: str) -> Peer | None:
        """The peer of this name, else the one that is the MX of this domain; an MX for ``*`` serves every domain."""
        wanted = host_or_domain.lower()
        for peer in self.peers.values():
            if peer.name.lower() == wanted:
                return peer
        for pattern in (wanted, "*"):
            for peer in self.peers.values():
                if pattern in (each.lower() for each in peer.mx_for):
                    return peer
        return None

    def sessions_of_others(self, account: Account) -> int:
        """How many sessions of Exchange others have open with an account now."""
        now = self.clock.now()
        crowds = [(account.other_sessions, account.other_sessions_end), *self._crowds]
        return sum(sessions for sessions, end in crowds if end is None or now < end)

    def cmdlet_begins(self, cmdlet: str, server: Server) -> UnforeseenPrompt | None:
        """Let the faults of this cmdlet happen; returns the question that it has to ask at its end, if any."""
        question, now = None, self.clock.now()
        for fault in self.faults:
            if fault.cmdlet.lower() == cmdlet.lower():
                match fault:
                    case PeerGoesDown():
                        self.peers[fault.peer].listens = False
                    case UnforeseenPrompt():
                        question = fault
                    case OthersConnect() if fault not in self._happened:
                        self._happened.append(fault)
                        self._crowds.append((fault.sessions, now + timedelta(seconds=fault.seconds)))
                    case ConnectorChanged() if fault not in self._happened:
                        self._happened.append(fault)
                        self._change_level(fault, server.domain_controller or "", now)
                    case _:
                        pass  # happens on the wire, before the cmdlet begins, or has happened
        return question

    def _change_level(self, fault: ConnectorChanged, domain_controller: str, now: datetime) -> None:
        for each in self.connectors.view(domain_controller, now):
            if each.name == fault.connector:
                changes = {"protocol_logging_level": fault.protocol_logging_level}
                self.connectors.set(each.guid, changes, domain_controller, now)
