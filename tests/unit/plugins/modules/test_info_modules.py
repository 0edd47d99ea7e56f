# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the information modules return, and what they ask for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import pytest
import yaml

PACKAGE = "ansible_collections.mailops.exchange.plugins.modules"
MBX01 = "mbx01.contoso.test"
MBX02 = "mbx02.contoso.test"
MBX03 = "mbx03.contoso.test"
MBX04 = "mbx04.contoso.test"
EDGE = "edge01.contoso.test"
CONNECTOR = "Outbound to Office 365"
FRONT_END = {"service": "frontend_transport"}
VERBOSE = f"connectors.{CONNECTOR}.protocol_logging_level=Verbose"

Start = Callable[..., Any]


def sent(fleet: Any, name: str) -> list[dict[str, Any]]:
    """The parameters with which a command has arrived."""
    return [each["parameters"] for each in fleet.commands if each["name"] == name]


def undocumented(documented: Mapping[str, Any], returned: Any, path: str = "") -> list[str]:
    """Which keys of a result its documentation lacks, and the other way round."""
    found = []
    for key in sorted({*documented, *returned}):
        entry = documented.get(key)
        if entry is None or key not in returned:
            found.append(f"{path}{key}")
        elif "contains" in entry and returned[key]:
            inner = returned[key] if isinstance(returned[key], list) else [returned[key]]
            found += [each for item in inner for each in undocumented(entry["contains"], item, f"{path}{key}.")]
    return found


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("exchange_session_info", {}),
        ("exchange_sendconnector_info", {}),
        ("exchange_queue_info", {}),
        ("exchange_protocollog_info", {}),
        ("exchange_certificate_info", {}),
    ],
)
@pytest.mark.parametrize(("scenario", "fqdn"), [("log-already-speaks", MBX01), ("edge-standalone", EDGE)])
def test_what_is_returned_is_what_is_documented(
    start: Start, scenario: str, fqdn: str, name: str, options: dict[str, Any]
) -> None:
    result = start(scenario).run(name, fqdn, **options)
    assert not result.get("failed"), result
    documented = yaml.safe_load(import_module(f"{PACKAGE}.{name}").RETURN)
    assert {documented.pop(key)["returned"] for key in ("selected", "reason")} == {"when O(query) is given", "failure"}
    assert undocumented(documented, {key: each for key, each in result.items() if key != "changed"}) == []


class TestSendConnectors:
    def test_all_of_the_organisation_are_returned(self, start: Start) -> None:
        fleet = start("kb4051498")
        result = fleet.run("exchange_sendconnector_info", MBX01)
        assert [each["name"] for each in result["connectors"]] == [CONNECTOR]
        assert sent(fleet, "Get-SendConnector") == [{}]

    def test_what_is_returned_can_be_given_back(self, start: Start) -> None:
        fleet = start("kb4051498")
        (connector,) = fleet.run("exchange_sendconnector_info", MBX01)["connectors"]
        for key in ("name", "guid", "distinguished_name"):
            again = fleet.run("exchange_sendconnector_info", MBX01, identity=connector[key], query="connectors[].guid")
            assert (again["connectors"], again["selected"]) == ([connector], [connector["guid"]])

    def test_a_connector_that_does_not_exist_is_refused_with_the_list(self, start: Start) -> None:
        result = start("kb4051498").run("exchange_sendconnector_info", MBX01, identity="Nowhere")
        assert (result["failed"], result["reason"]) == (True, "not_found")
        assert f'"{CONNECTOR}"' in result["msg"]


class TestQueues:
    def test_without_a_wish_all_queues_are_returned(self, start: Start) -> None:
        fleet = start("kb4051498")
        result = fleet.run("exchange_queue_info", MBX01)
        kinds = {each["delivery_type"] for each in result["queues"]}
        assert {"SmartHostConnectorDelivery"} < kinds
        assert sent(fleet, "Get-Queue") == [{"Server": MBX01, "ResultSize": "Unlimited"}]

    def test_exchange_filters_by_connector_and_status(self, start: Start) -> None:
        fleet = start("kb4051498")
        (connector,) = fleet.run("exchange_sendconnector_info", MBX01)["connectors"]
        result = fleet.run("exchange_queue_info", MBX01, connector=connector["guid"].upper(), status=["Retry"])
        assert [each["next_hop_connector"] for each in result["queues"]] == [connector["guid"]]
        (parameters,) = sent(fleet, "Get-Queue")
        assert parameters["Filter"] == f"NextHopConnector -eq '{connector['guid']}' -and Status -eq 'Retry'"
        assert len(sent(fleet, "Get-SendConnector")) == 1, "a Guid needs no look-up"

    def test_a_connector_may_be_given_by_name(self, start: Start) -> None:
        fleet = start("kb4051498")
        by_name = fleet.run("exchange_queue_info", MBX01, connector=CONNECTOR)["queues"]
        assert [each["status"] for each in by_name] == ["Retry"]

    def test_an_empty_name_is_a_mistake_and_never_every_queue(self, start: Start) -> None:
        result = start("kb4051498").run("exchange_queue_info", MBX01, connector="")
        assert (result["failed"], result["reason"]) == (True, "not_found")

    def test_a_name_never_becomes_part_of_a_filter(self, start: Start) -> None:
        fleet = start("kb4051498")
        result = fleet.run("exchange_queue_info", MBX01, connector="x' -or Status -eq 'Ready")
        assert (result["failed"], result["reason"]) == (True, "not_found")
        assert sent(fleet, "Get-Queue") == []

    def test_several_states_and_identities_are_picked_out_of_one_answer(self, start: Start) -> None:
        fleet = start("kb4051498")
        waiting = fleet.run("exchange_queue_info", MBX01, status=["Retry", "Suspended"])["queues"]
        assert [each["status"] for each in waiting] == ["Retry"]
        identity = waiting[0]["identity"]
        found = fleet.run("exchange_queue_info", MBX01, identities=[identity.lower(), r"MBX01\4711"])["queues"]
        assert [each["identity"] for each in found] == [identity]
        for nothing in ("identities", "status"):
            assert fleet.run("exchange_queue_info", MBX01, **{nothing: []})["queues"] == []
        assert [each for each in sent(fleet, "Get-Queue") if "Filter" in each] == []

    def test_more_queues_than_exchange_returns_by_itself(self, start: Start) -> None:
        many = 1005
        mail = [f"{{server: {MBX01}, domain: d{n}.example, count: 1, queued_at: -1s}}" for n in range(many)]
        fleet = start("kb4051498", f"connectors.{CONNECTOR}.smart_hosts=[]", "peers={}", f"mail=[{', '.join(mail)}]")
        assert len(fleet.run("exchange_queue_info", MBX01)["queues"]) >= many


class TestProtocolLog:
    def test_a_session_tells_of_tls_and_of_the_certificate(self, start: Start) -> None:
        result = start("log-already-speaks").run("exchange_protocollog_info", MBX01)
        (session,) = result["sessions"]
        assert (result["total"], session["tls_error"]) == (1, "UnknownCredentials")
        assert [each["whose"] for each in session["certificates"]] == ["ours"]

    def test_what_was_read_is_not_read_again(self, start: Start) -> None:
        fleet = start("log-already-speaks")
        first = fleet.run("exchange_protocollog_info", MBX01)
        again = fleet.run("exchange_protocollog_info", MBX01, since=first["read_until"])
        assert (again["sessions"], again["total"], again["read_until"]) == ([], 0, first["read_until"])

    def test_a_time_alone_is_enough(self, start: Start) -> None:
        fleet = start("log-already-speaks")
        early = fleet.run("exchange_protocollog_info", MBX01, since={"time": "2026-03-01T00:00:00+01:00"})
        assert early["total"] == 1
        late = fleet.run("exchange_protocollog_info", MBX01, since={"time": "2026-03-02T02:15:00Z"})
        assert late["total"] == 0

    @pytest.mark.parametrize("time", ["yesterday", "2026-03-02T02:15:00"])
    def test_a_time_that_is_none_or_of_no_zone_is_refused(self, start: Start, time: str) -> None:
        result = start("kb4051498").run("exchange_protocollog_info", MBX01, since={"time": time})
        assert (result["failed"], result["reason"]) == (True, "refused")
        assert result["msg"].startswith("since: ")
        assert result["msg"].endswith("or a time like 2026-03-02T02:15:00Z.")

    def test_the_latest_sessions_are_returned_when_there_are_more_than_wanted(self, start: Start) -> None:
        fleet = start("kb4051498", VERBOSE)
        every = fleet.run("exchange_protocollog_info", MBX01)
        assert every["total"] > 2
        latest = fleet.run("exchange_protocollog_info", MBX01, limit=2)
        assert (latest["total"], latest["sessions"]) == (every["total"], every["sessions"][-2:])
        assert fleet.run("exchange_protocollog_info", MBX01, limit=0)["reason"] == "refused"

    def test_a_connector_may_be_given_by_name_or_by_guid(self, start: Start) -> None:
        fleet = start("kb4051498", VERBOSE)
        every = fleet.run("exchange_protocollog_info", MBX01)["total"]
        guid = fleet.run("exchange_sendconnector_info", MBX01)["connectors"][0]["guid"]
        for identity, expected in ((CONNECTOR, every), (guid, every), ("Outbound proxy virtual send connector", 0)):
            result = fleet.run("exchange_protocollog_info", MBX01, connectors=[identity])
            assert (result["total"], result["connectors_seen"]) == (expected, [CONNECTOR])
            assert ("warnings" in result) == (expected == 0)

    def test_a_name_that_the_log_does_not_have_is_told(self, start: Start) -> None:
        result = start("kb4051498", VERBOSE).run("exchange_protocollog_info", MBX01, connectors=["Outbound", CONNECTOR])
        (warning,) = result["warnings"]
        assert f'has no row of "Outbound", but rows of "{CONNECTOR}"' in warning
        assert result["total"] > 0

    def test_the_front_end_has_a_log_of_its_own(self, start: Start) -> None:
        fleet = start("front-end-proxy", VERBOSE)
        hub = fleet.run("exchange_protocollog_info", MBX01)
        result = fleet.run("exchange_protocollog_info", MBX02, **FRONT_END)
        assert result["path"].endswith(r"FrontEnd\ProtocolLog\SmtpSend")
        proxied = {each["proxied_for_session"] for each in result["sessions"]}
        assert proxied & {each["session"] for each in hub["sessions"]}

    def test_an_edge_has_no_front_end(self, start: Start) -> None:
        fleet = start("edge-standalone")
        result = fleet.run("exchange_protocollog_info", EDGE, **FRONT_END)
        assert (result["reason"], sent(fleet, "Get-FrontendTransportService")) == ("refused", [])

    def test_a_log_that_nobody_writes_is_a_failure_and_no_empty_list(self, start: Start) -> None:
        fleet = start("kb4051498", "servers.mbx01.contoso.test.send_log_path=null")
        result = fleet.run("exchange_protocollog_info", MBX01)
        assert (result["failed"], result["reason"]) == (True, "unreadable")
        assert "SendProtocolLogPath is empty" in result["msg"]


class TestSession:
    def test_an_administrator_lacks_nothing(self, start: Start) -> None:
        result = start("kb4051498").run("exchange_session_info", MBX01)
        assert {each["usable"] for each in result["modules"]} == {True}
        assert result["session"]["mechanism"] == "ntlm"
        assert result["session"]["encryption"] == ["message"]
        assert (result["server"], result["exchange"]["fqdn"], result["edge"]) == (MBX01, MBX01, None)

    @pytest.mark.parametrize(
        ("group", "lacks"),
        [
            (
                "Server Management",
                {
                    "exchange_outbound_tls_info": {"Get-SendConnector"},
                    "exchange_sendconnector_info": {"Get-SendConnector"},
                    "exchange_sendconnector_logging": {"Get-SendConnector", "Set-SendConnector"},
                },
            ),
            (
                "View-Only Organization Management",
                {
                    "exchange_certificate_enable": {
                        f"Enable-ExchangeCertificate -{each}" for each in ("Server", "Services", "Thumbprint")
                    },
                    "exchange_queue_hold": {"Resume-Message", "Resume-Queue", "Suspend-Message", "Suspend-Queue"},
                    "exchange_sendconnector_logging": {"Set-SendConnector"},
                },
            ),
        ],
    )
    def test_a_role_group_lacks_cmdlets_and_parameters(
        self, start: Start, group: str, lacks: dict[str, set[str]]
    ) -> None:
        account = f"accounts=[{{user: 'CONTOSO\\a', password: 'Lab-Passw0rd!', role_groups: [{group}]}}]"
        result = start("kb4051498", account).run("exchange_session_info", MBX01)
        assert {each["name"]: set(each["lacks"]) for each in result["modules"] if not each["usable"]} == lacks

    def test_a_proxied_session_names_the_server_that_runs_it(self, start: Start) -> None:
        fleet = start("four-servers", f"servers.{MBX02}.powershell.proxied_to={MBX03}")
        result = fleet.run("exchange_session_info", MBX02)
        assert (result["session"]["executed_by"], result["server"]) == ("MBX03", MBX02)
        assert (result["host"]["computer_name"], result["host"]["is_same_server"]) == ("MBX02", True)

    def test_behind_a_load_balancer_the_server_is_the_one_whose_logs_can_be_read(self, start: Start) -> None:
        fleet = start("four-servers")
        result = fleet.run("exchange_session_info", MBX02, called="mail.contoso.test", powershell_of=MBX04)
        assert not result.get("failed"), result
        assert (result["server"], result["host"]["server"], result["session"]["executed_by"]) == (MBX02, MBX02, "MBX04")

    def test_a_server_that_is_another_is_told_apart(self, start: Start) -> None:
        result = start("four-servers").run("exchange_session_info", MBX02, server=MBX03)
        assert (result["server"], result["host"]["server"], result["host"]["is_same_server"]) == (MBX03, MBX02, False)

    def test_an_unknown_server_is_a_problem_and_no_failure(self, start: Start) -> None:
        result = start("kb4051498").run("exchange_session_info", MBX01, server="mbx99")
        assert (result.get("failed"), result["server"], result["exchange"]) == (None, None, None)
        assert result["problem"] == f"No Exchange server is called mbx99. Set server to one of: {MBX01}."

    def test_a_password_that_the_host_rejects_is_told_and_tried_once(self, start: Start) -> None:
        fleet = start("kb4051498")
        result = fleet.run("exchange_session_info", MBX01, called="mail.contoso.test", host_password="wrong")
        assert not result.get("failed"), result
        assert (result["server"], result["host"]["computer_name"], result["host"]["server"]) == (None, "", None)
        assert "tried once, because accounts lock" in result["host"]["problem"]
        assert result["host"]["is_same_server"] is None
        assert "No Exchange server is called" in result["problem"]
        assert list(fleet.organisation.state()["rejections"].values()) == [1]

    def test_an_edge_tells_how_it_stands(self, start: Start) -> None:
        result = start("edge-standalone").run("exchange_session_info", EDGE)
        assert (result["server"], result["edge"]) == (EDGE, {"subscribed": False, "signs": []})
        assert {each["usable"] for each in result["modules"]} == {True}


class TestWhichServer:
    @pytest.mark.parametrize("name", ["exchange_protocollog_info", "exchange_outbound_tls_info"])
    def test_a_log_is_never_read_on_another_server_than_the_one_that_is_meant(self, start: Start, name: str) -> None:
        fleet = start("four-servers")
        result = fleet.run(name, MBX02, server=MBX03)
        assert (result["failed"], result["reason"]) == (True, "refused")
        assert f"{MBX03}: its logs lie on itself, and this host's own PowerShell leads to {MBX02}" in result["msg"]
        assert sent(fleet, "Get-Content") == sent(fleet, "Get-ChildItem") == []

    def test_what_acts_on_a_server_names_it_though_another_one_runs_it(self, start: Start) -> None:
        fleet = start("four-servers", f"servers.{MBX02}.powershell.proxied_to={MBX03}")
        certificates = fleet.run("exchange_certificate_info", MBX02)
        assert {each["server"] for each in certificates["certificates"]} == {MBX02}
        assert {each["server"] for each in fleet.commands if each["endpoint"].lower() == "/powershell"} == {MBX03}
