# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions that a cmdlet asks: answered, unanswerable, stopped, and abandoned."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from exchange_lab.wire import HostCannotPrompt, Listener, ReceivedCommand, Run, Stopped
from pypsrp.complex_objects import PSInvocationState
from pypsrp.host import PSHost, PSHostUserInterface
from pypsrp.powershell import PowerShell, RunspacePool

Serve = Callable[..., Listener]
Connect = Callable[..., RunspacePool]

CHOICES = (("&Yes", "Only this step"), ("Yes to &All", "All steps"), ("&No", "Skip"), ("No to A&ll", "Skip all"))


class Questioner:
    """A cmdlet that acts, asks, and acts on the answer; it remembers how far it came."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.ended = threading.Event()

    def __call__(self, run: Run, commands: Sequence[ReceivedCommand]) -> None:
        del commands
        try:
            self.steps.append("acted")
            answer = run.ask("Confirm", "Overwrite\r\nthe default?", CHOICES, 0)
            self.steps.append(f"answered {answer}")
            run.write(answer)
        except Stopped:
            self.steps.append("stopped")
            raise
        finally:
            self.ended.set()


class Abandoned(Exception):
    """The client's host gives up instead of answering."""


class User(PSHostUserInterface):  # type: ignore[misc]
    """Someone at the client."""

    def __init__(self, answer: Callable[[], int], typed: str = "") -> None:
        super().__init__()
        self.answer = answer
        self.typed = typed
        self.shown: list[Any] = []

    def PromptForChoice(  # noqa: N802 - pypsrp's name
        self, runspace: Any, pipeline: Any, *question: Any
    ) -> int:
        del runspace, pipeline
        caption, message, choices, default_choice = question
        labels = [
            (choice.extended_properties["label"], choice.extended_properties["helpMessage"]) for choice in choices
        ]
        self.shown.append((caption, message, labels, default_choice))
        return self.answer()

    def Write1(self, runspace: Any, pipeline: Any, value: str) -> None:  # noqa: N802 - pypsrp's name
        del runspace, pipeline
        self.shown.append(value)

    def ReadLine(self, runspace: Any, pipeline: Any) -> str:  # noqa: N802 - pypsrp's name
        del runspace, pipeline
        return self.typed


def give_up() -> int:
    raise Abandoned


def host(user: User | None) -> PSHost:
    return PSHost(None, None, False, "test", None, user, "1.0")


def test_a_prompt_is_shown_as_it_is_and_its_answer_comes_back(serve: Serve, connect: Connect) -> None:
    cmdlet, user = Questioner(), User(lambda: 2)
    with connect(serve(cmdlet), host=host(user)) as pool, PowerShell(pool) as pipeline:
        assert pipeline.add_cmdlet("Enable-It").invoke() == [2]
    [(caption, message, labels, default)] = user.shown
    assert (caption, message, default) == ("Confirm", "Overwrite\r\nthe default?", 0)
    assert labels == list(CHOICES)
    assert cmdlet.steps == ["acted", "answered 2"]


def test_two_prompts_get_their_own_answers(serve: Serve, connect: Connect) -> None:
    def execute(run: Run, commands: Sequence[ReceivedCommand]) -> None:
        del commands
        run.write([run.ask("", "first?", CHOICES, 0), run.ask("", "second?", CHOICES, 0)])

    answers = iter((3, 1))
    with connect(serve(execute), host=host(User(lambda: next(answers)))) as pool, PowerShell(pool) as pipeline:
        assert pipeline.add_cmdlet("Enable-It").invoke() == [[3, 1]]


def test_a_line_can_be_asked_for(serve: Serve, connect: Connect) -> None:
    def execute(run: Run, commands: Sequence[ReceivedCommand]) -> None:
        del commands
        run.write(run.read_line("Name: "))

    user = User(give_up, typed="exadmin")
    with connect(serve(execute), host=host(user)) as pool, PowerShell(pool) as pipeline:
        assert pipeline.add_cmdlet("Get-It").invoke() == ["exadmin"]
    assert user.shown == ["Name: "]


@pytest.mark.parametrize("nobody", [None, host(None)], ids=["no host", "no user interface"])
def test_nobody_to_ask_fails_the_cmdlet_as_in_powershell(serve: Serve, connect: Connect, nobody: Any) -> None:
    cmdlet = Questioner()
    with connect(serve(cmdlet), host=nobody) as pool, PowerShell(pool) as pipeline:
        pipeline.add_cmdlet("Enable-It").invoke()
    assert pipeline.state == PSInvocationState.FAILED
    assert pipeline.streams.error[0].fq_error == "HostFunctionNotImplemented"
    assert str(pipeline.streams.error[0]).endswith("the following message: Overwrite\r\nthe default?")
    assert cmdlet.steps == ["acted"]


def test_a_cmdlet_may_go_on_when_there_is_nobody_to_ask(serve: Serve, connect: Connect) -> None:
    def execute(run: Run, commands: Sequence[ReceivedCommand]) -> None:
        del commands
        try:
            run.ask("", "sure?", CHOICES, 0)
        except HostCannotPrompt:
            run.write("went on")

    with connect(serve(execute)) as pool, PowerShell(pool) as pipeline:
        assert pipeline.add_cmdlet("Enable-It").invoke() == ["went on"]


def test_a_pipeline_stopped_at_its_prompt_ends(serve: Serve, connect: Connect) -> None:
    cmdlet = Questioner()
    with connect(serve(cmdlet), host=host(User(give_up))) as pool, PowerShell(pool) as pipeline:
        pipeline.add_cmdlet("Enable-It").begin_invoke()
        with pytest.raises(Abandoned):
            pipeline.end_invoke()
        pipeline.stop()
        assert cmdlet.steps == ["acted", "stopped"]


def test_a_shell_deleted_at_a_prompt_ends_the_cmdlet(serve: Serve, connect: Connect) -> None:
    cmdlet = Questioner()
    listener = serve(cmdlet)
    pool = connect(listener, host=host(User(give_up)))
    pool.open()
    with pytest.raises(Abandoned):
        PowerShell(pool).add_cmdlet("Enable-It").invoke()
    pool.close()
    assert listener.traffic.open_shells == 0
    assert cmdlet.ended.wait(5)
    assert cmdlet.steps == ["acted", "stopped"]


def test_a_connection_dropped_at_a_prompt_leaves_the_cmdlet_waiting(serve: Serve, connect: Connect) -> None:
    cmdlet = Questioner()
    listener = serve(cmdlet)
    pool = connect(listener, host=host(User(give_up)))
    pool.open()
    with pytest.raises(Abandoned):
        PowerShell(pool).add_cmdlet("Enable-It").invoke()
    pool.connection.close()
    assert not cmdlet.ended.wait(0.5)
    assert cmdlet.steps == ["acted"]
    assert listener.traffic.open_shells == 1


def test_a_prompt_can_be_answered_over_a_new_connection(serve: Serve, connect: Connect) -> None:
    cmdlet, user = Questioner(), User(lambda: 2)
    pool = connect(serve(cmdlet), host=host(user))
    pool.open()
    pipeline = PowerShell(pool).add_cmdlet("Enable-It")
    pipeline.begin_invoke()
    forget_the_connection(pool)
    assert pipeline.end_invoke() == [2]
    assert cmdlet.steps == ["acted", "answered 2"]
    pool.close()


def forget_the_connection(pool: RunspacePool) -> None:
    """Let the next request open and authenticate a connection of its own."""
    transport = pool.connection.transport
    transport.close()
    transport.session = transport.encryption = None
