# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers of the organisation and what their transport service says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from .._powershell import RemoteObject
from .connector import directory_name
from .fields import Fields
from .moments import parse_span
from .names import thumbprint_from


@dataclass(frozen=True)
class Server:
    """An Exchange server (Get-ExchangeServer). ``version`` like ``15.2 (Build 986.5)``.

    ``domain_controller`` is the one that the server reads its configuration from, ``domain_controllers`` those it uses
    at all; both only when asked for with ``-Status``, and empty where the server did not say.
    """

    name: str
    fqdn: str
    site: str
    version: str
    is_mailbox: bool
    is_edge: bool
    domain_controller: str = ""
    domain_controllers: tuple[str, ...] = ()

    def is_called(self, name: str) -> bool:
        """Tell whether a user's or a log's name, NetBIOS or fully qualified in any case, means this server."""
        return name.lower().rstrip(".") in (self.name.lower(), self.fqdn.lower())


@dataclass(frozen=True)
class TransportService:
    """Get-TransportService of one server.

    ``default_certificate`` is InternalTransportCertificateThumbprint, upper case; None when the server object has none
    that can be read: then Enable-ExchangeCertificate would replace it without asking.
    ``send_log_path`` is None when the Send protocol log is switched off for the whole server, and
    ``connectivity_log_path`` when the connectivity log is.
    ``message_expiration`` is MessageExpirationTimeout: how long a message may wait before it goes back to its sender;
    None when it was not sent.
    """

    server: str
    default_certificate: str | None
    send_log_path: str | None
    connectivity_log_path: str | None = None
    message_expiration: timedelta | None = None


@dataclass(frozen=True)
class FrontendTransportService:
    """Get-FrontendTransportService of one server: it has a log of its own, and no certificate.

    ``send_log_path`` is None when its Send protocol log is switched off for the whole server.
    """

    server: str
    send_log_path: str | None


@dataclass(frozen=True)
class ComponentState:
    """One component of Get-ServerComponentState, like ``HubTransport`` and ``Active``."""

    component: str
    state: str


def server_from(source: RemoteObject) -> Server:
    """Read what Get-ExchangeServer returned.

    Raises:
        Unreadable: a property is missing or has no meaning.
    """
    fields = Fields(source, "the Exchange server")
    return Server(
        name=fields.text("Name"),
        fqdn=fields.text("Fqdn"),
        site=directory_name(fields.optional_text("Site")),
        version=fields.text("AdminDisplayVersion").removeprefix("Version "),
        is_mailbox=fields.flag("IsMailboxServer"),
        is_edge=fields.flag("IsEdgeServer"),
        domain_controller=_when_sent(fields, "CurrentConfigDomainController"),
        domain_controllers=(fields.texts("CurrentDomainControllers") if source.has("CurrentDomainControllers") else ()),
    )


def _when_sent(fields: Fields, name: str) -> str:
    return (fields.optional_text(name) or "") if fields.source.has(name) else ""


def transport_service_from(source: RemoteObject) -> TransportService:
    """Read what Get-TransportService returned.

    Raises:
        Unreadable: a property is missing or has no meaning.
    """
    fields = Fields(source, "the transport service")
    thumbprint = fields.optional_text("InternalTransportCertificateThumbprint")
    try:
        default = None if thumbprint is None else thumbprint_from(thumbprint)
    except ValueError as error:
        raise fields.misunderstood("InternalTransportCertificateThumbprint", thumbprint) from error
    return TransportService(
        server=fields.text("Name"),
        default_certificate=default,
        send_log_path=fields.optional_text("SendProtocolLogPath"),
        connectivity_log_path=_connectivity_log_path(fields),
        message_expiration=_message_expiration(fields),
    )


def _connectivity_log_path(fields: Fields) -> str | None:
    if not fields.source.has("ConnectivityLogEnabled") or not fields.source.has("ConnectivityLogPath"):
        return None
    return fields.optional_text("ConnectivityLogPath") if fields.flag("ConnectivityLogEnabled") else None


def _message_expiration(fields: Fields) -> timedelta | None:
    text = _when_sent(fields, "MessageExpirationTimeout")
    try:
        return parse_span(text) if text else None
    except ValueError as error:
        raise fields.misunderstood("MessageExpirationTimeout", text) from error


def frontend_transport_service_from(source: RemoteObject, server: str) -> FrontendTransportService:
    """Read what Get-FrontendTransportService returned for a server. Whose name it bears itself is not recorded.

    Raises:
        Unreadable: the property is missing or has no meaning.
    """
    fields = Fields(source, "the front end transport service")
    return FrontendTransportService(server, fields.optional_text("SendProtocolLogPath"))


def component_state_from(source: RemoteObject) -> ComponentState:
    """Read one object of Get-ServerComponentState.

    Raises:
        Unreadable: a property is missing.
    """
    fields = Fields(source, "the server component")
    return ComponentState(component=fields.text("Component"), state=fields.text("State"))


def stops_mail(state: ComponentState, server: Server) -> bool:
    """Tell whether no mail leaves the server while this component is in this state.

    A component that is draining still sends what it has (documentation page "Perform maintenance on DAG members").
    """
    own = "edgetransport" if server.is_edge else "hubtransport"
    return state.component.lower() in (own, "serverwideoffline") and state.state.lower() == "inactive"


def server_result(server: Server) -> dict[str, Any]:
    """Return a server as modules return it."""
    return {
        "name": server.name,
        "fqdn": server.fqdn,
        "site": server.site,
        "version": server.version,
        "is_mailbox_server": server.is_mailbox,
        "is_edge_server": server.is_edge,
    }
