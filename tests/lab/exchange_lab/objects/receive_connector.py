# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ReceiveConnector, the object of Get-ReceiveConnector. Recorded from Exchange 2019 (see tests/fixtures/clixml)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from ..world import ReceiveConnector, Server, World
from . import data_types as types
from .data_types import DATA, data_enum
from .directory import DIRECTORY_OBJECT, Directory, installed, last_changed
from .send_connector import LOGGING_LEVELS
from .values import DotNetEnum, DotNetObject, Value

_CONFIGURATION = f"{DATA}Directory.SystemConfiguration."
TYPE_NAMES = (f"{_CONFIGURATION}ReceiveConnector", f"{_CONFIGURATION}ADConfigurationObject", *DIRECTORY_OBJECT)
AUTH_MECHANISMS = {
    "Tls": 1,
    "Integrated": 2,
    "BasicAuth": 4,
    "BasicAuthRequireTLS": 8,
    "ExchangeServer": 16,
    "ExternalAuthoritative": 32,
}
PERMISSION_GROUPS = {
    "AnonymousUsers": 1,
    "ExchangeUsers": 2,
    "ExchangeServers": 4,
    "ExchangeLegacyServers": 8,
    "Partners": 16,
}
_ROLES = {"HubTransport": 32, "FrontendTransport": 16384}
_EVERYBODY = (
    ("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("0.0.0.0", "255.255.255.255", "::1:0:0"),
)


def receive_connector_object(
    world: World,
    server: Server,
    connector: ReceiveConnector,
    domain_controller: str | None,
    reader: Server | None = None,
) -> DotNetObject:
    """A Receive connector of a server, in the directory that ``reader`` reads."""
    directory = Directory.of(world, reader)
    name = connector.tls_certificate_name
    properties: dict[str, Value] = {
        "AuthMechanism": _flags(f"{_CONFIGURATION}AuthMechanisms", connector.auth_mechanism, AUTH_MECHANISMS),
        "Banner": "",
        "BinaryMimeEnabled": True,
        "Bindings": types.multi_valued("IPBinding", map(types.ip_binding, connector.bindings)),
        "ChunkingEnabled": True,
        "DefaultDomain": None,
        "DeliveryStatusNotificationEnabled": True,
        "EightBitMimeEnabled": True,
        "SmtpUtf8Enabled": True,
        "BareLinefeedRejectionEnabled": False,
        "DomainSecureEnabled": connector.domain_secure_enabled,
        "EnhancedStatusCodesEnabled": True,
        "LongAddressesEnabled": False,
        "OrarEnabled": False,
        "SuppressXAnonymousTls": False,
        "ProxyEnabled": False,
        "AdvertiseClientSettings": False,
        "Fqdn": types.fqdn(connector.fqdn or server.fqdn),
        "ServiceDiscoveryFqdn": None,
        "TlsCertificateName": None if name is None else types.smtp_x509_identifier(name),
        "Comment": "",
        "Enabled": connector.enabled,
        "ConnectionTimeout": types.enhanced_time_span(timedelta(minutes=10)),
        "ConnectionInactivityTimeout": types.enhanced_time_span(timedelta(minutes=5)),
        "MessageRateLimit": types.unlimited_number(connector.message_rate_limit),
        "MessageRateSource": DotNetEnum(
            f"{_CONFIGURATION}MessageRateSourceFlags",
            connector.message_rate_source,
            {"IPAddress": 1, "User": 2}[connector.message_rate_source],
        ),
        "MaxInboundConnection": types.unlimited_number(5000),
        "MaxInboundConnectionPerSource": types.unlimited_number(connector.max_per_source),
        "MaxInboundConnectionPercentagePerSource": connector.max_percentage_per_source,
        "MaxHeaderSize": types.byte_quantified(256 * 2**10),
        "MaxHopCount": 60,
        "MaxLocalHopCount": 5,
        "MaxLogonFailures": 3,
        "MaxMessageSize": types.byte_quantified(36 * 2**20),
        "MaxProtocolErrors": types.unlimited_number(5),
        "MaxRecipientsPerMessage": connector.max_recipients,
        "PermissionGroups": _flags(f"{DATA}PermissionGroups", connector.permission_groups, PERMISSION_GROUPS),
        "PipeliningEnabled": True,
        "ProtocolLoggingLevel": data_enum(
            "ProtocolLoggingLevel", connector.protocol_logging_level, LOGGING_LEVELS[connector.protocol_logging_level]
        ),
        "RemoteIPRanges": types.multi_valued("IPRange", (types.ip_range(*each) for each in _EVERYBODY)),
        "RequireEHLODomain": False,
        "RequireTLS": connector.require_tls,
        "EnableAuthGSSAPI": connector.enable_auth_gssapi,
        "ExtendedProtectionPolicy": DotNetEnum(f"{_CONFIGURATION}ExtendedProtectionPolicySetting", "None", 0),
        "LiveCredentialEnabled": False,
        "TlsDomainCapabilities": types.multi_valued(
            "SmtpReceiveDomainCapabilities", map(types.domain_capabilities, connector.tls_domain_capabilities)
        ),
        "Server": directory.named_server_id(server),
        "TransportRole": DotNetEnum(
            f"{_CONFIGURATION}ServerRole", connector.transport_role, _ROLES[connector.transport_role]
        ),
        "RejectReservedTopLevelRecipientDomains": False,
        "RejectReservedSecondLevelRecipientDomains": False,
        "RejectSingleLabelRecipientDomains": False,
        "AcceptConsumerMail": False,
        "SizeEnabled": data_enum("SizeMode", *(("Enabled", 1) if connector.tells_size else ("EnabledWithoutValue", 2))),
        "TarpitInterval": types.enhanced_time_span(timedelta(seconds=connector.tarpit_s)),
        "AuthTarpitInterval": types.enhanced_time_span(timedelta(seconds=5)),
        "MaxAcknowledgementDelay": types.enhanced_time_span(timedelta(seconds=30)),
        **directory.common_properties(
            directory.receive_connector_id(server, connector),
            category="ms-Exch-Smtp-Receive-Connector",
            object_class=("top", "msExchSmtpReceiveConnector"),
            created=installed(server),
            changed=last_changed(server),
            domain_controller=domain_controller,
        ),
    }
    return DotNetObject(TYPE_NAMES, rf"{server.name}\{connector.name}", properties)


def _flags(type_name: str, members: Iterable[str], numbers: Mapping[str, int]) -> DotNetEnum:
    """Members of a flags enum, in the order of their numbers."""
    held = [name for name in numbers if name in set(members)]
    return DotNetEnum(type_name, ", ".join(held) or "None", sum(numbers[name] for name in held))
