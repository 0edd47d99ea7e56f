# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules on days on which Exchange does not answer as usual: nothing is changed, and the reason is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

MBX01 = "mbx01.contoso.test"
SERVER = f"servers.{MBX01}"
KEY = f"{SERVER}.certificates.third-party"

Start = Callable[..., Any]


def changes(fleet: Any) -> list[str]:
    """The commands that may change something, as they arrived."""
    return [each["name"] for each in fleet.commands if each["name"].partition("-")[0] not in ("Get", "Select")]


def finding(fleet: Any) -> dict[str, Any]:
    (found,) = fleet.run("exchange_outbound_tls_info", MBX01)["findings"]
    return dict(found)


class TestWithoutSelectObject:
    @pytest.fixture
    def fleet(self, start: Start) -> Any:
        return start("log-already-speaks", "readings.select_object=hidden")

    def test_services_are_unknown_and_what_a_certificate_says_of_itself_is_not(self, fleet: Any) -> None:
        certificates = fleet.run("exchange_certificate_info", MBX01)["certificates"]
        assert {each["services"] for each in certificates} == {None}
        assert any(each["subject"].startswith("CN=*.contoso.com") for each in certificates)

    def test_nothing_is_proven(self, fleet: Any) -> None:
        found = finding(fleet)
        assert (found["kind"], found["repairable_by_role"]) == ("no_evidence", False)
        assert "whose services are unknown" in found["message"]

    def test_nothing_is_bound(self, fleet: Any) -> None:
        thumbprint = fleet.organisation.world.servers[MBX01].store[-1].thumbprint
        result = fleet.run("exchange_certificate_enable", MBX01, thumbprint=thumbprint)
        assert (result["failed"], result["reason"]) == (True, "refused")
        assert "the services of certificate" in result["msg"]
        assert changes(fleet) == []


class TestOutOfService:
    @pytest.mark.parametrize("component", ["HubTransport", "ServerWideOffline"])
    def test_a_server_is_left_alone(self, start: Start, component: str) -> None:
        found = finding(start("log-already-speaks", f"{SERVER}.components={{{component}: Inactive}}"))
        assert (found["kind"], found["id"]) == ("other_cause", "maintenance")
        assert f"{component} is Inactive" in found["message"]

    def test_a_server_that_drains_still_sends(self, start: Start) -> None:
        found = finding(start("log-already-speaks", f"{SERVER}.components={{HubTransport: Draining}}"))
        assert found["id"] == "certificate_not_bound"

    def test_an_edge_is_left_alone_too(self, start: Start) -> None:
        fleet = start("edge-standalone", "servers.edge01.contoso.test.components={EdgeTransport: Inactive}")
        (found,) = fleet.run("exchange_outbound_tls_info", "edge01.contoso.test")["findings"]
        assert found["id"] == "maintenance"


@pytest.mark.parametrize("facts", ["service_host=stopped", "service_host=failing", "transport=stopped"])
def test_a_service_that_does_not_answer_is_told_in_exchanges_words(start: Start, facts: str) -> None:
    fleet = start("log-already-speaks", f"{SERVER}.{facts}")
    result = fleet.run("exchange_outbound_tls_info", MBX01)
    assert result["failed"]
    assert "Exchange" in result["msg"]
    assert result["failure_kind"] == "rpc_failed"


def test_a_key_that_is_denied_is_not_bound_again(start: Start) -> None:
    found = finding(start("log-already-speaks", f"{KEY}.key=denied", f"{KEY}.network_service=true"))
    assert (found["kind"], found["id"]) == ("other_cause", "key_unusable")


def test_a_key_whose_acl_is_read_only_is_told_in_exchanges_words(start: Start) -> None:
    fleet = start("log-already-speaks", f"{KEY}.key_acl=read_only")
    thumbprint = fleet.organisation.world.servers[MBX01].store[-1].thumbprint
    result = fleet.run("exchange_certificate_enable", MBX01, thumbprint=thumbprint)
    assert result["failure_kind"] == "key_access_not_granted"
    assert "Insufficient rights to grant Network Service access" in result["msg"]
    assert fleet.organisation.state()["servers"][MBX01]["certificates"]["third-party"]["services"] == ["POP", "IIS"]


def test_more_than_a_thousand_queues_are_all_seen(start: Start) -> None:
    mail = "[{server: mbx01.contoso.test, domain: fabrikam.com, domains: 1100, count: 1, queued_at: -2m}]"
    fleet = start(
        "kb4051498",
        "connectors.Outbound to Office 365.smart_hosts=[]",
        "peers={mx.fabrikam.com: {mx_for: ['*']}}",
        f"mail={mail}",
    )
    (entry,) = fleet.run("exchange_outbound_tls_info", MBX01)["connectors"]
    assert entry["messages"] == 1100
