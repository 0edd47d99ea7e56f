# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Send protocol log: rows, buffered, then appended to files on the server's disk as Exchange writes them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from pathlib import PureWindowsPath
from random import Random
from typing import Literal

from ..agenda import Agenda
from ..timespan import log_time
from ..world import Readings, Server

Event = Literal["+", "-", ">", "<", "*"]

FIELDS = "date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Row:
    """One row; ``data`` is what crossed the line, ``context`` what Exchange says about it."""

    at: datetime
    connector: str
    session: str
    sequence: int
    local: str
    remote: str
    event: Event
    data: str = ""
    context: str = ""

    @property
    def text(self) -> str:
        """With its line end; a field with a comma, a quote or a line end stands in quotes, as in CSV."""
        line = io.StringIO()
        fields = (log_time(self.at), self.connector, self.session, self.sequence, self.local, self.remote)
        csv.writer(line, lineterminator="\r\n").writerow((*fields, self.event, self.data, self.context))
        return line.getvalue()


class ProtocolLog:
    """The Send log of one service of a server, in ``directory``; None is the empty path that switches it off.

    A row stays in memory for ``log_flush_s``; what is read from disk lags behind.
    """

    def __init__(
        self, server: Server, directory: str | None, agenda: Agenda, readings: Readings, random: Random
    ) -> None:
        self._server = server
        self._directory = None if directory is None else PureWindowsPath(directory)
        self._agenda = agenda
        self._readings = readings
        self._random = random
        self._rows: list[bytes] = []
        self._begun: tuple[PureWindowsPath, bytes] | None = None  # a file, and what it still lacks of its last row
        self._flush_is_due = False

    def write(self, row: Row) -> None:
        """Take a row into the buffer; it is lost when SendProtocolLogPath is empty, as on Exchange."""
        if self._directory is None:
            return
        text = row.text if self._readings.log_row_end == "crlf" else row.text[:-2] + "\n"
        self._rows.append(text.encode("utf-8"))
        self._schedule()

    def _schedule(self) -> None:
        if not self._flush_is_due:
            self._flush_is_due = True
            self._agenda.after(self._server.log_flush_s, self._flush)

    def _flush(self) -> None:
        self._flush_is_due = False
        rows, self._rows = self._rows, []
        rest = b""
        if self._begun is not None:
            # A row never goes on in another file: the one that it began in is closed with all of it.
            self._server.disk.append(*self._begun, self._agenda.now)
            self._begun = None
        if self._readings.log_flush == "any_byte" and len(rows) > 1:
            # The buffer's size is not a multiple of a row's: its end falls into the last row, the rest comes next.
            kept = self._random.randrange(1, len(rows[-1]))
            rows[-1], rest = rows[-1][:-kept], rows[-1][-kept:]
        if self._directory is None:
            return
        while rows:
            last, rows = self._append(self._directory, rows)
            if rest and not rows:
                self._begun = (last, rest)
                self._schedule()

    def _append(self, directory: PureWindowsPath, rows: list[bytes]) -> tuple[PureWindowsPath, list[bytes]]:
        """Write what fits into one file, a row at least; returns its path and the rows that are left."""
        now = self._agenda.now
        path = self._path(directory, now, len(rows[0]))
        file = self._server.disk.file(path)
        sizes = accumulate(map(len, rows), initial=len(file.content) if file else 0)
        fitting = max(1, sum(size <= self._server.send_log_max_file_size for size in sizes) - 1)
        data = b"".join(rows[:fitting])
        self._server.disk.append(path, data if file else self._header(now) + data, now)
        return path, rows[fitting:]

    def _path(self, directory: PureWindowsPath, now: datetime, size: int) -> PureWindowsPath:
        """The file of this day or hour that still has room; numbers begin at 1 and are not padded."""
        period = f"{now:%Y%m%d%H}" if self._readings.log_names == "hourly" else f"{now:%Y%m%d}"
        number = 1
        while True:
            path = directory / f"SEND{period}-{number}.LOG"
            file = self._server.disk.file(path)
            if file is None or len(file.content) + size <= self._server.send_log_max_file_size:
                return path
            number += 1

    def _header(self, now: datetime) -> bytes:
        """``#Date`` is the time of writing, so it is later than the first row. The version is the same everywhere."""
        lines = (
            "#Software: Microsoft Exchange Server",
            "#Version: 15.0.0.0",
            "#Log-type: SMTP Send Protocol Log",
            f"#Date: {log_time(now)}",
            f"#Fields: {FIELDS}",
        )
        end = "\r\n" if self._readings.log_row_end == "crlf" else "\n"
        mark = _BYTE_ORDER_MARK if self._readings.log_byte_order_mark == "present" else b""
        return mark + "".join(line + end for line in lines).encode("ascii")


class SessionLog:
    """The rows of one session, numbered from 0. It stays silent when the level was None as the session opened."""

    def __init__(self, connector: str, session: str, remote: str, write: Callable[[Row], None] | None, agenda: Agenda):
        self.session = session
        self._connector = connector
        self._remote = remote
        self._write = write
        self._agenda = agenda
        self._local = ""
        self._sequence = 0

    def reopened(self) -> None:
        """The session goes on under its id, but its rows are counted from 0 again: another host has taken it over."""
        self._sequence = 0

    def connected(self, local: str) -> None:
        """From here on rows name our end of the connection."""
        self._local = local
        self._row("+")

    def sent(self, line: str) -> None:
        self._row(">", line)

    def received(self, *lines: str) -> None:
        for line in lines:
            self._row("<", line)

    def note(self, context: str, data: str = "") -> None:
        self._row("*", data, context)

    def disconnected(self, by: Literal["Local", "Remote"]) -> None:
        self._row("-", context=by)

    def _row(self, event: Event, data: str = "", context: str = "") -> None:
        if self._write is None:
            return
        self._write(
            Row(
                self._agenda.now,
                self._connector,
                self.session,
                self._sequence,
                self._local,
                self._remote,
                event,
                data,
                context,
            )
        )
        self._sequence += 1
