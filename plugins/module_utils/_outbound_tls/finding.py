# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a diagnosis says of one connector on one server."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from .evidence import Evidence, evidence_result


class FindingId(Enum):
    """The kinds of findings. NO_EVIDENCE is never "healthy": something may be wrong, and nothing proves what."""

    CERTIFICATE_NOT_BOUND = "certificate_not_bound"
    OTHER_CAUSE = "other_cause"
    NO_EVIDENCE = "no_evidence"
    HEALTHY = "healthy"


class Severity(Enum):
    """ERROR while mail waits for it, WARNING while it does not, INFO for nothing to do."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Cause(Enum):
    """What else it is than a certificate that is not bound; NONE for the other findings."""

    NONE = ""
    NO_PRIVATE_KEY = "no_private_key"
    KEY_UNUSABLE = "key_unusable"
    CERTIFICATE_GONE = "certificate_gone"
    CERTIFICATE_NAME_NOT_FOUND = "certificate_name_not_found"
    CERTIFICATE_NAME_MISSING = "certificate_name_missing"
    FRONTEND_PROXY = "frontend_proxy"
    FRONTEND_HOP = "frontend_hop"
    NETWORK = "network"
    DNS = "dns"
    TLS = "tls"
    STARTTLS_NOT_OFFERED = "starttls_not_offered"
    STARTTLS_IGNORED = "starttls_ignored"
    PEER_CERTIFICATE = "peer_certificate"
    REFUSED_BY_PEER = "refused_by_peer"
    AUTHENTICATION = "authentication"
    MAINTENANCE = "maintenance"
    UNKNOWN = "unknown"


class Confidence(Enum):
    """CERTAIN rests on rows of the log or on Exchange's own refusal, PROBABLE on a queue's text or on absence."""

    CERTAIN = "certain"
    PROBABLE = "probable"
    NONE = "none"


@dataclass(frozen=True)
class Finding:
    """One sentence about one connector on one server, what it rests on, and what to do.

    ``word`` is the error's own word, like ``NoCredentials`` or ``10060``; ``thumbprints`` are the certificates meant.
    """

    id: FindingId
    severity: Severity
    server: str
    connector: str
    guid: str
    sentence: str
    confidence: Confidence
    remedy: str = ""
    cause: Cause = Cause.NONE
    word: str = ""
    thumbprints: tuple[str, ...] = ()
    quotes: tuple[str, ...] = ()
    repairable: bool = False


def finding_result(finding: Finding, evidence: Evidence | None) -> dict[str, Any]:
    """Return a finding as modules return it.

    ``evidence`` holds the rows, or Exchange's words, that the finding rests on; ``grade`` is empty for what is quoted
    without proving that a certificate is not bound.
    """
    proof = evidence_result(evidence) if finding.id is FindingId.CERTIFICATE_NOT_BOUND else None
    return {
        "id": finding.id.value,
        "severity": finding.severity.value,
        "server": finding.server,
        "connector": finding.connector,
        "guid": finding.guid,
        "message": finding.sentence,
        "cause": finding.cause.value,
        "word": finding.word,
        "thumbprints": list(finding.thumbprints),
        "confidence": finding.confidence.value,
        "evidence": proof or {"grade": "", "thumbprints": [], "lines": list(finding.quotes), "where": ""},
        "remedy": finding.remedy,
        "repairable_by_role": finding.repairable,
    }
