# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Get-Queue and Retry-Queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from exchange_lab.cmdlets.queue_filter import parse_filter

if TYPE_CHECKING:
    from .conftest import Lab

GUID = "6d1d31f2-7d6f-5b4a-8d0c-0b7e3c0f9a11"
STUCK = r"MBX01\3"


def identities(lab: Lab, **parameters: Any) -> list[str]:
    return [str(queue) for queue in lab.open().output("Get-Queue", **parameters)]


@pytest.mark.fact("protocol-log 0.1")
def test_a_stuck_queue_tells_why(lab: Lab) -> None:
    (queue,) = lab.open().output("Get-Queue", Identity=STUCK)
    shown = queue.adapted_properties
    names = ("Identity", "DeliveryType", "NextHopDomain", "Status", "MessageCount", "TlsDomain")
    assert [shown[name] for name in names] == [STUCK, "SmartHostConnectorDelivery", "mx.example.com", "Retry", 25, ""]
    assert str(shown["NextHopConnector"]) == GUID
    assert shown["LastError"].startswith("451 4.4.0 Primary target IP address responded with")
    assert shown["RetryCount"] > 0
    assert shown["FirstRetryTime"] < shown["LastRetryTime"] < shown["NextRetryTime"]
    assert queue.types[0] == "Microsoft.Exchange.Data.QueueViewer.PropertyBagBasedQueueInfo"


def test_a_queue_that_never_failed_has_no_times(lab: Lab) -> None:
    (queue,) = lab.open().output("Get-Queue", Identity=r"MBX01\Submission")
    assert queue.adapted_properties["FirstRetryTime"] is None
    assert queue.adapted_properties["NextRetryTime"] is None
    assert queue.adapted_properties["LastError"] == ""


def test_the_queues_are_those_of_the_sessions_server(lab: Lab) -> None:
    assert identities(lab) == [STUCK, r"MBX01\Submission"]
    assert identities(lab, Server="mbx02.contoso.test") == [r"MBX02\Submission", r"MBX02\Shadow\3"]


@pytest.mark.parametrize("identity", [STUCK, r"mbx01.contoso.test\3", "3", r"MBX01\mx.example.com"])
def test_a_queue_has_several_names(lab: Lab, identity: str) -> None:
    assert identities(lab, Identity=identity) == [STUCK]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("Status -eq 'Retry'", [STUCK]),
        ('{Status -eq "Retry" -and MessageCount -gt 20}', [STUCK]),
        ("Status -eq 'Retry' -and MessageCount -gt 25", []),
        ("NextHopDomain -like 'mx.*'", [STUCK]),
        (f"NextHopConnector -eq '{GUID}'", [STUCK]),
        ("MessageCount -le 0", [r"MBX01\Submission"]),
    ],
)
def test_filters(lab: Lab, wanted: str, found: list[str]) -> None:
    assert identities(lab, Filter=wanted) == found


@pytest.mark.parametrize("wanted", ["Status -eq 'Retry' -or MessageCount -gt 1", "-not Status", "Colour -eq 'red'", ""])
def test_filters_that_exchange_does_not_take(lab: Lab, wanted: str) -> None:
    assert str(lab.open().error("Get-Queue", Filter=wanted)).startswith("The filter isn't valid: ")


def test_a_filter_is_read_as_comparisons() -> None:
    (first, second) = parse_filter("Status -eq 'Retry' -AND LastError -like '*4.4.1*'")
    assert (first.property, first.operator, first.wanted) == ("Status", "eq", "retry")
    assert (second.property, second.operator, second.wanted) == ("LastError", "like", "*4.4.1*")


def test_the_result_size_limits(lab: Lab) -> None:
    assert len(identities(lab, ResultSize=1)) == 1
    assert len(identities(lab, ResultSize="Unlimited")) == 2


def test_a_server_that_does_not_answer(lab: Lab) -> None:
    error = lab.open().error("Get-Queue", Server="MBX03")
    assert str(error) == (
        'Exchange can\'t connect to the Microsoft Exchange Transport service on computer "mbx03.contoso.test". Verify '
        "that the service is started."
    )


@pytest.mark.parametrize("cmdlet", ["Get-Queue", "Retry-Queue"])
def test_a_queue_that_does_not_exist(lab: Lab, cmdlet: str) -> None:
    error = lab.open().error(cmdlet, Identity=r"MBX01\99")
    assert str(error) == r"The object with identity MBX01\99 wasn't found."


def test_identity_and_server_exclude_each_other(lab: Lab) -> None:
    error = lab.open().error("Get-Queue", Identity=STUCK, Server="MBX01")
    assert str(error) == "Parameter set cannot be resolved using the specified named parameters."
    assert error.fq_error == "AmbiguousParameterSet,Get-Queue"


def test_a_retry_connects_at_once_and_fails_again_while_the_fault_lasts(lab: Lab) -> None:
    assert lab.server.transport is not None
    before = lab.server.transport.queues()[0].retry_count
    assert lab.open().output("Retry-Queue", Identity=STUCK) == []
    lab.after(seconds=5)
    queue = lab.server.transport.queues()[0]
    assert (queue.retry_count, queue.status, queue.message_count) == (before + 1, "Retry", 25)
    assert lab.world.delivered == []


@pytest.mark.fact("cmdlets 10.7", "protocol-log 7.7")
def test_a_retry_of_all_that_wait(lab: Lab) -> None:
    lab.third_party.network_service = True
    assert lab.server.transport is not None
    lab.server.transport.store_changed(lab.world.clock.now())
    assert lab.open().output("Retry-Queue", Filter="Status -eq 'Retry'", Server="MBX01") == []
    lab.after(minutes=1)
    assert len(lab.world.delivered) == 25


def test_what_if_retries_nothing(lab: Lab) -> None:
    assert lab.server.transport is not None
    before = lab.server.transport.queues()[0].retry_count
    lab.open().output("Retry-Queue", Identity=STUCK, WhatIf=True)
    lab.after(seconds=5)
    assert lab.server.transport.queues()[0].retry_count == before


def test_a_queue_that_nobody_can_retry(lab: Lab) -> None:
    error = lab.open().error("Retry-Queue", Identity=r"MBX01\Submission")
    assert str(error) == (r"The requested operation can't be performed for the object with identity MBX01\Submission.")


def test_something_has_to_be_named(lab: Lab) -> None:
    error = lab.open().error("Retry-Queue")
    assert str(error) == "Cannot process command because of one or more missing mandatory parameters: Identity."


def test_resubmitting_is_not_simulated(lab: Lab) -> None:
    error = lab.open().error("Retry-Queue", Identity=STUCK, Resubmit=True)
    assert str(error) == "The lab does not simulate -Resubmit $true of Retry-Queue."
    assert lab.open().output("Retry-Queue", Identity=STUCK, Resubmit=False) == []
