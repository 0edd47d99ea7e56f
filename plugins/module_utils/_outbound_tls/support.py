# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What supports a finding without proving it: events of Windows' logs at the time in question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from .._exchange.event import (
    ALERT_RECEIVED,
    ALERT_SENT,
    AUTHENTICATION_FAILED,
    KEY_NOT_ACCESSIBLE,
    KEY_NOT_THERE,
    NO_CERTIFICATE,
    NO_COMMON_CIPHER,
    NO_CREDENTIAL,
    NOT_DELIVERED,
    SCHANNEL,
    TLS_NOT_OFFERED,
    Event,
)
from .case import Case
from .finding import Finding, FindingId

_MOST: Final = 2
_SPEAK_OF: Final[Mapping[FindingId, tuple[int, ...]]] = {
    FindingId.CERTIFICATE_NOT_BOUND: (KEY_NOT_ACCESSIBLE,),
    FindingId.KEY_UNUSABLE: (KEY_NOT_ACCESSIBLE,),
    FindingId.NO_PRIVATE_KEY: (KEY_NOT_THERE, KEY_NOT_ACCESSIBLE),
    FindingId.SUSPECTED: (KEY_NOT_ACCESSIBLE,),
    FindingId.UNEXPLAINED: (KEY_NOT_ACCESSIBLE, KEY_NOT_THERE),
    FindingId.CERTIFICATE_NAME_NOT_FOUND: (NO_CERTIFICATE,),
    FindingId.TLS_MISMATCH: (NO_CREDENTIAL, NO_COMMON_CIPHER, ALERT_RECEIVED, ALERT_SENT),
    FindingId.STARTTLS_NOT_OFFERED: (TLS_NOT_OFFERED,),
    FindingId.SMTP_INSPECTION: (TLS_NOT_OFFERED,),
    FindingId.AUTHENTICATION: (AUTHENTICATION_FAILED,),
    FindingId.REFUSED_BY_PEER: (NOT_DELIVERED,),
}


def supported(case: Case, finding: Finding) -> Finding:
    """Return a finding with the events that speak of the same, behind what it quotes already."""
    told = events_about(case, _SPEAK_OF.get(finding.id, ()))
    more = [str(each) for each in told[:_MOST] if str(each) not in finding.quotes]
    if not more:
        return finding
    quoted = replace(finding, quotes=(*finding.quotes, *more))
    if finding.evidence is not None:
        return replace(quoted, evidence=replace(finding.evidence, where=_and_events(finding.evidence.where)))
    return replace(quoted, where=_and_events(finding.where))


def _and_events(where: str) -> str:
    return f"{where}; event log" if where else "event log"


def events_about(case: Case, numbers: Iterable[int]) -> tuple[Event, ...]:
    """Return the events of some numbers, the newest first. Exchange's name the connector, Schannel's name nobody."""
    wanted = frozenset(numbers)
    found = () if case.reading.events is None else case.reading.events.events
    return tuple(
        each
        for each in found
        if each.id in wanted and (each.provider == SCHANNEL or case.connector.name in each.message)
    )
