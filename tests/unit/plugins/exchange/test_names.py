# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of certificates: as .NET writes them, as connectors hold them, and how they are compared."""

from __future__ import annotations

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.names import (
    CertificateName,
    distinguished_name,
    parse_certificate_name,
    same_name,
    same_serial_number,
    thumbprint_from,
)
from cryptography import x509
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID, ObjectIdentifier
from hypothesis import given
from hypothesis import strategies as st

THUMBPRINT = "3F9C1A7E5B2D4C6F8A9B0C1D2E3F4A5B6C7D8E9F"


def name(*attributes: tuple[ObjectIdentifier, str]) -> x509.Name:
    """Encode a name in the order of the certificate, the country first."""
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes])


def test_writes_names_last_part_first_with_windows_short_names() -> None:
    encoded = name(
        (NameOID.COUNTRY_NAME, "US"),
        (NameOID.STATE_OR_PROVINCE_NAME, "DE"),
        (NameOID.LOCALITY_NAME, "Wilmington"),
        (NameOID.ORGANIZATION_NAME, "Corporation Service Company"),
        (NameOID.COMMON_NAME, "Trusted Secure Certificate Authority 5"),
        (NameOID.EMAIL_ADDRESS, "ca@example.com"),
    )
    assert distinguished_name(encoded) == (
        "E=ca@example.com, CN=Trusted Secure Certificate Authority 5, O=Corporation Service Company, "
        "L=Wilmington, S=DE, C=US"
    )


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("DigiCert, Inc.", '"DigiCert, Inc."'),
        ('The "Company"', '"The ""Company"""'),
        (" padded", '" padded"'),
        ("a=b", '"a=b"'),
        ("#01AB", '"#01AB"'),
        ("Müller & Söhne", "Müller & Söhne"),
    ],
)
def test_quotes_values_as_windows_does(value: str, written: str) -> None:
    assert distinguished_name(name((NameOID.ORGANIZATION_NAME, value))) == f"O={written}"


def test_writes_attributes_without_a_short_name_by_their_number() -> None:
    encoded = name(
        (NameOID.JURISDICTION_COUNTRY_NAME, "DE"),
        (NameOID.SERIAL_NUMBER, "HRB 1"),
        (NameOID.BUSINESS_CATEGORY, "Private Organization"),
    )
    assert distinguished_name(encoded) == (
        "OID.2.5.4.15=Private Organization, SERIALNUMBER=HRB 1, OID.1.3.6.1.4.1.311.60.2.1.3=DE"
    )


def test_writes_a_value_that_is_no_text_in_hex() -> None:
    bits = x509.NameAttribute(NameOID.X500_UNIQUE_IDENTIFIER, b"\x01\xab", _ASN1Type.BitString)
    assert distinguished_name(x509.Name([bits])) == "OID.2.5.4.45=#01AB"


def test_joins_a_part_of_several_attributes_with_plus() -> None:
    part = x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.COMMON_NAME, "a")])
    both = x509.RelativeDistinguishedName(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "b"), x509.NameAttribute(NameOID.USER_ID, "c")]
    )
    assert distinguished_name(x509.Name([both, part])).startswith("CN=a, ")
    assert set(distinguished_name(x509.Name([both])).split(" + ")) == {"O=b", "OID.0.9.2342.19200300.100.1.1=c"}


@pytest.mark.parametrize(
    ("text", "issuer", "subject"),
    [
        ("<I>CN=Example CA, C=US<S>CN=mail.contoso.com", "CN=Example CA, C=US", "CN=mail.contoso.com"),
        ("<i>CN=Example CA<s>CN=mail.contoso.com", "CN=Example CA", "CN=mail.contoso.com"),
        ("<S>CN=mail.contoso.com", None, "CN=mail.contoso.com"),
        ("<I><S>CN=mail.contoso.com", None, "CN=mail.contoso.com"),
        (" <I> CN=a <S> CN=b ", "CN=a", "CN=b"),
    ],
)
def test_reads_the_name_that_a_connector_holds(text: str, issuer: str | None, subject: str) -> None:
    assert parse_certificate_name(text) == CertificateName(issuer, subject)


@pytest.mark.parametrize("text", ["", "CN=mail.contoso.com", "<I>CN=Example CA", "<S>", "<I>CN=a<S> ", "x<S>CN=a"])
def test_refuses_what_names_no_subject(text: str) -> None:
    with pytest.raises(ValueError, match="is not of the form"):
        parse_certificate_name(text)


dn_text = st.text(st.characters(exclude_characters="<>", exclude_categories=["Cs"]), min_size=1).filter(
    lambda text: text == text.strip() and text != ""
)


@given(st.none() | dn_text, dn_text)
def test_a_name_is_read_back_as_it_is_written(issuer: str | None, subject: str) -> None:
    assert parse_certificate_name(str(CertificateName(issuer, subject))) == CertificateName(issuer, subject)


def test_the_transport_service_ignores_case_and_set_sendconnector_does_not() -> None:
    assert same_name("CN=Mail.Contoso.com", "cn=mail.contoso.com", match_case=False)
    assert not same_name("CN=Mail.Contoso.com", "CN=mail.contoso.com", match_case=True)
    assert not same_name("CN=straße.de", "CN=strasse.de", match_case=False)


@pytest.mark.parametrize(
    "text",
    [
        THUMBPRINT.lower(),
        "3F 9C 1A 7E 5B 2D 4C 6F 8A 9B 0C 1D 2E 3F 4A 5B 6C 7D 8E 9F",
        "3f:9c:1a:7e:5b:2d:4c:6f:8a:9b:0c:1d:2e:3f:4a:5b:6c:7d:8e:9f",
        f"\u200e{THUMBPRINT}\n",
    ],
)
def test_thumbprints_are_40_upper_case_digits_however_they_were_copied(text: str) -> None:
    assert thumbprint_from(text) == THUMBPRINT


@pytest.mark.parametrize("text", ["", THUMBPRINT[:-1], THUMBPRINT + "0", "G" + THUMBPRINT[1:], "x" * 40, "３" * 40])
def test_refuses_what_is_no_thumbprint(text: str) -> None:
    with pytest.raises(ValueError, match="is not a thumbprint"):
        thumbprint_from(text)


def test_serial_numbers_are_the_same_with_and_without_the_sign_byte() -> None:
    assert same_serial_number("00C3A1", "c3a1")
    assert same_serial_number("0A1B", "A1B")
    assert not same_serial_number("C3A1", "C3A10")
