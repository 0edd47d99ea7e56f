# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SMTP sessions as the Send protocol log tells them (documentation page "Protocol logging")."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from .moments import moment_text


class LogType(Enum):
    """What the header of a row's file says (``#Log-type``); UNSTATED without a header, as in quoted excerpts."""

    SEND = "SMTP Send Protocol Log"
    RECEIVE = "SMTP Receive Protocol Log"
    OTHER = "other"
    UNSTATED = ""


@dataclass(frozen=True)
class Row:
    """One row of the log, its nine fields in full CSV context. ``line`` counts from 1 in ``file``."""

    time: datetime
    connector: str
    session: str
    sequence: int
    local_endpoint: str
    remote_endpoint: str
    event: str
    data: str
    context: str
    line: int
    file: str = ""
    log_type: LogType = LogType.UNSTATED


class Whose(Enum):
    """Whose certificate a row describes. UNMARKED: the marker row is missing, as in KB 4051498's own sample."""

    OURS = "ours"
    THEIRS = "theirs"
    UNMARKED = "unmarked"


@dataclass(frozen=True)
class LoggedCertificate:
    """A certificate that a session's rows describe. Fields are empty where the rows do not say them.

    ``thumbprint`` is 40 upper-case hex digits or empty. ``names`` holds subject and issuer as one text in the new
    single-row form, where they cannot be told apart.
    """

    whose: Whose
    thumbprint: str
    serial_number: str = ""
    subject: str = ""
    issuer: str = ""
    names: str = ""
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True)
class ProxiedFor:
    """Who asked a front end for a session: ``server`` as the row names it, ``session`` the id in that server's log."""

    server: str
    session: str


class TlsOutcome(Enum):
    """How the last TLS negotiation of a session ended."""

    NOT_TRIED = "not_tried"
    PENDING = "pending"
    ESTABLISHED = "established"
    FAILED = "failed"


@dataclass(frozen=True)
class Session:
    """One SMTP session, grouped over files, judged by its rows.

    ``tls_verb`` the last TLS verb sent: ``STARTTLS``, ``X-ANONYMOUSTLS`` or empty. ``tls_error`` the word after
    "TLS negotiation failed with error", verbatim. ``certificates`` in log order, those of the last TLS verb only.
    ``accepted`` counts ``250`` replies to message data that went over TLS, ``accepted_in_clear`` those to data that
    did not, ``rejected`` 5xx replies to a sender, recipient or data. ``starttls_offered`` is None where the log holds
    no complete reply to EHLO. ``replies`` are the replies that were counted and the 4xx ones, the latest 20.
    ``outcome_row`` is the row that says how TLS ended. ``rows`` are all rows of a session of at most 256, of a longer
    one the first 192 and the last 64. ``proxied_for`` is set where a Front End Transport service made the session on
    behalf of a transport service, ``handed_over`` where a front end has taken over what a transport service sends.
    """

    connector: str
    session: str
    started: datetime
    ended: datetime
    local_endpoint: str
    remote_endpoint: str
    tls_verb: str
    tls_outcome: TlsOutcome
    tls_error: str
    certificates: tuple[LoggedCertificate, ...]
    accepted: int
    rejected: int
    replies: tuple[str, ...]
    disconnect: str
    rows: tuple[Row, ...]
    starttls_offered: bool | None = None
    accepted_in_clear: int = 0
    outcome_row: Row | None = None
    log_type: LogType = LogType.UNSTATED
    proxied_for: ProxiedFor | None = None
    handed_over: bool = False

    @property
    def may_be_evidence(self) -> bool:
        """Tell whether the rows can stem from a Send log; a Receive log tells of other people's connections."""
        return self.log_type in (LogType.SEND, LogType.UNSTATED)

    @property
    def remote_port(self) -> int | None:
        """Return the port at the other end; an IPv6 address may stand there without brackets."""
        port = self.remote_endpoint.rpartition(":")[2]
        return int(port) if port.isascii() and port.isdecimal() else None


def session_result(session: Session) -> dict[str, Any]:
    """Return a session as modules and filters return it."""
    return {
        "connector": session.connector,
        "session": session.session,
        "log_type": session.log_type.value,
        "started": moment_text(session.started),
        "ended": moment_text(session.ended),
        "local_endpoint": session.local_endpoint,
        "remote_endpoint": session.remote_endpoint,
        "starttls_offered": session.starttls_offered,
        "tls_verb": session.tls_verb,
        "tls_outcome": session.tls_outcome.value,
        "tls_error": session.tls_error,
        "certificates": [logged_certificate_result(certificate) for certificate in session.certificates],
        "accepted": session.accepted,
        "accepted_in_clear": session.accepted_in_clear,
        "rejected": session.rejected,
        "replies": list(session.replies),
        "disconnect": session.disconnect,
        "proxied_for_server": "" if session.proxied_for is None else session.proxied_for.server,
        "proxied_for_session": "" if session.proxied_for is None else session.proxied_for.session,
        "handed_over": session.handed_over,
    }


def logged_certificate_result(certificate: LoggedCertificate) -> dict[str, Any]:
    """Return a logged certificate as modules and filters return it."""
    return {
        "whose": certificate.whose.value,
        "thumbprint": certificate.thumbprint,
        "serial_number": certificate.serial_number,
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "names": certificate.names,
    }
