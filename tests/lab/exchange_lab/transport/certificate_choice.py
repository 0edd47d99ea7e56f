# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which certificate a server presents to a peer, and whether its transport service can use the key.

After a published analysis of Exchange 2013 CU23, and "TLS Certificates in Exchange Hybrid" (Exchange Team Blog, 2025).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ..world import Readings, ReceiveConnector, SendConnector, Server, StoredCertificate, name_text, parse_name

SecurityStatus = Literal["UnknownCredentials", "NoCredentials"]

_IDENTIFIER = re.compile(r"(?:<I>(?P<issuer>.+?))?<S>(?P<subject>.+)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Credentials:
    """What the service goes into a TLS handshake with; without a certificate it stays anonymous.

    ``failure`` is what Schannel answers to the attempt to use the key.
    """

    certificate: StoredCertificate | None
    failure: SecurityStatus | None = None


def choose_credentials(
    server: Server, connector: SendConnector, now: datetime, readings: Readings
) -> Credentials | None:
    """The credentials for a connector's STARTTLS; None when TlsCertificateName names no certificate of the store."""
    if connector.tls_certificate_name is None:
        name = connector.fqdn or server.fqdn
        return Credentials(certificate_for_domain(server.store, name, now, readings))
    certificate = named_certificate(server.store, connector.tls_certificate_name, now, readings)
    # Neither the key nor the services are looked at here: a certificate that was imported and not yet bound is taken.
    return None if certificate is None else Credentials(certificate, key_failure(certificate, readings))


def receive_certificate(
    server: Server, connector: ReceiveConnector, now: datetime, readings: Readings
) -> StoredCertificate | None:
    """What a server shows to hosts that connect to a Receive connector; None where it does not offer STARTTLS."""
    if connector.tls_certificate_name is not None:
        return named_certificate(server.store, connector.tls_certificate_name, now, readings)
    return certificate_for_domain(server.store, connector.fqdn or server.fqdn, now, readings)


def default_credentials(server: Server, now: datetime, readings: Readings) -> Credentials:
    """The credentials between Exchange servers (X-ANONYMOUSTLS): the default certificate, whatever its key is like.

    Where the server object names none that exists, the one that fits the server's name is searched for.
    """
    certificate = server.certificate(server.default_certificate)
    if certificate is None:
        return Credentials(certificate_for_domain(server.store, server.fqdn, now, readings))
    return Credentials(certificate, key_failure(certificate, readings))


def key_failure(certificate: StoredCertificate, readings: Readings) -> SecurityStatus | None:
    """What NETWORK SERVICE is told when it uses the key: KB 4495258 without one, KB 4051498 without access to it."""
    if certificate.key == "missing":
        return "NoCredentials"
    usable_provider = certificate.key == "ok" or (certificate.key == "cng" and readings.cng_key == "usable")
    return None if usable_provider and certificate.network_service else "UnknownCredentials"


def named_certificate(
    store: Sequence[StoredCertificate], identifier: str, now: datetime, readings: Readings
) -> StoredCertificate | None:
    """The certificate that ``<I>issuer<S>subject`` names; several of that name are a matter of reading."""
    parts = _IDENTIFIER.fullmatch(identifier.strip())
    if parts is None:
        return None
    issuer, subject = parts["issuer"], parts["subject"]
    same = _same_name if readings.named_certificate_case == "ignored" else _same_name_and_case
    found = [
        each
        for each in store
        if same(each.subject, subject)
        and (issuer is None or same(each.issuer, issuer))
        and each.trusted
        and (each.is_dated(now) or (readings.expired_named_certificate == "used" and each.not_before <= now))
    ]
    if readings.named_certificate == "latest_expiry":
        return max(found, key=lambda each: each.not_after, default=None)
    return found[0] if found else None


def certificate_for_domain(
    store: Iterable[StoredCertificate], domain: str, now: datetime, readings: Readings
) -> StoredCertificate | None:
    """The certificate that fits a host name, as it is searched for a connector without TlsCertificateName."""
    wanted = domain.lower()
    newest_first = sorted(store, key=lambda each: each.not_before, reverse=True)

    def search(fits: Callable[[str], bool]) -> StoredCertificate | None:
        fitting = (each for each in newest_first if any(fits(name.lower()) for name in each.domains))
        return _best([each for each in fitting if _is_candidate(each, readings)], now)

    return search(lambda name: name == wanted) or search(
        lambda name: name.startswith("*.") and wanted.endswith(name[1:])
    )


def _is_candidate(certificate: StoredCertificate, readings: Readings) -> bool:
    """Unlike the search by name, the search by domain tries the key and asks whether the certificate is revoked."""
    trusted = certificate.trusted or certificate.self_signed
    return trusted and not certificate.revoked and key_failure(certificate, readings) is None


def _best(newest_first: Sequence[StoredCertificate], now: datetime) -> StoredCertificate | None:
    offline: StoredCertificate | None = None
    self_signed: StoredCertificate | None = None
    for each in newest_first:
        if not each.is_dated(now):
            if offline is not None:
                return offline
            # Strange but so: an expired certificate of an authority wins over a valid self-signed one.
            return self_signed or each if each.self_signed else each
        if each.self_signed:
            self_signed = self_signed or each
        elif not each.revocation_reachable:
            offline = offline or each
        else:
            return each
    return offline or self_signed


def _same_name(one: str, other: str) -> bool:
    """Whether two distinguished names are the same to the transport service: as .NET prints them, in any case."""
    return _formatted(one) == _formatted(other)


def _same_name_and_case(one: str, other: str) -> bool:
    return _formatted(one, str) == _formatted(other, str)


def _formatted(name: str, fold: Callable[[str], str] = str.casefold) -> str:
    try:
        return fold(name_text(parse_name(name)))
    except ValueError:
        return fold(name)  # no name at all; it is equal to nothing but itself
