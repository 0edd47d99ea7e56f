# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A hold as the module returns it, with the lines that let it go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._exchange.cmdlets import resume_message, resume_queue
from .._exchange.queue import Queue
from .._powershell import Command
from .hold_record import HoldRecord
from .hold_situation import HoldSituation


def hold_result(situation: HoldSituation, ahead: HoldRecord | None, after: HoldRecord | None) -> dict[str, Any]:
    """Return what is held when the commands have worked; ``lines`` let it go, should nobody of us be able to."""
    record = ahead if after is None else after
    ours = [each for each in situation.queues if record is not None and record.queue_of(each) is not None]
    messages = [each for queue in ours for each in situation.in_queue(queue)]
    chosen = [] if record is None else [each.first for each in record.queues if each.first is not None]
    waiting = [each for each in messages if any(first.is_same(each) for first in chosen)]
    others = [each for each in messages if each.is_suspended and record is not None and not record.holds(each)]
    others = [each for each in others if each not in waiting]
    held = after is not None
    return {
        "queues": [each.identity for each in ours if held],
        "messages": [each.identity for each in messages if after is not None and after.holds(each)],
        "first": [each.identity for each in chosen],
        "first_waiting": [each.identity for each in waiting],
        "left_alone": [each.identity for each in others],
        "waiting": len(messages),
        "held_back": len(messages) - len(waiting) - len(others) if held else 0,
        "kept": "" if after is None else after.kept.value,
        "lines": [] if after is None else [line for each in ours for line in _lines(situation, after, each)],
    }


def _lines(situation: HoldSituation, record: HoldRecord, queue: Queue) -> list[str]:
    """Return the lines that let a queue's mail go: one for all its messages where nobody else has suspended any."""
    messages = situation.in_queue(queue)
    ours = [each for each in messages if record.holds(each)]
    if any(each.is_suspended and not record.holds(each) for each in messages):
        lines = [str(resume_message(each.identity)) for each in ours]
    else:
        everything = {"Server": situation.server, "Filter": f"Queue -eq '{queue.identity}'"}
        lines = [str(Command("Resume-Message", everything))] if ours else []
    return [str(resume_queue(queue.identity)), *lines]


def managed(situation: HoldSituation) -> dict[str, Any]:
    """Return the states of queues and messages, for a diff and for a failure."""
    return promised(situation, {})


def promised(situation: HoldSituation, states: Mapping[str, bool]) -> dict[str, Any]:
    """Return the same with what commands promise: whether something is suspended, by its identity."""

    def told(identity: str, status: str) -> str:
        if identity not in states:
            return status
        return "suspended" if states[identity] else "free to go"

    return {
        "queues": {each.identity: told(each.identity, each.status) for each in situation.queues},
        "messages": {each.identity: told(each.identity, each.status) for each in situation.messages},
    }
