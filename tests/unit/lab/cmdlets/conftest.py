# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small organisation behind real listeners, and pypsrp as the client that knows nothing of it.

Its facts are those of KB 4051498; its clock moves only when a test moves it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from exchange_lab.certificates import CertificateMaker
from exchange_lab.clock import Clock
from exchange_lab.cmdlets import exchange_endpoint
from exchange_lab.transport import TransportService
from exchange_lab.wire import Account, Accounts, Listener
from exchange_lab.world import Account as DomainAccount
from exchange_lab.world import (
    CommandEntry,
    Connectors,
    DomainController,
    Mail,
    Peer,
    Readings,
    SendConnector,
    Server,
    StoredCertificate,
    World,
)
from pypsrp.host import PSHost, PSHostUserInterface
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

NOW = datetime(2026, 3, 2, 2, 15, tzinfo=UTC)
AUTHORITY = "CN=Example CA, O=Example, C=US"
WILDCARD = "CN=*.contoso.com, OU=IT, O=Contoso"
DC, OTHER_DC = "dc01.contoso.test", "dc02.contoso.test"
MBX01, MBX02, MBX03 = "mbx01.contoso.test", "mbx02.contoso.test", "mbx03.contoso.test"
CONNECTOR = "Outbound to Office 365"
GUID = "6d1d31f2-7d6f-5b4a-8d0c-0b7e3c0f9a11"
PASSWORD = "Lab-Passw0rd!"
ROLE_GROUPS = {
    "CONTOSO\\exadmin": ("Organization Management",),
    "CONTOSO\\srvadmin": ("Server Management",),
    "CONTOSO\\viewer": ("View-Only Organization Management",),
    "CONTOSO\\nobody": (),
}
_MAKER = CertificateMaker()


def certificate(
    label: str,
    subject: str,
    issuer: str = AUTHORITY,
    domains: tuple[str, ...] = (),
    days: tuple[int, int] = (-20, 345),
    **facts: Any,
) -> StoredCertificate:
    """A certificate that is valid from and until so many days from now."""
    not_before, not_after = (NOW + timedelta(days=each) for each in days)
    return StoredCertificate(label, _MAKER.make(subject, issuer, domains, not_before, not_after), **facts)


class User(PSHostUserInterface):
    """Someone at the client, who gives the same answer to every question, or one after the other from a list."""

    def __init__(self, answer: int | list[int] | Exception) -> None:
        super().__init__()
        self.answer = answer
        self.questions: list[dict[str, Any]] = []
        self.lines: list[str] = []

    def PromptForChoice(self, runspace: Any, pipeline: Any, *question: Any) -> int:  # noqa: N802 - pypsrp's name
        del runspace, pipeline
        caption, message, choices, default = question
        labels = [(each.extended_properties["label"], each.extended_properties["helpMessage"]) for each in choices]
        self.questions.append({"caption": caption, "message": message, "choices": labels, "default": default})
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer.pop(0) if isinstance(self.answer, list) else self.answer

    def WriteLine2(self, runspace: Any, pipeline: Any, value: str) -> None:  # noqa: N802 - pypsrp's name
        del runspace, pipeline
        self.lines.append(value)


class Session:
    """An open session on one server."""

    def __init__(self, pool: RunspacePool, user: User | None) -> None:
        self.pool = pool
        self.user = user

    def pipeline(self, *commands: tuple[str, dict[str, Any]]) -> PowerShell:
        """Run a pipeline; a parameter that is None is sent as null."""
        shell = PowerShell(self.pool)
        for name, parameters in commands:
            shell.add_cmdlet(name)
            for parameter, value in parameters.items():
                shell.add_parameter(parameter, value)
        shell.invoke()
        return shell

    def run(self, name: str, select: list[str] | None = None, **parameters: Any) -> PowerShell:
        """Run one cmdlet, projected if ``select`` is given."""
        projection = [] if select is None else [("Select-Object", {"Property": select})]
        return self.pipeline((name, parameters), *projection)

    def output(self, name: str, select: list[str] | None = None, **parameters: Any) -> list[Any]:
        """What a command returns that must not fail."""
        shell = self.run(name, select, **parameters)
        assert [str(error) for error in shell.streams.error] == []
        return list(shell.output)

    def error(self, name: str, **parameters: Any) -> Any:
        """The one error of a command that returns nothing."""
        shell = self.run(name, **parameters)
        assert not shell.output
        (error,) = shell.streams.error
        return error


class Lab:
    """The organisation: three servers, the last of which nobody reaches."""

    def __init__(self, stack: ExitStack, readings: dict[str, Any] | None, connector: dict[str, Any] | None) -> None:
        self._stack = stack
        self.setup = certificate("setup", "CN=mbx01", "self", (MBX01,), (-700, 1125), network_service=True)
        self.third_party = certificate(
            "third-party",
            WILDCARD,
            domains=("*.contoso.com", "contoso.com", "mail.contoso.com"),
            iis_sites=["Default Web Site"],
        )
        controllers = {each: DomainController(each, "HQ", replication_delay_s=60.0) for each in (DC, OTHER_DC)}
        facts: dict[str, Any] = {
            "guid": GUID,
            "name": CONNECTOR,
            "smart_hosts": ("mx.example.com",),
            "dns_routing_enabled": False,
            "fqdn": "mail.contoso.com",
            "tls_certificate_name": f"<I>{AUTHORITY}<S>{WILDCARD}",
            "require_tls": True,
            "tls_auth_level": "CertificateValidation",
            "source_servers": (MBX01, MBX02),
            "when_created": NOW,
            "when_changed": NOW,
        }
        self.world = World(
            clock=Clock(NOW),
            organisation="Contoso",
            domain="contoso.test",
            domain_controllers=controllers,
            servers={each: Server(each, each[:5].upper(), "HQ", DC) for each in (MBX01, MBX02, MBX03)},
            connectors=Connectors(controllers, [SendConnector(**(facts | (connector or {})))]),
            peers={"mx.example.com": Peer("mx.example.com", "203.0.113.25", certificate("peer", "CN=mx.example.com"))},
            accounts=[DomainAccount(user, PASSWORD, groups) for user, groups in ROLE_GROUPS.items()],
            mail=[Mail(MBX01, "fabrikam.com", 25, NOW - timedelta(minutes=40))],
            readings=Readings(**{"set_send_connector": "works", **(readings or {})}),
        )
        self.server, self.other, self.down = self.world.servers.values()
        self.down.reachable = False
        self.server.store = [self.setup, self.third_party]
        self.server.default_certificate = self.setup.thumbprint
        self.server.pop_name = "mail.contoso.com"
        self.other.store = [certificate("setup", "CN=mbx02", "self", (MBX02,), network_service=True)]
        self.other.default_certificate = self.other.store[0].thumbprint
        for server in self.world.servers.values():
            server.transport = TransportService(self.world, server)
        for server in self.world.servers.values():
            assert server.transport is not None
            server.transport.catch_up()

    def open(
        self,
        answer: int | list[int] | Exception | None = None,
        user: str = "CONTOSO\\exadmin",
        query: str = "",
        server: str = MBX01,
    ) -> Session:
        """A session of a client; without an ``answer`` it has no host, so it cannot be asked anything."""
        accounts = Accounts(Account(name, PASSWORD) for name in ROLE_GROUPS)
        endpoint = exchange_endpoint(self.world, self.world.servers[server])
        listener = self._stack.enter_context(Listener("127.0.0.1", endpoints=[endpoint], accounts=accounts))
        self._stack.callback(self._has_not_crashed, listener)
        connection = WSMan(
            "127.0.0.1",
            port=listener.port,
            ssl=False,
            path=f"PowerShell/{query}",
            username=user,
            password=PASSWORD,
            auth="ntlm",
            no_proxy=True,
            operation_timeout=5,
        )
        self._stack.callback(connection.close)
        person = None if answer is None else User(answer)
        host = None if person is None else PSHost(None, None, False, "test", None, person, "1.0")
        pool = RunspacePool(connection, configuration_name="Microsoft.Exchange", host=host)
        return Session(self._stack.enter_context(pool), person)

    def add(self, subject: str, **facts: Any) -> StoredCertificate:
        """Put another certificate at the end of the first server's store."""
        added = certificate(subject, subject, **facts)
        self.server.store.append(added)
        return added

    def after(self, **span: float) -> None:
        """Let time pass, and everything happen that is due."""
        self.world.clock.advance(timedelta(**span))
        for server in self.world.servers.values():
            assert server.transport is not None
            server.transport.catch_up()

    def connector(self, controller: str = DC) -> SendConnector:
        return self.world.connectors.view(controller, self.world.clock.now())[0]

    def services(self, stored: StoredCertificate) -> str:
        return self.server.services_of(stored).text

    @property
    def entry(self) -> CommandEntry:
        """What the lab remembers of the last command."""
        return replace(self.world.commands[-1])

    @staticmethod
    def _has_not_crashed(listener: Listener) -> None:
        assert listener.traffic.crashes == ()


MakeLab = Callable[..., Lab]


@pytest.fixture
def make_lab() -> Iterator[MakeLab]:
    """Makes an organisation; ``readings`` and properties of the ``connector`` can be given."""
    with ExitStack() as stack:
        yield lambda readings=None, connector=None: Lab(stack, readings, connector)


@pytest.fixture
def lab(make_lab: MakeLab) -> Lab:
    return make_lab()
