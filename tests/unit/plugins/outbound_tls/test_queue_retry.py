# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Retrying queues: which ones, and never a suspended one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.plan import Mishap, Refused, Unsettled
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.queue_retry import (
    RetryState,
    RetryWish,
    plan_retry,
)
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import Result
from hypothesis import given
from hypothesis import strategies as st

STATUSES = ["None", "Active", "Ready", "Retry", "Suspended", "Connecting"]
KINDS = ["DnsConnectorDelivery", "SmartHostConnectorDelivery", "ShadowRedundancy", "Undefined", "Unreachable"]


def state_of(make, *queues) -> RetryState:
    return RetryState(make.fqdn, queues)


def test_retries_the_connectors_queues_that_wait(make):
    state = state_of(
        make,
        make.queue(3),
        make.queue(4, status="Suspended"),
        make.queue(5, status="Active"),
        make.queue(6, next_hop_connector="another"),
        make.queue(7, delivery_type="ShadowRedundancy"),
    )
    plan = plan_retry(RetryWish(make.guid), state)
    assert plan.outcome.result == {
        "server": make.fqdn,
        "connector": make.guid,
        "retried": ["MBX01\\3"],
        "not_retried": [
            {"identity": "MBX01\\4", "why": "an administrator has suspended it"},
            {"identity": "MBX01\\5", "why": "its status is Active, so it does not wait for a retry"},
        ],
        "messages": 25,
        "commands": ["Retry-Queue -Identity 'MBX01\\3'"],
    }
    assert plan.outcome.changed


def test_other_queues_are_tried_only_by_their_exact_identity(make):
    shadow = make.queue(7, delivery_type="ShadowRedundancy")
    wish = RetryWish(identities=("mbx01\\7", "MBX01\\9", "MBX01\\4"))
    result = plan_retry(wish, state_of(make, shadow, make.queue(4, status="Suspended"))).outcome.result
    assert result["retried"] == ["MBX01\\7"]
    assert [each["why"] for each in result["not_retried"]] == [
        "an administrator has suspended it",
        "there is no such queue (any more)",
    ]


def test_nothing_to_retry_is_no_change(make):
    plan = plan_retry(RetryWish(make.guid), state_of(make, make.queue(status="Ready")))
    assert plan.is_empty
    assert not plan.outcome.changed
    assert plan.outcome.diff == ()


@pytest.mark.parametrize(
    "options", [{}, {"connector": "x", "identities": ["MBX01\\3"]}, {"connector": "Outbound"}, {"connector": ""}]
)
def test_wishes_that_are_none_are_refused(options):
    with pytest.raises(Refused):
        RetryWish.from_options(options)


def test_a_guid_may_be_written_as_exchange_shows_it(make):
    assert RetryWish.from_options({"connector": "{" + make.guid.upper() + "}"}) == RetryWish(make.guid)


def test_the_promise_is_the_set_whatever_becomes_of_it(make):
    plan = plan_retry(RetryWish(make.guid), state_of(make, make.queue(3)))
    for after in (state_of(make), state_of(make, make.queue(3)), state_of(make, make.queue(3, message_count=99))):
        assert plan.settled_by(after, [Result()]) == plan.outcome


LOST = Mishap("It was lost.", "session_lost")


def test_after_a_mishap_each_queue_must_have_been_tried(make):
    before = make.queue(3), make.queue(4)
    plan = plan_retry(RetryWish(make.guid), state_of(make, *before))
    tried = replace(before[0], last_retry_time=make.clock)
    assert plan.settled_by(state_of(make, tried), (), LOST).result == plan.outcome.result
    with pytest.raises(Unsettled) as failure:
        plan.settled_by(state_of(make, tried, before[1]), (), LOST)
    assert failure.value.remedy == ("Retry-Queue -Identity 'MBX01\\4'",)
    assert plan.unseen(LOST).now is None


@given(
    st.lists(st.tuples(st.sampled_from(STATUSES), st.sampled_from(KINDS), st.booleans()), max_size=6),
    st.booleans(),
)
def test_no_suspended_queue_is_ever_tried(make, facts, by_identity):
    queues = [
        make.queue(n, status=status, delivery_type=kind, next_hop_connector=make.guid if ours else "another")
        for n, (status, kind, ours) in enumerate(facts)
    ]
    wish = RetryWish(identities=tuple(q.identity for q in queues)) if by_identity else RetryWish(make.guid)
    plan = plan_retry(wish, state_of(make, *queues))
    by_name = {queue.identity: queue for queue in queues}
    for pipeline in plan.commands:
        (command,) = pipeline.commands
        assert dict(command.parameters).keys() == {"Identity"}
        assert by_name[command.parameters["Identity"]].status == "Retry"
    assert [pipeline.commands[0].parameters["Identity"] for pipeline in plan.commands] == plan.outcome.result["retried"]
