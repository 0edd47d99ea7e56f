# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers of the organisation: what is true of each, and where it can be reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol

from .certificate import Services, StoredCertificate
from .connector import ProtocolLoggingLevel
from .disk import Disk
from .edge import EdgeDirectory, SubscribedDirectory
from .event_log import EventLog
from .installation import Installation
from .network import Network, TlsVersion
from .receive_connector import ReceiveConnector

Role = Literal["mailbox", "edge"]
ComponentState = Literal["Active", "Inactive", "Draining"]
KerberosState = Literal["in_order", "no_spn", "clock_skewed", "broken_trust"]


class MessageFacts(Protocol):
    """What cmdlets read of a message in a queue; the transport service owns the real one."""

    @property
    def record_id(self) -> int: ...
    @property
    def message_id(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def sender(self) -> str: ...
    @property
    def recipient(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def arrived(self) -> datetime: ...
    @property
    def expires(self) -> datetime: ...
    @property
    def last_error(self) -> str: ...
    @property
    def retry_count(self) -> int: ...


class QueueFacts(Protocol):
    """What cmdlets and the state read of a queue; the transport service owns the real one."""

    @property
    def identity(self) -> str: ...
    @property
    def delivery_type(self) -> str: ...
    @property
    def next_hop_domain(self) -> str: ...
    @property
    def next_hop_connector(self) -> str: ...
    @property
    def tls_domain(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def message_count(self) -> int: ...
    @property
    def messages(self) -> Sequence[MessageFacts]: ...
    @property
    def last_error(self) -> str: ...
    @property
    def retry_count(self) -> int: ...
    @property
    def first_retry_time(self) -> datetime | None: ...
    @property
    def last_retry_time(self) -> datetime | None: ...
    @property
    def next_retry_time(self) -> datetime | None: ...

    def message_status(self, message: MessageFacts) -> str:
        """Status of one of the queue's messages, as Get-Message names it."""


class Transport(Protocol):
    """The transport service of a server, as the rest of the lab uses it. All are called under the world's lock."""

    def queues(self) -> Sequence[QueueFacts]: ...

    def retry(self, identity: str, now: datetime) -> None:
        r"""Retry-Queue of one queue, ``SERVER\n``; KeyError when there is none."""

    def suspend(self, identity: str, now: datetime) -> None:
        r"""Suspend-Queue of ``SERVER\n``; KeyError when there is none."""

    def resume(self, identity: str, now: datetime) -> None:
        """Resume-Queue; KeyError when there is none."""

    def suspend_message(self, identity: str, record_id: int, now: datetime) -> None:
        """Suspend-Message of a message in a queue; KeyError when there is none."""

    def resume_message(self, identity: str, record_id: int, now: datetime) -> None:
        """Resume-Message; KeyError when there is none."""

    def store_changed(self, now: datetime) -> None:
        """The My store changed (a key ACE was really added): the certificate cache is emptied."""

    def catch_up(self) -> None:
        """Do at once everything that was due by the clock's now, in its order."""


@dataclass(frozen=True)
class Endpoint:
    """One URL that a server offers.

    Attributes:
        authentication: The HTTP schemes offered: Kerberos, Negotiate, Basic.
        extended_protection: Whether clients must bind NTLM and Kerberos to the TLS channel.
        balancer: Whether a load balancer stands in front that keeps a session on its server by a cookie.
        stray_space: Whether sealed replies have a space in their boundary.
        proxied_to: The FQDN of the server that runs what comes here; None for this one itself.
        port: 0 until the listener is up.
    """

    path: str
    scheme: Literal["http", "https"] = "http"
    authentication: tuple[str, ...] = ("Negotiate",)
    extended_protection: bool = False
    stray_space: bool = False
    balancer: bool = False
    proxied_to: str | None = None
    port: int = 0


@dataclass
class Server:
    """An Exchange server.

    Attributes:
        name: The NetBIOS name, upper case, as Exchange prints it.
        version: Like ``15.2 (Build 986.5)``.
        site: Its Active Directory site; empty on an Edge, which is in none.
        domain_controller: The one that this server reads and writes; None on an Edge.
        edge_directory: The AD LDS of an Edge; None on a Mailbox server.
        subscribed_to: The Active Directory site that an Edge is subscribed to; None on every other server.
        edge_sync_runs: Whether the service EdgeSync runs; a Mailbox server has it.
        installation: What its directory object says of its past.
        language: Of its Windows; times in its texts are written in this culture.
        store: The My store in enumeration order.
        missing_roots: Issuers whose root this server does not have.
        tls_versions: The versions of TLS that its Schannel has switched on for a client.
        network: What lies between it and the hosts outside.
        kerberos: Whether other servers and this one can tell each other who they are, or what keeps them from it.
        intra_org_connector_protocol_logging_level: IntraOrgConnectorProtocolLoggingLevel: of the sessions in which it
            hands mail to other servers.
        default_certificate: Thumbprint of the default SMTP certificate (InternalTransportCertificateThumbprint).
        web_root_requires_ssl: Whether the root of the Default Web Site takes HTTPS alone.
        pop_name, imap_name: X509CertificateName of the POP and the IMAP service.
        send_log_path: SendProtocolLogPath; None means that the server writes no Send log.
        front_end_send_log_path: The same of its Front End Transport service, which an Edge does not have.
        connectivity_log_enabled, connectivity_log_path: ConnectivityLogEnabled and ConnectivityLogPath.
        front_end_connectivity_log_path: The latter of its Front End Transport service.
        receive_connectors: Its Receive connectors, in the directory's order.
        schannel_event_logging: Schannel's registry value EventLogging: its lowest bit is for errors.
        transport_reload_s: Simulated seconds from a connector change on its domain controller until the transport
            service works by it.
        log_flush_s: Simulated seconds that rows of the protocol log stay in a buffer.
        send_log_max_file_size: SendProtocolLogMaxFileSize, in bytes.
        message_expiration: MessageExpirationTimeout: how long a message waits before it goes back to its sender.
        connections_kept_s: Simulated seconds that an SMTP session waits for more mail before it ends.
        service_host: Microsoft Exchange Service Host, which the certificate cmdlets talk to.
        transport_runs: Whether the service Microsoft Exchange Transport runs.
        transport_restarts: When it and the Front End Transport service are restarted.
        components: The states of components that an administrator has changed.
        states_since: Since when the last two hold; None is always.
        address: Loopback address of its listeners.
        powershell: Where Exchange answers; an Edge has no such place.
        transport: The running transport service, attached when the organisation starts.
    """

    fqdn: str
    name: str
    site: str
    domain_controller: str | None
    role: Role = "mailbox"
    edge_directory: EdgeDirectory | None = None
    subscribed_to: str | None = None
    edge_sync_runs: bool = True
    version: str = "15.2 (Build 1544.4)"
    installation: Installation = field(default_factory=Installation)
    language: str = "en-US"
    store: list[StoredCertificate] = field(default_factory=list)
    missing_roots: tuple[str, ...] = ()
    tls_versions: tuple[TlsVersion, ...] = ("TLS1_0", "TLS1_1", "TLS1_2")
    network: Network = field(default_factory=Network)
    kerberos: KerberosState = "in_order"
    intra_org_connector_protocol_logging_level: ProtocolLoggingLevel = "None"
    default_certificate: str | None = None
    web_root_requires_ssl: bool = False
    pop_name: str | None = None
    imap_name: str | None = None
    send_log_path: str | None = (
        r"C:\Program Files\Microsoft\Exchange Server\V15\TransportRoles\Logs\Hub\ProtocolLog\SmtpSend"
    )
    front_end_send_log_path: str | None = (
        r"C:\Program Files\Microsoft\Exchange Server\V15\TransportRoles\Logs\FrontEnd\ProtocolLog\SmtpSend"
    )
    connectivity_log_enabled: bool = True
    connectivity_log_path: str = r"C:\Program Files\Microsoft\Exchange Server\V15\TransportRoles\Logs\Hub\Connectivity"
    front_end_connectivity_log_path: str = (
        r"C:\Program Files\Microsoft\Exchange Server\V15\TransportRoles\Logs\FrontEnd\Connectivity"
    )
    receive_connectors: tuple[ReceiveConnector, ...] = ()
    disk: Disk = field(default_factory=Disk)
    event_log: EventLog = field(default_factory=EventLog)
    schannel_event_logging: int = 1
    transport_reload_s: float = 300.0
    log_flush_s: float = 30.0
    send_log_max_file_size: int = 10 * 2**20
    message_expiration: timedelta = timedelta(days=2)
    connections_kept_s: float = 0.0
    service_host: Literal["running", "stopped", "failing"] = "running"
    transport_runs: bool = True
    transport_restarts: tuple[datetime, ...] = ()
    components: dict[str, ComponentState] = field(default_factory=dict)
    states_since: datetime | None = None
    reachable: bool = True
    address: str = "127.0.0.1"
    powershell: Endpoint | None = Endpoint("/PowerShell/")
    wsman: Endpoint = Endpoint("/wsman")
    transport: Transport | None = None

    def transport_ran(self, now: datetime) -> bool:
        """Whether the service Microsoft Exchange Transport runs, or ran at an earlier moment."""
        return self.transport_runs or (self.states_since is not None and now < self.states_since)

    def sends_mail(self, now: datetime) -> bool:
        """Whether its transport service sends at all.

        What an inactive component does with queues is not documented; here nothing leaves. A draining one sends what it
        has (documentation page "Perform maintenance on DAG members").
        """
        if self.states_since is not None and now < self.states_since:
            return True
        own = "EdgeTransport" if self.role == "edge" else "HubTransport"
        inactive = any(self.components.get(each) == "Inactive" for each in (own, "ServerWideOffline"))
        return self.transport_runs and not inactive

    def certificate(self, thumbprint: str | None) -> StoredCertificate | None:
        """The certificate with this thumbprint, in any case; None when the store has none."""
        wanted = (thumbprint or "").upper()
        return next((each for each in self.store if each.thumbprint == wanted), None)

    def services_of(self, certificate: StoredCertificate) -> Services:
        return certificate.services(self.pop_name, self.imap_name)

    def replace_default_certificate(self, certificate: StoredCertificate, now: datetime) -> None:
        """Make it the default SMTP certificate; that of a subscribed Edge is also the one that EdgeSync trusts."""
        self.default_certificate = certificate.thumbprint
        if isinstance(self.edge_directory, SubscribedDirectory):
            self.edge_directory.lose_trust(now)

    def answers_to(self, name: str) -> bool:
        """Whether ``name`` is this server's NetBIOS name or FQDN."""
        return name.upper() in (self.name.upper(), self.fqdn.upper())
