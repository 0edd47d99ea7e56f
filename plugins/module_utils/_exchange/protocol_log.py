# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SMTP sessions as the Send protocol log tells them (documentation page "Protocol logging")."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


@dataclass(frozen=True)
class Row:
    """One row of the log, its nine fields in full CSV context."""

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


class Whose(Enum):
    """Whose certificate a row describes. UNMARKED: the marker row is missing, as in KB 4051498's own sample."""

    OURS = "ours"
    THEIRS = "theirs"
    UNMARKED = "unmarked"


@dataclass(frozen=True)
class LoggedCertificate:
    """A certificate that a session's rows describe. Fields are empty where the rows do not say them.

    ``names`` holds subject and issuer as one text in the new single-row form, where they cannot be told apart.
    """

    whose: Whose
    thumbprint: str
    serial_number: str = ""
    subject: str = ""
    issuer: str = ""
    names: str = ""
    rows: tuple[Row, ...] = ()


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
    ``accepted`` counts ``250`` replies to message data, ``rejected`` 5xx replies to a sender, recipient or data.
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
