# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values as PowerShell's serializer writes them: how deep depends on the place of a value and on a type table.

The rules are those of the public source of PowerShell (serialization.cs, serialization depth of remoting: 1):

- null and primitive values are written as they are, at any depth; lists and dictionaries too, with their own depth for
  what they hold;
- anything else is written as its text at depth 0, else with its properties;
- the properties of a class, and those that a type table adds, have one depth less than their object; note properties of
  an instance keep its depth. This is why an enum arrives whole from Select-Object, and as text from the cmdlet;
- a type table can set the depth of a type, and which of its properties are written.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psrpcore.types import (
    PSByte,
    PSCustomObject,
    PSDateTime,
    PSDict,
    PSDouble,
    PSEnumBase,
    PSInt,
    PSInt16,
    PSInt64,
    PSList,
    PSNoteProperty,
    PSObject,
    PSString,
    PSType,
)

from ..wire.errors import escaped
from .serialization_data import nothing_of
from .values import Byte, DotNetEnum, DotNetList, DotNetMap, DotNetObject, Long, Noted, Short, Value, text_of

REMOTING_DEPTH = 1
_SIZED = {Long: PSInt64, Short: PSInt16, Byte: PSByte}


@dataclass(frozen=True)
class Profile:
    """What the type tables of a session say.

    Attributes:
        depths: Of types that have one of their own, by their full name.
        adds_properties: Whether there is PowerShell's own table, which adds properties to classes of .NET.
        adds_data: Whether there is Exchange's full table, which adds SerializationData to every class of Exchange.
    """

    name: str
    depths: Mapping[str, int] = field(default_factory=dict)
    adds_properties: bool = True
    adds_data: bool = False


def encode(value: Value, profile: Profile, depth: int = REMOTING_DEPTH) -> Any:
    """One output object as a value that psrpcore writes to the wire."""
    return _Encoder(profile).encode(value, depth)


class _Encoder:
    """Encodes one message: an object that occurs in it twice is written once and referred to."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._written: dict[int, PSObject] = {}

    def encode(self, value: Value, depth: int) -> Any:
        match value:
            case None | bool() | bytes() | uuid.UUID():
                return value
            case Long() | Short() | Byte():
                return _SIZED[type(value)](value)
            case int():
                return PSInt(value)
            case float():
                return PSDouble(value)
            case str():
                return PSString(value)
            case datetime():
                return _time(value)
            case DotNetList():
                return self._list(value, depth)
            case DotNetMap():
                return self._map(value, depth)
            case Noted():
                return self._noted(value, depth)
            case DotNetEnum():
                return _enum(value) if self._depth(value.type_name, depth) else PSString(value.text)
            case DotNetObject():
                inner = self._depth(value.type_names[0], depth)
                return self._object(value, inner) if inner else PSString(text_of(value))

    def _depth(self, type_name: str, depth: int) -> int:
        return max(depth, self._profile.depths.get(type_name, 0))

    def _object(self, value: DotNetObject, depth: int) -> PSObject:
        if id(value) in self._written:
            return self._written[id(value)]
        written = self._written[id(value)] = PSCustomObject()
        written.PSObject.type_names = list(value.type_names)
        if value.text is not None:
            written.PSObject.to_string = escaped(value.text)
        for name, each in value.properties.items():
            if value.serialized_as is None or name in value.serialized_as:
                _add(written.PSObject.adapted_properties, name, self.encode(each, depth - 1))
        if value.serialized_as is None and self._profile.adds_properties:
            for name, each in value.type_table.items():
                _add(written.PSObject.extended_properties, name, self.encode(each, depth - 1))
        if self._profile.adds_data and value.type_names[0].startswith("Microsoft.Exchange."):
            data = nothing_of(value.type_names[0]) if value.data is None else value.data
            _add(written.PSObject.extended_properties, "SerializationData", data)
        self._note(written, value.notes, depth)
        return written

    def _noted(self, value: Noted, depth: int) -> Any:
        written = self.encode(value.value, depth)
        self._note(written, value.notes, depth)
        return written

    def _note(self, written: PSObject, notes: Mapping[str, Value], depth: int) -> None:
        for name, each in notes.items():
            _add(written.PSObject.extended_properties, name, self.encode(each, depth))

    def _list(self, value: DotNetList, depth: int) -> PSObject:
        written = PSList(self.encode(item, depth) for item in value.items)
        written.PSObject.type_names = list(value.type_names)
        return written

    def _map(self, value: DotNetMap, depth: int) -> PSObject:
        written = PSDict({PSString(key): self.encode(item, depth) for key, item in value.items.items()})
        written.PSObject.type_names = list(value.type_names)
        return written


def _add(properties: list[Any], name: str, value: Any) -> None:
    properties.append(PSNoteProperty(name, value=value))


def _time(moment: datetime) -> PSDateTime:
    return PSDateTime(
        moment.year,
        moment.month,
        moment.day,
        moment.hour,
        moment.minute,
        moment.second,
        moment.microsecond,
        tzinfo=moment.tzinfo,
    )


def _enum(value: DotNetEnum) -> Any:
    # psrpcore writes an enum's type and text only for a class of its own. A member may be called anything, even
    # "IMAP, SMTP"; a class for each occurrence, because psrpcore would take the second one for the same object.
    enum_class: Any = PSEnumBase
    declared = PSType([value.type_name], rehydrate=False)(enum_class("Member", {value.text: value.number}))
    return next(iter(declared))
