# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a session brought no mail away where TLS did not fail: by its rows alone."""

from __future__ import annotations

import re
from typing import Final

from .._exchange.address import endpoint_address
from .._exchange.last_error import ErrorFamily, LastError, classify_last_error
from .._exchange.protocol_log import Session, TlsOutcome
from .causes import Explanation, explain_connect, explain_family
from .finding import FindingId
from .log_story import connect_error

# Cisco's inspection of ESMTP hides a greeting behind stars, and what it does not want to be seen behind the letters
# XXXA, or as many X as the word had (published logs of Exchange 2013).
_MASKED_GREETING: Final = re.compile(r"220[ -][*0-9 ]*\*{4}")
_MASKED_OFFER: Final = re.compile(r"\bX{3,}[A-Z]\b")
_NO_TLS_OFFERED: Final = re.compile(r"remote doesn't support TLS", flags=re.IGNORECASE)
_NO_SMTP: Final = re.compile(r"response was illegally formatted", flags=re.IGNORECASE)
_NOT_AUTHENTICATED: Final = re.compile(r"Outbound Authentication failed with (?P<word>\w+)", flags=re.IGNORECASE)
_DISCONNECTED: Final = re.compile(r"\((?P<word>\w+)\)")
_CODES: Final = re.compile(r"\d+(?: \d\.\d+\.\d+)?")
_SAID_BY_ROWS: Final = frozenset(
    {
        ErrorFamily.ACCESS_DENIED,
        ErrorFamily.AUTHENTICATION_FAILED,
        ErrorFamily.LOAD,
        ErrorFamily.STARTTLS_REQUIRED,
        ErrorFamily.VALIDATION_FAILED,
    }
)

Explained = tuple[Explanation, str]


def explain_end(session: Session, *, insists_on_tls: bool) -> Explained | None:
    """Return what the end of a session means, with its own word; None where it is not told, or has not come yet."""
    knocked = connect_error(session)
    if knocked:
        return explain_connect(knocked, endpoint_address(session.remote_endpoint)), knocked
    if session.accepted or session.accepted_in_clear:
        return None
    found = _told(session, insists_on_tls=insists_on_tls)
    return found or (_cut_off(session) if session.disconnect else None)


def rejection(session: Session) -> Explained | None:
    """Return what it means that the other end refused mail for good because of our certificate."""
    if not session.rejected:
        return None
    said = [classify_last_error(reply) for reply in session.replies if reply.startswith("5")]
    denied = next((each for each in reversed(said) if each.family is ErrorFamily.ACCESS_DENIED), None)
    return None if denied is None else _by_family(denied)


def masked(session: Session) -> Explanation | None:
    """Return that a firewall reads along, if the greeting or the offer is masked."""
    heard = [row.data for row in session.rows if row.event == "<"]
    greeting = any(_MASKED_GREETING.match(each) for each in heard)
    if not greeting and not any(_MASKED_OFFER.search(each) for each in heard):
        return None
    hidden = "greeting" if greeting else "offer"
    return Explanation(
        FindingId.SMTP_INSPECTION,
        f"a firewall on the way inspects SMTP: the {hidden} of the other end is masked",
        "Switch SMTP inspection off on the firewall (Cisco: inspect esmtp), and try again.",
    )


def _told(session: Session, *, insists_on_tls: bool) -> Explained | None:
    """Return what rows say in words."""
    for row in reversed(session.rows):
        text = f"{row.data} {row.context}"
        if row.event == "<" and row.data.startswith("421 4.4.1"):
            return _peer_timed_out(), "421 4.4.1"
        if row.event == "*" and (found := _NOT_AUTHENTICATED.search(text)):
            return explain_family(ErrorFamily.AUTHENTICATION_FAILED, found["word"]), found["word"]
        if row.event == "*" and _NO_SMTP.search(text):
            return masked(session) or _no_smtp(), ""
        if row.event == "*" and _NO_TLS_OFFERED.search(text):
            return masked(session) or _not_offered(), ""
        if row.event in "<*" and (said := classify_last_error(text)).family in _SAID_BY_ROWS:
            return _by_family(said)
    if insists_on_tls and session.starttls_offered is False and session.tls_verb == "" and session.disconnect:
        return masked(session) or _not_offered(), ""
    put_off = [reply for reply in session.replies if reply.startswith("4")]
    return (_put_off(put_off[-1]), _codes(put_off[-1])) if put_off else None


def _cut_off(session: Session) -> Explained | None:
    """Return where a session was cut off, if that says something."""
    found = _DISCONNECTED.search(session.disconnect)
    word = found["word"] if found else ""
    if session.tls_outcome is TlsOutcome.PENDING:
        return _handshake_cut_off(word), word
    connected = any(row.event == "+" for row in session.rows)
    if connected and not any(row.event in "<>" for row in session.rows):
        return _no_greeting(), word
    return None


def _by_family(said: LastError) -> Explained:
    return explain_family(said.family, said.word), said.word


def _not_offered() -> Explanation:
    return explain_family(ErrorFamily.STARTTLS_REQUIRED, "")


def _no_greeting() -> Explanation:
    return Explanation(
        FindingId.SMTP_INSPECTION,
        "the connection is made, and no greeting comes",
        "Look for SMTP inspection on the way, for the MTU, and whether the other end lets this server's address wait "
        "(tarpit, greylisting).",
    )


def _no_smtp() -> Explanation:
    return Explanation(
        FindingId.SMTP_INSPECTION,
        "what answers does not speak SMTP",
        "Look at the smart host's name and port, and for a firewall that answers instead of it.",
    )


def _peer_timed_out() -> Explanation:
    return Explanation(
        FindingId.PEER_TIMEOUT,
        "the other end gave the session up (421 4.4.1 is its own reply)",
        "Ask the other end's administrator, and look at what makes the session slow: size, line, inspection.",
    )


def _handshake_cut_off(word: str) -> Explanation:
    return Explanation(
        FindingId.TLS_MISMATCH,
        f"the connection ended in the middle of the handshake{f' ({word})' if word else ''}",
        "Compare TLS versions and ciphers of both ends (TLS 1.2 in Schannel here), and look for a firewall on the way.",
    )


def _codes(reply: str) -> str:
    found = _CODES.match(reply)
    return found[0] if found else ""


def _put_off(reply: str) -> Explanation:
    return Explanation(
        FindingId.UNKNOWN_ERROR,
        f'the other end puts it off: "{reply[:80]}"',
        "Ask the other end's administrator about its reply; it is quoted under evidence.",
    )
