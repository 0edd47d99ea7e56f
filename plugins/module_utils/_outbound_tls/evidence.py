# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which certificate is the culprit, how sure that is, and what speaks against it.

The rows of one session are judged first, by themselves; then what they say is held against the server's store and the
connector of today. A certificate that was received from the other end is never one of ours, whatever our store holds.
"""

from __future__ import annotations

import csv
import io
import itertools
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from .._exchange.certificate import Certificate
from .._exchange.moments import moment_text
from .._exchange.names import same_name, same_serial_number
from .._exchange.protocol_log import LoggedCertificate, Row, Session, Whose
from .candidates import is_usable, lacks_smtp
from .log_story import STARTTLS, failed_by_status
from .reading import Reading

UNKNOWN_CREDENTIALS: Final = "unknowncredentials"
NO_CREDENTIALS: Final = "nocredentials"


class Grade(Enum):
    """How the culprit is known.

    MARKED: the log says that it sent this certificate, and then UnknownCredentials. INFERRED: the row that says whose
    certificate it is is missing, and nothing but its other rows stands before the error. ELIMINATED: the log shows no
    certificate at all, and these are all that the connector names, that could serve, and that lack SMTP. REFUSAL:
    Exchange refused to change the connector because a certificate of its name lacks SMTP on the first source server.
    """

    MARKED = "marked"
    INFERRED = "inferred"
    ELIMINATED = "eliminated"
    REFUSAL = "refusal"


UNSEEN: Final = frozenset({Grade.ELIMINATED, Grade.REFUSAL})
"""The grades of certificates that no row of a log shows."""


@dataclass(frozen=True)
class Evidence:
    """The certificates that cannot be used, and the rows or words that say so; one, unless the grade is in UNSEEN."""

    grade: Grade
    thumbprints: tuple[str, ...]
    lines: tuple[str, ...]
    where: str
    session: Session | None = None


class Doubt(Enum):
    """Why a failing session does not convict a certificate of being unbound."""

    UNTOLD = "untold"
    """The rows do not tell beyond doubt which certificate of ours was used."""
    NOT_IN_STORE = "not_in_store"
    CONTRADICTED = "contradicted"
    """The store's certificate with that thumbprint has other names than the log's."""
    NOT_NAMED = "not_named"
    """The connector of today names another certificate."""
    NO_KEY = "no_key"
    SERVICES_UNKNOWN = "services_unknown"
    HAS_SMTP = "has_smtp"


@dataclass(frozen=True)
class Doubted:
    """A failing session, the certificate that it shows ("" when it shows none), and what is doubtful about it."""

    doubt: Doubt
    thumbprint: str
    session: Session


def judge(session: Session, reading: Reading, named: tuple[Certificate, ...]) -> Evidence | Doubted:
    """Hold a session that ended in UnknownCredentials against the store; ``named`` is what the connector names here."""
    presented = presented_certificate(session)
    if presented is None and (culprits := _left_over(session, named)):
        return _by_rows(Grade.ELIMINATED, culprits, session)
    if presented is None:
        return Doubted(Doubt.UNTOLD, "", session)
    grade, logged = presented
    thumbprint = logged.thumbprint
    certificate = reading.certificate(thumbprint)
    doubt = _doubt(grade, logged, certificate, named)
    if doubt is not None:
        return Doubted(doubt, thumbprint, session)
    return _by_rows(grade, (thumbprint,), session)


def _by_rows(grade: Grade, thumbprints: tuple[str, ...], session: Session) -> Evidence:
    rows = quoted_rows(session)
    return Evidence(grade, thumbprints, tuple(row_text(row) for row in rows), where_ended(session), session)


def _left_over(session: Session, named: tuple[Certificate, ...]) -> tuple[str, ...]:
    """Return what can only have failed where the log shows no certificate; none where anything is in doubt.

    Only a certificate that is named explicitly is taken without a look at its key. Which of several is taken is not
    known, but one that has SMTP would not have failed. A front end's log may be that of other stores.
    """
    if session.certificates or session.proxied_for is not None or not _fails_at_once(session):
        return ()
    if any(each.services is None for each in named):
        return ()
    return tuple(each.thumbprint for each in named if lacks_smtp(each) and is_usable(each))


def _fails_at_once(session: Session) -> bool:
    """Tell whether UnknownCredentials comes right behind the consent to STARTTLS, and no row is missing in between."""
    if session.outcome_row not in session.rows or not failed_by_status(session):
        return False
    outcome = list(session.rows).index(session.outcome_row)
    last = session.rows[max(outcome - 2, 0) : outcome + 1]
    numbers = [row.sequence for row in last]
    return (
        [row.event for row in last] == [">", "<", "*"]
        and last[0].data.strip().upper() == STARTTLS
        and _is_consent(last[1])
        and numbers == list(range(numbers[0], numbers[0] + 3))
    )


def refusal_evidence(words: str, culprits: tuple[Certificate, ...], reading: Reading) -> Evidence:
    """Return what Set-SendConnector's refusal proves of the first source server, the one that Exchange has checked."""
    thumbprints = tuple(each.thumbprint for each in culprits)
    return Evidence(Grade.REFUSAL, thumbprints, (words,), f"Set-SendConnector, about {reading.server.fqdn}")


def presented_certificate(session: Session) -> tuple[Grade, LoggedCertificate] | None:
    """Return the certificate of ours that a session failed with, by its rows alone; None when they leave a doubt."""
    if not failed_by_status(session) or session.tls_error.lower() != UNKNOWN_CREDENTIALS:
        return None
    certificates = session.certificates
    thumbprints = {each.thumbprint for each in certificates}
    if len(thumbprints) != 1 or "" in thumbprints or not _precede_outcome(session):
        return None
    whose = {each.whose for each in certificates}
    if whose == {Whose.OURS} and session.tls_verb == STARTTLS:
        return Grade.MARKED, certificates[-1]
    if whose == {Whose.UNMARKED} and len(certificates) == 1 and _stands_alone(session):
        return Grade.INFERRED, certificates[0]
    return None


def quoted_rows(session: Session) -> tuple[Row, ...]:
    """Return the rows to show: the certificates' and the outcome, or the outcome alone, or where it ended without."""
    rows = [row for certificate in session.certificates for row in certificate.rows]
    return (*rows, *([] if session.outcome_row is None else [session.outcome_row])) or session.rows[-1:]


def row_text(row: Row) -> str:
    """Write a row as the log does; a line break within it becomes a blank."""
    cells = (
        moment_text(row.time) or "",
        row.connector,
        row.session,
        str(row.sequence),
        row.local_endpoint,
        row.remote_endpoint,
        row.event,
        row.data,
        row.context,
    )
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([" ".join(cell.splitlines()) for cell in cells])
    return line.getvalue()


def evidence_result(evidence: Evidence | None) -> dict[str, Any] | None:
    """Return evidence as modules return it."""
    if evidence is None:
        return None
    session = evidence.session
    return {
        "grade": evidence.grade.value,
        "thumbprints": list(evidence.thumbprints),
        "lines": list(evidence.lines),
        "where": evidence.where,
        "session": None if session is None else session.session,
        "time": None if session is None else moment_text(session.ended),
    }


def _precede_outcome(session: Session) -> bool:
    """Tell whether all certificates stand before the row that says how TLS ended."""
    rows = list(session.rows)
    if session.outcome_row not in rows:
        return False
    outcome = rows.index(session.outcome_row)
    described = [row for certificate in session.certificates for row in certificate.rows]
    return bool(described) and all(row in rows[:outcome] for row in described)


def _stands_alone(session: Session) -> bool:
    """Tell whether nothing but the certificate's rows stands between STARTTLS and the outcome, as in KB 4051498.

    The other end's certificate is only written after the handshake, so what stands here is ours. An excerpt may begin
    after STARTTLS; then nothing else may stand before the outcome at all.
    """
    described = set(session.certificates[0].rows)
    rows = list(itertools.takewhile(lambda row: row != session.outcome_row, session.rows))
    begins = [index for index, row in enumerate(rows) if row.event == ">" and row.data.strip().upper() == STARTTLS]
    if not begins:
        return session.tls_verb == "" and described.issuperset(rows)
    return all(row in described or _is_consent(row) for row in rows[begins[-1] + 1 :])


def _is_consent(row: Row) -> bool:
    return row.event == "<" and row.data.startswith("220")


def _doubt(
    grade: Grade, logged: LoggedCertificate, certificate: Certificate | None, named: tuple[Certificate, ...]
) -> Doubt | None:
    if certificate is None:
        return Doubt.NOT_IN_STORE
    if not _agrees(logged, certificate, names_needed=grade is Grade.INFERRED):
        return Doubt.CONTRADICTED
    if certificate not in named:
        return Doubt.NOT_NAMED
    if certificate.has_private_key is False:
        return Doubt.NO_KEY
    if certificate.services is None or certificate.has_private_key is None:
        return Doubt.SERVICES_UNKNOWN
    return None if lacks_smtp(certificate) else Doubt.HAS_SMTP


def _agrees(logged: LoggedCertificate, certificate: Certificate, *, names_needed: bool) -> bool:
    """Compare what is logged. The single-row form holds subject and issuer as one text."""
    if logged.serial_number and not same_serial_number(logged.serial_number, certificate.serial_number):
        return False
    if logged.names:
        return same_name(logged.names, f"{certificate.subject} {certificate.issuer}", match_case=False)
    pairs = ((logged.subject, certificate.subject), (logged.issuer, certificate.issuer))
    if names_needed and not all(one for one, __ in pairs):
        return False
    return all(same_name(one, other, match_case=False) for one, other in pairs if one)


def where_ended(session: Session) -> str:
    """Return the file and the line of the row that says how TLS ended, else of the last one."""
    row = session.outcome_row or session.rows[-1]
    return f"{row.file}, line {row.line}" if row.file else f"line {row.line}"
