# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left to say where neither the logs nor the queue name a reason."""

from __future__ import annotations

from typing import Final

from .._exchange.last_error import ErrorFamily, classify_last_error
from .._exchange.moments import moment_text
from .candidates import lacks_smtp
from .case import Case
from .causes import Explanation
from .finding import Confidence, Finding, FindingId, Severity
from .log_story import negotiated_at
from .telling import finding, held, mail, other_cause, unproven

LET_IT_LOG: Final = "Set-TransportService -SendProtocolLogPath lets this server write a Send log; then run again."
BY_THE_REPAIR: Final = (
    "mailops.exchange.repair --check shows what the repair would do; it makes the log speak and binds only what that "
    "proves."
)
MAY_BE_REFUSED: Final = (
    "Exchange may refuse to set it while a certificate of the name lacks SMTP; the refusal names the cause then."
)
LOOK_AT_LOG: Final = "Set ProtocolLoggingLevel to Verbose, retry the queue, and read the Send log."


def cured(case: Case) -> Finding | None:
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


def names_nothing(case: Case) -> Finding | None:
    """Only an explicit name makes Exchange take a certificate whose key it cannot read (published analysis of 2013)."""
    if not case.stuck or case.connector.tls_certificate_name is not None:
        return None
    meaning = "it has no TlsCertificateName, without which Exchange never takes a certificate that is not bound"
    remedy = f"Look at the network and the other end first. {LOOK_AT_LOG}"
    return other_cause(case, Explanation(FindingId.CERTIFICATE_NAME_MISSING, meaning, remedy), Confidence.PROBABLE)


def never_starts_tls(case: Case) -> Finding | None:
    """The other end demands STARTTLS, and the connector is told never to use it."""
    demanded = case.stuck and classify_last_error(case.loudest.last_error).family is ErrorFamily.STARTTLS_REQUIRED
    return ignores_starttls(case) if demanded else None


def ignores_starttls(case: Case) -> Finding | None:
    """Whatever keeps mail back, it is no certificate."""
    if not case.stuck or not case.connector.ignore_starttls:
        return None
    meaning = "it ignores STARTTLS, so no certificate is used"
    remedy = "Set-SendConnector -IgnoreSTARTTLS $false, if the other end wants TLS; else look at it and the network."
    return other_cause(case, Explanation(FindingId.STARTTLS_IGNORED, meaning, remedy), Confidence.PROBABLE)


def suspected(case: Case) -> Finding | None:
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
        remedy = LOOK_AT_LOG if case.reading.log.path is not None else LET_IT_LOG
        return unproven(case, f"{mail(case)} with {symptom}, and the log cannot tell why: {why}", remedy)
    if case.candidates:
        names = " and ".join(each.thumbprint for each in case.candidates)
        return unproven(
            case,
            f"{mail(case)} with {symptom}; certificate {names} lacks SMTP, but the log is silent.",
            " ".join((LOOK_AT_LOG, *((MAY_BE_REFUSED,) if case.change_may_be_refused else ()), BY_THE_REPAIR)),
        )
    if not case.named:
        return unproven(
            case,
            f"{mail(case)} with {symptom}; Exchange lists no certificate of the connector's name here, and the log is "
            f"silent.",
            f"Look whether the certificate has its private key: certutil -store My (KB 4495258). {LOOK_AT_LOG}",
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
        return unproven(case, f"{mail(case)} with {symptom}, and the log is silent.", LOOK_AT_LOG)
    unbindable = [each for each in case.named if lacks_smtp(each)]
    if unbindable:
        states = " and ".join(f"{each.thumbprint} ({each.status.value})" for each in unbindable)
        return unproven(
            case,
            f"{mail(case)} with {symptom}; certificate {states} of its name lacks SMTP and must not be bound.",
            "Import its renewal with the private key (PFX), bind that to SMTP, and remove the old certificate.",
        )
    meaning = f"every certificate of its name is enabled for SMTP, though the queue says {symptom}"
    return other_cause(case, Explanation(FindingId.UNKNOWN_ERROR, meaning, LOOK_AT_LOG), Confidence.PROBABLE)


def sent_in_clear(case: Case) -> Finding | None:
    """Mail left unencrypted though the other end offers TLS, and nothing proves why."""
    if case.story.in_clear is None or case.mail_waits or case.connector.ignore_starttls:
        return None
    return unproven(
        case,
        "mail has left unencrypted though the other end offers TLS, and the log does not prove why.",
        f"Look at the certificates that the connector may present. RequireTLS lets mail wait instead. {LOOK_AT_LOG}",
        session=case.story.in_clear,
    )


def idle_and_unbound(case: Case) -> Finding | None:
    """Nothing waits. With opportunistic TLS that proves nothing: Exchange sends in clear when TLS fails."""
    if not case.candidates or case.story.succeeded_last:
        return None
    names = " and ".join(each.thumbprint for each in case.candidates)
    risk = "mail will wait" if case.connector.insists_on_tls else "mail may be leaving unencrypted"
    return unproven(
        case,
        f"nothing is stuck, but certificate {names} of the connector's name lacks SMTP: {risk} when Exchange takes "
        f"it.{held(case)}",
        f"Enable it for SMTP in time, and answer No to the question about the default. {LOOK_AT_LOG}",
    )


def healthy(case: Case) -> Finding:
    if not case.is_source:
        told = "nothing speaks of a certificate that its Front End Transport service cannot use."
        return finding(case, FindingId.HEALTHY, told, confidence=Confidence.PROBABLE, severity=Severity.INFO)
    confidence = Confidence.CERTAIN if case.story.success else Confidence.PROBABLE
    has = "has" if confidence is Confidence.CERTAIN else "is known to have"
    return finding(
        case,
        FindingId.HEALTHY,
        f"no mail is stuck, and nothing {has} failed because a certificate is not bound.{held(case)}",
        confidence=confidence,
        severity=Severity.INFO,
    )
