# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One server's own PowerShell behind a real listener, and pypsrp as the client that knows nothing of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from exchange_lab.clock import Clock
from exchange_lab.windows import windows_endpoint
from exchange_lab.wire import Account, Accounts, Listener
from exchange_lab.world import Connectors, DomainController, Server, World
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

NOW = datetime(2026, 3, 2, 2, 15, 0, 123456, tzinfo=UTC)
LOGS = r"C:\Program Files\Microsoft\Exchange Server\V15\TransportRoles\Logs\Hub\ProtocolLog\SmtpSend"
USER, PASSWORD = "CONTOSO\\winadmin", "Passw0rd!"


class Host:
    """The server, and a session in its PowerShell."""

    def __init__(self, pool: RunspacePool, world: World) -> None:
        self.pool = pool
        self.world = world
        self.server = next(iter(world.servers.values()))
        self.disk = self.server.disk

    def write(self, name: str, content: bytes) -> str:
        """Put a file into the log directory; returns its path."""
        return str(self.disk.write(rf"{LOGS}\{name}", content, NOW).path)

    def run(self, name: str, select: list[str] | None = None, **parameters: Any) -> PowerShell:
        """Run one cmdlet, projected if ``select`` is given."""
        shell = PowerShell(self.pool)
        shell.add_cmdlet(name).add_parameters(parameters)
        if select is not None:
            shell.add_cmdlet("Select-Object").add_parameter("Property", select)
        shell.invoke()
        return shell

    def output(self, name: str, select: list[str] | None = None, **parameters: Any) -> list[Any]:
        """What a command returns that must not fail."""
        shell = self.run(name, select, **parameters)
        assert shell.streams.error == []
        return list(shell.output)

    def error(self, name: str, **parameters: Any) -> Any:
        """The one error of a command that returns nothing."""
        shell = self.run(name, **parameters)
        assert not shell.output
        (error,) = shell.streams.error
        return error


@pytest.fixture
def host() -> Iterator[Host]:
    controllers = {"dc01.contoso.test": DomainController("dc01.contoso.test", "HQ")}
    server = Server("mbx01.contoso.test", "MBX01", "HQ", "dc01.contoso.test")
    server.disk.make_directory(LOGS)
    world = World(
        clock=Clock(NOW),
        organisation="Contoso",
        domain="contoso.test",
        domain_controllers=controllers,
        servers={server.fqdn: server},
        connectors=Connectors(controllers, []),
        peers={},
        accounts=[],
    )
    accounts = Accounts([Account(USER, PASSWORD)])
    listener = Listener("127.0.0.1", endpoints=[windows_endpoint(world, server)], accounts=accounts)
    with listener:
        connection = WSMan(
            "127.0.0.1",
            port=listener.port,
            ssl=False,
            username=USER,
            password=PASSWORD,
            auth="ntlm",
            no_proxy=True,
            operation_timeout=5,
        )
        with RunspacePool(connection) as pool:
            yield Host(pool, world)
        connection.close()
    assert listener.traffic.open_shells == 0
    assert listener.traffic.crashes == ()
