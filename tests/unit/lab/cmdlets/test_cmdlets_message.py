# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Get-Message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Lab

STUCK = r"MBX01\3"


def identities(lab: Lab, user: str = "CONTOSO\\exadmin", **parameters: Any) -> list[str]:
    return [str(each) for each in lab.open(user=user).output("Get-Message", **parameters)]


def queued(lab: Lab) -> list[Any]:
    assert lab.server.transport is not None
    return list(lab.server.transport.queues()[0].messages)


def test_a_message_tells_what_it_is(lab: Lab) -> None:
    first = queued(lab)[0]
    first.subject = "<b>Re:</b> \u202eupdate"
    (message,) = lab.open().output("Get-Message", Identity=rf"{STUCK}\{first.record_id}")
    shown = message.adapted_properties
    assert {name: shown[name] for name in ("Identity", "Queue", "Status", "Subject", "FromAddress", "SCL")} == {
        "Identity": rf"{STUCK}\{first.record_id}",
        "Queue": STUCK,
        "Status": "Retry",
        "Subject": "<b>Re:</b> \u202eupdate",
        "FromAddress": first.sender,
        "SCL": -1,
    }
    assert shown["Size"].endswith(f"({first.size:,} bytes)")
    assert shown["InternetMessageId"] == first.message_id
    assert (shown["LastError"], shown["RetryCount"], shown["Recipients"]) == ("", 0, None)
    assert (shown["DateReceived"][:19], shown["ExpirationTime"][:19]) == ("2026-03-02T01:35:00", "2026-03-04T01:35:00")
    assert message.types[0] == "Microsoft.Exchange.Data.QueueViewer.PropertyBagBasedMessageInfo"


def test_all_messages_of_the_sessions_server_come_without_a_question(lab: Lab) -> None:
    assert identities(lab) == [rf"{STUCK}\{each.record_id}" for each in queued(lab)]


def test_a_queue_has_its_messages(lab: Lab) -> None:
    assert len(identities(lab, Queue=STUCK)) == 25
    assert len(identities(lab, Queue=r"mbx01\MX.example.com")) == 25
    assert identities(lab, Queue=r"MBX01\Submission") == []
    assert str(lab.open().error("Get-Message", Queue=r"MBX01\9")) == r"The object with identity MBX01\9 wasn't found."


def test_another_server_is_asked_by_name(lab: Lab) -> None:
    shadows = identities(lab, Server="MBX02")
    assert [each.rpartition("\\")[0] for each in shadows] == [r"MBX02\Shadow\3"] * 25
    error = lab.open().error("Get-Message", Server="MBX03")
    assert "can't connect to the Microsoft Exchange Transport service on computer" in str(error)


@pytest.mark.parametrize(
    "pattern", [r"MBX01\3\{}", r"mbx01.contoso.test\3\{}", r"MBX01\mx.example.com\{}", r"MBX01\*\{}", r"3\{}", "{}"]
)
def test_a_message_has_several_names(lab: Lab, pattern: str) -> None:
    number = queued(lab)[7].record_id
    assert identities(lab, Identity=pattern.format(number)) == [rf"{STUCK}\{number}"]


@pytest.mark.parametrize("identity", [r"MBX01\3\7", r"MBX01\Submission\{}", "7"])
def test_a_message_that_is_not_there(lab: Lab, identity: str) -> None:
    wanted = identity.format(queued(lab)[0].record_id)
    error = lab.open().error("Get-Message", Identity=wanted)
    assert str(error) == f"The object with identity {wanted} wasn't found."


def test_a_server_that_does_not_exist(lab: Lab) -> None:
    error = lab.open().error("Get-Message", Identity=r"MBX77\3\7")
    assert str(error) == 'Exchange server "MBX77" was not found. Please make sure you typed the name correctly.'


def test_filters(lab: Lab) -> None:
    first = queued(lab)[0]
    first.suspended = True
    assert identities(lab, Filter="Status -eq 'Suspended'") == [rf"{STUCK}\{first.record_id}"]
    assert len(identities(lab, Filter=f"Queue -eq '{STUCK}' -and Status -eq 'Retry'")) == 24
    assert identities(lab, Filter=f"InternetMessageId -eq '{first.message_id}'") == [rf"{STUCK}\{first.record_id}"]
    assert identities(lab, Filter="FromAddress -like '*@fabrikam.com'") == []
    assert str(lab.open().error("Get-Message", Filter="Colour -eq 'red'")).startswith("The filter isn't valid: ")


def test_the_result_size_limits(lab: Lab) -> None:
    assert len(identities(lab, ResultSize=3)) == 3
    assert len(identities(lab, Queue=STUCK, ResultSize="Unlimited")) == 25


def test_without_a_result_size_a_thousand_come(lab: Lab) -> None:
    assert lab.server.transport is not None
    queue: Any = lab.server.transport.queues()[0]
    queue.messages = queue.messages * 41
    assert len(identities(lab)) == 1000
    assert len(identities(lab, ResultSize="Unlimited")) == 1025


def test_who_may_view_sees_messages_and_who_may_not_has_no_such_command(lab: Lab) -> None:
    assert len(identities(lab, user="CONTOSO\\viewer")) == 25
    assert len(identities(lab, user="CONTOSO\\srvadmin")) == 25


def test_identity_and_queue_exclude_each_other(lab: Lab) -> None:
    error = lab.open().error("Get-Message", Identity="7", Queue=STUCK)
    assert error.fq_error == "AmbiguousParameterSet,Get-Message"


def test_whatever_a_sender_writes_arrives_as_it_was_written(lab: Lab) -> None:
    hostile = "</S><Obj>\x07\x1b[31m _x0041_ \u202e\U0001f4a3 & \"'\r\n.\r\n"
    queued(lab)[0].subject = hostile
    (message,) = lab.open().output("Get-Message", ResultSize=1)
    assert message.adapted_properties["Subject"] == hostile
