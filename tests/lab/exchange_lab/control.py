# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control channel: how ``exchange-lab state`` and ``exchange-lab advance`` reach a lab that runs.

A Unix socket in a directory that only its owner enters; one request and one reply a connection, each a line of JSON.
"""

from __future__ import annotations

import json
import socket
import socketserver
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

ADDRESS_VARIABLE = "EXCHANGE_LAB_CONTROL"
"""The environment variable with the socket's path."""

Handler = Callable[[dict[str, Any]], Any]


class ControlError(Exception):
    """The lab cannot be reached, or refused what was asked; the text says which."""


class ControlServer:
    """Answers requests with what ``handler`` returns for them; its ValueError is the client's ControlError."""

    def __init__(self, path: Path, handler: Handler) -> None:
        self.path = path
        self._server = _Server(str(path), _Connection)
        self._server.handler = handler
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="control", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self.path.unlink()


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    handler: Handler


class _Connection(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        request = json.loads(self.rfile.readline())
        try:
            reply = {"result": self.server.handler(request)}
        except ValueError as error:
            reply = {"error": str(error)}
        self.wfile.write(json.dumps(reply).encode() + b"\n")


def ask(address: str | None, request: dict[str, Any]) -> Any:
    """Send a request to the lab at this address (the value of the environment variable) and return its result."""
    if not address:
        raise ControlError(f"no lab runs around this command ({ADDRESS_VARIABLE} is not set)")
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(address)
        except OSError as error:
            raise ControlError(f"the lab at {address} does not answer: {error.strerror}") from error
        connection.sendall(json.dumps(request).encode() + b"\n")
        with connection.makefile("rb") as answers:
            answer = answers.readline()
    if not answer:
        raise ControlError(f"the lab at {address} hung up without an answer")
    reply = json.loads(answer)
    if "error" in reply:
        raise ControlError(str(reply["error"]))
    return reply["result"]
