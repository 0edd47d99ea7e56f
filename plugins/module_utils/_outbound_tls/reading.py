# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one look at one server tells: everything that a diagnosis rests on, and nothing else.

Every time in here is the server's own (its log rows, its queues, Get-Date at its ``/wsman``), so they can be compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .._exchange.certificate import Certificate
from .._exchange.connectivity_log import ConnectivityLog
from .._exchange.connector import SendConnector
from .._exchange.edge import EdgeStanding
from .._exchange.event import Events
from .._exchange.message import Messages
from .._exchange.protocol_log import Session
from .._exchange.queue import Queue
from .._exchange.receive_connector import ReceiveConnector
from .._exchange.send_log import LogPosition, SendLog
from .._exchange.server import Server, TransportService
from .front_end import FrontEndLog, ProxiedSession


@dataclass(frozen=True)
class OtherStore:
    """The certificates of another source server of a connector; None when they could not be read, as ``problem`` says.

    ``server`` is the name as the connector lists it.
    """

    server: str
    certificates: tuple[Certificate, ...] | None
    problem: str = ""


@dataclass(frozen=True)
class Refusal:
    """Set-SendConnector was refused in this run because a certificate of the connector's name lacks SMTP.

    ``connector`` is the Guid, ``words`` is what Exchange said. Which server's certificate it means follows from the
    connector: Exchange asks the first source server (published analysis of Exchange 2013 CU23).
    """

    connector: str
    words: str


@dataclass(frozen=True)
class Reading:
    """One server, looked at once.

    ``certificates`` is Exchange's list, which hides what Exchange cannot use; ``hidden`` says, for thumbprints that the
    log shows and the list lacks, the validity word by which Exchange refuses them (``PrivateKeyMissing``), empty when
    the store does not have them. ``connectors`` are those that have this server among their sources, and those of
    ``proxied``: what other servers have handed, or may have handed, to the front end of this one. ``front_end`` is
    None where there was no reason to read its log. ``other_stores`` are needed only of connectors with a
    TlsCertificateName and stuck mail, or one that fits nothing here. ``since`` is the position up to which an earlier
    look had read the log: only sessions after it prove a cure. ``edge`` is None unless the server is an Edge.
    ``inactive`` are the components without which no mail leaves that an administrator has switched off; it is empty
    also where nothing waits, or the account may not ask. ``connectivity``, ``events`` and ``messages`` are None where
    nothing had to be explained by them. ``receive_connectors`` and ``bystanders``, Send connectors of this server that
    nobody asked for, are needed only where a certificate may be bound; the former are None where they could not be
    read, as ``receive_problem`` says.
    """

    server: Server
    clock: datetime
    transport: TransportService
    certificates: tuple[Certificate, ...]
    connectors: tuple[SendConnector, ...]
    queues: tuple[Queue, ...]
    log: SendLog
    hidden: Mapping[str, str] = field(default_factory=dict)
    other_stores: tuple[OtherStore, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    since: LogPosition | None = None
    edge: EdgeStanding | None = None
    proxied: tuple[ProxiedSession, ...] = ()
    front_end: FrontEndLog | None = None
    inactive: tuple[str, ...] = ()
    connectivity: ConnectivityLog | None = None
    events: Events | None = None
    messages: Messages | None = None
    bystanders: tuple[SendConnector, ...] = ()
    receive_connectors: tuple[ReceiveConnector, ...] | None = ()
    receive_problem: str = ""

    def certificate(self, thumbprint: str) -> Certificate | None:
        """Return a certificate of this server's list; None when the list does not have it."""
        return next((each for each in self.certificates if each.thumbprint == thumbprint), None)

    def sessions_of(self, connector: SendConnector) -> tuple[Session, ...]:
        """Return the sessions that the Send log holds of a connector, in the order in which they began."""
        return tuple(each for each in self.log.sessions if each.may_be_evidence and each.connector == connector.name)

    def negotiated_for(self, connector: SendConnector) -> tuple[Session, ...]:
        """Return the sessions in which this server presents a certificate for a connector: of its front end, if any."""
        if not connector.frontend_proxy:
            return self.sessions_of(connector)
        return () if self.front_end is None else self.front_end.sessions.get(connector.guid, ())
