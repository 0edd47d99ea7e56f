# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a verdict says of mail that is held back while one message goes first."""

from __future__ import annotations

import json

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.send_log import LogPosition
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.services import Service
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.assessment import assess, assessment_result
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.binding import BindingWish, plan_binding
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.binding_state import BindingState
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.held_back import held_back
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.summary import verdict_result
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.verdict import judge_story, story_from

LINES = [
    "Resume-Message -Server 'mbx01.contoso.test' -Filter 'Queue -eq ''MBX01\\3'''",
    "Resume-Queue -Identity 'MBX01\\3'",
]
FIRST = "MBX01\\3\\100"


@pytest.fixture
def story(make):
    """A look that finds the fault, the binding, and a look after it with one session."""
    culprit = make.certificate(1, Service.IIS, Service.POP)
    bound = make.certificate(1, Service.IIS, Service.POP, Service.SMTP)
    state = BindingState(make.fqdn, False, (make.setup_certificate(), culprit), culprit, make.thumbprint(0xD0))
    bind = {"changed": True, **plan_binding(BindingWish(culprit.thumbprint), state).outcome.result}
    before = assessment_result(assess(make.reading(*make.sessions(make.failing(culprit)))))

    def tell(*holds, reply="250 2.6.0 Queued", waiting=0, check_mode=False, binds=True, looks=None):
        sent = (
            () if reply is None else (make.succeeding(bound, make.certificate(9, subject="CN=peer"), -2, reply=reply),)
        )
        queue = make.queue(message_count=waiting, status="Suspended", first_retry_time=None)
        after = assessment_result(
            assess(
                make.reading(
                    *make.sessions(make.failing(culprit), *sent),
                    queues=(queue,) if waiting else (),
                    certificates=(make.setup_certificate(), bound),
                    since=LogPosition(make.at(minutes=-4), "08DE", 22),
                )
            )
        )
        item = {"guid": make.guid}
        steps = [{"what": "bind", "results": [{**bind, "item": item}]}] if binds else []
        steps += [{"what": "hold", "results": [{**each, "item": item}]} for each in holds]
        value = {"host": "mbx01", "looks": looks or [before, after], "steps": steps, "check_mode": check_mode}
        result = verdict_result(judge_story(story_from(value)))
        json.dumps(result)
        return result, result["connectors"][make.guid]

    tell.after_the_cure = assessment_result(
        assess(make.reading(queues=(), certificates=(make.setup_certificate(), bound)))
    )
    return tell


def hold(**facts):
    return {
        "queues": ["MBX01\\3"],
        "messages": [],
        "first": [FIRST],
        "first_waiting": [],
        "left_alone": [],
        "held_by": "",
        "waiting": 24,
        "held_back": 24,
        "kept": "",
        "lines": LINES,
        "commands": [],
        **facts,
    }


HELD = hold(first=[], waiting=25, held_back=25)
RELEASED = hold(queues=[], held_back=0, lines=[], commands=["Resume-Queue"])


def test_a_rejection_costs_one_message_and_the_verdict_says_what_is_held(story):
    result, told = story(HELD, hold(kept="rejected"), reply="550 5.7.64 Relay Access Denied", waiting=24)
    assert result["verdict"] == "rejected"
    assert result["message"] == (
        'mbx01.contoso.test, "Outbound to Office 365": TLS works now, but the other end rejects mail; 1 of 25 messages '
        f"left, 0 accepted over TLS, 1 rejected, 24 held back: {FIRST}, which went first, was rejected."
    )
    assert result["next"].startswith(
        "ask the other end's administrator about its replies: 550 5.7.64 Relay Access Denied. "
    )
    assert result["next"].endswith("; ".join(LINES))
    assert (told["messages_before"], told["messages_after"], told["left"], told["rejected"]) == (25, 24, 1, 1)
    assert (told["held_back"], told["held_because"], told["went_first"]) == (24, "rejected", [FIRST])
    assert told["lines_to_type"] == LINES
    assert any(
        each.startswith(f"Held back: 24 messages in MBX01\\3, because {FIRST}, which went first, was rejected.")
        for each in result["summary"]
    )


def test_one_that_left_unseen_keeps_the_rest_and_proves_nothing(story):
    result, told = story(HELD, hold(kept="unseen"), reply=None, waiting=24)
    assert result["verdict"] == "bound_not_proven"
    assert "24 held back" in result["message"]
    assert "no log shows whether it was accepted" in result["message"]
    assert result["next"].startswith("ask the recipient, or look into this server's message tracking log. ")
    assert told["lines_to_type"] == LINES


def test_one_that_still_waits_while_another_left_is_named(story):
    kept = hold(kept="unseen", first=[FIRST, "MBX01\\4\\7"], first_waiting=["MBX01\\4\\7"])
    result, __ = story(HELD, kept, waiting=24)
    assert result["verdict"] == "bound_not_proven"
    assert result["message"].endswith(f": {FIRST} and MBX01\\4\\7 were to go first, and MBX01\\4\\7 still waits.")


def test_an_acceptance_is_a_repair_and_names_who_went_first(story):
    result, told = story(HELD, hold(), RELEASED)
    assert result["verdict"] == "repaired"
    assert f"Canary: {FIRST} went first; what was held back meanwhile was let go." in result["summary"]
    assert (told["held_back"], told["held_because"], told["lines_to_type"], told["went_first"]) == (0, "", [], [FIRST])
    assert told["commands"][-1] == "Resume-Queue"


def test_what_an_earlier_run_keeps_is_no_health(story):
    result, told = story(hold(kept="rejected"), binds=False, looks=[story.after_the_cure])
    assert result["verdict"] == "rejected"
    assert result["message"] == (
        'mbx01.contoso.test, "Outbound to Office 365": 24 messages are held back: in an earlier run, '
        f"{FIRST}, which went first, was rejected."
    )
    assert result["next"].startswith("ask the other end's administrator about the rejection. ")
    assert told["messages_after"] == 24


def test_without_a_hold_everything_is_as_before(story):
    with_none, told = story()
    assert with_none["verdict"] == "repaired"
    assert not any("Canary" in each or "held" in each.lower() for each in with_none["summary"])
    assert told["went_first"] == []


def test_a_check_run_says_who_would_go_first(story):
    promised = hold(first_waiting=[FIRST], waiting=25)
    result, told = story(HELD, promised, check_mode=True, reply=None)
    assert result["verdict"] == "would_repair"
    assert any(
        each.startswith(f"Canary: a run would let {FIRST} go first, as the queue is now") for each in result["summary"]
    )
    assert told["held_back"] == 0


@pytest.mark.parametrize("remedy", [[], ["Resume-Queue -Identity 'MBX01\\3'"]])
def test_a_release_that_failed_is_a_warning_with_the_lines(story, remedy):
    failed = {"failed": True, "msg": "mbx01 did not answer.", "reason": "unreachable", "remedy": remedy}
    result, told = story(HELD, hold(), failed)
    assert result["verdict"] == "failed"
    assert not any("let go" in each for each in result["summary"])
    (warning,) = result["warnings"]
    assert (
        warning == f"Mail may still be held back: mbx01 did not answer. Type it yourself: {'; '.join(remedy or LINES)}"
    )
    assert told["lines_to_type"] == (remedy or LINES)


def test_queues_that_were_never_let_go_are_no_repair(story):
    result, told = story(HELD, hold(first_waiting=[FIRST], waiting=25), hold())
    assert result["verdict"] == "failed"
    (warning,) = result["warnings"]
    assert warning == (
        "Mail may still be held back: the queues MBX01\\3 were never let go. Type it yourself: " + "; ".join(LINES)
    )
    assert told["lines_to_type"] == LINES
    assert (told["messages_before"], told["messages_after"], told["left"]) == (25, 24, 1)
    assert not any("was let go" in each for each in result["summary"])


@pytest.mark.parametrize("many", [20, 21])
def test_many_commands_of_a_queue_are_told_as_one(story, many):
    commands = [f"Resume-Message -Identity 'MBX01\\3\\{number}' -Confirm:$false" for number in range(many)]
    other = "Resume-Message -Identity 'MBX01\\4\\7' -Confirm:$false"
    __, told = story(HELD, hold(), {**RELEASED, "commands": [LINES[1], *commands, other]})
    summed = commands if many == 20 else ["# Resume-Message: 21 messages of MBX01\\3"]
    assert told["commands"][-len(summed) - 2 :] == [LINES[1], *summed, other]


def test_what_another_run_holds_is_no_health(story):
    result, told = story(hold(held_by="mbx01"), binds=False, looks=[story.after_the_cure])
    assert result["verdict"] == "failed"
    assert result["message"] == "another run, of mbx01, holds the mail of this connector back. Wait for it to end."
    assert not any("let go" in each for each in result["summary"])
    assert told["lines_to_type"] == LINES


def test_the_last_of_the_holds_counts_also_where_an_earlier_one_failed():
    failed = {"failed": True, "msg": "mbx01 did not answer.", "reason": "unreachable"}
    assert held_back([failed, HELD, RELEASED], check_mode=False).trouble == ""
    assert held_back([HELD, RELEASED, failed], check_mode=False).trouble == "mbx01 did not answer."
    assert held_back([failed], check_mode=False).trouble == "mbx01 did not answer."


def test_where_nothing_was_held_nothing_is_counted():
    nothing = held_back([], check_mode=False)
    assert (nothing.count, nothing.before, nothing.waiting, nothing.warning) == (0, 0, 0, "")
    assert nothing.summary(check_mode=False) == []


def test_mail_is_counted_at_its_most_and_as_it_is_now():
    told = held_back([hold(waiting=24), HELD, hold(waiting=20, held_back=19)], check_mode=False)
    assert (told.before, told.waiting, told.count) == (25, 20, 19)


def test_a_message_that_nobody_knows_any_more_was_kept_all_the_same():
    told = held_back([hold(first=[], kept="rejected")], check_mode=False)
    assert told.why == "the message, which went first, was rejected"
    assert told.summary(check_mode=False)[0].startswith("Held back: 24 messages in MBX01\\3, because the message, ")
