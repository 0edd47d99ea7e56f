# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SerializationData of certificates, byte for byte as it was recorded."""

from __future__ import annotations

import re
import struct
from base64 import b64decode
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest
from exchange_lab.objects.serialization_data import certificate_data, stored_certificate

from .conftest import FIXTURES

SIGNATURE = b"#sig#"


def recorded() -> Iterator[tuple[str, bytes]]:
    for path in sorted(FIXTURES.glob("*ExchangeCertifi*.xml")):
        for element in ElementTree.parse(path).getroot().iter():
            if element.attrib.get("N") == "SerializationData":
                data = b64decode(element.text or "")
                if data.startswith(SIGNATURE):
                    (length,) = struct.unpack_from("<i", data, len(SIGNATURE))
                    data = data[9 : 9 + length]
                yield path.stem, data


RECORDED = list(recorded())


@pytest.mark.parametrize(("name", "data"), RECORDED, ids=[name for name, __ in RECORDED])
def test_the_same_bytes(name: str, data: bytes) -> None:
    # The facts are looked up in the bytes; everything around them must be ours.
    members, content = data.split(b"\x0f\x03\x00\x00\x00", 1)
    (length,) = struct.unpack_from("<i", content)
    values = [
        struct.unpack("<i", each)[0] for each in re.findall(rb"value__\0\x08\x02\0\0\0(.{4})", members, re.DOTALL)
    ]
    is_self_signed = re.search(rb"\x02\0\0\0\x09\x03\0\0\0(.)\x05\xfc\xff\xff\xff", members, re.DOTALL)
    last = re.search(rb"\x09\x07\0\0\0(.)\x06\x08\0\0\0.(.*)$", members, re.DOTALL)
    assert is_self_signed is not None
    assert last is not None
    ours = certificate_data(
        content[5 : 5 + length],
        self_signed=is_self_signed[1] == b"\1",
        status=values[0],
        authority=values[1],
        services=values[2],
        sites=[each.decode() for each in re.findall(rb"IIS://[\w-]+/W3SVC/\d", content[5 + length :])],
        exportable=last[1] == b"\1",
        identity=last[2].decode(),
    )
    assert ours == data, name


def test_all_shapes_were_recorded() -> None:
    assert {len(re.findall(rb"IIS://", data)) for __, data in RECORDED} == {0, 1, 2}


def test_a_certificate_without_a_key_names_no_provider() -> None:
    assert numbers(stored_certificate(b"DER", b"1", b"5", "Wildcard", "Provider")) == [4, 3, 11, 2, 32]
    assert numbers(stored_certificate(b"DER", b"1", b"5", "", None)) == [4, 3, 32]


def numbers(stored: bytes) -> list[int]:
    found = []
    while stored:
        number, __, length = struct.unpack_from("<3I", stored)
        found.append(number)
        stored = stored[12 + length :]
    return found
