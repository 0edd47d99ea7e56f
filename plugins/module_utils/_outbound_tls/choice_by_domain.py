# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which certificate a server presents by the connector's Fqdn, where no TlsCertificateName is set.

Certificates for that name are looked at, first those for exactly it, then those with a wildcard, the newest first.
Unlike the search by name this one opens the key: what is not enabled for SMTP is never taken (published analysis of
Exchange 2013 CU23). What is unknown of a certificate leaves several outcomes, and each of them is in the set.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Final

from .._exchange.certificate import Certificate, CertificateStatus
from .candidates import lacks_smtp
from .choice_by_name import has_expired, is_future, is_self_signed


class Kind(Enum):
    """What a certificate is to the search."""

    GOOD = "good"
    EXPIRED = "expired"
    REVOCATION_UNKNOWN = "revocation_unknown"
    SELF_SIGNED = "self_signed"
    EXPIRED_SELF_SIGNED = "expired_self_signed"
    UNFIT = "unfit"


@dataclass(frozen=True)
class Found:
    """What the search may end with: a certificate and as what it was taken; no certificate at all is None."""

    certificate: Certificate | None
    kind: Kind = Kind.UNFIT
    by_wildcard: bool = False


NOTHING: Final = Found(None)
_ONLY_UNFIT: Final = frozenset(
    {
        CertificateStatus.UNTRUSTED,
        CertificateStatus.INVALID,
        CertificateStatus.REVOKED,
        CertificateStatus.PENDING_REQUEST,
    }
)
_EVER: Final = datetime.min.replace(tzinfo=UTC)


def search(certificates: Sequence[Certificate], domain: str, clock: datetime) -> tuple[Found, ...]:
    """Return everything that the search for a domain may end with, the newest certificate first."""
    wanted = domain.lower()
    exact = _outcomes((each for each in certificates if covers_exactly(each, wanted)), clock, by_wildcard=False)
    if NOTHING not in exact:
        return exact
    by_wildcard = _outcomes(
        (each for each in certificates if covers_by_wildcard(each, wanted)), clock, by_wildcard=True
    )
    return tuple(each for each in exact if each is not NOTHING) + by_wildcard


def covers(certificate: Certificate, domain: str) -> bool:
    """Tell whether a certificate is for a domain."""
    return covers_exactly(certificate, domain.lower()) or covers_by_wildcard(certificate, domain.lower())


def covers_exactly(certificate: Certificate, domain: str) -> bool:
    """Tell whether one of a certificate's names is a domain, in lower case."""
    return any(each.lower() == domain for each in certificate.domains)


def covers_by_wildcard(certificate: Certificate, domain: str) -> bool:
    """Tell whether a wildcard of a certificate stands for a domain, for as many labels as it may be by default."""
    return any(each.startswith("*.") and domain.endswith(each[1:].lower()) for each in certificate.domains)


def kinds_of(certificate: Certificate, clock: datetime) -> frozenset[Kind]:
    """Return what a certificate may be to the search; several where something of it is unknown."""
    if lacks_smtp(certificate) or certificate.has_private_key is False or certificate.status in _ONLY_UNFIT:
        return frozenset({Kind.UNFIT})
    own = is_self_signed(certificate)
    fit, unfit = (Kind.SELF_SIGNED if own else Kind.GOOD), (Kind.EXPIRED_SELF_SIGNED if own else Kind.EXPIRED)
    kinds = {fit}
    if has_expired(certificate, clock) or is_future(certificate, clock):
        kinds = {unfit}
    if certificate.status is CertificateStatus.REVOCATION_CHECK_FAILURE and kinds == {Kind.GOOD}:
        kinds = {Kind.REVOCATION_UNKNOWN}
    if certificate.status in (CertificateStatus.DATE_INVALID, CertificateStatus.UNKNOWN):
        # These words stand in front of others: that it is revoked, or not trusted.
        kinds |= {Kind.UNFIT}
        if unfit not in kinds:
            kinds |= {unfit} if own else {unfit, Kind.REVOCATION_UNKNOWN}
    if certificate.services is None or certificate.has_private_key is None:
        kinds |= {Kind.UNFIT}
    return frozenset(kinds)


@dataclass(frozen=True)
class _Remembered:
    """What the search has seen and not taken yet."""

    revocation_unknown: Found | None = None
    self_signed: Found | None = None

    @property
    def best(self) -> Found:
        return self.revocation_unknown or self.self_signed or NOTHING

    def after(self, found: Found) -> _Remembered | Found:
        """Go on behind a certificate, or end with one."""
        match found.kind:
            case Kind.UNFIT:
                return self
            case Kind.GOOD:
                return found
            case Kind.REVOCATION_UNKNOWN:
                return _Remembered(self.revocation_unknown or found, self.self_signed)
            case Kind.SELF_SIGNED:
                return _Remembered(self.revocation_unknown, self.self_signed or found)
            case Kind.EXPIRED:
                # Strange but so: an expired one of an authority wins over a valid one that is self-signed.
                return self.revocation_unknown or found
            case Kind.EXPIRED_SELF_SIGNED:
                return self.revocation_unknown or self.self_signed or found


def _outcomes(certificates: Iterable[Certificate], clock: datetime, *, by_wildcard: bool) -> tuple[Found, ...]:
    """Walk all ways at once; a certificate is remembered or not, so there are few."""
    newest_first = sorted(certificates, key=lambda each: each.not_before or _EVER, reverse=True)
    ways: set[_Remembered] = {_Remembered()}
    ends: dict[Found, None] = {}
    for certificate in newest_first:
        further: set[_Remembered] = set()
        for way in ways:
            for kind in kinds_of(certificate, clock):
                step = way.after(Found(certificate, kind, by_wildcard))
                if isinstance(step, Found):
                    ends[step] = None
                else:
                    further.add(step)
        ways = further
    ends.update((way.best, None) for way in ways)
    order = {each: number for number, each in enumerate(newest_first)}
    last = len(order)
    return tuple(
        sorted(ends, key=lambda each: (order[each.certificate] if each.certificate else last, each.kind.value))
    )
