# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates in an Exchange server's store."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Final

from .._libraries import require
from .._powershell import RemoteObject, WireValue
from .fields import Fields, Unreadable, text_of
from .moments import moment_text
from .names import CertificateName, distinguished_name, same_name, thumbprint_from
from .services import Services, parse_services, service_words


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


CERTIFICATE_PROPERTIES: Final = (
    "Thumbprint",
    "Services",
    "Status",
    "HasPrivateKey",
    "IsSelfSigned",
    "FriendlyName",
    "Identity",
    "RawData",
    "Subject",
    "Issuer",
    "SerialNumber",
    "NotBefore",
    "NotAfter",
)
"""What to ask for with Select-Object. Without it a certificate crosses the wire as RawData alone: Windows PowerShell's
own type table serializes X509Certificate2 and what derives from it so, and Services is lost."""


def certificate_from(source: RemoteObject, server: str) -> Certificate:
    """Read what Get-ExchangeCertificate returned, projected by ``CERTIFICATE_PROPERTIES`` or not.

    Serial number, dates and domains come from the certificate itself where the server sent it (RawData), so they do not
    depend on the server's language. Subject and issuer are the server's own text if it was sent, since that is what
    Exchange compares. Unprojected, services, status and key are unknown.

    Raises:
        Unreadable: no thumbprint can be told, or the object contradicts itself or is of another server.
        MissingLibrary: cryptography is not installed.
    """
    fields = Fields(source, f"a certificate of {server}")
    encoded = _optional(source, "RawData")
    told = _decoded(encoded, fields) if isinstance(encoded, bytes) and encoded else _as_told(fields)
    _refuse_contradiction(fields, told.thumbprint, server)
    return Certificate(
        thumbprint=told.thumbprint,
        subject=text_of(_optional(source, "Subject")) or told.subject,
        issuer=text_of(_optional(source, "Issuer")) or told.issuer,
        serial_number=told.serial_number,
        not_before=told.not_before,
        not_after=told.not_after,
        services=parse_services(_optional(source, "Services")),
        status=parse_status(_optional(source, "Status")),
        has_private_key=_optional_flag(fields, "HasPrivateKey"),
        self_signed=_optional_flag(fields, "IsSelfSigned"),
        domains=told.domains,
        friendly_name=text_of(_optional(source, "FriendlyName")) or "",
        server=server,
    )


def parse_status(value: WireValue) -> CertificateStatus:
    """Read a certificate's status; anything that we do not know is UNKNOWN."""
    word = (text_of(value) or "").strip().lower()
    return next((status for status in CertificateStatus if status.value.lower() == word), CertificateStatus.UNKNOWN)


def names(certificate: Certificate, name: CertificateName, *, match_case: bool = False) -> bool:
    """Tell whether a connector's TlsCertificateName names this certificate.

    By default as the transport service sees it; ``match_case`` as Set-SendConnector's check sees it.
    """
    return same_name(certificate.subject, name.subject, match_case=match_case) and (
        name.issuer is None or same_name(certificate.issuer, name.issuer, match_case=match_case)
    )


def is_auth_certificate(certificate: Certificate) -> bool:
    """Tell whether this is the OAuth certificate, by the subject that setup gives it; it belongs to no mail flow."""
    return same_name(certificate.subject, "CN=Microsoft Exchange Server Auth Certificate", match_case=False)


def certificate_result(certificate: Certificate) -> dict[str, Any]:
    """Return a certificate as modules and filters return it; what is unknown is None."""
    return {
        "thumbprint": certificate.thumbprint,
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "serial_number": certificate.serial_number,
        "not_before": moment_text(certificate.not_before),
        "not_after": moment_text(certificate.not_after),
        "services": None if certificate.services is None else service_words(certificate.services),
        "status": certificate.status.value,
        "has_private_key": certificate.has_private_key,
        "self_signed": certificate.self_signed,
        "domains": list(certificate.domains),
        "friendly_name": certificate.friendly_name,
        "server": certificate.server,
    }


@dataclass(frozen=True)
class _Names:
    """What a certificate says of itself."""

    thumbprint: str
    subject: str
    issuer: str
    serial_number: str
    not_before: datetime | None
    not_after: datetime | None
    domains: tuple[str, ...]


def _decoded(encoded: bytes, fields: Fields) -> _Names:
    x509 = require("cryptography.x509")
    with warnings.catch_warnings():
        # Real certificates break rules (a country of three letters, a negative serial number); it is not our business.
        warnings.simplefilter("ignore")
        try:
            certificate = x509.load_der_x509_certificate(encoded)
            serial = f"{certificate.serial_number:X}"
            return _Names(
                thumbprint=hashlib.sha1(encoded, usedforsecurity=False).hexdigest().upper(),
                subject=distinguished_name(certificate.subject),
                issuer=distinguished_name(certificate.issuer),
                serial_number=serial.zfill(len(serial) + len(serial) % 2),
                not_before=certificate.not_valid_before_utc,
                not_after=certificate.not_valid_after_utc,
                domains=_domains(certificate, x509),
            )
        except ValueError as error:
            raise Unreadable(f"{fields.what} cannot be decoded ({error}); look at it with certutil.") from error


def _domains(certificate: Any, x509: Any) -> tuple[str, ...]:
    """Return the names that the certificate is for: its common name if that is a domain, then the alternative names."""
    common = certificate.subject.get_attributes_for_oid(x509.oid.NameOID.COMMON_NAME)
    found = [str(attribute.value) for attribute in common if "." in attribute.value and " " not in attribute.value]
    try:
        alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        found += alternative.get_values_for_type(x509.DNSName)
    except x509.ExtensionNotFound:
        pass
    unique: dict[str, str] = {}
    for domain in found:
        unique.setdefault(domain.lower(), domain)
    return tuple(unique.values())


def _as_told(fields: Fields) -> _Names:
    """Take the server's own words, as for a pending request, which has no certificate yet."""
    thumbprint = fields.text("Thumbprint")
    try:
        thumbprint = thumbprint_from(thumbprint)
    except ValueError as error:
        raise fields.misunderstood("Thumbprint", thumbprint) from error
    return _Names(
        thumbprint=thumbprint,
        subject=text_of(_optional(fields.source, "Subject")) or "",
        issuer=text_of(_optional(fields.source, "Issuer")) or "",
        serial_number=(text_of(_optional(fields.source, "SerialNumber")) or "").upper(),
        not_before=fields.moment("NotBefore") if fields.source.has("NotBefore") else None,
        not_after=fields.moment("NotAfter") if fields.source.has("NotAfter") else None,
        domains=(),
    )


def _refuse_contradiction(fields: Fields, thumbprint: str, server: str) -> None:
    told = text_of(_optional(fields.source, "Thumbprint"))
    if told and told.upper() != thumbprint:
        raise fields.misunderstood("Thumbprint", told)
    # Identity is the server's FQDN, a backslash and the thumbprint: a session may be proxied to another server.
    owner, separator, __ = (text_of(_optional(fields.source, "Identity")) or "").partition("\\")
    if separator and owner.partition(".")[0].lower() != server.partition(".")[0].lower():
        raise Unreadable(f"{server} was asked for its certificates and {owner} answered with its own; nothing is done.")


def _optional(source: RemoteObject, name: str) -> WireValue:
    return source.get(name) if source.has(name) else None


def _optional_flag(fields: Fields, name: str) -> bool | None:
    return None if _optional(fields.source, name) is None else fields.flag(name)
