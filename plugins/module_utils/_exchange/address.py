# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses as Exchange writes them: an IPv6 address and its port stand together without brackets as well."""

from __future__ import annotations

from ipaddress import ip_address


def endpoint_address(endpoint: str) -> str:
    """Return the address of ``10.0.0.1:25``, ``[2001:db8::25]:25``, ``2001:db8::25:25``, or of an address alone."""
    bare = endpoint.strip().rstrip(".,;")
    if bare.startswith("["):
        return bare[1:].partition("]")[0]
    address, separator, port = bare.rpartition(":")
    if not separator:
        return bare
    return address if port.isdecimal() and (_is_address(address) or not _is_address(bare)) else bare


def is_ipv6(address: str) -> bool:
    """Tell whether a text is an IPv6 address."""
    return _is_address(address) and ip_address(address).version == 6


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
