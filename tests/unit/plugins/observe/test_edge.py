# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An Edge as a task reaches it: one session for cmdlets and files, and only what an Edge's cmdlets take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.cmdlets import get_date
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.cmdlets import (
    start_edge_synchronization as sync,
)
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.edge import EdgeSync
from ansible_collections.mailops.exchange.plugins.module_utils._module import Task
from ansible_collections.mailops.exchange.plugins.module_utils._observe.edge_sync import hurry
from ansible_collections.mailops.exchange.plugins.module_utils._observe.exchange import Endpoints, Exchange
from ansible_collections.mailops.exchange.plugins.module_utils._observe.unknown import Unknown
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.plan import Refused
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import (
    Pipeline,
    RemoteError,
    RemoteObject,
    Result,
)
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.errors import (
    CmdletFailed,
    SessionLost,
    UnusableOptions,
)
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.options import SessionOptions
from ansible_collections.mailops.exchange.plugins.modules.exchange_sendconnector_logging import run

NAME = "Outbound to Office 365"
WSMAN = SessionOptions(
    host="edge01.contoso.test", port=5985, scheme="http", path="/wsman", configuration="Microsoft.PowerShell",
    authentication="ntlm", username="EDGE01\\admin", password="secret",
)  # fmt: skip
EDGE, MAILBOX = ("EDGE01", True), ("MBX01", False)


def server(name: str, is_edge: bool) -> RemoteObject:
    return RemoteObject(
        properties={
            "Name": name,
            "Fqdn": f"{name.lower()}.contoso.test",
            "Site": None,
            "AdminDisplayVersion": "Version 15.2 (Build 986.5)",
            "IsMailboxServer": not is_edge,
            "IsEdgeServer": is_edge,
        }
    )


def connector(level: str = "None") -> RemoteObject:
    flags = ("RequireTLS", "IgnoreSTARTTLS", "DNSRoutingEnabled", "FrontendProxyEnabled", "DomainSecureEnabled")
    nothing = ("TlsCertificateName", "Fqdn", "SmartHosts", "TlsAuthLevel", "TlsDomain", "AddressSpaces")
    return RemoteObject(
        properties={
            "Name": NAME,
            "Guid": "6f1c2d3e-0000-4000-8000-00000000c0de",
            "DistinguishedName": f"CN={NAME},CN=Connections,CN={{2F6C}}",
            "Enabled": True,
            "ProtocolLoggingLevel": level,
            "SmartHostAuthMechanism": "None",
            "SourceTransportServers": None,
            "OriginatingServer": "localhost",
            **dict.fromkeys(flags, False),
            **dict.fromkeys(nothing),
        }
    )


class Edge:
    """The session on an Edge: it answers, remembers what was asked, and knows the cmdlets after its prologue only."""

    def __init__(self, *servers: tuple[str, bool], subscriptions: int | None = 0) -> None:
        self.servers = servers or (EDGE,)
        self.subscriptions = subscriptions
        self.level = "None"
        self.prologues: list[list[str]] = []
        self.asked: list[str] = []

    def __call__(self, _options: SessionOptions, prologue: Sequence[Pipeline] = ()) -> Any:
        self.prologues.append([str(each) for each in prologue])
        return self

    def __enter__(self) -> Edge:
        return self

    def __exit__(self, *exc_info: object) -> None:
        pass

    def run(self, pipeline: Pipeline) -> Result:
        command = pipeline.commands[0]
        self.asked.append(str(command))
        match command.name:
            case "Get-ExchangeServer":
                return Result(tuple(server(*each) for each in self.servers))
            case "Get-SendConnector":
                return Result((connector(self.level),))
            case "Set-SendConnector":
                self.level = str(command.parameters["ProtocolLoggingLevel"])
                return Result()
            case "Get-EdgeSubscription" if self.subscriptions is not None:
                return Result(tuple(RemoteObject(text="EDGE01") for _each in range(self.subscriptions)))
            case "Get-TransportService":
                told = {
                    "Name": "EDGE01",
                    "InternalTransportCertificateThumbprint": "D" * 40,
                    "SendProtocolLogPath": "E:",
                }
                return Result((RemoteObject(properties=told),))
            case "Get-Date":
                return Result(("2026-03-02T02:15:00Z",))
        raise CmdletFailed("edge01", command.name, (RemoteError("Exchange says no."),), Result())


def exchange(edge: Edge) -> Exchange:
    return Exchange(Endpoints(WSMAN, WSMAN, ("edge01.contoso.test",), edge=True), edge)


def set_level(edge: Edge, tmp_path: Any, level: str = "verbose") -> Any:
    options = {
        "identity": NAME,
        "level": level,
        "journal_dir": str(tmp_path),
        "journal_patience": 0,
        "server": None,
        "exchange_timeout": 5,
    }
    with exchange(edge) as organisation:
        return run(Task(options, inventory_hostname="edge01"), organisation)


def test_one_session_with_the_snap_in_serves_cmdlets_and_files() -> None:
    edge = Edge()
    with exchange(edge) as organisation:
        organisation.servers()
        organisation.run_on_host(get_date())
    assert edge.prologues == [["Add-PSSnapin -Name 'Microsoft.Exchange.Management.PowerShell.E2010'"]]


def test_a_server_without_the_snap_in_is_no_edge() -> None:
    def connect(_options: SessionOptions, prologue: Sequence[Pipeline]) -> Any:
        raise CmdletFailed("mbx01", str(prologue[0]), (RemoteError("It is not installed on this machine."),), Result())

    organisation = Exchange(Endpoints(WSMAN, WSMAN, edge=True), connect)
    with pytest.raises(UnusableOptions, match=r"not installed .* Leave exchange_role out on a Mailbox server"):
        organisation.servers()


def test_the_transport_service_of_an_edge_is_asked_without_a_name_or_a_domain_controller() -> None:
    edge = Edge()
    with exchange(edge) as organisation:
        transport = organisation.server(None).transport_service()
    assert transport.default_certificate == "D" * 40
    assert edge.asked[-1] == "Get-TransportService"


def test_a_mailbox_server_cannot_be_meant_on_an_edge() -> None:
    with exchange(Edge(EDGE, MAILBOX)) as organisation, pytest.raises(Unknown, match="act on the Edge alone"):
        organisation.server("MBX01")


def test_every_connector_of_an_edge_is_its_own() -> None:
    with exchange(Edge()) as organisation:
        (found,) = organisation.connectors_of(organisation.server(None), ())
    assert (found.name, found.originating_server) == (NAME, "")


def test_whether_it_is_subscribed_is_asked_once() -> None:
    edge = Edge(subscriptions=1)
    with exchange(edge) as organisation:
        first, second = organisation.edge_standing(), organisation.edge_standing()
    assert first is not None
    assert first.subscribed
    assert second is first
    assert edge.asked.count("Get-EdgeSubscription") == 1


def test_of_a_mailbox_server_there_is_nothing_to_tell() -> None:
    edge = Edge()
    with Exchange(Endpoints(WSMAN), edge) as organisation:
        assert organisation.edge_standing() is None
    assert edge.asked == []


def test_the_level_of_an_edge_that_stands_alone_is_changed_there(tmp_path: Any) -> None:
    edge = Edge()
    outcome = set_level(edge, tmp_path)
    assert (outcome.result["level"], outcome.result["domain_controller"]) == ("Verbose", None)
    assert [each for each in edge.asked if "DomainController" in each or "EdgeSynchronization" in each] == []
    assert [path.name for path in tmp_path.glob("edge01.contoso.test-*.json")]
    assert set_level(edge, tmp_path, "previous").result["level"] == "None"


@pytest.mark.parametrize(
    "edge", [Edge(subscriptions=1), Edge(EDGE, MAILBOX), Edge(subscriptions=None)], ids=["shown", "listed", "unknown"]
)
def test_the_level_of_an_edge_that_is_or_may_be_subscribed_is_refused_before_anything_is_set(
    edge: Edge, tmp_path: Any
) -> None:
    with pytest.raises(Refused, match="outbound_tls_repair_organization_host") as caught:
        set_level(edge, tmp_path)
    assert len(str(caught.value)) <= 300
    assert [each for each in edge.asked if each.startswith("Set-")] == []


def test_edgesync_that_cannot_be_hurried_is_a_warning_in_its_own_words() -> None:
    def lost(_pipeline: Pipeline) -> Result:
        raise SessionLost("mbx01", "the session ended during Start-EdgeSynchronization", words="gone")

    (warning,) = hurry(EdgeSync(("EDGE01",), (sync(None),)), lost).warnings
    assert "gone" in warning
    assert warning.endswith("EdgeSync brings the change by itself, every 3 minutes.")


def test_an_edge_that_edgesync_did_not_reach_is_a_warning() -> None:
    said = {"Name": "EDGE01", "Result": "CouldNotConnect", "FailureDetails": "The LDAP server is unavailable."}
    done = {"Name": "EDGE02", "Result": "Success", "FailureDetails": ""}
    answer = Result((RemoteObject(properties=said), RemoteObject(properties=done)))
    (warning,) = hurry(EdgeSync(("EDGE01", "EDGE02"), (sync(None),)), lambda _pipeline: answer).warnings
    assert warning.startswith("Start-EdgeSynchronization, EDGE01: CouldNotConnect The LDAP server is unavailable.")
