# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates as recorded from real servers, and as Select-Object sends them."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.certificate import (
    CERTIFICATE_PROPERTIES,
    CertificateStatus,
    certificate_from,
    certificate_result,
    is_auth_certificate,
    names,
    parse_status,
)
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.connector import send_connector_from
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.fields import Unreadable
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.names import CertificateName
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.services import Service
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import RemoteObject, WireValue
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

RECORDINGS = [
    "E16-contoso-GetExchangeCertificate",
    "E16-contoso-GetExchangeCertificateBroken",
    "E19-exlab-GetExchangeCertificate",
    "E19-solo-GetExchangeCertificate",
]
SELECTED = "Selected.Microsoft.Exchange.Management.SystemConfigurationTasks.ExchangeCertificate"
SERVER = "mbx01.contoso.test"

Recorded = Callable[[str], list[RemoteObject]]


@pytest.fixture(scope="module")
def encoded() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Contoso"),
            x509.NameAttribute(NameOID.COMMON_NAME, "*.contoso.com"),
        ]
    )
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Example CA")])
    domains = x509.SubjectAlternativeName(
        [x509.DNSName("*.contoso.com"), x509.DNSName("Contoso.com"), x509.DNSName("*.CONTOSO.COM")]
    )
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=key.public_key())
        .serial_number(0xA1B)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=365))
        .add_extension(domains, critical=False)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(Encoding.DER)


def selected(encoded: bytes | None, **properties: WireValue) -> RemoteObject:
    """Return what Select-Object sends: every property that was asked for, null where the object has none."""
    values: dict[str, WireValue] = dict.fromkeys(CERTIFICATE_PROPERTIES)
    return RemoteObject(type_names=(SELECTED,), properties=values | {"RawData": encoded} | properties)


def told(text: str, label: str) -> str:
    """Return a value out of a certificate's ToString: a label in brackets, the value on the next line."""
    found = re.search(rf"\[{label}\]\r?\n  (.*?)\r?\n", text)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("recording", RECORDINGS)
def test_names_serial_number_and_thumbprint_are_those_that_the_server_printed(
    recorded: Recorded, recording: str
) -> None:
    for source in recorded(recording):
        assert source.text is not None
        certificate = certificate_from(source, "any")
        assert certificate.subject == told(source.text, "Subject")
        assert certificate.issuer == told(source.text, "Issuer")
        assert certificate.serial_number == told(source.text, "Serial Number")
        assert certificate.thumbprint == told(source.text, "Thumbprint")


@pytest.mark.fact("wire 2.3", "wire 2.8")
@pytest.mark.parametrize("recording", RECORDINGS)
def test_what_the_wire_loses_is_unknown(recorded: Recorded, recording: str) -> None:
    for source in recorded(recording):
        certificate = certificate_from(source, "any")
        assert certificate.services is None
        assert certificate.status is CertificateStatus.UNKNOWN
        assert certificate.has_private_key is None
        assert certificate.self_signed is None


def test_real_certificates_that_break_rules_are_read_without_a_warning(recorded: Recorded) -> None:
    """One subject has a country of seven letters, which cryptography warns of."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        certificates = [
            certificate_from(source, "any") for source in recorded("E16-contoso-GetExchangeCertificateBroken")
        ]
    assert any("C=Germany" in certificate.subject for certificate in certificates)


@pytest.mark.fact("cmdlets 10.2")
def test_a_connector_names_one_of_its_servers_certificates(recorded: Recorded) -> None:
    (connector,) = (send_connector_from(source) for source in recorded("E19-exlab-GetSendConnector"))
    certificates = [certificate_from(source, "any") for source in recorded("E19-exlab-GetExchangeCertificate")]
    assert connector.tls_certificate_name is not None
    named = [item for item in certificates if names(item, connector.tls_certificate_name)]
    assert [item.subject for item in named] == ["CN=localhost"]


def test_the_auth_certificate_is_known_by_the_subject_that_setup_gives_it(recorded: Recorded) -> None:
    certificates = [certificate_from(source, "any") for source in recorded("E19-solo-GetExchangeCertificate")]
    assert [is_auth_certificate(certificate) for certificate in certificates].count(True) == 1


def test_the_auth_certificate_is_known_in_any_case(encoded: bytes) -> None:
    spelled = selected(encoded, Subject="cn=Microsoft Exchange Server AUTH Certificate")
    assert is_auth_certificate(certificate_from(spelled, SERVER))
    assert not is_auth_certificate(certificate_from(selected(encoded), SERVER))


@pytest.mark.fact("cmdlets 0.7", "wire 2.8")
def test_projected_a_certificate_says_all(encoded: bytes) -> None:
    services = RemoteObject(text="IIS, SMTP", number=24)
    status = RemoteObject(text="RevocationCheckFailure", number=6)
    source = selected(encoded, Services=services, Status=status, HasPrivateKey=True, IsSelfSigned=False)
    certificate = certificate_from(source, SERVER)
    assert certificate_result(certificate) == {
        "thumbprint": certificate.thumbprint,
        "subject": "CN=*.contoso.com, O=Contoso",
        "issuer": "CN=Example CA",
        "serial_number": "0A1B",
        "not_before": "2026-01-01T00:00:00.000Z",
        "not_after": "2027-01-01T00:00:00.000Z",
        "services": ["IIS", "SMTP"],
        "status": "RevocationCheckFailure",
        "has_private_key": True,
        "self_signed": False,
        "domains": ["*.contoso.com", "Contoso.com"],
        "friendly_name": "",
        "server": SERVER,
    }


@pytest.mark.fact("cmdlets 10.5")
def test_services_as_plain_text_are_the_same(encoded: bytes) -> None:
    certificate = certificate_from(selected(encoded, Services="IIS, SMTP"), SERVER)
    assert certificate.services == {Service.IIS, Service.SMTP}


@pytest.mark.fact("wire 2.8", "wire 2.14")
def test_null_services_are_unknown_and_the_word_none_is_no_service(encoded: bytes) -> None:
    assert certificate_from(selected(encoded, Services=None), SERVER).services is None
    assert certificate_from(selected(encoded, Services="None"), SERVER).services == frozenset()
    assert certificate_result(certificate_from(selected(encoded), SERVER))["services"] is None


def test_the_servers_own_spelling_of_a_name_wins(encoded: bytes) -> None:
    certificate = certificate_from(selected(encoded, Subject="CN=*.contoso.com, OID.1.2=Contoso"), SERVER)
    assert certificate.subject == "CN=*.contoso.com, OID.1.2=Contoso"


def test_without_raw_data_the_servers_words_are_taken() -> None:
    source = selected(
        None,
        Thumbprint="3f9c1a7e5b2d4c6f8a9b0c1d2e3f4a5b6c7d8e9f",
        Status="PendingRequest",
        Subject="CN=mail.contoso.com",
        Issuer="CN=mail.contoso.com",
        SerialNumber="0a1b",
        NotBefore="2026-01-01T01:00:00+01:00",
        NotAfter="2027-01-01T00:00:00Z",
    )
    certificate = certificate_from(source, SERVER)
    assert certificate.thumbprint == "3F9C1A7E5B2D4C6F8A9B0C1D2E3F4A5B6C7D8E9F"
    assert certificate.subject == "CN=mail.contoso.com"
    assert certificate.serial_number == "0A1B"
    assert certificate.not_before == datetime(2026, 1, 1, tzinfo=UTC)
    assert certificate.not_after == datetime(2027, 1, 1, tzinfo=UTC)
    assert certificate.status is CertificateStatus.PENDING_REQUEST


@pytest.mark.parametrize("encoded", [None, b""])
def test_what_the_server_does_not_say_is_empty(encoded: bytes | None) -> None:
    certificate = certificate_from(selected(encoded, Thumbprint="0" * 40), SERVER)
    assert (certificate.subject, certificate.issuer, certificate.serial_number) == ("", "", "")
    assert (certificate.not_before, certificate.not_after, certificate.domains) == (None, None, ())


@pytest.mark.parametrize(
    "properties",
    [{}, {"Thumbprint": None}, {"Thumbprint": "not a thumbprint"}, {"RawData": b"not a certificate"}],
)
def test_a_certificate_without_identity_is_unreadable(properties: dict[str, WireValue]) -> None:
    with pytest.raises(Unreadable, match=r"mbx01\.contoso\.test"):
        certificate_from(RemoteObject(properties=properties), SERVER)


def test_a_thumbprint_that_is_not_the_certificates_own_is_refused(encoded: bytes) -> None:
    with pytest.raises(Unreadable, match="as its Thumbprint"):
        certificate_from(selected(encoded, Thumbprint="0" * 40), SERVER)


def test_another_servers_certificate_is_refused(encoded: bytes) -> None:
    with pytest.raises(Unreadable, match=r"mbx01\.contoso\.test was asked .* mbx02\.contoso\.test answered"):
        certificate_from(selected(encoded, Identity=rf"mbx02.contoso.test\{'0' * 40}"), SERVER)


@pytest.mark.parametrize("owner", ["mbx01.contoso.test", "MBX01", "MBX01.contoso.test"])
def test_the_server_may_be_spelled_as_exchange_likes(encoded: bytes, owner: str) -> None:
    assert certificate_from(selected(encoded, Identity=rf"{owner}\{'0' * 40}"), SERVER).server == SERVER


@pytest.mark.parametrize(
    ("name", "match_case", "fits"),
    [
        (CertificateName("CN=Example CA", "CN=*.contoso.com, O=Contoso"), True, True),
        (CertificateName("cn=example ca", "cn=*.contoso.com, o=contoso"), False, True),
        (CertificateName("cn=example ca", "CN=*.contoso.com, O=Contoso"), True, False),
        (CertificateName(None, "CN=*.contoso.com, O=Contoso"), True, True),
        (CertificateName("CN=Other CA", "CN=*.contoso.com, O=Contoso"), False, False),
        (CertificateName("CN=Example CA", "CN=*.contoso.com"), False, False),
    ],
)
def test_a_name_fits_by_subject_and_by_issuer_if_it_has_one(
    encoded: bytes, name: CertificateName, match_case: bool, fits: bool
) -> None:
    certificate = certificate_from(selected(encoded), SERVER)
    assert names(certificate, name, match_case=match_case) is fits


def test_a_name_is_compared_as_the_transport_service_does_unless_told_otherwise(encoded: bytes) -> None:
    certificate = certificate_from(selected(encoded), SERVER)
    assert names(certificate, CertificateName("cn=example ca", "cn=*.contoso.com, o=contoso"))


@pytest.mark.parametrize(
    ("common_name", "domains"),
    [
        ("mail.contoso.com", ("mail.contoso.com",)),
        ("mbx01", ()),
        ("Contoso Inc. Mail", ()),
        ("Contoso Mail", ()),
    ],
)
def test_a_common_name_is_a_domain_if_it_looks_like_one(common_name: str, domains: tuple[str, ...]) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder(subject_name=name, issuer_name=name, public_key=key.public_key(), serial_number=1)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    assert certificate_from(selected(certificate.public_bytes(Encoding.DER)), SERVER).domains == domains


@pytest.mark.fact("cmdlets 10.9")
@pytest.mark.parametrize("status", CertificateStatus)
def test_reads_every_status_as_object_and_as_text(status: CertificateStatus) -> None:
    assert parse_status(status.value) is status
    assert parse_status(RemoteObject(text=status.value, number=1)) is status


@pytest.mark.parametrize("value", [None, "", "Excellent", RemoteObject(number=1)])
def test_a_status_that_is_not_understood_is_unknown(value: WireValue) -> None:
    assert parse_status(value) is CertificateStatus.UNKNOWN
