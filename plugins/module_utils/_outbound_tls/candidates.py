# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates that a connector's TlsCertificateName names, and what follows from their services.

A name stands for every certificate with that issuer and subject, a renewal that nobody has bound yet included. Exchange
takes one of them without looking at its services (Exchange Team Blog, "TLS Certificates in Exchange Hybrid").
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from .._exchange.certificate import Certificate, CertificateStatus, is_auth_certificate, names
from .._exchange.connector import SendConnector
from .._exchange.services import Service

USABLE_STATUS: Final = frozenset(
    {CertificateStatus.VALID, CertificateStatus.REVOCATION_CHECK_FAILURE, CertificateStatus.UNKNOWN}
)


def named_certificates(
    certificates: Iterable[Certificate], connector: SendConnector, *, match_case: bool = False
) -> tuple[Certificate, ...]:
    """Return the certificates that a connector names; none where it names none."""
    name = connector.tls_certificate_name
    if name is None:
        return ()
    return tuple(each for each in certificates if names(each, name, match_case=match_case))


def lacks_smtp(certificate: Certificate) -> bool:
    """Tell whether a certificate is known not to be enabled for SMTP."""
    return certificate.services is not None and Service.SMTP not in certificate.services


def is_usable(certificate: Certificate) -> bool:
    """Tell whether a certificate could serve once it is bound. A key that is unknown does not count."""
    federated = certificate.services is not None and Service.FEDERATION in certificate.services
    return (
        certificate.status in USABLE_STATUS
        and certificate.has_private_key is True
        and not federated
        and not is_auth_certificate(certificate)
    )


def candidates(certificates: Iterable[Certificate], connector: SendConnector) -> tuple[Certificate, ...]:
    """Return the certificates of a store that the connector names, that could serve, and that lack SMTP."""
    return tuple(each for each in named_certificates(certificates, connector) if lacks_smtp(each) and is_usable(each))


def may_forbid_changes(certificates: Iterable[Certificate] | None, connector: SendConnector) -> bool:
    """Tell whether Set-SendConnector may be refused because of the first source server's certificates.

    It compares names by their case, and refuses any change while one of them lacks SMTP (published analysis of Exchange
    2013 CU23). Services or a whole store that are unknown may forbid it too.
    """
    if connector.tls_certificate_name is None:
        return False
    if certificates is None:
        return True
    named = named_certificates(certificates, connector, match_case=True)
    return any(each.services is None or lacks_smtp(each) for each in named)
