# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole organisations, seen by a client that knows nothing of the collection: KB 4051498 by hand."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from exchange_lab.organisation import Organisation
from exchange_lab.world import Server
from pypsrp.exceptions import AuthenticationError
from pypsrp.host import PSHost, PSHostUserInterface
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan
from requests.exceptions import ConnectionError as Refused

MBX01 = "mbx01.contoso.test"
CONNECTOR = "Outbound to Office 365"
PEER = "contoso-com.mail.protection.outlook.com"
YES, NO = 0, 2

Lab = Callable[..., Organisation]


class Console(PSHostUserInterface):  # type: ignore[misc] # pypsrp has no types
    """Answers every question with the same choice and remembers what was asked."""

    def __init__(self, answer: int) -> None:
        super().__init__()
        self.answer = answer
        self.asked: list[str] = []

    def PromptForChoice(self, *arguments: Any) -> int:  # noqa: N802 - the name is pypsrp's
        _runspace, _pipeline, _caption, message, *__ = arguments
        self.asked.append(message)
        return self.answer


@contextmanager
def session(
    organisation: Organisation, fqdn: str = MBX01, *, wsman: bool = False, answer: int = NO, password: str | None = None
) -> Iterator[RunspacePool]:
    server = organisation.world.servers[fqdn]
    endpoint = server.wsman if wsman else server.powershell
    account = organisation.world.accounts[0]
    connection = WSMan(
        server.address,
        port=endpoint.port,
        ssl=endpoint.scheme == "https",
        path="wsman" if wsman else "PowerShell/",
        username=account.user,
        password=password or account.password,
        auth="ntlm" if "Negotiate" in endpoint.authentication else "basic",
        cert_validation=False,
        no_proxy=True,
        reconnection_retries=0,
    )
    configuration = "Microsoft.PowerShell" if wsman else "Microsoft.Exchange"
    host = PSHost(None, None, False, "Console", None, Console(answer), "1.0")
    with connection, RunspacePool(connection, configuration_name=configuration, host=host) as pool:
        yield pool


def call(pool: RunspacePool, name: str, /, select: str = "", **parameters: Any) -> list[Any]:
    """Run a cmdlet, and Select-Object of some properties behind it; an error fails the test."""
    output, errors = attempt(pool, name, select, **parameters)
    assert errors == []
    return output


def attempt(pool: RunspacePool, name: str, select: str = "", **parameters: Any) -> tuple[list[Any], list[str]]:
    shell = PowerShell(pool)
    shell.add_cmdlet(name).add_parameters(parameters)
    if select:
        shell.add_cmdlet("Select-Object").add_parameter("Property", select.split())
    output = list(shell.invoke())
    return output, [str(each) for each in shell.streams.error]


def queue(organisation: Organisation, fqdn: str = MBX01) -> dict[str, Any]:
    """The one queue of a server that goes to a connector."""
    (found,) = [
        each
        for each in organisation.state()["queues"]
        if each["server"] == fqdn and each["delivery_type"].endswith("ConnectorDelivery")
    ]
    result: dict[str, Any] = found
    return result


def waiting(organisation: Organisation) -> int:
    """How many messages wait for a connector; Exchange soon forgets an empty queue."""
    queues = organisation.state()["queues"]
    return sum(each["message_count"] for each in queues if each["delivery_type"].endswith("ConnectorDelivery"))


def rows(organisation: Organisation, fqdn: str = MBX01) -> list[list[str]]:
    """The Send log's rows, read at the server's own endpoint."""
    server = organisation.world.servers[fqdn]
    with session(organisation, fqdn, wsman=True) as pool:
        files = call(pool, "Get-ChildItem", LiteralPath=server.send_log_path)
        found = []
        for file in files:
            path = str(file.adapted_properties["FullName"])
            (text,) = call(pool, "Get-Content", LiteralPath=path, Raw=True, Encoding="UTF8")
            (content,) = text.property_sets  # a string with notes of its own, such as where it was read
            found += csv.reader(io.StringIO(content, newline=""))
    return [row for row in found if not row[0].startswith("#")]


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def third_party(server: Server) -> Any:
    return next(each for each in server.store if each.label == "third-party")


@pytest.mark.fact("protocol-log 0.1")
def test_kb4051498_begins_as_the_article_describes_it(lab: Lab) -> None:
    organisation = lab("kb4051498")
    waiting = queue(organisation)
    assert (waiting["status"], waiting["message_count"]) == ("Retry", 25)
    assert waiting["last_error"].startswith(
        '451 4.4.0 Primary target IP address responded with: "421 4.4.1 Connection timed out." Attempted failover'
    )
    state = organisation.state()
    assert state["connectors"][CONNECTOR]["protocol_logging_level"] == "None"
    assert {key: each["services"] for key, each in state["servers"][MBX01]["certificates"].items()} == {
        "setup": ["IIS", "SMTP"],
        "auth": ["SMTP"],
        "third-party": ["POP", "IIS"],
    }
    assert rows(organisation) == []


@pytest.mark.fact(
    "cmdlets 10.3",
    "cmdlets 10.5",
    "cmdlets 10.7",
    "cmdlets 10.11",
    "protocol-log 0.4",
    "protocol-log 7.3",
    "protocol-log 7.5",
    "protocol-log 7.7",
    "wire 2.13",
)
def test_kb4051498_is_cured_as_the_article_describes_it(lab: Lab) -> None:
    organisation = lab("kb4051498")
    server = organisation.world.servers[MBX01]
    culprit = third_party(server)
    default = server.default_certificate
    with session(organisation) as pool:
        call(pool, "Set-SendConnector", Identity=CONNECTOR, ProtocolLoggingLevel="Verbose")
        organisation.advance(timedelta(minutes=2))
        call(pool, "Retry-Queue", Identity=queue(organisation)["identity"])
        organisation.advance(timedelta(minutes=1))
        logged = rows(organisation)
        outcomes = [row[8] for row in logged if row[8].startswith("TLS ")]
        assert outcomes == ["TLS negotiation failed with error UnknownCredentials"]
        assert culprit.thumbprint in [row[7] for row in logged if row[8] == "Certificate thumbprint"]

        (before,) = call(pool, "Get-ExchangeCertificate", "Services", Thumbprint=culprit.thumbprint)
        call(pool, "Enable-ExchangeCertificate", Thumbprint=culprit.thumbprint, Services="SMTP")
        (after,) = call(pool, "Get-ExchangeCertificate", "Services", Thumbprint=culprit.thumbprint)
        asked = pool.host.ui.asked
        call(pool, "Retry-Queue", Identity=queue(organisation)["identity"])
    assert str(before.extended_properties["Services"]) == "POP, IIS"
    assert str(after.extended_properties["Services"]) == "POP, IIS, SMTP"
    assert len(asked) == 1
    assert asked[0].startswith("Overwrite the existing default SMTP certificate?\r\n\r\nCurrent certificate: '")
    assert server.default_certificate == default

    organisation.advance(timedelta(minutes=2))
    state = organisation.state()
    assert len(state["delivered"]) == 25
    assert {each["thumbprint"] for each in state["delivered"]} == {culprit.thumbprint}
    assert all(each["tls"] and each["reply"].startswith("250 ") for each in state["delivered"])
    assert waiting(organisation) == 0
    (enable,) = [each for each in state["commands"] if each["name"] == "Enable-ExchangeCertificate"]
    assert (enable["prompt"], enable["answer"], enable["error"]) == (asked[0], "No", None)
    assert (enable["auth"], enable["encrypted"], enable["endpoint"]) == ("ntlm", True, "/powershell")
    assert state["open_shells"] == 0


@pytest.mark.fact("cmdlets 10.3")
def test_an_answer_of_yes_replaces_the_default(lab: Lab) -> None:
    organisation = lab("kb4051498")
    server = organisation.world.servers[MBX01]
    with session(organisation, answer=YES) as pool:
        call(pool, "Enable-ExchangeCertificate", Thumbprint=third_party(server).thumbprint, Services="SMTP")
    assert organisation.state()["servers"][MBX01]["default_certificate"] == third_party(server).thumbprint


@pytest.mark.fact("cmdlets 0.4", "cmdlets 10.1")
def test_where_set_sendconnector_is_refused_binding_comes_first(lab: Lab) -> None:
    organisation = lab("kb4051498-refused")
    culprit = third_party(organisation.world.servers[MBX01])
    with session(organisation) as pool:
        __, errors = attempt(pool, "Set-SendConnector", Identity=CONNECTOR, ProtocolLoggingLevel="Verbose")
        assert "not enabled for SMTP protocol" in errors[0]
        assert organisation.state()["connectors"][CONNECTOR]["protocol_logging_level"] == "None"
        call(pool, "Enable-ExchangeCertificate", Thumbprint=culprit.thumbprint, Services="SMTP")
        call(pool, "Set-SendConnector", Identity=CONNECTOR, ProtocolLoggingLevel="Verbose")
    assert organisation.state()["connectors"][CONNECTOR]["protocol_logging_level"] == "Verbose"


@pytest.mark.fact("cmdlets 10.7", "protocol-log 7.7")
def test_mail_leaves_by_itself_once_the_certificate_is_bound(lab: Lab) -> None:
    organisation = lab("kb4051498", "time_scale=500")
    with session(organisation) as pool:
        call(
            pool,
            "Enable-ExchangeCertificate",
            Thumbprint=third_party(organisation.world.servers[MBX01]).thumbprint,
            Services="SMTP",
        )
    wait_until(lambda: len(organisation.state()["delivered"]) == 25)


@pytest.mark.fact("protocol-log 0.10")
def test_time_alone_cures_nothing_and_after_two_days_mail_is_lost(lab: Lab) -> None:
    organisation = lab("kb4051498")
    organisation.advance(timedelta(days=1))
    assert waiting(organisation) == 25
    organisation.advance(timedelta(days=1))
    assert waiting(organisation) == 0
    assert organisation.state()["delivered"] == []


@pytest.mark.fact("protocol-log 7.9")
def test_a_peer_that_goes_down_at_the_bind_keeps_mail_waiting(lab: Lab) -> None:
    organisation = lab(
        "kb4051498", f"faults=[{{peer_goes_down: {{cmdlet: Enable-ExchangeCertificate, peer: {PEER}}}}}]"
    )
    with session(organisation) as pool:
        call(
            pool,
            "Enable-ExchangeCertificate",
            Thumbprint=third_party(organisation.world.servers[MBX01]).thumbprint,
            Services="SMTP",
        )
    organisation.advance(timedelta(minutes=30))
    assert "SocketTimedout: Socket error code 10060" in queue(organisation)["last_error"]
    assert waiting(organisation) == 25


@pytest.mark.fact("cmdlets 10.7", "protocol-log 7.7")
def test_a_peer_that_rejects_takes_mail_out_of_the_queue_without_delivering_it(lab: Lab) -> None:
    organisation = lab("kb4051498", f"peers.{PEER}.reply_to_data=550 5.7.64 TenantAttribution")
    with session(organisation) as pool:
        call(
            pool,
            "Enable-ExchangeCertificate",
            Thumbprint=third_party(organisation.world.servers[MBX01]).thumbprint,
            Services="SMTP",
        )
    organisation.advance(timedelta(minutes=30))
    assert waiting(organisation) == 0
    assert {each["reply"] for each in organisation.state()["delivered"]} == {"550 5.7.64 TenantAttribution"}


@pytest.mark.fact("protocol-log 0.8")
def test_without_require_tls_mail_leaves_in_clear_text(lab: Lab) -> None:
    organisation = lab(
        "kb4051498", f"connectors.{CONNECTOR}.require_tls=false", f"connectors.{CONNECTOR}.tls_auth_level=null"
    )
    state = organisation.state()
    assert waiting(organisation) == 0
    assert {(each["tls"], each["thumbprint"]) for each in state["delivered"]} == {(False, None)}


@pytest.mark.fact("protocol-log 0.1")
def test_a_fleet_is_reached_over_http_and_https_and_one_is_down(lab: Lab) -> None:
    organisation = lab("four-servers")
    for fqdn in ("mbx02.contoso.test", "mbx03.contoso.test", "mbx04.contoso.test"):
        with session(organisation, fqdn) as pool:
            assert len(call(pool, "Get-ExchangeServer")) == 4
        assert 'responded with: "421 4.4.1 Connection timed out."' in queue(organisation, fqdn)["last_error"]
    with pytest.raises(Refused), session(organisation, "mbx01.contoso.test"):
        pass
    assert {each["auth"] for each in organisation.state()["commands"]} == {"ntlm", "basic"}
    assert all(each["encrypted"] for each in organisation.state()["commands"])


def test_a_change_shows_on_another_domain_controller_only_after_replication(lab: Lab) -> None:
    organisation = lab("four-servers")
    with session(organisation, "mbx02.contoso.test") as pool:
        call(pool, "Set-SendConnector", Identity=CONNECTOR, ProtocolLoggingLevel="Verbose")

    def level() -> str:
        with session(organisation, "mbx04.contoso.test") as pool:
            (connector,) = call(pool, "Get-SendConnector", "ProtocolLoggingLevel", Identity=CONNECTOR)
        return str(connector.extended_properties["ProtocolLoggingLevel"])

    assert level() == "None"
    organisation.advance(timedelta(seconds=15))
    assert level() == "Verbose"


def test_a_wrong_password_is_refused(lab: Lab) -> None:
    organisation = lab("kb4051498")
    with pytest.raises(AuthenticationError), session(organisation, password="wrong"):
        pass
    assert organisation.state()["commands"] == []


@pytest.mark.fact("cmdlets 10.3")
def test_an_unforeseen_prompt_comes_after_the_work_is_done(lab: Lab) -> None:
    organisation = lab(
        "kb4051498", "faults=[{unforeseen_prompt: {cmdlet: Enable-ExchangeCertificate, message: 'Restart now?'}}]"
    )
    culprit = third_party(organisation.world.servers[MBX01])
    with session(organisation) as pool:
        call(pool, "Enable-ExchangeCertificate", Thumbprint=culprit.thumbprint, Services="SMTP")
        assert pool.host.ui.asked[-1] == "Restart now?"
        assert len(pool.host.ui.asked) == 2
    assert "SMTP" in organisation.state()["servers"][MBX01]["certificates"]["third-party"]["services"]


def test_two_organisations_at_once_do_not_meet(lab: Lab) -> None:
    first, second = lab("kb4051498"), lab("kb4051498")
    with session(first) as pool:
        call(pool, "Set-SendConnector", Identity=CONNECTOR, ProtocolLoggingLevel="Verbose")
    assert first.state()["connectors"][CONNECTOR]["protocol_logging_level"] == "Verbose"
    assert second.state()["connectors"][CONNECTOR]["protocol_logging_level"] == "None"
    assert second.state()["commands"] == []


def test_what_is_proxied_runs_on_the_other_server_which_alone_is_named(lab: Lab) -> None:
    organisation = lab("four-servers", "servers.mbx02.contoso.test.powershell.proxied_to=mbx03.contoso.test")
    with session(organisation, "mbx02.contoso.test") as pool:
        shell = PowerShell(pool)
        shell.add_cmdlet("Get-ExchangeServer").add_parameter("Identity", "nobody").invoke()
        assert shell.streams.error[0].fq_error.startswith("[Server=MBX03,RequestId=")
    with session(organisation, "mbx02.contoso.test", wsman=True) as pool:
        (variable,) = call(pool, "Get-Item", LiteralPath="Env:COMPUTERNAME")
        assert variable.adapted_properties["Value"] == "MBX02"
    executed = [(each["endpoint"].casefold(), each["server"]) for each in organisation.state()["commands"]]
    assert executed == [("/powershell", "mbx03.contoso.test"), ("/wsman", "mbx02.contoso.test")]
