# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Get-Command: the commands of this session, with the parameters that this caller may use."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from ..objects import DotNetEnum, DotNetMap, DotNetObject, Value
from .command import Command, Invocation
from .errors import CommandError, unknown_command_text
from .parameters import INT32, OBJECTS, STRING, STRINGS, SWITCH, Parameter

_AUTOMATION = "System.Management.Automation."
_CLASS = "Microsoft.PowerShell.Commands.GetCommandCommand"


def _get_command(invocation: Invocation) -> Iterator[Value]:
    for name in invocation.arguments.get("Name") or ["*"]:
        found = [each for key, each in invocation.visible.items() if fnmatchcase(key, name.casefold())]
        if not found and not any(wildcard in name for wildcard in "*?["):
            # This error does not end the command: the next name may exist.
            invocation.error(
                CommandError(
                    unknown_command_text(name),
                    f"CommandNotFoundException,{_CLASS}",
                    "ObjectNotFound",
                    f"{_AUTOMATION}CommandNotFoundException",
                    name,
                )
            )
        for command in sorted(found, key=lambda each: each.name):
            yield _command_info(command)


def _command_info(command: Command) -> DotNetObject:
    verb, __, noun = command.name.partition("-")
    kind, number = ("Function", 2) if command.is_function else ("Cmdlet", 8)
    parameters: dict[str, Value] = {
        each.name: DotNetObject((f"{_AUTOMATION}ParameterMetadata", "System.Object"), f"{_AUTOMATION}ParameterMetadata")
        for each in command.all_parameters
    }
    dictionary = (
        f"System.Collections.Generic.Dictionary`2[[System.String, mscorlib, Version=4.0.0.0, Culture=neutral, "
        f"PublicKeyToken=b77a5c561934e089],[{_AUTOMATION}ParameterMetadata, System.Management.Automation, "
        "Version=3.0.0.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35]]"
    )
    properties: dict[str, Value] = {
        "Verb": verb,
        "Noun": noun,
        "CommandType": DotNetEnum(f"{_AUTOMATION}CommandTypes", kind, number),
        "Name": command.name,
        "Visibility": DotNetEnum(f"{_AUTOMATION}SessionStateEntryVisibility", "Public", 0),
        "ModuleName": "",
        "Parameters": DotNetMap((dictionary, "System.Object"), parameters),
    }
    type_names = (f"{_AUTOMATION}{kind}Info", f"{_AUTOMATION}CommandInfo", "System.Object")
    return DotNetObject(type_names, command.name, properties)


GET_COMMAND = Command(
    "Get-Command",
    _CLASS,
    (
        Parameter("Name", STRINGS, position=0),
        Parameter("Verb", STRINGS, simulated=False),
        Parameter("Noun", STRINGS, simulated=False),
        Parameter("Module", STRINGS, ("PSSnapin",), simulated=False),
        Parameter("CommandType", STRING, ("Type",), simulated=False),
        Parameter("TotalCount", INT32, simulated=False),
        Parameter("Syntax", SWITCH, simulated=False),
        Parameter("ArgumentList", OBJECTS, ("Args",), simulated=False),
    ),
    _get_command,
)
