# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's journal of raised logging levels: one record and one lock a connector, in a directory of its own.

Forks of one play and plays side by side reach for the same connector. The lock makes looking and setting one step: the
second in line finds what the first has done. A record is written before the level is raised and removed after it is
restored, so a run that dies leaves one behind, and the next run restores the level.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from ._exchange.connector import LoggingLevel, SendConnector
from ._exchange.moments import moment_text, parse_moment
from ._module import Task, carry_out
from ._outbound_tls.logging_level import LoggingPlan, LoggingState, LoggingWish, plan_logging
from ._outbound_tls.logging_record import Holder, Record, Run, swept
from ._outbound_tls.plan import Outcome, Unsettled
from ._powershell import Pipeline, Result
from ._records import PATIENCE, file_name, is_dead, locked_file, read_record, this_run, write_record

_FORMAT: Final = 1
_DOMAIN: Final = re.compile(r"\bDC=([^,]+)", flags=re.IGNORECASE)


def change_level(
    task: Task,
    wish: LoggingWish,
    journal: Journal | None,
    *,
    connector: SendConnector,
    observe: Callable[[str], SendConnector],
    apply: Callable[[Sequence[Pipeline]], Sequence[Result]],
    budget: float = 300,
    owner: str = "",
) -> Outcome:
    """Carry a wish for a connector's logging level out, under the journal's lock.

    ``connector`` is the one meant, from any look at it; ``observe`` looks again, on the domain controller that it is
    given; ``budget`` is how many seconds to wait for others who are at it; ``owner`` is the Edge that a connector
    belongs to, empty for one of the organisation.

    Raises:
        Refused: as ``plan_logging``, or the journal cannot be used.
        Unsettled, RemotingError, Unreadable: as ``carry_out``.
    """
    organisation = owner or organisation_of(connector)
    if journal is None:
        plain = _Recorder(wish, None, None, organisation, connector.originating_server, observe)
        return carry_out(task, observe=plain.observe, decide=plain.decide, apply=apply)
    me = Holder(task.inventory_hostname, this_run(), datetime.now(UTC))
    if task.check_mode:
        entry = journal.entry(organisation, connector.guid)
        reader = _Recorder(wish, entry, me, organisation, connector.originating_server, observe)
        return carry_out(task, observe=reader.observe, decide=reader.decide, apply=apply)
    with journal.locked(organisation, connector.guid, budget) as entry:
        recorder = _Recorder(wish, entry, me, organisation, connector.originating_server, observe)
        return recorder.carry_out(task, apply)


@dataclass
class _Recorder:
    """One change of a level while it is made, and what of it goes into the journal.

    It looks at one domain controller from beginning to end: ``nearest``, unless others need a level that was raised on
    another one, which the nearest may not have heard of yet.
    """

    wish: LoggingWish
    entry: Entry | None
    me: Holder | None
    organisation: str
    nearest: str
    look: Callable[[str], SendConnector]
    asked: str | None = None
    plan: LoggingPlan | None = None

    def observe(self) -> LoggingState:
        now = datetime.now(UTC)
        record = None if self.entry is None else self.entry.read()
        dead = frozenset[Run]()
        if self.entry is not None and record is not None:
            dead = frozenset(each.run for each in record.holders if is_dead(each, now, self.entry.patience))
        if self.asked is None:
            is_held = record is not None and bool(swept(record, dead).holders)
            self.asked = record.domain_controller if record is not None and is_held else self.nearest
        connector = self.look(self.asked)
        return LoggingState(connector, connector.originating_server, now, record, dead, self.me, self.organisation)

    def decide(self, state: LoggingState) -> LoggingPlan:
        self.plan = plan_logging(self.wish, state)
        return self.plan

    def carry_out(self, task: Task, apply: Callable[[Sequence[Pipeline]], Sequence[Result]]) -> Outcome:
        def recorded(commands: Sequence[Pipeline]) -> Sequence[Result]:
            self._write(lambda plan: plan.record_ahead)
            return apply(commands)

        try:
            outcome = carry_out(task, observe=self.observe, decide=self.decide, apply=recorded)
        except Unsettled as failure:
            if failure.now == failure.before:
                self._write(lambda plan: plan.record_otherwise)
            raise
        self._write(lambda plan: plan.record_after_all(outcome.warnings))
        return outcome

    def _write(self, which: Callable[[LoggingPlan], Record | None]) -> None:
        if self.entry is not None and self.plan is not None:
            self.entry.write(which(self.plan))


class Journal:
    """The directory. It is made when the first record is written, for its owner only.

    A run on another machine (an execution environment's container is one) cannot be asked whether it lives. For
    ``patience`` after it has last said that it needs the level, it counts as alive.
    """

    def __init__(self, directory: str | Path, patience: timedelta = PATIENCE) -> None:
        self.directory = Path(directory).expanduser()
        self.patience = patience

    def entry(self, organisation: str, connector: str) -> Entry:
        """Return a connector's entry without holding its lock, to look at it only."""
        path = self.directory / f"{self._name(organisation, connector)}.json"
        return Entry(path, organisation, connector, self.patience)

    @contextmanager
    def locked(self, organisation: str, connector: str, budget: float) -> Iterator[Entry]:
        """Hold a connector's lock, across processes, for as long as the block runs.

        Raises:
            Refused: somebody else holds it for longer than ``budget`` seconds, or the directory cannot be used.
        """
        path = self.directory / f"{self._name(organisation, connector)}.lock"
        with locked_file(path, budget, "changes the same connector's logging level"):
            yield self.entry(organisation, connector)

    def _name(self, organisation: str, connector: str) -> str:
        return file_name(organisation, connector)


@dataclass(frozen=True)
class Entry:
    """One connector's record on the disk."""

    path: Path
    organisation: str
    connector: str
    patience: timedelta

    def read(self) -> Record | None:
        """Return the record; None when there is none.

        Raises:
            Refused: there is a file, and it is not a record of this connector.
        """
        return read_record(
            self.path,
            self._own,
            "this connector, so what its logging level was is unknown. Look at the connector's ProtocolLoggingLevel, "
            "set it right, delete the file, and run again.",
        )

    def write(self, record: Record | None) -> None:
        """Put a record in place, or remove it, in one step that no crash can cut in two.

        Raises:
            Refused: the directory cannot be written.
        """
        write_record(self.path, None if record is None else _record_text(record))

    def _own(self, value: Any) -> Record:
        record = _record_from(value)
        if (record.organisation, record.connector) != (self.organisation, self.connector):
            raise ValueError("another connector's")
        return record


def organisation_of(connector: SendConnector) -> str:
    """Return what tells one organisation's journal from another's: the domain in the connector's distinguished name."""
    return ".".join(_DOMAIN.findall(connector.distinguished_name)).lower() or connector.originating_server.lower()


def _record_text(record: Record) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "organisation": record.organisation,
        "connector": record.connector,
        "name": record.name,
        "level_before": record.level_before.value,
        "raised_at": moment_text(record.raised_at),
        "domain_controller": record.domain_controller,
        "holders": [
            {
                "host": holder.host,
                "since": moment_text(holder.since),
                "controller": holder.run.controller,
                "pid": holder.run.pid,
                "started": holder.run.started,
            }
            for holder in record.holders
        ],
    }


def _record_from(value: dict[str, Any]) -> Record:
    """Read a record; ValueError, KeyError, TypeError or AttributeError when it is none."""
    if value["format"] != _FORMAT:
        raise ValueError("written by another version")
    return Record(
        organisation=_text(value["organisation"]),
        connector=_text(value["connector"]),
        name=_text(value["name"]),
        level_before=LoggingLevel(value["level_before"]),
        raised_at=_moment(value["raised_at"]),
        domain_controller=_text(value["domain_controller"]),
        holders=tuple(
            Holder(
                host=_text(each["host"]),
                run=Run(_text(each["controller"]), int(each["pid"]), _text(each["started"])),
                since=_moment(each["since"]),
            )
            for each in value["holders"]
        ),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _moment(value: Any) -> datetime:
    moment = parse_moment(value)
    if moment is None:
        raise ValueError(f"{value!r} is no time")
    return moment
