# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records of Exchange's logs, which are CSV under headers, from text that may come in any pieces.

Fields that hold a comma, a quote or a line break are quoted, and what the other end of a connection said stands in
them. So the text is cut into records by its quotes before anything in it is believed: a line inside a quoted field
that looks like a row, or like a header, is neither. When quotes do not match, the record is skipped as a whole.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable, Iterator
from typing import Final

# Far more than an SMTP line or a certificate's names need; a quote that never closes must not fill the memory.
_LONGEST_RECORD: Final = 65536


def cells_of(record: str) -> list[str]:
    """Return a record's fields; none where its quotes do not match."""
    try:
        return next(csv.reader([record], strict=True))
    except csv.Error:
        return []


def _lines(chunks: Iterable[str | bytes]) -> Iterator[str]:
    """Yield terminated lines, wherever the chunks' borders are."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    pending: list[str] = []
    for chunk in chunks:
        text = decoder.decode(chunk) if isinstance(chunk, bytes) else chunk
        *whole, rest = text.split("\n")
        for line in whole:
            yield "".join([*pending, line, "\n"])
            pending.clear()
        pending.append(rest)


def records(chunks: Iterable[str | bytes]) -> Iterator[tuple[int, str | None]]:
    """Yield records with the number of their first line: one line, or several where a quoted field holds line breaks.

    The chunks are consecutive pieces of a file. None stands for a record that is longer than any that Exchange writes.
    An unterminated last line is dropped: it may be half written.
    """
    inside, first, size = False, 0, 0
    parts: list[str] = []
    for number, line in enumerate(_lines(chunks), 1):
        text = line
        if not inside:
            text = line.removeprefix("\ufeff")
            first, size, parts = number, 0, []
            if text.startswith("#"):  # taken as it is: a header knows no quotes
                yield number, text
                continue
        size += len(text)
        if size <= _LONGEST_RECORD:
            parts.append(text)
        inside = _ends_inside_quotes(text, inside)
        if not inside:
            yield first, "".join(parts) if size <= _LONGEST_RECORD else None


# A quote opens a field only where the field begins, as in Python's csv; inside, two quotes stand for one.
_OPENING: Final = re.compile(r'(?:^|,)"')
_CLOSING: Final = re.compile(r'[^"]*(?:""[^"]*)*"(?!")')


def _ends_inside_quotes(line: str, inside: bool) -> bool:
    """Tell whether a quoted field is still open at the end of a line, from whether one was at its beginning."""
    position = 0
    while True:
        if inside:
            closing = _CLOSING.match(line, position)
            if closing is None:
                return True
            position = closing.end()
        opening = _OPENING.search(line, position)
        if opening is None:
            return False
        position = opening.end()
        inside = True
