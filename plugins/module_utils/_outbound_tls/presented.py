# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates that a server may present for a connector: a set with reasons, where nobody knows which one it is.

One entry is what happens; several are what may happen, since Exchange's versions, or what is known of them, differ. An
entry without a certificate is that none is presented. What Exchange's list hides, such as a certificate without its
private key, may be named all the same, and cannot be in here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Final

from .._exchange.certificate import Certificate, CertificateStatus
from .._exchange.connector import SendConnector
from .._exchange.moments import day_text, moment_text
from .._exchange.names import CertificateName
from .._exchange.receive_connector import ReceiveConnector
from .._exchange.server import Server
from .._exchange.services import service_words
from .candidates import lacks_smtp
from .choice_by_domain import Found, Kind, search
from .choice_by_name import Named, has_expired, is_future, may_be_taken, which_of


class Usable(Enum):
    """Whether TLS comes about with it, as far as this server is concerned."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Presented:
    """What a server may present. ``certificate`` is None where it presents none; ``problem`` says why not usable."""

    certificate: Certificate | None
    reasons: tuple[str, ...]
    usable: Usable
    problem: str = ""


def presented(
    certificates: Sequence[Certificate],
    connector: SendConnector,
    server: Server,
    clock: datetime,
    default_certificate: str | None = None,
) -> tuple[Presented, ...]:
    """Return what a server may present to the other end of a Send connector; never empty.

    ``certificates`` are those of the server that opens the connection: for a connector with FrontendProxyEnabled, the
    one whose front end does. ``default_certificate`` is the thumbprint of that server's default.
    """
    if connector.ignore_starttls:
        return (Presented(None, ("the connector ignores STARTTLS: mail leaves without TLS",), Usable.YES),)
    if is_between_exchange_servers(connector):
        default = next((each for each in certificates if each.thumbprint == default_certificate), None)
        if default is not None:
            why = "between Exchange servers the default certificate is presented (SmartHostAuthMechanism)"
            return (Presented(default, (why,), *usability(default, clock)),)
        return _by_domain(certificates, server.fqdn, clock, _GOES_ON)
    if connector.tls_certificate_name is not None:
        return _by_name(certificates, connector.tls_certificate_name, clock, _WAITS)
    return _by_domain(certificates, connector.fqdn or server.fqdn, clock, _GOES_ON)


def presented_to_senders(
    certificates: Sequence[Certificate], connector: ReceiveConnector, server: Server, clock: datetime
) -> tuple[Presented, ...]:
    """Return what a server may present to those who connect to a Receive connector; never empty."""
    if not connector.offers_starttls:
        return (Presented(None, ("the connector offers no STARTTLS (AuthMechanism)",), Usable.YES),)
    if connector.tls_certificate_name is not None:
        return _by_name(certificates, connector.tls_certificate_name, clock, _NOT_OFFERED)
    return _by_domain(certificates, connector.fqdn or server.fqdn, clock, _NOT_OFFERED)


def is_between_exchange_servers(connector: SendConnector) -> bool:
    """Tell whether a connector leads to other Exchange servers, by X-ANONYMOUSTLS, as those that EdgeSync makes."""
    return connector.smart_host_auth.lower() == "exchangeserver"


def thumbprints(entries: Iterable[Presented]) -> tuple[str, ...]:
    """Return the certificates of a set, in their order; none where none may be presented."""
    return tuple(each.certificate.thumbprint for each in entries if each.certificate is not None)


_WAITS: Final = "mail waits with 454 4.7.5"
_GOES_ON: Final = "STARTTLS goes on without a certificate of ours"
_NOT_OFFERED: Final = "STARTTLS is not offered (event 12014)"


def _by_name(
    certificates: Sequence[Certificate], name: CertificateName, clock: datetime, otherwise: str
) -> tuple[Presented, ...]:
    found = may_be_taken(certificates, name, clock)
    entries = tuple(_named(each, found, clock) for each in found)
    if any(not each.doubts for each in found):
        return entries
    missing = (
        "no certificate that Exchange lists here bears the name" if not found else "Exchange may take none of them"
    )
    return (*entries, Presented(None, (f"{missing}: then {otherwise}",), Usable.NO, otherwise))


def _named(named: Named, found: Sequence[Named], clock: datetime) -> Presented:
    which = which_of([each.certificate for each in found], named.certificate)
    why = (
        "TlsCertificateName names its issuer and subject",
        *((which,) if which else ()),
        *named.doubts,
    )
    return Presented(named.certificate, why, *usability(named.certificate, clock))


def _by_domain(
    certificates: Sequence[Certificate], domain: str, clock: datetime, otherwise: str
) -> tuple[Presented, ...]:
    entries: dict[str, Presented] = {}
    for found in search(certificates, domain, clock):
        if found.certificate is None:
            why = f"no certificate that is enabled for SMTP is for {domain}: {otherwise}"
            entries[""] = Presented(None, (why,), Usable.NO if otherwise is _NOT_OFFERED else Usable.YES)
        else:
            # One and the same may be taken for several reasons, where something of it is unknown.
            known = entries.get(found.certificate.thumbprint)
            reasons = dict.fromkeys([*(known.reasons if known else ()), *_why(found, domain)])
            entries[found.certificate.thumbprint] = Presented(
                found.certificate, tuple(reasons), *usability(found.certificate, clock)
            )
    return tuple(entries.values())


_AS: Final = {
    Kind.GOOD: "it is the newest of them that is enabled for SMTP",
    Kind.EXPIRED: "it has expired, and is taken before one that is older or self-signed",
    Kind.REVOCATION_UNKNOWN: "whether it is revoked cannot be asked, and there is no better one",
    Kind.SELF_SIGNED: "it is self-signed, and there is no better one",
    Kind.EXPIRED_SELF_SIGNED: "it is self-signed and has expired, and there is no better one",
}


def _why(found: Found, domain: str) -> tuple[str, ...]:
    how = "by a wildcard" if found.by_wildcard else "by name"
    return (f"no TlsCertificateName is set, and it is for {domain} {how}", _AS[found.kind])


def usability(certificate: Certificate, clock: datetime) -> tuple[Usable, str]:
    """Tell whether a certificate can be used once it is presented, and what speaks against it."""
    if certificate.has_private_key is False:
        return Usable.NO, "it has no private key here: NoCredentials (KB 4495258)"
    if lacks_smtp(certificate):
        return Usable.NO, "it is not enabled for SMTP: UnknownCredentials (KB 4051498)"
    if certificate.services is None:
        return Usable.UNKNOWN, "its services are unknown"
    if certificate.has_private_key is None:
        return Usable.UNKNOWN, "whether it has its private key is unknown"
    if has_expired(certificate, clock) and certificate.not_after is not None:
        return Usable.UNKNOWN, f"it expired on {day_text(certificate.not_after)}, and the other end may refuse it"
    if is_future(certificate, clock) and certificate.not_before is not None:
        return Usable.UNKNOWN, f"it is valid from {day_text(certificate.not_before)} on"
    if certificate.status is CertificateStatus.REVOKED:
        return Usable.UNKNOWN, "it is revoked, and the other end may refuse it"
    return Usable.YES, ""


def presented_result(entry: Presented) -> dict[str, Any]:
    """Return an entry as modules return it; what is unknown, or of no certificate, is None."""
    certificate = entry.certificate
    services = None if certificate is None else certificate.services
    return {
        "thumbprint": None if certificate is None else certificate.thumbprint,
        "reasons": list(entry.reasons),
        "usable": entry.usable.value,
        "problem": entry.problem,
        "subject": None if certificate is None else certificate.subject,
        "not_after": None if certificate is None else moment_text(certificate.not_after),
        "services": None if services is None else service_words(services),
    }
