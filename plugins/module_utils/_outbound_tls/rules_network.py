# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What else tells why mail waits: the connectivity log, the queue's error, messages, and events.

The connectivity log speaks at any logging level. It tells whether a connection came about, and nothing of what was said
over it.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from .._exchange.connectivity_log import Attempt, connect_row_text
from .._exchange.event import AUTHENTICATION_FAILED, NO_CERTIFICATE, TLS_NOT_OFFERED
from .._exchange.last_error import ErrorFamily, LastError, classify_last_error
from .._exchange.message import Message
from .case import Case
from .causes import Explanation, explain_connect, explain_family
from .finding import Confidence, Finding, Severity
from .rules_silence import LOOK_AT_LOG
from .stuck import has_tls_symptom
from .support import events_about
from .telling import finding, mail, other_cause, unproven

_TELLS_NOTHING: Final = frozenset({ErrorFamily.NONE, ErrorFamily.TLS_LOCAL, ErrorFamily.TLS_OR_NETWORK})


def unconnected(case: Case) -> Finding | None:
    """The connectivity log shows that the last attempt did not come to a connection, or to an address."""
    attempts = case.last_attempts
    if not case.stuck or not attempts or any(each.has_connected for each in attempts):
        return None
    attempt = attempts[-1]
    if case.is_outdated(attempt.ended):
        return None
    if attempt.refused:
        target = attempt.refused[-1]
        word = str(target.code)
        return _by_attempt(case, attempt, explain_connect(word, target.address), word)
    if attempt.failed_lookup:
        word = attempt.failed_lookup
        return _by_attempt(case, attempt, explain_family(ErrorFamily.DNS, word), word)
    return None


def _by_attempt(case: Case, attempt: Attempt, explanation: Explanation, word: str) -> Finding:
    first = attempt.rows[0]
    return other_cause(
        case,
        explanation,
        Confidence.CERTAIN,
        word=word,
        said=tuple(connect_row_text(row) for row in attempt.rows),
        where=f"{first.file}, line {first.line}" if first.file else f"line {first.line}",
    )


def queue_error(case: Case) -> Finding | None:
    """The queue's error is none that KB 4051498 shows itself by."""
    if not case.stuck or has_tls_symptom(case.loudest):
        return None
    error = classify_last_error(case.loudest.last_error)
    if error.family is ErrorFamily.SOCKET and error.word.lower() == "timedout":
        # Before the greeting or within the handshake: an inspecting firewall or TLS, and only the log tells which.
        return unproven(
            case,
            f"{mail(case)}: the other end, or a firewall, fell silent (421 4.4.2 TimedOut), and the log is silent too.",
            LOOK_AT_LOG,
        )
    return other_cause(case, _explained(error, case.last_address), Confidence.PROBABLE, word=error.word)


def _explained(error: LastError, address: str) -> Explanation:
    if error.family is ErrorFamily.SOCKET:
        return explain_connect(error.word, address)
    return explain_family(error.family, error.word)


def deferred(case: Case) -> Finding | None:
    """The queue says nothing, and its messages do: each waits for what was answered to itself."""
    if case.stuck and classify_last_error(case.loudest.last_error).family is not ErrorFamily.NONE:
        return None
    error = _most_said(case.deferred)
    if error is None or error.family in _TELLS_NOTHING | {ErrorFamily.OTHER}:
        return None
    return _put_off(case, error)


def put_off_by_reply(case: Case) -> Finding | None:
    """Some messages wait for a reply that we have no word for, while their queue goes on: worth knowing, no more."""
    error = _most_said(case.deferred)
    if case.stuck or error is None or error.family is not ErrorFamily.OTHER:
        return None
    many = len(case.deferred)
    return finding(
        case,
        explain_family(error.family, error.word).id,
        f"the other end puts off {many} message{'' if many == 1 else 's'}, which Exchange tries again by itself.",
        confidence=Confidence.CERTAIN,
        severity=Severity.NOTICE,
        primary=False,
        remedy="Read the replies; they are quoted under evidence.",
        quotes=_words(case.deferred),
        where="LastError of messages (Get-Message)",
    )


def _put_off(case: Case, error: LastError) -> Finding:
    many = len(case.deferred)
    return other_cause(
        case,
        _explained(error, ""),
        Confidence.PROBABLE,
        word=error.word,
        said=_words(case.deferred),
        where="LastError of messages (Get-Message)",
        state="" if case.stuck else f"{many} message{' waits' if many == 1 else 's wait'} while the queue goes on",
        severity=Severity.ERROR,
    )


def _most_said(messages: tuple[Message, ...]) -> LastError | None:
    said = Counter(classify_last_error(each.last_error) for each in messages)
    return max(said, key=lambda each: said[each], default=None)


def _words(messages: tuple[Message, ...]) -> tuple[str, ...]:
    return tuple(f"{each.identity}: {each.last_error}" for each in messages[:3])


_BY_EVENT: Final = (
    (NO_CERTIFICATE, ErrorFamily.CERTIFICATE_NAME_NOT_FOUND),
    (TLS_NOT_OFFERED, ErrorFamily.STARTTLS_REQUIRED),
    (AUTHENTICATION_FAILED, ErrorFamily.AUTHENTICATION_FAILED),
)


def event(case: Case) -> Finding | None:
    """Neither the log nor the queue says anything, and Exchange has written an event about this connector."""
    if not case.stuck or classify_last_error(case.loudest.last_error).family is not ErrorFamily.NONE:
        return None
    for number, family in _BY_EVENT:
        told = events_about(case, (number,))
        if number == NO_CERTIFICATE and case.connector.tls_certificate_name is None:
            continue
        if told:
            return other_cause(
                case,
                explain_family(family, ""),
                Confidence.PROBABLE,
                said=tuple(str(each) for each in told[:1]),
                where="event log Application",
            )
    return None
