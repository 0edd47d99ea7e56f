# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab in front of a raw client, and the report of what was proved."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from exchange_lab.organisation import Organisation
from exchange_lab.scenario import load
from exchange_lab.world import CommandEntry, QueueFacts, StoredCertificate

from .client import EXCHANGE, NO, WINDOWS, Client, Command, rows_of

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = ROOT / "tests" / "lab" / "scenarios"
REPORT = ROOT / "build" / "lab-proof.json"

CONNECTOR = "Outbound to Office 365"
FAILURE = "TLS negotiation failed with error UnknownCredentials"


class Lab:
    """A running organisation, what its first server's state is, and sessions with that server."""

    def __init__(self, organisation: Organisation) -> None:
        self.organisation = organisation
        self.world = organisation.world
        self.server = next(iter(self.world.servers.values()))

    def exchange(self, answer: int | None = NO, **options: Any) -> Client:
        return Client(self.server, self.world.accounts[0], EXCHANGE, answer, **options)

    def wait(self, **span: float) -> None:
        self.organisation.advance(timedelta(**span))

    def certificate(self, label: str) -> StoredCertificate:
        """A certificate of the server by its name in the scenario."""
        return next(each for each in self.server.store if each.label == label)

    def services(self, label: str) -> str:
        return self.server.services_of(self.certificate(label)).text

    @property
    def queue(self) -> QueueFacts:
        """The queue of the connector's smart host."""
        assert self.server.transport is not None
        (queue,) = (
            each for each in self.server.transport.queues() if each.delivery_type == "SmartHostConnectorDelivery"
        )
        return queue

    @property
    def accepted(self) -> int:
        """How many messages the peer has taken."""
        return sum(each.reply.startswith("250") for each in self.world.delivered)

    def commands(self, name: str) -> list[CommandEntry]:
        return [each for each in self.world.commands if each.name == name]

    def bind(self, label: str) -> None:
        """Enable a certificate for SMTP and keep the default one."""
        with self.exchange(NO) as client:
            answer = client.run(self.enable(label))
            assert answer.errors == []

    def enable(self, label: str, **more: Any) -> Command:
        thumbprint = self.certificate(label).thumbprint
        parameters = {"Server": self.server.fqdn, "Thumbprint": thumbprint, "Services": "SMTP"}
        return "Enable-ExchangeCertificate", parameters | more

    def raise_logging(self) -> None:
        """Set the connector to Verbose, and wait until the transport service works by it."""
        with self.exchange() as client:
            answer = client.run(("Set-SendConnector", {"Identity": CONNECTOR, "ProtocolLoggingLevel": "Verbose"}))
            assert answer.errors == []
        self.wait(minutes=2)

    def retry(self) -> None:
        """Retry the queue, and wait until the log is on disk."""
        with self.exchange() as client:
            answer = client.run(("Retry-Queue", {"Identity": self.queue.identity}))
            assert answer.errors == []
        self.wait(minutes=1)

    def log(self) -> list[list[str]]:
        """The rows of the Send log, read where it lies by the server's own PowerShell."""
        found = ("Get-ChildItem", {"LiteralPath": self.server.send_log_path, "Filter": "SEND*.LOG"})
        columns = ("Select-Object", {"Property": ["FullName"]})
        with Client(self.server, self.world.accounts[0], WINDOWS, None) as client:
            paths = [each.extended_properties["FullName"] for each in client.run(found, columns).output]
            texts = [
                client.run(("Get-Content", {"LiteralPath": path, "Encoding": "UTF8", "Raw": True})).output[0]
                for path in paths
            ]
        return rows_of("".join(text.property_sets[0] for text in texts))

    def failing_sessions(self) -> int:
        return sum(row[8] == FAILURE for row in self.log())


@pytest.fixture
def start() -> Iterator[Callable[..., Lab]]:
    """Start a shipped scenario, with single facts changed if a proof needs it; it must not have crashed at the end."""
    with ExitStack() as running:

        def started(scenario: str, *changes: str) -> Lab:
            # Time runs as in reality, and jumps where a proof waits.
            world = load(SCENARIOS / f"{scenario}.yml", ["time_scale=1", *changes])
            lab = Lab(running.enter_context(Organisation(world)))
            running.callback(lambda: _assert_sound(lab))
            return lab

        yield started


def _assert_sound(lab: Lab) -> None:
    assert lab.organisation.state()["crashes"] == []


_PROOFS = pytest.StashKey[list[dict[str, Any]]]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call" or report.outcome != "passed":
        proof = {
            "proof": item.name,
            "outcome": report.outcome,
            "when": report.when,
            "seconds": round(report.duration, 2),
        }
        item.config.stash.setdefault(_PROOFS, []).append(proof)
    return report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Leave the report; a run that proved nothing, or less than all, says so by its status."""
    proofs = session.config.stash.get(_PROOFS, [])
    document = {"proved": session.exitstatus == pytest.ExitCode.OK, "status": int(session.exitstatus), "proofs": proofs}
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
