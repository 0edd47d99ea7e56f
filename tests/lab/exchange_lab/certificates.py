# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real X.509 certificates, made anew for each run; none is kept."""

from __future__ import annotations

import ipaddress
import ssl
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from spnego.channel_bindings import GssChannelBindings

from .world import parse_name


class CertificateMaker:
    """Issues the certificates of a scenario.

    All of them hold the same RSA key, and one more signs for all authorities: making a key for each would take longer
    than starting the rest of the lab, and nothing reads them. RSA because Exchange 2013 refuses elliptic curves.
    """

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._authority_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def make(
        self, subject: str, issuer: str, domains: Sequence[str], not_before: datetime, not_after: datetime
    ) -> x509.Certificate:
        """A server certificate; ``issuer`` is a name, or ``self``. ValueError when a name or a date is none."""
        self_signed = issuer == "self"
        name = parse_name(subject)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name if self_signed else parse_name(issuer))
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(not_before.replace(tzinfo=None))
            .not_valid_after(not_after.replace(tzinfo=None))
            .add_extension(x509.KeyUsage(True, False, True, False, False, False, False, False, False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
        )
        if domains:
            names = x509.SubjectAlternativeName([x509.DNSName(each) for each in domains])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self._key if self_signed else self._authority_key, hashes.SHA256())


@dataclass(frozen=True)
class TlsChannel:
    """A server's side of TLS, and what a client binds its authentication to (RFC 5929, tls-server-end-point)."""

    context: ssl.SSLContext
    bindings: GssChannelBindings


class TlsAuthority:
    """The private authority behind the HTTPS listeners. Its certificates live by real time: real clients judge them."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Exchange lab private CA")])
        now = datetime.now(UTC)
        self._not_before, self._not_after = now - timedelta(hours=1), now + timedelta(days=2)
        self._certificate = (
            self._builder(self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.KeyUsage(True, False, False, False, False, True, True, False, False), critical=True)
            .sign(self._key, hashes.SHA256())
        )

    @property
    def certificate(self) -> str:
        """The authority's certificate, as PEM."""
        return self._certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")

    def channel(self, fqdn: str, address: str) -> TlsChannel:
        """A server's side of TLS, with a certificate for its name and its address."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName(fqdn), x509.IPAddress(ipaddress.ip_address(address))])
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, fqdn)])
        certificate = (
            self._builder(subject, key.public_key())
            .add_extension(names, critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory(prefix="exchange-lab-tls-") as directory:
            chain = Path(directory) / "server.pem"
            chain.write_bytes(
                key.private_bytes(
                    serialization.Encoding.PEM,
                    serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption(),
                )
                + certificate.public_bytes(serialization.Encoding.PEM)
            )
            context.load_cert_chain(chain)
        digest = certificate.fingerprint(hashes.SHA256())
        return TlsChannel(context, GssChannelBindings(application_data=b"tls-server-end-point:" + digest))

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._not_before)
            .not_valid_after(self._not_after)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        )
