# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network that a server sends mail through: names, routes, firewalls, and devices that read along."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

ConnectFailure = Literal["timed_out", "refused", "unreachable", "host_unreachable"]
DnsAnswer = Literal["answers", "nxdomain", "servfail", "timeout"]
FirewallAction = Literal["drops", "rejects", "prohibits", "resets_tls", "swallows_tls"]
TlsVersion = Literal["TLS1_0", "TLS1_1", "TLS1_2", "TLS1_3"]

EVERYTHING = "*"
_CLOSED: Mapping[FirewallAction, ConnectFailure] = {
    "drops": "timed_out",
    "rejects": "refused",
    "prohibits": "host_unreachable",
}


@dataclass(frozen=True)
class Inspection:
    """A device on the way out that reads SMTP along, as the PIX and the ASA of Cisco do.

    Attributes:
        banner: ``masked``: the greeting becomes asterisks, and keywords that the device does not know become X's, as in
            real sessions (github.com/postalserver/postal, issue 829); ``held``: the greeting never arrives.
        starttls: ``masked``: the offer becomes XXXXXXXA; ``removed``: its line is gone.
        tls: ``mangled``: what comes back in the handshake is not TLS.
    """

    banner: Literal["passes", "masked", "held"] = "passes"
    starttls: Literal["passes", "masked", "removed"] = "passes"
    tls: Literal["passes", "mangled"] = "passes"


@dataclass(frozen=True)
class Network:
    """What lies between a server and the hosts outside.

    Attributes:
        ipv6: Whether there is a route for IPv6 at all.
        dns: What the server's DNS server answers to every question: ``answers`` what is true, else its own failure.
        firewall: What a firewall does, by host name or address, or ``*`` for all hosts outside; a server
            of the organisation is named by its FQDN. ``drops``,
            ``rejects`` and ``prohibits`` (by ICMP) are about connections; ``resets_tls`` and ``swallows_tls`` let them
            come about and end them in the TLS handshake, or lose its packets.
    """

    ipv6: Literal["none", "routed"] = "none"
    dns: DnsAnswer = "answers"
    firewall: Mapping[str, FirewallAction] = field(default_factory=dict)
    inspection: Inspection = Inspection()

    def connect_failure(self, host: str, address: str, *, named: bool = False) -> ConnectFailure | None:
        """Why no packet from here reaches an address of a host; None when they do.

        ``named`` is for hosts of the organisation: only rules that name them count.
        """
        action = self._action(host, address, named=named)
        if action is not None and action in _CLOSED:
            return _CLOSED[action]
        return "unreachable" if ":" in address and self.ipv6 == "none" else None

    def handshake(self, host: str, address: str) -> Literal["passes", "mangled", "reset", "swallowed"]:
        """What becomes of the bytes of a TLS handshake with an address of a host."""
        match self._action(host, address):
            case "resets_tls":
                return "reset"
            case "swallows_tls":
                return "swallowed"
            case _:
                return self.inspection.tls

    def _action(self, host: str, address: str, *, named: bool = False) -> FirewallAction | None:
        rules = {name.lower(): action for name, action in self.firewall.items()}
        names = (address.lower(), host.lower()) if named else (address.lower(), host.lower(), EVERYTHING)
        return next((rules[each] for each in names if each in rules), None)
