# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameters of a command: their types, and what PowerShell converts to them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from psrpcore.types import PSObject


class Unconvertible(Exception):
    """A value that does not become the parameter's type; the message is PowerShell's."""


@dataclass(frozen=True)
class ParameterType:
    """A .NET type by its full name, and the conversion to it, also of null: Unconvertible when that fails."""

    name: str
    convert: Callable[[Any], Any]


@dataclass(frozen=True)
class Parameter:
    """One parameter.

    Attributes:
        position: Among those that need no name.
        sets: The parameter sets that it belongs to; none means all.
        from_property: Takes the property of that name from an object that comes through the pipeline.
        simulated: Whether the lab knows what it does; it says so to whoever uses one that it does not know.
    """

    name: str
    type: ParameterType
    aliases: tuple[str, ...] = ()
    position: int | None = None
    mandatory: bool = False
    sets: tuple[str, ...] = ()
    from_property: bool = False
    simulated: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.aliases)


def _cannot_convert(value: object, type_name: str, reason: str = "") -> Unconvertible:
    text = f'Cannot convert value "{_shown(value)}" to type "{type_name}".'
    return Unconvertible(f'{text} Error: "{reason}"' if reason else text)


def _shown(value: object) -> str:
    if value is None:
        return ""
    return "System.Object[]" if isinstance(value, list) else str(value)


def _string(value: Any) -> str:
    match value:
        case None:
            return ""
        case str() | bool() | int() | float() | uuid.UUID():
            return str(value)
        case PSObject():
            return str(value.PSObject.to_string or value.PSTypeNames[0])
        case _:
            raise Unconvertible("Cannot convert value to type System.String.")


def _strings(value: Any) -> list[str]:
    if value is None:
        raise Unconvertible("The lab does not simulate null for a list.")
    return [_string(item) for item in (value if isinstance(value, list) else [value])]


def _boolean(value: Any) -> bool:
    if isinstance(value, bool | int | float):
        return bool(value)
    raise Unconvertible(
        f'Cannot convert value "{_shown(value)}" to type "System.Boolean". Boolean parameters accept only Boolean '
        "values and numbers, such as $True, $False, 1 or 0."
    )


def _switch(value: Any) -> bool:
    if value is None or isinstance(value, bool):
        return bool(value)
    raise _cannot_convert(value, "System.Management.Automation.SwitchParameter")


def _int32(value: Any) -> int:
    try:
        number = 0 if value is None else int(value)
    except (TypeError, ValueError) as error:
        raise _cannot_convert(value, "System.Int32", "Input string was not in a correct format.") from error
    if not -(2**31) <= number < 2**31:
        raise _cannot_convert(value, "System.Int32", "Value was either too large or too small for an Int32.")
    return number


def _objects(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


STRING = ParameterType("System.String", _string)
STRINGS = ParameterType("System.String[]", _strings)
BOOLEAN = ParameterType("System.Boolean", _boolean)
SWITCH = ParameterType("System.Management.Automation.SwitchParameter", _switch)
INT32 = ParameterType("System.Int32", _int32)
OBJECTS = ParameterType("System.Object[]", _objects)


def text_type(name: str) -> ParameterType:
    """A type of its own that is made from a text, such as an identity; a null stays one."""

    def convert(value: Any) -> str | None:
        return None if value is None else _string(value)

    return ParameterType(name, convert)


def list_type(name: str) -> ParameterType:
    """A type of its own that holds several texts."""
    return ParameterType(name, _strings)


def enum_type(name: str, members: Mapping[str, Any]) -> ParameterType:
    """An enum; the members' texts in their order, with what a cmdlet gets for each."""

    def convert(value: Any) -> Any:
        if value is None:
            raise Unconvertible(
                f'Cannot convert null to type "{name}" due to enumeration values that are not valid. Specify one of '
                f"the following enumeration values and try again. The possible enumeration values are "
                f'"{",".join(members)}".'
            )
        return _member(_string(value), name, members)

    return ParameterType(name, convert)


def flags_type(name: str, members: Mapping[str, Any], empty: Any) -> ParameterType:
    """A flags enum: ``IIS,SMTP`` or a list, joined with ``|``; ``empty`` is None of them."""

    def convert(value: Any) -> Any:
        texts = [part for text in _strings(value) for part in text.split(",")]
        found = empty
        for text in texts:
            found |= _member(text, name, {"None": empty, **members})
        return found

    return ParameterType(name, convert)


def _member(text: str, type_name: str, members: Mapping[str, Any]) -> Any:
    wanted = text.strip().casefold()
    for name, member in members.items():
        if name.casefold() == wanted:
            return member
    raise _cannot_convert(
        text,
        type_name,
        f"Unable to match the identifier name {text.strip()} to a valid enumerator name. Specify one of the following "
        f"enumerator names and try again: {', '.join(members)}",
    )


def nullable(inner: ParameterType) -> ParameterType:
    """A type whose values may be null, which an empty text is too."""

    def convert(value: Any) -> Any:
        return None if value in ("", None) else inner.convert(value)

    return ParameterType(inner.name, convert)


_PREFERENCES = {each: each for each in ("SilentlyContinue", "Stop", "Continue", "Inquire", "Ignore")}
_PREFERENCE = enum_type("System.Management.Automation.ActionPreference", _PREFERENCES)

COMMON = (
    Parameter("Verbose", SWITCH, ("vb",)),
    Parameter("Debug", SWITCH, ("db",)),
    Parameter("ErrorAction", _PREFERENCE, ("ea",)),
    Parameter("WarningAction", _PREFERENCE, ("wa",)),
    Parameter("InformationAction", _PREFERENCE, ("infa",)),
    Parameter("ErrorVariable", STRING, ("ev",)),
    Parameter("WarningVariable", STRING, ("wv",)),
    Parameter("InformationVariable", STRING, ("iv",)),
    Parameter("OutVariable", STRING, ("ov",)),
    Parameter("OutBuffer", INT32, ("ob",)),
    Parameter("PipelineVariable", STRING, ("pv",)),
)
"""What every command takes."""

SHOULD_PROCESS = (Parameter("WhatIf", SWITCH, ("wi",)), Parameter("Confirm", SWITCH, ("cf",)))
"""What every command takes that changes something."""
