# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What exchange_session_info says that a module needs is what the module sends, no more and no less."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.grants import PUBLIC
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.needs import needs_of_modules

ROOT = Path(__file__).resolve().parents[4]
MODULES = sorted(path.stem for path in (ROOT / "plugins/modules").glob("[a-z]*.py"))
SERVER = "servers.mbx01.contoso.test"
CONNECTOR = "Outbound to Office 365"
# Servers tell which domain controller they read, so that it is named to them.
ALWAYS = ["readings.current_domain_controllers=filled"]
# One step each: the scenario with its changes, then the module's options; some needs show in some organisations only.
Step = tuple[str, list[str], dict[str, Any]]
STEPS: dict[str, list[Step]] = {
    "exchange_certificate_enable": [("kb4051498", [], {"services": ["SMTP"]})],
    "exchange_certificate_info": [("kb4051498", [], {}), ("kb4051498", [], {"thumbprint": "0" * 40})],
    "exchange_outbound_tls_info": [
        (
            "front-end-proxy",
            [
                f"connectors.{CONNECTOR}.protocol_logging_level=Verbose",
                f"{SERVER}.certificates.third-party.network_service=false",
                "readings.outbound_front_end=local",
            ],
            {},
        ),
        ("log-already-speaks", [f"{SERVER}.certificates.third-party.key=missing"], {}),
    ],
    "exchange_protocollog_info": [("kb4051498", [], {}), ("kb4051498", [], {"service": "frontend_transport"})],
    "exchange_queue_hold": [("kb4051498", [], {})],
    "exchange_queue_info": [("kb4051498", [], {"status": ["Retry"]})],
    "exchange_queue_retry": [("kb4051498", [], {"identities": []})],
    "exchange_sendconnector_info": [("kb4051498", [], {}), ("kb4051498", [], {"identity": CONNECTOR})],
    "exchange_sendconnector_logging": [("kb4051498", [], {"identity": CONNECTOR, "level": "verbose"})],
}
ON_EDGE = {
    name: [("edge-standalone", [], options) for __, __, options in steps if options.get("service") is None]
    for name, steps in STEPS.items()
}

Sent: TypeAlias = "set[tuple[str, str | None]]"
OPTIONAL = {
    ("Get-EdgeSubscription", None),
    ("Get-Message", None),
    ("Get-Message", "Queue"),
    ("Get-Message", "ResultSize"),
    ("Get-ServerComponentState", None),
    ("Get-ServerComponentState", "Identity"),
    ("Get-ReceiveConnector", None),
    ("Get-ReceiveConnector", "Server"),
}

Start = Callable[..., Any]


def sent_by(start: Start, name: str, step: Step, *, on_edge: bool) -> Sent:
    """Run a module in an organisation of its own, and return the Exchange cmdlets and parameters that arrived there."""
    scenario, changes, options = step
    fleet = start(scenario, *ALWAYS, *changes)
    server = next(each for each in fleet.organisation.world.servers.values() if (each.role == "edge") == on_edge)
    options = dict(options)
    if name == "exchange_certificate_enable":
        options["thumbprint"] = next(each.thumbprint for each in server.store if not each.network_service)
    if name == "exchange_queue_retry":
        queues = fleet.organisation.state()["queues"]
        options["identities"] = [each["identity"] for each in queues if each["status"] == "Retry"]
    states = ("held", "canary", "held", "released") if name == "exchange_queue_hold" else ()
    with TemporaryDirectory() as journal:
        connector = next((each["next_hop_connector"] for each in fleet.organisation.state()["queues"]), "")
        holds = [{"state": each, "connector": connector, "journal_dir": journal} for each in states]
        for each in holds or [options]:
            assert not fleet.run(name, server.fqdn, **each).get("failed")
    return spread((each["name"], each["parameters"]) for each in fleet.commands if not is_of_windows(each["name"]))


def is_of_windows(command: str) -> bool:
    return command in {*PUBLIC, "Add-PSSnapin", "Get-ChildItem", "Get-Content", "Get-Date", "Get-Item", "Get-WinEvent"}


def spread(commands: Iterable[tuple[str, Iterable[str]]]) -> Sent:
    return {(name, each) for name, parameters in commands for each in (None, *parameters)}


def needed_by(name: str, *, on_edge: bool) -> Sent:
    pipelines = needs_of_modules(on_edge=on_edge)[name]
    commands = [command for pipeline in pipelines for command in pipeline.commands if command.name not in PUBLIC]
    return spread((each.name, each.parameters) for each in commands)


@pytest.mark.parametrize("on_edge", [False, True])
def test_the_table_holds_every_module(on_edge: bool) -> None:
    assert sorted(needs_of_modules(on_edge=on_edge)) == MODULES
    assert sorted({*STEPS, "exchange_session_info"}) == MODULES


@pytest.mark.parametrize("name", sorted(STEPS))
def test_a_module_needs_what_it_sends(start: Start, name: str) -> None:
    sent = set[Any]().union(*(sent_by(start, name, step, on_edge=False) for step in STEPS[name]))
    assert sent - OPTIONAL == needed_by(name, on_edge=False) - OPTIONAL


@pytest.mark.parametrize("name", sorted(ON_EDGE))
def test_on_an_edge_a_module_sends_nothing_that_it_does_not_need(start: Start, name: str) -> None:
    sent = set[Any]().union(*(sent_by(start, name, step, on_edge=True) for step in ON_EDGE[name]))
    assert sent - OPTIONAL <= needed_by(name, on_edge=True)
    assert ("Get-FrontendTransportService", None) not in sent
