# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a pipeline's code receives and what the client gets back."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from exchange_lab.wire import (
    SWITCH,
    Accounts,
    Endpoint,
    Listener,
    ReceivedCommand,
    Run,
    Stopped,
    TerminatingError,
)
from psrpcore.types import PSCustomObject, PSNoteProperty
from pypsrp.complex_objects import ObjectMeta, PSInvocationState
from pypsrp.exceptions import WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.shell import SignalCode

Serve = Callable[..., Listener]
Connect = Callable[..., RunspacePool]


def hear(serve: Serve, connect: Connect, fill: Callable[[PowerShell, RunspacePool], Any]) -> list[ReceivedCommand]:
    """Send what ``fill`` adds to a pipeline; return the commands as a cmdlet sees them."""
    heard: list[ReceivedCommand] = []

    def execute(run: Run, commands: Sequence[ReceivedCommand]) -> None:
        del run
        heard.extend(commands)

    with connect(serve(execute)) as pool, PowerShell(pool) as pipeline:
        fill(pipeline, pool)
        pipeline.invoke()
    return heard


def answer(serve: Serve, connect: Connect, execute: Callable[[Run, Sequence[ReceivedCommand]], None]) -> PowerShell:
    """Invoke one command and return the pipeline, complete."""
    with connect(serve(execute)) as pool, PowerShell(pool) as pipeline:
        pipeline.add_cmdlet("Get-Anything").invoke()
    return pipeline


@pytest.mark.parametrize(
    "value",
    ["text", "", "ü and \r\n and _x000A_ and 💌", True, False, 17, b"\x00\xff", [], ["a", 1, [b"b"]], {"a": ["b", 2]}],
)
def test_values_arrive_as_plain_python(serve: Serve, connect: Connect, value: Any) -> None:
    [command] = hear(serve, connect, lambda pipeline, _: pipeline.add_cmdlet("Set-It").add_parameter("Value", value))
    assert command.parameters == (("Value", value),)
    assert type(command.parameters[0][1]) is type(value)


def test_typed_values_arrive_as_their_python_counterparts(serve: Serve, connect: Connect) -> None:
    identity = uuid.uuid4()

    def fill(pipeline: PowerShell, pool: RunspacePool) -> None:
        pool.exchange_keys()
        pipeline.add_cmdlet("Set-It").add_parameter("Guid", identity)
        pipeline.add_parameter("Long", pool.serialize(2**40, ObjectMeta("I64")))
        pipeline.add_parameter("Secret", pool.serialize("hidden ü", ObjectMeta("SS")))

    [command] = hear(serve, connect, fill)
    assert command.parameters == (("Guid", identity), ("Long", 2**40), ("Secret", "hidden ü"))


def test_a_switch_and_a_null_are_told_from_values(serve: Serve, connect: Connect) -> None:
    """As CommandParameter of PowerShell's public source reads them: only a name with its dash may go without value."""

    def fill(pipeline: PowerShell, __: RunspacePool) -> None:
        pipeline.add_cmdlet("Set-It").add_parameter("-Force").add_parameter("Confirm", False).add_argument("first")
        pipeline.add_argument(None).add_parameter("Name").add_parameter("-Fqdn:").add_parameter("-Wait ")

    [command] = hear(serve, connect, fill)
    assert command.parameters == (
        ("Force", SWITCH),
        ("Confirm", False),
        (None, "first"),
        (None, None),
        ("Name", None),
        ("Fqdn", None),
        ("Wait", SWITCH),
    )
    assert command.has("force", SWITCH, True)
    assert command.has("CONFIRM")
    assert not command.has("confirm", SWITCH, True)
    assert not command.has("WhatIf")


def test_a_parameter_may_be_named_as_it_is_typed(serve: Serve, connect: Connect) -> None:
    [command] = hear(serve, connect, lambda pipeline, _: pipeline.add_cmdlet("Set-It").add_parameter("-Name:", "x"))
    assert command.parameters == (("Name", "x"),)


def test_statements_and_script_text_are_recognisable(serve: Serve, connect: Connect) -> None:
    def fill(pipeline: PowerShell, __: RunspacePool) -> None:
        pipeline.add_cmdlet("Get-A").add_cmdlet("Select-Object").add_statement().add_script("Get-B | % { $_ }")

    commands = hear(serve, connect, fill)
    assert [(command.name, command.is_script, command.end_of_statement) for command in commands] == [
        ("Get-A", False, False),
        ("Select-Object", False, True),
        ("Get-B | % { $_ }", True, True),
    ]


def test_output_of_any_kind(serve: Serve, connect: Connect) -> None:
    bag = PSCustomObject()
    bag.PSObject.type_names = ["Lab.Thing", "System.Object"]
    bag.PSObject.extended_properties.append(PSNoteProperty("Name", "it"))

    def execute(run: Run, commands: Sequence[ReceivedCommand]) -> None:
        del commands
        for item in ("text\r\n", True, 7, b"\x00", ["a", 1], bag):
            run.write(item)

    *plain, thing = answer(serve, connect, execute).output
    assert plain == ["text\r\n", True, 7, b"\x00", ["a", 1]]
    assert thing.types == ["Lab.Thing", "System.Object"]
    assert thing.extended_properties == {"Name": "it"}


def test_half_a_megabyte_arrives_in_several_receives(serve: Serve, connect: Connect) -> None:
    def execute(run: Run, commands: Sequence[ReceivedCommand]) -> None:
        del commands
        for number in range(50):
            run.write(f"{number:05d}" * 2000)
        run.write("x" * 250_000)

    listener = serve(execute)
    with connect(listener) as pool, PowerShell(pool) as pipeline:
        output = pipeline.add_cmdlet("Get-Anything").invoke()
    assert output == [f"{number:05d}" * 2000 for number in range(50)] + ["x" * 250_000]
    assert listener.traffic.actions.count("Receive") > 5
    assert listener.traffic.bytes_out > 750_000


def test_warnings(serve: Serve, connect: Connect) -> None:
    pipeline = answer(serve, connect, lambda run, _: run.warning("mind\r\nthe gap"))
    assert [warning.message for warning in pipeline.streams.warning] == ["mind\r\nthe gap"]
    assert pipeline.state == PSInvocationState.COMPLETED
    assert not pipeline.had_errors


def test_an_error_record_does_not_end_the_pipeline(serve: Serve, connect: Connect) -> None:
    def execute(run: Run, commands: Sequence[ReceivedCommand]) -> None:
        del commands
        run.error(
            "no\r\nsuch thing",
            "ABCDEF01,Get-Thing",
            "ObjectNotFound",
            "Lab.ThingNotFoundException",
            "thing one",
            activity="Get-Thing",
        )
        run.write("went on")

    pipeline = answer(serve, connect, execute)
    [error] = pipeline.streams.error
    assert str(error) == "no\r\nsuch thing"
    assert error.exception.adapted_properties["Message"] == "no\r\nsuch thing"
    assert error.exception.types[0] == "Lab.ThingNotFoundException"
    assert error.fq_error == "ABCDEF01,Get-Thing"
    assert (error.category, error.reason, error.activity) == (13, "ThingNotFoundException", "Get-Thing")
    assert (error.target_object, error.target_name, error.target_type) == ("thing one", "thing one", "String")
    assert error.message == "ObjectNotFound (thing one:String) [Get-Thing], ThingNotFoundException"
    assert pipeline.output == ["went on"]
    assert pipeline.state == PSInvocationState.COMPLETED


def test_a_terminating_error_fails_the_pipeline(serve: Serve, connect: Connect) -> None:
    def execute(run: Run, commands: Sequence[ReceivedCommand]) -> None:
        run.write("before")
        raise TerminatingError(
            f"The term '{commands[0].name}' is not recognized.",
            "CommandNotFoundException",
            "ObjectNotFound",
            "System.Management.Automation.CommandNotFoundException",
            target=commands[0].name,
        )

    pipeline = answer(serve, connect, execute)
    [error] = pipeline.streams.error
    assert str(error) == "The term 'Get-Anything' is not recognized."
    assert error.fq_error == "CommandNotFoundException"
    assert error.reason == "CommandNotFoundException"
    assert pipeline.output == ["before"]
    assert pipeline.state == PSInvocationState.FAILED


def test_a_failure_of_the_lab_itself_is_not_passed_over(connect: Connect, accounts: Accounts) -> None:
    def execute(run: Run, commands: Sequence[ReceivedCommand]) -> None:
        del run, commands
        raise KeyError("forgotten")

    endpoint = Endpoint("/powershell", "Microsoft.Exchange", execute)
    with (
        Listener("127.0.0.1", endpoints=[endpoint], accounts=accounts) as listener,
        connect(listener) as pool,
        PowerShell(pool) as pipeline,
    ):
        pipeline.add_cmdlet("Get-Anything").invoke()
    assert pipeline.state == PSInvocationState.FAILED
    assert pipeline.streams.error[0].fq_error == "LabFailure"
    [crash] = listener.traffic.crashes
    assert "KeyError: 'forgotten'" in crash


def test_piped_input_is_read_to_its_end(serve: Serve, connect: Connect) -> None:
    def execute(run: Run, commands: Sequence[ReceivedCommand]) -> None:
        del commands
        run.write(run.read_input())

    listener = serve(execute)
    with connect(listener) as pool:
        with PowerShell(pool) as pipeline:
            assert pipeline.add_cmdlet("Get-Anything").invoke(["a", 1]) == [["a", 1]]
        with PowerShell(pool) as pipeline:
            assert pipeline.add_cmdlet("Get-Anything").invoke() == [[]]


def test_pipelines_of_one_shell_run_side_by_side(serve: Serve, connect: Connect) -> None:
    def execute(run: Run, commands: Sequence[ReceivedCommand]) -> None:
        run.sleep(0.3 if commands[0].name == "Get-Slow" else 0)
        run.write(commands[0].name)

    with connect(serve(execute)) as pool, PowerShell(pool) as slow, PowerShell(pool) as fast:
        slow.add_cmdlet("Get-Slow").begin_invoke()
        assert fast.add_cmdlet("Get-Fast").invoke() == ["Get-Fast"]
        assert slow.state == PSInvocationState.RUNNING
        slow.end_invoke()
    assert slow.output == ["Get-Slow"]


def test_a_cmdlet_that_outlasts_the_operation_timeout_is_waited_for(serve: Serve, connect: Connect) -> None:
    def execute(run: Run, commands: Sequence[ReceivedCommand]) -> None:
        del commands
        run.sleep(1.3)
        run.write("at last")

    listener = serve(execute)
    with connect(listener, operation_timeout=1) as pool, PowerShell(pool) as pipeline:
        assert pipeline.add_cmdlet("Get-Anything").invoke() == ["at last"]
    assert [operation.fault for operation in listener.traffic.operations if operation.fault] == [2150858793]


def test_a_stopped_cmdlet_notices_and_the_shell_stays_usable(serve: Serve, connect: Connect) -> None:
    endings: list[str] = []

    def execute(run: Run, commands: Sequence[ReceivedCommand]) -> None:
        if commands[0].name == "Get-Quick":
            run.write("still here")
            return
        try:
            run.sleep(60)
        except Stopped:
            endings.append("stopped")
            raise

    listener = serve(execute)
    with connect(listener) as pool:
        with PowerShell(pool) as endless:
            endless.add_cmdlet("Wait-Forever").begin_invoke()
            endless.stop()
            assert endings == ["stopped"]
        with PowerShell(pool) as pipeline:
            assert pipeline.add_cmdlet("Get-Quick").invoke() == ["still here"]
    assert "Signal:ctrl_c" in listener.traffic.actions


def test_a_stopped_pipeline_says_so(serve: Serve, connect: Connect) -> None:
    with connect(serve(lambda run, _: run.sleep(60))) as pool, PowerShell(pool) as pipeline:
        pipeline.add_cmdlet("Wait-Forever").begin_invoke()
        pool.shell.signal(SignalCode.PS_CTRL_C, pipeline.id)
        pipeline.end_invoke()
        assert pipeline.state == PSInvocationState.STOPPED
        assert pipeline.streams.error[0].fq_error == "PipelineStopped"


def test_a_pipeline_is_forgotten_when_it_is_terminated(serve: Serve, connect: Connect) -> None:
    with connect(serve(lambda run, _: run.sleep(60))) as pool:
        pipeline = PowerShell(pool).add_cmdlet("Wait-Forever")
        pipeline.begin_invoke()
        pool.shell.signal(SignalCode.TERMINATE, pipeline.id)
        with pytest.raises(WSManFaultError) as missing:
            pipeline.poll_invoke()
        assert missing.value.code == 2150858843


def test_a_cmdlet_that_does_not_notice_its_stop_can_still_be_released(serve: Serve, connect: Connect) -> None:
    release = threading.Event()

    def execute(run: Run, commands: Sequence[ReceivedCommand]) -> None:
        del commands
        while not run.stopping:
            run.sleep(0.01)
        release.wait(10)

    with connect(serve(execute)) as pool, PowerShell(pool) as pipeline:
        pipeline.add_cmdlet("Get-Anything").begin_invoke()
        release.set()
        pipeline.stop()


def test_the_runspace_pool_answers_questions_about_itself(serve: Serve, connect: Connect) -> None:
    with connect(serve(lambda *_: None)) as pool:
        assert pool.get_available_runspaces() == 1
        pool.reset_runspace_state()
