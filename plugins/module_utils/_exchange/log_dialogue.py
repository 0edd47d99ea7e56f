# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one SMTP session's rows, read in order, say: which TLS was tried, how it ended, what became of the mail."""

from __future__ import annotations

import re
from collections import deque
from typing import Final

from .log_certificates import CertificateRows
from .protocol_log import LogType, ProxiedFor, Row, Session, TlsOutcome

_TLS_VERBS: Final = frozenset({"STARTTLS", "X-ANONYMOUSTLS"})
_FAILED: Final = re.compile(r"TLS negotiation failed with error (?P<word>\w+)")
# Documentation prints SP_PROT-TLS1_2_CLIENT, real rows SP_PROT_TLS1_2_CLIENT; ciphers and versions vary.
_ESTABLISHED: Final = re.compile(r"TLS protocol \S+ negotiation succeeded")
# "attempting to connect. Outbound proxy from <server> with session id X. Proxied session id Y" (published analysis of
# Exchange 2013 CU23; no log of such a session has been published, so not more than needed is asked for).
_PROXIED: Final = re.compile(
    r"outbound proxy from (?P<server>\S+) with session id:? (?P<session>[0-9A-F]{8,32})\b", flags=re.IGNORECASE
)
_HANDED_OVER: Final = re.compile(r"this session is now being proxied through the next hop", flags=re.IGNORECASE)
# Old builds write a reply of several lines as several rows, newer ones as one row, its lines joined by blanks.
_REPLY: Final = re.compile(r"(?P<code>\d{3})(?P<more>-)?(?P<text>.*)", flags=re.DOTALL)

_CONTENT: Final = "message content"
"""What awaits its reply after ``354``: it is not logged."""

_MAIL: Final = frozenset({"MAIL", "RCPT", "DATA", "BDAT", "BDAT LAST", _CONTENT})
_FIRST_ROWS: Final = 192
_LAST_ROWS: Final = 64
_REPLIES: Final = 20
# Far more commands than are sent before their replies are read.
_PIPELINED: Final = 1000


class Dialogue:
    """One session while it is read. Memory does not grow with the number of its messages."""

    def __init__(self, first: Row) -> None:
        self._first = self._last = first
        # In a Receive log this server is the one that answers.
        self._says, self._hears = ("<", ">") if first.log_type is LogType.RECEIVE else (">", "<")
        self._first_rows: list[Row] = []
        self._last_rows: deque[Row] = deque(maxlen=_LAST_ROWS)
        self._unanswered: deque[str] = deque(maxlen=_PIPELINED)
        self._replies: list[str] = []
        self._certificates = CertificateRows()
        self._tls_verb = self._tls_error = self._disconnect = ""
        self._tls_outcome = TlsOutcome.NOT_TRIED
        self._outcome_row: Row | None = None
        self._proxied_for: ProxiedFor | None = None
        self._handed_over = False
        self._local = self._remote = ""
        self._offers_starttls = False
        self._starttls_offered: bool | None = None
        self._accepted = self._accepted_in_clear = self._rejected = 0

    def feed(self, row: Row) -> None:
        """Take the next row."""
        self._last = row
        self._local = row.local_endpoint or self._local
        self._remote = row.remote_endpoint or self._remote
        if len(self._first_rows) < _FIRST_ROWS:
            self._first_rows.append(row)
        else:
            self._last_rows.append(row)
        self._certificates.feed(row)
        if row.event == self._says:
            self._hear_command(row)
        elif row.event == self._hears:
            self._hear_reply(row)
        elif row.event == "*":
            self._note(row)
        elif row.event == "-":
            self._disconnect = row.context

    def session(self) -> Session:
        """Return what has been read."""
        certificates = self._certificates.found()
        outcome = self._tls_outcome
        if outcome is TlsOutcome.NOT_TRIED and certificates:  # an excerpt that begins after the verb
            outcome = TlsOutcome.PENDING
        return Session(
            connector=self._first.connector,
            session=self._first.session,
            started=self._first.time,
            ended=self._last.time,
            local_endpoint=self._local,
            remote_endpoint=self._remote,
            tls_verb=self._tls_verb,
            tls_outcome=outcome,
            tls_error=self._tls_error,
            certificates=certificates,
            accepted=self._accepted,
            rejected=self._rejected,
            replies=tuple(self._replies),
            disconnect=self._disconnect,
            rows=(*self._first_rows, *self._last_rows),
            starttls_offered=self._starttls_offered,
            accepted_in_clear=self._accepted_in_clear,
            outcome_row=self._outcome_row,
            log_type=self._first.log_type,
            proxied_for=self._proxied_for,
            handed_over=self._handed_over,
        )

    def _hear_command(self, row: Row) -> None:
        words = row.data.upper().split()
        if not words:
            return
        verb = words[0]
        if verb == "BDAT" and words[-1] == "LAST":
            verb = "BDAT LAST"
        self._unanswered.append(verb)
        if verb in _TLS_VERBS:
            self._certificates = CertificateRows()
            self._tls_verb, self._tls_error, self._outcome_row = verb, "", None
            self._tls_outcome = TlsOutcome.PENDING

    def _hear_reply(self, row: Row) -> None:
        reply = _REPLY.match(row.data)
        if reply is None:
            return
        command = self._unanswered[0] if self._unanswered else ""
        if command == "EHLO" and self._tls_outcome is not TlsOutcome.ESTABLISHED:
            self._hear_extensions(reply)
        if reply["more"]:
            return
        if self._unanswered:
            self._unanswered.popleft()
        self._settle(command, reply["code"], row)

    def _hear_extensions(self, reply: re.Match[str]) -> None:
        self._offers_starttls = self._offers_starttls or "STARTTLS" in reply["text"].upper().split()
        if not reply["more"]:
            self._starttls_offered = self._offers_starttls
            self._offers_starttls = False

    def _settle(self, command: str, code: str, row: Row) -> None:
        """Count what a complete reply means for the command that it answers."""
        if command == "DATA" and code == "354":
            self._unanswered.appendleft(_CONTENT)
        elif command in (_CONTENT, "BDAT LAST") and code == "250":
            if self._tls_outcome is TlsOutcome.ESTABLISHED:
                self._accepted += 1
            else:
                self._accepted_in_clear += 1
            self._keep(row.data)
        elif command in _TLS_VERBS and code != "220":
            self._tls_outcome, self._outcome_row = TlsOutcome.FAILED, row
            self._keep(row.data)
        elif code[0] in "45":
            if command in _MAIL and code[0] == "5":
                self._rejected += 1
            self._keep(row.data)

    def _keep(self, reply: str) -> None:
        """Keep the latest replies, and rather a refusal than an acceptance."""
        self._replies.append(reply)
        if len(self._replies) > _REPLIES:
            del self._replies[next((index for index, kept in enumerate(self._replies) if kept[0] == "2"), 0)]

    def _note(self, row: Row) -> None:
        if failed := _FAILED.match(row.context):
            self._tls_outcome, self._tls_error, self._outcome_row = TlsOutcome.FAILED, failed["word"], row
        elif _ESTABLISHED.match(row.context):
            self._tls_outcome, self._outcome_row = TlsOutcome.ESTABLISHED, row
        elif self._proxied_for is None and (proxied := _PROXIED.search(row.context)):
            self._proxied_for = ProxiedFor(proxied["server"], proxied["session"].upper())
        elif _HANDED_OVER.search(row.context):
            self._handed_over = True
