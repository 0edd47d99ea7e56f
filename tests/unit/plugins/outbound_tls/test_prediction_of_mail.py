# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When waiting mail goes back to its senders, and what is predicted beside the root cause for which it waits."""

from __future__ import annotations

from datetime import timedelta

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.server import TransportService
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.services import Service
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.finding import Severity

SMTP = Service.SMTP
TWO_DAYS, HALF_A_DAY = timedelta(days=2), timedelta(hours=12)


def ids(findings):
    return [each.id.value for each in findings]


@pytest.fixture
def expiry(make, look):
    """What is told where a port is closed and messages have so much time left; None where nothing is."""

    def expiry(left, patience=TWO_DAYS, retry=None, queues=1):
        waiting = [
            make.queue(
                number,
                first_retry_time=make.clock + left - patience,
                next_retry_time=retry or make.at(minutes=1),
                last_error=make.network,
            )
            for number in range(1, queues + 1)
        ]
        transport = TransportService("MBX01", make.thumbprint(0xD0), r"C:\S", message_expiration=patience)
        found = look(make.certificate(1, SMTP), queues=tuple(waiting), transport=transport)
        assert found[0].id.value == "port_closed"
        assert all(each.id.value == "messages_expire" and not each.primary for each in found[1:])
        return found[1] if len(found) > 1 else None

    return expiry


@pytest.mark.parametrize(
    ("patience", "hours", "severity"),
    [(TWO_DAYS, 12, Severity.WARNING), (TWO_DAYS, 4, Severity.ERROR),
     (HALF_A_DAY, 6, Severity.WARNING), (HALF_A_DAY, 1.5, Severity.ERROR)],
)  # fmt: skip
def test_where_less_time_is_granted_less_is_left_before_it_is_told(expiry, patience, hours, severity):
    left = timedelta(hours=hours)
    assert expiry(left, patience).severity is severity
    later = expiry(left + timedelta(seconds=1), patience)
    assert (later.severity if later else None) == (Severity.WARNING if severity is Severity.ERROR else None)


@pytest.mark.parametrize(("seconds", "said"), [(1, "they go back"), (0, "they have begun to go back")])
def test_whether_they_have_begun_to_go_back(expiry, seconds, said):
    assert said in expiry(timedelta(seconds=seconds)).sentence


def test_since_when_they_wait_is_told_to_the_minute(expiry):
    told = expiry(timedelta(hours=2))
    assert "the oldest since 2026-02-28 04:15: they go back to their senders on 2026-03-02 04:15 UTC" in told.sentence


def test_a_retry_at_that_very_moment_comes_too_late(make, expiry):
    left = timedelta(hours=20)
    assert expiry(left, retry=make.clock + left - timedelta(seconds=1)) is None
    told = expiry(left, retry=make.clock + left)
    assert told.severity is Severity.ERROR
    assert told.sentence.endswith("(MessageExpirationTimeout), before the next retry.")
    assert expiry(timedelta(hours=2)).sentence.endswith("(MessageExpirationTimeout).")


def test_of_many_queues_a_few_lines_are_enough(expiry):
    assert [len(expiry(timedelta(hours=2), queues=count).lines) for count in (1, 3, 4)] == [1, 3, 3]


# The root cause is told once.


@pytest.mark.parametrize(("seconds", "told"), [(1, True), (0, False)])
def test_what_was_to_fail_by_now_is_what_fails(make, look, seconds, told):
    last = make.certificate(1, SMTP, not_after=make.at(seconds=seconds))
    found = look(last, queues=(make.queue(last_error=make.network),))
    assert ids(found) == ["port_closed", *(["expires"] if told else [])]


def test_a_suspicion_for_which_mail_waits_is_told_before_what_it_would_come_to(make, look):
    old = make.certificate(1, SMTP, not_before=make.at(days=-340), not_after=make.at(days=20))
    assert ids(look(make.certificate(2), old, queues=(make.queue(),))) == ["suspected"]


def test_a_suspicion_of_one_certificate_stands_beside_the_prediction_about_another(make, look):
    unbound = make.certificate(1, not_before=make.at(days=-340), not_after=make.at(days=100))
    keyless = make.certificate(2, SMTP, has_private_key=False)
    found = look(unbound, keyless, make.certificate(3, SMTP, not_before=make.at(days=-400), not_after=make.at(days=9)))
    assert ids(found) == ["suspected", "named_certificate_unusable"]
    assert [each.thumbprints for each in found] == [(unbound.thumbprint,), (keyless.thumbprint,)]


def test_that_the_culprit_itself_expires_does_not_take_the_root_causes_place(make, look):
    culprit = make.certificate(1, SMTP, not_after=make.at(days=9))
    found = look(culprit, sessions=(make.failing(culprit),), queues=(make.queue(),))
    assert ids(found) == ["key_unusable", "expires"]
    assert [each.thumbprints for each in found] == [(culprit.thumbprint,)] * 2
    assert [each.primary for each in found] == [True, False]
