# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why mail of one connector is stuck on one server, or may leave unencrypted: one root cause, and what is beside it.

The rules stand in the order in which they are asked, and the first that knows an answer gives it. The logs are asked
before the queue: a queue's text is a hint, a row of a log is proof.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from .case import Case
from .finding import Confidence, Finding, FindingId, Severity
from .predicting_mail import mail_is_held
from .qualifiers import qualified
from .rules_front_end import frontend_proxy
from .rules_log import doubted, not_bound, other_tls_error, rejected, session_end
from .rules_network import deferred, event, put_off_by_reply, queue_error, unconnected
from .rules_silence import (
    cured,
    healthy,
    idle_and_unbound,
    ignores_starttls,
    names_nothing,
    never_starts_tls,
    sent_in_clear,
    suspected,
)
from .support import supported
from .telling import finding
from .to_type import with_lines


def diagnose(case: Case) -> Finding:
    """Return the root cause: the finding of the first rule that applies."""
    found = next(found for rule in _RULES if (found := rule(case)) is not None)
    return with_lines(case, supported(case, qualified(case, found)))


def beside(case: Case) -> tuple[Finding, ...]:
    """Return what is worth knowing besides the root cause."""
    return tuple(found for rule in _BESIDE if (found := rule(case)) is not None)


def out_of_service(case: Case) -> Finding | None:
    """An administrator has taken the server out of service: he has a reason, and nothing would leave after a cure."""
    inactive = case.reading.inactive
    if not inactive or not case.messages:
        return None
    return finding(
        case,
        FindingId.MAINTENANCE,
        f"{case.messages} messages wait, and nothing leaves: {' and '.join(inactive)} is Inactive, as in maintenance.",
        confidence=Confidence.CERTAIN,
        severity=Severity.ERROR,
        remedy="Run again when the server is back in service (Get-ServerComponentState, Set-ServerComponentState).",
    )


_RULES: Final[tuple[Callable[[Case], Finding | None], ...]] = (
    out_of_service,
    frontend_proxy,
    not_bound,
    doubted,
    other_tls_error,
    never_starts_tls,
    session_end,
    unconnected,
    queue_error,
    deferred,
    cured,
    event,
    names_nothing,
    ignores_starttls,
    suspected,
    rejected,
    sent_in_clear,
    idle_and_unbound,
    healthy,
)
_BESIDE: Final[tuple[Callable[[Case], Finding | None], ...]] = (put_off_by_reply, mail_is_held)
