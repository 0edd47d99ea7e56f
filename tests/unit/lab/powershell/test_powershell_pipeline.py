# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects flow through a pipeline: Select-Object, Measure-Object, and errors in between."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from exchange_lab.clock import Clock
from exchange_lab.objects import DotNetEnum, DotNetList, DotNetObject, Profile, Value
from exchange_lab.powershell import (
    MEASURE_OBJECT,
    SELECT_OBJECT,
    Command,
    CommandError,
    Invocation,
    Runspace,
    for_each_input,
    scripts_not_allowed,
)
from exchange_lab.powershell.parameters import STRING, Parameter
from exchange_lab.wire import Caller, ReceivedCommand, TerminatingError
from exchange_lab.world import Connectors, DomainController, Server, World

CALLER = Caller("LAB\\exadmin", "ntlm", "Negotiate", True, "/powershell", {})
SIZES = (3, 1, 2)


def box(size: int) -> DotNetObject:
    properties: dict[str, Value] = {
        "Name": f"box {size}",
        "Size": size,
        "Kind": DotNetEnum("Lab.Kind", "Wood", 1),
        "Labels": DotNetList(("Lab.Labels",), ("a", "b")),
    }
    return DotNetObject(("Lab.Box", "System.Object"), f"box {size}", properties)


class Boxes:
    """Get-Box, which counts what it was asked for."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self, invocation: Invocation) -> Iterable[Value]:
        del invocation
        for size in SIZES:
            self.made += 1
            yield box(size)


def open_box(invocation: Invocation) -> Iterable[Value]:
    name = invocation.arguments.get("Name")
    if name == "box 1":
        raise CommandError("box 1 is stuck", "Stuck,Lab.OpenBox", "OpenError", "Lab.StuckException", name)
    yield f"{name} is open"


def break_all(invocation: Invocation) -> Iterable[Value]:
    del invocation
    raise TerminatingError("everything is broken")


class Recorder:
    """A run of the wire that remembers what it is told."""

    def __init__(self, given: Sequence[Any] = ()) -> None:
        self.caller = CALLER
        self.written: list[Any] = []
        self.errors: list[str] = []
        self._given = list(given)

    def write(self, value: Any) -> None:
        self.written.append(value)

    def error(self, text: str, *rest: object, **more: object) -> None:
        del rest, more
        self.errors.append(text)

    def read_input(self) -> list[Any]:
        return self._given


class Shell:
    """A runspace with a few commands of its own."""

    def __init__(self) -> None:
        controllers = {"dc": DomainController("dc", "HQ")}
        server = Server("mbx01.contoso.test", "MBX01", "HQ", "dc")
        self.world = World(
            Clock(datetime(2026, 3, 2, tzinfo=UTC)),
            "Contoso",
            "contoso.test",
            controllers,
            {server.fqdn: server},
            Connectors(controllers, []),
            {},
            [],
        )
        self.boxes = Boxes()
        name = Parameter("Name", STRING, mandatory=True, from_property=True)
        commands = (
            Command("Get-Box", "Lab.GetBox", (), self.boxes),
            Command("Open-Box", "Lab.OpenBox", (name,), lambda each: for_each_input(open_box, each)),
            Command("Break-All", "Lab.BreakAll", (), break_all),
            SELECT_OBJECT,
            MEASURE_OBJECT,
        )
        visible = {each.name.casefold(): each for each in commands}
        self.runspace = Runspace(self.world, server, lambda _: visible, scripts_not_allowed, lambda _: Profile("plain"))

    def run(self, *commands: tuple[str, dict[str, Any]], given: Sequence[Any] = ()) -> Recorder:
        recorder = Recorder(given)
        received = [ReceivedCommand(name, tuple(parameters.items())) for name, parameters in commands]
        self.runspace.execute(recorder, received)  # type: ignore[arg-type]
        return recorder

    def notes(self, *commands: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
        """The note properties of all that comes out."""
        return [
            {each.name: each.get_value(value) for each in value.PSObject.extended_properties}
            for value in self.run(*commands).written
        ]


@pytest.fixture
def shell() -> Shell:
    return Shell()


def test_select_object_takes_properties_by_name_in_any_case(shell: Shell) -> None:
    notes = shell.notes(("Get-Box", {}), ("Select-Object", {"Property": ["NAME", "size", "Weight"], "First": 1}))
    assert notes == [{"Name": "box 3", "Size": 3, "Weight": None}]


def test_select_object_takes_wildcards_and_exclusions(shell: Shell) -> None:
    notes = shell.notes(("Get-Box", {}), ("Select-Object", {"Property": "*e", "ExcludeProperty": "S*", "Last": 1}))
    assert notes == [{"Name": "box 2"}]


@pytest.mark.parametrize(
    ("parameters", "sizes"),
    [
        ({"First": 2}, [3, 1]),
        ({"Last": 2}, [1, 2]),
        ({"Skip": 1}, [1, 2]),
        ({"Skip": 1, "First": 1}, [1]),
        ({"Skip": 1, "Last": 1}, [1]),
        ({"First": 0}, []),
    ],
)
def test_select_object_takes_a_part(shell: Shell, parameters: dict[str, int], sizes: list[int]) -> None:
    expanded = shell.run(("Get-Box", {}), ("Select-Object", {"ExpandProperty": "Size", **parameters}))
    assert expanded.written == sizes


def test_first_ends_the_command_before_it(shell: Shell) -> None:
    shell.run(("Get-Box", {}), ("Select-Object", {"First": 1}))
    assert shell.boxes.made == 1


def test_a_list_is_expanded_item_by_item(shell: Shell) -> None:
    expanded = shell.run(("Get-Box", {}), ("Select-Object", {"ExpandProperty": "Labels", "First": 1}))
    assert expanded.written == ["a", "b"]


def test_a_property_that_cannot_be_expanded_is_an_error(shell: Shell) -> None:
    recorder = shell.run(("Get-Box", {}), ("Select-Object", {"ExpandProperty": "Weight"}))
    assert (recorder.written, recorder.errors) == ([], ['Property "Weight" cannot be found.'])


def test_calculated_properties_are_not_simulated(shell: Shell) -> None:
    with pytest.raises(TerminatingError, match="does not simulate calculated properties"):
        shell.run(("Get-Box", {}), ("Select-Object", {"Property": {"Name": "x", "Expression": "y"}}))


def test_measure_object_counts_and_calculates(shell: Shell) -> None:
    measured = shell.run(("Get-Box", {}), ("Measure-Object", {"Property": "Size", "Sum": True, "Maximum": True}))
    (value,) = measured.written
    assert {each.name: each.get_value(value) for each in value.PSObject.adapted_properties} == {
        "Count": 3,
        "Average": None,
        "Sum": 6.0,
        "Maximum": 3.0,
        "Minimum": None,
        "Property": "Size",
    }


def test_an_error_of_one_object_spares_the_others(shell: Shell) -> None:
    recorder = shell.run(("Get-Box", {}), ("Open-Box", {}))
    assert recorder.written == ["box 3 is open", "box 2 is open"]
    assert recorder.errors == ["box 1 is stuck"]
    assert [each.error for each in shell.world.commands] == [None, "box 1 is stuck"]


def test_a_client_may_pipe_text_in(shell: Shell) -> None:
    assert shell.run(("Open-Box", {}), given=["box 7"]).written == ["box 7 is open"]


def test_the_command_that_breaks_the_pipeline_is_remembered_alone(shell: Shell) -> None:
    with pytest.raises(TerminatingError):
        shell.run(("Break-All", {}), ("Select-Object", {"First": 1}))
    assert [each.error for each in shell.world.commands] == ["everything is broken", None]


def test_parameters_are_remembered_as_sent(shell: Shell) -> None:
    shell.run(("Get-Box", {}), ("Select-Object", {"Property": ["Name"], "First": 1}))
    first, second = shell.world.commands
    assert (first.name, first.parameters) == ("Get-Box", {})
    assert second.parameters == {"Property": ["Name"], "First": 1}
    assert (first.user, first.endpoint, first.pipeline) == (CALLER.user, "/powershell", second.pipeline)
