# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Exchange Service Host of a server: what the certificate cmdlets ask it to do, by RPC, and how it answers.

After a published analysis of Exchange 2013 CU23. All functions are called under the world's lock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from ..objects import general_text
from ..powershell import not_simulated
from ..world import Readings, Server, Services, StoredCertificate

DEFAULT_WEB_SITE = "Default Web Site"
_SUBSCRIBE_AGAIN = (
    "The internal transport certificate attribute for the local Edge Transport server has been updated. If this Edge "
    "Transport server is subscribed to an Active Directory site, you must  subscribe it again by using the "
    "New-EdgeSubscription cmdlet in the Shell, and then restart AD LDS."
)
Key = Literal["IIS", "SMTP"]


_QUESTIONS = {
    "en": (
        "Overwrite the existing default SMTP certificate?",
        "Current certificate",
        "Replace it with certificate",
        "expires",
    ),
    "de": (
        "Möchten Sie das vorhandene SMTP-Standardzertifikat überschreiben?",
        "Aktuelles Zertifikat",
        "Ersetzen durch Zertifikat",
        "läuft ab am",
    ),
}


class ServiceHostError(Exception):
    """An answer that is an error; ``category`` is an ErrorCategory's name.

    ``german`` is what a server with a German system may say, where that matters: nobody has recorded it.
    """

    def __init__(self, message: str, category: str = "NotSpecified", german: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.category = category
        self.german = german or message

    def told(self, readings: Readings) -> str:
        """The words that reach the session."""
        return self.german if readings.wrapped_errors == "german" else self.message


@dataclass(frozen=True)
class Request:
    """What Enable-ExchangeCertificate asks for; ``confirmed`` are the questions that were answered Yes before."""

    thumbprint: str
    services: Services
    do_not_require_ssl: bool = False
    network_service_allowed: bool = False
    confirmed: frozenset[Key] = frozenset()


@dataclass
class Answer:
    """What was not an error: warnings, and the questions that the cmdlet has to ask, in their order."""

    warnings: list[str] = field(default_factory=list)
    questions: dict[Key, str] = field(default_factory=dict)


def invalidity(certificate: StoredCertificate) -> str | None:
    """Why Exchange cannot use a certificate at all, as a word of its own; None when it can.

    Neither dates nor trust nor revocation matter.
    """
    match certificate.key:
        case "missing":
            return "PrivateKeyMissing"
        case "unreadable":
            return "PrivateKeyNotAccessible"
        case "ok" | "cng" | "denied":  # it is Exchange that asks here, not NETWORK SERVICE
            return None


def listed_certificates(server: Server) -> list[StoredCertificate]:
    """The certificates that Exchange can use, the newest first. The others are hidden."""
    usable = [each for each in server.store if invalidity(each) is None]
    return sorted(usable, key=lambda each: each.not_before, reverse=True)


def find_certificate(server: Server, thumbprint: str, missing_category: str) -> StoredCertificate:
    """The certificate with this thumbprint; ServiceHostError with the reason when there is none that can be used."""
    certificate = _in_store(server, thumbprint, missing_category)
    reason = invalidity(certificate)
    if reason is not None:
        raise ServiceHostError(
            f"The certificate with thumbprint {certificate.thumbprint} was found but is not valid for use with "
            f"Exchange Server (reason: {reason}).",
            german=f"Das Zertifikat mit dem Fingerabdruck {certificate.thumbprint} wurde gefunden, kann aber mit "
            f"Exchange Server nicht verwendet werden (Ursache: {reason}).",
        )
    return certificate


def _in_store(server: Server, thumbprint: str, missing_category: str) -> StoredCertificate:
    certificate = server.certificate(_without_spaces(thumbprint))
    if certificate is None:
        raise ServiceHostError(
            f"The certificate with thumbprint {thumbprint} was not found.",
            missing_category,
            f"Das Zertifikat mit dem Fingerabdruck {thumbprint} wurde nicht gefunden.",
        )
    return certificate


def _without_spaces(thumbprint: str) -> str:
    """Spaces are understood only where the certificate dialog of Windows puts them: behind each pair of digits."""
    return thumbprint.replace(" ", "") if thumbprint[2:3] == " " else thumbprint


def enable(server: Server, request: Request, now: datetime, readings: Readings) -> Answer:
    """Do what needs no confirmation, and tell what does.

    The order is Exchange's: IIS, the key's ACL, the default certificate, POP and IMAP. So the certificate works for
    SMTP before anybody is asked about the default certificate, whatever is answered then.
    """
    _refuse_impossible_services(server, request.services)
    if request.network_service_allowed:
        certificate = _in_store(server, request.thumbprint, "ObjectNotFound")
    else:
        certificate = find_certificate(server, request.thumbprint, "ObjectNotFound")
    answer = Answer()
    if Services.IIS in request.services:
        _bind_web_site(server, certificate, request, answer)
    if readings.enable_services == "resets":
        _take_what_is_not_named(server, certificate, request.services)
    if request.network_service_allowed or request.services & (Services.SMTP | Services.POP | Services.IMAP):
        _grant_key_access(server, certificate, now)
    if Services.SMTP in request.services and not request.network_service_allowed:
        _check_default(server, certificate, request, answer, now, readings=readings)
    if Services.POP in request.services:
        server.pop_name = _service_name("POP", certificate, server.pop_name, answer)
    if Services.IMAP in request.services:
        server.imap_name = _service_name("IMAP", certificate, server.imap_name, answer)
    return answer


def _refuse_impossible_services(server: Server, services: Services) -> None:
    if Services.FEDERATION in services:
        raise ServiceHostError(
            "Federation certificates can only be managed through the FederationTrust tasks.", "InvalidArgument"
        )
    if server.role == "edge" and Services.IIS in services:
        raise ServiceHostError("IIS is not installed.", "InvalidArgument")
    missing = Services.UM | Services.UM_CALL_ROUTER
    if server.role == "edge":
        missing |= Services.POP | Services.IMAP
    if services & missing:
        if server.role == "mailbox" and server.version < "15.2":
            raise not_simulated("Unified Messaging")
        raise ServiceHostError(
            "One of the services you've selected (IMAP4, POP3, SMTP, IIS, UM) isn't installed on this server.",
            "InvalidArgument",
        )


def _bind_web_site(server: Server, certificate: StoredCertificate, request: Request, answer: Answer) -> None:
    """Bind the Default Web Site, which takes it from its former holder; unless SSL has to be confirmed first."""
    if not (request.do_not_require_ssl or server.web_root_requires_ssl or "IIS" in request.confirmed):
        answer.questions["IIS"] = (
            "Do you want to enforce SSL communication on the root web site? If not, rerun the cmdlet with the "
            "-DoNotRequireSSL parameter."
        )
        return
    for each in server.store:
        if DEFAULT_WEB_SITE in each.iis_sites:
            each.iis_sites.remove(DEFAULT_WEB_SITE)
    certificate.iis_sites.append(DEFAULT_WEB_SITE)
    if not request.do_not_require_ssl:
        server.web_root_requires_ssl = True


def _grant_key_access(server: Server, certificate: StoredCertificate, now: datetime) -> None:
    """Let NETWORK SERVICE read the key. Where it may already, nothing is touched and no cache is emptied."""
    if certificate.network_service:
        return
    if invalidity(certificate) is not None:
        raise ServiceHostError(
            f"Could not grant Network Service access to the certificate with thumbprint {certificate.thumbprint} "
            "because a cryptographic exception was thrown."
        )
    if certificate.key_acl == "read_only":
        raise ServiceHostError(
            f"Insufficient rights to grant Network Service access to the certificate with thumbprint "
            f"{certificate.thumbprint}."
        )
    if server.transport is not None:
        server.transport.catch_up()
    certificate.network_service = True
    if server.transport is not None:
        server.transport.store_changed(now)


def _check_default(
    server: Server,
    certificate: StoredCertificate,
    request: Request,
    answer: Answer,
    now: datetime,
    *,
    readings: Readings,
) -> None:
    """Ask whether to replace the default certificate; where none can be read, it is set without a question."""
    current = server.certificate(server.default_certificate)
    if current is certificate:
        return
    if current is None or "SMTP" in request.confirmed or readings.default_question == "replaced":
        server.replace_default_certificate(certificate, now)
        if server.role == "edge":
            answer.warnings.append(_SUBSCRIBE_AGAIN)
        return
    if readings.default_question == "asked":
        answer.questions["SMTP"] = _question(current, certificate, readings)


def _question(current: StoredCertificate, new: StoredCertificate, readings: Readings) -> str:
    """Exchange's own words in English; in German nobody has recorded them."""
    opening, first, second, expires = _QUESTIONS[readings.prompt_language]
    thumbprints = [each.thumbprint for each in (current, new)]
    if readings.prompt_thumbprints == "others":
        thumbprints = [each[::-1] for each in thumbprints]
    return (
        f"{opening}\r\n\r\n"
        f"{first}: '{thumbprints[0]}' ({expires} {general_text(current.not_after)})\r\n"
        f"{second}: '{thumbprints[1]}' ({expires} {general_text(new.not_after)})"
    )


def _take_what_is_not_named(server: Server, certificate: StoredCertificate, services: Services) -> None:
    """Take those services away that are not named, SMTP with them: what is named is given afterwards."""
    if Services.IIS not in services:
        certificate.iis_sites.clear()
    held = server.services_of(certificate)
    if Services.POP in held & ~services:
        server.pop_name = None
    if Services.IMAP in held & ~services:
        server.imap_name = None


def _service_name(service: str, certificate: StoredCertificate, current: str | None, answer: Answer) -> str | None:
    """The X509CertificateName of POP or IMAP from now on: the certificate's first name, if that is a host's."""
    name = next(iter(certificate.domains), "*")
    if "*" not in name:
        return name
    answer.warnings.append(
        f"This certificate with thumbprint {certificate.thumbprint} and subject '{certificate.common_name or ''}' "
        f"cannot used for {service} SSL/TLS connections because the subject is not a Fully Qualified Domain Name "
        f"(FQDN). Use command Set-{service}Settings to set X509CertificateName to the FQDN of the service."
    )
    return current
