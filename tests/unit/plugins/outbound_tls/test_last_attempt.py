# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What belongs to the last attempt of a queue, and which address was tried last."""

from __future__ import annotations

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.connectivity_log import ConnectivityLog

from .test_findings import EITHER, attempt, failed, root_of

ESTABLISHED = ">,Established connection to 203.0.113.25:25"
SIX = failed("[2001:db8::25]:25", "NetworkUnreachable:00002743")


def log_of(*attempts):
    return ConnectivityLog("C:\\", tuple(one for each in attempts for one in each.attempts))


@pytest.mark.parametrize(("minutes", "expected"), [(-6, "smtp_inspection"), (-7, "port_closed")])
def test_a_session_up_to_two_minutes_before_the_queue_was_tried_is_of_that_attempt(make, minutes, expected):
    queue = make.queue(last_error=make.network, last_retry_time=make.at(minutes=-4))
    rows = make.rows("08DE77F2A41B0C99", minutes, "+,,", "-,,Remote(TimedOut)")
    assert root_of(make, rows, queues=(queue,))["id"] == expected


@pytest.mark.parametrize(("minutes", "expected"), [(-6, "unknown_error"), (-7, "port_closed")])
def test_hosts_that_were_tried_within_two_minutes_were_tried_in_one_attempt(make, minutes, expected):
    log = log_of(attempt(make, ESTABLISHED, minutes=minutes), attempt(make, failed(), minutes=-4))
    assert root_of(make, queues=(make.queue(last_error=EITHER),), connectivity=log)["id"] == expected


def test_the_address_that_was_tried_last_is_that_of_the_last_attempt(make):
    queues = (make.queue(last_error=EITHER),)
    for log, qualifiers in (
        (log_of(attempt(make, SIX, minutes=-9), attempt(make, failed(), minutes=-4)), []),
        (log_of(attempt(make, SIX, minutes=-9), attempt(make, ESTABLISHED, minutes=-4)), []),
        (log_of(attempt(make, SIX, failed())), []),
        (log_of(attempt(make, failed(), SIX)), ["last_target_ipv6"]),
        (log_of(attempt(make, failed(), minutes=-9), attempt(make, SIX, minutes=-4)), ["last_target_ipv6"]),
    ):
        assert root_of(make, queues=queues, connectivity=log)["qualifiers"] == qualifiers


def test_what_the_queue_says_was_tried_counts_more_than_the_log(make):
    said = f"[{{LRT=x}};{{LED={EITHER}}};{{FQDN=mx.example.com}};{{IP=203.0.113.25}}]"
    found = root_of(make, queues=(make.queue(last_error=said),), connectivity=attempt(make, SIX))
    assert "last_target_ipv6" not in found["qualifiers"]


@pytest.mark.parametrize(("minutes", "expected"), [(-55, "port_closed"), (-56, "unknown_error")])
def test_an_attempt_up_to_a_quarter_of_an_hour_before_the_first_failure_may_be_the_reason(make, minutes, expected):
    queue = make.queue(last_error=EITHER, first_retry_time=make.at(minutes=-40))
    log = attempt(make, failed(), minutes=minutes)
    assert root_of(make, queues=(queue,), connectivity=log)["id"] == expected
