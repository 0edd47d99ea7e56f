# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings in words: a sentence about a connector, with what it rests on quoted."""

from __future__ import annotations

from typing import Any

from .._exchange.cmdlets import enable_exchange_certificate
from .._exchange.protocol_log import Session
from .._exchange.services import Service
from .._powershell import Command, Pipeline, foresee_no_prompt
from .case import Case
from .causes import Explanation
from .evidence import quoted_rows, row_text, where_ended
from .finding import Confidence, Finding, FindingId, Severity
from .plan import shortened


def finding(case: Case, what: FindingId, sentence: str, **rest: Any) -> Finding:
    """Return a finding about the case's connector; ``rest`` are its other fields."""
    server, connector = case.reading.server.fqdn, case.connector
    told = shortened(f'{server}, "{connector.name}": {sentence}')
    return Finding(what, server=server, connector=connector.name, guid=connector.guid, sentence=told, **rest)


def other_cause(
    case: Case,
    explanation: Explanation,
    confidence: Confidence,
    *,
    word: str = "",
    session: Session | None = None,
    thumbprint: str = "",
    said: tuple[str, ...] = (),
    where: str = "",
    state: str = "",
    severity: Severity | None = None,
) -> Finding:
    """Return what is wrong where it is not that a certificate is not bound.

    ``said`` is quoted, read at ``where``; without it the session, or what the queue says. ``state`` tells of the mail
    where that is not stuck.
    """
    return finding(
        case,
        explanation.id,
        f"{state or mail(case)}, and the reason is not that a certificate is not bound: {explanation.meaning}.",
        confidence=confidence,
        severity=severity or (Severity.ERROR if case.mail_waits else Severity.WARNING),
        remedy=explanation.remedy,
        word=word,
        thumbprints=(thumbprint,) if thumbprint else (),
        quotes=said or quotes(case, session),
        where=where or read_at(case, session),
    )


def by_session(
    case: Case,
    explanation: Explanation,
    session: Session,
    thumbprint: str = "",
    confidence: Confidence = Confidence.CERTAIN,
) -> Finding:
    """Return another cause that a session of the log tells."""
    return other_cause(case, explanation, confidence, word=session.tls_error, session=session, thumbprint=thumbprint)


def unproven(
    case: Case, sentence: str, remedy: str, *, session: Session | None = None, thumbprint: str = ""
) -> Finding:
    """Return that nothing is proven, whatever is suspected."""
    return finding(
        case,
        _unproven(case, session),
        sentence,
        confidence=Confidence.NONE,
        severity=Severity.ERROR if case.mail_waits else Severity.WARNING,
        remedy=remedy,
        thumbprints=(thumbprint,) if thumbprint else tuple(each.thumbprint for each in case.candidates),
        quotes=quotes(case, session or case.story.stale_failure),
        where=read_at(case, session or case.story.stale_failure),
    )


def _unproven(case: Case, session: Session | None) -> FindingId:
    if case.story.in_clear is not None and not case.mail_waits:
        return FindingId.SENT_IN_CLEAR
    return FindingId.SUSPECTED if case.candidates and session is None else FindingId.UNEXPLAINED


def mail(case: Case) -> str:
    """Tell how many messages wait, and where if that is not here."""
    if not case.mail_waits:
        return "no mail waits" if case.connector.insists_on_tls else "no mail waits: it may have left unencrypted"
    elsewhere = {server: count for server, count in case.waits_elsewhere.items() if count}
    count = case.stuck_messages + sum(elsewhere.values())
    where = f" on {' and '.join(elsewhere)}" if elsewhere and not case.stuck else ""
    return f"1 message waits{where}" if count == 1 else f"{count} messages wait{where}"


def quotes(case: Case, session: Session | None) -> tuple[str, ...]:
    """Quote the session that is meant, older than evidence may be or not, else what the queue says."""
    if session is not None:
        return tuple(row_text(row) for row in quoted_rows(session))
    return tuple(f"{queue.identity}: {queue.last_error}" for queue in case.stuck if queue.last_error)


def read_at(case: Case, session: Session | None) -> str:
    """Return where ``quotes`` were read."""
    if session is not None:
        return where_ended(session)
    names = [queue.identity for queue in case.stuck if queue.last_error]
    return f"LastError of {' and '.join(names)}" if names else ""


def held(case: Case) -> str:
    """Tell of suspended queues: a further sentence, empty where there are none."""
    count = len(case.suspended)
    return f" {count} of its queues {'is' if count == 1 else 'are'} suspended." if count else ""


def enabling(server: str, thumbprint: str) -> str:
    """Return the line that binds a certificate to SMTP, as an administrator would type it; it asks, and wants a No."""
    return str(enable_exchange_certificate(server, thumbprint, frozenset({Service.SMTP}), policy=foresee_no_prompt))


def on_its_server(case: Case, line: Command | Pipeline) -> str:
    """Return a line that changes the connector, and where to type it if not on this server."""
    return f"{line} # on a Mailbox server" if case.is_of_the_organisation else str(line)
