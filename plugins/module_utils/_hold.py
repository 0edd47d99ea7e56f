# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's memory of mail that is held back: one record and one lock for each server and connector.

It is written before anything is suspended and removed after everything is let go, so that a run that dies leaves behind
what it held, and the next run lets exactly that go, and nothing that an administrator holds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from ._exchange.message import Message
from ._exchange.moments import moment_text, parse_moment
from ._exchange.queue import Queue
from ._module import Task, carry_out
from ._outbound_tls.hold_record import HeldMessage, HeldQueue, HoldRecord, Kept
from ._outbound_tls.hold_situation import HoldSituation, queues_concerned
from ._outbound_tls.logging_record import Holder, Run
from ._outbound_tls.plan import Outcome, Unsettled
from ._outbound_tls.queue_hold import HoldPlan, HoldWish, plan_hold
from ._powershell import Pipeline, Result
from ._records import PATIENCE, file_name, is_dead, locked_file, read_record, this_run, write_record

_FORMAT: Final = 1


@dataclass(frozen=True)
class Mail:
    """How a server's queues, and the messages of one of them, are looked at, and how commands are sent to it."""

    server: str
    queues: Callable[[], tuple[Queue, ...]]
    messages: Callable[[str], tuple[Message, ...]]
    send: Callable[[Sequence[Pipeline]], Sequence[Result]]


def change_hold(
    task: Task,
    wish: HoldWish,
    directory: str | Path,
    mail: Mail,
    *,
    budget: float = 300,
    patience: timedelta = PATIENCE,
) -> Outcome:
    """Carry a wish for a connector's waiting mail out, under the record's lock.

    ``budget`` is how many seconds to wait for the lock, ``patience`` as ``is_dead`` takes it.

    Raises:
        Refused: as ``plan_hold``, or the directory cannot be used.
        Unsettled, RemotingError, Unreadable: as ``carry_out``.
    """
    me = Holder(task.inventory_hostname, this_run(), datetime.now(UTC))
    change = _Change(wish, HoldFile(directory, mail.server, wish.connector), mail, me, patience)
    if task.check_mode:
        return carry_out(task, observe=change.observe, decide=change.decide, apply=mail.send)
    with locked_file(change.file.path.with_suffix(".lock"), budget, "holds the same connector's mail back"):
        return change.carry_out(task)


class HoldFile:
    """The record of one server and connector on the disk."""

    def __init__(self, directory: str | Path, server: str, connector: str) -> None:
        self.server = server
        self.connector = connector
        self.path = Path(directory).expanduser() / f"{file_name('hold', server, connector)}.json"

    def read(self) -> HoldRecord | None:
        """Return the record; None when there is none.

        Raises:
            Refused: there is a file, and it is not a record of this server and connector.
        """
        return read_record(
            self.path,
            self._own,
            f"held mail, so whose suspended messages they are is unknown. Look at the queues of {self.server} "
            f"(Get-Queue, Get-Message), resume what shall go, delete the file, and run again.",
        )

    def write(self, record: HoldRecord | None) -> None:
        """Put a record in place, or remove it.

        Raises:
            Refused: the directory cannot be written.
        """
        write_record(self.path, None if record is None else _record_text(record))

    def _own(self, value: Any) -> HoldRecord:
        record = _record_from(value)
        if (record.server, record.connector) != (self.server, self.connector):
            raise ValueError("another's")
        return record


@dataclass
class _Change:
    """One change while it is made, and what of it is remembered."""

    wish: HoldWish
    file: HoldFile
    mail: Mail
    me: Holder
    patience: timedelta
    plan: HoldPlan | None = None

    def observe(self) -> HoldSituation:
        record = self.file.read()
        queues = queues_concerned(self.wish.connector, record, self.mail.queues())
        return HoldSituation(
            server=self.mail.server,
            queues=queues,
            messages=tuple(message for queue in queues for message in self.mail.messages(queue.identity)),
            record=record,
            has_ended=record is not None and is_dead(record.holder, datetime.now(UTC), self.patience),
            me=self.me,
            file=str(self.file.path),
        )

    def decide(self, situation: HoldSituation) -> HoldPlan:
        self.plan = plan_hold(self.wish, situation)
        return self.plan

    def carry_out(self, task: Task) -> Outcome:
        def remembered(commands: Sequence[Pipeline]) -> Sequence[Result]:
            self._write(lambda plan: plan.record_ahead)
            return self.mail.send(commands)

        try:
            outcome = carry_out(task, observe=self.observe, decide=self.decide, apply=remembered)
        except Unsettled as failure:
            if failure.now == failure.before:
                self._write(lambda plan: plan.before.record)
            raise
        self._write(lambda plan: plan.record_after)
        return outcome

    def _write(self, which: Callable[[HoldPlan], HoldRecord | None]) -> None:
        if self.plan is not None:
            self.file.write(which(self.plan))


def _record_text(record: HoldRecord) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "server": record.server,
        "connector": record.connector,
        "kept": record.kept.value,
        "holder": {
            "host": record.holder.host,
            "since": moment_text(record.holder.since),
            "controller": record.holder.run.controller,
            "pid": record.holder.run.pid,
            "started": record.holder.run.started,
        },
        "queues": [
            {
                "identity": each.identity,
                "delivery_type": each.delivery_type,
                "next_hop_domain": each.next_hop_domain,
                "tls_domain": each.tls_domain,
                "first": None if each.first is None else _message_text(each.first),
            }
            for each in record.queues
        ],
        "messages": [_message_text(each) for each in record.messages],
    }


def _message_text(message: HeldMessage) -> dict[str, str]:
    return {"identity": message.identity, "message_id": message.message_id}


def _record_from(value: dict[str, Any]) -> HoldRecord:
    """Read a record; ValueError, KeyError, TypeError or AttributeError when it is none."""
    if value["format"] != _FORMAT:
        raise ValueError("written by another version")
    holder = value["holder"]
    since = parse_moment(_text(holder["since"]))
    if since is None:
        raise ValueError("since is no time")
    run = Run(_text(holder["controller"]), int(holder["pid"]), _text(holder["started"]))
    return HoldRecord(
        server=_text(value["server"]),
        connector=_text(value["connector"]),
        queues=tuple(
            HeldQueue(
                identity=_text(each["identity"]),
                delivery_type=_text(each["delivery_type"]),
                next_hop_domain=_text(each["next_hop_domain"]),
                tls_domain=_text(each["tls_domain"]),
                first=None if each["first"] is None else _message_from(each["first"]),
            )
            for each in value["queues"]
        ),
        messages=tuple(_message_from(each) for each in value["messages"]),
        holder=Holder(_text(holder["host"]), run, since),
        kept=Kept(value["kept"]),
    )


def _message_from(value: dict[str, Any]) -> HeldMessage:
    return HeldMessage(_text(value["identity"]), _text(value["message_id"]))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value
