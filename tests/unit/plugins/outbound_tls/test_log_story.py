# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the log tells of a connector: the latest failure, the latest success, and which of them came last."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.protocol_log import TlsOutcome
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.log_story import (
    failed_by_status,
    negotiated_at,
    tell,
)


@pytest.fixture
def failed(make):
    """A session that failed so many minutes ago."""

    def failed(minutes: float):
        (session,) = make.sessions(make.failing(make.certificate(1), -minutes, session=f"F{minutes}"))
        return session

    return failed


@pytest.fixture
def succeeded(make):
    def succeeded(minutes: float):
        text = make.succeeding(make.certificate(1), make.certificate(9), -minutes, session=f"S{minutes}")
        (session,) = make.sessions(text)
        return session

    return succeeded


@pytest.mark.parametrize(("success", "cured"), [(3, True), (4, True), (5, False)])
def test_a_success_after_the_failure_or_with_it_cures(make, failed, succeeded, success, cured):
    story = tell([failed(4), succeeded(success)], make.at(minutes=-60))
    assert story.cured is cured
    assert story.succeeded_last is cured
    assert (story.open_failure is None) is cured


@pytest.mark.parametrize(("success", "last"), [(90, True), (91, True), (92, False)])
def test_a_success_is_compared_with_an_old_failure_too(make, failed, succeeded, success, last):
    story = tell([failed(91), succeeded(success)], make.at(minutes=-60))
    assert (story.failure, story.stale_failure) == (None, failed(91))
    assert story.succeeded_last is last


def test_without_a_failure_any_success_is_the_last_and_without_a_success_nothing_is(make, failed, succeeded):
    assert tell([succeeded(90)], make.at(minutes=-60)).succeeded_last
    assert not tell([failed(90)], make.at(minutes=-60)).succeeded_last
    assert not tell([], make.at(minutes=-60)).succeeded_last


def test_the_latest_of_each_is_told(make, failed, succeeded):
    sessions = [failed(90), failed(80), succeeded(70), succeeded(65), failed(20), failed(10)]
    story = tell(sessions, make.at(minutes=-60))
    assert (story.failure, story.stale_failure, story.success) == (failed(10), failed(80), succeeded(65))


def test_a_failure_at_the_very_beginning_is_recent(make, failed):
    story = tell([failed(60)], make.at(minutes=-60))
    assert (story.failure, story.stale_failure) == (failed(60), None)


@pytest.mark.parametrize(("minutes", "told"), [(60, True), (61, False)])
def test_the_latest_session_is_told_if_it_is_recent(make, minutes, told):
    (session,) = make.sessions(make.rows("K1", -minutes, "+,,", "<,421 4.3.2 not now,", "-,,Remote"))
    assert (tell([session], make.at(minutes=-60)).latest == session) is told


def test_only_a_word_of_the_log_is_a_failure_by_status(make, failed, succeeded):
    """The other end may refuse STARTTLS, and then there is no word."""
    (refused,) = make.sessions(make.rows("R1", -4, "+,,", ">,STARTTLS,", "<,454 4.7.0 not now,", "-,,Remote"))
    assert (refused.tls_outcome, refused.tls_error) == (TlsOutcome.FAILED, "")
    assert [failed_by_status(each) for each in (failed(4), refused, succeeded(4))] == [True, False, False]


def test_a_negotiation_ends_with_its_own_row_not_with_the_session(make, failed):
    session = replace(failed(4), ended=make.at(minutes=-1))
    assert negotiated_at(session) == make.at(minutes=-4)
    assert negotiated_at(replace(session, outcome_row=None)) == make.at(minutes=-1)
