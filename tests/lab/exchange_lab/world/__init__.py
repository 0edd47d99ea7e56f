# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts of a simulated Exchange organisation, as values. Nothing in here talks, writes logs, or decides."""

from __future__ import annotations

from .certificate import CertificateStatus, KeyState, Services, StoredCertificate
from .connector import Connectors, DomainController, SendConnector
from .disk import Disk, File
from .distinguished_name import name_text, parse_name
from .edge import EdgeDirectory, StandaloneDirectory, SubscribedDirectory, Synchronization
from .event_log import Event, EventLog, Level
from .fault import (
    ConnectionLost,
    ConnectorChanged,
    Fault,
    OthersConnect,
    PeerGoesDown,
    RecycledShells,
    Silent,
    UnforeseenPrompt,
)
from .installation import ComponentRequest, Installation, Mitigations
from .network import ConnectFailure, DnsAnswer, Inspection, Network, TlsVersion
from .peer import ClientCertificate, Peer, Replies
from .readings import Readings
from .receive_connector import ReceiveConnector, connectors_of_setup
from .record import CommandEntry, Delivery
from .server import Endpoint, MessageFacts, QueueFacts, Role, Server, Transport
from .world import Account, Mail, Realm, World

__all__ = [
    "Account",
    "CertificateStatus",
    "ClientCertificate",
    "CommandEntry",
    "ComponentRequest",
    "ConnectFailure",
    "ConnectionLost",
    "ConnectorChanged",
    "Connectors",
    "Delivery",
    "Disk",
    "DnsAnswer",
    "DomainController",
    "EdgeDirectory",
    "Endpoint",
    "Event",
    "EventLog",
    "Fault",
    "File",
    "Inspection",
    "Installation",
    "KeyState",
    "Level",
    "Mail",
    "MessageFacts",
    "Mitigations",
    "Network",
    "OthersConnect",
    "Peer",
    "PeerGoesDown",
    "QueueFacts",
    "Readings",
    "Realm",
    "ReceiveConnector",
    "RecycledShells",
    "Replies",
    "Role",
    "SendConnector",
    "Server",
    "Services",
    "Silent",
    "StandaloneDirectory",
    "StoredCertificate",
    "SubscribedDirectory",
    "Synchronization",
    "TlsVersion",
    "Transport",
    "UnforeseenPrompt",
    "World",
    "connectors_of_setup",
    "name_text",
    "parse_name",
]
