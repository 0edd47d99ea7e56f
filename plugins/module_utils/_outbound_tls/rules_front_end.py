# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail that leaves through a Front End Transport service: where what fails is to be looked for."""

from __future__ import annotations

from .case import Case
from .causes import Explanation, explain_word
from .evidence import UNKNOWN_CREDENTIALS
from .finding import Confidence, Finding, FindingId, Severity
from .front_end import security_status
from .rules_silence import LOOK_AT_LOG, healthy
from .telling import by_session, finding, mail, other_cause, quotes, unproven


def frontend_proxy(case: Case) -> Finding | None:
    """A front end presents the certificate, here or on another server. Other rules judge what its own log tells."""
    if not case.connector.frontend_proxy or case.story.open_failure is not None:
        return None
    if not case.mail_waits or (not case.is_source and case.story.success is not None):
        return healthy(case)
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
        return unproven(case, f"{mail(case)} for {names}, whose log is silent.", LOOK_AT_LOG)
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
        return healthy(case)
    may = "" if is_named else "perhaps "
    return unproven(
        case,
        f"{mail(case)} {may}for the Front End Transport service here, whose log does not show why.",
        LOOK_AT_LOG,
    )
