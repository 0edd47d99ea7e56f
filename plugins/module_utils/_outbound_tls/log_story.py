# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Send log tells of a connector: how its latest TLS negotiation failed, and whether a later one succeeded.

Only what the server itself negotiated with the Internet counts. A hop to another Exchange server or to a front end goes
by X-ANONYMOUSTLS, with the default certificate, and may carry the same connector's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from .._exchange.protocol_log import Session, TlsOutcome
from .._exchange.queue import Queue
from .front_end import OUTBOUND_PROXY_PORT
from .stuck import stuck_since

STARTTLS: Final = "STARTTLS"
# Whether FirstRetryTime is when the first attempt began or ended is not documented.
_BEFORE_FIRST_RETRY: Final = timedelta(minutes=15)
_WITHOUT_STUCK_QUEUE: Final = timedelta(hours=1)
_SOCKET_ERROR: Final = re.compile(r"failed to connect\b.*?\berror code: ?(?P<code>\d+)", flags=re.IGNORECASE)
# Hops inside the organisation: outbound proxy, transport to transport, mailbox delivery (documentation page "Receive
# connectors" for the first two).
_INTERNAL_PORTS: Final = frozenset({OUTBOUND_PROXY_PORT, 2525, 475})


@dataclass(frozen=True)
class LogStory:
    """The latest of each. ``failure`` is recent enough to be evidence, ``stale_failure`` is not and is only quoted.
    ``latest`` is the latest session that has ended, if it is recent enough. ``in_clear`` is the latest recent one that
    sent mail unencrypted though the other end offers TLS, if none has established TLS since.

    ``cured`` tells that a success came after the failure, or with it.
    """

    failure: Session | None
    success: Session | None
    stale_failure: Session | None
    latest: Session | None = None
    in_clear: Session | None = None

    @property
    def cured(self) -> bool:
        """Tell whether TLS has been established since the failure."""
        if self.failure is None or self.success is None:
            return False
        return negotiated_at(self.success) >= negotiated_at(self.failure)

    @property
    def succeeded_last(self) -> bool:
        """Tell whether the latest negotiation of all, however old, succeeded."""
        failure = self.failure or self.stale_failure
        if self.success is None:
            return False
        return failure is None or negotiated_at(self.success) >= negotiated_at(failure)

    @property
    def open_failure(self) -> Session | None:
        """Return the failure that nothing has cured since."""
        return None if self.cured else self.failure


def tell(sessions: Iterable[Session], begin: datetime) -> LogStory:
    """Return the story of one connector's sessions; what is older than ``begin`` (``evidence_begins``) is stale."""
    relevant = [session for session in sessions if session.may_be_evidence and not _is_internal(session)]
    failures = sorted((each for each in relevant if failed_by_status(each)), key=negotiated_at)
    successes = sorted((each for each in relevant if has_succeeded(each)), key=negotiated_at)
    recent = [each for each in failures if negotiated_at(each) >= begin]
    stale = [each for each in failures if negotiated_at(each) < begin]
    lately = [each for each in relevant if each.ended >= begin]
    in_clear = [each for each in lately if went_in_clear(each)]
    if successes:
        in_clear = [each for each in in_clear if each.started > negotiated_at(successes[-1])]
    return LogStory(
        failure=recent[-1] if recent else None,
        success=successes[-1] if successes else None,
        stale_failure=stale[-1] if stale else None,
        latest=max(filter(has_ended, lately), key=lambda each: each.started, default=None),
        in_clear=max(in_clear, key=lambda each: each.started, default=None),
    )


def evidence_begins(stuck: Sequence[Queue], clock: datetime) -> datetime:
    """Return from when on a session can tell why mail is stuck now."""
    since = stuck_since(stuck)
    return clock - _WITHOUT_STUCK_QUEUE if since is None else since - _BEFORE_FIRST_RETRY


def failed_by_status(session: Session) -> bool:
    """Tell whether a session ends in "TLS negotiation failed with error X"; an excerpt may begin after STARTTLS."""
    return session.tls_outcome is TlsOutcome.FAILED and bool(session.tls_error) and session.outcome_row is not None


def connect_error(session: Session) -> str:
    """Return the socket's error code of a session that never came to a connection; empty for any other."""
    if any(row.event == "+" for row in session.rows):
        return ""
    told = (_SOCKET_ERROR.search(row.context) for row in session.rows if row.event == "*")
    return next((found["code"] for found in told if found), "")


def has_succeeded(session: Session) -> bool:
    """Tell whether TLS was established by STARTTLS."""
    return session.tls_verb == STARTTLS and session.tls_outcome is TlsOutcome.ESTABLISHED


def has_ended(session: Session) -> bool:
    """Tell whether a session has come to its end; one that never came to a connection has no row that says so."""
    return bool(session.disconnect or connect_error(session))


def went_in_clear(session: Session) -> bool:
    """Tell whether mail left unencrypted though the other end offers TLS, as after a negotiation that failed."""
    return session.accepted_in_clear > 0 and session.tls_verb == "" and session.starttls_offered is True


def negotiated_at(session: Session) -> datetime:
    """Return when it was clear how the negotiation ended."""
    return session.ended if session.outcome_row is None else session.outcome_row.time


def _is_internal(session: Session) -> bool:
    if session.tls_verb == STARTTLS:
        return False
    return session.tls_verb != "" or session.remote_port in _INTERNAL_PORTS
