# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the properties of Exchange's objects: by text, never by structure, and without guessing.

The same property comes as text, as an enum or as an object with a ToString, depending on the session's serialization
level, so every reader accepts all of them. A null means "not set"; a property that was not sent means "unknown", which
nothing may be decided on: it raises ``Unreadable``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TypeVar
from uuid import UUID

from .._powershell import RemoteObject, WireValue
from .moments import parse_moment

Member = TypeVar("Member", bound=Enum)


class Unreadable(Exception):
    """An object lacks what we must know, or says it in a way that we do not understand. The message is a sentence."""

    reason = "unreadable"


def text_of(value: WireValue) -> str | None:
    """Return a value's text: of an enum its name, of an object its ToString; None for null and for what has none."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, RemoteObject):
        return value.text if value.text is not None or value.number is None else str(value.number)
    if isinstance(value, bytes):
        return None
    return str(value)


@dataclass(frozen=True)
class Fields:
    """The properties of one object; ``what`` names it in error messages, like ``the Send connector``."""

    source: RemoteObject
    what: str

    def value(self, name: str) -> WireValue:
        """Return a property as it came.

        Raises:
            Unreadable: the server did not send it; this and every reader below.
        """
        if not self.source.has(name):
            raise Unreadable(
                f"{self.what} came without its property {name}, so it is unknown and nothing is decided on it. "
                f"Look at the object in the Exchange Management Shell."
            )
        return self.source.get(name)

    def optional_text(self, name: str) -> str | None:
        """Return text; None where it is null or empty: Exchange writes unset text either way."""
        value = self.value(name)
        text = text_of(value)
        if text is None and value is not None:
            raise self.misunderstood(name, value)
        return text.strip() or None if text is not None else None

    def text(self, name: str) -> str:
        """Return text that must be there."""
        text = self.optional_text(name)
        if text is None:
            raise self.misunderstood(name, None)
        return text

    def flag(self, name: str) -> bool:
        """Return a Boolean, which may have come as the text ``True`` or ``False``."""
        value = self.value(name)
        if isinstance(value, bool):
            return value
        known = {"true": True, "false": False}
        word = (text_of(value) or "").strip().lower()
        if word not in known:
            raise self.misunderstood(name, value)
        return known[word]

    def number(self, name: str) -> int:
        """Return a whole number."""
        value = self.value(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        text = (text_of(value) or "").strip()
        if not text.isdecimal():
            raise self.misunderstood(name, value)
        return int(text)

    def moment(self, name: str) -> datetime | None:
        """Return a point in time in UTC; None where there is none."""
        text = self.optional_text(name)
        try:
            return parse_moment(text) if text is not None else None
        except ValueError as error:
            raise self.misunderstood(name, text) from error

    def guid(self, name: str) -> str:
        """Return a GUID in lower case without braces."""
        text = self.text(name)
        try:
            return str(UUID(text))
        except ValueError as error:
            raise self.misunderstood(name, text) from error

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list's items as text. A single value is a list of one, a null is an empty list."""
        value = self.value(name)
        items = value.items if isinstance(value, RemoteObject) and value.text is None else (value,)
        texts = tuple(text_of(item) for item in items if item is not None)
        if any(text is None for text in texts):
            raise self.misunderstood(name, value)
        return tuple(text.strip() for text in texts if text and text.strip())

    def member(self, name: str, members: type[Member]) -> Member:
        """Return a member of an enum whose values are Exchange's own words."""
        text = self.text(name)
        for member in members:
            if str(member.value).lower() == text.lower():
                return member
        raise self.misunderstood(name, text)

    def misunderstood(self, name: str, value: WireValue) -> Unreadable:
        """Return the error for a value that has no meaning here."""
        shown = " ".join((text_of(value) or "nothing").split())
        return Unreadable(
            f'{self.what} says "{shown[:80]}" as its {name}, which has no meaning here, so nothing is decided on it. '
            f"Look at the object in the Exchange Management Shell."
        )
