# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of a protocol log, from text that may come in any pieces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from .log_records import cells_of, records
from .moments import parse_moment
from .protocol_log import LogType, Row

# The same nine since Exchange 2010 (documentation page "Protocol logging"); assumed where no #Fields row names them.
_FIELDS: Final = (
    "date-time",
    "connector-id",
    "session-id",
    "sequence-number",
    "local-endpoint",
    "remote-endpoint",
    "event",
    "data",
    "context",
)
_EVENTS: Final = frozenset("+-><*")


class LogRows(Iterator[Row]):
    """The rows of one file, read as they are asked for. Memory does not grow with the file.

    ``skipped`` counts the records so far that are no rows of a protocol log; ``log_type`` is what the latest header
    said.
    """

    def __init__(self, chunks: Iterable[str | bytes], file: str = "") -> None:
        self._records = records(chunks)
        self._file = file
        self._columns: dict[str, int] = {name: index for index, name in enumerate(_FIELDS)}
        self._width = len(_FIELDS)
        self.skipped = 0
        self.log_type = LogType.UNSTATED

    def __next__(self) -> Row:
        for line, record in self._records:
            if record is not None and record.startswith("#"):
                self._read_header(record)
            elif record is None or record.strip():
                row = None if record is None else self._row(line, record)
                if row is not None:
                    return row
                self.skipped += 1
        raise StopIteration

    def _read_header(self, record: str) -> None:
        """Take over what a header says. It may stand anywhere: a restarted service writes another one."""
        name, __, value = record[1:].partition(":")
        if name.strip().lower() == "log-type":
            self.log_type = _log_type(value)
        elif name.strip().lower() == "fields":
            names = [field.strip().lower() for field in value.split(",")]
            self._columns = {field: index for index, field in enumerate(names)}
            self._width = len(names)

    def _row(self, line: int, record: str) -> Row | None:
        cells = cells_of(record)
        if len(cells) != self._width or not self._columns.keys() >= set(_FIELDS):
            return None
        time, connector, session, sequence, local, remote, event, data, context = (
            cells[self._columns[name]] for name in _FIELDS
        )
        try:
            moment = parse_moment(time)
        except ValueError:
            return None
        if moment is None or not session or event not in _EVENTS or not (sequence.isascii() and sequence.isdecimal()):
            return None
        return Row(
            time=moment,
            connector=connector,
            session=session,
            sequence=int(sequence),
            local_endpoint=local,
            remote_endpoint=remote,
            event=event,
            data=data,
            context=context,
            line=line,
            file=self._file,
            log_type=self.log_type,
        )


def parse_rows(chunks: Iterable[str | bytes], file: str = "") -> LogRows:
    """Read one file's rows from its first byte on. The chunks are consecutive pieces of it; lines keep their ends.

    Bytes are UTF-8, and what is not becomes U+FFFD: remote servers' replies are logged as they came. An unterminated
    last line is dropped: it may be half written.
    """
    return LogRows(chunks, file)


def _log_type(text: str) -> LogType:
    word = text.strip().lower()
    return next((known for known in LogType if word and known.value.lower() == word), LogType.OTHER)
