# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure-Object, as far as numbers go."""

from __future__ import annotations

from collections.abc import Iterator

from ..objects import DotNetObject, Value, member
from .command import Command, Invocation
from .errors import CommandError
from .parameters import OBJECTS, STRINGS, SWITCH, Parameter

_CLASS = "Microsoft.PowerShell.Commands.MeasureObjectCommand"
_COMMANDS = "Microsoft.PowerShell.Commands."


def _measure(invocation: Invocation) -> Iterator[Value]:
    objects = list(invocation.input or ())
    for name in invocation.arguments.get("Property") or [None]:
        yield _measured(invocation, objects, name)


def _measured(invocation: Invocation, objects: list[Value], name: str | None) -> DotNetObject:
    values = objects if name is None else [found[1] for each in objects if (found := member(each, name)) is not None]
    if name is not None and objects and not values:
        raise CommandError(
            f'The property "{name}" cannot be found in the input for any objects.',
            f"GenericMeasurePropertyNotFound,{_CLASS}",
            "InvalidArgument",
            "System.ArgumentException",
        )
    numbers = [float(each) for each in values if isinstance(each, int | float)]
    wanted = invocation.arguments.flag
    properties: dict[str, Value] = {
        "Count": len(values),
        "Average": sum(numbers) / len(numbers) if wanted("Average") and numbers else None,
        "Sum": sum(numbers) if wanted("Sum") else None,
        "Maximum": max(numbers, default=None) if wanted("Maximum") else None,
        "Minimum": min(numbers, default=None) if wanted("Minimum") else None,
        "Property": name,
    }
    type_names = (f"{_COMMANDS}GenericMeasureInfo", f"{_COMMANDS}MeasureInfo", "System.Object")
    return DotNetObject(type_names, type_names[0], properties)


MEASURE_OBJECT = Command(
    "Measure-Object",
    _CLASS,
    (
        Parameter("Property", STRINGS, position=0),
        Parameter("Average", SWITCH),
        Parameter("Sum", SWITCH),
        Parameter("Maximum", SWITCH),
        Parameter("Minimum", SWITCH),
        Parameter("Line", SWITCH, simulated=False),
        Parameter("Word", SWITCH, simulated=False),
        Parameter("Character", SWITCH, simulated=False),
        Parameter("IgnoreWhiteSpace", SWITCH, simulated=False),
        Parameter("InputObject", OBJECTS, simulated=False),
    ),
    _measure,
)
