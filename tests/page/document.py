# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A page as a parser reads it: its elements, and the text of each part that begins with a heading of level 2."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

EMPTY_ELEMENTS: Final = {"meta", "br", "hr", "link", "img", "input", "wbr"}


class Document(HTMLParser):
    """What a page holds."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.parts: dict[str, str] = {}
        self._part = ""
        self._joined = False
        self.feed(page)
        self.close()
        assert self.open == [], "every element is closed"
        self.parts = {name: _line(text) for name, text in self.parts.items()}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        # A long name may break there, and is one word all the same.
        self._joined = tag == "wbr"
        if tag not in EMPTY_ELEMENTS:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "h2":
            self._part = data
        elif "style" not in self.open and data.strip():
            before = self.parts.get(self._part, "")
            self.parts[self._part] = f"{before}{'' if self._joined else ' '}{data.strip()}"
            self._joined = False

    @property
    def jobs(self) -> str:
        return self.parts["What needs doing today"]

    @property
    def table(self) -> str:
        return self.parts["Source servers"]

    @property
    def details(self) -> str:
        return self.parts["Server by server"]

    @property
    def tags(self) -> set[str]:
        return {tag for tag, __ in self.elements}


def _line(text: str) -> str:
    """Return a text as one line; what stands before a comma or a colon was a border of elements."""
    return re.sub(r" ([,:])", r"\1", re.sub(r"\s+", " ", text)).strip()
