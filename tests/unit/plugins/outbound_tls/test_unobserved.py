# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What could not be told is said where somebody would miss it, and only there."""

from __future__ import annotations

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.connectivity_log import ConnectivityLog
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.connector import LoggingLevel
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.event import Events
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.message import Messages
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.send_log import SendLog
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.reading import OtherStore

from .test_findings import root_of, unknown


@pytest.mark.parametrize(("path", "words"), [("C:\\SmtpSend", "the Send log: denied."), (None, "a Send log: denied.")])
def test_a_send_log_that_cannot_be_read_is_missed_whether_mail_is_stuck_or_not(make, path, words):
    unread = {"log": SendLog(path, problem="denied.")}
    assert any(each.endswith(words) for each in unknown(make, **unread))
    assert any(each.endswith(words) for each in unknown(make, **unread, queues=()))


def test_a_send_log_of_which_nothing_was_read_is_missed_while_mail_is_stuck(make):
    silent = {"log": SendLog("C:\\SmtpSend")}
    assert any("the Send log" in each for each in unknown(make, **silent))
    assert unknown(make, **silent, queues=()) == []


def test_what_was_read_without_a_problem_is_not_missed(make):
    read = {
        "connectivity": ConnectivityLog("C:\\"),
        "events": Events(()),
        "messages": Messages(()),
        "other_stores": (OtherStore("MBX02", ()),),
        "receive_connectors": (),
    }
    assert unknown(make, **read, queues=()) == []


def test_a_connector_that_logs_is_not_asked_to(make):
    quiet = make.connector(name="Partner", guid="00000000-0000-4000-8000-000000000002")
    verbose = make.connector(logging_level=LoggingLevel.VERBOSE)
    (told,) = unknown(make, connectors=(verbose, quiet), queues=())
    assert told.startswith('whether what left by "Partner" went over TLS')


def test_a_stuck_connector_whose_sessions_are_in_the_log_needs_no_more_of_them(make):
    culprit = make.certificate(1)
    facts = {"certificates": (make.setup_certificate(), culprit), "connectors": (make.connector(),)}
    assert unknown(make, make.failing(culprit), **facts) == []
    assert unknown(make, **facts)[0].startswith(f'how sessions of "{make.name}" end')


def test_an_error_that_the_log_proves_is_understood(make):
    """What nobody has a word for is asked about where only the queue says it."""
    strange = (make.queue(last_error="554 5.9.9 Nobody knows"),)
    assert [each for each in unknown(make, queues=strange) if each.startswith("what the error means")]
    certain = unknown(make, make.failing(None, word="StrangeWord"))
    assert not [each for each in certain if each.startswith("what the error means")]


@pytest.mark.parametrize("minutes", [-4, -300])
def test_what_proves_nothing_is_quoted_with_its_place_however_old_it_is(make, minutes):
    unnamed = (make.setup_certificate(),)
    found = root_of(make, make.failing(None, minutes), certificates=unnamed)
    assert found["kind"] == "no_evidence"
    assert found["evidence"]["where"].startswith("SEND20260302-1.LOG, line ")
    silent = root_of(make, certificates=unnamed)
    assert silent["evidence"]["where"] == "LastError of MBX01\\3"
