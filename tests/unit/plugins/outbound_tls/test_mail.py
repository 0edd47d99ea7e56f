# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages are counted apart: those that left, those that the log knows of, and those that nobody knows of."""

from __future__ import annotations

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.mail import Mail, counted, mail_of

PROOF = {"accepted": 5, "accepted_in_clear": 2, "rejected": 1}


@pytest.mark.parametrize(
    ("before", "after", "left", "unseen"),
    [(20, 4, 16, 8), (20, 12, 8, 0), (20, 13, 7, 0), (20, 20, 0, 0), (4, 20, 0, 0), (1, 0, 1, 0)],
)
def test_what_left_and_what_nobody_saw_leave_is_never_less_than_nothing(before, after, left, unseen) -> None:
    mail = counted(before, after, PROOF)
    assert (mail.left, mail.not_accounted_for) == (left, unseen)
    assert (mail.accepted, mail.accepted_in_clear, mail.rejected) == (5, 2, 1)


def test_without_a_proof_nothing_is_known_of_what_left() -> None:
    assert counted(20, 4, None) == Mail(before=20, after=4, accepted=0, accepted_in_clear=0, rejected=0)
    assert counted(20, 4, None).not_accounted_for == 16


@pytest.mark.parametrize(
    ("before", "after", "accepted", "draining"),
    [
        (20, 4, 1, True),
        (20, 1, 1, True),
        (20, 19, 1, True),
        (20, 4, 0, False),
        (20, 0, 5, False),
        (20, 20, 5, False),
        (4, 20, 5, False),
    ],
)
def test_a_queue_drains_while_some_wait_fewer_than_before_and_some_were_accepted(before, after, accepted, draining):
    assert Mail(before, after, accepted, 0, 0).draining is draining


def test_what_waited_before_is_the_most_of_the_first_look_and_the_one_that_decided() -> None:
    looks = [{"messages": each} for each in (7, 9, 3)]
    assert (mail_of(looks, looks[1], None).before, mail_of(looks, looks[2], None).before) == (9, 7)
    assert mail_of(looks, looks[1], None).after == 3
