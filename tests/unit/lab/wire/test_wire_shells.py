# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of shells, and the faults that a client meets when it asks for the wrong one."""

from __future__ import annotations

import base64
import socket
import threading
import time
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import requests
from exchange_lab.wire import Accounts, Caller, Listener, Operation, ReceivedCommand, Run, Stopped, access_denied
from pypsrp.exceptions import WinRMTransportError, WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import SelectorSet

Serve = Callable[..., Listener]
Connect = Callable[..., RunspacePool]

NO_SHELL = 2150858843
IN_CLEAR = {"auth": "basic", "encryption": "never"}


class HungUp(Exception):
    """The client closed its connection instead of waiting for the reply."""


class Waiter:
    """A cmdlet that waits until it is let go, or stopped."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.ended = threading.Event()
        self.stopped = False

    def __call__(self, run: Run, commands: Sequence[ReceivedCommand]) -> None:
        del commands
        try:
            while not self.go.is_set():
                run.sleep(0.02)
            run.write("the only copy")
        except Stopped:
            self.stopped = True
            raise
        finally:
            self.ended.set()


def greet(run: Run, commands: Sequence[ReceivedCommand]) -> None:
    del commands
    run.write("hello")


def eventually(condition: Callable[[], bool], seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_a_session_is_create_receive_command_receive_signal_delete(serve: Serve, connect: Connect) -> None:
    listener = serve(greet)
    with connect(listener) as pool:
        assert listener.traffic.open_shells == 1
        with PowerShell(pool) as pipeline:
            assert pipeline.add_cmdlet("Get-It").invoke() == ["hello"]
    assert listener.traffic.open_shells == 0
    actions = [action for action in listener.traffic.actions if action != "Receive"]
    assert actions == ["Create", "Command", "Signal:terminate", "Delete"]
    assert listener.traffic.operations[0] == Operation("Create", "/powershell", "LAB\\exadmin")
    assert listener.traffic.connections == 1
    assert listener.traffic.challenges == 2
    assert listener.traffic.requests == len(listener.traffic.actions) + 3  # NTLM's legs
    assert listener.traffic.bytes_in > 5000 < listener.traffic.bytes_out


@pytest.mark.parametrize("path", ["powershell", "PowerShell/", "POWERSHELL"])
def test_a_path_is_compared_as_iis_does(serve: Serve, connect: Connect, path: str) -> None:
    with connect(serve(greet), path=path) as pool, PowerShell(pool) as pipeline:
        assert pipeline.add_cmdlet("Get-It").invoke() == ["hello"]


def test_a_wrong_path_is_not_found_before_anybody_is_asked_who_he_is(serve: Serve, connect: Connect) -> None:
    listener = serve(greet)
    with pytest.raises(WinRMTransportError) as missing:
        connect(listener, path="PowerShelll").open()
    assert missing.value.code == 404
    assert "404 - File or directory not found." in missing.value.response_text
    assert listener.traffic.challenges == 0


def test_a_wrong_configuration_is_a_fault(serve: Serve, connect: Connect) -> None:
    with pytest.raises(WSManFaultError) as wrong:
        connect(serve(greet), configuration="Microsoft.PowerShell").open()
    assert wrong.value.code == 2150858811
    assert "resource URI" in wrong.value.reason


def test_every_path_has_its_own_configuration(serve: Serve, connect: Connect) -> None:
    pool = connect(serve(greet), path="wsman", configuration="Microsoft.PowerShell")
    with pool, PowerShell(pool) as pipeline:
        assert pipeline.add_cmdlet("Get-It").invoke() == ["hello"]


def test_a_caller_who_is_not_admitted_gets_no_shell(serve: Serve, connect: Connect) -> None:
    asked: list[Caller] = []

    def admit(caller: Caller, open_shells: int) -> None:
        del open_shells
        asked.append(caller)
        raise access_denied()

    listener = serve(greet, endpoint={"admit": admit})
    with pytest.raises(WSManFaultError) as denied:
        connect(listener).open()
    assert (denied.value.code, denied.value.reason) == (5, "Access is denied.")
    assert [caller.user for caller in asked] == ["LAB\\exadmin"]
    assert listener.traffic.open_shells == 0


def test_the_quota_of_shells_is_each_users_own(serve: Serve, connect: Connect) -> None:
    listener = serve(greet, endpoint={"max_shells_per_user": 2})
    with connect(listener), connect(listener), connect(listener, username="LAB\\other", password="Other-1"):
        with pytest.raises(WSManFaultError) as exceeded:
            connect(listener).open()
        assert exceeded.value.code == 2150859173
        assert "maximum number of 2 concurrent shells" in exceeded.value.reason
    with connect(listener):
        assert listener.traffic.open_shells == 1


def test_another_users_shell_is_not_found(serve: Serve, connect: Connect) -> None:
    listener = serve(greet)
    with connect(listener) as mine:
        thief = connect(listener, username="LAB\\other", password="Other-1")
        take_over(thief, mine)
        with pytest.raises(WSManFaultError) as missing:
            thief.shell.close()
        assert missing.value.code == NO_SHELL
        assert listener.traffic.open_shells == 1


def test_a_deleted_shell_is_not_found(serve: Serve, connect: Connect) -> None:
    pool = connect(serve(greet))
    pool.open()
    pool.shell.close()
    pool.shell.opened = True
    with pytest.raises(WSManFaultError) as missing:
        PowerShell(pool).add_cmdlet("Get-It").invoke()
    assert missing.value.code == NO_SHELL


def test_a_receive_that_waits_is_aborted_when_the_shell_is_deleted(serve: Serve, connect: Connect) -> None:
    waiter = Waiter()
    listener = serve(waiter)
    pool, other_connection = connect(listener), connect(listener)
    pool.open()
    pipeline = PowerShell(pool).add_cmdlet("Get-It")
    pipeline.begin_invoke()
    faults: list[int] = []

    def receive() -> None:
        with pytest.raises(WSManFaultError) as aborted:
            pipeline.poll_invoke()
        faults.append(aborted.value.code)

    receiving = threading.Thread(target=receive)
    receiving.start()
    time.sleep(0.3)
    take_over(other_connection, pool)
    other_connection.shell.close()
    receiving.join(5)
    assert faults == [995]
    assert waiter.ended.wait(5)
    assert waiter.stopped


def test_nothing_to_receive_is_a_timeout(serve: Serve, connect: Connect) -> None:
    waiter = Waiter()
    with connect(serve(waiter)) as pool, PowerShell(pool) as pipeline:
        pipeline.add_cmdlet("Get-It").begin_invoke()
        started = time.monotonic()
        with pytest.raises(WSManFaultError) as timeout:
            pool.shell.receive("stdout", command_id=pipeline.id, timeout=1)
        assert timeout.value.code == 2150858793
        assert 0.9 < time.monotonic() - started < 3
        waiter.go.set()
        assert pipeline.end_invoke() == ["the only copy"]


def test_a_pipeline_that_never_was_is_not_found(serve: Serve, connect: Connect) -> None:
    with connect(serve(greet)) as pool:
        with pytest.raises(WSManFaultError) as missing:
            pool.shell.receive("stdout", command_id=str(uuid.uuid4()).upper())
        assert missing.value.code == NO_SHELL


def test_an_unknown_action_is_a_fault(serve: Serve, connect: Connect) -> None:
    with connect(serve(greet)) as pool:
        with pytest.raises(WSManFaultError) as unsupported:
            pool.disconnect()
        assert unsupported.value.code == 2150858752


def test_an_idle_shell_ends(serve: Serve, connect: Connect) -> None:
    listener = serve(greet)
    pool = connect(listener, idle_timeout=1)
    pool.open()
    assert float(pool.shell.idle_time_out[2:-1]) == 1
    assert listener.traffic.open_shells == 1
    assert eventually(lambda: listener.traffic.open_shells == 0)
    with pytest.raises(WSManFaultError) as missing:
        PowerShell(pool).add_cmdlet("Get-It").invoke()
    assert missing.value.code == NO_SHELL


def test_the_endpoints_idle_timeout_holds_for_clients_that_ask_for_none(serve: Serve, connect: Connect) -> None:
    listener = serve(greet, endpoint={"idle_timeout_s": 0.3})
    connect(listener).open()
    assert eventually(lambda: listener.traffic.open_shells == 0)


def test_a_shell_is_not_idle_while_its_client_waits_for_output(serve: Serve, connect: Connect) -> None:
    waiter = Waiter()
    listener = serve(waiter)
    with connect(listener, idle_timeout=1) as pool, PowerShell(pool) as pipeline:
        pipeline.add_cmdlet("Get-It").begin_invoke()
        threading.Timer(1.5, waiter.go.set).start()
        assert pipeline.end_invoke() == ["the only copy"]


def test_an_idle_shell_stops_its_cmdlet(serve: Serve, connect: Connect) -> None:
    waiter = Waiter()
    listener = serve(waiter)
    pool = connect(listener, idle_timeout=1)
    pool.open()
    PowerShell(pool).add_cmdlet("Get-It").begin_invoke()
    pool.connection.close()
    assert waiter.ended.wait(5)
    assert waiter.stopped
    assert listener.traffic.open_shells == 0


def test_a_lost_connection_leaves_shell_and_cmdlet_alone(serve: Serve, connect: Connect) -> None:
    waiter = Waiter()
    listener = serve(waiter)
    pool = connect(listener)
    pool.open()
    pipeline = PowerShell(pool).add_cmdlet("Get-It")
    pipeline.begin_invoke()
    forget_the_connection(pool)
    time.sleep(0.5)
    assert not waiter.ended.is_set()
    waiter.go.set()
    assert pipeline.end_invoke() == ["the only copy"]
    pool.close()


def test_a_receive_whose_client_is_gone_swallows_no_output(serve: Serve, connect: Connect) -> None:
    waiter = Waiter()
    listener = serve(waiter, require_encryption=False)
    pool = connect(listener, operation_timeout=20, **IN_CLEAR)
    pool.open()
    pipeline = PowerShell(pool).add_cmdlet("Get-It")
    pipeline.begin_invoke()
    transport, pool.connection.transport = pool.connection.transport, HangingUp(listener)
    with pytest.raises(HungUp):
        pipeline.poll_invoke()
    assert eventually(lambda: listener.traffic.actions[-1] == "Receive", seconds=2), "the server still waits"
    waiter.go.set()
    assert waiter.ended.wait(5)
    pool.connection.transport = transport
    assert pipeline.end_invoke() == ["the only copy"]
    pool.close()


def test_what_is_no_envelope_is_answered_with_a_fault(serve: Serve) -> None:
    listener = serve(greet, require_encryption=False)
    for nonsense in (b"<s:Envelope", b"<empty/>", b"\xff\xfe"):
        answer = requests.post(f"{listener.url}/powershell", nonsense, auth=("LAB\\exadmin", "Passw0rd!"), timeout=5)
        assert answer.status_code == 500
        assert "w:SchemaValidationError" in answer.text
        ET.fromstring(answer.content)


def test_a_shell_whose_description_cannot_be_read_is_not_left_open(serve: Serve, connect: Connect) -> None:
    listener = serve(greet)
    pool = connect(listener)
    pool._fragmenter.fragment_multiple = lambda *_: [b"no fragment at all, but long enough to look like one"]
    with pytest.raises(WSManFaultError) as unreadable:
        pool.open()
    assert unreadable.value.code == 2150858817
    assert listener.traffic.open_shells == 0


def test_a_shell_id_is_taken_once(serve: Serve, connect: Connect) -> None:
    listener = serve(greet)
    with connect(listener) as pool:
        double = connect(listener, username="LAB\\other", password="Other-1")
        double.id = double.shell.id = pool.id
        with pytest.raises(WSManFaultError) as taken:
            double.open()
        assert taken.value.code == 87
        with PowerShell(pool) as pipeline:
            assert pipeline.add_cmdlet("Get-It").invoke() == ["hello"]


def test_a_listener_that_never_started_can_be_stopped() -> None:
    Listener("127.0.0.1", endpoints=[], accounts=Accounts()).stop()


def test_a_stopping_listener_hangs_up_and_stops_its_cmdlets(serve: Serve, connect: Connect) -> None:
    waiter = Waiter()
    listener = serve(waiter)
    pool = connect(listener)
    pool.open()
    pipeline = PowerShell(pool).add_cmdlet("Get-It")
    pipeline.begin_invoke()
    before = threading.active_count()
    stopping = threading.Thread(target=listener.stop)
    stopping.start()
    with pytest.raises((requests.exceptions.ConnectionError, WSManFaultError)):
        pipeline.end_invoke()
    stopping.join(10)
    assert waiter.stopped
    assert eventually(lambda: threading.active_count() <= before - 3)  # listener, connection, cmdlet


class HangingUp:
    """A transport that sends a request and closes the connection while the server waits."""

    def __init__(self, listener: Listener) -> None:
        self._address = (listener.address, listener.port)
        self.endpoint = f"{listener.url}/powershell"

    def send(self, message: bytes, **options: Any) -> bytes:
        del options
        credentials = base64.b64encode(b"LAB\\exadmin:Passw0rd!").decode()
        head = (
            f"POST /powershell HTTP/1.1\r\nHost: lab\r\nAuthorization: Basic {credentials}\r\n"
            f"Content-Type: application/soap+xml;charset=UTF-8\r\nContent-Length: {len(message)}\r\n\r\n"
        )
        with socket.create_connection(self._address) as connection:
            connection.sendall(head.encode() + message)
            time.sleep(0.3)
        raise HungUp

    def close(self) -> None:
        """Nothing is open."""


def take_over(pool: RunspacePool, other: RunspacePool) -> None:
    """Speak of another pool's shell as if it were one's own."""
    pool.shell.id, pool.shell.opened = other.shell.id, True
    pool.shell._selector_set = SelectorSet()
    pool.shell._selector_set.add_option("ShellId", other.shell.id)


def forget_the_connection(pool: RunspacePool) -> None:
    """Let the next request open and authenticate a connection of its own."""
    transport = pool.connection.transport
    transport.close()
    transport.session = transport.encryption = None
