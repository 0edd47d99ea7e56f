# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail that waits for another server of the organisation: no Send connector of this server has a part in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from .._exchange.last_error import ErrorFamily, classify_last_error
from .._exchange.queue import Queue
from .finding import Confidence, Finding, FindingId, Severity
from .plan import shortened
from .reading import Reading

# SmtpRelayToRemoteAdSite, SmtpRelayWithinAdSiteToEdge, … (documentation page "Queue properties").
_RELAYS: Final = "smtprelay"
_TO_MAILBOX: Final = "smtpdeliverytomailbox"


def relayed(reading: Reading) -> tuple[Finding, ...]:
    """Return a finding for each next hop inside of the organisation that mail waits for."""
    return tuple(_findings(reading))


def _findings(reading: Reading) -> Iterator[Finding]:
    for queue in reading.queues:
        kind = queue.delivery_type.lower()
        if queue.message_count < 1 or queue.status.lower() != "retry":
            continue
        if classify_last_error(queue.last_error).family is ErrorFamily.AUTHENTICATION_FAILED:
            if kind.startswith((_RELAYS, _TO_MAILBOX)):
                yield _not_authenticated(reading, queue)
        elif kind.startswith(_RELAYS):
            yield _relayed(reading, queue)


def _relayed(reading: Reading, queue: Queue) -> Finding:
    return _finding(
        reading,
        queue,
        FindingId.RELAYED,
        "which sends them on: what fails is on the way there, or is to be found there",
        f"Look at {queue.next_hop_domain}, with this collection too if it is an Exchange server, and at the way to it.",
    )


def _not_authenticated(reading: Reading, queue: Queue) -> Finding:
    return _finding(
        reading,
        queue,
        FindingId.AUTHENTICATION,
        "with which this server cannot authenticate (454 4.7.0)",
        "Look at the time, the trust and the SPNs of the servers, and at event 2017.",
    )


def _finding(reading: Reading, queue: Queue, what: FindingId, told: str, remedy: str) -> Finding:
    many = queue.message_count
    waiting = "1 message waits" if many == 1 else f"{many} messages wait"
    return Finding(
        what,
        severity=Severity.ERROR,
        server=reading.server.fqdn,
        connector="",
        guid="",
        sentence=shortened(f"{reading.server.fqdn}: {waiting} for {queue.next_hop_domain}, {told}."),
        confidence=Confidence.PROBABLE,
        remedy=remedy,
        quotes=(f"{queue.identity}, {queue.delivery_type}: {queue.last_error}",),
        where=f"LastError of {queue.identity}",
    )
