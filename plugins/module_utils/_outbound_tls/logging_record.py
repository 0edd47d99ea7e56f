# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who still needs a connector's verbose log, and what its level was before: a connector belongs to the organisation.

Several hosts of one play, and several plays, may need the log of the same connector at the same time. The first one
raises the level, the last one restores it. All times in a record are the controller's, they only measure budgets.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from .._exchange.connector import LoggingLevel


@dataclass(frozen=True)
class Run:
    """One process of ansible-playbook: which machine, which process, and when that began.

    ``started`` tells a process from a later one with the same number, also across a restart of the machine; it is empty
    where the operating system does not say.
    """

    controller: str
    pid: int
    started: str


@dataclass(frozen=True)
class Holder:
    """An inventory host that needs the log for as long as its run lives; ``since`` is when it last said so."""

    host: str
    run: Run
    since: datetime

    def is_same(self, other: Holder) -> bool:
        """Tell whether this is the same host of the same run; it may have joined twice."""
        return (self.host, self.run) == (other.host, other.run)


@dataclass(frozen=True)
class Record:
    """A raise that is not put back yet. ``organisation`` and ``connector`` (the Guid) are what it is filed under.

    ``domain_controller`` is the one that was told, empty where none can be named (an Edge). The others follow by
    replication, so every host of the raise asks that one.
    """

    organisation: str
    connector: str
    name: str
    level_before: LoggingLevel
    raised_at: datetime
    domain_controller: str
    holders: tuple[Holder, ...]


def swept(record: Record, dead: Collection[Run]) -> Record:
    """Drop the holders whose runs have ended without leaving."""
    return replace(record, holders=tuple(holder for holder in record.holders if holder.run not in dead))


def joined(record: Record, me: Holder, domain_controller: str) -> Record:
    """Add a holder, or note that it still is one.

    Where nobody was left, this is a new raise: its time begins now, on the domain controller that is asked now.
    """
    if not record.holders:
        return replace(record, holders=(me,), raised_at=me.since, domain_controller=domain_controller)
    if any(holder.is_same(me) for holder in record.holders):
        return replace(record, holders=tuple(me if holder.is_same(me) else holder for holder in record.holders))
    return _with(record, me)


def left(record: Record, me: Holder) -> Record:
    """Remove a holder; the record without holders is that of a level that waits to be restored."""
    return replace(record, holders=tuple(holder for holder in record.holders if not holder.is_same(me)))


def _with(record: Record, me: Holder) -> Record:
    return replace(record, holders=(*record.holders, me))
