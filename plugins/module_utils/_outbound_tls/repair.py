# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role may do for a connector on this server, and how sure it is that a run would do it.

CERTAIN is what a run does. CONDITIONAL is what a run would do if something that only it can find out turns out so: what
a silent log will say, whether Exchange refuses. Nothing is ever bound without evidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from .._exchange.certificate import Certificate
from .._exchange.connector import LoggingLevel
from .binding import BindingWish, plan_binding
from .binding_state import BindingState
from .case import Case
from .evidence import Doubt, Doubted
from .finding import Confidence, Finding, FindingId, FindingKind
from .plan import Refused


class Certainty(Enum):
    """How sure it is that a run takes a step."""

    CERTAIN = "certain"
    CONDITIONAL = "conditional"
    NO = "no"


@dataclass(frozen=True)
class Step:
    """One step: whether it is taken, why, and on what (thumbprints to bind, identities of queues to retry).

    ``refused`` tells that the step would cure, but a rule forbids it; then ``reason`` is the refusal.
    """

    certainty: Certainty
    reason: str
    targets: tuple[str, ...] = ()
    refused: bool = False


@dataclass(frozen=True)
class Repair:
    """The three steps that change something, in their order."""

    raise_logging: Step
    bind: Step
    retry: Step


def plan_repair(case: Case, finding: Finding) -> Repair:
    """Return what the role may do about a finding."""
    raising = _raise_logging(case, finding)
    bind = _bind(case, finding, raising)
    return Repair(raising, bind, _retry(case, finding, raising, bind))


def _raise_logging(case: Case, finding: Finding) -> Step:
    """Verbose shows the culprit where the log is silent, and proves the cure where it is not."""
    connector = case.connector
    if not case.is_source:
        return _no("the servers whose mail waits raise it")
    is_elsewhere = finding.id is FindingId.FRONTEND_PROXY or (
        finding.id is FindingId.FRONTEND_HOP and finding.confidence is not Confidence.CERTAIN
    )
    if finding.kind not in (FindingKind.CERTIFICATE_NOT_BOUND, FindingKind.NO_EVIDENCE) and not is_elsewhere:
        return _no("the finding does not need the log")
    if connector.tls_certificate_name is None or connector.ignore_starttls:
        return _no("the log of this connector would not tell")
    if case.reading.log.path is None:
        return _no("this server writes no Send protocol log (SendProtocolLogPath is empty)")
    if finding.kind is FindingKind.CERTIFICATE_NOT_BOUND:
        return Step(Certainty.CERTAIN, "the log is to prove the cure")
    if not case.has_symptom:
        return _no("no mail is stuck with an error that a certificate may be the reason of")
    # Which server's store counts is the front end's secret until the log speaks.
    if not case.unbound_somewhere and not connector.frontend_proxy:
        return _no("on no source server that could be read a certificate of the connector's name lacks SMTP")
    if case.change_may_be_refused and connector.logging_level is not LoggingLevel.VERBOSE:
        first = connector.source_servers[0]
        return Step(
            Certainty.CONDITIONAL,
            f"Exchange may refuse: on {first}, the first source server, a certificate of that name lacks SMTP, or its "
            f"certificates are unknown",
        )
    return Step(Certainty.CERTAIN, "the log is to tell which certificate fails")


def _bind(case: Case, finding: Finding, raising: Step) -> Step:
    if finding.kind is FindingKind.CERTIFICATE_NOT_BOUND and case.evidence is not None:
        return _bind_culprits(case, case.evidence.thumbprints)
    if finding.kind is not FindingKind.NO_EVIDENCE or (raising.certainty is Certainty.NO and case.is_source):
        return _no("there is no evidence that a certificate is not bound")
    allowed = tuple(each.thumbprint for each in case.candidates if _refusal(case, each) is None)
    if not allowed:
        return _no("no certificate of the connector's name could be bound on this server")
    return Step(
        Certainty.CONDITIONAL, "the log must name one of them, or Exchange must refuse because of them", allowed
    )


def _bind_culprits(case: Case, thumbprints: tuple[str, ...]) -> Step:
    culprits = [each for each in case.named if each.thumbprint in thumbprints]
    refusal = next((refusal for each in culprits if (refusal := _refusal(case, each))), None)
    if refusal is not None:
        return Step(Certainty.NO, refusal, refused=True)
    return Step(Certainty.CERTAIN, "the evidence names it", thumbprints)


def _refusal(case: Case, certificate: Certificate) -> str | None:
    """Return why the rules of binding forbid a certificate; they are the same that the binding itself asks."""
    reading = case.reading
    state = BindingState(
        server=reading.server.fqdn,
        is_edge=reading.server.is_edge,
        certificates=reading.certificates,
        wanted=certificate,
        default_certificate=reading.transport.default_certificate,
    )
    try:
        plan_binding(BindingWish(certificate.thumbprint), state)
    except Refused as refused:
        return str(refused)
    return None


def _retry(case: Case, finding: Finding, raising: Step, bind: Step) -> Step:
    """A retry shows the culprit, delivers after the cure, and tells whether a bound certificate still fails."""
    queues = tuple(queue.identity for queue in case.stuck if queue.status.lower() == "retry")
    if not queues:
        return _no("no queue waits for a retry")
    if bind.refused:
        return _no("the binding is refused")
    if _may_be_cured(case, finding):
        return Step(Certainty.CERTAIN, "it tells whether the certificate fails since it is bound", queues)
    if finding.kind is FindingKind.HEALTHY:
        return Step(Certainty.CERTAIN, "what was wrong is cured", queues)
    if finding.kind is FindingKind.CERTIFICATE_NOT_BOUND or raising.certainty is not Certainty.NO:
        return Step(Certainty.CERTAIN, "it makes Exchange try at once", queues)
    return _no("the reason is another one, and a retry would not change it")


def _may_be_cured(case: Case, finding: Finding) -> bool:
    """Tell whether the failing session may be older than the binding, as after a run that died in between."""
    bound = isinstance(case.judged, Doubted) and case.judged.doubt is Doubt.HAS_SMTP
    return bound and finding.id is FindingId.KEY_UNUSABLE and finding.confidence is not Confidence.CERTAIN


def _no(reason: str) -> Step:
    return Step(Certainty.NO, reason)


def repair_result(repair: Repair) -> dict[str, Any]:
    """Return the steps as modules return them."""
    return {
        "raise_logging": _step(repair.raise_logging),
        "bind": {**_step(repair.bind), "thumbprints": list(repair.bind.targets), "refused": repair.bind.refused},
        "retry": {**_step(repair.retry), "queues": list(repair.retry.targets)},
    }


def _step(step: Step) -> dict[str, Any]:
    return {"certainty": step.certainty.value, "reason": step.reason}
