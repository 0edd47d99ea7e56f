# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events of Windows' logs that speak of outbound TLS. They support a finding, and prove none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from .._powershell import RemoteObject
from .fields import Fields
from .moments import moment_text

TRANSPORT: Final = "MSExchangeTransport"
SCHANNEL: Final = "Schannel"

NOT_DELIVERED: Final = 2004
TLS_NOT_OFFERED: Final = 2015
AUTHENTICATION_FAILED: Final = 2017
NO_CERTIFICATE: Final = 12014
INTERNAL_EXPIRED: Final = 12015
STARTTLS_EXPIRED: Final = 12016
KEY_NOT_THERE: Final = 36869
KEY_NOT_ACCESSIBLE: Final = 36870
NO_CREDENTIAL: Final = 36871
NO_COMMON_CIPHER: Final = 36874
ALERT_RECEIVED: Final = 36887
ALERT_SENT: Final = 36888

SOURCES: Final = (
    (
        "Application",
        TRANSPORT,
        (NOT_DELIVERED, TLS_NOT_OFFERED, AUTHENTICATION_FAILED, NO_CERTIFICATE, INTERNAL_EXPIRED, STARTTLS_EXPIRED),
    ),
    (
        "System",
        SCHANNEL,
        (KEY_NOT_THERE, KEY_NOT_ACCESSIBLE, NO_CREDENTIAL, NO_COMMON_CIPHER, ALERT_RECEIVED, ALERT_SENT),
    ),
)
"""Log, provider and numbers (documentation pages of MSExchangeTransport's events, "Schannel Events")."""


@dataclass(frozen=True)
class Event:
    """One event: its provider and number, when it was written, and its text on one line."""

    provider: str
    id: int
    time: datetime
    message: str

    def __str__(self) -> str:
        """Return it for people."""
        return f"{moment_text(self.time)}, {self.provider} {self.id}: {self.message}"


@dataclass(frozen=True)
class Events:
    """The events that were read, the newest first. ``problem`` says why some are not known; empty when all were."""

    events: tuple[Event, ...] = ()
    problem: str = ""


def event_from(source: RemoteObject) -> Event:
    """Read what Get-WinEvent returned, projected by ``cmdlets.get_events``.

    Raises:
        Unreadable: a property is missing or has no meaning.
    """
    fields = Fields(source, "the event")
    time = fields.moment("TimeCreated")
    if time is None:
        raise fields.misunderstood("TimeCreated", None)
    message = " ".join((fields.optional_text("Message") or "").split())
    return Event(fields.text("ProviderName"), fields.number("Id"), time, message)
