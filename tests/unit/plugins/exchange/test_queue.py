# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Queues as documented, with enums and identities as objects or as text."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.fields import Unreadable
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.queue import (
    Queue,
    queue_filter,
    queue_from,
    queue_result,
)
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import RemoteObject, WireValue

LAST_ERROR = (
    '451 4.4.0 Primary target IP address responded with: "421 4.4.1 Connection timed out." Attempted failover to '
    "alternate host, but that did not succeed. Either there are no alternate hosts, or delivery failed to all "
    "alternate hosts."
)


def properties(**changes: WireValue) -> dict[str, WireValue]:
    known: dict[str, WireValue] = {
        "Identity": "MBX01\\7",
        "DeliveryType": "SmartHostConnectorDelivery",
        "NextHopDomain": "contoso-com.mail.protection.outlook.com",
        "NextHopConnector": "0292c782-9804-4d8b-ae0e-e1c7ab90852b",
        "TlsDomain": None,
        "Status": "Retry",
        "MessageCount": 25,
        "LastError": LAST_ERROR,
        "RetryCount": 4,
        "FirstRetryTime": "2026-03-02T01:15:00.0000000Z",
        "LastRetryTime": "2026-03-02T03:10:00+01:00",
        "NextRetryTime": None,
    }
    return known | changes


def queue(**changes: WireValue) -> Queue:
    return queue_from(RemoteObject(properties=properties(**changes)))


def test_reads_a_stuck_queue() -> None:
    assert queue_result(queue()) == {
        "identity": "MBX01\\7",
        "delivery_type": "SmartHostConnectorDelivery",
        "next_hop_domain": "contoso-com.mail.protection.outlook.com",
        "next_hop_connector": "0292c782-9804-4d8b-ae0e-e1c7ab90852b",
        "tls_domain": "",
        "status": "Retry",
        "message_count": 25,
        "last_error": LAST_ERROR,
        "retry_count": 4,
        "first_retry_time": "2026-03-02T01:15:00.000Z",
        "last_retry_time": "2026-03-02T02:10:00.000Z",
        "next_retry_time": None,
    }


@pytest.mark.fact("wire 2.5")
def test_objects_read_like_their_text() -> None:
    assert queue() == queue(
        Identity=RemoteObject(text="MBX01\\7"),
        DeliveryType=RemoteObject(text="SmartHostConnectorDelivery", number=4),
        NextHopConnector="{0292C782-9804-4D8B-AE0E-E1C7AB90852B}",
        Status=RemoteObject(text="Retry", number=3),
    )


def test_times_are_compared_in_utc() -> None:
    assert queue().last_retry_time == datetime(2026, 3, 2, 2, 10, tzinfo=UTC)


def test_a_queue_without_trouble_has_no_error_and_no_times() -> None:
    calm = queue(LastError=None, FirstRetryTime=None, LastRetryTime="0001-01-01T00:00:00", RetryCount=0)
    assert calm.last_error == ""
    assert calm.first_retry_time is None
    assert calm.last_retry_time is None


@pytest.mark.parametrize("name", sorted(properties()))
def test_a_property_that_was_not_sent_makes_the_queue_unreadable(name: str) -> None:
    sent = {key: value for key, value in properties().items() if key != name}
    with pytest.raises(Unreadable, match=f"the queue came without its property {name}"):
        queue_from(RemoteObject(properties=sent))


def test_a_time_whose_zone_is_unknown_is_refused() -> None:
    with pytest.raises(Unreadable, match="as its FirstRetryTime"):
        queue(FirstRetryTime="2026-03-02T01:15:00")


def test_a_filter_joins_what_is_wanted() -> None:
    guid = "6F1C2D3E-4a5b-4c6d-8e7f-0123456789AB"
    assert queue_filter() is None
    assert queue_filter(status="Retry") == "Status -eq 'Retry'"
    assert queue_filter(connector=guid) == f"NextHopConnector -eq '{guid.lower()}'"
    assert (
        queue_filter(connector=guid, status="Ready") == f"NextHopConnector -eq '{guid.lower()}' -and Status -eq 'Ready'"
    )


@pytest.mark.parametrize("wanted", [{"connector": "x' -or Status -eq 'Ready"}, {"status": "Retry' -or 'a' -eq 'a"}])
def test_nothing_but_a_guid_and_a_status_becomes_part_of_a_filter(wanted: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"badly formed|not in tuple"):
        queue_filter(**wanted)
