# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What else is true of a root cause."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from .._exchange.address import is_ipv6
from .._exchange.connector import LoggingLevel
from .candidates import candidates
from .case import Case
from .finding import Confidence, Finding, FindingId, FindingKind, Qualifier


def qualified(case: Case, finding: Finding) -> Finding:
    """Return a root cause with its qualifiers; of a healthy connector there is nothing to add."""
    if finding.kind is FindingKind.HEALTHY:
        return finding
    return replace(finding, qualifiers=tuple(_qualifiers(case, finding)))


def _qualifiers(case: Case, finding: Finding) -> Iterator[str]:
    if case.connector.frontend_proxy:
        yield Qualifier.FRONT_END
    if case.mail_waits and is_ipv6(case.last_address):
        yield Qualifier.LAST_TARGET_IPV6
    if _is_unlogged(case, finding):
        yield Qualifier.LOG_NOT_VERBOSE
    if finding.id is FindingId.CERTIFICATE_NOT_BOUND:
        yield from _other_sources(case)
    if case.story.in_clear is not None and not case.connector.insists_on_tls:
        yield Qualifier.SENT_IN_CLEAR


def _is_unlogged(case: Case, finding: Finding) -> bool:
    proven = finding.confidence is Confidence.CERTAIN
    return case.mail_waits and not proven and case.connector.logging_level is LoggingLevel.NONE


def _other_sources(case: Case) -> Iterator[str]:
    """What other source servers have in their stores; a store that could not be read says nothing."""
    stores = [each.certificates for each in case.reading.other_stores if each.server in case.connector.source_servers]
    failing = [bool(candidates(each, case.connector)) for each in stores if each is not None]
    if any(failing):
        yield Qualifier.OTHER_SOURCES_FAIL
    if failing and not all(failing):
        yield Qualifier.SOME_SOURCES_ONLY
