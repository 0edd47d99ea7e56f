# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the Send protocol log where it lies: whole files, from their first byte.

Only then is every row seen in its full CSV context: a tail can begin inside a quoted field, whose text could then pass
for rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from .._exchange.cmdlets import get_child_item, get_content
from .._exchange.log_files import LogFile, log_file_from, log_order
from .._exchange.log_rows import parse_rows
from .._exchange.log_sessions import group_sessions
from .._exchange.protocol_log import Row
from .._exchange.send_log import LogPosition, SendLog
from .._powershell import Pipeline, RemoteObject, Result
from .._remoting.errors import CmdletFailed

Run = Callable[[Pipeline], Result]


def read_send_log(
    run: Run, directory: str | None, since: datetime, connectors: frozenset[str] | None, clock: datetime
) -> SendLog:
    """Read the sessions of some connectors, or of all, since a time.

    ``directory`` is None when the server writes no Send log; ``clock`` is the server's time when the reading began. A
    log that cannot be read is returned with its problem: it is unknown, not empty.
    """
    if directory is None:
        return SendLog(None, problem="SendProtocolLogPath is empty, so this server writes no Send protocol log.")
    tail = _Tail(connectors)
    try:
        for file in log_files_since(run, directory, "SEND", since):
            tail.read(texts_of(run(get_content(file.path)).output), file.name)
    except CmdletFailed as failure:
        return SendLog(directory, problem=str(failure))
    position = tail.last or LogPosition(clock, "", -1)
    return SendLog(directory, tuple(group_sessions(tail.rows)), position, connectors=frozenset(tail.seen))


class _Tail:
    """The rows of the wanted connectors, and where the log ended when it was read."""

    def __init__(self, connectors: frozenset[str] | None) -> None:
        self.rows: list[Row] = []
        self.last: LogPosition | None = None
        self.seen: set[str] = set()
        self._connectors = connectors

    def read(self, contents: Iterable[str], file: str) -> None:
        for row in parse_rows(contents, file):
            if self.last is None or row.time >= self.last.time:
                self.last = LogPosition(row.time, row.session, row.sequence)
            self.seen.add(row.connector)
            if self._connectors is None or row.connector in self._connectors:
                self.rows.append(row)


def texts_of(contents: Iterable[object]) -> Iterator[str]:
    """Return the texts of Get-Content. Each is an object on the wire: it carries notes of where it comes from."""
    for each in contents:
        text = each.text if isinstance(each, RemoteObject) else each
        if text is not None:
            yield str(text)


def log_files_since(run: Run, directory: str, kind: str, since: datetime) -> Iterator[LogFile]:
    """Return the files of a log, like ``SEND``, that may hold rows since a time, the oldest first.

    They are chosen by name, because the size and time that a directory shows lag behind while a file is open. A row may
    lie in a file of a later hour or day than its own, never in an earlier one.
    """
    start = since.astimezone(UTC)
    found = [log_file_from(each) for each in run(get_child_item(directory, f"{kind}*.LOG")).objects()]
    ordered = [(order, file) for file in found if (order := log_order(file.name, kind)) is not None]
    for (date, hour, __), file in sorted(ordered, key=lambda each: each[0]):
        if date + (hour or "23") >= f"{start:%Y%m%d%H}":
            yield file
