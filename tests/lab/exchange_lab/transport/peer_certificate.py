# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a server accepts the certificate that a peer shows.

Documentation page "Set-SendConnector", TlsAuthLevel and TlsDomain. UntrustedRoot has been seen in a queue (Microsoft
Q&A, 2024); the words for the other reasons are those of a published analysis of Exchange 2013 CU23.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from ..world import SendConnector, Server, StoredCertificate, name_text, parse_name

Reason = Literal["UntrustedRoot", "CertificateExpired", "SubjectMismatch"]


def objection(
    certificate: StoredCertificate, connector: SendConnector, host: str, server: Server, now: datetime
) -> Reason | None:
    """Why the certificate of ``host`` will not do for a connector of this server; None when it will."""
    if connector.tls_auth_level in (None, "EncryptionOnly"):
        return None
    missing = [name_text(parse_name(each)) for each in server.missing_roots]
    if certificate.self_signed or certificate.issuer in missing:
        return "UntrustedRoot"
    if not certificate.is_dated(now):
        return "CertificateExpired"
    if connector.tls_auth_level == "DomainValidation" and not _is_for(certificate, connector.tls_domain or host):
        return "SubjectMismatch"
    return None


def _is_for(certificate: StoredCertificate, domain: str) -> bool:
    """Whether a name of the certificate is this domain, covers it, or lies below it where it begins with ``*.``."""
    wanted = domain.lower()
    below = wanted[1:] if wanted.startswith("*.") else None
    for name in (each.lower() for each in certificate.domains):
        covers = name.startswith("*.") and wanted.partition(".")[2] == name[2:]
        if name == wanted or covers or (below is not None and name.endswith(below)):
            return True
    return False
