# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When mail that waits goes back to its senders."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from .._exchange.cmdlets import resume_queue, retry_queue
from .._exchange.moments import moment_text
from .case import Case
from .finding import Confidence, Finding, FindingId, Severity
from .stuck import stuck_since
from .telling import finding, mail

# What an administrator can still do something about; a shorter MessageExpirationTimeout leaves less time.
_NEAR: Final = timedelta(hours=12)
_VERY_NEAR: Final = timedelta(hours=4)
_FEW_QUEUES: Final = 3


def messages_expire(case: Case) -> Finding | None:
    """Tell when the oldest waiting message goes back, if that is near, or before its queue is tried again.

    A message is at least as old as its queue's first failure, so it may go back some minutes earlier.
    """
    since, patience = stuck_since(case.stuck), case.reading.transport.message_expiration
    if since is None or patience is None:
        return None
    when = since + patience
    left = when - case.reading.clock
    retries = [each.next_retry_time for each in case.stuck if each.next_retry_time is not None]
    comes_too_late = bool(retries) and min(retries) >= when
    if left > min(_NEAR, patience / 2) and not comes_too_late:
        return None
    is_grave = comes_too_late or left <= min(_VERY_NEAR, patience / 8)
    begun = "have begun to go" if left <= timedelta() else "go"
    told = (moment_text(when) or "")[:16].replace("T", " ")
    return finding(
        case,
        FindingId.MESSAGES_EXPIRE,
        f"{mail(case)}, the oldest since {(moment_text(since) or '')[:16].replace('T', ' ')}: they {begun} back to "
        f"their senders on {told} UTC (MessageExpirationTimeout){', before the next retry' if comes_too_late else ''}.",
        severity=Severity.ERROR if is_grave else Severity.WARNING,
        confidence=Confidence.PROBABLE,
        primary=False,
        remedy="Remove the root cause before, then retry the queue.",
        when=when,
        lines=tuple(str(retry_queue(each.identity)) for each in case.stuck[:_FEW_QUEUES]),
    )


def mail_is_held(case: Case) -> Finding | None:
    """Tell of mail in suspended queues: it is not stuck, and nothing of it leaves until somebody resumes it.

    Whose choice that was is written nowhere in Exchange. It expires like all mail that waits.
    """
    held = [each for each in case.suspended if each.message_count]
    count = sum(each.message_count for each in held)
    if not held:
        return None
    names = " and ".join(each.identity for each in held[:_FEW_QUEUES])
    where = names if len(held) <= _FEW_QUEUES else f"{len(held)} queues"
    return finding(
        case,
        FindingId.HELD_BACK,
        f"{count} {'message is' if count == 1 else 'messages are'} held: an administrator, or a repair that let one "
        f"message go first, has suspended {where}. What nobody lets go expires.",
        severity=Severity.WARNING,
        confidence=Confidence.CERTAIN,
        primary=False,
        remedy="Ask who holds the mail, and why. Then resume the queues, and the messages that are Suspended on their "
        "own (Get-Message, Resume-Message).",
        lines=tuple(str(resume_queue(each.identity)) for each in held),
    )
