# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a .NET value is before it is serialized: its type, its text, its properties. How much of it crosses the wire is
decided by the encoding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias
from uuid import UUID


class Long(int):
    """A System.Int64, whatever its size."""


class Short(int):
    """A System.Int16."""


class Byte(int):
    """A System.Byte."""


@dataclass(frozen=True)
class DotNetEnum:
    """A member of an enum, or several of a flags enum: ``text`` is what ToString makes of it."""

    type_name: str
    text: str
    number: int


@dataclass(frozen=True, eq=False)
class DotNetList:
    """Anything that is enumerated: an array, a List, a MultiValuedProperty. ``type_names`` most derived first."""

    type_names: tuple[str, ...]
    items: tuple[Value, ...]


@dataclass(frozen=True, eq=False)
class DotNetMap:
    """A dictionary with text as keys."""

    type_names: tuple[str, ...]
    items: Mapping[str, Value]


@dataclass(frozen=True, eq=False)
class DotNetObject:
    """An object with properties.

    Attributes:
        type_names: Most derived first.
        text: What ToString makes of it; None for a property bag, which has none.
        properties: Of its class, in the class's order.
        type_table: What PowerShell's type table adds for the class.
        notes: Note properties of this instance.
        data: The object in .NET's binary format, which the property SerializationData of Exchange's own type table
            returns; None where nothing that the lab knows of reads it.
        serialized_as: The only properties of the class that the serializer writes, where a type table says so
            (SerializationMethod SpecificProperties).
    """

    type_names: tuple[str, ...]
    text: str | None = None
    properties: Mapping[str, Value] = field(default_factory=dict)
    type_table: Mapping[str, Value] = field(default_factory=dict)
    notes: Mapping[str, Value] = field(default_factory=dict)
    serialized_as: tuple[str, ...] | None = None
    data: bytes | None = None


@dataclass(frozen=True, eq=False)
class Noted:
    """A text, number or time that carries note properties, such as a line of Get-Content."""

    value: str | int | datetime
    notes: Mapping[str, Value]


Value: TypeAlias = (
    bool
    | int
    | float
    | str
    | bytes
    | datetime
    | UUID
    | DotNetEnum
    | DotNetList
    | DotNetMap
    | DotNetObject
    | Noted
    | None
)
"""A null is None; a GUID a UUID; every time is aware."""


def members(value: Value) -> Iterator[tuple[str, Value]]:
    """The properties that PowerShell sees of a value, notes first: they hide a property of the class."""
    match value:
        case DotNetObject():
            for group in (value.notes, value.type_table, value.properties):
                yield from group.items()
        case Noted():
            yield from value.notes.items()
            yield from members(value.value)
        case str():
            yield "Length", len(value)
        case DotNetList():
            yield "Count", len(value.items)


def member(value: Value, name: str) -> tuple[str, Value] | None:
    """The property of this name in any case, with the name as its class spells it; None when there is none."""
    wanted = name.casefold()
    return next((found for found in members(value) if found[0].casefold() == wanted), None)


def text_of(value: Value) -> str:
    """What PowerShell makes of a value where it needs a text; the empty text of null."""
    match value:
        case None:
            return ""
        case bool():
            return str(value)
        case DotNetObject():
            return value.type_names[0] if value.text is None else value.text
        case DotNetEnum():
            return value.text
        case Noted():
            return text_of(value.value)
        case DotNetList():
            return " ".join(text_of(item) for item in value.items)
        case DotNetMap():
            return value.type_names[0]
        case bytes():
            return " ".join(str(byte) for byte in value)
        case _:
            return str(value)
