# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which certificate a server presents by name: TlsCertificateName of a Send or Receive connector.

Every certificate of that issuer and subject may be taken that is valid by its chain and its dates. Nobody looks at its
key, its services or how long it is valid, and revocation is not asked for (published analysis of Exchange 2013 CU23).
Whether newer versions take an expired one all the same, and which of several they take, is not known: then each of
them is in the set.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from .._exchange.certificate import Certificate, CertificateStatus, names
from .._exchange.moments import day_text
from .._exchange.names import CertificateName, same_name

_NEVER: Final = frozenset({CertificateStatus.UNTRUSTED, CertificateStatus.INVALID, CertificateStatus.PENDING_REQUEST})


@dataclass(frozen=True)
class Named:
    """A certificate of the name that may be taken; ``doubts`` say why it may not, and are empty where it surely is."""

    certificate: Certificate
    doubts: tuple[str, ...]


def is_self_signed(certificate: Certificate) -> bool:
    """Tell whether a certificate is its own issuer; where Exchange does not say, its names do."""
    if certificate.self_signed is not None:
        return certificate.self_signed
    return same_name(certificate.subject, certificate.issuer, match_case=False)


def is_future(certificate: Certificate, clock: datetime) -> bool:
    """Tell whether a certificate is not valid yet."""
    return certificate.not_before is not None and certificate.not_before > clock


def has_expired(certificate: Certificate, clock: datetime) -> bool:
    """Tell whether a certificate is known to have expired."""
    return certificate.not_after is not None and certificate.not_after < clock


def may_be_taken(certificates: Sequence[Certificate], name: CertificateName, clock: datetime) -> tuple[Named, ...]:
    """Return the certificates of a store that a name may stand for; in doubt is also whose names differ by case."""
    found = []
    for each in certificates:
        if names(each, name) and each.status not in _NEVER and not is_future(each, clock):
            spelled = () if names(each, name, match_case=True) else (_OTHER_CASE,)
            found.append(Named(each, (*spelled, *_doubts(each, clock))))
    return tuple(found)


_OTHER_CASE: Final = "the name differs in case, which Exchange 2013 ignores"


def _doubts(certificate: Certificate, clock: datetime) -> tuple[str, ...]:
    told = []
    if has_expired(certificate, clock) and certificate.not_after is not None:
        told.append(
            f"it expired on {day_text(certificate.not_after)}, and whether Exchange still takes it is not known"
        )
    elif certificate.status is CertificateStatus.DATE_INVALID:
        told.append("Exchange says that it is not valid by its dates, or those of its issuer")
    if certificate.status is CertificateStatus.REVOKED:
        told.append("it is revoked, which is not asked for as far as is known")
    if certificate.status is CertificateStatus.UNKNOWN:
        told.append("its status is unknown")
    if is_self_signed(certificate):
        told.append("it is self-signed, and whether this server trusts it is not shown")
    return tuple(told)


def which_of(several: Sequence[Certificate], certificate: Certificate) -> str:
    """Return what speaks for one of several certificates of one name; empty where there is but one."""
    if len(several) < 2:
        return ""
    ends = [each.not_after for each in several if each.not_after is not None]
    begins = [each.not_before for each in several if each.not_before is not None]
    why = []
    if ends and certificate.not_after == max(ends):
        why.append("valid longest")
    if begins and certificate.not_before == max(begins):
        why.append("the newest")
    told = f"is {' and '.join(why)}" if why else "may come first in the store"
    return f"{len(several)} certificates bear the name, and which one is taken is not known: this one {told}"
