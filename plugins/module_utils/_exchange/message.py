# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages that wait in a queue. Nothing that somebody wrote into one is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from .._powershell import RemoteObject
from .fields import Fields

MESSAGE_PROPERTIES: Final = (
    "Identity", "Queue", "InternetMessageId", "Status", "LastError", "DateReceived", "ExpirationTime",
)  # fmt: skip
"""What is read of a message."""

# One that is suspended while a session holds it is delivered, or suspended when that fails ("Suspend-Message").
_SUSPENDED: Final = frozenset({"suspended", "pendingsuspend"})
_IN_DELIVERY: Final = frozenset({"active", "pendingsuspend"})


@dataclass(frozen=True)
class Message:
    r"""One message (Get-Message). ``identity`` is ``SERVER\queue\number``, ``queue`` is ``SERVER\queue``.

    ``status`` is Exchange's word, like ``Retry`` or ``Suspended``; the times are aware. Whom it is from and what it is
    about is not read. ``message_id`` is its Message-ID header, which its sender may have written: it is compared, and
    never part of a filter.
    """

    identity: str
    queue: str
    status: str
    last_error: str
    received: datetime | None
    expires: datetime | None
    message_id: str = ""

    @property
    def number(self) -> str:
        """Return the server's own number for it, which it keeps when the queues are numbered anew."""
        return self.identity.rpartition("\\")[2]

    @property
    def is_suspended(self) -> bool:
        """Tell whether somebody has suspended it, if only for when its session has ended."""
        return self.status.lower() in _SUSPENDED

    @property
    def is_in_delivery(self) -> bool:
        """Tell whether a session holds it: nobody can stop it then."""
        return self.status.lower() in _IN_DELIVERY

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
        message_id=fields.optional_text("InternetMessageId") or "",
    )
