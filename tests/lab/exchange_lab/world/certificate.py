# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates in a server's store, and what Exchange makes of them: services and status are derived, never set."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, Flag
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from .distinguished_name import name_text

KeyState = Literal["ok", "missing", "unreadable", "denied", "cng"]


class Services(Flag):
    """AllowedServices with Exchange's numbers (documentation page "Enable-ExchangeCertificate" for the names)."""

    IMAP = 1
    POP = 2
    UM = 4
    IIS = 8
    SMTP = 16
    FEDERATION = 32
    UM_CALL_ROUTER = 64

    @property
    def text(self) -> str:
        """As Exchange prints it: in the order of the numbers, ``None`` when empty."""
        return ", ".join(_SERVICE_NAMES[each] for each in self) or "None"


_SERVICE_NAMES = {
    Services.IMAP: "IMAP",
    Services.POP: "POP",
    Services.UM: "UM",
    Services.IIS: "IIS",
    Services.SMTP: "SMTP",
    Services.FEDERATION: "Federation",
    Services.UM_CALL_ROUTER: "UMCallRouter",
}


class CertificateStatus(Enum):
    """CertificateStatus; names from the documentation of Get-ExchangeCertificate."""

    UNKNOWN = ("Unknown", 0)
    VALID = ("Valid", 1)
    REVOKED = ("Revoked", 2)
    DATE_INVALID = ("DateInvalid", 3)
    UNTRUSTED = ("Untrusted", 4)
    INVALID = ("Invalid", 5)
    REVOCATION_CHECK_FAILURE = ("RevocationCheckFailure", 6)
    PENDING_REQUEST = ("PendingRequest", 7)

    @property
    def text(self) -> str:
        return self.value[0]

    @property
    def number(self) -> int:
        return self.value[1]


@dataclass
class StoredCertificate:
    """A certificate of a server's My store, and the facts around it that cmdlets and the transport service read.

    Attributes:
        label: The scenario's name for it; nothing on the wire shows it.
        key: ``missing``: none; ``unreadable``: the key exists but nobody can open it (lost key file); ``denied``:
            something keeps NETWORK SERVICE from it, such as a Deny entry, which Exchange does not look for when it
            tells the services; ``cng``: held by a CNG provider.
        key_acl: Whether Exchange may change the key's ACL.
        network_service: NETWORK SERVICE has an ACE that lets it read the key. This is what "enabled for SMTP" means.
        iis_sites: Web sites whose HTTPS binding uses the certificate.
        trusted: Its chain ends in a root that this server trusts.
        revocation_reachable: The issuer's revocation list can be fetched.
        imported_at, removed_at: When it came into the store and when it went; None for always, and for never.
    """

    label: str
    certificate: x509.Certificate
    key: KeyState = "ok"
    key_acl: Literal["writable", "read_only"] = "writable"
    network_service: bool = False
    iis_sites: list[str] = field(default_factory=list)
    trusted: bool = True
    revoked: bool = False
    revocation_reachable: bool = True
    friendly_name: str = ""
    imported_at: datetime | None = None
    removed_at: datetime | None = None

    @property
    def thumbprint(self) -> str:
        return self.certificate.fingerprint(hashes.SHA1()).hex().upper()

    @property
    def serial_number(self) -> str:
        """As .NET prints it: upper-case hex, whole bytes."""
        text = f"{self.certificate.serial_number:X}"
        return text if len(text) % 2 == 0 else "0" + text

    @property
    def subject(self) -> str:
        return name_text(self.certificate.subject)

    @property
    def issuer(self) -> str:
        return name_text(self.certificate.issuer)

    @property
    def not_before(self) -> datetime:
        return self.certificate.not_valid_before_utc

    @property
    def not_after(self) -> datetime:
        return self.certificate.not_valid_after_utc

    @property
    def common_name(self) -> str | None:
        names = self.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return str(names[0].value) if names else None

    @property
    def alternative_names(self) -> tuple[str, ...]:
        try:
            extension = self.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        except x509.ExtensionNotFound:
            return ()
        return tuple(extension.value.get_values_for_type(x509.DNSName))

    @property
    def domains(self) -> tuple[str, ...]:
        """CertificateDomains: the common name when it is a domain, then the alternative names, each once."""
        common_name = self.common_name
        own = (common_name,) if common_name and "." in common_name and " " not in common_name else ()
        return tuple(dict.fromkeys((*own, *self.alternative_names)))

    @property
    def self_signed(self) -> bool:
        return self.certificate.subject == self.certificate.issuer

    @property
    def identifier(self) -> str:
        """The text by which a connector names it (TlsCertificateName)."""
        return f"<I>{self.issuer}<S>{self.subject}"

    def is_dated(self, now: datetime) -> bool:
        """Whether ``now`` lies within the certificate's validity."""
        return self.not_before <= now <= self.not_after

    def status(self, now: datetime) -> CertificateStatus:
        """Status of Get-ExchangeCertificate; self-signed counts as valid (published analysis of Exchange 2013 CU23)."""
        if not self.is_dated(now):
            return CertificateStatus.DATE_INVALID
        if self.revoked:
            return CertificateStatus.REVOKED
        if self.self_signed:
            return CertificateStatus.VALID
        if not self.trusted:
            return CertificateStatus.UNTRUSTED
        if not self.revocation_reachable:
            return CertificateStatus.REVOCATION_CHECK_FAILURE
        return CertificateStatus.VALID

    def services(self, pop_name: str | None, imap_name: str | None) -> Services:
        """The services it serves on a server whose POP and IMAP services carry these X509CertificateNames."""
        found = Services(0)
        names = {name.lower() for name in (*self.alternative_names, self.common_name or "")}
        if imap_name and imap_name.lower() in names:
            found |= Services.IMAP
        if pop_name and pop_name.lower() in names:
            found |= Services.POP
        if self.iis_sites:
            found |= Services.IIS
        if self.network_service and self.key != "missing":
            found |= Services.SMTP
        return found
