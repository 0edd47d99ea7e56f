# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server's Send protocol log, as far as it was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .moments import moment_text, parse_moment
from .protocol_log import Session


@dataclass(frozen=True)
class LogPosition:
    """The last row that was read of a Send log, of any connector: what comes later is new.

    Of a log without rows it is the server's clock when it was read, with an empty session and sequence -1.
    """

    time: datetime
    session: str
    sequence: int

    def is_before(self, session: Session) -> bool:
        """Tell whether a session began after this row. In the same millisecond nobody can tell, so it did not."""
        return session.started > self.time


@dataclass(frozen=True)
class SendLog:
    """The Send protocol log of a server's transport service, as far as it was read.

    ``path`` is its directory, None when the server writes no Send log at all; ``sessions`` are those of the wanted
    connectors, in the order in which they began; ``connectors`` are the names of all, wanted or not, that have rows in
    what was read. ``read_until`` is None when nothing could be read, and then ``problem`` is the sentence that says
    why.
    """

    path: str | None
    sessions: tuple[Session, ...] = ()
    read_until: LogPosition | None = None
    problem: str = ""
    connectors: frozenset[str] = frozenset()


def position_result(position: LogPosition | None) -> dict[str, Any] | None:
    """Return a position as modules return it, and as they take it back as ``since``."""
    if position is None:
        return None
    return {"time": moment_text(position.time), "session": position.session, "sequence": position.sequence}


def position_from(value: Mapping[str, Any] | None) -> LogPosition | None:
    """Read a position that an earlier result holds.

    Raises:
        ValueError: it is not one.
    """
    if not value:
        return None
    try:
        moment = parse_moment(str(value["time"]))
        session, sequence = str(value["session"]), int(value["sequence"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"{value!r} is not a position in a log: time, session, sequence") from error
    if moment is None:
        raise ValueError(f"{value!r} is not a position in a log: it holds no time")
    return LogPosition(moment, session, sequence)
