# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ExchangeCertificate, the object of Get-ExchangeCertificate.

A type table of PowerShell's own lets the serializer write RawData alone of an X509Certificate2 and of what derives from
it, which the recordings show (see tests/fixtures/clixml): services and status arrive only by way of Select-Object.
"""

from __future__ import annotations

from datetime import datetime

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from ..world import Readings, Server, Services, StoredCertificate
from .data_types import generic_list, multi_valued, smtp_domain_with_subdomains
from .serialization_data import certificate_data, stored_certificate
from .times import general_text, local
from .values import DotNetEnum, DotNetObject, Value

_TASKS = "Microsoft.Exchange.Management.SystemConfigurationTasks."
_X509 = "System.Security.Cryptography.X509Certificates."
TYPE_NAMES = (f"{_TASKS}ExchangeCertificate", f"{_X509}X509Certificate2", f"{_X509}X509Certificate", "System.Object")

_PROVIDER = "Microsoft RSA SChannel Cryptographic Provider"
_WEB_SITES = {"Default Web Site": 1, "Exchange Back End": 2}
_LETTERS = (
    (Services.IMAP, "I"),
    (Services.POP, "P"),
    (Services.UM, "U"),
    (Services.IIS, "W"),
    (Services.SMTP, "S"),
    (Services.FEDERATION, "F"),
    (Services.UM_CALL_ROUTER, "C"),
)


def certificate_object(
    server: Server, certificate: StoredCertificate, now: datetime, readings: Readings
) -> DotNetObject:
    """A certificate of a server's store, as that server sees it now.

    Access rules, key identifiers and whether the key can be exported are not simulated: these properties are missing.
    """
    status = certificate.status(now)
    services = server.services_of(certificate)
    properties: dict[str, Value] = {
        "CertificateDomains": multi_valued(
            "SmtpDomainWithSubdomains", map(smtp_domain_with_subdomains, certificate.domains)
        ),
        "IisServices": _iis_services(certificate),
        "IsSelfSigned": certificate.self_signed,
        "RootCAType": _root_ca_type(certificate),
        "Services": services_value(services, readings),
        "Status": DotNetEnum(f"{_TASKS}CertificateStatus", status.text, status.number),
        "PublicKeySize": _key_size(certificate),
        "ServicesStringForm": services_letters(services),
        "Identity": rf"{server.fqdn}\{certificate.thumbprint}",
        # Exchange shows the issuer where there is no friendly name, on the returned object only.
        "FriendlyName": certificate.friendly_name or certificate.issuer,
        "HasPrivateKey": certificate.key != "missing",
        "Issuer": certificate.issuer,
        "NotAfter": local(certificate.not_after),
        "NotBefore": local(certificate.not_before),
        "RawData": certificate.certificate.public_bytes(Encoding.DER),
        "SerialNumber": certificate.serial_number,
        "Subject": certificate.subject,
        "Thumbprint": certificate.thumbprint,
        "Version": 3,
    }
    return DotNetObject(
        TYPE_NAMES, _text(certificate), properties, serialized_as=("RawData",), data=_data(server, certificate, now)
    )


def _data(server: Server, certificate: StoredCertificate, now: datetime) -> bytes:
    """SerializationData, without the signature that the Auth certificate may put before and after it."""
    fingerprint = certificate.certificate.fingerprint
    provider = "Microsoft Software Key Storage Provider" if certificate.key == "cng" else _PROVIDER
    stored = stored_certificate(
        certificate.certificate.public_bytes(Encoding.DER),
        fingerprint(hashes.SHA1()),
        fingerprint(hashes.MD5()),
        certificate.friendly_name,
        None if certificate.key == "missing" else provider,
    )
    return certificate_data(
        stored,
        self_signed=certificate.self_signed,
        status=certificate.status(now).number,
        authority=_root_ca_type(certificate).number,
        services=server.services_of(certificate).value,
        sites=[f"IIS://{server.name}/W3SVC/{_WEB_SITES.get(site, 3)}" for site in certificate.iis_sites],
        exportable=False,
        identity=rf"{server.fqdn}\{certificate.thumbprint}",
    )


def services_value(services: Services, readings: Readings) -> Value:
    """Services as a session shows them: nobody has recorded this property."""
    match readings.services_value:
        case "object":
            return DotNetEnum(f"{_TASKS}AllowedServices", services.text, services.value)
        case "text":
            return services.text
        case "letters":
            return services_letters(services)


def services_letters(services: Services) -> str:
    """One letter a service, with a point for each that is missing: ``IP.WS..``."""
    return "".join(letter if service in services else "." for service, letter in _LETTERS)


def _iis_services(certificate: StoredCertificate) -> Value:
    """One object a web site; it prints no more than the name of its class."""
    services = [
        DotNetObject((f"{_TASKS}IisService", "System.Object"), f"{_TASKS}IisService") for __ in certificate.iis_sites
    ]
    return generic_list(f"{_TASKS}IisService", "Microsoft.Exchange.Management", services)


def _root_ca_type(certificate: StoredCertificate) -> DotNetEnum:
    text, number = ("None", 0) if certificate.self_signed else ("ThirdParty", 1)
    return DotNetEnum(f"{_TASKS}CertificateAuthorityType", text, number)


def _key_size(certificate: StoredCertificate) -> int:
    key = certificate.certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise TypeError("the lab's certificates hold RSA keys")
    return key.key_size


def _text(certificate: StoredCertificate) -> str:
    parts = {
        "Subject": certificate.subject,
        "Issuer": certificate.issuer,
        "Serial Number": certificate.serial_number,
        "Not Before": general_text(certificate.not_before),
        "Not After": general_text(certificate.not_after),
        "Thumbprint": certificate.thumbprint,
    }
    return "\r\n".join(f"[{title}]\r\n  {text}\r\n" for title, text in parts.items())
