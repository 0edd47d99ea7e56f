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

    def __init__(self, servers: Sequence[str]) -> None:
        self.servers = servers
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
        raise CmdletFailed("mbx01", name, (RemoteError("Exchange says no."),), Result())


def exchange(answers: Answers, *called: str, host: SessionOptions | None = None) -> Exchange:
    return Exchange(Endpoints(options("127.0.1.1"), host, called), answers)


def test_without_a_name_the_first_of_the_hosts_names_that_fits_a_server_is_meant() -> None:
    answers = Answers(["mbx01.contoso.test", "mbx02.contoso.test"])
    with exchange(answers, "127.0.1.1", "mbx02.contoso.test") as organisation:
        assert organisation.server(None).fqdn == "mbx02.contoso.test"


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


def test_the_own_powershell_of_a_host_belongs_to_its_own_server_only() -> None:
    with exchange(Answers(["mbx01.contoso.test", "mbx02.contoso.test"]), "mbx01.contoso.test") as organisation:
        assert organisation.server("mbx01").is_this_host
        assert not organisation.server("mbx02").is_this_host


def test_one_endpoint_for_a_group_of_hosts_makes_none_of_them_another_server() -> None:
    answers = Answers(["mbx01.contoso.test", "mbx02.contoso.test"])
    with exchange(answers, "mbx02.contoso.test", "10.0.0.1", "mbx01.contoso.test") as organisation:
        assert not organisation.server(None).is_this_host


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
