# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of certificates: distinguished names as .NET writes them, ``<I>…<S>…``, thumbprints and serial numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True)
class CertificateName:
    """A connector's TlsCertificateName, ``<I>issuer<S>subject``: it names certificates, it does not identify one.

    ``issuer`` is None where the name has no ``<I>`` part: then any issuer matches.
    """

    issuer: str | None
    subject: str

    def __str__(self) -> str:
        """Return the text that Exchange shows and takes."""
        return f"<S>{self.subject}" if self.issuer is None else f"<I>{self.issuer}<S>{self.subject}"


_CERTIFICATE_NAME: Final = re.compile(
    r"\s*(?:<I>(?P<issuer>.*?))?<S>(?P<subject>.*\S)\s*", flags=re.IGNORECASE | re.DOTALL
)


def parse_certificate_name(text: str) -> CertificateName:
    """Read ``<I>issuer<S>subject``, the issuer optional, as Exchange does (published analysis of Exchange 2013 CU23).

    Raises:
        ValueError: anything else.
    """
    found = _CERTIFICATE_NAME.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not of the form <I>issuer<S>subject")
    return CertificateName((found["issuer"] or "").strip() or None, found["subject"].strip())


def same_name(one: str, other: str, *, match_case: bool) -> bool:
    """Compare two names in .NET's form.

    The transport service ignores case when it picks a certificate; Set-SendConnector does not when it checks that the
    certificate is enabled for SMTP (published analysis of Exchange 2013 CU23).
    """
    return one == other if match_case else one.lower() == other.lower()


# The short names of Windows' CertNameToStr; every other attribute is written as ``OID.`` and its number.
_ATTRIBUTES: Final = {
    "2.5.4.3": "CN",
    "2.5.4.4": "SN",
    "2.5.4.5": "SERIALNUMBER",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "S",
    "2.5.4.9": "STREET",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.12": "T",
    "2.5.4.13": "Description",
    "2.5.4.17": "PostalCode",
    "2.5.4.18": "POBox",
    "2.5.4.20": "Phone",
    "2.5.4.42": "G",
    "2.5.4.43": "I",
    "2.5.4.46": "dnQualifier",
    "0.9.2342.19200300.100.1.25": "DC",
    "1.2.840.113549.1.9.1": "E",
}
_NEEDS_QUOTES: Final = re.compile(r'^\s|\s$|[,+="\n<>#;]')


def distinguished_name(name: Any) -> str:
    """Write a ``cryptography.x509.Name`` as .NET's X509Certificate2 does: ``CN=…, OU=…, O=…, S=…``, last RDN first."""
    return ", ".join(" + ".join(_attribute(attribute) for attribute in rdn) for rdn in reversed(name.rdns))


def _attribute(attribute: Any) -> str:
    oid, value = attribute.oid.dotted_string, attribute.value
    if not isinstance(value, str):
        # Hex without quotes: a text that begins with # has them, so that it is not taken for hex.
        value = f"#{value.hex().upper()}"
    elif _NEEDS_QUOTES.search(value):
        value = '"' + value.replace('"', '""') + '"'
    return f"{_ATTRIBUTES.get(oid, f'OID.{oid}')}={value}"


# Copied from a Windows dialog a thumbprint has blanks, and an invisible mark of writing direction in front.
_DECORATION: Final = re.compile("[\\s:\u200e\u200f\ufeff]+")
_THUMBPRINT: Final = re.compile("[0-9A-F]{40}")


def thumbprint_from(text: str) -> str:
    """Return a thumbprint as 40 upper-case hex digits, whatever blanks, colons and case it was written with.

    Raises:
        ValueError: not 40 hex digits.
    """
    thumbprint = _DECORATION.sub("", text).upper()
    if not _THUMBPRINT.fullmatch(thumbprint):
        raise ValueError(f"{text!r} is not a thumbprint: 40 hexadecimal digits")
    return thumbprint


def same_serial_number(one: str, other: str) -> bool:
    """Compare serial numbers in hex; some writers put a zero byte in front of a high first digit, some do not."""
    return _DECORATION.sub("", one).upper().lstrip("0") == _DECORATION.sub("", other).upper().lstrip("0")
