# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One SMTP session with a peer: what is said, what is logged, and how it ends. The peer is simulated as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ..agenda import Steps
from ..world import Peer, Readings
from .certificate_choice import Credentials
from .certificate_rows import log_certificate, log_received_thumbprint
from .failure import (
    CONNECTION_DROPPED,
    NEGOTIATION_FAILED,
    SOCKET_ERRORS,
    STARTTLS_REQUIRED,
    Failure,
    unable_to_connect,
)
from .protocol_log import SessionLog
from .queue import Message

ROUND_TRIP_S = 0.12
HANDSHAKE_S = 0.35
LOOKS_FOR_MAIL_S = 1.0
PEER_THINKS_S = 0.9  # from the end of a message to the reply

EXTENSIONS = ("SIZE 157286400", "PIPELINING", "DSN", "ENHANCEDSTATUSCODES", "STARTTLS", "8BITMIME", "CHUNKING")
_CIPHERS = (
    "bulk encryption algorithm CALG_AES_256 with strength 256 bits, MAC hash algorithm CALG_SHA_384 with strength 0 "
    "bits and key exchange algorithm CALG_ECDH_EPHEM with strength 384 bits"
)


@dataclass(frozen=True)
class Terms:
    """How a connector wants its sessions: ``credentials`` is None where STARTTLS is not to be used.

    ``proxied_for`` is what the log says of a session that another server asked for.
    """

    helo: str
    local: str
    destination: str
    credentials: Credentials | None
    require_tls: bool
    proxied_for: str = ""


class Mailbag(Protocol):
    """Where a session takes its messages from, and reports to; ``patience_s`` is how long it waits for more."""

    @property
    def patience_s(self) -> float: ...

    def take(self) -> Message | None:
        """The next message, if there is one."""

    def answered(self, message: Message, reply: str) -> None:
        """The peer's answer after the end of a message."""


def open_session(peer: Peer, terms: Terms, log: SessionLog, readings: Readings) -> Steps[Failure | bool]:
    """Open a session that is ready for messages; returns why that failed, or whether it is encrypted."""
    if terms.proxied_for:
        log.note(f"attempting to connect. {terms.proxied_for}")
    else:
        log.note("Set Session Permissions", "SendRoutingHeaders")
        log.note("attempting to connect")
    if not peer.listens:
        return (yield from _knock_in_vain(peer, terms, log))
    yield ROUND_TRIP_S
    log.connected(terms.local)
    yield ROUND_TRIP_S
    log.received(peer.banner)
    yield from greet(peer.name, terms, log, readings, _offered(peer, encrypted=False))

    credentials = terms.credentials if peer.starttls else None
    if credentials is not None:
        failure = yield from start_tls("STARTTLS", credentials, Credentials(peer.certificate), log, readings)
        if failure is not None:
            return failure
        yield from greet(peer.name, terms, log, readings, _offered(peer, encrypted=True))
    elif terms.require_tls:
        log.note("Connector is configured to send mail only over TLS connections and remote doesn't support TLS")
        yield from leave(log)
        return STARTTLS_REQUIRED
    return credentials is not None


def _knock_in_vain(peer: Peer, terms: Terms, log: SessionLog) -> Steps[Failure]:
    error = SOCKET_ERRORS[peer.connect_failure]
    yield error.seconds
    log.note(
        f"Failed to connect. Winsock error code: {error.number}, Win32 error code: {error.number}, "
        f"Destination domain: {terms.destination}, Error Message: {error.text} {peer.address}:{peer.port}."
    )
    return unable_to_connect(error)


def _offered(peer: Peer, *, encrypted: bool) -> tuple[str, ...]:
    return tuple(each for each in EXTENSIONS if each != "STARTTLS" or (peer.starttls and not encrypted))


def greet(host: str, terms: Terms, log: SessionLog, readings: Readings, offered: Sequence[str]) -> Steps[None]:
    """EHLO, and the answer of a host with what it offers."""
    log.sent(f"EHLO {terms.helo}")
    yield ROUND_TRIP_S
    lines = [f"{host} Hello [{terms.local.rpartition(':')[0]}]", *offered]
    if readings.ehlo_rows == "joined":
        log.received(f"250  {' '.join(lines)}")
    else:
        log.received(*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}")


def start_tls(
    verb: str, ours: Credentials, theirs: Credentials, log: SessionLog, readings: Readings
) -> Steps[Failure | None]:
    """Negotiate; returns why it failed. Whatever certificate the other end shows passes, at any TlsAuthLevel."""
    log.sent(verb)
    yield ROUND_TRIP_S
    log.received("220 2.0.0 SMTP server ready")
    if ours.certificate is not None and (ours.failure is None or readings.failed_certificate_rows == "written"):
        log_certificate(log, "Sending certificate", ours.certificate, readings)
    if ours.failure is not None:
        # Schannel is asked for the key before a byte of the handshake leaves: the other end has no part in this.
        log.note(f"TLS negotiation failed with error {ours.failure}")
        log.disconnected("Local")
        return NEGOTIATION_FAILED
    yield HANDSHAKE_S
    if theirs.failure is not None:
        # Its status stays on its own side; here the connection is merely gone.
        log.note("TLS negotiation failed with error SocketError")
        log.disconnected("Remote")
        return CONNECTION_DROPPED
    if theirs.certificate is not None:
        log_certificate(log, "Remote certificate", theirs.certificate, readings)
    log.note(f"TLS protocol SP_PROT_{readings.tls_protocol}_CLIENT negotiation succeeded using {_CIPHERS}")
    if theirs.certificate is not None:
        log_received_thumbprint(log, theirs.certificate, readings.certificate_rows)
    return None


def send_messages(peer: Peer, log: SessionLog, mailbag: Mailbag, limit: int) -> Steps[None]:
    """Send what the mailbag holds and what comes while the session waits, ``limit`` messages at most; take leave."""
    for __ in range(limit):
        message = yield from _next(mailbag)
        if message is None:
            break
        log.note(f"sending message with RecordId {message.record_id} and InternetMessageId {message.message_id}")
        log.sent(f"MAIL FROM:<{message.sender}> SIZE={message.size}")
        log.sent(f"RCPT TO:<{message.recipient}>")
        yield ROUND_TRIP_S
        log.received("250 2.1.0 Sender OK", "250 2.1.5 Recipient OK")
        log.sent(f"BDAT {message.size} LAST")
        yield PEER_THINKS_S
        reply = _reply_to_data(peer, message)
        log.received(reply)
        mailbag.answered(message, reply)
    yield from leave(log)


def _next(mailbag: Mailbag) -> Steps[Message | None]:
    waited = 0.0
    while (message := mailbag.take()) is None and waited < mailbag.patience_s:
        waited += LOOKS_FOR_MAIL_S
        yield LOOKS_FOR_MAIL_S
    return message


def _reply_to_data(peer: Peer, message: Message) -> str:
    """The peer's reply; Exchange and Exchange Online put the message's own facts behind ``250 2.6.0``."""
    head, accepted, rest = peer.reply_to_data.partition("250 2.6.0 ")
    if head or not accepted:
        return peer.reply_to_data
    return f"250 2.6.0 {message.message_id} [InternalId={message.record_id}, Hostname={peer.name}] {rest}"


def leave(log: SessionLog) -> Steps[None]:
    """QUIT."""
    log.sent("QUIT")
    yield ROUND_TRIP_S
    log.received("221 2.0.0 Service closing transmission channel")
    log.disconnected("Local")
