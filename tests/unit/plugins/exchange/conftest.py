# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects recorded from real Exchange servers, and real excerpts of protocol logs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import RemoteObject, WireValue
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.clixml import make_reader
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.values import from_wire

FIXTURES = Path(__file__).parents[3] / "fixtures"

Recorded = Callable[[str], list[RemoteObject]]


@pytest.fixture(scope="session")
def recorded() -> Recorded:
    """Read a recording as a session of ours would: with the reader and the values of the remoting layer."""

    def read(name: str) -> list[RemoteObject]:
        text = (FIXTURES / "clixml" / f"{name}.xml").read_text(encoding="utf-8-sig")
        root = ElementTree.fromstring(text.replace(' xmlns="http://schemas.microsoft.com/powershell/2004/04"', ""))
        reader = make_reader()
        values = [from_wire(reader.deserialize(child, clear=False)) for child in root]
        assert values, f"{name} holds no object"
        return [value for value in values if isinstance(value, RemoteObject)]

    return read


@pytest.fixture(scope="session")
def over_the_wire() -> Callable[[RemoteObject], RemoteObject]:
    """Flatten a recording, made with depth 2, as PSRP's depth 1 and Exchange's default serialization level do.

    Nested objects and enums become their text, lists keep their items as text, SerializationData is not there.
    """

    def flat(value: WireValue) -> WireValue:
        if not isinstance(value, RemoteObject):
            return value
        if value.text is None:
            return RemoteObject(type_names=value.type_names, items=tuple(flat(item) for item in value.items))
        return value.text

    def flatten(source: RemoteObject) -> RemoteObject:
        kept = {name: flat(value) for name, value in source.properties.items() if name != "SerializationData"}
        return RemoteObject(type_names=source.type_names, text=source.text, properties=kept)

    return flatten


@pytest.fixture(scope="session")
def log_excerpt() -> Callable[[str], bytes]:
    """Return a real excerpt of a protocol log by the beginning of its file name."""

    def read(name: str) -> bytes:
        (path,) = (FIXTURES / "protocol-logs").glob(f"{name}*.log")
        return path.read_bytes()

    return read
