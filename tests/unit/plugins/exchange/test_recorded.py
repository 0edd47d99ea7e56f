# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every recording of a real server is read whole, and by the readers of what it holds.

What must arrive is told by the XML itself, walked here without any of our code and without pypsrp.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.certificate import certificate_from
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.connector import send_connector_from
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.server import component_state_from, server_from
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import RemoteObject, WireValue

Recorded = Callable[[str], list[RemoteObject]]

FIXTURES = Path(__file__).parents[3] / "fixtures" / "clixml"
RECORDINGS = sorted(path.stem for path in FIXTURES.glob("*.xml"))
SERVER = "server.test"
READERS: dict[str, Callable[[RemoteObject], Any]] = {
    "ExchangeCertificate": lambda source: certificate_from(source, SERVER),
    "X509Certificate2": lambda source: certificate_from(source, SERVER),
    "SmtpSendConnectorConfig": send_connector_from,
    "ExchangeServer": server_from,
    "ServerComponentStatePresentationObject": component_state_from,
}
"""Which reader is for which class, by its name without the namespace."""


@pytest.mark.parametrize("name", RECORDINGS)
def test_nothing_that_was_recorded_is_lost(name: str, recorded: Recorded) -> None:
    document = Document(FIXTURES / f"{name}.xml")
    read = recorded(name)
    assert len(read) == len(document.objects)
    for element, value in zip(document.objects, read, strict=True):
        assert typed(flat(value)) == typed(document.flat(element))


@pytest.mark.parametrize("name", RECORDINGS)
def test_every_class_that_has_a_reader_is_read(
    name: str, recorded: Recorded, over_the_wire: Callable[[RemoteObject], RemoteObject]
) -> None:
    for source in recorded(name):
        reader = READERS.get(source.type_names[0].rpartition(".")[2])
        if reader is not None:
            # The same, whether nested values came whole, as in the recordings, or as text, as by default.
            whole = reader(source)
            assert whole == reader(over_the_wire(source))
            # And nothing that the reader tells comes from what our own shell would add.
            added = ("PSComputerName", "RunspaceId", "PSShowComputerName")
            kept = {key: value for key, value in source.properties.items() if key not in added}
            assert whole == reader(replace(source, properties=kept))


def test_every_reader_has_a_recording(recorded: Recorded) -> None:
    seen = {source.type_names[0].rpartition(".")[2] for name in RECORDINGS for source in recorded(name)}
    assert READERS.keys() <= seen


def typed(pairs: Iterator[tuple[str, object]]) -> dict[str, tuple[type, object]]:
    """By path; with the type, because True is 1 in Python."""
    return {path: (type(value), value) for path, value in pairs}


def flat(value: WireValue, path: str = "") -> Iterator[tuple[str, object]]:
    """What the client made of a value, by path, such as ``/SmartHosts[0]/Domain`` and ``/SmartHosts:types``."""
    if not isinstance(value, RemoteObject):
        yield path, value
        return
    yield f"{path}:types", value.type_names
    yield f"{path}:text", value.text
    yield f"{path}:number", value.number
    for name, each in value.properties.items():
        yield from flat(each, f"{path}/{name}")
    for index, item in enumerate(value.items):
        yield from flat(item, f"{path}[{index}]")


class Document:
    """A recording as XML."""

    def __init__(self, path: Path) -> None:
        root = ElementTree.parse(path).getroot()
        for element in root.iter():
            element.tag = element.tag.rpartition("}")[2]
        self._objects = {each.attrib["RefId"]: each for each in root.iter("Obj")}
        self._types = {
            each.attrib["RefId"]: tuple((name.text or "").removeprefix("Deserialized.") for name in each)
            for each in root.iter("TN")
        }
        self.objects = list(root)

    def flat(self, element: Element, path: str = "") -> Iterator[tuple[str, object]]:
        """What stands in an element, by path."""
        if element.tag == "Ref":
            element = self._objects[element.attrib["RefId"]]
        if element.tag != "Obj":
            yield path, PRIMITIVES[element.tag](element.text or "")
            return
        parts = {each.tag: each for each in element}
        names = parts.pop("TN", parts.pop("TNRef", None))
        yield f"{path}:types", () if names is None else self._types[names.attrib["RefId"]]
        text = parts.pop("ToString", None)
        yield f"{path}:text", None if text is None else unescaped(text.text or "")
        properties = {each.attrib["N"]: each for tag in ("Props", "MS") for each in parts.pop(tag, ())}
        items = parts.pop("LST", ())
        # What is left is the primitive value that the object derives from.
        numbers = [int(each.text or "") for each in parts.values()]
        yield f"{path}:number", numbers[0] if numbers else None
        for name, each in properties.items():
            yield from self.flat(each, f"{path}/{name}")
        for index, item in enumerate(items):
            yield from self.flat(item, f"{path}[{index}]")


def unescaped(text: str) -> str:
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), text)


PRIMITIVES: dict[str, Callable[[str], object]] = {
    "Nil": lambda _: None,
    "S": unescaped,
    "B": lambda text: text == "true",
    **dict.fromkeys(("I32", "I64", "U32", "By"), int),
    "Db": float,
    # A date and a GUID as they were sent.
    **dict.fromkeys(("DT", "G"), str),
    "BA": b64decode,
}
