# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SerializationData: the .NET object itself, which crosses the wire in sessions with ``serializationLevel=Full`` alone.

.NET's binary format (open specification [MS-NRBF]); of a certificate byte for byte as recorded from Exchange 2016 and
2019 (see tests/fixtures/clixml).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

_BEGIN = struct.pack("<Biiii", 0, 1, -1, 1, 0)
_END = b"\x0b"
_NULL = b"\x0a"
_ASSEMBLY = "Version=15.0.0.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35"
_MANAGEMENT = f"Microsoft.Exchange.Management, {_ASSEMBLY}"
_SYSTEM = "System, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b77a5c561934e089"
_TASKS = "Microsoft.Exchange.Management.SystemConfigurationTasks."
_IIS_SERVICE = f"{_TASKS}IisService"
_IIS_SERVICES = f"System.Collections.Generic.List`1[[{_IIS_SERVICE}, {_MANAGEMENT}]]"
_STATUS, _AUTHORITY, _SERVICES, _VALIDATION = (
    _TASKS + name for name in ("CertificateStatus", "CertificateAuthorityType", "AllowedServices", "UrlValidation")
)
_CAPACITY = 4  # of a List with its first items
# The specification's BinaryTypeEnumeration.
_PRIMITIVE, _TEXT, _SYSTEM_CLASS, _CLASS, _PRIMITIVES = 0, 1, 3, 4, 7
_BOOLEAN, _BYTE, _INT32 = 1, 2, 8
_MEMBERS = {
    "CertData": _PRIMITIVES,
    "SelfSigned": _PRIMITIVE,
    "Status": _CLASS,
    "RootCAType": _CLASS,
    "Services": _CLASS,
    "IISServices": _SYSTEM_CLASS,
    "PrivateKeyExportable": _PRIMITIVE,
    "Identity": _TEXT,
}


def nothing_of(type_name: str) -> bytes:
    """An object of a class without its members: nothing that the lab knows of reads them."""
    assembly = f"Microsoft.Exchange.Data, {_ASSEMBLY}"
    return (
        _BEGIN + _library(2, assembly) + struct.pack("<Bi", 5, 1) + _text(type_name) + struct.pack("<ii", 0, 2) + _END
    )


def certificate_data(
    stored: bytes,
    *,
    self_signed: bool,
    status: int,
    authority: int,
    services: int,
    sites: Sequence[str],
    exportable: bool,
    identity: str,
) -> bytes:
    """An ExchangeCertificate. ``stored`` is Windows' form of the certificate, ``sites`` like ``IIS://MBX01/W3SVC/1``."""
    enums = ((_STATUS, status), (_AUTHORITY, authority), (_SERVICES, services))
    details = [bytes((_BYTE, _BOOLEAN)), *(_text(name) + _int(2) for name, __ in enums)]
    details += [_text(_IIS_SERVICES), bytes((_BOOLEAN,))]
    written = [_BEGIN, _library(2, _MANAGEMENT), b"\x05" + _class(1, f"{_TASKS}ExchangeCertificate", list(_MEMBERS))]
    written += [bytes(_MEMBERS.values()), *details, _int(2)]
    written += [_reference(3), bytes((self_signed,))]
    written += [_enum(-4 - n, name, number) for n, (name, number) in enumerate(enums)]
    written += [_reference(7), bytes((exportable,)), b"\x06" + _int(8) + _text(identity)]
    written += [struct.pack("<BiiB", 15, 3, len(stored), _BYTE), stored, _iis_services(sites), _END]
    return b"".join(written)


def stored_certificate(encoded: bytes, sha1: bytes, md5: bytes, friendly_name: str, key: str | None) -> bytes:
    """A certificate with its properties, as CertSerializeCertificateStoreElement writes it.

    ``key`` is the provider that holds the key; None where there is none.
    """
    properties = {4: md5, 3: sha1}
    if friendly_name:
        properties[11] = _wide(friendly_name)
    if key is not None:
        container = _wide("te-00000000-0000-0000-0000-000000000000")
        properties[2] = struct.pack("<7I", 28, 28 + len(container), 12, 32, 0, 0, 1) + container + _wide(key)
    properties[32] = encoded
    return b"".join(struct.pack("<3I", number, 1, len(value)) + value for number, value in properties.items())


def _iis_services(sites: Sequence[str]) -> bytes:
    """A List of IisService with no URLs; numbers of objects continue from 9, those of values are negative."""
    first = 10
    array = f"{_IIS_SERVICE}[]"
    written = [
        b"\x04" + _class(7, _IIS_SERVICES, ("_items", "_size", "_version")),
        bytes((_CLASS, _PRIMITIVE, _PRIMITIVE)) + _text(array) + _int(2) + bytes((_INT32, _INT32)),
        _reference(9) + _int(len(sites)) + _int(1),
    ]
    capacity = max(_CAPACITY, len(sites)) if sites else 0
    written.append(b"\x07" + _int(9) + struct.pack("<BiiB", 0, 1, capacity, _CLASS) + _text(_IIS_SERVICE) + _int(2))
    written += [_reference(first + n) for n in range(len(sites))]
    if missing := capacity - len(sites):
        written.append(_NULL if missing == 1 else bytes((13, missing)))
    if sites:
        written.append(_library(first + len(sites), _SYSTEM))
    number = first + len(sites) + 1
    for n, site in enumerate(sites):
        if n == 0:
            written.append(_first_iis_service(first, first + len(sites)))
            declared = number + 1
        else:
            written.append(b"\x01" + _int(first + n) + _int(first))
        written += [b"\x06" + _int(number) + _text(site), _NULL]
        written.append(_enum(-declared, _VALIDATION, 0) if n == 0 else _next_enum(-number - 1, -declared, 0))
        written += [_NULL, _next_enum(-number - 2, -declared, 0)]
        number += 3
    return b"".join(written)


def _first_iis_service(number: int, system: int) -> bytes:
    """The first object of a class describes it for the others."""
    members = ("serviceName", "internalUrl", "internalUrlValid", "externalUrl", "externalUrlValid")
    url = _text("System.Uri") + _int(system) + _text(_VALIDATION) + _int(2)
    described = bytes((_TEXT, _CLASS, _CLASS, _CLASS, _CLASS)) + url + url
    return b"\x05" + _class(number, _IIS_SERVICE, members) + described + _int(2)


def _class(number: int, name: str, members: Sequence[str]) -> bytes:
    return _int(number) + _text(name) + _int(len(members)) + b"".join(map(_text, members))


def _enum(number: int, name: str, value: int) -> bytes:
    return b"\x05" + _class(number, name, ("value__",)) + bytes((_PRIMITIVE, _INT32)) + _int(2) + _int(value)


def _next_enum(number: int, like: int, value: int) -> bytes:
    return b"\x01" + _int(number) + _int(like) + _int(value)


def _library(number: int, name: str) -> bytes:
    return b"\x0c" + _int(number) + _text(name)


def _reference(number: int) -> bytes:
    return b"\x09" + _int(number)


def _int(number: int) -> bytes:
    return struct.pack("<i", number)


def _text(text: str) -> bytes:
    encoded = text.encode()
    length, rest = b"", len(encoded)
    while rest > 0x7F:
        length += bytes((rest & 0x7F | 0x80,))
        rest >>= 7
    return length + bytes((rest,)) + encoded


def _wide(text: str) -> bytes:
    return text.encode("utf-16-le") + b"\0\0"
