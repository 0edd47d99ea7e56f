# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture of a host: what was seen of it first and last, which servers are absent, and which names are one."""

from __future__ import annotations

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.services import Service
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.assessment import assess, assessment_result
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.audit import (
    absent_servers,
    audit_document,
    host_picture,
    same_server,
    worst,
)
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.summary import verdict_result
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.verdict import judge_story, story_from

LOST = {"msg": "the session was lost.", "reason": "lost"}


@pytest.fixture
def looks(make):
    """One that finds the fault, and one after it in which nothing waits."""
    culprit, bound = make.certificate(1), make.certificate(1, Service.SMTP)
    found = make.reading(*make.sessions(make.failing(culprit)), certificates=(make.setup_certificate(), culprit))
    well = make.reading(queues=(), certificates=(make.setup_certificate(), bound), clock=make.at(minutes=9))
    return assessment_result(assess(found)), assessment_result(assess(well))


def pictures(*looks, **more):
    told = verdict_result(judge_story(story_from({"host": "mbx01", "looks": list(looks), "steps": [], **more})))
    return told["before"], told["after"]


def ids(picture):
    return [each["id"] for each in picture["findings"]]


def test_a_verdict_shows_what_was_seen_first_and_what_was_seen_last(looks):
    before, after = pictures(*looks)
    assert (ids(before), ids(after)) == (["certificate_not_bound"], ["healthy"])
    assert (before["severity"], after["severity"]) == ("error", "info")
    assert before["clock"] < after["clock"]


def test_a_failure_after_a_look_is_part_of_what_was_seen_last(looks):
    before, after = pictures(*looks, failure=LOST)
    assert (before["state"], after["state"]) == ("audited", "failed")
    assert (before["reason"], after["reason"]) == ("", "lost")
    assert after["message"] == "mbx01: the session was lost."


def test_a_failure_before_any_look_is_all_that_was_seen():
    before, after = pictures(failure=LOST)
    assert before == after
    assert (before["state"], before["severity"], before["connectors"]) == ("failed", "unknown", [])


@pytest.mark.parametrize(
    ("failure", "state"),
    [
        ({"msg": "no answer", "reason": "unreachable"}, "unreachable"),
        ({"msg": "no answer", "unreachable": True}, "unreachable"),
        ({"msg": "no answer", "unreachable": False}, "failed"),
        (LOST, "failed"),
        (None, "failed"),
    ],
)
def test_a_host_is_unreachable_by_our_word_or_by_ansibles(failure, state):
    assert host_picture("mbx01", (), failure)["state"] == state


def test_a_message_has_the_name_of_its_host_once(looks):
    named = host_picture("mbx01", looks, {"msg": "mbx01 is gone.", "reason": "lost"})
    assert named["message"] == "mbx01 is gone."
    assert host_picture("mbx01", looks, {"reason": "lost"})["message"] == "mbx01: "
    assert host_picture("mbx01", (), None)["message"] == "mbx01: nothing was looked at."


def test_a_server_without_connectors_says_so(make):
    nothing = assessment_result(assess(make.reading(connectors=(), queues=())))
    picture = host_picture("mbx01", (nothing,), None)
    assert (picture["message"], picture["severity"]) == ("mbx01: no Send connector sends from here.", "info")


def test_root_causes_come_before_what_stands_beside_them(looks):
    root = looks[0]["findings"][0]
    beside = {**root, "primary": False, "id": "load", "message": "something else"}
    picture = host_picture("mbx01", ({**looks[0], "findings": [beside, root]},), None)
    assert ids(picture) == ["certificate_not_bound", "load"]
    assert picture["message"] == root["message"]


def test_an_unseen_server_is_worse_than_one_that_will_fail():
    assert worst(["warning", "unknown", "info"]) == "unknown"
    assert worst(["unknown", "error"]) == "error"
    assert worst([]) == "info"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("MBX01", "mbx01", True),
        ("mbx01.contoso.test.", "MBX01.contoso.test", True),
        ("MBX01", "mbx01.contoso.test", True),
        ("mbx01.contoso.test", "MBX01", True),
        ("mbx01.contoso.test", "mbx01.adatum.test", False),
        ("mbx01.contoso.test", "mbx02", False),
        ("mbx01", "mbx011", False),
    ],
)
def test_names_are_one_where_only_a_domain_is_lacking(one, other, expected):
    assert same_server(one, other) is expected


def test_absent_are_the_source_servers_that_no_host_is(looks):
    entry = {**looks[0]["connectors"][0], "source_servers": ["MBX01", "mbx09", "MBX08"]}
    partner = {**entry, "name": "Partner", "guid": "2", "source_servers": ["MBX09"]}
    again = {**entry, "guid": "3"}
    picture = host_picture("mbx01", ({**looks[0], "connectors": [entry, partner, again]},), None)
    assert absent_servers([picture]) == {"MBX08": [entry["name"]], "MBX09": [entry["name"], "Partner"]}
    unseen = host_picture("mbx09.contoso.test", (), LOST)
    assert list(absent_servers([picture, unseen])) == ["MBX08"]


def test_the_clock_of_a_fleet_is_the_latest_that_was_seen(looks):
    hosts = [host_picture("a", looks[:1], None), host_picture("b", looks, None), host_picture("c", (), LOST)]
    document = audit_document(hosts, generated="now", warn_days=30)
    assert document["clock"] == looks[1]["clock"]
    assert audit_document(hosts[2:], generated="now", warn_days=30)["clock"] is None
    assert document["summary"]["states"] == {"audited": 2, "unreachable": 0, "failed": 1}


def test_a_version_is_told_where_one_is_known(looks):
    assert host_picture("mbx01", looks, None)["version"] == "15.2 (Build 1544.4)"
    assert host_picture("mbx01", ({**looks[0], "version": None},), None)["version"] == ""
    assert host_picture("mbx01", (), LOST)["version"] == ""


def test_the_worst_host_is_what_a_fleet_is(looks):
    hosts = [host_picture("a", looks[:1], None), host_picture("b", looks, None)]
    assert audit_document(hosts, generated="now", warn_days=30)["summary"]["severity"] == "error"
    assert audit_document([], generated="now", warn_days=30)["summary"]["severity"] == "unknown"
