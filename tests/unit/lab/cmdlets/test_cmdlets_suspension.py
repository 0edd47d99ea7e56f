# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Suspend-Queue, Resume-Queue, Suspend-Message and Resume-Message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Lab

STUCK = r"MBX01\3"
CMDLETS = ["Suspend-Queue", "Resume-Queue", "Suspend-Message", "Resume-Message"]


def queue_of(lab: Lab) -> Any:
    assert lab.server.transport is not None
    return lab.server.transport.queues()[0]


def cure(lab: Lab) -> None:
    lab.third_party.network_service = True
    assert lab.server.transport is not None
    lab.server.transport.store_changed(lab.world.clock.now())


def do(lab: Lab, cmdlet: str, identity: str, **parameters: Any) -> None:
    assert lab.open().output(cmdlet, Identity=identity, Confirm=False, **parameters) == []


def message(lab: Lab, index: int) -> str:
    return rf"{STUCK}\{queue_of(lab).messages[index].record_id}"


def test_nothing_leaves_a_suspended_queue_not_even_by_a_retry(lab: Lab) -> None:
    do(lab, "Suspend-Queue", STUCK)
    cure(lab)
    lab.open().output("Retry-Queue", Identity=STUCK)
    lab.after(hours=1)
    assert (queue_of(lab).status, queue_of(lab).message_count, lab.world.delivered) == ("Suspended", 25, [])


def test_a_resumed_queue_waits_for_its_next_retry(lab: Lab) -> None:
    do(lab, "Suspend-Queue", STUCK)
    cure(lab)
    do(lab, "Resume-Queue", STUCK)
    assert (queue_of(lab).status, queue_of(lab).message_count) == ("Retry", 25)
    lab.after(minutes=11)
    assert len(lab.world.delivered) == 25


def test_a_queue_that_has_worked_is_resumed_at_once(lab: Lab) -> None:
    cure(lab)
    for each in range(1, 25):
        do(lab, "Suspend-Message", message(lab, each))
    lab.open().output("Retry-Queue", Identity=STUCK)
    lab.after(seconds=30)
    assert (queue_of(lab).status, len(lab.world.delivered)) == ("Ready", 1)
    do(lab, "Suspend-Queue", STUCK)
    first = message(lab, 0)
    do(lab, "Resume-Message", first)
    lab.after(seconds=30)
    assert len(lab.world.delivered) == 1
    do(lab, "Resume-Queue", STUCK)
    lab.after(seconds=30)
    assert (queue_of(lab).status, queue_of(lab).message_count, len(lab.world.delivered)) == ("Ready", 23, 2)


def test_a_suspended_message_stays_and_the_others_leave(lab: Lab) -> None:
    kept = message(lab, 7)
    do(lab, "Suspend-Message", kept)
    (shown,) = lab.open().output("Get-Message", Identity=kept)
    assert str(shown.adapted_properties["Status"]) == "Suspended"
    cure(lab)
    lab.open().output("Retry-Queue", Identity=STUCK)
    lab.after(minutes=10)
    assert len(lab.world.delivered) == 24
    do(lab, "Resume-Message", kept)
    lab.after(minutes=1)
    assert len(lab.world.delivered) == 25


def test_a_message_that_a_session_has_is_delivered_all_the_same(lab: Lab) -> None:
    cure(lab)
    lab.open().output("Retry-Queue", Identity=STUCK)
    lab.after(seconds=1)
    held = next(each for each in queue_of(lab).messages if each.in_session)
    do(lab, "Suspend-Message", rf"{STUCK}\{held.record_id}")
    assert queue_of(lab).message_status(held) == "PendingSuspend"
    lab.after(minutes=1)
    assert len(lab.world.delivered) == 25


def test_all_messages_of_a_queue_by_a_filter(lab: Lab) -> None:
    wanted = {"Filter": f"Queue -eq '{STUCK}'", "Server": "MBX01"}
    lab.open().output("Suspend-Message", Confirm=False, **wanted)
    assert {each.suspended for each in queue_of(lab).messages} == {True}
    lab.open().output("Resume-Message", Confirm=False, **wanted)
    assert {each.suspended for each in queue_of(lab).messages} == {False}


@pytest.mark.parametrize("cmdlet", CMDLETS)
def test_they_ask_unless_they_are_told_not_to(lab: Lab, cmdlet: str) -> None:
    identity = STUCK if cmdlet.endswith("Queue") else message(lab, 0)
    session = lab.open(answer=2)
    session.output(cmdlet, Identity=identity)
    assert session.user is not None
    assert len(session.user.questions) == 1
    assert (queue_of(lab).status, queue_of(lab).messages[0].suspended) == ("Retry", False)
    do(lab, cmdlet, identity)
    assert lab.entry.prompt is None


@pytest.mark.parametrize("cmdlet", CMDLETS)
def test_what_if_changes_nothing(lab: Lab, cmdlet: str) -> None:
    lab.open().output(cmdlet, Identity=STUCK if cmdlet.endswith("Queue") else message(lab, 0), WhatIf=True)
    assert (queue_of(lab).status, queue_of(lab).messages[0].suspended) == ("Retry", False)


@pytest.mark.parametrize("cmdlet", CMDLETS)
def test_what_has_left_is_not_found(lab: Lab, cmdlet: str) -> None:
    identity = r"MBX01\99" if cmdlet.endswith("Queue") else rf"{STUCK}\99"
    assert str(lab.open().error(cmdlet, Identity=identity, Confirm=False)) == (
        f"The object with identity {identity} wasn't found."
    )


def test_a_queue_that_nobody_can_suspend(lab: Lab) -> None:
    error = lab.open().error("Suspend-Queue", Identity=r"MBX01\Submission", Confirm=False)
    assert str(error) == r"The requested operation can't be performed for the object with identity MBX01\Submission."


@pytest.mark.parametrize("cmdlet", CMDLETS)
def test_who_may_only_view_does_not_see_them(lab: Lab, cmdlet: str) -> None:
    error = lab.open(user="CONTOSO\\viewer").error(cmdlet, Identity=STUCK, Confirm=False)
    assert "CommandNotFoundException" in error.fq_error
