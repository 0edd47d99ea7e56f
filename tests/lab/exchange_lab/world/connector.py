# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Send connectors: objects of the organisation, held by each domain controller, replicated with delay."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any, Literal

ProtocolLoggingLevel = Literal["None", "Verbose"]
TlsAuthLevel = Literal["EncryptionOnly", "CertificateValidation", "DomainValidation"]
AuthMechanism = Literal["None", "BasicAuth", "BasicAuthRequireTLS", "ExchangeServer", "ExternalAuthoritative"]


@dataclass(frozen=True)
class SendConnector:
    """A Send connector: the properties of SmtpSendConnectorConfig that have consequences, and some that only show.

    ``source_servers`` are FQDNs in the organisation's order: Exchange asks the first one. ``guid`` is lower case.
    ``tls_certificate_name`` is the text ``<I>issuer<S>subject`` or ``<S>subject``.
    """

    guid: str
    name: str
    enabled: bool = True
    address_spaces: tuple[str, ...] = ("SMTP:*;1",)
    smart_hosts: tuple[str, ...] = ()
    dns_routing_enabled: bool = True
    port: int = 25
    fqdn: str | None = None
    tls_certificate_name: str | None = None
    require_tls: bool = False
    ignore_starttls: bool = False
    domain_secure_enabled: bool = False
    tls_auth_level: TlsAuthLevel | None = None
    tls_domain: str | None = None
    smart_host_auth_mechanism: AuthMechanism = "None"
    protocol_logging_level: ProtocolLoggingLevel = "None"
    source_servers: tuple[str, ...] = ()
    frontend_proxy_enabled: bool = False
    cloud_services_mail_enabled: bool = False
    force_helo: bool = False
    use_external_dns_servers_enabled: bool = False
    is_scoped_connector: bool = False
    max_message_size: int | None = 36_700_160
    connection_inactivity_timeout_s: int = 600
    smtp_max_messages_per_connection: int = 20
    comment: str = ""
    when_created: datetime | None = None
    when_changed: datetime | None = None

    @property
    def falls_back_to_clear(self) -> bool:
        """Exchange tries again without STARTTLS unless the connector insists on TLS (published analysis, 2013 CU23)."""
        return not (
            self.require_tls or self.domain_secure_enabled or self.smart_host_auth_mechanism == "BasicAuthRequireTLS"
        )


@dataclass(frozen=True)
class DomainController:
    """``replication_delay_s``: simulated seconds until a change made on another controller shows on this one."""

    fqdn: str
    site: str
    replication_delay_s: float = 0.0


@dataclass(frozen=True)
class _Change:
    guid: str
    changes: dict[str, Any]
    made_on: str
    at: datetime


class Connectors:
    """The Send connectors as each domain controller sees them.

    Attribute by attribute the later change wins, as in Active Directory.
    """

    def __init__(self, controllers: dict[str, DomainController], initial: list[SendConnector]) -> None:
        self._controllers = controllers
        self._initial = tuple(initial)
        self._changes: list[_Change] = []

    def set(self, guid: str, changes: dict[str, Any], domain_controller: str, now: datetime) -> None:
        """Change properties (by the names of the dataclass) on one domain controller."""
        unknown = set(changes) - {each.name for each in fields(SendConnector)} | ({"guid"} & set(changes))
        if unknown:
            raise KeyError(f"a Send connector has no changeable {', '.join(sorted(unknown))}")
        if not any(each.guid == guid for each in self._initial):
            raise KeyError(f"no Send connector {guid}")
        if domain_controller not in self._controllers:
            raise KeyError(f"no domain controller {domain_controller}")
        self._changes.append(_Change(guid, {**changes, "when_changed": now}, domain_controller, now))

    def view(self, domain_controller: str, now: datetime) -> list[SendConnector]:
        """All Send connectors, in the scenario's order, as this domain controller holds them now."""
        return [self._as_seen(each, domain_controller, now) for each in self._initial]

    def get(self, guid: str, domain_controller: str, now: datetime) -> SendConnector:
        return next(each for each in self.view(domain_controller, now) if each.guid == guid)

    def _as_seen(self, connector: SendConnector, domain_controller: str, now: datetime) -> SendConnector:
        for change in self._changes:
            if change.guid == connector.guid and self._arrival(change, domain_controller) <= now:
                connector = replace(connector, **change.changes)
        return connector

    def _arrival(self, change: _Change, domain_controller: str) -> datetime:
        if change.made_on == domain_controller:
            return change.at
        return change.at + timedelta(seconds=self._controllers[domain_controller].replication_delay_s)
