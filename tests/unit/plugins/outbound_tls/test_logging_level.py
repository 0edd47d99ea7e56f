# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The logging level: raised by the first, restored by the last, as decided from a record."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.cmdlets import start_edge_synchronization
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.connector import LoggingLevel
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.edge import EdgeSync
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.logging_level import (
    LoggingState,
    LoggingWish,
    WantedLevel,
    plan_logging,
)
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.logging_record import (
    Holder,
    Record,
    Run,
    joined,
    left,
    swept,
)
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.plan import Mishap, Refused, Unsettled
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import Result
from hypothesis import given
from hypothesis import strategies as st

RUN, OTHER_RUN = Run("controller", 4711, "boot:100"), Run("controller", 815, "boot:7")
VERBOSE, NONE, PREVIOUS = (
    LoggingWish("Outbound to Office 365", level)
    for level in (WantedLevel.VERBOSE, WantedLevel.NONE, WantedLevel.PREVIOUS)
)


@pytest.fixture
def me(make) -> Holder:
    return Holder("mbx01", RUN, make.clock)


def state_of(make, me, level=LoggingLevel.NONE, *holders, dead=(), record=True) -> LoggingState:
    held = None
    if holders or (record and holders is None):
        held = record_of(make, *holders)
    connector = make.connector(logging_level=level)
    return LoggingState(connector, "dc01.contoso.test", make.clock, held, frozenset(dead), me, "contoso.test")


def record_of(make, *holders, level=LoggingLevel.NONE) -> Record:
    return Record("contoso.test", make.guid, make.name, level, make.at(minutes=-9), "dc01.contoso.test", tuple(holders))


def levels(plan) -> list[str]:
    return [command.commands[0].parameters["ProtocolLoggingLevel"] for command in plan.commands]


def test_raises_once_and_records_before_it_sends(make, me):
    plan = plan_logging(VERBOSE, state_of(make, me))

    (command,) = (pipeline.commands[0] for pipeline in plan.commands)
    assert command.name == "Set-SendConnector"
    assert dict(command.parameters) == {
        "Identity": make.guid,
        "ProtocolLoggingLevel": "Verbose",
        "DomainController": "dc01.contoso.test",
    }
    assert (
        plan.record_ahead
        == plan.record_after
        == Record("contoso.test", make.guid, make.name, LoggingLevel.NONE, make.clock, "dc01.contoso.test", (me,))
    )
    assert plan.record_otherwise is None
    (difference,) = plan.outcome.diff
    assert difference.before == {"connector": make.name, "protocol_logging_level": "None"}
    assert difference.after == {"connector": make.name, "protocol_logging_level": "Verbose"}
    assert plan.outcome.result["level_before"] == "None"
    assert plan.outcome.result["level"] == "Verbose"
    assert plan.outcome.result["holders"] == ["mbx01"]


def test_the_second_only_joins(make, me):
    first = Holder("mbx02", RUN, make.at(minutes=-9))
    plan = plan_logging(VERBOSE, state_of(make, me, LoggingLevel.VERBOSE, first))
    assert plan.is_empty
    assert (plan.outcome.changed, plan.outcome.diff) == (False, ())
    assert plan.record_after.holders == (first, me)
    assert plan.record_after.raised_at == make.at(minutes=-9), "one absolute time for all hosts"


def test_a_lost_level_is_raised_again_with_the_old_record(make, me):
    plan = plan_logging(VERBOSE, state_of(make, me, LoggingLevel.NONE, me))
    assert levels(plan) == ["Verbose"]
    assert plan.record_after == record_of(make, me)


def test_verbose_without_a_record_is_never_put_back(make, me):
    state = state_of(make, me, LoggingLevel.VERBOSE)
    raised = plan_logging(VERBOSE, state)
    assert raised.is_empty
    assert raised.record_after is None
    restored = plan_logging(PREVIOUS, state)
    assert restored.is_empty
    assert restored.outcome.result["level"] == "Verbose"
    assert "stays Verbose" in restored.outcome.result["explanation"]


def test_the_last_restores(make, me):
    plan = plan_logging(PREVIOUS, state_of(make, me, LoggingLevel.VERBOSE, me))
    assert levels(plan) == ["None"]
    assert plan.record_ahead == plan.record_otherwise == record_of(make), "held by nobody until it is restored"
    assert plan.record_after is None


def test_while_another_needs_it_nobody_restores(make, me):
    other = Holder("mbx02", OTHER_RUN, make.clock)
    plan = plan_logging(PREVIOUS, state_of(make, me, LoggingLevel.VERBOSE, me, other))
    assert plan.is_empty
    assert plan.record_after == record_of(make, other)
    assert "mbx02 still needs it" in plan.outcome.result["explanation"]


def test_the_next_run_restores_what_a_dead_one_left(make, me):
    lost = Holder("mbx02", OTHER_RUN, make.clock)
    plan = plan_logging(PREVIOUS, state_of(make, me, LoggingLevel.VERBOSE, lost, dead=[OTHER_RUN]))
    assert levels(plan) == ["None"]
    assert plan.record_after is None


def test_a_raise_after_a_dead_run_keeps_the_level_before_and_begins_anew(make, me):
    lost = Holder("mbx02", OTHER_RUN, make.at(days=-1))
    plan = plan_logging(VERBOSE, state_of(make, me, LoggingLevel.VERBOSE, lost, dead=[OTHER_RUN]))
    assert plan.is_empty
    assert plan.record_after == replace(record_of(make, me), raised_at=make.clock)


def test_a_new_raise_is_recorded_on_the_domain_controller_that_is_asked_now(make, me):
    lost = Holder("mbx02", OTHER_RUN, make.at(days=-1))
    state = state_of(make, me, LoggingLevel.VERBOSE, lost, dead=[OTHER_RUN])
    plan = plan_logging(VERBOSE, replace(state, domain_controller="dc02.contoso.test"))
    assert plan.record_after.domain_controller == "dc02.contoso.test"


def test_a_crash_before_the_raise_leaves_nothing_to_restore(make, me):
    lost = Holder("mbx02", OTHER_RUN, make.clock)
    plan = plan_logging(PREVIOUS, state_of(make, me, LoggingLevel.NONE, lost, dead=[OTHER_RUN]))
    assert plan.is_empty
    assert plan.record_after is None


def test_none_switches_off_and_forgets(make, me):
    other = Holder("mbx02", OTHER_RUN, make.clock)
    plan = plan_logging(NONE, state_of(make, me, LoggingLevel.VERBOSE, other))
    assert levels(plan) == ["None"]
    assert plan.record_ahead == record_of(make, other)
    assert plan.record_after is None
    assert "mbx02" in plan.outcome.result["explanation"]


def test_without_a_journal_a_level_can_be_raised_and_not_put_back(make):
    plan = plan_logging(VERBOSE, state_of(make, None))
    assert levels(plan) == ["Verbose"]
    assert plan.record_ahead is None
    with pytest.raises(Refused, match="journal_dir"):
        plan_logging(PREVIOUS, state_of(make, None, LoggingLevel.VERBOSE))


def test_check_mode_takes_the_raise_as_the_state_before_the_put_back(make, me):
    options = {"identity": make.guid, "level": "previous", "raised_from": "None"}
    promised = plan_logging(LoggingWish.from_options(options, check_mode=True), state_of(make, me))
    run = plan_logging(
        LoggingWish.from_options(options, check_mode=False), state_of(make, me, LoggingLevel.VERBOSE, me)
    )
    assert promised.outcome == run.outcome
    assert run.outcome.changed
    nothing = plan_logging(LoggingWish.from_options(options, check_mode=False), state_of(make, me))
    assert nothing.is_empty, "a run never believes what was only promised"


@pytest.mark.parametrize("level", list(LoggingLevel))
def test_check_mode_promises_nothing_of_a_raise_that_changed_nothing(make, me, level):
    """Another run holds the level, whether it is still there or was lost: the record says what it is put back to."""
    options = {"identity": make.guid, "level": "previous", "raised_from": "None"}
    other = Holder("mbx02", OTHER_RUN, make.clock)
    state = state_of(make, me, level, other)
    promised = plan_logging(LoggingWish.from_options(options, check_mode=True), state)
    assert promised == plan_logging(LoggingWish.from_options(options, check_mode=False), state)
    assert "mbx02 still needs it" in promised.outcome.result["explanation"]


def test_check_mode_leaves_a_level_that_was_verbose_without_a_record(make, me):
    options = {"identity": make.guid, "level": "previous", "raised_from": "None"}
    promised = plan_logging(
        LoggingWish.from_options(options, check_mode=True), state_of(make, me, LoggingLevel.VERBOSE)
    )
    assert promised.outcome.result["level"] == "Verbose"
    assert promised.is_empty


def test_an_edge_names_no_domain_controller(make, me):
    plan = plan_logging(VERBOSE, replace(state_of(make, me), domain_controller=""))
    assert "DomainController" not in plan.commands[0].commands[0].parameters


def test_settles_only_on_the_same_domain_controller(make, me):
    plan = plan_logging(VERBOSE, state_of(make, me))
    after = state_of(make, me, LoggingLevel.VERBOSE, me)
    assert plan.settled_by(after).result == plan.outcome.result
    assert plan.settled_by(replace(after, domain_controller="DC01.contoso.test")) == plan.outcome
    with pytest.raises(Unsettled, match=r"dc02\.contoso\.test answered"):
        plan.settled_by(replace(after, domain_controller="dc02.contoso.test"))


def test_a_level_that_did_not_change_fails_with_the_line(make, me):
    plan = plan_logging(VERBOSE, state_of(make, me))
    with pytest.raises(Unsettled, match="still None") as failure:
        plan.settled_by(state_of(make, me))
    assert failure.value.remedy == (
        f"Set-SendConnector -Identity '{make.guid}' -ProtocolLoggingLevel Verbose "
        f"-DomainController 'dc01.contoso.test'",
    )


def test_a_lost_session_is_forgiven_a_question_is_not(make, me):
    plan = plan_logging(VERBOSE, state_of(make, me))
    after = state_of(make, me, LoggingLevel.VERBOSE, me)
    assert plan.settled_by(after, (), Mishap("It was lost.", "session_lost")).warnings == (
        "It was lost. The level is Verbose all the same.",
    )
    with pytest.raises(Unsettled, match="It asked"):
        plan.settled_by(after, (), Mishap("It asked.", "unforeseen_prompt", asked=True))


def test_what_somebody_else_raised_meanwhile_is_his(make, me):
    plan = plan_logging(VERBOSE, state_of(make, me))
    words = "The command completed successfully but no settings of 'Outbound' have been modified."
    outcome = plan.settled_by(state_of(make, me, LoggingLevel.VERBOSE, me), (Result(warnings=(words,)),))
    assert (outcome.changed, outcome.diff, outcome.warnings) == (False, (), (words,))
    assert outcome.result["level_recorded"] == "Verbose"
    assert "Somebody else" in outcome.result["explanation"]
    assert plan.record_after_all(outcome.warnings) == replace(plan.record_after, level_before=LoggingLevel.VERBOSE)
    assert plan.record_after_all(()) == plan.record_after
    none = plan_logging(NONE, state_of(make, me, LoggingLevel.VERBOSE, me))
    assert none.record_after_all((words,)) is None


HOLDERS = st.builds(
    Holder,
    host=st.sampled_from(["mbx01", "mbx02", "mbx03"]),
    run=st.builds(Run, st.just("controller"), st.integers(1, 3), st.just("boot:1")),
    since=st.datetimes(timezones=st.just(UTC)),
)


@given(holders=st.lists(HOLDERS, min_size=1))
def test_whoever_joins_and_leaves_in_whatever_order_leaves_nobody_behind(make, holders):
    record = record_of(make)
    for holder in holders:
        record = joined(record, holder, "dc01.contoso.test")
        assert any(holder.is_same(each) for each in record.holders)
    assert len(record.holders) == len({(holder.host, holder.run) for holder in holders})
    for holder in reversed(holders):
        record = left(record, holder)
        assert not any(holder.is_same(each) for each in record.holders)
    assert record.holders == ()


@given(
    holders=st.lists(HOLDERS), dead=st.sets(st.builds(Run, st.just("controller"), st.integers(1, 3), st.just("boot:1")))
)
def test_only_the_dead_are_swept(make, holders, dead):
    record = record_of(make, *holders)
    assert set(swept(record, dead).holders) == {holder for holder in holders if holder.run not in dead}


@given(
    st.sampled_from([VERBOSE, NONE, PREVIOUS]),
    st.sampled_from(list(LoggingLevel)),
    st.lists(HOLDERS, max_size=3),
    st.booleans(),
)
def test_a_level_is_never_raised_without_a_record_ahead(make, wish, level, holders, has_record):
    me = Holder("mbx01", RUN, make.clock + timedelta(seconds=1))
    state = state_of(make, me, level)
    if has_record:
        state = replace(state, record=record_of(make, *holders))
    plan = plan_logging(wish, state)
    if levels(plan) == ["Verbose"]:
        assert me in plan.record_ahead.holders
        assert plan.record_ahead.level_before is LoggingLevel.NONE
    if plan.record_after is None and state.record is not None:
        assert plan.outcome.result["level"] in ("None", state.record.level_before.value)


def test_a_change_is_brought_to_the_edges_and_its_absence_is_not(make, me):
    sync = EdgeSync(("EDGE01",), (start_edge_synchronization("mbx01.contoso.test"),))
    changed = plan_logging(replace(VERBOSE, edge_sync=sync), state_of(make, me)).outcome.result
    assert changed["edge_synchronization"] == ["EDGE01"]
    assert changed["commands"][-1] == "Start-EdgeSynchronization -Server 'mbx01.contoso.test'"

    same = plan_logging(replace(VERBOSE, edge_sync=sync), state_of(make, me, LoggingLevel.VERBOSE)).outcome.result
    assert (same["edge_synchronization"], same["commands"]) == ([], [])


def test_a_failure_leaves_the_line_for_the_connector_alone_to_type(make, me):
    sync = EdgeSync(("EDGE01",), (start_edge_synchronization(None),))
    plan = plan_logging(replace(VERBOSE, edge_sync=sync), state_of(make, me))
    failure = plan.unseen(Mishap("no answer.", "silent"))
    assert [line.split()[0] for line in failure.remedy] == ["Set-SendConnector"]
