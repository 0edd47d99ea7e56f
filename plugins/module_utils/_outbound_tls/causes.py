# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other reasons for stuck mail than a certificate that is not bound: what each means, and what to look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .._exchange.address import is_ipv6
from .._exchange.last_error import ErrorFamily
from .finding import FindingId


@dataclass(frozen=True)
class Explanation:
    """``meaning`` completes "the reason is another one: …"; ``remedy`` is what to look at."""

    id: FindingId
    meaning: str
    remedy: str


FAMILIES: Final[Mapping[ErrorFamily, Explanation]] = {
    ErrorFamily.CERTIFICATE_NAME_NOT_FOUND: Explanation(
        FindingId.CERTIFICATE_NAME_NOT_FOUND,
        "its TlsCertificateName fits no valid certificate of this server (454 4.7.5)",
        "Compare the connector's TlsCertificateName with issuer and subject of the certificate, then set it again "
        "(Set-SendConnector -TlsCertificateName, or the Hybrid Configuration Wizard; KB 3156771).",
    ),
    ErrorFamily.SOCKET: Explanation(
        FindingId.PORT_CLOSED,
        "the network",
        "Test the port from this server (Test-NetConnection -Port 25 to the smart host or MX): firewall, provider, "
        "route, wrong smart host.",
    ),
    ErrorFamily.VALIDATION_FAILED: Explanation(
        FindingId.PEER_CERTIFICATE,
        "this server does not accept the other end's certificate",
        "Look at the connector's TlsAuthLevel and TlsDomain, the smart host, and the root certificates of this server.",
    ),
    ErrorFamily.ACCESS_DENIED: Explanation(
        FindingId.REFUSED_BY_PEER,
        "the other end refuses this server's certificate",
        "Look which certificate is sent, and whether the other end's inbound connector expects its name (KB 2888788).",
    ),
    ErrorFamily.STARTTLS_REQUIRED: Explanation(
        FindingId.STARTTLS_NOT_OFFERED,
        "STARTTLS is demanded and was not reached",
        "Look for SMTP inspection on the way, which strips STARTTLS, and whether the other end offers TLS at all.",
    ),
    ErrorFamily.AUTHENTICATION_FAILED: Explanation(
        FindingId.AUTHENTICATION,
        "authentication between servers",
        "Look at the time, the trust and the SPNs of the servers, and at event 2017.",
    ),
    ErrorFamily.DNS: Explanation(
        FindingId.DNS, "the name of the next hop", "Resolve the next hop's name on this server (Resolve-DnsName)."
    ),
    ErrorFamily.LOAD: Explanation(
        FindingId.LOAD,
        "a server has no room or no time for more mail now",
        "Look whose reply it is: of the other end, wait; of this organisation, look for back pressure (event 15004).",
    ),
    ErrorFamily.RECEIVE_TIMEOUT: Explanation(
        FindingId.RECEIVE_TIMEOUT,
        "a Receive connector ended a session that lasted too long",
        "Look at ConnectionTimeout of the Receive connector that the session came by, and at what kept it open.",
    ),
    ErrorFamily.FRONTEND_SECURITY_STATUS: Explanation(
        FindingId.FRONTEND_PROXY,
        "mail leaves through the Front End Transport service of a server, which failed",
        "Look at the Send log of the Front End Transport service on the server that LastError names; the certificate "
        "must be bound there.",
    ),
    ErrorFamily.OTHER: Explanation(
        FindingId.UNKNOWN_ERROR, "an error of another kind", "Read the queue's LastError; it is quoted under evidence."
    ),
}

_SOCKETS: Final[Mapping[str, tuple[FindingId, str]]] = {
    "10060": (FindingId.PORT_CLOSED, "the port does not answer (10060)"),
    "10061": (FindingId.CONNECTION_REFUSED, "the connection is refused (10061)"),
    "10051": (FindingId.NO_ROUTE, "there is no route to the network (10051)"),
    "10065": (FindingId.NO_ROUTE, "there is no route to the host (10065)"),
    "timedout": (FindingId.TLS_MISMATCH, "the connection was lost to a time-out"),
    "connectionreset": (FindingId.TLS_MISMATCH, "the connection was reset"),
    "socketerror": (FindingId.TLS_MISMATCH, "the connection was dropped (SocketError)"),
}

NO_PRIVATE_KEY: Final = Explanation(
    FindingId.NO_PRIVATE_KEY,
    "the certificate that the connector names has no private key here (NoCredentials)",
    "Remove the certificate and import it again together with its private key (PFX), then enable it for SMTP and "
    "answer No to the question about the default (KB 4495258).",
)

_WORDS: Final[Mapping[str, Explanation]] = {
    "nocredentials": NO_PRIVATE_KEY,
    "invalidtoken": Explanation(
        FindingId.NOT_TLS,
        "what came back was not TLS (InvalidToken)",
        "Look for SMTP inspection on the way (a masked banner), and whether the failing endpoint is IPv6.",
    ),
    "illegalmessage": Explanation(
        FindingId.TLS_MISMATCH,
        "the other end broke the handshake off (IllegalMessage)",
        "Compare TLS versions and ciphers of both ends.",
    ),
    "socketerror": Explanation(
        FindingId.TLS_MISMATCH,
        "the other end dropped the handshake (SocketError)",
        "Enable TLS 1.2 in Schannel on this server, and look for a middlebox.",
    ),
    "connectionreset": Explanation(
        FindingId.TLS_MISMATCH,
        "the connection was reset in the handshake (ConnectionReset)",
        "Look for a firewall on the way, the MTU, and the other end's policy.",
    ),
    "timedout": Explanation(
        FindingId.TLS_MISMATCH,
        "the handshake was not answered (TimedOut)",
        "Look for a firewall on the way, the MTU, and the other end's policy.",
    ),
    "incompletecredentials": Explanation(
        FindingId.PEER_CERTIFICATE,
        "the other end showed no certificate (IncompleteCredentials)",
        "Ask the other end's administrator.",
    ),
}


def explain_word(word: str) -> Explanation:
    """Return what the word after "TLS negotiation failed with error" means; an unknown one is reported verbatim."""
    return _WORDS.get(
        word.lower(),
        Explanation(
            FindingId.UNKNOWN_ERROR, f"TLS failed with {word}", "Read the session; its rows are quoted under evidence."
        ),
    )


def explain_connect(word: str, address: str) -> Explanation:
    """Return what it means that an address could not be connected to; ``word`` is the socket error's number."""
    found = explain_family(ErrorFamily.SOCKET, word)
    if not is_ipv6(address) or found.id not in (FindingId.NO_ROUTE, FindingId.PORT_CLOSED):
        return found
    return Explanation(
        FindingId.IPV6_ROUTE,
        f"{found.meaning}, and the address is an IPv6 one ({address})",
        "Give this server a route by IPv6, or let mail go by IPv4: a smart host whose name has no AAAA record.",
    )


def explain_family(family: ErrorFamily, word: str) -> Explanation:
    """Return what a queue's error means, other than the symptoms of KB 4051498."""
    found = FAMILIES[family]
    if family is not ErrorFamily.SOCKET:
        return found
    unnamed = (found.id, f"the network ({word})" if word else "the network")
    return Explanation(*_SOCKETS.get(word.lower(), unnamed), found.remedy)
