# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameter binding, and what PowerShell says when it fails."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from exchange_lab.objects import Value
from exchange_lab.powershell import Arguments, Command, Invocation
from exchange_lab.powershell.binding import bind
from exchange_lab.powershell.parameters import (
    BOOLEAN,
    INT32,
    STRING,
    STRINGS,
    SWITCH,
    Parameter,
    ParameterType,
    enum_type,
    flags_type,
    nullable,
)
from exchange_lab.wire import SWITCH as WITHOUT_VALUE
from exchange_lab.wire import ReceivedCommand, TerminatingError

COLOURS = enum_type("Lab.Colour", {"Red": 1, "Green": 2})
SHAPES = flags_type("Lab.Shapes", {"Round": 1, "Square": 2}, 0)


def nothing(invocation: Invocation) -> Iterable[Value]:
    del invocation
    return ()


def command(*parameters: Parameter, is_function: bool = True, default_set: str | None = None) -> Command:
    return Command("Get-It", "Lab.GetIt", parameters, nothing, is_function, default_set)


def bound(to: Command, *sent: tuple[str | None, Any], expects_input: bool = False) -> Arguments:
    return bind(to, ReceivedCommand("Get-It", sent), expects_input=expects_input)


def refused(to: Command, *sent: tuple[str | None, Any]) -> TerminatingError:
    with pytest.raises(TerminatingError) as error:
        bound(to, *sent)
    return error.value


NAME_OR_ID = command(
    Parameter("Name", STRING, position=0, mandatory=True, sets=("Name",), from_property=True),
    Parameter("Id", INT32, position=0, mandatory=True, sets=("Id",)),
    Parameter("Server", STRING, sets=("Name",)),
    default_set="Name",
)


def test_a_position_belongs_to_the_set_that_is_meant() -> None:
    assert bound(NAME_OR_ID, (None, "x")).get("Name") == "x"
    assert bound(NAME_OR_ID, ("Id", 5)).get("Id") == 5
    assert str(refused(NAME_OR_ID, ("Id", 5), ("Server", "s"))) == (
        "Parameter set cannot be resolved using the specified named parameters."
    )


def test_what_is_mandatory_may_come_through_the_pipeline() -> None:
    assert bound(NAME_OR_ID, ("Server", "s"), expects_input=True).names == ("Server",)
    error = refused(NAME_OR_ID, ("Server", "s"))
    assert str(error) == "Cannot process command because of one or more missing mandatory parameters: Name."


def test_a_name_may_be_an_alias_or_a_beginning() -> None:
    to = command(Parameter("Encoding", STRING), Parameter("Tail", INT32, ("Last",)))
    assert bound(to, ("enc", "UTF8"), ("LAST", 3)).get("Tail") == 3


@pytest.mark.parametrize(
    ("sent", "message", "error_id"),
    [
        (
            (("Colour", "x"),),
            "A parameter cannot be found that matches parameter name 'Colour'.",
            "NamedParameterNotFound",
        ),
        (
            ((None, "a"), (None, "b")),
            "A positional parameter cannot be found that accepts argument 'b'.",
            "PositionalParameterNotFound",
        ),
        (
            (("Name", WITHOUT_VALUE),),
            "Missing an argument for parameter 'Name'. Specify a parameter of type 'System.String' and try again.",
            "MissingArgument",
        ),
    ],
)
def test_complaints(sent: tuple[tuple[str | None, Any], ...], message: str, error_id: str) -> None:
    error = refused(command(Parameter("Name", STRING, position=0)), *sent)
    assert (str(error), error.fully_qualified_error_id) == (message, f"{error_id},Get-It")
    assert error.category == "InvalidArgument"


def test_a_parameter_given_twice() -> None:
    error = refused(command(Parameter("Name", STRING)), ("Name", "a"), ("Nam", "b"))
    assert error.fully_qualified_error_id == "ParameterAlreadyBound,Get-It"


@pytest.mark.parametrize(
    ("type_", "sent", "value"),
    [
        (STRING, 5, "5"),
        (STRING, True, "True"),
        (STRINGS, "a", ["a"]),
        (STRINGS, ["a", 1], ["a", "1"]),
        (INT32, "17", 17),
        (BOOLEAN, 1, True),
        (SWITCH, False, False),
        (SWITCH, WITHOUT_VALUE, True),
        (COLOURS, "green", 2),
        (SHAPES, "round, SQUARE", 3),
        (SHAPES, ["Square"], 2),
        (SHAPES, "None", 0),
        (nullable(COLOURS), "", None),
        (nullable(COLOURS), "Red", 1),
    ],
)
def test_conversions(type_: ParameterType, sent: Any, value: Any) -> None:
    found = bound(command(Parameter("It", type_)), ("It", sent)).get("It")
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("type_", "sent", "reason"),
    [
        (STRING, ["a"], "Cannot convert value to type System.String."),
        (
            INT32,
            "x",
            'Cannot convert value "x" to type "System.Int32". Error: "Input string was not in a correct format."',
        ),
        (
            INT32,
            2**31,
            'Cannot convert value "2147483648" to type "System.Int32". Error: "Value was either too large or too small '
            'for an Int32."',
        ),
        (
            BOOLEAN,
            "true",
            'Cannot convert value "true" to type "System.Boolean". Boolean parameters accept only Boolean values and '
            "numbers, such as $True, $False, 1 or 0.",
        ),
        (SWITCH, "yes", 'Cannot convert value "yes" to type "System.Management.Automation.SwitchParameter".'),
        (
            COLOURS,
            "Blue",
            'Cannot convert value "Blue" to type "Lab.Colour". Error: "Unable to match the identifier name Blue to a '
            'valid enumerator name. Specify one of the following enumerator names and try again: Red, Green"',
        ),
    ],
)
def test_what_is_not_converted(type_: ParameterType, sent: Any, reason: str) -> None:
    parameter = Parameter("It", type_)
    function = refused(command(parameter), ("It", sent))
    assert str(function) == f"Cannot process argument transformation on parameter 'It'. {reason}"
    assert function.fully_qualified_error_id == "ParameterArgumentTransformationError,Get-It"
    cmdlet = refused(command(parameter, is_function=False), ("It", sent))
    assert str(cmdlet) == f"Cannot bind parameter 'It'. {reason}"
    assert cmdlet.fully_qualified_error_id == "CannotConvertArgumentNoMessage,Lab.GetIt"


def test_a_parameter_that_is_not_simulated_is_never_ignored() -> None:
    error = refused(command(Parameter("Recurse", SWITCH, simulated=False)), ("Recurse", WITHOUT_VALUE))
    assert str(error) == "The lab does not simulate -Recurse of Get-It."


def test_every_command_takes_the_common_parameters() -> None:
    found = bound(command(), ("Verbose", WITHOUT_VALUE), ("ea", "stop"))
    assert (found.flag("Verbose"), found.get("ErrorAction")) == (True, "Stop")
