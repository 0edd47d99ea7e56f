# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules as their actions run them, in organisations of the lab."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.mailops.exchange.plugins.module_utils._module import Definition, Task, perform
from ansible_collections.mailops.exchange.plugins.module_utils._observe.exchange import Endpoints, Exchange
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.options import SessionOptions
from exchange_lab.organisation import Organisation
from exchange_lab.scenario import load
from exchange_lab.world import Endpoint

SCENARIOS = Path(__file__).resolve().parents[3] / "lab" / "scenarios"
PACKAGE = "ansible_collections.mailops.exchange.plugins.modules"


class Fleet:
    """A running organisation, and the modules on its hosts."""

    def __init__(self, organisation: Organisation) -> None:
        self.organisation = organisation

    @property
    def commands(self) -> list[Any]:
        """What has arrived so far."""
        return list(self.organisation.state()["commands"])

    def run(
        self,
        name: str,
        fqdn: str,
        *,
        called: str | None = None,
        powershell_of: str | None = None,
        host_password: str | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        """Run a module on the host that is a server, under its name or another one.

        ``powershell_of`` is the server that answers as Exchange, where that is not the host itself; ``host_password``
        is another password than the account's, for the host's own PowerShell.
        """
        definition: Definition = import_module(f"{PACKAGE}.{name}").DEFINITION
        validated = ArgumentSpecValidator(dict(definition.argument_spec), **definition.checks).validate(options)
        assert validated.error_messages == []
        servers = self.organisation.world.servers
        host = self._session(fqdn, servers[fqdn].wsman, "Microsoft.PowerShell", host_password)
        answering = powershell_of or fqdn
        powershell = servers[answering].powershell
        exchange = host if powershell is None else self._session(answering, powershell, "Microsoft.Exchange")
        endpoints = Endpoints(exchange, host, (exchange.host, called or fqdn), edge=powershell is None)
        with Exchange(endpoints) as organisation:
            return perform(definition, Task(validated.validated_parameters), organisation)

    def _session(
        self, fqdn: str, endpoint: Endpoint, configuration: str, password: str | None = None
    ) -> SessionOptions:
        account = self.organisation.world.accounts[0]
        return SessionOptions(
            host=self.organisation.world.servers[fqdn].address, port=endpoint.port, scheme=endpoint.scheme,
            path=endpoint.path, configuration=configuration, authentication="ntlm", username=account.user,
            password=password or account.password, no_proxy=True, called=fqdn,
        )  # fmt: skip


@pytest.fixture
def start() -> Iterator[Callable[..., Fleet]]:
    """Start organisations in which time all but stands still; no session may stay open."""
    started: list[Fleet] = []
    with ExitStack() as running:

        def start(scenario: str, *changes: str) -> Fleet:
            world = load(SCENARIOS / f"{scenario}.yml", ["time_scale=0.001", *changes])
            started.append(Fleet(running.enter_context(Organisation(world))))
            return started[-1]

        yield start
        for each in started:
            state = each.organisation.state()
            assert (state["open_shells"], state["crashes"]) == (0, [])
