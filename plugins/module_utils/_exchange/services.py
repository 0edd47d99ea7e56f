# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The services that a certificate can be enabled for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from typing import Final

from .._powershell import RemoteObject, WireValue


class Service(Enum):
    """A flag of Exchange's AllowedServices; the value is its bit (documentation page "Enable-ExchangeCertificate")."""

    IMAP = 1
    POP = 2
    UM = 4
    IIS = 8
    SMTP = 16
    FEDERATION = 32
    UM_CALL_ROUTER = 64

    @property
    def word(self) -> str:
        """Return Exchange's own name of the service."""
        return _WORDS[self]


Services = frozenset[Service]
"""A certificate's services. Where they may be unknown the type is ``Services | None``: None is never "none"."""

_WORDS: Final[Mapping[Service, str]] = {
    **{service: service.name for service in Service},
    Service.FEDERATION: "Federation",
    Service.UM_CALL_ROUTER: "UMCallRouter",
}
_BY_WORD: Final = {word.lower(): service for service, word in _WORDS.items()}

USER_SERVICES: Final[Mapping[str, Service]] = {
    service.word: service for service in (Service.SMTP, Service.POP, Service.IMAP, Service.IIS)
}
"""What a user may ask for, by name."""

# ServicesStringForm, ``IP.WS..``: a letter or a dot for each flag in order (six places on Exchange 2010, now seven).
_LETTERS: Final = dict(zip("IPUWSFC", Service, strict=True))
_LETTERS_FORM: Final = re.compile(r"[I.][P.][U.][W.][S.][F.][C.]?")


def parse_services(value: WireValue) -> Services | None:
    """Read a certificate's services in any form that Exchange sends: enum object, words, letters, number.

    None means unknown: the server sent null, or a word, letter or bit that we do not know. Only zero, the word ``None``
    and letters that are all dots mean that there is no service.
    """
    if isinstance(value, RemoteObject):
        by_number = None if value.number is None else _from_number(value.number)
        by_text = None if value.text is None else _from_text(value.text)
        if value.number is not None and value.text is not None:
            return by_number if by_number == by_text else None
        return by_text if value.number is None else by_number
    if isinstance(value, str):
        return _from_text(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return _from_number(value)
    return None


def services_text(services: Services) -> str:
    """Write services as Exchange does: ``IMAP, POP, IIS, SMTP`` in the order of the flags, ``None`` for no service."""
    return ", ".join(service_words(services)) or "None"


def service_words(services: Services) -> list[str]:
    """Return Exchange's names of the services in the order of the flags."""
    return [service.word for service in Service if service in services]


def _from_number(number: int) -> Services | None:
    services = frozenset(service for service in Service if number & service.value)
    return services if number == sum(service.value for service in services) else None


def _from_text(text: str) -> Services | None:
    text = text.strip()
    if text.lower() == "none":
        return frozenset()
    if text.isascii() and text.isdecimal():
        return _from_number(int(text))
    if _LETTERS_FORM.fullmatch(text):
        return frozenset(_LETTERS[letter] for letter in text if letter != ".")
    services = [_BY_WORD.get(word.strip().lower()) for word in text.split(",")]
    return frozenset(service for service in services if service) if all(services) else None
