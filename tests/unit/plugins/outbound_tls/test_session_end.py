# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a session ended, by its rows alone: which of them speak, which of several counts, and when nothing is told."""

from __future__ import annotations

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.finding import FindingId
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.session_end import (
    explain_end,
    masked,
    rejection,
)

OFFERING = ("+,,", "<,220 mx ready,", ">,EHLO mail.contoso.com,", "<,250  mx STARTTLS,")
PLAIN = ("+,,", "<,220 mx ready,", ">,EHLO mail.contoso.com,", "<,250  mx SIZE,")
SENDER = ">,MAIL FROM:<a@contoso.com>,"
RECIPIENT = ">,RCPT TO:<b@example.com>,"
END = "-,,Local"


@pytest.fixture
def session(make):
    def with_rows(*rows):
        (found,) = make.sessions(make.rows("08DE77F2A41B0C99", -4, *rows))
        return found

    return with_rows


@pytest.fixture
def ended(session):
    """Return the id and the word of what a session with these rows ended by; None where nothing is told."""

    def by(*rows, insists_on_tls=True):
        found = explain_end(session(*rows), insists_on_tls=insists_on_tls)
        return None if found is None else (found[0].id, found[1])

    return by


def test_who_does_not_insist_on_tls_misses_no_offer(ended):
    rows = (*PLAIN, ">,QUIT,", END)
    assert ended(*rows) == (FindingId.STARTTLS_NOT_OFFERED, "")
    assert ended(*rows, insists_on_tls=False) is None


def test_an_offer_is_missed_only_when_the_session_has_ended(ended):
    assert ended(*PLAIN) is None


def test_an_offer_that_nobody_has_taken_up_was_made(ended):
    assert ended(*OFFERING, ">,QUIT,", END) is None


def test_a_session_without_a_connection_waits_for_no_greeting(ended):
    assert ended("*,,attempting to connect", "-,,Local") is None


def test_where_mail_was_accepted_the_session_is_no_reason(ended):
    sent = (SENDER, "<,250 OK,", RECIPIENT, "<,250 OK,", ">,BDAT 4 LAST,", "<,250 2.6.0 Queued,")
    put_off = (SENDER, "<,451 4.7.1 Greylisted,", END)
    assert ended(*OFFERING, *put_off) == (FindingId.UNKNOWN_ERROR, "451 4.7.1")
    assert ended(*OFFERING, *sent, *put_off) is None


def test_of_several_replies_that_put_mail_off_the_last_counts(session, ended):
    rows = (*OFFERING, SENDER, "<,450 4.1.8 Who are you,", SENDER, "<,451 4.7.1 Greylisted,", END)
    assert ended(*rows) == (FindingId.UNKNOWN_ERROR, "451 4.7.1")
    explanation, __ = explain_end(session(*rows), insists_on_tls=True)
    assert explanation.meaning == 'the other end puts it off: "451 4.7.1 Greylisted"'


@pytest.mark.parametrize(
    ("reply", "word"),
    [
        ("451 4.7.650 Rate limited", "451 4.7.650"),
        ("450 4.1.8 Who are you", "450 4.1.8"),
        ("450 Try later", "450"),
        ("450", "450"),
    ],
)
def test_the_word_of_a_reply_is_its_codes_whole_and_alone(ended, reply, word):
    assert ended(*OFFERING, SENDER, f"<,{reply},", END) == (FindingId.UNKNOWN_ERROR, word)


def test_a_firewall_is_told_by_what_it_masks(session):
    greeting = masked(session("+,,", "<,220 **************,", END))
    offer = masked(session("+,,", "<,220 mx ready,", ">,EHLO a,", "<,250  mx XXXXXXXA,", END))
    assert "the greeting of the other end is masked" in greeting.meaning
    assert "the offer of the other end is masked" in offer.meaning
    # What this server says itself was masked by nobody.
    assert masked(session("+,,", "<,220 mx ready,", ">,EHLO XXXXXXXA,", END)) is None


def test_only_a_refusal_of_our_certificate_explains_a_rejection(session):
    refused = "<,550 5.7.64 TenantAttribution; Relay Access Denied,"
    unknown = "<,550 5.1.1 User unknown,"
    both = rejection(session(*OFFERING, SENDER, refused, SENDER, unknown, END))
    assert both[0].id is FindingId.REFUSED_BY_PEER
    assert rejection(session(*OFFERING, SENDER, unknown, END)) is None
    assert rejection(session(*OFFERING, SENDER, "<,250 OK,", END)) is None


def test_exchanges_own_words_count_and_not_those_of_the_other_end(session, ended):
    no_tls = "Connector is configured to send mail only over TLS connections and remote doesn't support TLS"
    assert ended(*OFFERING, f"*,,{no_tls}", END, insists_on_tls=False) == (FindingId.STARTTLS_NOT_OFFERED, "")
    assert ended(*OFFERING, f"<,250 {no_tls},", END, insists_on_tls=False) is None
    no_smtp = "The connection was dropped because a response was illegally formatted"
    told, __ = explain_end(session("+,,", f"*,,{no_smtp}", END), insists_on_tls=True)
    assert told.meaning == "what answers does not speak SMTP"
    assert ended(*OFFERING, f"<,250 {no_smtp},", END) is None


@pytest.mark.parametrize(
    ("end", "words"), [("Remote(ConnectionReset)", "handshake (ConnectionReset)"), ("Remote", "handshake")]
)
def test_a_handshake_that_was_cut_off_has_the_word_that_there_is(session, end, words):
    told, __ = explain_end(session(*OFFERING, ">,STARTTLS,", "<,220 ready,", f"-,,{end}"), insists_on_tls=True)
    assert told.meaning == f"the connection ended in the middle of the {words}"
