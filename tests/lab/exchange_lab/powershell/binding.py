# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameter binding: from what a client sent to the arguments of a command, or PowerShell's complaint."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from ..objects import Value, member, text_of
from ..wire import SWITCH as WITHOUT_VALUE
from ..wire import ReceivedCommand, TerminatingError
from .command import Arguments, Command, Invocation
from .errors import (
    CommandError,
    binding_failed,
    input_not_bound,
    not_simulated,
    null_not_allowed,
    transformation_failed,
)
from .parameters import BOOLEAN, SWITCH, Parameter, Unconvertible


def bind(command: Command, received: ReceivedCommand, *, expects_input: bool) -> Arguments:
    """Bind what was sent; with ``expects_input`` a mandatory parameter may still come through the pipeline.

    TerminatingError when PowerShell, or the lab, cannot go on.
    """
    return _Binder(command, expects_input).bind(received)


def for_each_input(run: Callable[[Invocation], Iterable[Value]], invocation: Invocation) -> Iterator[Value]:
    """Run a command once for each object that comes through the pipeline, or once when none can come.

    An error ends the work on one object, not that on the others.
    """
    if invocation.input is None:
        yield from run(invocation)
        return
    for each in invocation.input:
        try:
            yield from run(replace(invocation, arguments=_with_input(invocation.command, invocation.arguments, each)))
        except CommandError as error:
            invocation.error(error)


def _with_input(command: Command, arguments: Arguments, each: Value) -> Arguments:
    """Add what an object of the pipeline brings: itself when it is a text, else its properties by name."""
    bound = arguments
    for parameter in command.parameters:
        if parameter.from_property and not arguments.given(parameter.name):
            found = ("", each) if isinstance(each, str) else member(each, parameter.name)
            if found is not None and found[1] is not None:
                bound = bound.with_value(parameter.name, parameter.type.convert(text_of(found[1])))
    if bound is arguments:
        raise input_not_bound(command.source, text_of(each))
    return bound


class _Binder:
    def __init__(self, command: Command, expects_input: bool) -> None:
        self._command = command
        self._expects_input = expects_input
        self._bound: dict[str, Any] = {}
        self._used: list[Parameter] = []

    def bind(self, received: ReceivedCommand) -> Arguments:
        for name, value in received.parameters:
            if name is not None:
                self._take(self._named(name), value)
        for name, value in received.parameters:
            if name is None:
                self._take(self._next_positional(value), value)
        self._require_mandatory(self._parameter_sets())
        return Arguments(self._bound)

    def _take(self, parameter: Parameter, value: Any) -> None:
        if parameter.name in self._bound:
            raise self._failed(
                f"Cannot bind parameter because parameter '{parameter.name}' is specified more than once. To provide "
                "multiple values to parameters that can accept multiple values, use the array syntax. For example, "
                '"-parameter value1,value2,value3".',
                "ParameterAlreadyBound",
            )
        if value is WITHOUT_VALUE:
            if parameter.type is not SWITCH:
                raise self._failed(
                    f"Missing an argument for parameter '{parameter.name}'. Specify a parameter of type "
                    f"'{parameter.type.name}' and try again.",
                    "MissingArgument",
                )
            value = True
        try:
            self._bound[parameter.name] = self._null(parameter) if value is None else parameter.type.convert(value)
        except Unconvertible as error:
            raise self._unconvertible(parameter, str(error)) from error
        if not parameter.simulated:
            raise not_simulated(f"-{parameter.name} of {self._command.name}")
        self._used.append(parameter)

    def _null(self, parameter: Parameter) -> Any:
        """What becomes of ``$null``: a function converts it, so that a switch is off; a cmdlet takes a switch for on.

        LanguagePrimitives.ConvertNullToSwitch and ParameterBinderBase.HandleNullParameterForSpecialTypes in
        PowerShell's public source.
        """
        if parameter.mandatory or (parameter.type is BOOLEAN and not self._command.is_function):
            raise null_not_allowed(parameter.name, self._command.name, self._command.source)
        if self._command.is_function:
            return parameter.type.convert(None)
        return True if parameter.type is SWITCH else None

    def _named(self, name: str) -> Parameter:
        wanted = name.casefold()
        parameters = self._command.all_parameters
        for parameter in parameters:
            if any(each.casefold() == wanted for each in parameter.names):
                return parameter
        begun = [each for each in parameters if any(n.casefold().startswith(wanted) for n in each.names)]
        if not begun:
            raise self._failed(
                f"A parameter cannot be found that matches parameter name '{name}'.", "NamedParameterNotFound"
            )
        if len(begun) > 1:
            matches = " ".join(f"-{each.name}" for each in begun)
            raise self._failed(
                f"Parameter cannot be processed because the parameter name '{name}' is ambiguous. Possible matches "
                f"include: {matches}.",
                "AmbiguousParameter",
            )
        return begun[0]

    def _next_positional(self, value: Any) -> Parameter:
        positional = sorted(
            (each for each in self._command.parameters if each.position is not None),
            key=lambda each: each.position or 0,
        )
        possible = self._possible_sets()
        for parameter in positional:
            if parameter.name not in self._bound and (not parameter.sets or set(parameter.sets) & possible):
                return parameter
        raise self._failed(
            f"A positional parameter cannot be found that accepts argument '{value}'.", "PositionalParameterNotFound"
        )

    def _possible_sets(self) -> set[str]:
        possible = {name for each in self._command.parameters for name in each.sets}
        for parameter in self._used:
            if parameter.sets:
                possible &= set(parameter.sets)
        return possible

    def _parameter_sets(self) -> set[str]:
        """The one parameter set that was meant, or none where the command has no sets."""
        possible = self._possible_sets()
        if not possible and any(each.sets for each in self._command.parameters):
            raise self._failed(
                "Parameter set cannot be resolved using the specified named parameters.", "AmbiguousParameterSet"
            )
        if len(possible) > 1 and self._command.default_set in possible:
            return {self._command.default_set}
        return possible

    def _require_mandatory(self, meant: set[str]) -> None:
        missing = [
            each.name
            for each in self._command.parameters
            if each.mandatory
            and each.name not in self._bound
            and (not each.sets or set(each.sets) & meant)
            and not (self._expects_input and each.from_property)
        ]
        if missing:
            # A client with a host is asked for them on a real server; nobody answers here, so it ends as without.
            raise self._failed(
                "Cannot process command because of one or more missing mandatory parameters: "
                + " ".join(missing)
                + ".",
                "MissingMandatoryParameter",
            )

    def _failed(self, message: str, error_id: str) -> TerminatingError:
        return binding_failed(message, error_id, self._command.name, self._command.source)

    def _unconvertible(self, parameter: Parameter, reason: str) -> TerminatingError:
        if self._command.is_function:
            return transformation_failed(parameter.name, reason, self._command.name, self._command.source)
        return self._failed(f"Cannot bind parameter '{parameter.name}'. {reason}", "CannotConvertArgumentNoMessage")
