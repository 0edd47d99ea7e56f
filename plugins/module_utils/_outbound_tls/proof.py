# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether mail has left since: over TLS, and accepted by the other end.

An emptied queue proves nothing, it may have become a pile of non-delivery reports. What counts are sessions that began
after the last row that was read before the cure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .._exchange.protocol_log import Session, Whose
from .._exchange.send_log import LogPosition, position_result
from .front_end import hops, security_status
from .log_story import failed_by_status, has_succeeded


@dataclass(frozen=True)
class Proof:
    """What the log tells of the sessions after ``since``.

    ``sessions`` counts them, ``established`` those with TLS. ``accepted`` are messages that were answered with 250 over
    TLS, ``accepted_in_clear`` the same without TLS, ``rejected`` replies of 5xx, ``answered`` all
    that was answered with 250, also where nobody can tell whether it went over TLS. ``thumbprints`` are certificates of
    ours that were sent in established sessions, ``tls_errors`` the words of those that failed, ``replies`` what the
    other end refused or put off.
    """

    since: LogPosition
    sessions: int
    established: int
    accepted: int
    accepted_in_clear: int
    answered: int
    rejected: int
    thumbprints: tuple[str, ...]
    tls_errors: tuple[str, ...]
    replies: tuple[str, ...]

    @property
    def proven(self) -> bool:
        """Tell whether mail leaves as it should: accepted over TLS, and none of it rejected."""
        return self.accepted > 0 and self.rejected == 0


def prove(sessions: Iterable[Session], since: LogPosition) -> Proof:
    """Count what the sessions after a position have brought about; those of one connector on one server."""
    new = [session for session in sessions if session.may_be_evidence and since.is_before(session)]
    established = [session for session in new if has_succeeded(session)]
    sent = [each.thumbprint for session in established for each in session.certificates if each.whose is Whose.OURS]
    refusals = [reply for session in new for reply in session.replies if not reply.startswith("2")]
    return Proof(
        since=since,
        sessions=len(new),
        established=len(established),
        accepted=sum(session.accepted for session in established),
        accepted_in_clear=sum(session.accepted_in_clear for session in new),
        answered=_answered(new),
        rejected=sum(session.rejected for session in new),
        thumbprints=_once(sent),
        tls_errors=_once(session.tls_error for session in new if failed_by_status(session)),
        replies=_once(refusals)[-5:],
    )


def prove_through_front_ends(sessions: Iterable[Session], since: LogPosition, *, insists_on_tls: bool) -> Proof:
    """Count what sessions with front ends have brought about, in the log of the server that sends.

    That log holds the other end's reply to every message, and not the TLS that the front end made with it. Where the
    connector insists on TLS the front end does not send without, so a message that was answered with 250 left over it.
    Where it does not insist, nobody can tell from here: the message was answered, and proves no TLS.
    """
    new = [session for session in hops(sessions) if since.is_before(session)]
    refusals = [reply for session in new for reply in session.replies if not reply.startswith("2")]
    statuses = [security_status(session, ()) for session in new]
    return Proof(
        since=since,
        sessions=len(new),
        established=sum(session.handed_over for session in new),
        accepted=_answered(new) if insists_on_tls else 0,
        accepted_in_clear=0,
        answered=_answered(new),
        rejected=sum(session.rejected for session in new),
        thumbprints=(),
        tls_errors=_once([*(session.tls_error for session in new if failed_by_status(session)), *statuses]),
        replies=_once(refusals)[-5:],
    )


def proof_result(proof: Proof | None) -> dict[str, Any] | None:
    """Return a proof as modules return it; None when no position was given."""
    if proof is None:
        return None
    return {
        "since": position_result(proof.since),
        "proven": proof.proven,
        "sessions": proof.sessions,
        "established": proof.established,
        "accepted": proof.accepted,
        "accepted_in_clear": proof.accepted_in_clear,
        "answered": proof.answered,
        "rejected": proof.rejected,
        "thumbprints": list(proof.thumbprints),
        "tls_errors": list(proof.tls_errors),
        "replies": list(proof.replies),
    }


def _answered(sessions: Iterable[Session]) -> int:
    return sum(session.accepted + session.accepted_in_clear for session in sessions)


def _once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))
