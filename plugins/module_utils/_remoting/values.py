# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The session's border for values: what may go out, and what comes in.

Out goes an allow-list of types, everything else is refused: pypsrp guesses by exact type and gets it wrong (every int
as Int32, a tuple or one of Ansible's tagged values as a crash). In comes ``_powershell.WireValue``, without pypsrp.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from queue import Queue
from typing import Any, Final
from uuid import UUID

from .._libraries import require
from .._powershell import RemoteObject, Switch, Value, WireValue

_INT32: Final = range(-(2**31), 2**31)
_INT64: Final = range(-(2**63), 2**63)
# XML 1.0 cannot carry these, and pypsrp escapes the others (control characters, surrogate pairs) by itself.
_UNSENDABLE: Final = re.compile("[\ud800-\udfff\ufffe\uffff]")
_DESERIALIZED: Final = "Deserialized."


def to_wire(value: Value) -> Any:
    """Return what pypsrp serializes as the value's own PowerShell type.

    A switch goes as True: PowerShell's own client writes ``AddParameter(name)`` as true, and a null would be read as
    SwitchParameter(false) (PowerShell source: PSCommand.AddParameter, LanguagePrimitives.ConvertNullToSwitch).

    A mapping goes as a Hashtable. The lists in it stay lists of PowerShell's own (ArrayList), and no array: only a
    parameter's own type makes an array of a list.

    Raises:
        TypeError: a type outside ``_powershell.Value``.
        ValueError: an integer beyond 64 bits, or a character that XML cannot carry.
    """
    if value is None or isinstance(value, bool | bytes):
        return value
    if isinstance(value, Switch):
        return True
    if isinstance(value, str):
        return _text_to_wire("".join(value))
    if isinstance(value, int):
        return _integer_to_wire(int(value))
    if isinstance(value, Mapping):
        return {_key_to_wire(key): to_wire(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [to_wire(item) for item in value]
    raise TypeError(f"a {type(value).__name__} has no form on the wire")


def _key_to_wire(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a {type(key).__name__} is no key of a hashtable")
    return _text_to_wire("".join(key))


def _text_to_wire(text: str) -> str:
    if found := _UNSENDABLE.search(text):
        raise ValueError(f"no message can carry the character U+{ord(found[0]):04X}")
    return text


def _integer_to_wire(number: int) -> Any:
    if number in _INT32:
        return number
    if number in _INT64:
        return require("pypsrp.serializer").TaggedValue("I64", number)
    raise ValueError(f"{number} does not fit into 64 bits")


def from_wire(value: Any) -> WireValue:
    """Return a deserialized value of pypsrp as ours.

    Dates, GUIDs, time spans, versions and decimals are text, as sent. Lists are a RemoteObject with ``items``,
    dictionaries one with ``properties``, enums one with ``number`` and ``text``.

    Raises:
        ValueError: an object that contains itself, which no PowerShell sends.
    """
    return _Reading().read(value)


class _Reading:
    """One value's reading: an object that is referred to twice is read once, so references cannot blow up."""

    def __init__(self) -> None:
        self._read: dict[int, RemoteObject] = {}
        self._open: set[int] = set()

    def read(self, value: Any) -> WireValue:
        if value is None or isinstance(value, bool | int | float | str | bytes):
            return value
        if isinstance(value, UUID):
            return str(value)
        key = id(value)
        if key in self._open:
            raise ValueError("the server sent an object that contains itself")
        if key not in self._read:
            self._open.add(key)
            self._read[key] = self._object(value)
            self._open.discard(key)
        return self._read[key]

    def _object(self, value: Any) -> RemoteObject:
        if isinstance(value, list):
            return RemoteObject(items=self._items(value))
        if isinstance(value, Queue):
            return RemoteObject(items=self._items(value.queue))
        if isinstance(value, dict):
            return RemoteObject(properties=self._properties(value))
        if not hasattr(value, "property_sets"):
            raise ValueError(f"the server sent a {type(value).__name__}, which has no meaning as a value")
        return self._complex(value)

    def _complex(self, value: Any) -> RemoteObject:
        """Read an object: what it derives from (a list, a dictionary, a primitive) stands in ``property_sets``."""
        text: str | None = value.to_string
        number: int | None = None
        items: tuple[WireValue, ...] = ()
        properties = self._properties(value.adapted_properties)
        for base in value.property_sets:
            if isinstance(base, list | Queue | dict):
                content = self._object(base)
                items = content.items
                properties |= content.properties
            elif isinstance(base, int) and not isinstance(base, bool):
                number = base
            elif base is not None and text is None:
                text = str(base)
        return RemoteObject(
            type_names=tuple(name.removeprefix(_DESERIALIZED) for name in value.types),
            text=text,
            number=number,
            # An extended property shadows the adapted one of the same name, as in PowerShell.
            properties=properties | self._properties(value.extended_properties),
            items=items,
        )

    def _items(self, values: Iterable[Any]) -> tuple[WireValue, ...]:
        return tuple(self.read(value) for value in values)

    def _properties(self, values: Mapping[Any, Any]) -> dict[str, WireValue]:
        return {str(name): self.read(value) for name, value in values.items()}
