# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One SMTP session with a peer: what is said, what is logged, and how it ends. The peer is simulated as well."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..agenda import Steps
from ..world import Inspection, Network, Readings, Replies, StoredCertificate, TlsVersion
from .certificate_choice import Credentials
from .failure import SOCKET_ERRORS, STARTTLS_REQUIRED, Failure, dropped, not_validated, unable_to_connect
from .handshake import ROUND_TRIP_S, Handshake, start_tls
from .protocol_log import SessionLog
from .queue import Message
from .target import Target

LOOKS_FOR_MAIL_S = 1.0
PEER_THINKS_S = 0.9  # from the end of a message to the reply

EXTENSIONS = ("SIZE 157286400", "PIPELINING", "DSN", "ENHANCEDSTATUSCODES", "STARTTLS", "8BITMIME", "CHUNKING")
_FORGOT_MAIL = "503 5.5.2 Need mail command"
_GOES_ON = "354 Start mail input; end with <CRLF>.<CRLF>"


@dataclass(frozen=True)
class Terms:
    """How a connector wants its sessions: ``credentials`` is None where STARTTLS is not to be used.

    Attributes:
        proxied_for: What the log says of a session that another server asked for.
        versions: The versions of TLS that this end speaks.
        network: What lies between this end and the other one.
        patience_s: ConnectionInactivityTimeOut.
        objects: What this end finds wrong with a peer's certificate.
    """

    helo: str
    local: str
    destination: str
    credentials: Credentials | None
    require_tls: bool
    proxied_for: str = ""
    versions: Sequence[TlsVersion] = ("TLS1_2",)
    network: Network = field(default_factory=Network)
    patience_s: float = 600.0
    objects: Callable[[StoredCertificate], str | None] | None = None


@dataclass(frozen=True)
class Opened:
    """A session that is ready for messages; ``chunking`` is whether the peer takes BDAT."""

    encrypted: bool
    chunking: bool


class Mailbag(Protocol):
    """Where a session takes its messages from, and reports to; ``patience_s`` is how long it waits for more."""

    @property
    def patience_s(self) -> float: ...

    def take(self) -> Message | None:
        """The next message, if there is one."""

    def answered(self, message: Message, reply: str) -> None:
        """The peer's answer for a message."""

    def returned(self, message: Message, reply: str) -> None:
        """The session ends over this answer of the peer's: the message waits with its queue."""


def open_session(target: Target, terms: Terms, log: SessionLog, readings: Readings) -> Steps[Failure | Opened]:
    """Open a session that is ready for messages; returns why that failed, or what has come about."""
    if terms.proxied_for:
        log.note(f"attempting to connect. {terms.proxied_for}")
    else:
        log.note("Set Session Permissions", "SendRoutingHeaders")
        log.note("attempting to connect")
    failure = yield from _connect(target, terms, log)
    if failure is not None:
        return failure
    peer, seen = target.peer, terms.network.inspection
    offered = _seen(_offered(target, encrypted=False), seen)
    yield from greet(peer.name, terms, log, readings, offered)
    if terms.credentials is None or "STARTTLS" not in offered:
        if not terms.require_tls:
            return Opened(encrypted=False, chunking="CHUNKING" in offered)
        log.note("Connector is configured to send mail only over TLS connections and remote doesn't support TLS")
        yield from leave(log)
        return STARTTLS_REQUIRED
    handshake = Handshake(
        terms.credentials,
        Credentials(peer.certificate),
        terms.versions,
        peer.tls_versions,
        terms.network.handshake(peer.name, target.address),
        terms.patience_s,
    )
    failure = yield from start_tls("STARTTLS", handshake, log, readings)
    if failure is not None:
        return failure
    yield from greet(peer.name, terms, log, readings, _offered(target, encrypted=True))
    reason = terms.objects(peer.certificate) if terms.objects else None
    if reason is not None:
        yield from leave(log)
        return not_validated(reason)
    return Opened(encrypted=True, chunking=True)


def _connect(target: Target, terms: Terms, log: SessionLog) -> Steps[Failure | None]:
    """From the first packet to the greeting."""
    peer = target.peer
    reason = terms.network.connect_failure(peer.name, target.address)
    if reason is None and not peer.listens:
        reason = peer.connect_failure
    if reason is not None:
        error = SOCKET_ERRORS[reason]
        yield error.seconds
        log.note(error.row(terms.destination, target.endpoint))
        return unable_to_connect(error)
    yield ROUND_TRIP_S
    log.connected(terms.local)
    if terms.network.inspection.banner == "held":
        yield terms.patience_s
        log.disconnected("Remote")
        return dropped("TimedOut")
    yield ROUND_TRIP_S
    code, __, words = peer.banner.partition(" ")
    log.received(f"{code} {'*' * len(words)}" if terms.network.inspection.banner == "masked" else peer.banner)
    if code != "220":
        log.disconnected("Remote")
        return Failure(peer.banner, "reply")
    return None


def _offered(target: Target, *, encrypted: bool) -> tuple[str, ...]:
    return tuple(each for each in EXTENSIONS if each != "STARTTLS" or (target.peer.starttls and not encrypted))


def _seen(offered: Sequence[str], inspection: Inspection) -> tuple[str, ...]:
    """What is left of an offer behind a device that inspects SMTP; a masked keyword keeps its length."""
    masked = {"CHUNKING"} if inspection.banner == "masked" else set()
    if inspection.starttls == "masked":
        masked.add("STARTTLS")
    removed = {"STARTTLS"} if inspection.starttls == "removed" else set()
    return tuple("X" * (len(each) - 1) + "A" if each in masked else each for each in offered if each not in removed)


def greet(host: str, terms: Terms, log: SessionLog, readings: Readings, offered: Sequence[str]) -> Steps[None]:
    """EHLO, and the answer of a host with what it offers."""
    log.sent(f"EHLO {terms.helo}")
    yield ROUND_TRIP_S
    lines = [f"{host} Hello [{terms.local.rpartition(':')[0].strip('[]')}]", *offered]
    if readings.ehlo_rows == "joined":
        log.received(f"250  {' '.join(lines)}")
    else:
        log.received(*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}")


@dataclass(frozen=True)
class Way:
    """To whom the messages of a session go, by its name, what it answers, and how."""

    host: str
    replies: Replies
    opened: Opened


def send_messages(way: Way, log: SessionLog, mailbag: Mailbag, limit: int, readings: Readings) -> Steps[str | None]:
    """Send what the mailbag holds and what comes while the session waits, ``limit`` messages at most; take leave.

    Returns the reply over which the session had to end before.
    """
    replies = way.replies
    for __ in range(limit):
        message = yield from _next(mailbag)
        if message is None:
            break
        log.note(f"sending message with RecordId {message.record_id} and InternetMessageId {message.message_id}")
        log.sent(f"MAIL FROM:<{message.sender}> SIZE={message.size}")
        log.sent(f"RCPT TO:<{message.recipient}>")
        yield ROUND_TRIP_S
        if (refusal := _refusal(replies.mail, replies.rcpt)) is None:
            log.received(replies.mail, replies.rcpt)
            yield from _send_data(message, log, chunking=way.opened.chunking)
            reply = _reply_to_data(replies.data, way.host, message)
            log.received(reply)
        else:
            reply = refusal
            log.received(*_answers_to_envelope(replies, reply))
        if reply.startswith("421"):
            log.disconnected("Remote")
        elif reply is replies.mail and reply.startswith("4") and readings.refused_mail == "queue":
            yield from leave(log)
        else:
            mailbag.answered(message, reply)
            if refusal is not None:
                yield from _reset(log)
            continue
        mailbag.returned(message, reply)
        return reply
    yield from leave(log)
    return None


def _answers_to_envelope(replies: Replies, refusal: str) -> tuple[str, ...]:
    """To MAIL FROM and RCPT TO, which were sent together; nothing comes after 421."""
    if refusal is not replies.mail:
        return replies.mail, refusal
    return (refusal,) if refusal.startswith("421") else (refusal, _FORGOT_MAIL)


def _refusal(*replies: str) -> str | None:
    return next((each for each in replies if not each.startswith("2")), None)


def _send_data(message: Message, log: SessionLog, *, chunking: bool) -> Steps[None]:
    if chunking:
        log.sent(f"BDAT {message.size} LAST")
    else:
        log.sent("DATA")
        yield ROUND_TRIP_S
        log.received(_GOES_ON)
    yield PEER_THINKS_S


def _reset(log: SessionLog) -> Steps[None]:
    log.sent("RSET")
    yield ROUND_TRIP_S
    log.received("250 2.0.0 Resetting")


def _next(mailbag: Mailbag) -> Steps[Message | None]:
    waited = 0.0
    while (message := mailbag.take()) is None and waited < mailbag.patience_s:
        waited += LOOKS_FOR_MAIL_S
        yield LOOKS_FOR_MAIL_S
    return message


def _reply_to_data(reply: str, host: str, message: Message) -> str:
    """The peer's reply; Exchange and Exchange Online put the message's own facts behind ``250 2.6.0``."""
    head, accepted, rest = reply.partition("250 2.6.0 ")
    if head or not accepted:
        return reply
    return f"250 2.6.0 {message.message_id} [InternalId={message.record_id}, Hostname={host}] {rest}"


def leave(log: SessionLog) -> Steps[None]:
    """QUIT."""
    log.sent("QUIT")
    yield ROUND_TRIP_S
    log.received("221 2.0.0 Service closing transmission channel")
    log.disconnected("Local")
