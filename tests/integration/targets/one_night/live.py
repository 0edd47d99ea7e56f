# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Type the commands of a guide, and compare what they answer with what it quotes: ``python live.py GUIDE.rst``.

A console block is a command and its output, in which ``…`` stands for any lines. A text block holds what the page says
that was written last; each of its lines stands somewhere on it. What differs from run to run counts as the same:
thumbprints, times, ports, ids of sessions, folders, the number of tasks.
"""

from __future__ import annotations

import html
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Final

GAP: Final = "…"
CHANGING: Final = (
    (re.compile(r"\b[0-9A-F]{40}\b"), "THUMBPRINT"),
    (re.compile(r"\b[0-9A-F]{8}\b(?=[ ,*])"), "THUMB"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?Z?)?"), "TIME"),
    (re.compile(r"\b[0-9A-F]{16}\b"), "SESSION"),
    (re.compile(r"(?<=[0-9]):\d{4,5}\b"), ":PORT"),
    (re.compile(r"/\S+/report/"), "/report/"),
    (re.compile(r"\b\d+ seconds\b"), "SOME seconds"),
    (re.compile(r"\bline \d+\b"), "line N"),
    # How many tasks there are is nobody's business; how many changed something, and failed, is.
    (re.compile(r"\b(ok|skipped)=\d+\s*"), ""),
)


def same(text: str) -> str:
    for pattern, word in CHANGING:
        text = pattern.sub(word, text)
    return text.rstrip()


def blocks(guide: str) -> Iterator[tuple[str, list[str]]]:
    """Return the quoted blocks, each with its language."""
    for language, block in re.findall(r"^\.\. code-block:: (\w+)\n\n((?:    .*\n|\n)+)", guide, flags=re.MULTILINE):
        yield language, textwrap.dedent(block).strip("\n").splitlines()


def missing(quoted: list[str], answered: list[str]) -> str | None:
    """Return the first quoted line that does not follow where it should; None when all do."""
    place, anywhere = 0, False
    for line in quoted:
        if line.strip() == GAP:
            anywhere = True
            continue
        while anywhere and place < len(answered) and same(answered[place]) != same(line):
            place += 1
        if place >= len(answered) or same(answered[place]) != same(line):
            return line
        place, anywhere = place + 1, False
    return None


def seen_on(page: Path) -> str:
    """Return what a reader sees of a page, as one line."""
    text = re.sub(r"<(style|svg)\b.*?</\1>", " ", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = html.unescape(re.sub(r"<[^>]+>", " ", text.replace("<wbr>", "")))
    return same(re.sub(r" ([,:])", r"\1", " ".join(text.split())))


def live(guide: str) -> Iterator[str]:
    """Go through the blocks; return what is not so."""
    for language, block in blocks(guide):
        if language == "console":
            command = block[0].removeprefix("$ ")
            print(f"$ {command}", flush=True)
            ran = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
            if ran.returncode:
                yield f"{command}\nends with {ran.returncode}:\n{ran.stdout}{ran.stderr}"
            line = missing(block[1:], ran.stdout.lstrip("\n").splitlines())
            if line is not None:
                yield f"{command}\ndoes not answer\n{line}\nbut\n{ran.stdout}"
        elif language == "text":
            page = max(Path("report").glob("*.html"), key=lambda file: file.stat().st_mtime)
            seen = seen_on(page)
            yield from (f"{page} does not say\n{line}\nbut\n{seen}" for line in block if same(line) not in seen)


if __name__ == "__main__":
    wrong = list(live(Path(sys.argv[1]).read_text(encoding="utf-8")))
    sys.exit("\n\n".join(wrong) if wrong else 0)
