# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Send connectors: objects of the organisation, not of a server."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from .._powershell import RemoteObject, WireValue
from .fields import Fields, text_of
from .names import CertificateName, parse_certificate_name

__all__ = ["CertificateName", "LoggingLevel", "SendConnector", "connector_result", "send_connector_from"]


class LoggingLevel(Enum):
    """ProtocolLoggingLevel (documentation page "Set-SendConnector")."""

    NONE = "None"
    VERBOSE = "Verbose"


@dataclass(frozen=True)
class SendConnector:
    """A Send connector. ``guid`` lower case, no braces; ``originating_server`` the domain controller that answered.

    ``source_servers`` are names without domain, in Exchange's order: it is the first one that Set-SendConnector asks.
    ``smart_host_auth`` is SmartHostAuthMechanism's word.
    """

    name: str
    guid: str
    distinguished_name: str
    enabled: bool
    logging_level: LoggingLevel
    tls_certificate_name: CertificateName | None
    fqdn: str | None
    require_tls: bool
    ignore_starttls: bool
    dns_routing: bool
    smart_hosts: tuple[str, ...]
    source_servers: tuple[str, ...]
    frontend_proxy: bool
    originating_server: str
    tls_auth_level: str | None = None
    tls_domain: str | None = None
    address_spaces: tuple[str, ...] = ()
    domain_secure: bool = False
    smart_host_auth: str = "None"

    @property
    def insists_on_tls(self) -> bool:
        """Tell whether mail waits rather than leave in clear when TLS fails.

        Otherwise Exchange tries again without STARTTLS (published analysis of Exchange 2013 CU23).
        """
        return self.require_tls or self.domain_secure or self.smart_host_auth == "BasicAuthRequireTLS"

    def is_called(self, identity: str) -> bool:
        """Tell whether a name, Guid or distinguished name that a user gave means this connector."""
        return identity.lower().strip("{}") in (self.name.lower(), self.guid, self.distinguished_name.lower())


def send_connector_from(source: RemoteObject) -> SendConnector:
    """Read what Get-SendConnector returned.

    Raises:
        Unreadable: a property is missing or has no meaning.
    """
    fields = Fields(source, "the Send connector")
    return SendConnector(
        name=fields.text("Name"),
        guid=fields.guid("Guid"),
        distinguished_name=fields.text("DistinguishedName"),
        enabled=fields.flag("Enabled"),
        logging_level=fields.member("ProtocolLoggingLevel", LoggingLevel),
        tls_certificate_name=_certificate_name(fields),
        fqdn=fields.optional_text("Fqdn"),
        require_tls=fields.flag("RequireTLS"),
        ignore_starttls=fields.flag("IgnoreSTARTTLS"),
        dns_routing=fields.flag("DNSRoutingEnabled"),
        smart_hosts=fields.texts("SmartHosts"),
        source_servers=tuple(directory_name(server) for server in fields.texts("SourceTransportServers")),
        frontend_proxy=fields.flag("FrontendProxyEnabled"),
        originating_server=fields.optional_text("OriginatingServer") or "",
        tls_auth_level=fields.optional_text("TlsAuthLevel"),
        tls_domain=fields.optional_text("TlsDomain"),
        address_spaces=fields.texts("AddressSpaces"),
        domain_secure=fields.flag("DomainSecureEnabled"),
        smart_host_auth=fields.text("SmartHostAuthMechanism"),
    )


def _certificate_name(fields: Fields) -> CertificateName | None:
    text = fields.optional_text("TlsCertificateName")
    try:
        return None if text is None else parse_certificate_name(text)
    except ValueError as error:
        raise fields.misunderstood("TlsCertificateName", text) from error


def directory_name(value: WireValue) -> str:
    """Return the last part of a directory object's text, which is a bare name or a path like ``contoso.com/…/HQ``."""
    return (text_of(value) or "").rpartition("/")[2]


def connector_result(connector: SendConnector) -> dict[str, Any]:
    """Return a Send connector as modules return it; what is not set is None."""
    name = connector.tls_certificate_name
    return {
        "name": connector.name,
        "guid": connector.guid,
        "distinguished_name": connector.distinguished_name,
        "enabled": connector.enabled,
        "protocol_logging_level": connector.logging_level.value,
        "tls_certificate_name": None if name is None else str(name),
        "fqdn": connector.fqdn,
        "require_tls": connector.require_tls,
        "ignore_starttls": connector.ignore_starttls,
        "domain_secure_enabled": connector.domain_secure,
        "tls_auth_level": connector.tls_auth_level,
        "tls_domain": connector.tls_domain,
        "dns_routing_enabled": connector.dns_routing,
        "smart_hosts": list(connector.smart_hosts),
        "smart_host_auth_mechanism": connector.smart_host_auth,
        "address_spaces": list(connector.address_spaces),
        "source_transport_servers": list(connector.source_servers),
        "frontend_proxy_enabled": connector.frontend_proxy,
        "originating_server": connector.originating_server,
    }
