# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a recipient's domain to the Send connector that takes it, and from there to the hosts to connect to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..world import SendConnector, Server


class NotSimulated(Exception):
    """The scenario asks for a way of mail that this lab does not simulate; the text says which."""


@dataclass(frozen=True)
class NextHop:
    """What messages must have in common to share a queue."""

    delivery_type: str
    domain: str
    connector: str
    tls_domain: str


def route(domain: str, connectors: Iterable[SendConnector], server: Server) -> SendConnector | None:
    """The Send connector for a domain: the most specific address space, then the cost, then our own, then the name.

    Documentation page "Send connectors in Exchange Server"; None when no connector fits.
    """
    fitting = [
        (-specificity, cost, not _is_source(server, each), each.name.casefold(), each)
        for each in connectors
        if each.enabled
        for specificity, cost in _matches(domain, each)
    ]
    return min(fitting, key=lambda match: match[:4])[4] if fitting else None


def next_hop(domain: str, connector: SendConnector, server: Server) -> NextHop:
    """Where mail for ``domain`` queues; NotSimulated when another server would have to send it."""
    if not _is_source(server, connector):
        raise NotSimulated(
            f"mail from {server.fqdn} for {domain} goes through {connector.name}, whose source servers are others"
        )
    if connector.frontend_proxy_enabled:
        raise NotSimulated(f"mail from {server.fqdn} for {domain} goes through {connector.name} and a front end")
    tls_domain = (connector.tls_domain or "") if connector.tls_auth_level == "DomainValidation" else ""
    if connector.smart_hosts:
        return NextHop("SmartHostConnectorDelivery", ",".join(connector.smart_hosts), connector.guid, tls_domain)
    return NextHop("DnsConnectorDelivery", domain, connector.guid, tls_domain)


def _is_source(server: Server, connector: SendConnector) -> bool:
    return any(server.answers_to(name) for name in connector.source_servers)


def _matches(domain: str, connector: SendConnector) -> Iterable[tuple[int, int]]:
    """Length of the match and cost, of each address space (``SMTP:*.contoso.com;1``) that holds the domain."""
    wanted = domain.lower()
    for space in connector.address_spaces:
        name, _, cost = space.lower().removeprefix("smtp:").partition(";")
        if name == wanted:
            yield len(name) + 2, int(cost or 1)  # an exact name is more specific than *. and the same name
        elif name == "*" or (name.startswith("*.") and f".{wanted}".endswith(name[1:])):
            yield len(name), int(cost or 1)
