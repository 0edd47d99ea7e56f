# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages that wait in a queue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .._powershell import RemoteObject
from .fields import Fields


@dataclass(frozen=True)
class Message:
    r"""One message (Get-Message). ``identity`` is ``SERVER\queue\number``, ``queue`` is ``SERVER\queue``.

    ``status`` is Exchange's word, like ``Retry`` or ``Suspended``; the times are aware. Whom it is from and what it is
    about is not read.
    """

    identity: str
    queue: str
    status: str
    last_error: str
    received: datetime | None
    expires: datetime | None

    @property
    def is_deferred(self) -> bool:
        """Tell whether it waits because of an answer to itself, while its queue goes on."""
        return self.status.lower() == "retry"


@dataclass(frozen=True)
class Messages:
    """Some messages of some queues. ``problem`` says why they are not known; empty when they are."""

    messages: tuple[Message, ...] = ()
    problem: str = ""


def message_from(source: RemoteObject) -> Message:
    """Read what Get-Message returned.

    Raises:
        Unreadable: a property is missing or has no meaning.
    """
    fields = Fields(source, "the message")
    return Message(
        identity=fields.text("Identity"),
        queue=fields.text("Queue"),
        status=fields.text("Status"),
        last_error=fields.optional_text("LastError") or "",
        received=fields.moment("DateReceived"),
        expires=fields.moment("ExpirationTime"),
    )
