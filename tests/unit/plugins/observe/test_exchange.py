# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which server is meant, which connectors are its own, and when sessions are opened and closed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.cmdlets import get_date
from ansible_collections.mailops.exchange.plugins.module_utils._observe.exchange import Endpoints, Exchange
from ansible_collections.mailops.exchange.plugins.module_utils._observe.unknown import Unknown
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import (
    Pipeline,
    RemoteError,
    RemoteObject,
    Result,
)
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.errors import CmdletFailed, UnusableOptions
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.options import SessionOptions

GUID = "6f1c2d3e-0000-4000-8000-00000000c0de"


def options(host: str) -> SessionOptions:
    return SessionOptions(
        host=host, port=80, scheme="http", path="/PowerShell/", configuration="Microsoft.Exchange",
        authentication="ntlm", username="LAB\\admin", password="secret",
    )  # fmt: skip


def server(fqdn: str) -> RemoteObject:
    return RemoteObject(
        properties={
            "Name": fqdn.partition(".")[0].upper(),
            "Fqdn": fqdn,
            "Site": "HQ",
            "AdminDisplayVersion": "Version 15.2 (Build 986.5)",
            "IsMailboxServer": True,
            "IsEdgeServer": False,
        }
    )


class Answers:
    """A session that answers with recorded output, and remembers what it was asked and whether it is open."""

    def __init__(self, servers: Sequence[str], computer_name: str = "") -> None:
        self.servers = servers
        self.computer_name = computer_name
        self.asked: list[str] = []
        self.opened = self.closed = 0

    def __call__(self, _options: SessionOptions) -> Any:
        return self

    def __enter__(self) -> Answers:
        self.opened += 1
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.closed += 1

    def run(self, pipeline: Pipeline) -> Result:
        name = pipeline.commands[0].name
        self.asked.append(name)
        if name == "Get-ExchangeServer":
            return Result(tuple(server(each) for each in self.servers))
        if name == "Get-Item" and self.computer_name:
            assert pipeline.commands[0].parameters == {"LiteralPath": "Env:COMPUTERNAME"}
            return Result((RemoteObject(properties={"Key": "COMPUTERNAME", "Value": self.computer_name}),))
        raise CmdletFailed("mbx01", name, (RemoteError("Exchange says no."),), Result())


def exchange(answers: Answers, *called: str, host: SessionOptions | None = None) -> Exchange:
    return Exchange(Endpoints(options("127.0.1.1"), host, called), answers)


def test_without_a_name_the_server_with_one_of_the_hosts_names_is_meant() -> None:
    answers = Answers(["mbx01.contoso.test", "mbx02.contoso.test"])
    with exchange(answers, "127.0.1.1", "mbx02.contoso.test") as organisation:
        assert organisation.server(None).fqdn == "mbx02.contoso.test"
    assert answers.asked == ["Get-ExchangeServer"]


@pytest.mark.parametrize(
    "called",
    [
        ["10.0.0.1", "alias"],
        ["mail.contoso.test"],
        ["mbx02.contoso.test", "10.0.0.1", "mbx01.contoso.test"],
    ],
    ids=["an alias", "a load balancer", "one exchange_host for a group"],
)
def test_a_host_whose_names_tell_nothing_or_too_much_is_asked_which_server_it_is(called: Sequence[str]) -> None:
    answers = Answers(["mbx01.contoso.test", "mbx02.contoso.test"], "MBX01")
    with exchange(answers, *called, host=options("10.0.0.1")) as organisation:
        assert organisation.server(None).fqdn == "mbx01.contoso.test"
        assert not organisation.server(None).elsewhere
    assert answers.asked.count("Get-Item") == 1


def test_names_of_two_servers_and_a_host_that_is_neither_are_refused_with_the_list() -> None:
    answers = Answers(["mbx01.contoso.test", "mbx02.contoso.test", "mbx03.contoso.test"], "MBX03")
    with (
        exchange(answers, "mbx02.contoso.test", "mbx01.contoso.test", host=options("10.0.0.1")) as organisation,
        pytest.raises(Unknown, match=r"More than one .* mbx01\.contoso\.test, mbx02\.contoso\.test\. Set server"),
    ):
        organisation.server(None)


def test_a_netbios_name_in_any_case_means_its_server() -> None:
    with exchange(Answers(["mbx01.contoso.test", "mbx02.contoso.test"])) as organisation:
        assert organisation.server("mbx01").fqdn == "mbx01.contoso.test"


def test_an_ambiguous_name_is_refused_with_the_list() -> None:
    with (
        exchange(Answers(["mbx01.contoso.test", "mbx01.fabrikam.test"])) as organisation,
        pytest.raises(Unknown, match=r"More than one .* mbx01\.contoso\.test, mbx01\.fabrikam\.test"),
    ):
        organisation.server("MBX01")


def test_a_name_that_fits_no_server_is_refused_with_the_list() -> None:
    with (
        exchange(Answers(["mbx01.contoso.test"]), "10.0.0.1", "alias") as organisation,
        pytest.raises(Unknown, match=r"called 10\.0\.0\.1 or alias\. Set server to one of: mbx01\.contoso\.test"),
    ):
        organisation.server(None)


def test_a_host_that_is_dialled_by_the_name_of_a_server_is_that_server_and_is_not_asked() -> None:
    answers = Answers(["mbx01.contoso.test", "mbx02.contoso.test"])
    with exchange(answers, "mbx01.contoso.test", host=options("MBX01.contoso.test")) as organisation:
        assert not organisation.server("mbx01").elsewhere
        assert "leads to mbx01.contoso.test" in organisation.server("mbx02").elsewhere
    assert "Get-Item" not in answers.asked


def test_an_address_that_leads_to_another_server_than_the_name_says_is_found_out() -> None:
    answers = Answers(["mbx01.contoso.test", "mbx02.contoso.test"], "MBX02")
    with exchange(answers, "10.0.0.1", "mbx01.contoso.test", host=options("10.0.0.1")) as organisation:
        server = organisation.server(None)
        assert server.fqdn == "mbx01.contoso.test"
        assert server.elsewhere == (
            "mbx01.contoso.test: its logs lie on itself, and this host's own PowerShell leads to mbx02.contoso.test. "
            "Run the task on the host that is that server, or let this host's address lead to it."
        )


@pytest.mark.parametrize("computer_name", ["JUMP01", "MBX01"])
def test_a_computer_that_is_no_single_server_of_the_organisation_is_none(computer_name: str) -> None:
    answers = Answers(["mbx01.contoso.test", "mbx01.fabrikam.test"], computer_name)
    with exchange(answers, host=options("10.0.0.1")) as organisation:
        assert "leads to none of" in organisation.server("mbx01.contoso.test").elsewhere


def test_sessions_are_opened_when_first_needed_and_closed_at_the_end() -> None:
    answers = Answers(["mbx01.contoso.test"])
    with exchange(answers) as organisation:
        assert answers.opened == 0
        organisation.servers()
        organisation.servers()
        assert (answers.opened, answers.closed, answers.asked) == (1, 0, ["Get-ExchangeServer"])
    assert answers.closed == 1


def test_sessions_are_closed_after_a_failure_too() -> None:
    answers = Answers([])
    with pytest.raises(CmdletFailed), exchange(answers) as organisation:
        organisation.connectors()
    assert (answers.opened, answers.closed) == (1, 1)


def test_without_a_way_to_the_host_its_powershell_is_refused() -> None:
    with exchange(Answers([])) as organisation, pytest.raises(UnusableOptions, match="ansible_connection: psrp"):
        organisation.run_on_host(get_date())


def test_a_store_that_cannot_be_read_is_unknown_and_not_empty() -> None:
    with exchange(Answers(["mbx01.contoso.test"])) as organisation:
        certificates, problem = organisation.store_of("MBX01")
    assert certificates is None
    assert "Exchange says no" in problem
