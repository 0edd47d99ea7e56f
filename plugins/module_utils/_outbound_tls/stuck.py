# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which queues are stuck. A queue belongs to a connector by its Guid: queues are called after domains."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from .._exchange.connector import SendConnector
from .._exchange.last_error import TLS_SYMPTOMS, ErrorFamily, classify_last_error
from .._exchange.queue import Queue

# Shadow redundancy, poison, Submission and Unreachable have other delivery types, and Guids that are no connector's.
_BY_CONNECTOR: Final = frozenset({"dnsconnectordelivery", "smarthostconnectordelivery"})
# SmtpRelayToRemoteAdSite, SmtpRelayWithinAdSiteToEdge, … (documentation page "Queue properties").
_RELAYS: Final = "smtprelay"
_TO_MAILBOX: Final = "smtpdeliverytomailbox"
_TRYING: Final = frozenset({"connecting", "active"})


def queues_of(connector: SendConnector, queues: Iterable[Queue]) -> tuple[Queue, ...]:
    """Return the queues whose mail leaves by a connector."""
    return tuple(each for each in queues if delivers_by_connector(each) and each.next_hop_connector == connector.guid)


def delivers_by_connector(queue: Queue) -> bool:
    """Tell whether a queue's mail leaves by a Send connector."""
    return queue.delivery_type.lower() in _BY_CONNECTOR


def is_stuck(queue: Queue) -> bool:
    """Tell whether mail waits because it could not be sent: in Retry, or being tried after a failure."""
    if queue.message_count < 1 or not delivers_by_connector(queue):
        return False
    status = queue.status.lower()
    return status == "retry" or (status in _TRYING and queue.first_retry_time is not None)


def is_relayed(queue: Queue) -> bool:
    """Tell whether a queue's mail leaves from another server of the organisation."""
    return queue.delivery_type.lower().startswith(_RELAYS)


def waits_for_another_server(queue: Queue) -> bool:
    """Tell whether mail waits that no Send connector of this server has a part in."""
    by_servers = queue.delivery_type.lower().startswith((_RELAYS, _TO_MAILBOX))
    return by_servers and queue.message_count > 0 and queue.status.lower() == "retry"


def may_hold_deferred_mail(queue: Queue) -> bool:
    """Tell whether messages may wait in a queue that goes on: for an answer to themselves, or since just now."""
    if queue.message_count < 1 or not delivers_by_connector(queue):
        return False
    return queue.status.lower() in {"ready", *_TRYING} and not is_stuck(queue)


def is_suspended(queue: Queue) -> bool:
    """Tell whether an administrator holds the queue: his choice is reported and never undone."""
    return queue.status.lower() == "suspended"


def has_mail(connectors: Iterable[SendConnector], queue: Queue) -> bool:
    """Tell whether mail of one of some connectors waits in a queue, or is on its way, and nobody holds it."""
    if queue.message_count < 1 or is_suspended(queue):
        return False
    return any(queues_of(connector, (queue,)) for connector in connectors)


def stuck_queues(connector: SendConnector, queues: Iterable[Queue]) -> tuple[Queue, ...]:
    """Return a connector's queues that are stuck."""
    return tuple(each for each in queues_of(connector, queues) if is_stuck(each))


def stuck_since(stuck: Iterable[Queue]) -> datetime | None:
    """Return when the first of them failed for the first time; None where Exchange does not say."""
    return min((each.first_retry_time for each in stuck if each.first_retry_time is not None), default=None)


def last_tried(stuck: Iterable[Queue]) -> datetime | None:
    """Return when the latest of them was tried last; None where Exchange does not say."""
    return max((each.last_retry_time for each in stuck if each.last_retry_time is not None), default=None)


def has_tls_symptom(queue: Queue) -> bool:
    """Tell whether the error is one that KB 4051498 shows itself by. Without a text nothing speaks against it."""
    error = classify_last_error(queue.last_error)
    if error.family is ErrorFamily.FRONTEND_SECURITY_STATUS:
        return error.word.lower() == "unknowncredentials"
    return error.family in TLS_SYMPTOMS | {ErrorFamily.NONE}
