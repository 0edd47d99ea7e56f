# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holding mail back: what is suspended, who goes first, what is let go, and what never is."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from itertools import count
from time import perf_counter

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.message import Message
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.hold_record import HoldRecord, Kept
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.hold_situation import (
    HoldSituation,
    queues_concerned,
)
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.logging_record import Holder, Run
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.plan import Mishap, Refused, Unsettled
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.queue_hold import (
    HoldWish,
    Wanted,
    plan_hold,
)
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import Result
from hypothesis import given
from hypothesis import strategies as st

LOST = Mishap("It was lost.", "session_lost")
ACCEPTED, REJECTED, SILENT = (1, 0), (0, 1), (0, 0)


def run_number(number: int) -> Run:
    return Run("controller", number, f"boot:{number}")


def message(queue: str, number: int, status: str, received) -> Message:
    identity = f"{queue}\\{number}"
    return Message(identity, queue, status, "", received, None, f"<{number}@contoso.test>")


class Desk:
    """A connector's queue on a server, and commands that work at once; ``held`` and so on are the module's states."""

    def __init__(self, make, *statuses: str, queues: int = 1) -> None:
        numbers = count(100)
        self.make = make
        self.queues = tuple(make.queue(n, next_hop_domain=f"mx{n}.example.com") for n in range(3, 3 + queues))
        self.messages = tuple(
            message(queue.identity, number, status, make.clock - timedelta(hours=1000 - number))
            for queue in self.queues
            for status in statuses
            for number in [next(numbers)]
        )
        self.record: HoldRecord | None = None
        self.run = 1
        self.ended = False

    @property
    def situation(self) -> HoldSituation:
        queues = queues_concerned(self.make.guid, self.record, self.queues)
        inside = {each.identity for each in queues}
        return HoldSituation(
            self.make.fqdn,
            queues,
            tuple(each for each in self.messages if each.queue in inside),
            self.record,
            self.ended,
            Holder("mbx01", run_number(self.run), self.make.clock),
        )

    def plan(self, wanted: str, answered=SILENT, **wish):
        return plan_hold(HoldWish(self.make.guid, Wanted(wanted), answered, **wish), self.situation)

    def do(self, wanted: str, answered=SILENT, **wish):
        """Carry a wish out; returns its result."""
        plan = self.plan(wanted, answered, **wish)
        states = {act.identity: "Suspended" if act.suspended else "Retry" for act in plan.acts}
        self.queues = tuple(replace(each, status=states.get(each.identity, each.status)) for each in self.queues)
        self.messages = tuple(replace(each, status=states.get(each.identity, each.status)) for each in self.messages)
        self.record = plan.record_after
        outcome = plan.settled_by(self.situation, [Result()])
        json.dumps(outcome.result)
        return outcome.result

    def leave(self, *identities: str) -> None:
        self.messages = tuple(each for each in self.messages if each.identity not in identities)

    def suspend(self, *identities: str) -> None:
        """Suspend messages, as an administrator does."""
        self.messages = tuple(
            replace(each, status="Suspended") if each.identity in identities else each for each in self.messages
        )

    def arrive(self, number: int) -> str:
        self.messages += (message(self.queues[0].identity, number, "Retry", self.make.clock),)
        return self.messages[-1].identity

    @property
    def suspended(self) -> list[str]:
        return [each.identity for each in self.messages if each.is_suspended]

    @property
    def statuses(self) -> list[str]:
        return [each.status for each in self.queues]


@pytest.fixture
def desk(make):
    return lambda *statuses, **more: Desk(make, *(statuses or ("Retry", "Retry", "Retry")), **more)


def test_one_goes_and_the_rest_when_it_was_accepted(desk):
    it = desk()
    held = it.do("held")
    assert held["commands"] == ["Suspend-Queue -Identity 'MBX01\\3' -Confirm:$false"]
    assert (held["queues"], held["held_back"], held["first"], it.suspended) == (["MBX01\\3"], 3, [], [])
    going = it.do("canary")
    assert going["commands"] == [
        "Suspend-Message -Identity 'MBX01\\3\\101' -Confirm:$false",
        "Suspend-Message -Identity 'MBX01\\3\\102' -Confirm:$false",
        "Resume-Queue -Identity 'MBX01\\3' -Confirm:$false",
    ]
    assert going["first"] == going["first_waiting"] == ["MBX01\\3\\100"]
    assert (going["held_back"], going["waiting"], it.statuses) == (2, 3, ["Retry"])
    it.leave("MBX01\\3\\100")
    assert it.do("canary")["first_waiting"] == []
    assert it.do("held")["queues"] == ["MBX01\\3"]
    released = it.do("released", ACCEPTED)
    assert released["commands"] == [
        "Resume-Queue -Identity 'MBX01\\3' -Confirm:$false",
        "Resume-Message -Identity 'MBX01\\3\\101' -Confirm:$false",
        "Resume-Message -Identity 'MBX01\\3\\102' -Confirm:$false",
    ]
    assert (released["kept"], released["lines"], released["first"]) == ("", [], ["MBX01\\3\\100"])
    assert (it.record, it.suspended, it.statuses) == (None, [], ["Retry"])


@pytest.mark.parametrize(
    ("answered", "kept"),
    [(REJECTED, "rejected"), (SILENT, "unseen"), (ACCEPTED, ""), ((3, 1), "rejected")],
)
def test_what_the_first_has_met_decides(desk, answered, kept):
    it = desk()
    it.do("held"), it.do("canary")
    it.leave("MBX01\\3\\100")
    it.do("held")
    result = it.do("released", answered)
    assert (result["kept"], result["held_back"], len(it.suspended)) == (kept, 2 if kept else 0, 2 if kept else 0)
    assert it.statuses == ["Suspended" if kept else "Retry"]
    if kept:
        assert result["lines"] == [
            "Resume-Queue -Identity 'MBX01\\3' -Confirm:$false",
            "Resume-Message -Server 'mbx01.contoso.test' -Filter 'Queue -eq ''MBX01\\3'''",
        ]


def test_while_the_first_still_waits_nothing_is_lost_so_all_is_let_go(desk):
    it = desk()
    it.do("held"), it.do("canary"), it.do("held")
    assert it.do("released")["kept"] == ""
    assert (it.suspended, it.statuses, it.record) == ([], ["Retry"], None)


def test_a_hold_of_which_none_went_is_let_go_whatever_happened(desk):
    it = desk()
    it.do("held")
    assert it.do("released")["commands"] == ["Resume-Queue -Identity 'MBX01\\3' -Confirm:$false"]


def test_a_queue_that_works_again_is_kept_shut_where_it_must(desk):
    it = desk()
    it.do("held"), it.do("canary")
    it.leave("MBX01\\3\\100")
    assert it.do("released", REJECTED)["commands"] == ["Suspend-Queue -Identity 'MBX01\\3' -Confirm:$false"]


def test_each_queue_has_a_first_of_its_own(desk):
    it = desk("Retry", "Retry", queues=2)
    it.do("held")
    assert it.do("canary")["first"] == ["MBX01\\3\\100", "MBX01\\4\\102"]
    it.leave("MBX01\\3\\100")
    assert it.do("canary")["first_waiting"] == ["MBX01\\4\\102"]
    it.leave("MBX01\\4\\102")
    assert it.do("released", ACCEPTED)["kept"] == "unseen"


def test_what_arrives_meanwhile_does_not_go_first(desk):
    it = desk()
    it.do("held"), it.do("canary")
    late = it.arrive(900)
    assert it.do("canary")["commands"] == [f"Suspend-Message -Identity '{late}' -Confirm:$false"]
    it.leave("MBX01\\3\\100")
    later = it.arrive(901)
    assert it.do("canary")["commands"] == []
    it.do("held")
    assert later not in it.suspended
    it.do("released", ACCEPTED)
    assert it.suspended == []


def test_the_oldest_goes_first_and_one_without_a_time_last(desk):
    it = desk()
    first, *rest = it.messages
    it.messages = (replace(first, received=None), *rest)
    it.do("held")
    assert it.do("canary")["first"] == ["MBX01\\3\\101"]


def test_said_twice_nothing_changes(desk):
    it = desk()
    it.do("held")
    assert it.plan("held").is_empty
    it.do("canary")
    assert it.plan("canary").is_empty
    it.do("held"), it.do("released")
    assert it.plan("released").is_empty


def test_what_an_administrator_has_suspended_is_never_touched(desk):
    it = desk("Suspended", "Retry", "PendingSuspend", "Retry")
    it.do("held")
    going = it.do("canary")
    assert (going["first"], going["left_alone"]) == (["MBX01\\3\\101"], ["MBX01\\3\\100", "MBX01\\3\\102"])
    assert (going["held_back"], going["waiting"]) == (1, 4)
    assert going["lines"] == [
        "Resume-Queue -Identity 'MBX01\\3' -Confirm:$false",
        "Resume-Message -Identity 'MBX01\\3\\103' -Confirm:$false",
    ]
    it.leave("MBX01\\3\\101")
    it.do("held"), it.do("released", ACCEPTED)
    assert it.suspended == ["MBX01\\3\\100", "MBX01\\3\\102"]


def test_the_first_stays_with_an_administrator_who_has_suspended_it_meanwhile(desk):
    it = desk()
    it.do("held"), it.do("canary")
    it.suspend("MBX01\\3\\100")
    assert it.do("canary")["commands"] == []
    it.do("held"), it.do("released")
    assert it.suspended == ["MBX01\\3\\100"]


def test_a_queue_that_an_administrator_has_suspended_is_not_ours(desk):
    it = desk(queues=2)
    it.queues = (replace(it.queues[0], status="Suspended"), it.queues[1])
    assert it.do("held")["queues"] == ["MBX01\\4"]
    it.do("canary"), it.do("released")
    assert it.statuses == ["Suspended", "Retry"]


def test_queues_that_work_are_held_too_so_that_their_answers_are_not_taken_for_the_firsts(desk):
    it = desk(queues=3)
    it.queues = (it.queues[0], replace(it.queues[1], status="Active", first_retry_time=None), it.queues[2])
    it.queues = (*it.queues[:2], replace(it.queues[2], status="Ready", message_count=0))
    assert it.do("held")["queues"] == ["MBX01\\3", "MBX01\\4"]
    it.queues = (*it.queues[:2], replace(it.queues[2], message_count=1))
    going = it.do("canary")
    assert going["commands"][-1] == "Suspend-Queue -Identity 'MBX01\\5' -Confirm:$false"
    assert (going["first"], it.statuses) == (["MBX01\\3\\100", "MBX01\\4\\103"], ["Retry", "Retry", "Suspended"])
    it.leave("MBX01\\3\\100", "MBX01\\4\\103")
    it.do("held"), it.do("released", (2, 0))
    assert (it.suspended, it.statuses, it.record) == ([], ["Retry"] * 3, None)


def test_one_answer_does_not_let_go_what_two_were_to_earn(desk):
    it = desk(queues=2)
    it.do("held"), it.do("canary")
    it.leave("MBX01\\3\\100")
    assert it.do("held")["first_waiting"] == ["MBX01\\4\\103"]
    assert it.do("released", ACCEPTED)["kept"] == "unseen"


def test_where_all_are_an_administrators_nobody_goes(desk):
    it = desk("Suspended", "Suspended")
    it.do("held")
    going = it.do("canary")
    assert (going["first"], going["commands"], it.statuses) == ([], [], ["Suspended"])


def test_without_stuck_mail_there_is_nothing_to_hold(desk):
    it = desk()
    it.queues = (replace(it.queues[0], status="Ready"),)
    assert it.do("held")["queues"] == []
    assert it.record is None
    with pytest.raises(Refused, match="nothing of this connector is held"):
        it.plan("canary")


def test_check_mode_says_who_would_go_first(desk):
    plan = desk().plan("canary", assumes_hold=True)
    assert (plan.outcome.result["first"], plan.outcome.result["held_back"]) == (["MBX01\\3\\100"], 2)


def test_a_message_that_a_session_has_is_named(desk):
    it = desk("Retry", "Active", "Retry")
    it.do("held")
    (told,) = it.plan("canary").outcome.warnings
    assert told == "mbx01.contoso.test: a session has MBX01\\3\\101 already, and delivers what nobody can stop."


# What runs leave to each other.


def test_a_run_that_lives_is_left_alone(desk):
    it = desk()
    it.do("held")
    it.run = 2
    with pytest.raises(Refused, match="another run"):
        it.plan("held")
    plan = it.plan("released")
    assert plan.is_empty
    assert plan.outcome.result["held_by"] == "mbx01"
    assert "another run" in plan.outcome.warnings[0]


def test_a_dead_runs_hold_is_let_go_by_the_next(desk):
    it = desk()
    it.do("held"), it.do("canary")
    it.run, it.ended = 2, True
    it.do("released")
    assert (it.suspended, it.statuses, it.record) == ([], ["Retry"], None)


def test_a_dead_runs_hold_whose_first_has_left_is_kept(desk):
    it = desk()
    it.do("held"), it.do("canary")
    it.leave("MBX01\\3\\100")
    it.run, it.ended = 2, True
    assert it.do("released")["kept"] == "unseen"
    assert len(it.suspended) == 2


def kept_by_an_earlier_run(it):
    it.do("held"), it.do("canary")
    it.leave("MBX01\\3\\100")
    it.do("held"), it.do("released", REJECTED)
    it.run, it.ended = 2, True
    return it


def test_what_is_kept_stays_through_later_runs(desk):
    it = kept_by_an_earlier_run(desk())
    assert it.do("released")["kept"] == "rejected"
    assert it.do("released", even_if_kept=True)["kept"] == ""
    assert (it.suspended, it.statuses) == ([], ["Retry"])


def test_what_somebody_has_let_go_by_hand_is_held_no_more(desk):
    it = kept_by_an_earlier_run(desk())
    it.queues = tuple(replace(each, status="Retry") for each in it.queues)
    assert it.do("released")["kept"] == "rejected"
    it.queues = tuple(replace(each, status="Ready") for each in it.queues)
    it.messages = tuple(replace(each, status="Ready") for each in it.messages)
    assert (it.do("released")["kept"], it.record) == ("", None)


@pytest.mark.parametrize(("answered", "kept"), [(ACCEPTED, ""), (REJECTED, "rejected"), (SILENT, "rejected")])
def test_another_run_lets_another_one_go_first(desk, answered, kept):
    it = kept_by_an_earlier_run(desk())
    it.do("held")
    going = it.do("canary")
    assert (going["first"], going["messages"]) == (["MBX01\\3\\101"], ["MBX01\\3\\102"])
    it.leave("MBX01\\3\\101")
    it.do("held")
    assert it.do("released", answered)["kept"] == kept


def test_one_that_left_unseen_is_not_forgotten_when_another_run_takes_over(desk):
    it = desk()
    it.do("held"), it.do("canary")
    it.leave("MBX01\\3\\100")
    it.run, it.ended = 2, True
    assert it.do("held")["kept"] == "unseen"
    assert it.do("released")["kept"] == "unseen"
    assert len(it.suspended) == 2


def test_a_queue_that_somebody_suspends_after_the_hold_was_let_go_by_hand_is_his(desk):
    it = kept_by_an_earlier_run(desk())
    it.messages = tuple(replace(each, status="Retry") for each in it.messages)
    plan = it.plan("released", ACCEPTED)
    assert (plan.is_empty, plan.record_after) == (True, None)
    assert plan.outcome.warnings == (
        "mbx01.contoso.test: MBX01\\3 is suspended, and no longer by us. Where nobody else wants it: "
        "Resume-Queue -Identity 'MBX01\\3' -Confirm:$false",
    )
    it.record = None
    assert it.do("held")["queues"] == []


@pytest.mark.parametrize("done", [1, 2])
def test_what_a_run_that_died_while_letting_go_has_left_is_let_go(desk, done):
    it = desk()
    it.do("held"), it.do("canary"), it.do("held")
    worked = [act.identity for act in it.plan("released").acts[:done]]
    it.queues, it.messages = (
        tuple(replace(each, status="Retry") if each.identity in worked else each for each in those)
        for those in (it.queues, it.messages)
    )
    it.run, it.ended = 2, True
    it.do("released")
    assert (it.suspended, it.statuses, it.record) == ([], ["Retry"], None)


@pytest.mark.parametrize(("days", "is_refused"), [(2, False), (2.01, True)])
def test_a_record_without_messages_that_is_older_than_mail_can_be_is_refused(desk, days, is_refused):
    it = desk()
    it.do("held")
    holder = replace(it.record.holder, since=it.record.holder.since - timedelta(days=days))
    it.record = replace(it.record, holder=holder)
    it.run, it.ended = 2, True
    if is_refused:
        with pytest.raises(Refused, match=r"the record of held mail is older .* MBX01\\3 is unknown"):
            it.plan("released")
        assert it.do("released", even_if_kept=True)["queues"] == []
    else:
        it.do("released")
    assert it.statuses == ["Retry"]


def test_another_run_that_fails_before_one_went_lets_nothing_go(desk):
    it = kept_by_an_earlier_run(desk())
    it.do("held")
    assert it.do("released")["kept"] == "rejected"


def test_queues_that_were_numbered_anew_are_known_by_their_next_hop(desk):
    it = desk()
    it.do("held"), it.do("canary"), it.do("held")
    it.queues = tuple(replace(each, identity="MBX01\\9") for each in it.queues)
    it.messages = tuple(
        replace(each, identity=each.identity.replace("\\3\\", "\\9\\"), queue="MBX01\\9") for each in it.messages
    )
    it.run, it.ended = 2, True
    it.do("released")
    assert (it.suspended, it.statuses) == ([], ["Retry"])


def test_another_queue_that_got_the_number_is_not_ours(desk):
    it = desk()
    it.do("held")
    it.queues = (replace(it.queues[0], next_hop_domain="another.example.com"),)
    it.run, it.ended = 2, True
    assert it.do("released")["commands"] == []


# What goes wrong.


def test_the_record_is_ahead_of_what_is_suspended_and_behind_what_is_resumed(desk):
    it = desk()
    held = it.plan("held")
    assert held.record_ahead == held.record_after
    it.do("held")
    going = it.plan("canary")
    assert len(going.record_ahead.messages) == 2
    it.do("canary"), it.do("held")
    plan = it.plan("released")
    assert (plan.record_ahead, plan.record_after) == (it.record, None)


def test_after_a_mishap_everything_must_be_as_promised(desk):
    it = desk()
    plan = it.plan("held")
    with pytest.raises(Unsettled) as failure:
        plan.settled_by(it.situation, (), LOST)
    assert failure.value.remedy == ("Suspend-Queue -Identity 'MBX01\\3' -Confirm:$false",)
    it.do("held")
    assert plan.settled_by(it.situation, (), LOST).warnings
    with pytest.raises(Unsettled):
        plan.settled_by(it.situation, (), replace(LOST, asked=True))
    assert plan.unseen(LOST).now is None


def test_a_command_that_did_nothing_is_a_failure(desk):
    it = desk()
    with pytest.raises(Unsettled, match="is not as the command left it"):
        it.plan("held").settled_by(it.situation, [Result()])


@pytest.mark.parametrize(
    "options",
    [
        {"connector": "Outbound", "state": "held"},
        {"connector": "6f1c2d3e-0000-4000-8000-00000000c0de", "proof": {"accepted": 1}},
    ],
)
def test_wishes_that_are_none_are_refused(options):
    with pytest.raises(Refused):
        HoldWish.from_options({"state": "released", **options}, check_mode=False)


def test_a_wish_as_the_options_say_it(make):
    proof = {"accepted": 0, "accepted_in_clear": 0, "answered": 1, "rejected": 2, "replies": []}
    options = {"connector": make.guid.upper(), "state": "released", "proof": proof, "even_if_kept": True}
    assert HoldWish.from_options(options, check_mode=True) == HoldWish(make.guid, Wanted.RELEASED, (1, 2), True, True)


STEPS = ["held", "canary", "released"]


def test_thousands_of_messages_take_no_time(make):
    it = Desk(make, *["Retry"] * 4000)
    began = perf_counter()
    it.do("held"), it.do("canary"), it.do("held")
    assert len(it.do("released")["commands"]) == 4000
    assert perf_counter() - began < 20


@given(
    st.lists(st.sampled_from([*STEPS, "leave", "die", "arrive"]), max_size=12),
    st.sampled_from([ACCEPTED, REJECTED, SILENT]),
)
def test_whatever_happens_an_administrators_choice_stays(make, story, answered):
    it = Desk(make, "Suspended", "Retry", "Retry", "Suspended", queues=2)
    its = it.suspended
    numbers = count(500)
    for step in story:
        if step == "leave":
            it.leave(*([each.first.identity for each in it.record.queues if each.first] if it.record else []))
        elif step == "die":
            it.run, it.ended = it.run + 1, True
        elif step == "arrive":
            it.arrive(next(numbers))
        elif step != "canary" or it.record is not None:
            it.do(step, answered)
        assert set(its) <= set(it.suspended)
    it.run, it.ended = it.run + 1, True
    kept = it.record is not None and it.record.kept is not Kept.NO
    result = it.do("released", ACCEPTED, even_if_kept=kept)
    if not result["kept"]:
        assert (it.suspended, it.statuses) == (its, ["Retry", "Retry"])
