# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to wait for after something was done: that the level is there, that the log speaks, or that mail has left."""

from __future__ import annotations

from enum import Enum

from .._exchange.connector import LoggingLevel
from .._exchange.send_log import LogPosition
from .assessment import Assessment, ConnectorAssessment
from .finding import FindingKind


class Awaited(Enum):
    """What to wait for.

    VERBOSE: the server's own directory has the level. EVIDENCE: the log tells what fails now. ANSWER: the log tells
    what became of so many messages of each connector, whatever still waits. PROOF: the mail has left as well.
    """

    VERBOSE = "verbose"
    EVIDENCE = "evidence"
    ANSWER = "answer"
    PROOF = "proof"


def has_come(awaited: Awaited, assessment: Assessment, messages: int = 0) -> bool:
    """Tell whether what is awaited is true of every connector; only sessions after ``reading.since`` count.

    ``messages`` is how many waited before the cure: rows are buffered, so an empty queue does not mean that the log is
    complete.
    """
    since = assessment.reading.since
    if awaited is Awaited.VERBOSE:
        return all(each.case.connector.logging_level is LoggingLevel.VERBOSE for each in assessment.connectors)
    if awaited is Awaited.EVIDENCE:
        return all(_has_spoken(each, since) for each in assessment.connectors)
    proofs = [each.proof for each in assessment.connectors if each.proof is not None]
    if awaited is Awaited.ANSWER:
        return bool(proofs) and all(each.answered + each.rejected >= max(messages, 1) for each in proofs)
    accounted_for = sum(each.accepted + each.accepted_in_clear + each.rejected for each in proofs)
    waiting = any(each.case.messages for each in assessment.connectors)
    return bool(proofs) and not waiting and accounted_for >= max(messages, 1)


def _has_spoken(assessed: ConnectorAssessment, since: LogPosition | None) -> bool:
    """A connector without stuck mail makes no session, so nothing can be awaited of it."""
    if not assessed.case.is_source:
        asked = any(each.session and each.front_end for each in assessed.case.proxied)
        return not asked or assessed.finding.kind is not FindingKind.NO_EVIDENCE
    if not assessed.case.stuck:
        return True
    sessions = assessed.case.reading.sessions_of(assessed.case.connector)
    is_new = since is None or any(since.is_before(session) for session in sessions)
    return is_new and assessed.finding.kind is not FindingKind.NO_EVIDENCE
