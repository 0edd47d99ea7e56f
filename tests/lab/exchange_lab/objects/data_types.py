# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The value types that properties of Exchange's objects have.

Names, texts and properties as recorded from Exchange 2016 and 2019 (test data of the public repository
microsoft/CSS-Exchange).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from datetime import timedelta

from .values import Byte, DotNetEnum, DotNetList, DotNetObject, Long, Value

DATA = "Microsoft.Exchange.Data."
_ASSEMBLY = "Version=15.0.0.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35"
_STRING = "System.String, mscorlib, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b77a5c561934e089"
_INT32 = "System.Int32, mscorlib, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b77a5c561934e089"
_BYTES = f"{DATA}ByteQuantifiedSize, Microsoft.Exchange.Data, {_ASSEMBLY}"
_UNITS = ((2**40, "TB"), (2**30, "GB"), (2**20, "MB"), (2**10, "KB"))


def multi_valued(item_type: str, items: Iterable[Value]) -> DotNetList:
    """A MultiValuedProperty of a type of Microsoft.Exchange.Data, named without that prefix."""
    argument = f"{DATA}{item_type}, Microsoft.Exchange.Data, {_ASSEMBLY}"
    return _multi_valued(f"{DATA}MultiValuedProperty`1[[{argument}]]", items)


def multi_valued_text(items: Iterable[str]) -> DotNetList:
    return _multi_valued(f"{DATA}MultiValuedProperty`1[[{_STRING}]]", items)


def multi_valued_ids(items: Iterable[Value]) -> DotNetList:
    """Ids of directory objects."""
    argument = f"{DATA}Directory.ADObjectId, Microsoft.Exchange.Data.Directory, {_ASSEMBLY}"
    directory_type = f"{DATA}Directory.ADMultiValuedProperty`1[[{argument}]]"
    return _multi_valued(f"{DATA}MultiValuedProperty`1[[{argument}]]", items, directory_type)


def network_addresses(items: Iterable[Value]) -> DotNetList:
    """The addresses of a server."""
    argument = f"{DATA}NetworkAddress, Microsoft.Exchange.Data, {_ASSEMBLY}"
    collection = f"{DATA}ProtocolAddressCollection`1[[{argument}]]"
    return _multi_valued(
        f"{DATA}MultiValuedProperty`1[[{argument}]]", items, f"{DATA}NetworkAddressCollection", collection
    )


def generic_list(item_type: str, assembly: str, items: Iterable[Value]) -> DotNetList:
    """A System.Collections.Generic.List of an Exchange type, with the assembly that defines it."""
    argument = f"{item_type}, {assembly}, {_ASSEMBLY}"
    return DotNetList((f"System.Collections.Generic.List`1[[{argument}]]", "System.Object"), tuple(items))


def _multi_valued(type_name: str, items: Iterable[Value], *derived: str) -> DotNetList:
    return DotNetList((*derived, type_name, f"{DATA}MultiValuedPropertyBase", "System.Object"), tuple(items))


def fqdn(name: str) -> DotNetObject:
    return DotNetObject((f"{DATA}Fqdn", f"{DATA}SmtpDomain", "System.Object"), name, {"Domain": name})


def smtp_domain_with_subdomains(name: str) -> DotNetObject:
    """``*.contoso.com`` means the domain's subdomains, ``*`` every domain."""
    includes = name.startswith("*.")
    domain = name.removeprefix("*.")
    properties: dict[str, Value] = {
        "Address": name,
        "IncludeSubDomains": includes,
        "Domain": domain,
        "SmtpDomain": domain,
        "IsStar": name == "*",
    }
    return DotNetObject((f"{DATA}SmtpDomainWithSubdomains", "System.Object"), name, properties)


def smtp_x509_identifier(text: str) -> DotNetObject:
    """A TlsCertificateName: ``<I>issuer<S>subject``, or ``<S>subject``."""
    issuer, __, subject = text.removeprefix("<I>").rpartition("<S>")
    common_name = re.search(r"(?:^|,)\s*CN=([^,]+)", subject)
    properties: dict[str, Value] = {
        "CertificateSubject": subject,
        "CertificateIssuer": issuer or None,
        "SubjectCommonName": common_name[1] if common_name else None,
    }
    return DotNetObject((f"{DATA}SmtpX509Identifier", "System.Object"), text, properties)


def ip_address(text: str) -> DotNetObject:
    """An address. Which of its properties can be read depends on the family."""
    address = ipaddress.ip_address(text)
    own: dict[str, Value] = (
        {"Address": Long(int.from_bytes(address.packed, "little")), "AddressFamily": "InterNetwork"}
        if address.version == 4
        else {"AddressFamily": "InterNetworkV6", "ScopeId": Long(0)}
    )
    properties: dict[str, Value] = {
        **own,
        "IsIPv6Multicast": False,
        "IsIPv6LinkLocal": False,
        "IsIPv6SiteLocal": False,
        "IsIPv6Teredo": False,
        "IsIPv4MappedToIPv6": False,
    }
    return DotNetObject(("System.Net.IPAddress", "System.Object"), text, properties, {"IPAddressToString": text})


def ip_binding(text: str) -> DotNetObject:
    """``0.0.0.0:25`` or ``[::]:25``."""
    host, __, port = text.rpartition(":")
    address = ip_address(host.strip("[]"))
    properties: dict[str, Value] = {
        "Port": int(port),
        "AddressFamily": address.properties["AddressFamily"],
        "Address": address,
    }
    type_names = (f"{DATA}IPBinding", "System.Net.IPEndPoint", "System.Net.EndPoint", "System.Object")
    return DotNetObject(type_names, text, properties)


def ip_range(lower: str, upper: str, size: str) -> DotNetObject:
    text = f"{lower}-{upper}"
    properties: dict[str, Value] = {
        "LowerBound": lower,
        "UpperBound": upper,
        "RangeFormat": "LoHi",
        "Size": size,
        "Expression": text,
    }
    return DotNetObject((f"{DATA}IPRange", "System.Object"), text, properties)


def domain_capabilities(text: str) -> DotNetObject:
    """What a Receive connector grants to a domain: ``fabrikam.com:AcceptCloudServicesMail``."""
    domain, __, capabilities = text.rpartition(":")
    properties: dict[str, Value] = {"Domain": domain, "Capabilities": capabilities, "SmtpX509Identifier": None}
    return DotNetObject((f"{DATA}SmtpReceiveDomainCapabilities", "System.Object"), text, properties)


def smart_host(name: str) -> DotNetObject:
    properties: dict[str, Value] = {"Address": ip_address("0.0.0.0"), "IsIPAddress": False, "Domain": name}
    return DotNetObject((f"{DATA}SmartHost", "System.Object"), name, properties)


def address_space(text: str) -> DotNetObject:
    """``SMTP:*.contoso.com;1``: type, domain and cost."""
    kind, __, rest = text.partition(":")
    address, __, cost = rest.partition(";")
    properties: dict[str, Value] = {
        "Address": address,
        "Type": kind,
        "Cost": int(cost),
        "IncludeSubDomains": address.startswith("*"),
        "Domain": address.removeprefix("*.") if address != "*" else address,
        "IsSmtpType": True,
        "IsX400Type": False,
        "X400Address": None,
    }
    return DotNetObject((f"{DATA}AddressSpace", "System.Object"), text, properties)


def byte_quantified_text(size: int) -> str:
    """``35 MB (36,700,160 bytes)``: with up to three decimals of the largest unit that fits."""
    for unit, name in _UNITS:
        if size >= unit:
            return f"{size / unit:.4g} {name} ({size:,} bytes)"
    return f"{size} B ({size:,} bytes)"


def byte_quantified(size: int) -> DotNetObject:
    return DotNetObject((f"{DATA}ByteQuantifiedSize", "System.ValueType", "System.Object"), byte_quantified_text(size))


def unlimited_size(size: int | None) -> DotNetObject:
    """A size in bytes, or Unlimited."""
    text = "Unlimited" if size is None else byte_quantified_text(size)
    properties: dict[str, Value] = {"IsUnlimited": size is None}
    if size is not None:
        properties["Value"] = byte_quantified(size)
    return _unlimited(_BYTES, text, properties)


def unlimited_number(number: int | None) -> DotNetObject:
    properties: dict[str, Value] = {"IsUnlimited": number is None}
    if number is not None:
        properties["Value"] = number
    return _unlimited(_INT32, "Unlimited" if number is None else str(number), properties)


def _unlimited(argument: str, text: str, properties: dict[str, Value]) -> DotNetObject:
    return DotNetObject((f"{DATA}Unlimited`1[[{argument}]]", "System.ValueType", "System.Object"), text, properties)


def enhanced_time_span(span: timedelta) -> DotNetObject:
    seconds = int(span.total_seconds())
    days, rest = divmod(seconds, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    text = f"{f'{days}.' if days else ''}{hours:02}:{minutes:02}:{rest:02}"
    properties: dict[str, Value] = {
        "Days": days,
        "Hours": hours,
        "Milliseconds": 0,
        "Minutes": minutes,
        "Seconds": rest,
        "Ticks": Long(seconds * 10_000_000),
        "TotalDays": seconds / 86400,
        "TotalHours": seconds / 3600,
        "TotalMilliseconds": seconds * 1000.0,
        "TotalMinutes": seconds / 60,
        "TotalSeconds": float(seconds),
        "Sign": int(seconds > 0),
    }
    return DotNetObject((f"{DATA}EnhancedTimeSpan", "System.ValueType", "System.Object"), text, properties)


def server_version(text: str) -> DotNetObject:
    """``15.2 (Build 986.5)``."""
    numbers = re.fullmatch(r"(\d+)\.(\d+) \(Build (\d+)\.(\d+)\)", text)
    if numbers is None:
        raise ValueError(f"{text!r} is no version of Exchange")
    properties: dict[str, Value] = dict(
        zip(("Major", "Minor", "Build", "Revision"), map(int, numbers.groups()), strict=True)
    )
    properties["FilePatchLevelDescription"] = None
    return DotNetObject((f"{DATA}ServerVersion", "System.Object"), f"Version {text}", properties)


def object_version() -> DotNetObject:
    """ExchangeVersion 0.1: that of Exchange 2007, which connectors and servers still carry."""
    properties: dict[str, Value] = {
        "NextMajorVersion": "1.0 (0.0.0.0)",
        "NextMinorVersion": "0.2 (0.0.0.0)",
        "Major": Byte(0),
        "Minor": Byte(1),
        "ExchangeBuild": "8.0.535.0",
    }
    return DotNetObject((f"{DATA}ExchangeObjectVersion", "System.Object"), "0.1 (8.0.535.0)", properties)


def local_path(path: str) -> DotNetObject:
    """A path on a disk of the server."""
    properties: dict[str, Value] = {"PathName": path, "IsLocalFull": True, "IsUnc": False, "DriveName": path[:2]}
    return DotNetObject((f"{DATA}LocalLongFullPath", f"{DATA}LongPath", "System.Object"), path, properties)


def data_enum(type_name: str, text: str, number: int) -> DotNetEnum:
    """A member of an enum of Microsoft.Exchange.Data, named without that prefix."""
    return DotNetEnum(DATA + type_name, text, number)
