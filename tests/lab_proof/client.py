# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client that knows pypsrp and nothing else: it sends what it is told, and reads what comes."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from exchange_lab.world import Account, Server
from pypsrp.host import PSHost, PSHostUserInterface
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

YES, NO = 0, 2
EXCHANGE, WINDOWS = "Microsoft.Exchange", "Microsoft.PowerShell"

Command = tuple[str, dict[str, Any]]


class ConnectionDropped(Exception):
    """The client is gone before it has answered."""


@dataclass(frozen=True)
class Answer:
    """What a pipeline returned, and the texts of its errors."""

    output: list[Any]
    errors: list[str]


class _User(PSHostUserInterface):
    def __init__(self, choose: Callable[[], int]) -> None:
        super().__init__()
        self._choose = choose

    def PromptForChoice(self, *_question: Any) -> int:  # noqa: N802 - pypsrp's name
        return self._choose()


class Client:
    """A session; a context manager.

    ``answer`` is the choice it makes whenever it is asked; ``options`` are more or other ones of pypsrp's WSMan.
    """

    def __init__(
        self, server: Server, account: Account, configuration: str, answer: int | None, **options: Any
    ) -> None:
        endpoint = server.powershell if configuration == EXCHANGE else server.wsman
        assert endpoint is not None, "an Edge has no endpoint of Exchange's own"
        usual: dict[str, Any] = {"ssl": False, "auth": "ntlm", "username": account.user, "password": account.password}
        self._connection = WSMan(
            server.address, port=endpoint.port, path=endpoint.path.strip("/"), no_proxy=True, **(usual | options)
        )
        self._answer = answer
        user = _User(self._choose)
        host = PSHost(None, None, False, "raw client", None, user, "1.0")
        self._pool = RunspacePool(self._connection, configuration_name=configuration, host=host)

    def __enter__(self) -> Client:
        self._pool.open()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        if kind is not ConnectionDropped:
            self._pool.close()
        self._connection.close()

    def run(self, *commands: Command) -> Answer:
        """Send a pipeline of structured commands."""
        pipeline = PowerShell(self._pool)
        for name, parameters in commands:
            pipeline.add_cmdlet(name).add_parameters(parameters)
        return _invoked(pipeline)

    def script(self, text: str) -> Answer:
        """Send script text."""
        return _invoked(PowerShell(self._pool).add_script(text))

    def _choose(self) -> int:
        if self._answer is None:
            raise ConnectionDropped
        return self._answer


def _invoked(pipeline: PowerShell) -> Answer:
    pipeline.invoke()
    return Answer(list(pipeline.output), [str(error) for error in pipeline.streams.error])


def rows_of(log: str) -> list[list[str]]:
    """The rows of a protocol log, each with its nine fields."""
    return [row for row in csv.reader(log.splitlines(keepends=True)) if row and not row[0].startswith("#")]
