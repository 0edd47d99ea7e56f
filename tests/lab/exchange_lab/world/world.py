# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The organisation as a whole: everything that is true, and the lock that guards it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime

from ..agenda import Agenda
from ..clock import Clock
from .connector import Connectors, DomainController, SendConnector
from .fault import Fault, PeerGoesDown, UnforeseenPrompt
from .peer import Peer
from .readings import Readings
from .record import CommandEntry, Delivery
from .server import Server


@dataclass(frozen=True)
class Account:
    r"""A domain account. ``user`` is ``DOMAIN\name``; without a role group it may not open an Exchange session."""

    user: str
    password: str = field(repr=False)
    role_groups: tuple[str, ...] = ("Organization Management",)

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
    """``count`` messages to one domain, handed to a server's transport service at ``queued_at``."""

    server: str
    domain: str
    count: int
    queued_at: datetime


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

    def __post_init__(self) -> None:
        self.agenda = Agenda(min((each.queued_at for each in self.mail), default=self.clock.now()))

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

    def cmdlet_begins(self, cmdlet: str) -> UnforeseenPrompt | None:
        """Let the faults of this cmdlet happen; returns the question that it has to ask at its end, if any."""
        question = None
        for fault in self.faults:
            if fault.cmdlet.lower() == cmdlet.lower():
                match fault:
                    case PeerGoesDown():
                        self.peers[fault.peer].listens = False
                    case UnforeseenPrompt():
                        question = fault
                    case _:
                        pass  # happens on the wire, before the cmdlet begins
        return question
