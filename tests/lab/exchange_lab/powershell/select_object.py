# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Select-Object: property bags of what was asked for, and parts of a sequence."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from itertools import islice
from typing import Any

from ..objects import DotNetEnum, DotNetList, DotNetMap, DotNetObject, Noted, Value, member, members
from .command import Command, Invocation
from .errors import CommandError, not_simulated
from .parameters import INT32, OBJECTS, STRING, STRINGS, SWITCH, Parameter

_CLASS = "Microsoft.PowerShell.Commands.SelectObjectCommand"
_PRIMITIVES = {str: "System.String", bool: "System.Boolean", int: "System.Int32", bytes: "System.Byte[]"}


def _select(invocation: Invocation) -> Iterator[Value]:
    arguments = invocation.arguments
    names = [_property_name(each) for each in arguments.get("Property") or ()]
    excluded = arguments.get("ExcludeProperty") or []
    expanded = arguments.get("ExpandProperty")
    for value in _part(invocation):
        if expanded is not None:
            yield from _expand(value, expanded)
        elif names:
            yield _projection(value, names, excluded)
        else:
            yield value


def _part(invocation: Invocation) -> Iterable[Value]:
    flow: Iterable[Value] = invocation.input or ()
    first, last, skip = (invocation.arguments.get(name) for name in ("First", "Last", "Skip"))
    if last is not None:
        # With -Last, -Skip counts from the end.
        kept = list(deque(flow, last + (skip or 0)))
        return kept[: len(kept) - (skip or 0)]
    return islice(flow, skip or 0, None if first is None else (skip or 0) + first)


def _property_name(wanted: Any) -> str:
    if not isinstance(wanted, str):
        raise not_simulated("calculated properties of Select-Object")
    return wanted


def _projection(value: Value, names: list[str], excluded: list[str]) -> DotNetObject:
    """The properties asked for as notes, spelled as their class does; one that does not exist is null."""
    notes: dict[str, Value] = {}
    for name in names:
        for found_name, found in _resolved(value, name):
            if not any(_matches(found_name, each) for each in excluded):
                notes.setdefault(found_name, found)
    type_names = (
        f"Selected.{_type_name(value)}",
        "System.Management.Automation.PSCustomObject",
        "System.Object",
    )
    return DotNetObject(type_names, notes=notes)


def _resolved(value: Value, name: str) -> Iterable[tuple[str, Value]]:
    if any(wildcard in name for wildcard in "*?["):
        return [each for each in members(value) if _matches(each[0], name)]
    return [member(value, name) or (name, None)]


def _matches(name: str, pattern: str) -> bool:
    return fnmatchcase(name.casefold(), pattern.casefold())


def _expand(value: Value, name: str) -> Iterable[Value]:
    found = member(value, name)
    if found is None:
        raise CommandError(
            f'Property "{name}" cannot be found.',
            f"ExpandPropertyNotFound,{_CLASS}",
            "InvalidArgument",
            "System.Management.Automation.PSArgumentException",
            name,
        )
    return found[1].items if isinstance(found[1], DotNetList) else (found[1],)


def _type_name(value: Value) -> str:
    match value:
        case DotNetObject() | DotNetList() | DotNetMap():
            return value.type_names[0]
        case DotNetEnum():
            return value.type_name
        case Noted():
            return _type_name(value.value)
        case _:
            return _PRIMITIVES.get(type(value), "System.Object")


SELECT_OBJECT = Command(
    "Select-Object",
    _CLASS,
    (
        Parameter("Property", OBJECTS, position=0),
        Parameter("ExcludeProperty", STRINGS),
        Parameter("ExpandProperty", STRING),
        Parameter("First", INT32),
        Parameter("Last", INT32),
        Parameter("Skip", INT32),
        Parameter("SkipLast", INT32, simulated=False),
        Parameter("Index", OBJECTS, simulated=False),
        Parameter("Unique", SWITCH, simulated=False),
        Parameter("Wait", SWITCH),
        Parameter("InputObject", OBJECTS, simulated=False),
    ),
    _select,
)
