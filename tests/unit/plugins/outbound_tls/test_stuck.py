# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What "stuck" means."""

from __future__ import annotations

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.stuck import (
    has_mail,
    last_tried,
    stuck_queues,
    stuck_since,
)


@pytest.mark.parametrize(
    ("changes", "stuck"),
    [
        ({}, True),
        ({"delivery_type": "DnsConnectorDelivery"}, True),
        ({"status": "Connecting"}, True),
        ({"status": "Active"}, True),
        ({"status": "Active", "first_retry_time": None}, False),
        ({"status": "Ready"}, False),
        ({"status": "Suspended"}, False),
        ({"message_count": 1}, True),
        ({"message_count": 0}, False),
        ({"next_hop_connector": "00000000-0000-0000-0000-000000000000"}, False),
        ({"delivery_type": "ShadowRedundancy"}, False),
        ({"delivery_type": "Undefined"}, False),
        ({"delivery_type": "SmtpRelayWithinAdSiteToEdge"}, False),
    ],
)
def test_stuck_means_waiting_after_a_failure_by_this_connector(make, changes, stuck):
    assert bool(stuck_queues(make.connector(), [make.queue(**changes)])) is stuck


@pytest.mark.parametrize(
    ("changes", "has"),
    [
        ({}, True),
        ({"status": "Ready", "last_error": "", "first_retry_time": None}, True),
        ({"message_count": 1}, True),
        ({"message_count": 0}, False),
        ({"status": "Suspended"}, False),
        ({"delivery_type": "ShadowRedundancy"}, False),
        ({"next_hop_connector": "another"}, False),
    ],
)
def test_mail_of_a_connector_waits_or_is_on_its_way_unless_somebody_holds_it(make, changes, has):
    other = make.connector(guid="00000000-0000-4000-8000-000000000002")
    assert has_mail([other, make.connector()], make.queue(**changes)) is has
    assert has_mail([other], make.queue(**changes)) is False


def test_times_are_those_of_all_that_have_them(make):
    queues = (
        make.queue(1, first_retry_time=None, last_retry_time=None),
        make.queue(2, first_retry_time=make.at(minutes=-9), last_retry_time=make.at(minutes=-8)),
        make.queue(3, first_retry_time=make.at(minutes=-5), last_retry_time=make.at(minutes=-1)),
    )
    assert stuck_since(queues) == make.at(minutes=-9)
    assert last_tried(queues) == make.at(minutes=-1)
    assert stuck_since(queues[:1]) is last_tried(()) is None
