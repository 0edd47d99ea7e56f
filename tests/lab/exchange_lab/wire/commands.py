# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What reaches a cmdlet: who calls, and the commands of the pipeline with plain Python values."""

from __future__ import annotations

import decimal
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from psrpcore import Command
from psrpcore.types import PSByteArray, PSChar, PSGuid, PSSecureString


class Switch(Enum):
    """A parameter without a value, like ``-Force``."""

    PRESENT = "present"

    def __str__(self) -> str:
        return "switch"


SWITCH: Final = Switch.PRESENT
"""The value of a parameter that came without one: named with its dash, as it is typed, and null (``-Force``).

A name without dash and a null is ``-Force:$null``, which is None here; PowerShell's own client sends ``AddParameter``
of a name alone as true (CommandParameter.ToCommandParameterInternal and PSCommand in PowerShell's public source).
"""


@dataclass(frozen=True)
class Caller:
    """Who asks, and over what.

    ``user`` as the account is registered, however it was spelled (``LAB\\exadmin``); ``authentication`` is ``ntlm``,
    ``basic`` or ``kerberos``, ``header`` the scheme by which it came (``Negotiate``, ``Kerberos``, ``Basic``);
    ``encrypted`` by message encryption or TLS; ``endpoint`` the path without a trailing
    slash, in lower case; ``query`` the URL's, as sent (``serializationLevel``).
    """

    user: str
    authentication: str
    header: str
    encrypted: bool
    endpoint: str
    query: Mapping[str, str]


@dataclass(frozen=True)
class ReceivedCommand:
    """One command of a pipeline.

    ``parameters`` in the order sent; a positional argument has the name None; the value None is a null.
    ``end_of_statement`` separates statements that travel in one pipeline; the last command always has it.
    """

    name: str
    parameters: tuple[tuple[str | None, Any], ...]
    is_script: bool = False
    end_of_statement: bool = False

    @classmethod
    def from_wire(cls, command: Command) -> ReceivedCommand:
        """Take over what psrpcore decoded."""
        return cls(
            name=str(command.command_text),
            parameters=tuple(_parameter(name, value) for name, value in command.parameters),
            is_script=bool(command.is_script),
            end_of_statement=bool(command.end_of_statement),
        )

    def has(self, name: str, *values: object) -> bool:
        """Tell whether a parameter of that name was sent (any case), and with one of ``values`` when some are given."""
        return any(
            sent is not None and sent.casefold() == name.casefold() and (not values or value in values)
            for sent, value in self.parameters
        )


def _parameter(name: str | None, value: Any) -> tuple[str | None, Any]:
    if name is None:
        return None, plain(value)
    # A name may come as it is typed, with its dash and colon, and perhaps the space that followed it.
    typed = str(name).rstrip()
    without_value = value is None and typed.startswith("-") and not typed.endswith(":")
    return typed.lstrip("-").rstrip(":"), SWITCH if without_value else plain(value)


def plain(value: Any) -> Any:
    """Turn a deserialized value into the Python value that holds the same; property bags stay psrpcore objects."""
    match value:
        case None | bool():
            return value
        case PSSecureString():
            return _text(value.decrypt())
        case PSChar():
            return chr(int(value))
        case PSByteArray() | bytes():
            return bytes(value)
        case PSGuid():
            return uuid.UUID(int=value.int)
        case str():
            return _text(value)
        case int():
            return int(value)
        case float():
            return float(value)
        case decimal.Decimal():
            return decimal.Decimal(value)
        case Mapping():
            return {plain(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case _:
            return value


def _text(value: str) -> str:
    # str(value) asks psrpcore's ToString; joining takes the characters themselves and leaves no subclass behind.
    return "".join(value)


def received(commands: Sequence[Command]) -> tuple[ReceivedCommand, ...]:
    """Take over a whole pipeline."""
    return tuple(ReceivedCommand.from_wire(command) for command in commands)
