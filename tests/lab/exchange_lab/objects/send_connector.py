# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SmtpSendConnectorConfig, the object of Get-SendConnector. Recorded from Exchange 2019 (see tests/fixtures/clixml)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from ..world import SendConnector, Server, World
from . import data_types as types
from .data_types import DATA, data_enum
from .directory import DIRECTORY_OBJECT, Directory
from .values import DotNetObject, Value

_CONFIGURATION = f"{DATA}Directory.SystemConfiguration."
TYPE_NAMES = (
    f"{_CONFIGURATION}SmtpSendConnectorConfig",
    f"{_CONFIGURATION}MailGateway",
    f"{_CONFIGURATION}SendConnector",
    f"{_CONFIGURATION}ADLegacyVersionableObject",
    f"{_CONFIGURATION}ADConfigurationObject",
    *DIRECTORY_OBJECT,
)
TLS_AUTH_LEVELS = {"EncryptionOnly": 1, "CertificateValidation": 2, "DomainValidation": 4}
AUTH_MECHANISMS = {
    "None": 0,
    "BasicAuth": 2,
    "BasicAuthRequireTLS": 4,
    "ExchangeServer": 8,
    "ExternalAuthoritative": 16,
}
LOGGING_LEVELS = {"None": 0, "Verbose": 1}


def send_connector_object(
    world: World, connector: SendConnector, domain_controller: str, reader: Server | None = None
) -> DotNetObject:
    """A Send connector as ``domain_controller`` holds it, in the directory that ``reader`` reads."""
    directory = Directory.of(world, reader)
    smart_hosts = [types.smart_host(name) for name in connector.smart_hosts]
    servers = [found for name in connector.source_servers if (found := world.server(name)) is not None]
    home = servers[0] if servers else None
    home_id = None if home is None else directory.named_server_id(home)
    properties: dict[str, Value] = {
        "DNSRoutingEnabled": connector.dns_routing_enabled,
        "TlsDomain": _or_null(types.smtp_domain_with_subdomains, connector.tls_domain),
        "TlsAuthLevel": _tls_auth_level(connector.tls_auth_level),
        "ErrorPolicies": data_enum("ErrorPolicies", "Default", 0),
        "SmartHosts": types.multi_valued("SmartHost", smart_hosts),
        "Port": connector.port,
        "ConnectionInactivityTimeOut": types.enhanced_time_span(
            timedelta(seconds=connector.connection_inactivity_timeout_s)
        ),
        "ForceHELO": connector.force_helo,
        "FrontendProxyEnabled": connector.frontend_proxy_enabled,
        "IgnoreSTARTTLS": connector.ignore_starttls,
        "CloudServicesMailEnabled": connector.cloud_services_mail_enabled,
        "Fqdn": _or_null(types.fqdn, connector.fqdn),
        "TlsCertificateName": _or_null(types.smtp_x509_identifier, connector.tls_certificate_name),
        "RequireTLS": connector.require_tls,
        "RequireOorg": False,
        "Enabled": connector.enabled,
        "ProtocolLoggingLevel": data_enum(
            "ProtocolLoggingLevel",
            connector.protocol_logging_level,
            LOGGING_LEVELS[connector.protocol_logging_level],
        ),
        "SmartHostAuthMechanism": data_enum(
            "Directory.SystemConfiguration.SmtpSendConnectorConfig+AuthMechanisms",
            connector.smart_host_auth_mechanism,
            AUTH_MECHANISMS[connector.smart_host_auth_mechanism],
        ),
        "AuthenticationCredential": None,
        "UseExternalDNSServersEnabled": connector.use_external_dns_servers_enabled,
        "DomainSecureEnabled": connector.domain_secure_enabled,
        "SourceIPAddress": types.ip_address("0.0.0.0"),
        "SmtpMaxMessagesPerConnection": connector.smtp_max_messages_per_connection,
        "ConnectorType": data_enum("SendConnectorType", "Default", 0),
        "SmartHostsString": ",".join(connector.smart_hosts),
        "CertificateSubject": None,
        "Region": data_enum("SendConnectorRegion", "NotSpecified", 0),
        "AddressSpaces": types.multi_valued("AddressSpace", map(types.address_space, connector.address_spaces)),
        "ConnectedDomains": types.multi_valued("ConnectedDomain", ()),
        "IsScopedConnector": connector.is_scoped_connector,
        "IsSmtpConnector": True,
        "Comment": connector.comment,
        "SourceRoutingGroup": directory.id_of(directory.routing_group),
        "SourceTransportServers": types.multi_valued_ids(map(directory.named_server_id, servers)),
        "HomeMTA": None if home is None else directory.message_transfer_agent_id(home),
        "HomeMtaServerId": home_id,
        "MaxMessageSize": types.unlimited_size(connector.max_message_size),
        **directory.common_properties(
            directory.connector_id(connector),
            category="ms-Exch-Routing-SMTP-Connector",
            object_class=("top", "msExchConnector", "mailGateway", "msExchRoutingSMTPConnector"),
            created=connector.when_created,
            changed=connector.when_changed,
            domain_controller=domain_controller,
        ),
    }
    return DotNetObject(TYPE_NAMES, connector.name, properties)


def _tls_auth_level(level: str | None) -> Value:
    return None if level is None else data_enum("TlsAuthLevel", level, TLS_AUTH_LEVELS[level])


def _or_null(type_of: Callable[[str], DotNetObject], text: str | None) -> DotNetObject | None:
    return None if text is None else type_of(text)
