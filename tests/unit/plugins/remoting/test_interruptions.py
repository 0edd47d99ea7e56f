# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections that break, servers that fall silent, users who press Ctrl-C: nothing hangs, repeats or stays open."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import Command, Pipeline
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.errors import SessionLost, Silent
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.session import open_session
from exchange_lab.wire import Listener, ReceivedCommand, Run

READING = Pipeline((Command("Get-Queue"),))
CHANGING = Pipeline((Command("Retry-Queue"),), changes=True)

Serve = Callable[..., Any]
OptionsFor = Callable[..., Any]
LayCable = Callable[..., Any]


class Cmdlet:
    """A cmdlet that counts its runs and lets the test do something in the middle of the first ones."""

    def __init__(self, *, disturbances: int = 0) -> None:
        self.runs = 0
        self.disturb: Callable[[], None] = lambda: None
        self._disturbances = disturbances

    def __call__(self, run: Run, _commands: Sequence[ReceivedCommand]) -> None:
        self.runs += 1
        if self.runs <= self._disturbances:
            run.sleep(0.2)  # until the client waits for output
            self.disturb()
            run.sleep(60)
        run.write(self.runs)


def done_by(server: Listener) -> list[str]:
    """List what a server did, without Receive, whose interrupted ones are answered to nobody at any time."""
    return [action for action in server.traffic.actions if action != "Receive"]


def wait_until_idle(server: Listener) -> None:
    """Wait until the server has ended the session by itself."""
    deadline = time.monotonic() + 10
    while server.traffic.open_shells:
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture
def sleeper() -> Cmdlet:
    """A cmdlet that gives no sign of life the first time."""
    return Cmdlet(disturbances=1)


def test_a_silent_command_is_stopped_when_its_budget_is_spent(
    serve: Serve, options_for: OptionsFor, sleeper: Cmdlet
) -> None:
    server = serve(sleeper)
    began = time.monotonic()
    with open_session(options_for(server)) as session:
        with pytest.raises(Silent) as caught:
            session.run(CHANGING, budget=1)
        assert time.monotonic() - began < 3
        assert server.traffic.open_shells == 0
        assert done_by(server)[-2:] == ["Signal:ctrl_c", "Delete"]
        # The caller looks at the state afterwards, over a new session.
        assert session.run(READING).output == (2,)
    assert str(caught.value) == (
        "127.0.0.1: Retry-Queue got no answer within 1 s. It was stopped: look at the state, then raise "
        "exchange_timeout if the server is only slow."
    )


def test_the_budget_is_an_option(serve: Serve, options_for: OptionsFor, sleeper: Cmdlet) -> None:
    with open_session(options_for(serve(sleeper), command_timeout=1)) as session, pytest.raises(Silent):
        session.run(READING)


@pytest.mark.parametrize(
    ("library", "authentication"),
    [("pypsrp", "ntlm"), ("pypsrp", "negotiate"), ("pywinrm", "ntlm")],
    indirect=["library"],
)
def test_a_server_that_stops_answering_is_left_in_time_and_cleaned_up(
    serve: Serve, options_for: OptionsFor, lay_cable: LayCable, sleeper: Cmdlet, authentication: str
) -> None:
    server = serve(sleeper)
    cable = lay_cable(server)
    sleeper.disturb = cable.mute
    began = time.monotonic()
    options = options_for(cable, authentication=authentication, operation_timeout=1, read_timeout=2)
    with open_session(options) as session, pytest.raises(Silent) as caught:
        session.run(READING)
    assert time.monotonic() - began < 5
    assert "raise exchange_read_timeout" in str(caught.value)
    assert done_by(server)[-1] == "Delete"


def test_no_answer_is_waited_for_longer_than_the_budget(
    serve: Serve, options_for: OptionsFor, lay_cable: LayCable, sleeper: Cmdlet
) -> None:
    cable = lay_cable(serve(sleeper))
    sleeper.disturb = cable.mute
    began = time.monotonic()
    with open_session(options_for(cable, operation_timeout=20, read_timeout=30)) as session, pytest.raises(Silent):
        session.run(READING, budget=1)
    assert time.monotonic() - began < 3


def test_a_server_that_never_answers_at_all_is_left_in_time(
    serve: Serve, options_for: OptionsFor, lay_cable: LayCable
) -> None:
    cable = lay_cable(serve(Cmdlet()))
    cable.delivers = lambda _line: False
    began = time.monotonic()
    with pytest.raises(Silent) as caught:
        open_session(options_for(cable, operation_timeout=1, read_timeout=2))
    assert time.monotonic() - began < 6
    assert str(caught.value) == (
        "127.0.0.1: opening a session got no answer within 2 s. Raise exchange_read_timeout if the server is only slow."
    )


def test_a_reading_command_is_repeated_once_when_its_connection_breaks(
    serve: Serve, options_for: OptionsFor, lay_cable: LayCable, sleeper: Cmdlet
) -> None:
    cable = lay_cable(serve(sleeper))
    sleeper.disturb = cable.cut
    with open_session(options_for(cable)) as session:
        assert session.run(READING).output == (2,)
    assert sleeper.runs == 2


def test_a_reading_command_is_not_repeated_twice(serve: Serve, options_for: OptionsFor, lay_cable: LayCable) -> None:
    cmdlet = Cmdlet(disturbances=5)
    cable = lay_cable(serve(cmdlet))
    cmdlet.disturb = cable.cut
    with open_session(options_for(cable)) as session, pytest.raises(SessionLost):
        session.run(READING)
    assert cmdlet.runs == 2


def test_a_changing_command_is_never_repeated(
    serve: Serve, options_for: OptionsFor, lay_cable: LayCable, sleeper: Cmdlet
) -> None:
    server = serve(sleeper)
    cable = lay_cable(server)
    sleeper.disturb = cable.cut
    with open_session(options_for(cable)) as session:
        with pytest.raises(SessionLost) as caught:
            session.run(CHANGING)
        assert (sleeper.runs, server.traffic.open_shells) == (1, 0)
        assert session.run(READING).output == (2,)
    assert str(caught.value).startswith("127.0.0.1: the connection broke during Retry-Queue: ")
    assert str(caught.value).endswith("It may have acted or not: look at the state before you run it again.")


def test_behind_a_load_balancer_the_lost_session_is_still_found(
    serve: Serve, options_for: OptionsFor, lay_cable: LayCable, sleeper: Cmdlet
) -> None:
    server = serve(sleeper, endpoint={"balancer": True})
    cable = lay_cable(server)
    sleeper.disturb = cable.cut
    with open_session(options_for(cable)) as session, pytest.raises(SessionLost):
        session.run(CHANGING)
    assert (sleeper.runs, server.traffic.open_shells) == (1, 0)


def test_a_connection_that_is_lost_again_on_the_way_to_stop_leaves_no_session(
    serve: Serve, options_for: OptionsFor, lay_cable: LayCable, sleeper: Cmdlet
) -> None:
    server = serve(sleeper)
    cable = lay_cable(server)

    def cut_twice() -> None:
        cut = cable.lines
        cable.cut()
        cable.accepts = lambda line: line != cut + 1

    sleeper.disturb = cut_twice
    with open_session(options_for(cable)) as session, pytest.raises(SessionLost):
        session.run(CHANGING)
    assert (sleeper.runs, server.traffic.open_shells) == (1, 0)


def test_a_connection_lost_between_two_commands_costs_nothing(
    serve: Serve, options_for: OptionsFor, lay_cable: LayCable
) -> None:
    cmdlet = Cmdlet()
    cable = lay_cable(serve(cmdlet))
    with open_session(options_for(cable)) as session:
        session.run(READING)
        cable.cut()
        # Nothing of the changing command had been sent when the loss was noticed, so it goes over a new session.
        assert session.run(CHANGING).output == (2,)
    assert cmdlet.runs == 2


def test_a_session_that_the_server_ended_when_idle_is_opened_again(serve: Serve, options_for: OptionsFor) -> None:
    cmdlet = Cmdlet()
    server = serve(cmdlet)
    with open_session(options_for(server, idle_timeout=1)) as session:
        session.run(READING)
        wait_until_idle(server)
        assert session.run(CHANGING).output == (2,)


def test_a_connection_lost_after_the_last_command_leaves_no_session(
    serve: Serve, options_for: OptionsFor, lay_cable: LayCable
) -> None:
    server = serve(Cmdlet())
    cable = lay_cable(server)
    with open_session(options_for(cable)) as session:
        session.run(READING)
        cable.cut()
    assert (session.unclosed, server.traffic.open_shells) == (None, 0)


def test_a_session_that_is_gone_already_is_closed(serve: Serve, options_for: OptionsFor) -> None:
    server = serve(Cmdlet())
    with open_session(options_for(server, idle_timeout=1)) as session:
        wait_until_idle(server)
    assert session.unclosed is None


def test_a_session_that_cannot_be_closed_says_why_and_raises_nothing(
    serve: Serve, options_for: OptionsFor, lay_cable: LayCable
) -> None:
    server = serve(Cmdlet())
    cable = lay_cable(server)
    session = open_session(options_for(cable, idle_timeout=1))
    session.run(READING)
    cable.remove()
    session.close()
    assert session.unclosed is not None
    assert session.unclosed.reason in ("session_lost", "unreachable")
    wait_until_idle(server)


class TaskTimedOut(BaseException):
    """What Ansible raises in the main thread when a task's ``timeout`` is over, wherever the task stands."""


@contextmanager
def task_timeout(seconds: float) -> Iterator[None]:
    def expire(_number: int, _frame: FrameType | None) -> None:
        raise TaskTimedOut

    before = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_an_interrupted_task_leaves_no_session_and_keeps_its_own_error(
    serve: Serve, options_for: OptionsFor, sleeper: Cmdlet
) -> None:
    server = serve(sleeper)
    with pytest.raises(TaskTimedOut), task_timeout(0.5), open_session(options_for(server)) as session:
        session.run(CHANGING)
    assert server.traffic.open_shells == 0
    assert done_by(server)[-2:] == ["Signal:ctrl_c", "Delete"]


def test_an_interruption_while_the_session_opens_leaves_none_behind(
    serve: Serve, options_for: OptionsFor, lay_cable: LayCable
) -> None:
    server = serve(Cmdlet())
    cable = lay_cable(server)

    # The first connection's answers end with that to Create.
    cable.delivers = lambda line: line > 1 or not server.traffic.open_shells
    with pytest.raises(TaskTimedOut), task_timeout(0.7):
        open_session(options_for(cable))
    assert done_by(server) == ["Create", "Delete"]
