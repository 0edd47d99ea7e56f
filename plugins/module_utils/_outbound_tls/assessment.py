# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One server assessed: a finding for each of its connectors, what it rests on, and what the role may do about it.

    assessment_result(assess(reading))

returns, as exchange_outbound_tls_info does:

    server                fqdn
    version               as the server says it, like 15.2 (Build 1544.4)
    clock                 the server's own time of the look
    default_certificate   thumbprint or null
    connectors            one entry a connector that has this server among its sources, or whose mail other servers
                          have handed to the front end of this one:
        name, guid, logging_level, tls_certificate_name, require_tls, insists_on_tls, frontend_proxy
        source_servers        names, in Exchange's order
        source_server         whether this server is one of them
        first_source_server   whether this server is the first of them
        front_ends            names of the servers whose front ends were asked lately for its waiting mail
        originating_server    the domain controller that answered
        stuck_queues          queues as exchange_queue_info returns them
        suspended_queues      identities
        messages              how many have not left yet, but for those in suspended queues
        stuck_messages        how many of them are stuck
        named_certificates    this server's certificates that the connector names, as exchange_certificate_info returns
        presented             what this server may present: thumbprint (null where none is), reasons, usable (yes, no,
                              unknown), problem, subject, not_after, services
        log                   path, read_until (time, session, sequence; null when it could not be read), sessions (how
                              many of this connector), problem
        evidence              grade, thumbprints, lines, where, session, time; or null
        finding               its primary one, as below
        repair                raise_logging, bind, retry: each with certainty (certain, conditional, no) and reason;
                              bind also thumbprints, refused and side_effects (kind, name, before, after), retry
                              also queues
        proof                 since, proven, sessions, established, accepted, accepted_in_clear, answered, rejected,
                              thumbprints, tls_errors, replies; null without the option since
        front_end_log         path, sessions, problem; null unless the front end's log was asked
    proxied               sessions that were handed to front ends and did not get waiting mail away: session, connector,
                          guid, server, front_end, time, age, messages
    findings              all findings, the gravest first: id, kind, severity, primary, server, connector, guid,
                          message, qualifiers, word, thumbprints, when, confidence, evidence (grade, thumbprints,
                          lines, where), remedy, lines, repairable_by_role
    unobserved            what could not be told, and what that needs: what, needs
    certificates          all of the server, as exchange_certificate_info returns them
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from .._exchange.certificate import certificate_result
from .._exchange.edge import edge_standing_result
from .._exchange.moments import moment_text
from .._exchange.queue import queue_result
from .._exchange.send_log import position_result
from .case import Case, make_case
from .diagnosis import beside, diagnose
from .evidence import evidence_result
from .finding import Finding, finding_result, gravity
from .front_end import proxied_result
from .prediction import predict, with_predictions
from .presented import Presented, presented, presented_result
from .proof import Proof, proof_result, prove, prove_through_front_ends
from .reading import Reading
from .relayed import relayed
from .repair import Certainty, Repair, plan_repair, repair_result
from .side_effects import SideEffect, side_effect_result, side_effects
from .unobserved import unobserved, unobserved_result

WARN_DAYS: Final = 30


@dataclass(frozen=True)
class ConnectorAssessment:
    """A connector on this server. ``finding`` is its root cause, ``beside`` what else is worth knowing, and what will
    fail. ``presented`` is what the server may present for it, ``side_effects`` what else its binding would change.

    ``proof`` is None when the reading does not say since when mail should leave.
    """

    case: Case
    finding: Finding
    repair: Repair
    proof: Proof | None
    beside: tuple[Finding, ...] = ()
    presented: tuple[Presented, ...] = ()
    side_effects: tuple[SideEffect, ...] = ()


@dataclass(frozen=True)
class Assessment:
    """A server and all connectors that have it among their sources; ``beside`` are findings about the server alone."""

    reading: Reading
    connectors: tuple[ConnectorAssessment, ...]
    beside: tuple[Finding, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return all findings, the gravest first."""
        found = [one for each in self.connectors for one in (each.finding, *each.beside)]
        return tuple(sorted([*found, *self.beside], key=gravity))


def assess(reading: Reading, *, warn_days: int = WARN_DAYS) -> Assessment:
    """Judge everything that a reading holds; ``warn_days`` is how many days ahead an expiry is told."""
    connectors = tuple(_assess(make_case(reading, connector), warn_days) for connector in reading.connectors)
    return Assessment(reading, connectors, relayed(reading))


def _assess(case: Case, warn_days: int) -> ConnectorAssessment:
    reading, found = case.reading, diagnose(case)
    entries = presented(
        reading.certificates, case.connector, reading.server, reading.clock, reading.transport.default_certificate
    )
    finding, predictions = with_predictions(case, found, predict(case, entries, found, warn_days))
    repair = plan_repair(case, finding)
    bindable = repair.bind.certainty is Certainty.CERTAIN
    remedy = repair.bind.reason if repair.bind.refused else finding.remedy
    return ConnectorAssessment(
        case=case,
        finding=replace(finding, repairable=bindable, remedy=remedy),
        repair=repair,
        proof=_proof(case),
        beside=(*beside(case), *predictions),
        presented=entries,
        side_effects=side_effects(reading, repair.bind.targets),
    )


def _proof(case: Case) -> Proof | None:
    """A front end's log does not hold what became of mail: the server that handed it over tells."""
    since, connector = case.reading.since, case.connector
    if since is None or not case.is_source:
        return None
    sessions = case.reading.sessions_of(connector)
    if connector.frontend_proxy:
        return prove_through_front_ends(sessions, since, insists_on_tls=connector.insists_on_tls)
    return prove(sessions, since)


def assessment_result(assessment: Assessment) -> dict[str, Any]:
    """Return an assessment as the module returns it; its shape is this file's docstring."""
    reading = assessment.reading
    return {
        "server": reading.server.fqdn,
        "version": reading.server.version,
        "clock": moment_text(reading.clock),
        "edge": edge_standing_result(reading.edge),
        "default_certificate": reading.transport.default_certificate,
        "certificates": [certificate_result(each) for each in reading.certificates],
        "connectors": [_connector_result(each) for each in assessment.connectors],
        "proxied": [proxied_result(one) for each in assessment.connectors for one in each.case.handed_over],
        "findings": [finding_result(each) for each in assessment.findings],
        "unobserved": [unobserved_result(each) for each in unobserved(reading, assessment.findings)],
    }


def _connector_result(assessed: ConnectorAssessment) -> dict[str, Any]:
    case, connector, log = assessed.case, assessed.case.connector, assessed.case.reading.log
    name = connector.tls_certificate_name
    return {
        "name": connector.name,
        "guid": connector.guid,
        "logging_level": connector.logging_level.value,
        "tls_certificate_name": None if name is None else str(name),
        "require_tls": connector.require_tls,
        "insists_on_tls": connector.insists_on_tls,
        "frontend_proxy": connector.frontend_proxy,
        "source_servers": list(connector.source_servers),
        "source_server": case.is_source,
        "first_source_server": case.is_first_source,
        "front_ends": list(case.front_ends),
        "originating_server": connector.originating_server,
        "stuck_queues": [queue_result(queue) for queue in case.stuck],
        "suspended_queues": [queue.identity for queue in case.suspended],
        "messages": case.messages,
        "stuck_messages": case.stuck_messages,
        "named_certificates": [certificate_result(each) for each in case.named],
        "log": {
            "path": log.path,
            "read_until": position_result(log.read_until),
            "sessions": len(case.reading.sessions_of(connector)),
            "problem": log.problem,
        },
        "presented": [presented_result(each) for each in assessed.presented],
        "evidence": evidence_result(case.evidence),
        "finding": finding_result(assessed.finding),
        "repair": _repair_result(assessed),
        "proof": proof_result(assessed.proof),
        "front_end_log": _front_end_log_result(case),
    }


def _repair_result(assessed: ConnectorAssessment) -> dict[str, Any]:
    result = repair_result(assessed.repair)
    effects = [side_effect_result(each) for each in assessed.side_effects]
    return {**result, "bind": {**result["bind"], "side_effects": effects}}


def _front_end_log_result(case: Case) -> dict[str, Any] | None:
    log = case.reading.front_end
    if log is None or not case.connector.frontend_proxy:
        return None
    return {
        "path": log.path,
        "sessions": len(case.reading.negotiated_for(case.connector)),
        "problem": log.problem,
    }
