# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Send log tells: how TLS failed, or where else a session ended."""

from __future__ import annotations

from typing import Final

from .._exchange.last_error import classify_last_error
from .._exchange.protocol_log import Whose
from .case import Case
from .causes import NO_PRIVATE_KEY, Explanation, explain_word
from .evidence import NO_CREDENTIALS, UNKNOWN_CREDENTIALS, UNSEEN, Doubt, Doubted, Grade
from .finding import Confidence, Finding, FindingId, Severity
from .session_end import explain_end, masked, rejection
from .telling import by_session, enabling, finding, mail, other_cause, unproven

_RESTART: Final = "Restart-Service MSExchangeTransport"
_RESTART_FRONT_END: Final = "Restart-Service MSExchangeFrontEndTransport"


def not_bound(case: Case) -> Finding | None:
    """KB 4051498, by evidence."""
    evidence = case.evidence
    if evidence is None:
        return None
    certificates = " and ".join(evidence.thumbprints)
    said = (
        "Exchange refuses to change the connector because of it"
        if evidence.grade is Grade.REFUSAL
        else "TLS fails with UnknownCredentials"
    )
    return finding(
        case,
        FindingId.CERTIFICATE_NOT_BOUND,
        f"certificate {certificates} is not enabled for SMTP, so {said}; {mail(case)}.",
        confidence=Confidence.PROBABLE if evidence.grade in UNSEEN else Confidence.CERTAIN,
        severity=Severity.ERROR if case.mail_waits else Severity.WARNING,
        remedy=f"Enable {certificates} for SMTP on {case.reading.server.fqdn}, and answer No to the question about the "
        f"default certificate (KB 4051498).",
        word="UnknownCredentials" if evidence.session else "",
        thumbprints=evidence.thumbprints,
        evidence=evidence,
        lines=tuple(enabling(case.reading.server.fqdn, each) for each in evidence.thumbprints),
    )


def doubted(case: Case) -> Finding | None:
    """UnknownCredentials, and something does not fit."""
    doubt = case.judged
    if not isinstance(doubt, Doubted):
        return None
    if doubt.doubt is Doubt.HAS_SMTP:
        return _bound_already(case, doubt)
    if doubt.doubt is Doubt.NO_KEY:
        return by_session(case, NO_PRIVATE_KEY, doubt.session, doubt.thumbprint)
    if doubt.doubt is Doubt.NOT_IN_STORE:
        return _not_listed(case, doubt)
    told = {
        Doubt.UNTOLD: "TLS fails with UnknownCredentials, and the log does not prove with which certificate",
        Doubt.CONTRADICTED: f"the log's names of certificate {doubt.thumbprint} are not those in the store",
        Doubt.NOT_NAMED: f"TLS failed with certificate {doubt.thumbprint}, which the connector does not name now",
        Doubt.SERVICES_UNKNOWN: f"TLS fails with certificate {doubt.thumbprint}, whose services are unknown",
    }[doubt.doubt]
    return unproven(
        case,
        f"{told}.",
        "Retry the queue and read the log again; look at the certificates with Get-ExchangeCertificate.",
        session=doubt.session,
        thumbprint=doubt.thumbprint,
    )


def _bound_already(case: Case, doubted: Doubted) -> Finding | None:
    """SMTP is there. The row may be older than the binding, unless it is newer than the look that ``since`` names."""
    if not case.mail_waits:
        return unproven(
            case,
            f"TLS failed with certificate {doubted.thumbprint}, which is enabled for SMTP now; no later session tells.",
            "Send a message through the connector, and read the log again.",
            session=doubted.session,
            thumbprint=doubted.thumbprint,
        )
    if case.is_source and not case.has_symptom:
        return None
    restart = _RESTART_FRONT_END if case.connector.frontend_proxy else _RESTART
    explanation = Explanation(
        FindingId.KEY_UNUSABLE,
        f"certificate {doubted.thumbprint} is enabled for SMTP already, and its key could not be used",
        f"Retry the queue. If it fails again, look at the key: its provider and file (certutil -store My "
        f"{doubted.thumbprint}), a Deny for NETWORK SERVICE, event 36870. Then, when the hour allows it: {restart}.",
    )
    since = case.reading.since
    is_new = since is not None and since.is_before(doubted.session)
    confidence = Confidence.CERTAIN if is_new else Confidence.PROBABLE
    return by_session(case, explanation, doubted.session, doubted.thumbprint, confidence)


def _not_listed(case: Case, doubted: Doubted) -> Finding:
    reason = case.reading.hidden.get(doubted.thumbprint)
    if reason:
        if "PrivateKeyMissing" in reason:
            return by_session(case, NO_PRIVATE_KEY, doubted.session, doubted.thumbprint)
        meaning = f"Exchange cannot use certificate {doubted.thumbprint} ({reason})"
        remedy = "Import it again with its private key (PFX), into a provider that Exchange supports, then enable it."
        explanation = Explanation(FindingId.KEY_UNUSABLE, meaning, remedy)
    else:
        meaning = f"TLS failed with certificate {doubted.thumbprint}, which is not in this server's list"
        remedy = "Retry the queue: it may have been replaced since. Else import it with its private key (PFX)."
        explanation = Explanation(FindingId.CERTIFICATE_GONE, meaning, remedy)
    return by_session(case, explanation, doubted.session, doubted.thumbprint, Confidence.PROBABLE)


def other_tls_error(case: Case) -> Finding | None:
    """The log names another error. The queue's own is newer, where it is of another kind; NoCredentials stays."""
    failure = case.story.open_failure
    if failure is None or failure.tls_error.lower() == UNKNOWN_CREDENTIALS:
        return None
    word = failure.tls_error.lower()
    says_the_same = case.stuck and classify_last_error(case.loudest.last_error).word.lower() == word
    if case.stuck and not (case.has_symptom or says_the_same) and word != NO_CREDENTIALS:
        return None
    ours = [each.thumbprint for each in failure.certificates if each.whose is Whose.OURS]
    explanation = masked(failure) or explain_word(failure.tls_error)
    return by_session(case, explanation, failure, ours[-1] if ours else "")


def session_end(case: Case) -> Finding | None:
    """The latest session ended elsewhere than in TLS: before it, in a reply, or for want of an offer."""
    session = case.story.latest
    if not case.stuck or session is None or case.is_outdated(session.ended):
        return None
    ended = explain_end(session, insists_on_tls=case.connector.insists_on_tls)
    if ended is None:
        return None
    explanation, word = ended
    return other_cause(case, explanation, Confidence.CERTAIN, word=word, session=session)


def rejected(case: Case) -> Finding | None:
    """The other end refuses our certificate for good: the queue is empty, and mail goes back to its senders."""
    session = case.story.latest
    if case.mail_waits or session is None:
        return None
    refusal = rejection(session)
    if refusal is None:
        return None
    explanation, word = refusal
    return other_cause(
        case,
        explanation,
        Confidence.CERTAIN,
        word=word,
        session=session,
        state=f"{session.rejected} of the messages of the latest session went back to their senders",
        severity=Severity.ERROR,
    )
