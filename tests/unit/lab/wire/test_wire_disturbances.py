# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections, replies and sessions that are lost, and a load balancer in between."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import pytest
from exchange_lab.wire import (
    Disturbance,
    Listener,
    ReceivedCommand,
    ReceiveUnanswered,
    RequestUnanswered,
    Run,
    ShellsRecycled,
    Silence,
)
from pypsrp.exceptions import WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool
from requests.exceptions import ConnectionError as ConnectionLost
from requests.exceptions import ReadTimeout

Serve = Callable[..., Listener]
Connect = Callable[..., RunspacePool]

NO_SUCH_SHELL = 2150858843


class Work:
    """What a pipeline does; it remembers which commands have run to their end."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def __call__(self, run: Run, commands: Sequence[ReceivedCommand]) -> None:
        run.write("done")
        self.done += [each.name for each in commands]


class Once:
    """Disturbs the first pipeline whose commands include Set-Anything."""

    def __init__(self, disturbance: Disturbance) -> None:
        self.left = [disturbance]

    def __call__(self, commands: Sequence[str]) -> Disturbance | None:
        return self.left.pop() if self.left and "Set-Anything" in commands else None


def call(pool: RunspacePool, name: str = "Set-Anything") -> list[object]:
    with PowerShell(pool) as pipeline:
        return list(pipeline.add_cmdlet(name).invoke())


def on_a_new_connection(pool: RunspacePool) -> None:
    """A sealed session does not outlive its TCP connection; the shell does."""
    transport = pool.connection.transport
    transport.close()
    transport.session = transport.encryption = None


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("disturbance", [RequestUnanswered(), ReceiveUnanswered()])
def test_a_lost_connection_does_not_keep_the_work_from_being_done(
    serve: Serve, connect: Connect, disturbance: Disturbance
) -> None:
    work = Work()
    listener = serve(work, endpoint={"disturb": Once(disturbance)})
    pool = connect(listener)
    pool.open()
    assert call(pool, "Get-Anything") == ["done"]
    with pytest.raises(ConnectionLost):
        PowerShell(pool).add_cmdlet("Set-Anything").invoke()
    wait_until(lambda: work.done == ["Get-Anything", "Set-Anything"])
    assert listener.traffic.open_shells == 1
    on_a_new_connection(pool)
    assert call(pool) == ["done"]
    pool.close()


def test_silence_is_broken_by_patience(serve: Serve, connect: Connect) -> None:
    with connect(serve(Work(), endpoint={"disturb": Once(Silence(0.6))})) as pool:
        begin = time.monotonic()
        assert call(pool) == ["done"]
        assert time.monotonic() - begin >= 0.6


def test_silence_outlasts_the_operation_timeout_and_leaves_other_requests_alone(serve: Serve, connect: Connect) -> None:
    work = Work()
    listener = serve(work, endpoint={"disturb": Once(Silence(60))})
    pool = connect(listener, operation_timeout=1)
    pool.open()
    transport = pool.connection.transport
    send, begin = transport.send, time.monotonic()
    transport.send = lambda message, **_: send(message, retries_on_read_timeout=0, timeout=(5, 2))
    with pytest.raises(ReadTimeout):
        PowerShell(pool).add_cmdlet("Set-Anything").invoke()
    assert time.monotonic() - begin >= 2
    assert work.done == ["Set-Anything"]
    on_a_new_connection(pool)
    pool.close()


def test_recycled_shells_are_gone_for_everybody_and_nothing_runs(serve: Serve, connect: Connect) -> None:
    work = Work()
    listener = serve(work, endpoint={"disturb": Once(ShellsRecycled())})
    first, second = connect(listener), connect(listener, username="LAB\\other", password="Other-1")
    first.open()
    second.open()
    for pool in (first, second):
        with pytest.raises(WSManFaultError) as lost:
            call(pool)
        assert lost.value.code == NO_SUCH_SHELL
    assert (work.done, listener.traffic.open_shells) == ([], 0)


def test_shells_of_another_endpoint_stay(serve: Serve, connect: Connect) -> None:
    listener = serve(Work(), endpoint={"disturb": Once(ShellsRecycled())})
    with connect(listener, path="wsman", configuration="Microsoft.PowerShell") as other:
        exchange = connect(listener)
        exchange.open()
        with pytest.raises(WSManFaultError):
            call(exchange)
        assert call(other) == ["done"]


def test_behind_a_balancer_the_cookie_leads_to_the_session(serve: Serve, connect: Connect) -> None:
    listener = serve(Work(), endpoint={"balancer": True})
    pool = connect(listener)
    pool.open()
    assert call(pool) == ["done"]
    transport = pool.connection.transport
    (cookie,) = transport.session.cookies
    transport.session.cookies.clear()
    with pytest.raises(WSManFaultError) as lost:
        call(pool)
    assert lost.value.code == NO_SUCH_SHELL
    assert listener.traffic.open_shells == 1
    transport.session.cookies.clear()
    transport.session.cookies.set_cookie(cookie)
    pool.close()
