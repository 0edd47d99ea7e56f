# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates in an Exchange server's store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from .services import Services


class CertificateStatus(Enum):
    """Exchange's CertificateStatus (documentation page "Get-ExchangeCertificate")."""

    UNKNOWN = "Unknown"
    VALID = "Valid"
    REVOKED = "Revoked"
    DATE_INVALID = "DateInvalid"
    UNTRUSTED = "Untrusted"
    INVALID = "Invalid"
    REVOCATION_CHECK_FAILURE = "RevocationCheckFailure"
    PENDING_REQUEST = "PendingRequest"


@dataclass(frozen=True)
class Certificate:
    """One certificate as its server sees it.

    ``thumbprint`` 40 upper-case hex digits; ``subject`` and ``issuer`` as .NET writes them (``CN=…, O=…, S=…``);
    ``serial_number`` upper-case hex; the dates are aware, in UTC; None means that the server did not say.
    """

    thumbprint: str
    subject: str
    issuer: str
    serial_number: str
    not_before: datetime | None
    not_after: datetime | None
    services: Services | None
    status: CertificateStatus
    has_private_key: bool | None
    self_signed: bool | None = None
    domains: tuple[str, ...] = ()
    friendly_name: str = ""
    server: str = ""
