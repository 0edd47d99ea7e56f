# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands as the lab declares them, and what they are given when they run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..objects import Value
from ..wire import Run, TerminatingError
from ..world import CommandEntry, Server, World
from .errors import CommandError
from .parameters import COMMON, Parameter


@dataclass(frozen=True)
class Command:
    """A command.

    Attributes:
        class_name: Of the cmdlet, as it stands at the end of an error's identifier.
        run: Returns its output; it holds the world's lock only while it looks or acts, never while it yields or asks.
        is_function: Exchange's commands are functions around cmdlets; PowerShell then names the function in errors.
        default_set: The parameter set that is meant when several fit.
    """

    name: str
    class_name: str
    parameters: tuple[Parameter, ...]
    run: Callable[[Invocation], Iterable[Value]] = field(compare=False)
    is_function: bool = False
    default_set: str | None = None

    @property
    def source(self) -> str:
        """What PowerShell's binder calls it in the identifier of an error."""
        return self.name if self.is_function else self.class_name

    @property
    def all_parameters(self) -> tuple[Parameter, ...]:
        return (*self.parameters, *COMMON)

    def restricted_to(self, names: frozenset[str]) -> Command:
        """The same command with these parameters alone."""
        return replace(self, parameters=tuple(each for each in self.parameters if each.name in names))


class Arguments:
    """The values of a command's parameters, by their declared names."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = dict(values)

    def given(self, name: str) -> bool:
        return name in self._values

    def get(self, name: str) -> Any:
        """The value, as its parameter's type converted it; None when it was not given."""
        return self._values.get(name)

    def flag(self, name: str) -> bool:
        """Whether a switch is on."""
        return bool(self._values.get(name))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._values)

    def with_value(self, name: str, value: Any) -> Arguments:
        return Arguments({**self._values, name: value})


@dataclass
class Invocation:
    """One run of a command.

    Attributes:
        input: What comes through the pipeline; None for the first command of a statement without input.
        visible: The commands of this caller's session, by lower-case name.
        request_id: Names this run in Exchange's errors.
        entry: What the lab remembers of it.
    """

    command: Command
    arguments: Arguments
    input: Iterator[Value] | None
    world: World
    server: Server
    visible: Mapping[str, Command]
    request_id: str
    entry: CommandEntry
    session: Run
    _remembered: dict[str, bool] = field(default_factory=dict)

    def warning(self, text: str) -> None:
        if self.arguments.get("WarningAction") not in ("SilentlyContinue", "Ignore"):
            self.session.warning(text)

    def error(self, error: CommandError) -> None:
        """Write an error record; with ``-ErrorAction Stop`` it ends the pipeline."""
        with self.world.lock:
            self.entry.error = error.message
        preference = self.arguments.get("ErrorAction")
        if preference == "Stop":
            raise TerminatingError(
                error.message,
                error.fully_qualified_error_id,
                error.category,
                error.exception_type,
                activity=self.command.name,
                target=error.target,
            )
        if preference not in ("SilentlyContinue", "Ignore"):
            self.session.error(
                error.message,
                error.fully_qualified_error_id,
                error.category,
                error.exception_type,
                error.target,
                activity=self.command.name,
            )

    def ask(self, caption: str, message: str, choices: tuple[tuple[str, str], ...], default: int) -> int:
        """Ask the client, and remember question and answer; see ``Run.ask``."""
        with self.world.lock:
            self.entry.prompt = message if self.entry.prompt is None else f"{self.entry.prompt}\n\n{message}"
        answer = self.session.ask(caption, message, choices, default)
        if not 0 <= answer < len(choices):
            raise TerminatingError(f"The host answered a prompt with choice {answer}.", "InvalidHostAnswer")
        label = choices[answer][0].replace("&", "")
        with self.world.lock:
            self.entry.answer = label if self.entry.answer is None else f"{self.entry.answer}, {label}"
        return answer

    def remembered(self, key: str) -> bool | None:
        """The answer to all questions of this kind, once one was given."""
        return self._remembered.get(key)

    def remember(self, key: str, answer: bool) -> None:
        self._remembered[key] = answer
