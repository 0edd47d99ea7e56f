# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vocabulary of a PowerShell runspace as plain values: commands, prompts, objects, errors.

No I/O and no mail: the sessions of ``_remoting`` carry these values, the knowledge of ``_exchange`` writes and reads
them, and neither has to know the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, TypeAlias

# ansible-test looks at modules with the eyes of Python 3.8, which knows no alias "int | None".
# pylint: disable=unsupported-binary-operation


class Switch(Enum):
    """A parameter without a value, like ``-DoNotRequireSsl``."""

    PRESENT = "present"


SWITCH: Final = Switch.PRESENT

Value: TypeAlias = bool | int | str | bytes | Switch | Sequence["Value"] | Mapping[str, "Value"] | None
"""What a parameter may hold. Anything else is refused at the session's border, never guessed."""


@dataclass(frozen=True)
class Command:
    """One cmdlet with its typed parameters. It travels as structure; its text is for people only."""

    name: str
    parameters: Mapping[str, Value] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the line that an administrator would type. For display: it is never sent."""
        return " ".join([self.name, *(_typed_parameter(name, value) for name, value in self.parameters.items())])


def _typed_parameter(name: str, value: Value) -> str:
    if value is SWITCH:
        return f"-{name}"
    if isinstance(value, bool):
        return f"-{name}:${str(value).lower()}"
    return f"-{name} {_typed_value(value)}"


def _typed_value(value: Value) -> str:
    if value is None:
        return "$null"
    if isinstance(value, bool):
        return f"${str(value).lower()}"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return value if value.isalnum() else "'" + value.replace("'", "''") + "'"
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if isinstance(value, Switch):
        return "$true"
    if isinstance(value, Mapping):
        return "@{" + "; ".join(f"{key}={_typed_value(item)}" for key, item in value.items()) + "}"
    return ",".join(_typed_value(item) for item in value)


@dataclass(frozen=True)
class Choice:
    """One answer that a prompt offers. The label marks its hotkey with an ampersand, as in ``&No``."""

    label: str
    help: str = ""


@dataclass(frozen=True)
class Prompt:
    """A question that the server asks while a command runs.

    ``kind`` is the PSRP host method's name. Only ``PromptForChoice`` has choices and a default (an index into them);
    every other kind is a question that nobody of us can answer.
    """

    kind: str
    caption: str = ""
    message: str = ""
    choices: tuple[Choice, ...] = ()
    default: int = -1


PromptPolicy: TypeAlias = Callable[[Prompt], int | None]
"""Return the index of the choice to answer with, or None when the prompt was not foreseen: the pipeline is stopped."""


def foresee_no_prompt(prompt: Prompt) -> int | None:
    """Policy of commands that must not ask anything."""
    del prompt
    return None


@dataclass(frozen=True)
class Pipeline:
    """Commands joined by ``|``, with what may happen while they run.

    ``changes`` tells whether a repetition could do harm: a reading pipeline may be repeated once over a new connection,
    a changing one never.
    """

    commands: tuple[Command, ...]
    changes: bool = False
    policy: PromptPolicy = foresee_no_prompt

    def __str__(self) -> str:
        """Return the line that an administrator would type. For display: it is never sent."""
        return " | ".join(str(command) for command in self.commands)


@dataclass(frozen=True)
class AnsweredPrompt:
    """A foreseen prompt and the index of the choice that was sent back."""

    prompt: Prompt
    choice: int


@dataclass(frozen=True)
class RemoteObject:
    """A deserialized object.

    Exchange writes the same property as an object, as an enum or as text, depending on the session's serialization
    level, so whoever reads it goes by ``text`` and by property, never by structure.

    ``type_names`` most derived first, without the ``Deserialized.`` prefix; ``text`` the object's ToString, None when
    the server sent none; ``number`` an enum's integer; ``items`` a list's elements.
    """

    type_names: tuple[str, ...] = ()
    text: str | None = None
    number: int | None = None
    properties: Mapping[str, WireValue] = field(default_factory=dict)
    items: tuple[WireValue, ...] = ()

    def has(self, name: str) -> bool:
        """Tell whether the server sent the property at all; a null is sent, a missing property is unknown."""
        return self._key(name) is not None

    def get(self, name: str) -> WireValue:
        """Return a property by its name in any case; KeyError when the server did not send it."""
        key = self._key(name)
        if key is None:
            raise KeyError(name)
        return self.properties[key]

    def _key(self, name: str) -> str | None:
        if name in self.properties:
            return name
        wanted = name.casefold()
        return next((key for key in self.properties if key.casefold() == wanted), None)


WireValue: TypeAlias = bool | int | float | str | bytes | RemoteObject | None
"""What comes back. Lists are a RemoteObject with ``items``; dates, GUIDs and time spans are ISO-like text as sent."""


@dataclass(frozen=True)
class RemoteError:
    """An error record: Exchange's own words and what it can be recognised by in any language."""

    message: str
    fully_qualified_error_id: str = ""
    category: str = ""
    exception_type: str = ""


@dataclass(frozen=True)
class Result:
    """What one pipeline returned. Error records never come here: they are raised."""

    output: tuple[WireValue, ...] = ()
    warnings: tuple[str, ...] = ()
    answered: tuple[AnsweredPrompt, ...] = ()

    def objects(self) -> tuple[RemoteObject, ...]:
        """Return the output as objects; TypeError when the server sent anything else."""
        found = tuple(item for item in self.output if isinstance(item, RemoteObject))
        if len(found) != len(self.output):
            raise TypeError(f"expected objects, the server sent {self.output!r}")
        return found
