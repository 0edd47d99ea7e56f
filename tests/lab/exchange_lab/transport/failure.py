# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a connection failed, and the words in which a queue tells it (LastError)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ..world import ConnectFailure, DnsAnswer, Readings, Server
from .target import Host

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

    def row(self, destination: str, endpoint: str) -> str:
        """What the protocol log says of a connection that did not come about."""
        return (
            f"Failed to connect. Winsock error code: {self.number}, Win32 error code: {self.number}, "
            f"Destination domain: {destination}, Error Message: {self.text} {endpoint}."
        )


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
    "host_unreachable": SocketError(
        10065,
        "SocketError: Failed to connect. Winsock error code: 10065, Win32 error code: 10065",
        "A socket operation was attempted to an unreachable host",
        3.0,
        "HostUnreachable",
    ),
}


@dataclass(frozen=True)
class Failure:
    """Why mail stays.

    Attributes:
        reply: The SMTP reply that Exchange gives it, often of its own making, without full stop.
        stage: ``certificate``: TlsCertificateName names none; ``lookup``: no address; ``connect``: no connection;
            ``security``: TLS failed with a security status; ``dropped``: the other end is gone; ``session``: what the
            peer offers is not enough; ``validation``: the peer's certificate is not; ``authentication``: another server
            does not believe who this one is; ``reply``: the peer says so.
        socket_error: Of a connection that did not come about.
        status: The word with which TLS or authentication failed, as the protocol log has it.
        alert: The TLS alert that came from the other end.
    """

    reply: str
    stage: Literal[
        "certificate", "lookup", "connect", "security", "dropped", "session", "validation", "authentication", "reply"
    ]
    socket_error: SocketError | None = None
    status: str | None = None
    alert: int | None = None


CERTIFICATE_NOT_FOUND = Failure(
    "454 4.7.5 The certificate specified in TlsCertificateName of the SendConnector could not be found.", "certificate"
)
STARTTLS_REQUIRED = Failure("451 5.7.3 STARTTLS is required to send mail", "session")
AUTHENTICATION_FAILED = Failure("454 4.7.0 Temporary authentication failure", "authentication", status="LogonDenied")

DNS_STATUS: dict[DnsAnswer, str] = {
    "nxdomain": "InfoDomainNonexistent",
    "servfail": "ErrorRetry",
    "timeout": "ErrorTimeout",
}
"""What Exchange calls an answer of DNS that holds no address (published analysis of Exchange 2013 CU23)."""


@dataclass(frozen=True)
class Unreached:
    """The last host that was tried, and why it could not be reached; ``target`` is None when it has no address.

    ``tried`` is to how many addresses a connection was tried in all.
    """

    failure: Failure
    host: str
    target: Host | None
    tried: int = 1


def unable_to_connect(error: SocketError) -> Failure:
    return Failure(f"421 4.2.1 Unable to connect -> {error.name}", "connect", error)


def negotiation_failed(status: str, alert: int | None = None) -> Failure:
    """TLS ended with a security status, by this end: the reply is Exchange's own invention, and nothing timed out."""
    return Failure("421 4.4.1 Connection timed out", "security", status=status, alert=alert)


def dropped(word: str, alert: int | None = None) -> Failure:
    """The other end has left, by a socket error of this name."""
    return Failure(f"421 4.4.2 Connection dropped due to {word}", "dropped", status=word, alert=alert)


def not_resolved(answer: DnsAnswer) -> Failure:
    """DNS gave no address."""
    error = f"DNS query failed with error {DNS_STATUS[answer]}"
    if answer == "nxdomain":
        error = "SMTPSEND.DNS.NonExistentDomain; nonexistent domain"
    return Failure(f"451 4.4.0 DNS query failed. The error was: {error}", "lookup")


def not_validated(reason: str) -> Failure:
    """This server does not accept the certificate of the other end."""
    return Failure(f"454 4.7.5 Certificate validation failure, Reason: {reason}", "validation")


def last_error(unreached: Unreached, at: datetime, readings: Readings) -> str:
    """LastError of the queue after a connection to a peer failed at this time."""
    target = unreached.target
    named = readings.last_endpoint == "always" or (readings.last_endpoint == "several" and unreached.tried > 1)
    endpoint = f" The last endpoint attempted was {target.queue_endpoint}" if target and named else ""
    text = _text(unreached.failure, readings, endpoint)
    if readings.queue_error != "led_4.4.1":
        return text
    return _led_first(text, *((target.name, target.address) if target else (unreached.host, "")), at)


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
    failure, target = unreached.failure, unreached.target
    inner = failure.reply
    if failure.stage not in ("certificate", "lookup"):
        reply = f"451 4.4.0 Security status {failure.status}" if failure.stage == "security" else failure.reply
        endpoint = f" The last endpoint attempted was {target.queue_endpoint}" if target else ""
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


def _text(failure: Failure, readings: Readings, endpoint: str = "") -> str:
    """The words without the frame that names the host; ``endpoint`` ends those that say nothing else of it."""
    if failure.stage in ("certificate", "lookup"):
        return failure.reply
    reply = failure.reply
    if failure.stage in ("connect", "dropped"):
        if readings.connect_error == "4.4.397":
            return f"451 4.4.397 Error communicating with target host. -> {reply}"
        reply = reply.partition(" -> ")[0]
    elif readings.queue_error == "led_4.4.1":
        # A reply of another code than 421 has been seen without a word in front of it.
        bare = failure.stage in ("validation", "reply") and not reply.startswith("421")
        return reply if bare else f"451 4.4.395 Target host responded with error. -> {reply}"
    elif failure.stage == "security" and readings.queue_error == "primary_4.2.1":
        reply = "421 4.2.1 Unable to connect"
    return f'451 4.4.0 Primary target IP address responded with: "{reply}." {_NO_ALTERNATE_HOST}{endpoint}'


def _us_time(at: datetime) -> str:
    """In the culture of the server, here American English: no leading zero, twelve hours."""
    return f"{at.month}/{at.day}/{at.year} {at.hour % 12 or 12}:{at:%M:%S} {'AM' if at.hour < 12 else 'PM'}"
