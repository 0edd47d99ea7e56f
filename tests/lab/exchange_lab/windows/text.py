# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How Windows PowerShell 5.1 makes text of a file's bytes (FileSystemContentStream of PowerShell's public source)."""

from __future__ import annotations

import codecs
import re

# Windows' code page 1252 has a character for every byte: where Python's has none, it is the control character.
_ANSI = "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(256))
_LINE_END = re.compile("\r\n|\r|\n")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

# The names that -Encoding takes, as far as the lab knows what they do.
DEFAULT, UTF8, UNICODE = "Default", "UTF8", "Unicode"
_ENCODINGS = {UTF8: "utf-8", UNICODE: "utf-16-le"}
NAMES = (UNICODE, UTF8, DEFAULT)


def decode(content: bytes, encoding: str) -> str:
    """The text of a file. A byte order mark decides before ``encoding`` does, and is no part of the text."""
    for mark, marked in _MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(marked, "replace")
    if encoding == DEFAULT:
        return codecs.charmap_decode(content, "strict", _ANSI)[0]
    return content.decode(_ENCODINGS[encoding], "replace")


def lines_of(text: str) -> list[str]:
    """The lines as StreamReader.ReadLine returns them: an unterminated last one counts, an empty rest does not."""
    lines = _LINE_END.split(text)
    return lines if lines[-1] else lines[:-1]
