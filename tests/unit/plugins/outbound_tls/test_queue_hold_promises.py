# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holding mail back: what a hold promises in a diff, whose queues it means, and that it sends no command too many."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.hold_situation import queues_concerned
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.plan import Refused, Unsettled
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.queue_hold import HoldWish, Wanted
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import Result

from .test_queue_hold import ACCEPTED, REJECTED, SILENT, Desk, kept_by_an_earlier_run


@pytest.fixture
def desk(make):
    return lambda *statuses, **more: Desk(make, *(statuses or ("Retry", "Retry", "Retry")), **more)


# What a diff shows.


def test_a_diff_tells_what_will_be_suspended_and_what_may_go(desk):
    it = desk("Retry", "Retry")
    it.do("held")
    (difference,) = it.plan("canary").outcome.diff
    assert difference.before == {
        "queues": {"MBX01\\3": "Suspended"},
        "messages": {"MBX01\\3\\100": "Retry", "MBX01\\3\\101": "Retry"},
    }
    assert difference.after == {
        "queues": {"MBX01\\3": "free to go"},
        "messages": {"MBX01\\3\\100": "Retry", "MBX01\\3\\101": "suspended"},
    }


def test_without_a_command_there_is_no_change_and_no_diff(desk):
    it = desk()
    held = it.plan("held").outcome
    assert (held.changed, len(held.diff)) == (True, 1)
    it.do("held")
    again = it.plan("held").outcome
    assert (again.changed, again.diff) == (False, ())


# Whose queues.


@pytest.mark.parametrize(
    "changes",
    [{"next_hop_connector": "00000000-0000-4000-8000-000000000002"}, {"delivery_type": "SmtpRelayToRemoteAdSite"}],
)
def test_a_queue_is_a_connectors_by_its_guid_and_by_how_it_delivers(make, changes):
    ours, other = make.queue(3), make.queue(4, **changes)
    assert queues_concerned(make.guid, None, (ours, other)) == (ours,)


def test_a_queue_without_a_first_does_not_keep_that_of_the_next_one(desk):
    it = desk("Retry", "Retry", queues=2)
    it.messages = tuple(replace(each, status="Suspended") if each.queue == "MBX01\\3" else each for each in it.messages)
    it.do("held")
    assert it.do("canary")["first"] == ["MBX01\\4\\102"]
    assert it.statuses == ["Suspended", "Retry"]


# No command too many.


def test_what_works_again_is_held_again_by_one_command(desk):
    it = desk()
    it.do("held"), it.do("canary")
    assert it.do("held")["commands"] == ["Suspend-Queue -Identity 'MBX01\\3' -Confirm:$false"]


def test_another_queue_that_comes_meanwhile_is_held_too(desk):
    it = desk(queues=2)
    first, second = it.queues
    it.queues = (first,)
    assert it.do("held")["queues"] == ["MBX01\\3"]
    it.queues = (*it.queues, second)
    result = it.do("held")
    assert result["commands"] == ["Suspend-Queue -Identity 'MBX01\\4' -Confirm:$false"]
    assert result["queues"] == ["MBX01\\3", "MBX01\\4"]


def test_a_queue_that_works_again_is_not_resumed(desk):
    it = desk()
    it.do("held"), it.do("canary")
    assert it.do("released")["commands"] == [
        "Resume-Message -Identity 'MBX01\\3\\101' -Confirm:$false",
        "Resume-Message -Identity 'MBX01\\3\\102' -Confirm:$false",
    ]


def test_a_queue_that_is_shut_already_is_kept_without_a_command(desk):
    it = desk()
    it.do("held"), it.do("canary")
    it.leave("MBX01\\3\\100")
    it.do("held")
    assert it.do("released", REJECTED)["commands"] == []


# What runs leave to each other.


def test_what_a_run_keeps_is_not_its_own_any_more_while_it_goes_on(desk):
    it = kept_by_an_earlier_run(desk())
    it.ended = False
    it.do("held")
    assert it.do("canary")["first"] == ["MBX01\\3\\101"]


def test_what_an_administrator_holds_beside_a_hold_does_not_prolong_it(desk):
    it = kept_by_an_earlier_run(desk("Retry", "Retry", "Suspended"))
    it.queues = tuple(replace(each, status="Ready") for each in it.queues)
    it.messages = tuple(replace(each, status="Ready") if each.number == "101" else each for each in it.messages)
    assert (it.do("released")["kept"], it.record) == ("", None)
    assert it.suspended == ["MBX01\\3\\102"]


def test_who_goes_first_next_is_not_left_alone(desk):
    it = kept_by_an_earlier_run(desk())
    it.do("held")
    going = it.do("canary")
    assert (going["left_alone"], going["held_back"], going["waiting"]) == ([], 1, 2)
    assert "Resume-Message -Identity 'MBX01\\3\\101' -Confirm:$false" in going["commands"]
    assert it.suspended == ["MBX01\\3\\102"]


def test_check_mode_knows_what_an_earlier_run_holds(desk):
    it = kept_by_an_earlier_run(desk())
    result = it.plan("canary", assumes_hold=True).outcome.result
    assert (result["first"], result["held_back"]) == (["MBX01\\3\\101"], 1)


# Wishes and failures.


def test_the_first_of_what_is_not_as_it_should_be_is_named(desk):
    it = desk(queues=2)
    with pytest.raises(Unsettled, match=r"mbx01\.contoso\.test: MBX01\\3 is not as the command left it") as failure:
        it.plan("held").settled_by(it.situation, [Result()])
    assert len(failure.value.remedy) == 2


def test_a_wish_without_a_proof_knows_of_no_answer(make):
    told = {"connector": make.guid, "state": "held"}
    for options in (told, {**told, "proof": None}):
        assert HoldWish.from_options(options, check_mode=False) == HoldWish(make.guid, Wanted.HELD, SILENT)
    assert HoldWish(make.guid, Wanted.HELD).answered == SILENT


@pytest.mark.parametrize("accepted", [None, "many"])
def test_a_proof_without_numbers_is_refused(make, accepted):
    proof = {"accepted": accepted, "accepted_in_clear": 0, "rejected": 0}
    with pytest.raises(Refused, match=r"proof: .* is missing or no number"):
        HoldWish.from_options({"connector": make.guid, "state": "released", "proof": proof}, check_mode=False)


def test_a_first_that_left_is_counted_for_each_queue(desk):
    it = desk("Retry", "Retry", queues=2)
    it.do("held"), it.do("canary")
    it.leave("MBX01\\3\\100", "MBX01\\4\\102")
    it.do("held")
    assert it.plan("released", ACCEPTED).outcome.result["kept"] == "unseen"
    assert it.plan("released", (2, 0)).outcome.result["kept"] == ""
