# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server around any ``execute``, options that lead to it, and a cable between the two that can be cut."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.options import SessionOptions
from exchange_lab.wire import Account, Accounts, Endpoint, Execute, Listener

USER = "LAB\\exadmin"
PASSWORD = "Pässw0rd! ü"

Serve = Callable[..., Listener]
OptionsFor = Callable[..., SessionOptions]


@pytest.fixture
def accounts() -> Accounts:
    return Accounts([Account(USER, PASSWORD, upn="exadmin@lab.test"), Account("LAB\\basic", "Basic-1")])


@pytest.fixture
def serve(accounts: Accounts) -> Iterator[Serve]:
    """Start servers. A test may leave no session open, and the server itself may not have failed."""
    listeners: list[Listener] = []

    def start(execute: Execute, *, endpoint: dict[str, Any] | None = None, **options: Any) -> Listener:
        exchange = Endpoint("/powershell", "Microsoft.Exchange", execute, **(endpoint or {}))
        listener = Listener("127.0.0.1", endpoints=[exchange], accounts=accounts, **options)
        listener.start()
        listeners.append(listener)
        return listener

    yield start
    left_open = [listener.traffic.open_shells for listener in listeners]
    crashes = [crash for listener in listeners for crash in listener.traffic.crashes]
    for listener in listeners:
        listener.stop()
    assert left_open == [0] * len(listeners)
    assert crashes == []


@pytest.fixture(params=["pypsrp", "pywinrm"])
def library(request: pytest.FixtureRequest) -> str:
    """Whatever is true of a session is true of both libraries."""
    chosen: str = request.param
    return chosen


@pytest.fixture
def options_for(library: str) -> OptionsFor:
    """Return options that reach a server, or the cable before it."""

    def build(target: Any, **changes: Any) -> SessionOptions:
        options = SessionOptions(
            host="127.0.0.1",
            port=target.port,
            scheme=getattr(target, "scheme", "http"),
            path="/PowerShell/",
            configuration="Microsoft.Exchange",
            authentication="ntlm",
            username=USER,
            password=PASSWORD,
            no_proxy=True,
            library=library,
        )
        return dataclasses.replace(options, **changes)

    return build


class Cable:
    """A TCP forwarder to a server, with the faults of a network.

    ``cut`` breaks what is connected. ``mute`` withholds the server's further answers on it. Connections that are made
    afterwards work again: what a network does that lost packets, or a firewall that lost its memory. ``delivers`` is
    asked, with the connection's number from 1, before each piece of an answer is handed on, and ``accepts`` before the
    connection is made; ``lines`` counts them.
    """

    def __init__(self, server_port: int) -> None:
        self.delivers: Callable[[int], bool] = lambda _line: True
        self.accepts: Callable[[int], bool] = lambda _line: True
        self._server = ("127.0.0.1", server_port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._ends: list[socket.socket] = []
        self.lines = 0
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def cut(self) -> None:
        # Not what is connected meanwhile.
        for end in tuple(self._ends):
            _hang_up(end)

    def mute(self) -> None:
        muted = self.lines
        self.delivers = lambda line: line > muted

    def remove(self) -> None:
        _hang_up(self._listener)
        self.cut()
        for thread in self._threads:
            thread.join()
        for end in (self._listener, *self._ends):
            end.close()

    def _accept(self) -> None:
        while True:
            try:
                client, __ = self._listener.accept()
            except OSError:  # the cable is removed
                return
            self.lines += 1
            if not self.accepts(self.lines):
                client.close()
                continue
            server = socket.create_connection(self._server)
            self._ends += [client, server]
            for direction in ((client, server, None), (server, client, self.lines)):
                self._threads.append(threading.Thread(target=self._carry, args=direction))
                self._threads[-1].start()

    def _carry(self, source: socket.socket, target: socket.socket, answers_of: int | None) -> None:
        with contextlib.suppress(OSError):  # the other direction ended the line
            while data := source.recv(65536):
                if answers_of is None or self.delivers(answers_of):
                    target.sendall(data)
        _hang_up(source)
        _hang_up(target)


def _hang_up(end: socket.socket) -> None:
    with contextlib.suppress(OSError):  # closed already, from whichever side
        end.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def lay_cable() -> Iterator[Callable[[Listener], Cable]]:
    """Lay a cable to a server."""
    cables: list[Cable] = []

    def lay(listener: Listener) -> Cable:
        cables.append(Cable(listener.port))
        return cables[-1]

    yield lay
    for cable in cables:
        cable.remove()
