# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a wait is over: the log has spoken since, or tells what became of every message."""

from __future__ import annotations

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.connector import LoggingLevel
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.send_log import LogPosition
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.services import Service
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.assessment import assess
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.waiting import Awaited, has_come


@pytest.fixture
def culprit(make):
    return make.certificate(1, Service.IIS, Service.POP)


def look(make, *texts, since=-10, **changes):
    """What is seen, with a position so many minutes before the server's clock."""
    position = LogPosition(make.at(minutes=since), "08DE", 3)
    return assess(make.reading(*make.sessions(*texts), since=position, **changes))


def test_a_failing_session_since_is_the_evidence(make, culprit):
    assert has_come(Awaited.EVIDENCE, look(make, make.failing(culprit, -4)))


def test_a_session_from_before_is_not_what_is_awaited(make, culprit):
    assert not has_come(Awaited.EVIDENCE, look(make, make.failing(culprit, -4), since=-3))


@pytest.mark.fact("protocol-log 7.4")
def test_a_silent_log_is_waited_for(make):
    assert not has_come(Awaited.EVIDENCE, look(make))


def test_another_reason_that_the_log_names_ends_the_wait(make, culprit):
    assert has_come(Awaited.EVIDENCE, look(make, make.failing(culprit, -4, word="InvalidToken")))


def test_without_stuck_mail_no_session_can_be_awaited(make):
    assert has_come(Awaited.EVIDENCE, look(make, queues=()))


def test_mail_that_still_waits_is_waited_for(make, culprit):
    accepted = make.succeeding(culprit, make.certificate(9), -2)
    assert not has_come(Awaited.PROOF, look(make, accepted))


def test_an_empty_queue_is_no_proof_while_the_log_is_not_complete(make, culprit):
    accepted = make.succeeding(culprit, make.certificate(9), -2)
    seen = look(make, accepted, queues=())
    assert has_come(Awaited.PROOF, seen, messages=1)
    assert not has_come(Awaited.PROOF, seen, messages=2)
    assert not has_come(Awaited.PROOF, look(make, queues=()))


def test_a_rejected_message_is_accounted_for(make, culprit):
    rejected = make.succeeding(culprit, make.certificate(9), -2, reply="550 5.7.64 TenantAttribution")
    assert has_come(Awaited.PROOF, look(make, rejected, queues=()), messages=1)


def test_a_message_that_left_unencrypted_is_accounted_for(make, culprit):
    accepted = make.succeeding(culprit, make.certificate(9), -2)
    clear = make.rows("C1", -2, "+,,", ">,EHLO a,", "<,250  hello,", *make.one_message("250 2.6.0 Queued"))
    seen = look(make, accepted, clear, queues=())
    assert has_come(Awaited.PROOF, seen, messages=2)
    assert not has_come(Awaited.PROOF, seen, messages=3)


def test_the_answer_of_one_connector_is_not_anothers(make, culprit):
    accepted = make.succeeding(culprit, make.certificate(9), -2)
    another = make.connector(guid="6f1c2d3e-0000-4000-8000-0000000000b2", name="Another")
    assert has_come(Awaited.ANSWER, look(make, accepted), messages=1), "whatever still waits"
    assert not has_come(Awaited.ANSWER, look(make, accepted), messages=2)
    assert not has_come(Awaited.ANSWER, look(make, accepted, connectors=(make.connector(), another)), messages=1)


@pytest.mark.fact("protocol-log 7.4")
def test_a_level_that_the_server_does_not_show_yet_is_waited_for(make):
    assert not has_come(Awaited.VERBOSE, look(make))
    raised = make.connector(logging_level=LoggingLevel.VERBOSE)
    assert has_come(Awaited.VERBOSE, look(make, connectors=(raised,)))
    assert not has_come(Awaited.VERBOSE, look(make, connectors=(raised, make.connector())))
