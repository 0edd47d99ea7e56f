# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CLIXML, recorded or our own, as flat lists of facts that can be compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from exchange_lab.objects import Profile, Value, encode
from psrpcore import ClientRunspacePool
from psrpcore.types import serialize_clixml

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures" / "clixml"
_ADDED_BY_THE_CLIENT = ("PSComputerName", "RunspaceId", "PSShowComputerName")
_ABSENT_IN_PARTIAL = ("SerializationData",)
_NUMBERS = ("I32", "I64")


class Fact(NamedTuple):
    """What stands at one place: type names of an object, or the tag of a primitive value; text; an enum's number."""

    types: tuple[str, ...] | str
    text: str = ""
    number: str | None = None


Facts = dict[str, Fact]
"""By path, such as ``/SmartHosts[0]/Domain``."""


class Document:
    """The objects of one CLIXML document, without what PowerShell's client adds to them."""

    def __init__(self, root: ElementTree.Element) -> None:
        for element in root.iter():
            element.tag = element.tag.rpartition("}")[2]
        self._referred = {each.attrib["RefId"]: each for each in root.iter("Obj")}
        self._types = {
            each.attrib["RefId"]: tuple((name.text or "").removeprefix("Deserialized.") for name in each)
            for each in root.iter("TN")
        }
        self.objects = list(root)

    @classmethod
    def recorded(cls, name: str) -> Document:
        return cls(ElementTree.parse(FIXTURES / name).getroot())

    @classmethod
    def written(cls, values: Iterable[Value], profile: Profile, depth: int) -> Document:
        """Our objects as they are written at a depth; the recordings were made with depth 2."""
        encoded = [encode(each, profile, depth) for each in values]
        return cls(ElementTree.fromstring(serialize_clixml(encoded, ClientRunspacePool())))

    def facts(self, number: int = 0) -> Facts:
        return dict(self._walk(self.objects[number], ""))

    def _walk(self, element: ElementTree.Element, path: str) -> Iterator[tuple[str, Fact]]:
        if element.tag == "Ref":
            yield from self._walk(self._referred[element.attrib["RefId"]], path)
        elif element.tag != "Obj":
            yield path, Fact(element.tag, element.text or "")
        else:
            yield path, self._fact(element)
            for group in (*element.findall("Props"), *element.findall("MS")):
                for each in group:
                    if each.attrib["N"] not in _ADDED_BY_THE_CLIENT + _ABSENT_IN_PARTIAL:
                        yield from self._walk(each, f"{path}/{each.attrib['N']}")
            for index, item in enumerate(element.findall("LST/*")):
                yield from self._walk(item, f"{path}[{index}]")

    def _fact(self, element: ElementTree.Element) -> Fact:
        reference = next(each for each in element if each.tag in ("TN", "TNRef"))
        text = element.findtext("ToString") or ""
        number = next((each.text for each in element if each.tag in _NUMBERS), None)
        text = text.replace("_x000D_", "\r").replace("_x000A_", "\n")
        return Fact(self._types[reference.attrib["RefId"]], text, number)
