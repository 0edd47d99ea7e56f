# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other reasons for stuck mail than a certificate that is not bound: what each means, and what to look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .._exchange.last_error import ErrorFamily
from .finding import Cause


@dataclass(frozen=True)
class Explanation:
    """``meaning`` completes "the reason is another one: …"; ``remedy`` is what to look at."""

    cause: Cause
    meaning: str
    remedy: str


FAMILIES: Final[Mapping[ErrorFamily, Explanation]] = {
    ErrorFamily.CERTIFICATE_NAME_NOT_FOUND: Explanation(
        Cause.CERTIFICATE_NAME_NOT_FOUND,
        "its TlsCertificateName fits no valid certificate of this server (454 4.7.5)",
        "Compare the connector's TlsCertificateName with issuer and subject of the certificate, then set it again "
        "(Set-SendConnector -TlsCertificateName, or the Hybrid Configuration Wizard; KB 3156771).",
    ),
    ErrorFamily.SOCKET: Explanation(
        Cause.NETWORK,
        "the network",
        "Test the port from this server (Test-NetConnection -Port 25 to the smart host or MX): firewall, provider, "
        "route, wrong smart host.",
    ),
    ErrorFamily.VALIDATION_FAILED: Explanation(
        Cause.PEER_CERTIFICATE,
        "this server does not accept the other end's certificate",
        "Look at the connector's TlsAuthLevel and TlsDomain, the smart host, and the root certificates of this server.",
    ),
    ErrorFamily.ACCESS_DENIED: Explanation(
        Cause.REFUSED_BY_PEER,
        "the other end refuses this server's certificate",
        "Look which certificate is sent, and whether the other end's inbound connector expects its name (KB 2888788).",
    ),
    ErrorFamily.STARTTLS_REQUIRED: Explanation(
        Cause.STARTTLS_NOT_OFFERED,
        "STARTTLS is demanded and was not reached",
        "Look for SMTP inspection on the way, which strips STARTTLS, and whether the other end offers TLS at all.",
    ),
    ErrorFamily.AUTHENTICATION_FAILED: Explanation(
        Cause.AUTHENTICATION,
        "authentication between servers",
        "Look at the time, the trust and the SPNs of the servers, and at event 2017.",
    ),
    ErrorFamily.DNS: Explanation(
        Cause.DNS, "the name of the next hop", "Resolve the next hop's name on this server (Resolve-DnsName)."
    ),
    ErrorFamily.FRONTEND_SECURITY_STATUS: Explanation(
        Cause.FRONTEND_PROXY,
        "mail leaves through the Front End Transport service of a server, which failed",
        "Look at the Send log of the Front End Transport service on the server that LastError names; the certificate "
        "must be bound there.",
    ),
    ErrorFamily.OTHER: Explanation(
        Cause.UNKNOWN, "an error of another kind", "Read the queue's LastError; it is quoted under evidence."
    ),
}

_SOCKETS: Final[Mapping[str, str]] = {
    "10060": "the port does not answer (10060)",
    "10061": "the connection is refused (10061)",
    "10051": "there is no route to the network (10051)",
    "10065": "there is no route to the host (10065)",
    "timedout": "the connection was lost to a time-out",
    "connectionreset": "the connection was reset",
}

NO_PRIVATE_KEY: Final = Explanation(
    Cause.NO_PRIVATE_KEY,
    "the certificate that the connector names has no private key here (NoCredentials)",
    "Remove the certificate and import it again together with its private key (PFX), then enable it for SMTP and "
    "answer No to the question about the default (KB 4495258).",
)

_WORDS: Final[Mapping[str, Explanation]] = {
    "nocredentials": NO_PRIVATE_KEY,
    "invalidtoken": Explanation(
        Cause.TLS,
        "what came back was not TLS (InvalidToken)",
        "Look for SMTP inspection on the way (a masked banner), and whether the failing endpoint is IPv6.",
    ),
    "illegalmessage": Explanation(
        Cause.TLS,
        "the other end broke the handshake off (IllegalMessage)",
        "Compare TLS versions and ciphers of both ends.",
    ),
    "socketerror": Explanation(
        Cause.TLS,
        "the other end dropped the handshake (SocketError)",
        "Enable TLS 1.2 in Schannel on this server, and look for a middlebox.",
    ),
    "connectionreset": Explanation(
        Cause.NETWORK,
        "the connection was reset in the handshake (ConnectionReset)",
        "Look for a firewall on the way, the MTU, and the other end's policy.",
    ),
    "timedout": Explanation(
        Cause.NETWORK,
        "the handshake was not answered (TimedOut)",
        "Look for a firewall on the way, the MTU, and the other end's policy.",
    ),
    "incompletecredentials": Explanation(
        Cause.PEER_CERTIFICATE,
        "the other end showed no certificate (IncompleteCredentials)",
        "Ask the other end's administrator.",
    ),
}


def explain_word(word: str) -> Explanation:
    """Return what the word after "TLS negotiation failed with error" means; an unknown one is reported verbatim."""
    return _WORDS.get(
        word.lower(),
        Explanation(Cause.TLS, f"TLS failed with {word}", "Read the session; its rows are quoted under evidence."),
    )


def explain_family(family: ErrorFamily, word: str) -> Explanation:
    """Return what a queue's error means, other than the symptoms of KB 4051498."""
    found = FAMILIES[family]
    if family is not ErrorFamily.SOCKET:
        return found
    return Explanation(
        found.cause, _SOCKETS.get(word.lower(), f"the network ({word})" if word else "the network"), found.remedy
    )
