# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages as Get-Message returns them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.cmdlets import (
    get_every_message,
    resume_message,
    resume_queue,
    suspend_message,
    suspend_queue,
)
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.fields import Unreadable
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.message import (
    MESSAGE_PROPERTIES,
    Message,
    message_from,
)
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import RemoteObject

IDENTITY = "MBX01\\3\\126723365641"
FACTS = {
    "Identity": IDENTITY,
    "InternetMessageId": "<a'b\"$(x)@contoso.test>",
    "Queue": "MBX01\\3",
    "Status": "Retry",
    "LastError": None,
    "DateReceived": "2026-03-02T01:35:00.0000000+00:00",
    "ExpirationTime": "2026-03-04T01:35:00.0000000+00:00",
}


def read(**changes) -> Message:
    return message_from(RemoteObject(properties={**FACTS, **changes}))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"Identity": RemoteObject(("Microsoft.Exchange.Data.QueueViewer.MessageIdentity",), IDENTITY)},
        {"Status": RemoteObject(("Microsoft.Exchange.Data.QueueViewer.MessageStatus",), "Retry", 5)},
    ],
)
def test_a_message_in_every_form_that_it_comes_in(changes):
    message = read(**changes)
    assert message == Message(
        identity=IDENTITY,
        queue="MBX01\\3",
        status="Retry",
        last_error="",
        received=datetime(2026, 3, 2, 1, 35, tzinfo=UTC),
        expires=datetime(2026, 3, 4, 1, 35, tzinfo=UTC),
        message_id="<a'b\"$(x)@contoso.test>",
    )
    assert message.number == "126723365641"


@pytest.mark.parametrize(
    ("status", "suspended", "in_delivery", "deferred"),
    [
        ("Retry", False, False, True),
        ("RETRY", False, False, True),
        ("Ready", False, False, False),
        ("Active", False, True, False),
        ("Suspended", True, False, False),
        ("PendingSuspend", True, True, False),
        ("suspended", True, False, False),
        ("Locked", False, False, False),
    ],
)
def test_what_a_status_means(status, suspended, in_delivery, deferred):
    message = read(Status=status)
    assert (message.is_suspended, message.is_in_delivery, message.is_deferred) == (suspended, in_delivery, deferred)


def test_what_may_be_unknown():
    message = read(InternetMessageId=None, DateReceived=None)
    assert (message.message_id, message.received) == ("", None)


@pytest.mark.parametrize("name", FACTS)
def test_a_property_that_was_not_sent_is_unknown(name):
    with pytest.raises(Unreadable):
        message_from(RemoteObject(properties={each: value for each, value in FACTS.items() if each != name}))


def test_no_text_of_a_sender_is_ever_sent():
    (command, projection) = get_every_message("MBX01\\3").commands
    assert command.parameters == {"Queue": "MBX01\\3", "ResultSize": "Unlimited"}
    assert projection.parameters == {"Property": list(MESSAGE_PROPERTIES)}
    assert not {"Subject", "FromAddress", "Recipients"} & set(MESSAGE_PROPERTIES)
    assert len(get_every_message("MBX01\\3", projected=False).commands) == 1


@pytest.mark.parametrize("make", [suspend_queue, resume_queue, suspend_message, resume_message])
def test_whoever_changes_is_told_not_to_ask_and_foresees_no_question(make):
    pipeline = make("X")
    (command,) = pipeline.commands
    assert command.parameters == {"Identity": "X", "Confirm": False}
    assert pipeline.changes
    assert pipeline.policy(None) is None
