# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""-Filter of the cmdlets for queues and their messages: comparisons joined by -and. There is no -or and no -not."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from ..objects import DotNetObject, member, text_of

_COMPARISON = re.compile(
    r"""\s*(?P<property>\w+)\s+-(?P<operator>\w+)\s+
        (?:'(?P<single>[^']*)'|"(?P<double>[^"]*)"|(?P<bare>\S+?))\s*(?=$|\s-and\s)""",
    re.VERBOSE | re.IGNORECASE,
)
_AND = re.compile(r"\s*-and\s", re.IGNORECASE)
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
    "like": fnmatchcase,
}


@dataclass(frozen=True)
class Comparison:
    """One comparison; ``wanted`` in lower case."""

    property: str
    operator: str
    wanted: str

    def holds(self, found_object: DotNetObject) -> bool:
        """ValueError when a queue or message has no such property, or the comparison makes no sense for it."""
        found = member(found_object, self.property)
        if found is None:
            raise ValueError(f"{self.property} is not a property of what is looked for")
        value = found[1]
        if isinstance(value, int):
            return _OPERATORS[self.operator](value, int(self.wanted))
        return _OPERATORS[self.operator](text_of(value).casefold(), self.wanted)


def parse_filter(text: str) -> list[Comparison]:
    """The comparisons that all have to hold; ValueError when the text is none of Exchange's filters."""
    comparisons: list[Comparison] = []
    rest = text.strip().removeprefix("{").removesuffix("}").strip()
    while rest:
        part = _COMPARISON.match(rest)
        if part is None or part["operator"].lower() not in _OPERATORS:
            raise ValueError(f"{rest!r} is no comparison")
        value = next(each for each in (part["single"], part["double"], part["bare"]) if each is not None)
        comparisons.append(Comparison(part["property"], part["operator"].lower(), value.casefold()))
        rest = _AND.sub("", rest[part.end() :], count=1)
    if not comparisons:
        raise ValueError("the filter is empty")
    return comparisons
