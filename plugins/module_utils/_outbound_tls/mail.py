# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much mail waited, left and still waits, and what is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .elsewhere import Result


@dataclass(frozen=True)
class Mail:
    """How many messages: waiting before the cure and at the last look, and what the log says of those that left.

    ``not_accounted_for`` have left the queues, and the log shows neither 250 nor 5xx for them: expired, removed, or
    sent by a connection that was open before logging was raised.
    """

    before: int
    after: int
    accepted: int
    accepted_in_clear: int
    rejected: int

    @property
    def left(self) -> int:
        """Return how many left the queues."""
        return max(self.before - self.after, 0)

    @property
    def not_accounted_for(self) -> int:
        """Return how many left in a way that the log does not show."""
        return max(self.left - self.accepted - self.accepted_in_clear - self.rejected, 0)

    @property
    def draining(self) -> bool:
        """Tell whether some still wait, though mail leaves."""
        return 0 < self.after < self.before and self.accepted > 0


def mail_of(entries: Sequence[Result], decisive: Result, proof: Result | None) -> Mail:
    """Count the mail of one connector, from its looks, the one that decided, and what the log proves."""
    before = max(int(entries[0]["messages"]), int(decisive["messages"]))
    return counted(before, int(entries[-1]["messages"]), proof)


def with_held(mail: Mail, before: int, waiting: int) -> Mail:
    """Count what is held back as waiting: a look does not, since a suspended queue may be an administrator's."""
    return replace(mail, before=max(mail.before, before), after=max(mail.after, waiting))


def counted(before: int, after: int, proof: Result | None) -> Mail:
    """Count what the log says of messages that were waiting, and of those that wait now."""
    return Mail(
        before=before,
        after=after,
        accepted=int(proof["accepted"]) if proof else 0,
        accepted_in_clear=int(proof["accepted_in_clear"]) if proof else 0,
        rejected=int(proof["rejected"]) if proof else 0,
    )
