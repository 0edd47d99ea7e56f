# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail that waits for another server of the organisation: no Send connector of this server has a part in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from .._exchange.event import AUTHENTICATION_FAILED
from .._exchange.last_error import ErrorFamily, classify_last_error
from .._exchange.queue import Queue
from .causes import explain_family
from .finding import Confidence, Finding, FindingId, Severity
from .plan import shortened
from .reading import Reading
from .stuck import is_relayed, waits_for_another_server

_TO_SOURCES: Final = "smtprelaytoconnectorsourceservers"
_MOST_EVENTS: Final = 2


def relayed(reading: Reading) -> tuple[Finding, ...]:
    """Return a finding for each next hop inside of the organisation that mail waits for."""
    return tuple(_findings(reading))


def _findings(reading: Reading) -> Iterator[Finding]:
    for queue in filter(waits_for_another_server, reading.queues):
        if classify_last_error(queue.last_error).family is ErrorFamily.AUTHENTICATION_FAILED:
            yield _not_authenticated(reading, queue)
        elif is_relayed(queue):
            yield _relayed(reading, queue)


def _relayed(reading: Reading, queue: Queue) -> Finding:
    error = classify_last_error(queue.last_error)
    why = f" ({explain_family(error.family, error.word).meaning})" if error.family is ErrorFamily.SOCKET else ""
    return _finding(
        reading,
        queue,
        FindingId.RELAYED,
        f"from where it leaves: what fails is on the way there, or is to be found there{why}",
        f"Look at {_next_hop(queue)}, with this collection too if that is Exchange, and at the way there.",
    )


def _not_authenticated(reading: Reading, queue: Queue) -> Finding:
    events = () if reading.events is None else reading.events.events
    told = [str(each) for each in events if each.id == AUTHENTICATION_FAILED]
    return _finding(
        reading,
        queue,
        FindingId.AUTHENTICATION,
        "with which this server cannot authenticate (454 4.7.0)",
        "Look at the time, the trust and the SPNs of the servers, and at event 2017.",
        *told[:_MOST_EVENTS],
    )


def _next_hop(queue: Queue) -> str:
    """Return what the next hop is: a server, a site, or a connector whose source servers are elsewhere."""
    to_sources = queue.delivery_type.lower() == _TO_SOURCES
    return f'the source servers of "{queue.next_hop_domain}"' if to_sources else queue.next_hop_domain


def _finding(reading: Reading, queue: Queue, what: FindingId, told: str, remedy: str, *support: str) -> Finding:
    many = queue.message_count
    waiting = "1 message waits" if many == 1 else f"{many} messages wait"
    return Finding(
        what,
        severity=Severity.ERROR,
        server=reading.server.fqdn,
        connector="",
        guid="",
        sentence=shortened(f"{reading.server.fqdn}: {waiting} for {_next_hop(queue)}, {told}."),
        confidence=Confidence.PROBABLE,
        remedy=remedy,
        quotes=(f"{queue.identity}, {queue.delivery_type}: {queue.last_error}", *support),
        where=f"LastError of {queue.identity}",
    )
