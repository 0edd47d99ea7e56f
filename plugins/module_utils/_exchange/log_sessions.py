# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions of a protocol log, from rows that interleave and run over the borders of files."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Final

from .log_dialogue import Dialogue
from .protocol_log import LogType, Row, Session

# The longest ConnectionInactivityTimeOut (documentation page "Set-SendConnector"): a session that is silent for longer
# lost its last row, to a crash or to a deleted file.
_LONGEST_SILENCE: Final = timedelta(days=1)
# Rows that wait to be put into the order of their numbers before they are judged.
_WINDOW: Final = 512


def sessions(rows: Iterable[Row]) -> Iterator[Session]:
    """Yield each session when it ends, and at the end those still open, in the order in which they began.

    The rows are those of one server and one service, in the order of their files. Only open sessions are in memory.
    """
    open_sessions: OrderedDict[tuple[str, str, bool], _OpenSession] = OrderedDict()
    for row in rows:
        # What a Receive log says must never become part of a session of a Send log.
        key = (row.connector, row.session, row.log_type in (LogType.SEND, LogType.UNSTATED))
        if key in open_sessions and open_sessions[key].is_opened_again_by(row):
            yield open_sessions.pop(key).close()
        if key not in open_sessions:
            open_sessions[key] = _OpenSession(row)
        open_sessions[key].add(row)
        open_sessions.move_to_end(key)
        if row.event == "-":
            yield open_sessions.pop(key).close()
        # pylint: disable-next=stop-iteration-return
        while open_sessions and next(iter(open_sessions.values())).latest < row.time - _LONGEST_SILENCE:
            yield open_sessions.popitem(last=False)[1].close()
    yield from sorted((session.close() for session in open_sessions.values()), key=lambda session: session.started)


def group_sessions(rows: Iterable[Row]) -> list[Session]:
    """Return all sessions in the order in which they began."""
    return sorted(sessions(rows), key=lambda session: session.started)


class _OpenSession:
    """The rows of a session that has not ended. Published excerpts repeat and miss numbers, so only order counts."""

    def __init__(self, first: Row) -> None:
        self.latest = first.time
        self._waiting: list[Row] = []
        self._has_first = False
        self._dialogue: Dialogue | None = None

    def is_opened_again_by(self, row: Row) -> bool:
        """Tell whether a row begins another session under the same id, as on a hop of an outbound proxy."""
        return row.sequence == 0 and (self._has_first or row.time > self.latest)

    def add(self, row: Row) -> None:
        self._waiting.append(row)
        self._has_first = self._has_first or row.sequence == 0
        self.latest = max(self.latest, row.time)
        if len(self._waiting) > _WINDOW:
            self._judge(_WINDOW // 2)

    def close(self) -> Session:
        return self._judge(len(self._waiting)).session()

    def _judge(self, count: int) -> Dialogue:
        self._waiting.sort(key=lambda row: row.sequence)
        if self._dialogue is None:
            self._dialogue = Dialogue(self._waiting[0])
        for row in self._waiting[:count]:
            self._dialogue.feed(row)
        del self._waiting[:count]
        return self._dialogue
