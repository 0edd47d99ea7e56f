# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of an audit, and what the page of a repair has in common with it: matrix, expiries, findings that unfold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.mailops.exchange.plugins.filter.outbound_tls_page import outbound_tls_page
from ansible_collections.mailops.exchange.plugins.filter.outbound_tls_verdict import outbound_tls_verdict
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.finding import FindingId
from ansible_collections.mailops.exchange.plugins.plugin_utils._page import chart
from ansible_collections.mailops.exchange.plugins.plugin_utils._page.states import finding_label
from ansible_collections.mailops.exchange.plugins.plugin_utils._page.times import distance

from tests.page import fleet
from tests.page.document import Document


def page_of(hosts: list[dict[str, Any]], **options: Any) -> Document:
    return Document(outbound_tls_page(fleet.document(hosts), **options))


@pytest.fixture
def page() -> Document:
    return page_of(fleet.small())


def test_says_first_what_fails_now_then_of_whom_nothing_is_known_then_what_will_fail(page: Document) -> None:
    order = ["not bound to SMTP", "Unreachable", "Not in this run", "Before it fails", "2026-03-14, in 12 days expires"]
    places = [page.jobs.index(words) for words in order]
    assert places == sorted(places)


def test_unfolds_a_finding_to_its_evidence_and_to_the_line_to_type(page: Document) -> None:
    assert "Evidence, and the lines to type Marked means: the log says that the server presented" in page.jobs
    assert "SEND20260302-1.LOG, line 17 to 23, session 08DE7814C5A2B301" in page.jobs
    assert "TLS negotiation failed with error UnknownCredentials" in page.jobs
    typed = f"Enable-ExchangeCertificate -Server 'mbx01.contoso.test' -Thumbprint {fleet.thumbprint('wildcard')}"
    assert f"An administrator would type: {typed}" in page.jobs
    assert "The playbook mailops.exchange.repair does it" in page.jobs


def test_says_that_nothing_is_to_be_done_only_where_that_is_so() -> None:
    well = fleet.small()[3:]
    assert page_of(well).jobs == "Nothing: no mail is stuck on any source server."
    server = "mbx04.contoso.test"
    held = fleet.finding(server, fleet.OFFICE, "held_back", "warning", primary=False, message="24 messages are held.")
    told = fleet.finding(server, fleet.OFFICE)
    looks = [fleet.look(server, [fleet.entry(fleet.OFFICE, ["MBX04"], [], told)], [told, held])]
    page = page_of([*well, {"host": server, "looks": looks}])
    assert page.jobs.startswith("No mail is stuck, but some is held back")
    assert "24 messages are held." in page.jobs
    assert page_of([]).jobs == "Nothing is known: no server was looked at."


def test_shows_what_each_server_presents_for_each_connector(page: Document) -> None:
    short = {word: fleet.thumbprint(word)[:8] for word in ("wildcard", "renewed", "old", "internal")}
    several = f"{short['wildcard']} *.contoso.com, cannot be used or {short['renewed']} *.contoso.com, can be used"
    assert f"mbx01.contoso.test Error {fleet.OFFICE} not bound to SMTP {several}" in page.table
    assert (
        f"expires {short['old']} *.contoso.com Partner Fabrikam OK {short['internal']} relay.contoso.test" in page.table
    )
    assert "mbx03.contoso.test Unreachable mbx03.contoso.test: no connection to port 80" in page.table
    assert "MBX09 Not in this run Source server of" in page.table


def test_the_copies_of_a_connector_on_several_edges_are_one_column() -> None:
    hosts = []
    for number in (1, 2):
        server = f"edge0{number}.contoso.test"
        told = fleet.finding(server, "By the Edge", guid=f"guid-{number}")
        entry = fleet.entry("By the Edge", ["EDGE01", "EDGE02"], [], told, guid=f"guid-{number}")
        hosts.append({"host": server, "looks": [fleet.look(server, [entry], [told])]})
    page = page_of(hosts)
    assert [tag for tag, attributes in page.elements if attributes.get("role") == "columnheader"] == ["th", "th"]


def test_the_reasons_and_the_problem_stand_with_the_server(page: Document) -> None:
    assert "cannot be used: it is not enabled for SMTP Services IIS; valid until 2026-12-27" in page.details
    assert "it is the newest of its name, if Exchange goes by that" in page.details
    assert "Edge Transport server, subscribed" in page.details
    assert "Without TLS mail leaves unencrypted" in page.details
    short = {word: fleet.thumbprint(word)[:8] for word in ("setup mbx01.contoso.test", "wildcard")}
    presents = f"presents {short['setup mbx01.contoso.test']}, then {short['wildcard']}"
    assert f"A binding changes besides Receive connector Default Frontend MBX01 {presents}" in page.details


def test_a_server_may_present_none() -> None:
    page = page_of(fleet.big())
    assert "no certificate" in page.table
    assert "Presents no certificate: mail waits with 454 4.7.5 no certificate of the store bears" in page.details


def test_lists_what_could_not_be_observed(page: Document) -> None:
    assert "why port 25 does not answer needs the connectivity log" in page.parts["What could not be observed"]


def test_lists_expiries_the_first_at_the_head_by_the_servers_own_clocks(page: Document) -> None:
    told = page.parts["When certificates expire"]
    days = ["2026-03-14 in 12 days", "2026-12-27 in 300 days", "2028-01-31 in 700 days", "2037-02-12 in 4000 days"]
    assert [told.index(each) for each in days] == sorted(told.index(each) for each in days)


def test_a_certificate_that_nothing_names_is_nobodys_concern() -> None:
    server = "mbx01.contoso.test"
    stored = fleet.certificate("forgotten", days=-400)
    told = fleet.finding(server, fleet.OFFICE)
    entry = fleet.entry(fleet.OFFICE, ["MBX01"], [fleet.presented(fleet.certificate("used"))], told)
    page = page_of([{"host": server, "looks": [fleet.look(server, [entry], [told], certificates=[stored])]}])
    assert "expired" not in page.parts["When certificates expire"]
    assert fleet.thumbprint("forgotten") in page.details


def test_the_picture_is_optional(monkeypatch: pytest.MonkeyPatch, page: Document) -> None:
    assert {"svg", "rect"} <= page.tags
    monkeypatch.setattr(chart, "is_installed", lambda *__: False)
    without = page_of(fleet.small())
    assert without.tags == page.tags - {"svg", "rect", "path", "g", "text"}
    assert "2026-03-14 in 12 days" in without.parts["When certificates expire"]


def test_the_picture_holds_nothing_but_what_is_drawn(page: Document) -> None:
    assert {"script", "title", "desc", "defs"} & page.tags == {"title"}
    assert [attributes for tag, attributes in page.elements if tag == "svg" and "id" in attributes] == []


def test_the_same_on_many_servers_is_told_once() -> None:
    page = page_of(fleet.big())
    assert page.jobs.count("not bound to SMTP") == 1
    assert "4 servers Outbound to Office 365 not bound to SMTP" in page.jobs
    assert "mbx03.emea.contoso.test, mbx11.emea.contoso.test, mbx30.emea.contoso.test" in page.jobs
    typed = [f"-Server 'mbx{number}.emea.contoso.test' -Thumbprint" for number in ("03", "11", "30", "31")]
    assert [line for line in typed if line not in page.jobs] == []


def test_only_the_same_is_told_together_and_each_with_its_own_remedy() -> None:
    def host(number: int, **told: Any) -> dict[str, Any]:
        server = f"mbx0{number}.contoso.test"
        found = {**fleet.not_bound(server, fleet.OFFICE, fleet.certificate("one")), "remedy": f"Mend {number}.", **told}
        entry = fleet.entry(fleet.OFFICE, [f"MBX0{number}"], [], found, guid=found["guid"])
        return {"host": server, "looks": [fleet.look(server, [entry], [found])]}

    together = page_of([host(1), host(2)]).jobs
    assert "2 servers Outbound to Office 365" in together
    assert (together.count("Next: Mend 1."), together.count("Next: Mend 2.")) == (2, 1)
    for other in ({"guid": "another organisation's"}, {"repairable_by_role": False}):
        apart = page_of([host(1), host(2, **other)]).jobs
        assert "2 servers" not in apart
        assert (apart.count("Next: Mend 1."), apart.count("Next: Mend 2.")) == (1, 1)


def test_many_servers_of_which_nothing_is_known_are_one_job_and_each_has_its_reason() -> None:
    failure = {"reason": "unreachable", "msg": "no connection to port 80."}
    page = page_of([{"host": f"mbx{number:02}", "failure": failure} for number in range(60)])
    assert "mbx06, mbx07 and 52 more Unreachable 60 hosts could not be looked at" in page.jobs
    assert page.jobs.count("no connection to port 80") == 60


def test_every_link_leads_to_a_part_of_the_page() -> None:
    for hosts in (fleet.small(), fleet.big(), fleet.hostile()):
        page = page_of(hosts)
        parts = [attributes["id"] for __, attributes in page.elements if "id" in attributes]
        assert len(parts) == len(set(parts))
        links = [str(attributes["href"]) for __, attributes in page.elements if "href" in attributes]
        assert links
        assert {link.removeprefix("#") for link in links} <= set(parts)


def test_says_both_times_where_they_differ(page: Document) -> None:
    assert "2026-03-02 02:16 UTC; the servers' clocks said 2026-03-02 02:15 UTC" in page.parts[""]
    assert "clocks" not in page_of(fleet.small(), time="tonight").parts[""]


def test_a_repair_shows_what_was_presented_before_and_now(stories: Callable[..., Any]) -> None:
    verdict = outbound_tls_verdict(stories("mbx01").repaired())
    was, now = fleet.certificate("one"), fleet.certificate("one", days=300)
    for when, told in (("before", fleet.presented(was, "no", "not enabled for SMTP")), ("after", fleet.presented(now))):
        for connector in verdict[when]["connectors"]:
            connector["presented"] = [told]
    page = Document(outbound_tls_page([verdict]))
    short = fleet.thumbprint("one")[:8]
    assert (
        f"Repaired before: {short} *.contoso.com, cannot be used now: {short} *.contoso.com, can be used" in page.table
    )
    assert "accepted over TLS" in page.details
    assert f"Presents {short} *.contoso.com, can be used" in page.details


def test_a_repair_tells_of_what_will_fail_besides(stories: Callable[..., Any]) -> None:
    verdict = outbound_tls_verdict(stories("mbx01").repaired())
    connector = verdict["after"]["connectors"][0]
    later = fleet.expires("mbx01.contoso.test", connector["name"], fleet.certificate("one", days=5), primary=False)
    verdict["after"]["findings"].append({**later, "guid": connector["guid"]})
    page = Document(outbound_tls_page([verdict]))
    assert page.jobs.startswith("Nothing: no mail is stuck on any source server. Before it fails mbx01.contoso.test")


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (None, ""),
        (0, "in less than a day"),
        (1, "in a day"),
        (30, "in 30 days"),
        (-1, "less than a day ago"),
        (-2, "a day ago"),
        (-9, "8 days ago"),
    ],
)
def test_says_how_far_a_day_is(days: int | None, words: str) -> None:
    assert distance(days) == words


def test_every_finding_has_a_readable_label() -> None:
    assert [finding_label(each.value) for each in FindingId if "_" in finding_label(each.value)] == []
