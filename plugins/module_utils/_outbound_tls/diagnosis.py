# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why mail of one connector is stuck on one server, or why it may leave unencrypted: one finding.

The rules stand in the order in which they are asked, and the first that knows an answer gives it. The log is asked
before the queue: a queue's text is a hint, a row of the log is proof.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from .._exchange.last_error import ErrorFamily, classify_last_error
from .._exchange.moments import moment_text
from .._exchange.protocol_log import Whose
from .candidates import lacks_smtp
from .case import Case
from .causes import NO_PRIVATE_KEY, Explanation, explain_family, explain_word
from .evidence import NO_CREDENTIALS, UNKNOWN_CREDENTIALS, UNSEEN, Doubt, Doubted, Grade
from .finding import Confidence, Finding, FindingId, Severity
from .front_end import security_status
from .log_story import connect_error, negotiated_at
from .stuck import has_tls_symptom
from .telling import by_session, enabling, finding, held, mail, other_cause, quotes, unproven

_RESTART: Final = "Restart-Service MSExchangeTransport"
_RESTART_FRONT_END: Final = "Restart-Service MSExchangeFrontEndTransport"
_LET_IT_LOG: Final = "Set-TransportService -SendProtocolLogPath lets this server write a Send log; then run again."
_LOOK_AT_LOG: Final = "Set ProtocolLoggingLevel to Verbose, retry the queue, and read the Send log."


def diagnose(case: Case) -> Finding:
    """Return the finding of the first rule that applies."""
    return next(found for rule in _RULES if (found := rule(case)) is not None)


def _out_of_service(case: Case) -> Finding | None:
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


def _frontend_proxy(case: Case) -> Finding | None:
    """A front end presents the certificate, here or on another server. Other rules judge what its own log tells."""
    if not case.connector.frontend_proxy or case.story.open_failure is not None:
        return None
    if not case.mail_waits or (not case.is_source and case.story.success is not None):
        return _healthy(case)
    return _through_front_end(case) if case.is_source else _front_end_silent(case)


def _through_front_end(case: Case) -> Finding | None:
    """Mail waits here, and the front end of this server has not been seen to fail."""
    names = " or ".join(case.front_ends) or "a front end that only the log names"
    if case.way_is_broken:
        return _broken_way(case, names)
    word = security_status(case.hop, case.stuck)
    if word and word.lower() != UNKNOWN_CREDENTIALS:
        told = explain_word(word)
        explained = Explanation(told.id, f"on the front end {names}, {told.meaning}", f"On {names}: {told.remedy}")
        return other_cause(case, explained, Confidence.PROBABLE, word=word)
    if not case.has_symptom or case.connector.tls_certificate_name is None or case.connector.ignore_starttls:
        return None
    others = [each for each in case.front_ends if not case.reading.server.is_called(each)]
    if not others:
        return unproven(case, f"{mail(case)} for {names}, whose log is silent.", _LOOK_AT_LOG)
    names = " or ".join(others)
    remedy = (
        f"Run the repair on {names} together with {case.reading.server.fqdn}, in one batch: the log that names the "
        f"certificate is there, and there it has to be bound."
    )
    said = f", where TLS fails with {word}:" if word else ":"
    return finding(
        case,
        FindingId.FRONTEND_PROXY,
        f"{mail(case)} for the Front End Transport service of {names}{said} that server presents "
        f"the certificate, and what has to be bound is bound there.",
        confidence=Confidence.PROBABLE,
        severity=Severity.ERROR,
        remedy=remedy,
        word=word,
        quotes=quotes(case, None),
    )


def _broken_way(case: Case, names: str) -> Finding:
    """Between Exchange servers stand the default certificates: what fails here is never the connector's."""
    hop = case.hop
    said = f" with {hop.tls_error}" if hop is not None and hop.tls_error else ""
    meaning = f"the way to the front end {names} (port 717) fails{said}, where the default certificates are used"
    remedy = (
        f"Look at the default certificates of {case.reading.server.fqdn} and {names}: their keys and NETWORK SERVICE, "
        f"event 36870; then at port 717 between them."
    )
    explanation = Explanation(FindingId.FRONTEND_HOP, meaning, remedy)
    if hop is None:
        return other_cause(case, explanation, Confidence.PROBABLE)
    return by_session(case, explanation, hop)


def _front_end_silent(case: Case) -> Finding:
    """Another server's mail waits for the front end of this one, or for one that nothing names."""
    is_named = any(each.front_end for each in case.proxied)
    if not is_named and (not case.candidates or any(each.session for each in case.proxied)):
        return _healthy(case)
    may = "" if is_named else "perhaps "
    return unproven(
        case,
        f"{mail(case)} {may}for the Front End Transport service here, whose log does not show why.",
        _LOOK_AT_LOG,
    )


def _not_bound(case: Case) -> Finding | None:
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
        severity=Severity.ERROR,
        remedy=f"Enable {certificates} for SMTP on {case.reading.server.fqdn}, and answer No to the question about the "
        f"default certificate (KB 4051498).",
        word="UnknownCredentials" if evidence.session else "",
        thumbprints=evidence.thumbprints,
        evidence=evidence,
        lines=tuple(enabling(case.reading.server.fqdn, each) for each in evidence.thumbprints),
    )


def _doubted(case: Case) -> Finding | None:
    """UnknownCredentials, and something does not fit."""
    doubted = case.judged
    if not isinstance(doubted, Doubted):
        return None
    if doubted.doubt is Doubt.HAS_SMTP:
        return _bound_already(case, doubted)
    if doubted.doubt is Doubt.NO_KEY:
        return by_session(case, NO_PRIVATE_KEY, doubted.session, doubted.thumbprint)
    if doubted.doubt is Doubt.NOT_IN_STORE:
        return _not_listed(case, doubted)
    told = {
        Doubt.UNTOLD: "TLS fails with UnknownCredentials, and the log does not prove with which certificate",
        Doubt.CONTRADICTED: f"the log's names of certificate {doubted.thumbprint} are not those in the store",
        Doubt.NOT_NAMED: f"TLS failed with certificate {doubted.thumbprint}, which the connector does not name now",
        Doubt.SERVICES_UNKNOWN: f"TLS fails with certificate {doubted.thumbprint}, whose services are unknown",
    }[doubted.doubt]
    return unproven(
        case,
        f"{told}.",
        "Retry the queue and read the log again; look at the certificates with Get-ExchangeCertificate.",
        session=doubted.session,
        thumbprint=doubted.thumbprint,
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


def _other_tls_error(case: Case) -> Finding | None:
    """The log names another error. The queue's own is newer, where it is of another kind; NoCredentials stays."""
    failure = case.story.open_failure
    if failure is None or failure.tls_error.lower() == UNKNOWN_CREDENTIALS:
        return None
    if case.stuck and not case.has_symptom and failure.tls_error.lower() != NO_CREDENTIALS:
        return None
    ours = [each.thumbprint for each in failure.certificates if each.whose is Whose.OURS]
    return by_session(case, explain_word(failure.tls_error), failure, ours[-1] if ours else "")


def _other_queue_error(case: Case) -> Finding | None:
    if not case.stuck or has_tls_symptom(case.loudest):
        return None
    error = classify_last_error(case.loudest.last_error)
    return other_cause(case, explain_family(error.family, error.word), Confidence.PROBABLE, word=error.word)


def _unreached(case: Case) -> Finding | None:
    """The queue's text may mean either, and the log shows that nobody came so far as to speak of certificates."""
    session = case.story.unreached
    if not case.stuck or session is None:
        return None
    word = connect_error(session)
    told = explain_family(ErrorFamily.SOCKET, word)
    return other_cause(case, told, Confidence.CERTAIN, word=word, session=session)


def _cured(case: Case) -> Finding | None:
    success = case.story.success
    if not case.stuck or success is None or not case.cured_since_last_try:
        return None
    return finding(
        case,
        FindingId.HEALTHY,
        f"TLS was established at {moment_text(negotiated_at(success))}, later than the last attempt of the queue, so "
        f"{mail(case)} for its next one.",
        confidence=Confidence.CERTAIN,
        severity=Severity.INFO,
        remedy="Retry the queue, or wait for NextRetryTime.",
    )


def _names_nothing(case: Case) -> Finding | None:
    """Only an explicit name makes Exchange take a certificate whose key it cannot read (published analysis of 2013)."""
    if not case.stuck or case.connector.tls_certificate_name is not None:
        return None
    meaning = "it has no TlsCertificateName, without which Exchange never takes a certificate that is not bound"
    remedy = f"Look at the network and the other end first. {_LOOK_AT_LOG}"
    return other_cause(case, Explanation(FindingId.CERTIFICATE_NAME_MISSING, meaning, remedy), Confidence.PROBABLE)


def _ignores_starttls(case: Case) -> Finding | None:
    if not case.stuck or not case.connector.ignore_starttls:
        return None
    meaning = "it ignores STARTTLS, so no certificate is used"
    remedy = "Look at the network and the other end: this is no fault of a certificate."
    return other_cause(case, Explanation(FindingId.STARTTLS_IGNORED, meaning, remedy), Confidence.PROBABLE)


def _suspected(case: Case) -> Finding | None:
    """Mail is stuck with the symptom, and the log is silent."""
    if not case.stuck:
        return None
    error = classify_last_error(case.loudest.last_error)
    symptom = {
        ErrorFamily.TLS_LOCAL: "421 4.4.1",
        ErrorFamily.TLS_OR_NETWORK: "421 4.2.1",
        ErrorFamily.FRONTEND_SECURITY_STATUS: error.word,
    }.get(error.family, "no error")
    if case.reading.log.read_until is None:
        why = case.reading.log.problem or "this server writes no Send protocol log"
        remedy = _LOOK_AT_LOG if case.reading.log.path is not None else _LET_IT_LOG
        return unproven(case, f"{mail(case)} with {symptom}, and the log cannot tell why: {why}", remedy)
    if case.candidates:
        names = " and ".join(each.thumbprint for each in case.candidates)
        return unproven(
            case,
            f"{mail(case)} with {symptom}; certificate {names} lacks SMTP, but the log is silent.",
            _LOOK_AT_LOG,
        )
    if not case.named:
        return unproven(
            case,
            f"{mail(case)} with {symptom}; Exchange lists no certificate of the connector's name here, and the log is "
            f"silent.",
            f"Look whether the certificate has its private key: certutil -store My (KB 4495258). {_LOOK_AT_LOG}",
        )
    unknown = [each.thumbprint for each in case.named if each.services is None]
    if unknown:
        return unproven(
            case,
            f"{mail(case)} with {symptom}; the services of certificate {' and '.join(unknown)} are unknown, and the "
            f"log is silent.",
            f"Look at them: Get-ExchangeCertificate {unknown[0]} | Format-List Services.",
        )
    if case.unbound_somewhere:
        return unproven(case, f"{mail(case)} with {symptom}, and the log is silent.", _LOOK_AT_LOG)
    unbindable = [each for each in case.named if lacks_smtp(each)]
    if unbindable:
        states = " and ".join(f"{each.thumbprint} ({each.status.value})" for each in unbindable)
        return unproven(
            case,
            f"{mail(case)} with {symptom}; certificate {states} of its name lacks SMTP and must not be bound.",
            "Import its renewal with the private key (PFX), bind that to SMTP, and remove the old certificate.",
        )
    meaning = f"every certificate of its name is enabled for SMTP, though the queue says {symptom}"
    return other_cause(case, Explanation(FindingId.UNKNOWN_ERROR, meaning, _LOOK_AT_LOG), Confidence.PROBABLE)


def _idle_and_unbound(case: Case) -> Finding | None:
    """Nothing waits. With opportunistic TLS that proves nothing: Exchange sends in clear when TLS fails."""
    if not case.candidates or case.story.succeeded_last:
        return None
    names = " and ".join(each.thumbprint for each in case.candidates)
    risk = "mail will wait" if case.connector.insists_on_tls else "mail may be leaving unencrypted"
    return unproven(
        case,
        f"nothing is stuck, but certificate {names} of the connector's name lacks SMTP: {risk} when Exchange takes "
        f"it.{held(case)}",
        f"Enable it for SMTP in time, and answer No to the question about the default. {_LOOK_AT_LOG}",
    )


def _healthy(case: Case) -> Finding:
    if not case.is_source:
        told = "nothing speaks of a certificate that its Front End Transport service cannot use."
        return finding(case, FindingId.HEALTHY, told, confidence=Confidence.PROBABLE, severity=Severity.INFO)
    return finding(
        case,
        FindingId.HEALTHY,
        f"no mail is stuck, and nothing speaks of a certificate that is not bound.{held(case)}",
        confidence=Confidence.CERTAIN if case.story.success else Confidence.PROBABLE,
        severity=Severity.INFO,
    )


_RULES: Final[tuple[Callable[[Case], Finding | None], ...]] = (
    _out_of_service,
    _frontend_proxy,
    _not_bound,
    _doubted,
    _other_tls_error,
    _other_queue_error,
    _unreached,
    _cured,
    _names_nothing,
    _ignores_starttls,
    _suspected,
    _idle_and_unbound,
    _healthy,
)
