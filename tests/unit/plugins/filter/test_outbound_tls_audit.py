# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter outbound_tls_audit: one document of what was seen of a fleet, and of what was not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible.template import Templar, trust_as_template
from ansible_collections.mailops.exchange.plugins.filter import outbound_tls_audit as plugin
from ansible_collections.mailops.exchange.plugins.filter.outbound_tls_audit import outbound_tls_audit
from jsonschema import Draft202012Validator

from tests.page import fleet

ROOT: Final = Path(__file__).parents[4]
SCHEMA: Final = json.loads(
    (ROOT / "roles/outbound_tls_audit/files/outbound_tls_audit.schema.json").read_text(encoding="utf-8")
)


def complaints(document: dict[str, Any]) -> list[str]:
    return [error.message for error in Draft202012Validator(SCHEMA).iter_errors(json.loads(json.dumps(document)))]


def of(document: dict[str, Any], host: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in document["hosts"] if each["host"] == host)
    return found


@pytest.fixture
def document() -> dict[str, Any]:
    return fleet.document(fleet.small())


def test_is_found_by_its_name() -> None:
    assert plugin.FilterModule().filters() == {"outbound_tls_audit": outbound_tls_audit}


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("hosts", [fleet.small, fleet.big, fleet.hostile, list])
def test_what_it_returns_fits_the_shipped_schema(hosts: Callable[[], list[dict[str, Any]]]) -> None:
    assert complaints(fleet.document(hosts())) == []


def test_what_the_module_really_returns_fits_the_shipped_schema(stories: Callable[..., Any]) -> None:
    story = stories("mbx01")
    seen = [
        {"host": "mbx01", "looks": story.repaired()["looks"]},
        {"host": "mbx02", "looks": story.other_cause()["looks"]},
        {"host": "mbx03", "looks": story.healthy()["looks"]},
        {"host": "mbx04", "failure": story.unreachable()["failure"]},
    ]
    document = outbound_tls_audit(seen)
    assert complaints(document) == []
    assert [each["severity"] for each in document["hosts"]] == ["info", "error", "info", "unknown"]


def test_the_looks_of_these_tests_have_the_form_of_real_ones(stories: Callable[..., Any]) -> None:
    (real,), (made,) = stories("mbx01").healthy()["looks"], fleet.small()[0]["looks"]
    assert set(made) == set(real)
    assert set(made["connectors"][0]) <= set(real["connectors"][0])
    assert set(made["findings"][0]) == set(real["findings"][0])
    assert set(made["certificates"][0]) == set(real["certificates"][0])
    presented = {"thumbprint", "reasons", "usable", "problem", "subject", "not_after", "services"}
    assert set(made["connectors"][0]["presented"][0]) == set(real["connectors"][0]["presented"][0]) == presented


def test_the_schema_sees_what_is_wrong(document: dict[str, Any]) -> None:
    broken = json.loads(json.dumps(document))
    broken["hosts"][0]["findings"][0]["severity"] = "terrible"
    del broken["summary"]["states"]["failed"]
    assert len(complaints(broken)) == 2


def test_counts_what_was_found_and_names_the_worst(document: dict[str, Any]) -> None:
    summary = document["summary"]
    assert summary["severity"] == "error"
    assert summary["states"] == {"audited": 3, "unreachable": 1, "failed": 0}
    assert summary["findings"] == {"error": 1, "warning": 1, "notice": 0, "info": 2}
    severities = {host: told["severity"] for host, told in summary["servers"].items()}
    assert severities == {
        "mbx01.contoso.test": "error",
        "mbx02.contoso.test": "warning",
        "mbx03.contoso.test": "unknown",
        "edge01": "info",
    }


def test_a_server_that_nobody_saw_is_worse_than_one_that_will_fail() -> None:
    hosts = [each for each in fleet.small() if each["host"] != "mbx01.contoso.test"]
    assert fleet.document(hosts)["summary"]["severity"] == "unknown"
    assert fleet.document([])["summary"]["severity"] == "unknown"


def test_leaves_out_nobody(document: dict[str, Any]) -> None:
    unreachable = of(document, "mbx03.contoso.test")
    assert (unreachable["state"], unreachable["reason"], unreachable["server"]) == ("unreachable", "unreachable", "")
    assert unreachable["message"].startswith("mbx03.contoso.test: no connection to port 80")
    assert document["absent"] == [{"server": "MBX09", "connectors": [fleet.OFFICE]}]


def source(server: str, sources: list[str], **told: Any) -> dict[str, Any]:
    found = fleet.finding(server, fleet.OFFICE, guid=told.get("guid", fleet.guid(fleet.OFFICE)))
    entry = fleet.entry(fleet.OFFICE, sources, [], found, guid=found["guid"])
    return {"host": server, "looks": [fleet.look(server, [entry], [found], edge=told.get("edge"))]}


def test_a_short_name_is_meant_within_the_domain_of_who_says_it() -> None:
    def absent(*hosts: dict[str, Any]) -> list[str]:
        return [each["server"] for each in fleet.document(list(hosts))["absent"]]

    both = ["MBX01", "MBX02"]
    here, same = source("mbx02.contoso.test", both), source("mbx01.contoso.test", both)
    assert absent(here, same) == []
    another = source("mbx01.fabrikam.test", ["MBX01"], guid="another organisation's")
    assert absent(here, another) == ["MBX01"]
    assert absent(here, source("mbx01.emea.contoso.test", both)) == [], "another domain, and the same connector"
    edges = [source(f"edge0{each}.dmz{each}.test", ["EDGE01", "EDGE02"], guid=f"copy {each}", edge={"subscribed": True})
             for each in (1, 2)]  # fmt: skip
    assert absent(*edges) == []
    unreachable = {"host": "mbx01.fabrikam.test", "failure": {"reason": "unreachable", "msg": "no connection."}}
    assert absent(here, unreachable) == [], "it is listed with its reason"


def test_a_host_without_a_word_is_listed_too() -> None:
    document = outbound_tls_audit([{"host": "mbx01", "failure": None}])
    assert of(document, "mbx01")["state"] == "failed"
    assert of(document, "mbx01")["message"] == "mbx01: nothing was looked at."


def test_a_failure_counts_although_something_was_seen() -> None:
    (first, *__) = fleet.small()
    document = outbound_tls_audit([{**first, "failure": {"msg": "the session was lost.", "reason": "lost"}}])
    host = of(document, first["host"])
    assert (host["state"], host["severity"], host["message"]) == (
        "failed",
        "unknown",
        "mbx01.contoso.test: the session was lost.",
    )
    assert len(host["findings"]) == 1


def test_a_later_look_replaces_what_it_looked_at() -> None:
    server, partner = "mbx01.contoso.test", "Partner"
    well = [fleet.finding(server, name) for name in (fleet.OFFICE, partner)]
    bad = fleet.not_bound(server, fleet.OFFICE, fleet.certificate("one"))
    entries = [fleet.entry(each["connector"], ["MBX01"], [], each) for each in well]
    first = fleet.look(server, entries, well)
    later = fleet.look(server, [fleet.entry(fleet.OFFICE, ["MBX01"], [], bad, messages=3)], [bad])
    document = outbound_tls_audit([{"host": server, "looks": [first, later]}])
    host = of(document, server)
    assert [(each["connector"], each["id"]) for each in host["findings"]] == [
        (fleet.OFFICE, "certificate_not_bound"),
        (partner, "healthy"),
    ]
    assert [each["messages"] for each in host["connectors"]] == [3, 0]


def test_the_latest_of_the_servers_clocks_counts() -> None:
    hosts = fleet.small()
    hosts[1]["looks"][0]["clock"] = "2026-03-02T02:30:00.000Z"
    assert fleet.document(hosts)["clock"] == "2026-03-02T02:30:00.000Z"


def test_what_others_wrote_is_never_a_template() -> None:
    hosts = fleet.small()
    hosts[0]["looks"][0]["findings"][0]["message"] = trust_as_template("220 {{ 6 * 7 }}")
    message = fleet.document(hosts)["summary"]["servers"]["mbx01.contoso.test"]["message"]
    assert Templar(variables={"told": message}).template(trust_as_template("{{ told }}")) == "220 {{ 6 * 7 }}"


@pytest.mark.parametrize(
    "broken", [None, 3, ["text"], [{}], [{"host": "a", "looks": [{}]}], [{"host": "a", "looks": 3}]]
)
def test_refuses_what_was_not_seen_so(broken: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="outbound_tls_audit takes what was seen of each host") as caught:
        outbound_tls_audit(broken)
    assert len(str(caught.value)) <= 300


def test_documents_what_it_returns(document: dict[str, Any]) -> None:
    documented = yaml.safe_load(plugin.RETURN)["_value"]["contains"]
    assert list(documented) == list(document)
    sample = documented["summary"]["sample"]
    assert list(sample) == list(document["summary"])
    assert [list(each) for each in sample["servers"].values()] == [
        list(document["summary"]["servers"]["mbx01.contoso.test"])
    ]
    assert documented["schema_version"]["sample"] == document["schema_version"]


def test_the_schema_describes_every_key(document: dict[str, Any]) -> None:
    host = of(document, "mbx01.contoso.test")
    for name, told in (
        ("host", host),
        ("connector", host["connectors"][0]),
        ("presented", host["connectors"][0]["presented"][0]),
        ("finding", host["findings"][0]),
        ("certificate", host["certificates"][0]),
    ):
        assert set(SCHEMA["$defs"][name]["properties"]) == set(told)
    assert set(SCHEMA["properties"]) == set(document)
