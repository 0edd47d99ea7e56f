# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a connection failed, and the words in which a queue tells it (LastError)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ..world import Peer, Readings, Server
from ..world.peer import ConnectFailure
from .certificate_choice import SecurityStatus

_NO_ALTERNATE_HOST = (
    "Attempted failover to alternate host, but that did not succeed. Either there are no alternate hosts, or delivery "
    "failed to all alternate hosts."
)


@dataclass(frozen=True)
class SocketError:
    """A Windows socket error: its number, Exchange's name for it, the system's text, how long it takes to come, and
    .NET's name for it.
    """

    number: int
    name: str
    text: str
    seconds: float
    dotnet_name: str


SOCKET_ERRORS: dict[ConnectFailure, SocketError] = {
    # Windows sends three SYN segments, 3, 6 and 12 seconds apart, before it gives up.
    "timed_out": SocketError(
        10060,
        "SocketTimedout: Socket error code 10060",
        "A connection attempt failed because the connected party did not properly respond after a period of time, "
        "or established connection failed because connected host has failed to respond",
        21.0,
        "TimedOut",
    ),
    "refused": SocketError(
        10061,
        "SocketConnectionRefused: Socket error code 10061",
        "No connection could be made because the target machine actively refused it",
        1.0,
        "ConnectionRefused",
    ),
    "unreachable": SocketError(
        10051,
        "SocketError: Failed to connect. Winsock error code: 10051, Win32 error code: 10051",
        "A socket operation was attempted to an unreachable network",
        0.0,
        "NetworkUnreachable",
    ),
}


@dataclass(frozen=True)
class Failure:
    """Why mail stays.

    Attributes:
        reply: The SMTP reply that Exchange gives it, often of its own making, without full stop.
        stage: ``certificate``: TlsCertificateName names none; ``lookup``: no address; ``connect``: no connection;
            ``security``: our own TLS failed; ``dropped``: the other end is gone; ``session``: what the peer offers is
            not enough.
        socket_error: Of a connection that did not come about.
    """

    reply: str
    stage: Literal["certificate", "lookup", "connect", "security", "dropped", "session"]
    socket_error: SocketError | None = None


CERTIFICATE_NOT_FOUND = Failure(
    "454 4.7.5 The certificate specified in TlsCertificateName of the SendConnector could not be found.", "certificate"
)
NO_ADDRESS = Failure("451 4.4.0 DNS query failed. The error was: DNS query failed with error ErrorRetry", "lookup")
STARTTLS_REQUIRED = Failure("451 5.7.3 STARTTLS is required to send mail", "session")
CONNECTION_DROPPED = Failure("421 4.4.2 Connection dropped due to SocketError", "dropped")
NEGOTIATION_FAILED = Failure("421 4.4.1 Connection timed out", "security")
"""Exchange's own invention for a session that it ended itself over a security status; nothing timed out."""


@dataclass(frozen=True)
class Unreached:
    """The last host that was tried, and why it could not be reached; ``peer`` is None when nobody knows the host.

    ``status`` is the security status with which our own TLS failed.
    """

    failure: Failure
    host: str
    peer: Peer | None
    status: SecurityStatus | None = None


def unable_to_connect(error: SocketError) -> Failure:
    return Failure(f"421 4.2.1 Unable to connect -> {error.name}", "connect", error)


def last_error(unreached: Unreached, at: datetime, readings: Readings) -> str:
    """LastError of the queue after a connection to a peer failed at this time."""
    text, peer = _text(unreached.failure, readings), unreached.peer
    if readings.queue_error != "led_4.4.1":
        return text
    return _led_first(text, *((peer.name, peer.address) if peer else (unreached.host, "")), at)


def front_end_unreached(failure: Failure, front_end: Server, address: str, at: datetime, readings: Readings) -> str:
    """LastError after the connection to the front end itself failed.

    Its words are those of a published analysis of Exchange 2013 CU23, with three blanks.
    """
    if readings.queue_error == "led_4.4.1":
        return _led_first(_text(failure, readings), front_end.fqdn, address, at)
    reply = failure.reply
    if failure.stage == "security" and readings.queue_error == "primary_4.2.1":
        reply = "421 4.2.1 Unable to connect"
    frame = (
        "Error encountered while communicating with primary outbound frontend IP address:"
        if failure.stage == "dropped"
        else "Primary outbound frontend IP address responded with:"
    )
    return _lrt_first(f'451 4.4.0 {frame}   "{reply}." {_NO_ALTERNATE_HOST}', front_end.fqdn, address, at)


def proxy_refusal(unreached: Unreached, readings: Readings) -> str:
    """The reply of a front end that could not reach any host. It names the security status, and not the certificate."""
    failure, peer = unreached.failure, unreached.peer
    inner = failure.reply
    if failure.stage not in ("certificate", "lookup"):
        reply = f"451 4.4.0 Security status {unreached.status}" if unreached.status else failure.reply
        endpoint = f" The last endpoint attempted was {peer.address}:{peer.port}" if peer else ""
        inner = f'451 4.4.0 Primary target IP address responded with: "{reply}." {_NO_ALTERNATE_HOST}{endpoint}'
    return f"{readings.front_end_error.replace('_', ' ')} Proxy session setup failed on Frontend with '{inner}'"


def proxy_failed(refusal: str, front_end: Server, address: str, at: datetime, readings: Readings) -> str:
    """LastError after a front end refused to proxy: its reply, which was seen in a frame with 450 4.7.0 only."""
    if readings.queue_error == "led_4.4.1":
        return _led_first(refusal, front_end.fqdn, address, at)
    return _lrt_first(refusal, front_end.fqdn, address, at) if refusal.startswith("450 4.7.0") else f"{refusal}."


def _led_first(text: str, fqdn: str, address: str, at: datetime) -> str:
    """The frame of newer builds."""
    return f"[{{LED={text}}};{{MSG=}};{{FQDN={fqdn}}};{{IP={address}}};{{LRT={_us_time(at)}}}]"


def _lrt_first(text: str, fqdn: str, address: str, at: datetime) -> str:
    """The frame of Exchange 2013."""
    return f"[{{LRT={_us_time(at)}}};{{LED={text}}};{{FQDN={fqdn}}};{{IP={address}}}]"


def _text(failure: Failure, readings: Readings) -> str:
    if failure.stage in ("certificate", "lookup"):
        return failure.reply
    if failure.stage == "connect" and readings.connect_error == "primary_4.2.1":
        return (
            f'451 4.4.0 Primary target IP address responded with: "421 4.2.1 Unable to connect." {_NO_ALTERNATE_HOST}'
        )
    if failure.stage == "connect":
        return f"451 4.4.397 Error communicating with target host. -> {failure.reply}"
    if readings.queue_error == "led_4.4.1":
        return f"451 4.4.395 Target host responded with error. -> {failure.reply}"
    reply = failure.reply
    if failure.stage == "security" and readings.queue_error == "primary_4.2.1":
        reply = "421 4.2.1 Unable to connect"
    return f'451 4.4.0 Primary target IP address responded with: "{reply}." {_NO_ALTERNATE_HOST}'


def _us_time(at: datetime) -> str:
    """In the culture of the server, here American English: no leading zero, twelve hours."""
    return f"{at.month}/{at.day}/{at.year} {at.hour % 12 or 12}:{at:%M:%S} {'AM' if at.hour < 12 else 'PM'}"
