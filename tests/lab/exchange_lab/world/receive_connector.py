# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Receive connectors: each belongs to one server. Nobody sends mail to the servers of the lab; they show, and tell by
which name a certificate is looked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .connector import ProtocolLoggingLevel

TransportRole = Literal["HubTransport", "FrontendTransport"]
ReceiveAuthMechanism = Literal[
    "Tls", "Integrated", "BasicAuth", "BasicAuthRequireTLS", "ExchangeServer", "ExternalAuthoritative"
]
PermissionGroup = Literal["AnonymousUsers", "ExchangeUsers", "ExchangeServers", "ExchangeLegacyServers", "Partners"]

_CLIENTS: tuple[ReceiveAuthMechanism, ...] = ("Tls", "Integrated", "BasicAuth", "BasicAuthRequireTLS")
_ALL: tuple[ReceiveAuthMechanism, ...] = (*_CLIENTS, "ExchangeServer")


@dataclass(frozen=True)
class ReceiveConnector:
    """A Receive connector. Without other facts it is one as an administrator makes it, for the front end.

    Attributes:
        bindings: ``address:port``, IPv6 addresses in brackets.
        fqdn: What it calls itself; None is the server's own FQDN.
        tls_certificate_name: ``<I>issuer<S>subject``.
        message_rate_limit: Messages a minute, by ``message_rate_source``; None is Unlimited.
        max_per_source: Connections of one address; None is Unlimited.
    """

    name: str
    transport_role: TransportRole = "FrontendTransport"
    bindings: tuple[str, ...] = ("[::]:25", "0.0.0.0:25")
    fqdn: str | None = None
    tls_certificate_name: str | None = None
    auth_mechanism: tuple[ReceiveAuthMechanism, ...] = _ALL
    permission_groups: tuple[PermissionGroup, ...] = ("AnonymousUsers", "ExchangeServers", "ExchangeLegacyServers")
    protocol_logging_level: ProtocolLoggingLevel = "None"
    enabled: bool = True
    require_tls: bool = False
    domain_secure_enabled: bool = False
    tls_domain_capabilities: tuple[str, ...] = ()
    message_rate_limit: int | None = None
    message_rate_source: Literal["IPAddress", "User"] = "IPAddress"
    max_per_source: int | None = 20
    max_percentage_per_source: int = 2
    max_recipients: int = 200
    enable_auth_gssapi: bool = False
    tells_size: bool = True
    tarpit_s: int = 5


def connectors_of_setup(server_name: str, role: Literal["mailbox", "edge"]) -> tuple[ReceiveConnector, ...]:
    """The Receive connectors that setup makes: recorded from Exchange 2019 (see tests/fixtures/clixml).

    That of an Edge is told by the documentation page "Receive connectors".
    """
    if role == "edge":
        return (
            ReceiveConnector(
                f"Default internal receive connector {server_name}",
                "HubTransport",
                ("0.0.0.0:25", "[::]:25"),
                auth_mechanism=("Tls", "ExchangeServer"),
                permission_groups=("AnonymousUsers", "ExchangeServers", "Partners"),
            ),
        )
    return (
        ReceiveConnector(
            f"Default {server_name}",
            "HubTransport",
            ("0.0.0.0:2525", "[::]:2525"),
            permission_groups=("ExchangeUsers", "ExchangeServers", "ExchangeLegacyServers"),
            max_per_source=None,
            max_percentage_per_source=100,
            max_recipients=5000,
            tells_size=False,
        ),
        ReceiveConnector(
            f"Client Proxy {server_name}",
            "HubTransport",
            ("[::]:465", "0.0.0.0:465"),
            permission_groups=("ExchangeUsers", "ExchangeServers"),
            message_rate_limit=5,
            message_rate_source="User",
            enable_auth_gssapi=True,
        ),
        ReceiveConnector(
            f"Default Frontend {server_name}", protocol_logging_level="Verbose", domain_secure_enabled=True
        ),
        ReceiveConnector(
            f"Outbound Proxy Frontend {server_name}",
            bindings=("[::]:717", "0.0.0.0:717"),
            permission_groups=("ExchangeServers",),
            protocol_logging_level="Verbose",
            domain_secure_enabled=True,
            tarpit_s=0,
        ),
        ReceiveConnector(
            f"Client Frontend {server_name}",
            bindings=("[::]:587", "0.0.0.0:587"),
            auth_mechanism=_CLIENTS,
            permission_groups=("ExchangeUsers",),
            message_rate_limit=5,
            message_rate_source="User",
            enable_auth_gssapi=True,
        ),
    )
