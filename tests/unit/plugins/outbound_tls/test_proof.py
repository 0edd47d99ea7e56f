# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the sessions since the cure prove: only what went over TLS, and nothing while anything is refused."""

from __future__ import annotations

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.send_log import LogPosition
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.proof import (
    proof_result,
    prove,
    prove_through_front_ends,
)

REPLIES = [f"550 5.7.{number} no" for number in range(7)]


@pytest.fixture
def since(make):
    return LogPosition(make.at(minutes=-10), "08DE", 22)


@pytest.fixture
def ours(make):
    return make.certificate(1)


@pytest.fixture
def refused(make, ours):
    """Sessions in which the other end refuses a message, each in words of its own, and the last one in old ones."""
    return make.sessions(
        *(
            make.succeeding(ours, make.certificate(9), -9 + number, session=f"A{number}", reply=reply)
            for number, reply in enumerate([*REPLIES, REPLIES[6]])
        )
    )


def test_the_latest_refusals_are_told_each_once(since, refused):
    assert prove(refused, since).replies == tuple(REPLIES[2:])
    assert prove(refused, since).rejected == 8


def test_an_acceptance_is_no_refusal(make, since, ours):
    proof = prove(make.sessions(make.succeeding(ours, make.certificate(9), -5)), since)
    assert (proof.replies, proof.accepted, proof.proven) == ((), 1, True)
    assert proof.thumbprints == (ours.thumbprint,), "and not the other end's"


def test_a_receive_log_proves_nothing(make, since, ours):
    text = make.succeeding(ours, make.certificate(9), -5)
    sessions = make.sessions(text, header="#Log-type: SMTP Receive Protocol Log\r\n")
    assert prove(sessions, since).sessions == 0


def test_only_words_of_the_log_are_tls_errors(make, since, ours):
    texts = (make.failing(ours, -5), make.succeeding(ours, make.certificate(9), -4))
    proof = prove(make.sessions(*texts), since)
    assert (proof.sessions, proof.established, proof.tls_errors) == (2, 1, ("UnknownCredentials",))


@pytest.mark.parametrize(("insists", "accepted"), [(True, 1), (False, 0)])
def test_through_a_front_end_an_answer_counts_as_one_whether_or_not_it_proves_tls(make, since, insists, accepted):
    sessions = make.sessions(make.rows("A1", -5, *make.one_message("250 2.6.0 Queued"), port=717))
    proof = prove_through_front_ends(sessions, since, insists_on_tls=insists)
    assert (proof.answered, proof.accepted, proof_result(proof)["answered"]) == (1, accepted, 1)


def test_an_answer_in_clear_is_one(make, since, ours):
    clear = make.rows("C1", -2, "+,,", ">,EHLO a,", "<,250  hello,", *make.one_message("250 2.6.0 Queued"))
    proof = prove(make.sessions(make.succeeding(ours, make.certificate(9), -5), clear), since)
    assert (proof.accepted, proof.accepted_in_clear, proof.answered) == (1, 1, 2)


def test_through_a_front_end_the_latest_refusals_are_told_each_once(make, since):
    rows = [row for reply in [*REPLIES, REPLIES[6]] for row in (">,MAIL FROM:<a@contoso.com>,", f"<,{reply},")]
    sessions = make.sessions(make.rows("A1", -5, *rows, port=717))
    proof = prove_through_front_ends(sessions, since, insists_on_tls=True)
    assert (proof.replies, proof.rejected, proof.proven) == (tuple(REPLIES[2:]), 8, False)
    assert (proof.thumbprints, proof.established, proof.accepted_in_clear) == ((), 0, 0)
