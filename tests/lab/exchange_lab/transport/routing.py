# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a recipient's domain to the Send connector that takes it, by the connectors as the service has loaded them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import NAMESPACE_DNS, uuid5

from ..agenda import Agenda
from ..world import SendConnector, Server, World

TO_EDGE = "SmtpRelayWithinAdSiteToEdge"
TO_SITE = ("SmtpRelayToRemoteAdSite", "SmtpRelayToRemoteActiveDirectorySite")
RELAYS = ("SmtpRelayToConnectorSourceServers", TO_EDGE, *TO_SITE)
MIN_RELOAD_S = 5.0  # DeferredReloadTimeoutSeconds: no change is loaded sooner


class NotSimulated(Exception):
    """The scenario asks for a way of mail that this lab does not simulate; the text says which."""


@dataclass(frozen=True)
class NextHop:
    """What messages must have in common to share a queue; ``connector`` is a Guid."""

    delivery_type: str
    domain: str
    connector: str
    tls_domain: str


class Routing:
    """The routing tables of one server."""

    def __init__(self, world: World, server: Server, agenda: Agenda) -> None:
        self._world = world
        self._server = server
        self._agenda = agenda

    def loaded(self) -> list[SendConnector]:
        """The Send connectors as the service works by them: as its directory held them a reload ago."""
        age = timedelta(seconds=max(MIN_RELOAD_S, self._server.transport_reload_s))
        return self._world.connectors_of(self._server, self._agenda.now - age)

    def connector(self, guid: str) -> SendConnector:
        return next(each for each in self.loaded() if each.guid == guid)

    def next_hop(self, domain: str) -> NextHop | None:
        """Where mail for a domain queues; None when no connector takes it, NotSimulated when none here sends it."""
        connector = route(domain, self.loaded(), self._server)
        if connector is None:
            return None
        if not _is_source(self._server, connector):
            return self._relay_hop(domain, connector)
        tls_domain = (connector.tls_domain or "") if connector.tls_auth_level == "DomainValidation" else ""
        if connector.smart_hosts:
            return NextHop("SmartHostConnectorDelivery", ",".join(connector.smart_hosts), connector.guid, tls_domain)
        return NextHop("DnsConnectorDelivery", domain, connector.guid, tls_domain)

    def _relay_hop(self, domain: str, connector: SendConnector) -> NextHop:
        """Where mail for other source servers queues (documentation page "Queue properties").

        Mailbox servers are reached directly, in whatever site; an Edge by a server of the site it is subscribed to.
        """
        sources = self._sources(connector)
        if not sources:
            way = f"mail from {self._server.fqdn} for {domain} goes through {connector.name}"
            raise NotSimulated(f"{way}, whose source servers are others, and none of the scenario's")
        if any(each.role == "mailbox" for each in sources):
            return NextHop("SmtpRelayToConnectorSourceServers", connector.name, connector.guid, "")
        sites = [each.subscribed_to for each in sources]
        if self._server.site in sites:
            return NextHop(TO_EDGE, connector.name, connector.guid, "")
        site = sites[0] or ""
        return NextHop(self._world.readings.remote_site_queue, site, str(uuid5(NAMESPACE_DNS, site)), "")

    def _sources(self, connector: SendConnector) -> list[Server]:
        found = (self._world.server(name) for name in connector.source_servers)
        return [each for each in found if each is not None]

    def servers_of(self, delivery_type: str, domain: str, connector: str) -> list[Server]:
        """The servers that a queue for others may hand its mail to, in the order in which they are tried."""
        if delivery_type in TO_SITE:
            return [each for each in self._world.servers.values() if each.role == "mailbox" and each.site == domain]
        sources = self._sources(self.connector(connector))
        if delivery_type == TO_EDGE:
            return [each for each in sources if each.role == "edge" and each.subscribed_to == self._server.site]
        mailbox_servers = [each for each in sources if each.role == "mailbox"]
        return sorted(mailbox_servers, key=lambda each: each.site != self._server.site)


def route(domain: str, connectors: Iterable[SendConnector], server: Server) -> SendConnector | None:
    """The connector for a domain: the most specific address space, then the least cost, then our own, then the name.

    Documentation page "Mail routing in Exchange Server".
    """
    fitting = [
        ((-length, cost, not _is_source(server, each), each.name.casefold()), each)
        for each in connectors
        if each.enabled
        for length, cost in _matches(domain.lower(), each)
    ]
    return min(fitting, key=lambda match: match[0])[1] if fitting else None


def _matches(domain: str, connector: SendConnector) -> Iterator[tuple[int, int]]:
    """Length of the match and cost of each address space (``SMTP:*.contoso.com;1``) that holds the domain."""
    for space in connector.address_spaces:
        name, __, cost = space.lower().removeprefix("smtp:").partition(";")
        if name == domain:
            yield len(name) + 3, int(cost)  # more specific than the same name behind *.
        elif name == "*" or (name.startswith("*.") and f".{domain}".endswith(name[1:])):
            yield len(name), int(cost)


def _is_source(server: Server, connector: SendConnector) -> bool:
    return any(server.answers_to(name) for name in connector.source_servers)
