# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a diagnosis says: findings, each with an id that stays the same over versions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum
from typing import Any, Final

from .._exchange.moments import moment_text
from .evidence import Evidence, evidence_result


class FindingKind(Enum):
    """What a finding is to whoever acts on it, the gravest first.

    NO_EVIDENCE is never "healthy": something may be wrong, and nothing proves what. A PREDICTION is about what has not
    happened yet.
    """

    CERTIFICATE_NOT_BOUND = "certificate_not_bound"
    OTHER_CAUSE = "other_cause"
    NO_EVIDENCE = "no_evidence"
    PREDICTION = "prediction"
    HEALTHY = "healthy"


class FindingId(Enum):
    """What exactly is meant. What is true of some of them only is said by a finding's qualifiers.

    UNEXPLAINED: mail waits, or TLS failed, and nothing tells why. SUSPECTED: the same while a certificate of the
    connector's name lacks SMTP. SENT_IN_CLEAR: mail left unencrypted, and nothing proves which certificate is to
    blame. HELD_BACK: mail that nobody resumes expires in its queue. FRONTEND_HOP: the way to a front end fails;
    FRONTEND_PROXY: what fails is to be found on that front end.
    """

    CERTIFICATE_NOT_BOUND = "certificate_not_bound"

    KEY_UNUSABLE = "key_unusable"
    CERTIFICATE_GONE = "certificate_gone"
    NO_PRIVATE_KEY = "no_private_key"
    CERTIFICATE_NAME_NOT_FOUND = "certificate_name_not_found"
    CERTIFICATE_NAME_MISSING = "certificate_name_missing"
    PEER_CERTIFICATE = "peer_certificate"
    REFUSED_BY_PEER = "refused_by_peer"
    TLS_MISMATCH = "tls_mismatch"
    NOT_TLS = "not_tls"
    PORT_CLOSED = "port_closed"
    CONNECTION_REFUSED = "connection_refused"
    NO_ROUTE = "no_route"
    IPV6_ROUTE = "ipv6_route"
    SMTP_INSPECTION = "smtp_inspection"
    STARTTLS_NOT_OFFERED = "starttls_not_offered"
    STARTTLS_IGNORED = "starttls_ignored"
    DNS = "dns"
    AUTHENTICATION = "authentication"
    RECEIVE_TIMEOUT = "receive_timeout"
    PEER_TIMEOUT = "peer_timeout"
    LOAD = "load"
    FRONTEND_PROXY = "frontend_proxy"
    FRONTEND_HOP = "frontend_hop"
    RELAYED = "relayed"
    MAINTENANCE = "maintenance"
    UNKNOWN_ERROR = "unknown_error"

    SUSPECTED = "suspected"
    UNEXPLAINED = "unexplained"
    SENT_IN_CLEAR = "sent_in_clear"

    HELD_BACK = "held_back"
    MESSAGES_EXPIRE = "messages_expire"
    NAME_MATCHES_NOTHING = "name_matches_nothing"
    SOURCE_LACKS_CERTIFICATE = "source_lacks_certificate"
    NAMED_CERTIFICATE_UNUSABLE = "named_certificate_unusable"
    UNBOUND_TWIN = "unbound_twin"
    RENEWAL_NOT_NAMED = "renewal_not_named"
    EXPIRES = "expires"
    CLEAR_TEXT_FALLBACK = "clear_text_fallback"

    HEALTHY = "healthy"

    @property
    def kind(self) -> FindingKind:
        """Return what it is to whoever acts on it."""
        return _KINDS.get(self, FindingKind.OTHER_CAUSE)


_KINDS: Final = {
    FindingId.CERTIFICATE_NOT_BOUND: FindingKind.CERTIFICATE_NOT_BOUND,
    FindingId.HEALTHY: FindingKind.HEALTHY,
    **dict.fromkeys(
        (FindingId.SUSPECTED, FindingId.UNEXPLAINED, FindingId.SENT_IN_CLEAR),
        FindingKind.NO_EVIDENCE,
    ),
    **dict.fromkeys(
        (
            FindingId.HELD_BACK,
            FindingId.MESSAGES_EXPIRE,
            FindingId.NAME_MATCHES_NOTHING,
            FindingId.SOURCE_LACKS_CERTIFICATE,
            FindingId.NAMED_CERTIFICATE_UNUSABLE,
            FindingId.UNBOUND_TWIN,
            FindingId.RENEWAL_NOT_NAMED,
            FindingId.EXPIRES,
            FindingId.CLEAR_TEXT_FALLBACK,
        ),
        FindingKind.PREDICTION,
    ),
}


class Qualifier(StrEnum):
    """What else is true of a root cause.

    OTHER_SOURCES_FAIL: another source server has an unbound certificate of the name too. SOME_SOURCES_ONLY: at least
    one other source server has none. LOG_NOT_VERBOSE: the connector does not log its sessions, so no row can prove it.
    """

    FRONT_END = "front_end"
    LAST_TARGET_IPV6 = "last_target_ipv6"
    LOG_NOT_VERBOSE = "log_not_verbose"
    OTHER_SOURCES_FAIL = "other_sources_fail"
    SENT_IN_CLEAR = "sent_in_clear"
    SOME_SOURCES_ONLY = "some_sources_only"


class Severity(Enum):
    """ERROR while mail waits or is lost for it, WARNING for what will break or leaves in clear, INFO for nothing to do.

    NOTICE is worth knowing, and nothing breaks for it.
    """

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"
    INFO = "info"


class Confidence(Enum):
    """CERTAIN rests on rows of the log or on Exchange's own refusal, PROBABLE on a queue's text or on absence."""

    CERTAIN = "certain"
    PROBABLE = "probable"
    NONE = "none"


@dataclass(frozen=True)
class Finding:
    """One sentence about one connector on one server, what it rests on, and what to do.

    ``primary`` tells that it is the root cause: every connector has exactly one. A finding about a server alone has an
    empty ``connector`` and ``guid``. ``word`` is the error's own word, like ``NoCredentials`` or ``10060``;
    ``thumbprints`` are the certificates meant; ``when`` is when a prediction comes true, None where that is no date.
    ``evidence`` proves a culprit; without it ``quotes`` are what is quoted, and ``where`` says where they were read.
    ``lines`` are what an administrator would type to cure it.
    """

    id: FindingId
    severity: Severity
    server: str
    connector: str
    guid: str
    sentence: str
    confidence: Confidence
    remedy: str = ""
    primary: bool = True
    qualifiers: tuple[str, ...] = ()
    word: str = ""
    thumbprints: tuple[str, ...] = ()
    when: datetime | None = None
    evidence: Evidence | None = None
    quotes: tuple[str, ...] = ()
    where: str = ""
    lines: tuple[str, ...] = ()
    repairable: bool = False

    @property
    def kind(self) -> FindingKind:
        """Return what it is to whoever acts on it."""
        return self.id.kind


def gravity(finding: Finding) -> tuple[int, int, int]:
    """Return what sorts findings with the gravest first: by severity, then root causes first, then by kind."""
    return (
        list(Severity).index(finding.severity),
        0 if finding.primary else 1,
        list(FindingKind).index(finding.kind),
    )


def finding_result(finding: Finding) -> dict[str, Any]:
    """Return a finding as modules return it.

    ``evidence`` holds the rows, or Exchange's words, that the finding rests on; ``grade`` is empty for what is quoted
    without proving that a certificate is not bound. What supports a proof stands behind its lines.
    """
    proof = evidence_result(finding.evidence) or {"grade": "", "thumbprints": [], "lines": [], "where": finding.where}
    return {
        "id": finding.id.value,
        "kind": finding.kind.value,
        "severity": finding.severity.value,
        "primary": finding.primary,
        "server": finding.server,
        "connector": finding.connector,
        "guid": finding.guid,
        "message": finding.sentence,
        "qualifiers": [str(each) for each in finding.qualifiers],
        "word": finding.word,
        "thumbprints": list(finding.thumbprints),
        "when": moment_text(finding.when),
        "confidence": finding.confidence.value,
        "evidence": {**proof, "lines": [*proof["lines"], *finding.quotes]},
        "remedy": finding.remedy,
        "lines": list(finding.lines),
        "repairable_by_role": finding.repairable,
    }
