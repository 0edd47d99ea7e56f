# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where several attempts, messages, events or queues speak: which of them counts, how many are quoted or counted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.connectivity_log import ConnectivityLog
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.connector import LoggingLevel
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.event import Events
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.services import Service
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.case import make_case
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.diagnosis import diagnose

from .test_findings import DOMAIN, EITHER, IN_CLEAR, attempt, deferred, event, failed, result_of, root_of


@pytest.fixture
def going_on(make):
    """A queue that is not stuck, though messages of it may wait on their own."""
    return (make.queue(status="Ready", last_error="", first_retry_time=None),)


# Attempts.


def test_of_several_attempts_the_last_one_counts(make):
    first = attempt(make, failed(), minutes=-5).attempts
    second = attempt(make, failed(code="ConnectionRefused:0000274D"), minutes=-4).attempts
    log = ConnectivityLog("C:\\", (*first, *second))
    found = root_of(make, queues=(make.queue(last_error=EITHER),), connectivity=log)
    assert (found["id"], found["word"]) == ("connection_refused", "10061")


def test_of_several_addresses_of_an_attempt_the_last_one_counts(make):
    log = attempt(make, failed("203.0.113.25:25"), failed("203.0.113.26:25", "ConnectionRefused:0000274D"))
    found = root_of(make, queues=(make.queue(last_error=EITHER),), connectivity=log)
    assert (found["id"], found["word"]) == ("connection_refused", "10061")


def test_a_row_without_a_file_is_told_by_its_line(make):
    (one,) = attempt(make, failed()).attempts
    unnamed = replace(one, rows=tuple(replace(row, file="") for row in one.rows))
    log = ConnectivityLog("C:\\", (unnamed,))
    found = root_of(make, queues=(make.queue(last_error=EITHER),), connectivity=log)
    assert found["evidence"]["where"] == "line 1"


# Messages.


def test_what_most_of_the_messages_wait_for_is_told(make, going_on):
    busy, unsure = "452 4.3.1 Insufficient system resources", "454 4.7.5 Certificate validation failure"
    found = root_of(make, queues=going_on, messages=deferred(make, unsure, busy, busy))
    assert found["id"] == "load"
    assert found["evidence"]["where"] == "LastError of messages (Get-Message)"


@pytest.mark.parametrize(("errors", "words"), [(1, "1 message waits while"), (2, "2 messages wait while")])
def test_messages_that_wait_on_their_own_are_counted(make, going_on, errors, words):
    messages = deferred(make, *["452 4.3.1 Insufficient system resources"] * errors)
    assert words in root_of(make, queues=going_on, messages=messages)["message"]


@pytest.mark.parametrize(("errors", "words"), [(1, "puts off 1 message,"), (2, "puts off 2 messages,")])
def test_messages_that_a_reply_puts_off_are_counted(make, going_on, errors, words):
    messages = deferred(make, *["450 4.7.1 Greylisted"] * errors)
    (notice,) = [
        each for each in result_of(make, queues=going_on, messages=messages)["findings"] if not each["primary"]
    ]
    assert words in notice["message"]


def test_of_many_messages_three_are_quoted(make, going_on):
    messages = deferred(make, *["452 4.3.1 Insufficient system resources"] * 5)
    assert len(root_of(make, queues=going_on, messages=messages)["evidence"]["lines"]) == 3


def test_of_a_stuck_queue_without_an_error_the_messages_tell(make):
    silent = (make.queue(last_error=""),)
    found = root_of(make, queues=silent, messages=deferred(make, "452 4.3.1 Insufficient system resources"))
    assert found["id"] == "load"
    assert "25 messages wait, and the reason" in found["message"]
    said = root_of(make, messages=deferred(make, "452 4.3.1 Insufficient system resources"))
    assert said["id"] != "load", "the queue says something"


def test_replies_to_messages_of_a_stuck_queue_are_no_notice(make):
    messages = deferred(make, "450 4.7.1 Greylisted")
    assert not [each for each in result_of(make, messages=messages)["findings"] if each["id"] == "unknown_error"][1:]


# Events.


def test_the_newest_event_is_quoted(make):
    newest, older = event(make, 2015, minutes=-3), event(make, 2015, minutes=-9)
    found = root_of(make, queues=(make.queue(last_error=""),), events=Events((newest, older)))
    assert found["evidence"]["lines"][0] == str(newest)


def test_an_event_about_a_name_says_nothing_of_a_connector_without_one(make):
    unnamed = (make.connector(logging_level=LoggingLevel.VERBOSE, tls_certificate_name=None),)
    silent = {"queues": (make.queue(last_error=""),), "connectors": unnamed}
    named, offered = event(make, 12014), event(make, 2015)
    assert root_of(make, **silent, events=Events((named,)))["id"] == "certificate_name_missing"
    assert root_of(make, **silent, events=Events((named, offered)))["id"] == "starttls_not_offered"


def test_an_event_that_is_quoted_already_is_not_quoted_again(make):
    told = event(make, 2015)
    found = root_of(make, queues=(make.queue(last_error=""),), events=Events((told, told)))
    assert found["evidence"]["lines"] == [str(told)]


def test_no_more_than_two_events_support_a_finding(make):
    culprit = make.certificate(1)
    keys = [event(make, 36870, f"Key {n}.", provider="Schannel", minutes=-n) for n in range(1, 5)]
    found = root_of(make, make.failing(culprit), certificates=(make.setup_certificate(), culprit),
                    events=Events(tuple(keys)))  # fmt: skip
    assert [each for each in found["evidence"]["lines"] if "Key" in each] == [str(each) for each in keys[:2]]


@pytest.mark.parametrize(("count", "words"), [(1, "1 message waits for branch"), (2, "2 messages wait for branch")])
def test_mail_for_another_server_is_counted(make, count, words):
    queue = make.queue(delivery_type="SmtpRelayToRemoteAdSite", next_hop_domain="branch", next_hop_connector="0",
                       message_count=count)  # fmt: skip
    found = [each for each in result_of(make, queues=(queue,))["findings"] if each["id"] == "relayed"]
    assert words in found[0]["message"]


def test_two_events_of_a_refused_authentication_are_quoted(make):
    refused = make.queue(delivery_type="SmtpRelayToRemoteAdSite", next_hop_domain="branch", next_hop_connector="0",
                         last_error="454 4.7.0 Temporary authentication failure")  # fmt: skip
    events = tuple(event(make, 2017, f"Refused {n}.") for n in range(4))
    found = next(
        each for each in result_of(make, queues=(refused,), events=Events(events))["findings"] if not each["connector"]
    )
    assert found["id"] == "authentication"
    assert found["evidence"]["lines"][1:] == [str(each) for each in events[:2]]


# Queues.


def test_each_next_hop_is_typed_once_and_a_smart_host_by_its_name(make):
    connector = make.connector(logging_level=LoggingLevel.VERBOSE, smart_hosts=())
    queues = tuple(make.queue(n, last_error=make.network, next_hop_domain=hop)
                   for n, hop in enumerate(("adatum.com", "adatum.com", "fabrikam.com")))  # fmt: skip
    assert root_of(make, queues=queues, connectors=(connector,))["lines"] == [
        "Test-NetConnection -ComputerName 'adatum.com' -Port 25",
        "Test-NetConnection -ComputerName 'fabrikam.com' -Port 25",
    ]
    assert root_of(make, queues=queues)["lines"] == [f"Test-NetConnection -ComputerName '{DOMAIN}' -Port 25"]


def test_a_key_of_a_bound_certificate_is_looked_at_where_a_server_would_type_it(make):
    bound = make.certificate(1, Service.SMTP)
    result = result_of(make, make.failing(bound), certificates=(bound,))
    (unknown,) = [each for each in result["unobserved"] if "the key of" in each["what"]]
    assert unknown["needs"].startswith(f"certutil -store My {bound.thumbprint} on {make.fqdn}: ")


# Mail that has left.


@pytest.mark.parametrize(("ignores", "expected"), [(False, "sent_in_clear"), (True, "healthy")])
def test_who_ignores_starttls_wants_mail_to_leave_in_clear(make, ignores, expected):
    connector = make.connector(require_tls=False, ignore_starttls=ignores)
    rows = make.rows("08DE77F2A41B0D33", -3, *IN_CLEAR)
    assert root_of(make, rows, queues=(), connectors=(connector,))["id"] == expected


@pytest.mark.parametrize(("insists", "risk"), [(True, "mail will wait"), (False, "mail may be leaving unencrypted")])
def test_what_an_unbound_certificate_will_do_depends_on_whether_tls_is_insisted_on(make, insists, risk):
    unbound = (make.setup_certificate(), make.certificate(1))
    connector = make.connector(require_tls=insists, logging_level=LoggingLevel.VERBOSE)
    # What is foreseen takes the place of it in an assessment, and says what is not seen here.
    found = diagnose(make_case(make.reading(queues=(), certificates=unbound), connector))
    assert f"lacks SMTP: {risk} when" in found.sentence


# What the queue says.


def test_a_queue_whose_other_end_fell_silent_proves_nothing(make):
    silent = root_of(make, queues=(make.queue(last_error="421 4.4.2 Connection dropped due to TimedOut"),))
    assert (silent["kind"], silent["confidence"]) == ("no_evidence", "none")
    assert "fell silent (421 4.4.2 TimedOut)" in silent["message"]
    reset = root_of(make, queues=(make.queue(last_error="421 4.4.2 Connection dropped due to ConnectionReset"),))
    assert (reset["id"], reset["confidence"]) == ("tls_mismatch", "probable")


@pytest.mark.parametrize(("sent", "qualifiers"), [(False, []), (True, ["sent_in_clear"])])
def test_only_mail_that_was_seen_to_leave_in_clear_qualifies_a_finding(make, sent, qualifiers):
    culprit = make.certificate(1)
    texts = (make.failing(culprit), *([make.rows("08DE77F2A41B0D33", -3, *IN_CLEAR)] if sent else []))
    found = root_of(make, *texts, certificates=(make.setup_certificate(), culprit), queues=(),
                    connectors=(make.connector(require_tls=False),))  # fmt: skip
    assert (found["id"], found["qualifiers"]) == ("certificate_not_bound", qualifiers)


def test_of_several_sessions_with_tls_the_last_one_shows_what_holds_now(make):
    bound, remote = make.certificate(1, Service.SMTP), make.certificate(9, subject="CN=peer")
    first = make.succeeding(bound, remote, -9, session="08DE77F2A41B0D21")
    clear = make.rows("08DE77F2A41B0D33", -3, *IN_CLEAR)
    connectors = (make.connector(require_tls=False),)
    assert root_of(make, first, clear, queues=(), connectors=connectors)["id"] == "sent_in_clear"
    last = make.succeeding(bound, remote, -2, session="08DE77F2A41B0D44")
    assert root_of(make, first, clear, last, queues=(), connectors=connectors)["id"] == "healthy"
