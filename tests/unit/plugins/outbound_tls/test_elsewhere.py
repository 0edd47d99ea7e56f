# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of the other hosts of a run send for a connector behind front ends, and which of them bind."""

from __future__ import annotations

from typing import Any

from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.elsewhere import look_elsewhere


def entry(make, *, sends: bool, certainty: str = "no", **changes: Any) -> dict[str, Any]:
    facts = {"guid": make.guid, "frontend_proxy": True, "source_server": sends, "messages": 3, "proof": None}
    return {**facts, "repair": {"bind": {"certainty": certainty}}, **changes}


def host(name: str, *entries: dict[str, Any], bindings: tuple[Any, ...] = ()) -> dict[str, Any]:
    looks = [{"server": f"{name}.contoso.test", "connectors": [each]} for each in entries]
    return {"host": name, "looks": looks, "steps": [{"what": "bind", "results": list(bindings)}]}


def found(make, *hosts: dict[str, Any]) -> tuple[list[str], list[str]]:
    elsewhere = look_elsewhere(make.guid, hosts)
    return [each.server for each in elsewhere.senders], [each.server for each in elsewhere.front_ends]


def binding(guid: str) -> dict[str, Any]:
    """The result of a step that runs for each certificate of each connector."""
    return {"item": [{"guid": guid}, {"guid": "of something else"}], "added": ["SMTP"]}


def test_hosts_that_have_nothing_to_do_with_the_connector_are_passed_over(make):
    other = entry(make, sends=True, guid="another")
    direct = entry(make, sends=True, frontend_proxy=False)
    hosts = (host("mbx01", other), host("mbx02", direct), host("mbx03"), host("mbx04", entry(make, sends=True)))
    assert found(make, *hosts) == (["mbx04.contoso.test"], [])


def test_a_host_that_only_binds_is_a_front_end_and_one_that_sends_may_be_both(make):
    assert found(make, host("mbx01", entry(make, sends=False))) == ([], ["mbx01.contoso.test"])
    assert found(make, host("mbx01", entry(make, sends=True))) == (["mbx01.contoso.test"], [])
    both = host("mbx01", entry(make, sends=True), bindings=(binding(make.guid),))
    assert found(make, both) == (["mbx01.contoso.test"], ["mbx01.contoso.test"])


def test_a_binding_belongs_to_the_connector_that_it_was_made_for(make):
    results = (binding(make.guid), binding("another"), {**binding(make.guid), "failed": True})
    elsewhere = look_elsewhere(make.guid, [host("mbx01", entry(make, sends=False), bindings=results)])
    assert elsewhere.bound == (results[0],)
    assert elsewhere.failed == results[2]


def test_whether_a_front_end_may_bind_is_told_by_its_last_look(make):
    looks = [entry(make, sends=False, certainty=each) for each in ("no", "conditional", "certain")]
    for number, may in ((1, False), (2, True), (3, True)):
        (front_end,) = look_elsewhere(make.guid, [host("mbx01", *looks[:number])]).front_ends
        assert front_end.may_bind is may


def test_the_proofs_of_all_that_send_are_one(make):
    counts = {"accepted": 2, "accepted_in_clear": 1, "rejected": 0, "replies": ["250 OK"]}
    before = entry(make, sends=True, messages=5)
    after = entry(make, sends=True, messages=1, proof=counts)
    elsewhere = look_elsewhere(make.guid, [host("mbx01", before, after), host("mbx02", before, after)])
    assert elsewhere.proof == {"accepted": 4, "accepted_in_clear": 2, "rejected": 0, "replies": ["250 OK"] * 2}
    assert elsewhere.messages == (10, 2)
    assert look_elsewhere(make.guid, [host("mbx01", before)]).proof is None
