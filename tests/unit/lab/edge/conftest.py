# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running organisations with an Edge, and pypsrp as the client that knows nothing of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from exchange_lab.organisation import Organisation
from exchange_lab.scenario import load
from exchange_lab.world import Endpoint
from pypsrp.host import PSHost, PSHostUserInterface
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

SCENARIOS = Path(__file__).resolve().parents[3] / "lab" / "scenarios"
EDGE, MBX = "edge01.contoso.test", "mbx01.contoso.test"
CONNECTOR = "Outbound to Office 365"
SNAP_IN = "Microsoft.Exchange.Management.PowerShell.E2010"


_WINDOWS = ("wsman", "Microsoft.PowerShell")
_EXCHANGE = ("PowerShell/", "Microsoft.Exchange")


class Console(PSHostUserInterface):
    """Answers every question with the same choice and remembers what was asked."""

    def __init__(self, answer: int) -> None:
        super().__init__()
        self.answer = answer
        self.asked: list[tuple[str, int]] = []

    def PromptForChoice(self, *arguments: Any) -> int:  # noqa: N802 - the name is pypsrp's
        _runspace, _pipeline, _caption, message, choices, _default = arguments
        self.asked.append((message, len(choices)))
        return self.answer


class Session:
    """An open session, and what was asked of its user."""

    def __init__(self, pool: RunspacePool, console: Console) -> None:
        self._pool = pool
        self.console = console

    def run(self, name: str, /, select: str = "", **parameters: Any) -> PowerShell:
        shell = PowerShell(self._pool)
        shell.add_cmdlet(name).add_parameters(parameters)
        if select:
            shell.add_cmdlet("Select-Object").add_parameter("Property", select.split())
        shell.invoke()
        return shell

    def output(self, name: str, /, select: str = "", **parameters: Any) -> list[Any]:
        """What a command returns that must not fail."""
        shell = self.run(name, select, **parameters)
        assert [str(each) for each in shell.streams.error] == []
        return list(shell.output)

    def values(self, name: str, select: str, **parameters: Any) -> list[Any]:
        """The properties of the one object that a command returns."""
        (found,) = self.output(name, select, **parameters)
        return [found.extended_properties[each] for each in select.split()]

    def error(self, name: str, /, **parameters: Any) -> Any:
        """The one error of a command that returns nothing."""
        shell = self.run(name, **parameters)
        assert not shell.output
        (error,) = shell.streams.error
        return error


class Lab:
    """One organisation; its time all but stands still unless it is advanced."""

    def __init__(self, stack: ExitStack, scenario: Path, changes: tuple[str, ...]) -> None:
        self._stack = stack
        world = load(scenario, ["time_scale=0.001", *changes])
        self.organisation = Organisation(world)
        self.world = world
        stack.callback(self._end)
        self.organisation.start()

    def _end(self) -> None:
        try:
            assert self.state()["crashes"] == []
        finally:
            self.organisation.stop()

    def state(self) -> dict[str, Any]:
        return self.organisation.state()

    def after(self, **span: float) -> None:
        self.organisation.advance(timedelta(**span))

    def edge(self, *, snap_in: bool = True, answer: int = 2, runspaces: int = 1) -> Session:
        """A session at the Edge's own PowerShell."""
        session = self._open(self.world.servers[EDGE].wsman, _WINDOWS, EDGE, answer=answer, runspaces=runspaces)
        if snap_in:
            assert session.output("Add-PSSnapin", Name=SNAP_IN) == []
        return session

    def mailbox(self) -> Session:
        """A session of Exchange on the Mailbox server."""
        endpoint = self.world.servers[MBX].powershell
        assert endpoint is not None
        return self._open(endpoint, _EXCHANGE, MBX)

    def windows(self) -> Session:
        """A session at the Mailbox server's own PowerShell."""
        return self._open(self.world.servers[MBX].wsman, _WINDOWS, MBX)

    def _open(
        self, endpoint: Endpoint, place: tuple[str, str], fqdn: str, *, answer: int = 2, runspaces: int = 1
    ) -> Session:
        path, configuration = place
        account = self.world.accounts[0]
        connection = WSMan(
            self.world.servers[fqdn].address,
            port=endpoint.port,
            ssl=False,
            path=path,
            username=account.user,
            password=account.password,
            auth="ntlm",
            no_proxy=True,
            operation_timeout=5,
        )
        console = Console(answer)
        host = PSHost(None, None, False, "Console", None, console, "1.0")
        self._stack.callback(connection.close)
        pool = RunspacePool(connection, configuration_name=configuration, host=host, max_runspaces=runspaces)
        return Session(self._stack.enter_context(pool), console)

    def thumbprint(self, label: str = "third-party") -> str:
        """Of a certificate of the Edge."""
        return str(self.state()["servers"][EDGE]["certificates"][label]["thumbprint"])

    def level_on_edge(self) -> str:
        """The logging level in the Edge's own directory."""
        return str(self.state()["servers"][EDGE]["connectors"][CONNECTOR]["protocol_logging_level"])

    @property
    def log(self) -> str:
        """The Edge's Send log."""
        directory = r"C:\Program Files\Microsoft\Exchange Server\V15\TransportRoles\Logs\Edge\ProtocolLog\SmtpSend"
        files = self.world.servers[EDGE].disk.files(directory)
        return "".join(each.content.decode() for each in files)

    @property
    def queue(self) -> dict[str, Any]:
        """The Edge's one queue that goes to a connector."""
        (found,) = [each for each in self.state()["queues"] if each["delivery_type"].endswith("ConnectorDelivery")]
        return dict(found)


MakeLab = Callable[..., Lab]


@pytest.fixture
def make_lab(tmp_path: Path) -> Iterator[MakeLab]:
    """Starts the organisation of a scenario, with single facts changed; ``more`` is YAML on top of it."""

    def make(scenario: str, *changes: str, more: str = "") -> Lab:
        file = tmp_path / "scenario.yml"
        file.write_text(f"extends: {SCENARIOS / scenario}.yml\n{more}\n")
        return Lab(stack, file, changes)

    with ExitStack() as stack:
        yield make


@pytest.fixture
def standalone(make_lab: MakeLab) -> Lab:
    return make_lab("edge-standalone")


@pytest.fixture
def subscribed(make_lab: MakeLab) -> Lab:
    return make_lab("edge-subscribed", "readings.edge_smtp_check=skipped_at_once")
