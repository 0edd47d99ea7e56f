# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of a protocol log, from text that may come in any pieces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .protocol_log import LogType, Row


class LogRows(Iterator[Row]):
    """The rows of one file, read as they are asked for. Memory does not grow with the file.

    ``skipped`` counts the rows so far that are no rows of a protocol log; ``log_type`` is what the last header said.
    """

    def __init__(self, chunks: Iterable[str | bytes], file: str = "") -> None:
        self._chunks = chunks
        self._file = file
        self.skipped = 0
        self.log_type = LogType.UNSTATED

    def __next__(self) -> Row:
        raise StopIteration


def parse_rows(chunks: Iterable[str | bytes], file: str = "") -> LogRows:
    """Read one file's rows. The chunks are consecutive pieces of its text; lines keep their line ends.

    An unterminated last line is dropped: it may be half written.
    """
    return LogRows(chunks, file)
