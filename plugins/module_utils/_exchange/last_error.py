# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a queue's LastError hints at. The queue text is a hint: only a row of the protocol log is proof."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from .address import endpoint_address


class ErrorFamily(Enum):
    """The families of queue errors that can be told apart by their text."""

    NONE = "none"
    TLS_LOCAL = "tls_local"
    """Exchange's own words for a connection that it ended with a security status; nothing timed out."""
    TLS_OR_NETWORK = "tls_or_network"
    """Reported for the same fault, probably of the last target tried, and for a port that is closed."""
    SOCKET = "socket"
    CERTIFICATE_NAME_NOT_FOUND = "certificate_name_not_found"
    VALIDATION_FAILED = "validation_failed"
    """We refuse the other end's certificate."""
    ACCESS_DENIED = "access_denied"
    """The other end refuses our certificate, or the tenant does not know it."""
    STARTTLS_REQUIRED = "starttls_required"
    AUTHENTICATION_FAILED = "authentication_failed"
    DNS = "dns"
    FRONTEND_SECURITY_STATUS = "frontend_security_status"
    """Mail leaves through a Front End Transport service, and that one ended its connection with a security status."""
    LOAD = "load"
    """A server puts mail off, because it is short of resources or the sender sends too much."""
    RECEIVE_TIMEOUT = "receive_timeout"
    """A Receive connector's time limit."""
    OTHER = "other"


@dataclass(frozen=True)
class LastError:
    """A queue error's family. ``word`` is the text's own: a security status, a socket code, a reason; often empty."""

    family: ErrorFamily
    word: str = ""


TLS_SYMPTOMS: Final = frozenset({ErrorFamily.TLS_LOCAL, ErrorFamily.TLS_OR_NETWORK})
"""The families that KB 4051498 shows itself by (421 4.4.1 and 421 4.2.1): reason enough to look into the log."""

# In this order: the words inside a wrapper say more than the wrapper. Exchange 2013 writes "Primary target IP address
# responded with", later versions "451 4.4.39x … -> …"; each may stand in [{LED=…};{MSG=…};…], in any order. A socket's
# failure has its own frame or names a code; without one, 421 4.2.1 is ambiguous.
_PATTERNS: Final = tuple(
    (family, re.compile(pattern, flags=re.IGNORECASE))
    for family, pattern in (
        (ErrorFamily.CERTIFICATE_NAME_NOT_FOUND, r"certificate specified in TlsCertificateName"),
        (ErrorFamily.VALIDATION_FAILED, r"certificate validation failure(?:, reason: ?(?P<word>\w+))?"),
        (ErrorFamily.FRONTEND_SECURITY_STATUS, r"security status (?P<word>\w+)"),
        (ErrorFamily.ACCESS_DENIED, r"failed to establish appropriate TLS channel: ?(?P<word>\w+)"),
        (ErrorFamily.ACCESS_DENIED, r"550 5\.7\.(?:51|64) (?P<word>\w+)"),
        (ErrorFamily.STARTTLS_REQUIRED, r"451 5\.7\.3|must issue a STARTTLS|STARTTLS is required"),
        (ErrorFamily.AUTHENTICATION_FAILED, r"454 4\.7\.0 Temporary authentication failure"),
        (ErrorFamily.DNS, r"DNS query failed(?:.*SMTPSEND\.DNS\.(?P<word>\w+))?"),
        (ErrorFamily.RECEIVE_TIMEOUT, r"Total session duration"),
        (ErrorFamily.LOAD, r"\b4\d\d 4\.3\.[12]\b|insufficient system resources|back ?pressure|throttl"),
        (ErrorFamily.SOCKET, r"socket error code:? (?P<word>\d+)|winsock error code: (?P<code>\d+)"),
        (ErrorFamily.SOCKET, r"421 4\.4\.2 Connection dropped due to (?P<word>\w+)"),
        (ErrorFamily.SOCKET, r"error encountered while communicating with primary"),
        (ErrorFamily.TLS_LOCAL, r"421 4\.4\.1 Connection timed out"),
        (ErrorFamily.TLS_OR_NETWORK, r"421 4\.2\.1 Unable to connect"),
    )
)


# Names the next hop: of a connector that proxies, the front end. In [{LED=…};{FQDN=…}], in any order.
_NEXT_HOP: Final = re.compile(r"\{FQDN=(?P<name>[^{}\s]+)\}", flags=re.IGNORECASE)


# The frame of a failure between the two servers; what a front end itself answers says that a proxy session failed.
_FRONT_END_UNREACHED: Final = re.compile(
    r"\A(?!.*proxy session setup failed).*primary outbound frontend IP address", flags=re.IGNORECASE | re.DOTALL
)


def is_about_the_way_to_the_front_end(text: str) -> bool:
    """Tell whether a LastError says that a front end was not even reached."""
    return _FRONT_END_UNREACHED.match(text) is not None


def next_hop_named(text: str) -> str:
    """Return the server that a LastError says was reached or tried; empty where it has no such field."""
    found = _NEXT_HOP.search(text)
    return found["name"] if found else ""


# "… The last endpoint attempted was 2001:db8::25:25'", or [{LED=…};{IP=…}] of what was tried.
_LAST_ENDPOINT: Final = re.compile(r"last endpoint attempted was (?P<endpoint>[^\s'\"}]+)", flags=re.IGNORECASE)
_TRIED: Final = re.compile(r"\{IP=(?P<endpoint>[^{}\s]+)\}", flags=re.IGNORECASE)


def last_address_tried(text: str) -> str:
    """Return the address that a LastError says was tried last; empty where it names none."""
    found = _LAST_ENDPOINT.search(text) or _TRIED.search(text)
    return endpoint_address(found["endpoint"]) if found else ""


def classify_last_error(text: str) -> LastError:
    """Tell what a LastError hints at, whatever wrapper the Exchange version puts around it."""
    if not text.strip():
        return LastError(ErrorFamily.NONE)
    for family, pattern in _PATTERNS:
        if found := pattern.search(text):
            return LastError(family, next(filter(None, found.groupdict().values()), ""))
    return LastError(ErrorFamily.OTHER)
