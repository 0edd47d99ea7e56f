# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A log as Exchange's services write it: rows, buffered, then appended to files on the server's disk."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from pathlib import PureWindowsPath
from random import Random

from ..agenda import Agenda
from ..timespan import log_time
from ..world import Readings, Server

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def row_text(fields: Iterable[object]) -> str:
    """A row with its line end; a field with a comma, a quote or a line end stands in quotes, as in CSV."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(fields)
    return line.getvalue()


@dataclass(frozen=True)
class LogForm:
    """What one log has of its own: how its files are called, what their header says, how large one may become."""

    prefix: str
    log_type: str
    fields: str
    max_file_size: int


class LogFiles:
    """The files of one log in ``directory``; None is the empty path, or the switch, that turns it off.

    A row stays in memory for ``log_flush_s``; what is read from disk lags behind.
    """

    def __init__(
        self,
        server: Server,
        directory: str | None,
        form: LogForm,
        *,
        agenda: Agenda,
        readings: Readings,
        random: Random,
    ) -> None:
        self._server = server
        self._directory = None if directory is None else PureWindowsPath(directory)
        self._form = form
        self._agenda = agenda
        self._readings = readings
        self._random = random
        self._rows: list[bytes] = []
        self._begun: tuple[PureWindowsPath, bytes] | None = None  # a file, and what it still lacks of its last row
        self._flush_is_due = False

    def write(self, text: str) -> None:
        """Take a row, which ends in CR LF, into the buffer; it is lost when the log is off, as on Exchange."""
        if self._directory is None:
            return
        text = text if self._readings.log_row_end == "crlf" else text[:-2] + "\n"
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
        fitting = max(1, sum(size <= self._form.max_file_size for size in sizes) - 1)
        data = b"".join(rows[:fitting])
        self._server.disk.append(path, data if file else self._header(now) + data, now)
        return path, rows[fitting:]

    def _path(self, directory: PureWindowsPath, now: datetime, size: int) -> PureWindowsPath:
        """The file of this day or hour that still has room; numbers begin at 1 and are not padded."""
        period = f"{now:%Y%m%d%H}" if self._readings.log_names == "hourly" else f"{now:%Y%m%d}"
        number = 1
        while True:
            path = directory / f"{self._form.prefix}{period}-{number}.LOG"
            file = self._server.disk.file(path)
            if file is None or len(file.content) + size <= self._form.max_file_size:
                return path
            number += 1

    def _header(self, now: datetime) -> bytes:
        """``#Date`` is the time of writing, so it is later than the first row. The version is the same everywhere."""
        lines = (
            "#Software: Microsoft Exchange Server",
            "#Version: 15.0.0.0",
            f"#Log-type: {self._form.log_type}",
            f"#Date: {log_time(now)}",
            f"#Fields: {self._form.fields}",
        )
        end = "\r\n" if self._readings.log_row_end == "crlf" else "\n"
        mark = _BYTE_ORDER_MARK if self._readings.log_byte_order_mark == "present" else b""
        return mark + "".join(line + end for line in lines).encode("ascii")
