# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Distinguished names in the text form that .NET, and therefore Exchange, prints."""

from __future__ import annotations

import re

from cryptography import x509
from cryptography.x509.oid import NameOID

_LABELS = {
    "CN": NameOID.COMMON_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "L": NameOID.LOCALITY_NAME,
    "S": NameOID.STATE_OR_PROVINCE_NAME,
    "C": NameOID.COUNTRY_NAME,
    "DC": NameOID.DOMAIN_COMPONENT,
    "STREET": NameOID.STREET_ADDRESS,
    "SERIALNUMBER": NameOID.SERIAL_NUMBER,
    "E": NameOID.EMAIL_ADDRESS,
}
_PARTS = re.compile(r'\s*(?P<label>[A-Za-z]+)=(?:"(?P<quoted>(?:[^"]|"")*)"|(?P<plain>[^",]*))(?:,|$)')


def name_text(name: x509.Name) -> str:
    """The text of a name: most specific part first, ``S`` for a state, quoted where needed.

    ValueError for a part that has no label here, or more than one value.
    """
    labels = {oid: label for label, oid in _LABELS.items()}
    parts = []
    for rdn in reversed(name.rdns):
        attributes = list(rdn)
        if len(attributes) != 1 or attributes[0].oid not in labels:
            raise ValueError(f"{name.rfc4514_string()} has a part that this lab cannot print")
        parts.append(f"{labels[attributes[0].oid]}={_quoted(str(attributes[0].value))}")
    return ", ".join(parts)


def parse_name(text: str) -> x509.Name:
    """The name with this text; ValueError when the text is none."""
    attributes, position = [], 0
    while position < len(text):
        part = _PARTS.match(text, position)
        if part is None or part["label"].upper() not in _LABELS:
            raise ValueError(f"{text[position:].strip()!r} is no part of a distinguished name")
        value = part["plain"].strip() if part["quoted"] is None else part["quoted"].replace('""', '"')
        attributes.append(x509.NameAttribute(_LABELS[part["label"].upper()], value))
        position = part.end()
    return x509.Name(reversed(attributes))


def _quoted(value: str) -> str:
    if any(character in value for character in ',+"=<>#;\r\n') or value != value.strip():
        return '"' + value.replace('"', '""') + '"'
    return value
