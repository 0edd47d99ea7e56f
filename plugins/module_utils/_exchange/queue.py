# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Queues of a transport service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from .._powershell import RemoteObject
from .fields import Fields
from .moments import moment_text


@dataclass(frozen=True)
class Queue:
    r"""One queue (Get-Queue).

    ``identity`` is ``SERVER\number``; ``next_hop_connector`` the Send connector's Guid for the two connector delivery
    types; the times are aware, by the server's clock; ``last_error`` empty when there is none.
    """

    identity: str
    delivery_type: str
    next_hop_domain: str
    next_hop_connector: str
    status: str
    message_count: int
    last_error: str
    first_retry_time: datetime | None
    last_retry_time: datetime | None
    next_retry_time: datetime | None
    retry_count: int = 0
    tls_domain: str = ""


QUEUE_STATUSES: Final = ("Active", "Connecting", "Ready", "Retry", "Suspended")
"""Status of a queue, in Exchange's words (documentation page "Queue properties")."""


def queue_filter(*, connector: str = "", status: str = "") -> str | None:
    """Return a -Filter for the queues of a connector, by its Guid, and of a status; None when nothing is wanted.

    Exchange's filters of queues join comparisons by -and alone, so there is one status at the most.

    Raises:
        ValueError: not a Guid, or not a status: nothing else becomes part of a filter.
    """
    comparisons = []
    if connector:
        comparisons.append(f"NextHopConnector -eq '{UUID(connector)}'")
    if status:
        comparisons.append(f"Status -eq '{QUEUE_STATUSES[QUEUE_STATUSES.index(status)]}'")
    return " -and ".join(comparisons) or None


def queue_from(source: RemoteObject) -> Queue:
    """Read what Get-Queue returned.

    Raises:
        Unreadable: a property is missing or has no meaning.
    """
    fields = Fields(source, "the queue")
    return Queue(
        identity=fields.text("Identity"),
        delivery_type=fields.text("DeliveryType"),
        next_hop_domain=fields.optional_text("NextHopDomain") or "",
        next_hop_connector=fields.guid("NextHopConnector"),
        status=fields.text("Status"),
        message_count=fields.number("MessageCount"),
        last_error=fields.optional_text("LastError") or "",
        first_retry_time=fields.moment("FirstRetryTime"),
        last_retry_time=fields.moment("LastRetryTime"),
        next_retry_time=fields.moment("NextRetryTime"),
        retry_count=fields.number("RetryCount"),
        tls_domain=fields.optional_text("TlsDomain") or "",
    )


def queue_result(queue: Queue) -> dict[str, Any]:
    """Return a queue as modules return it."""
    return {
        "identity": queue.identity,
        "delivery_type": queue.delivery_type,
        "next_hop_domain": queue.next_hop_domain,
        "next_hop_connector": queue.next_hop_connector,
        "tls_domain": queue.tls_domain,
        "status": queue.status,
        "message_count": queue.message_count,
        "last_error": queue.last_error,
        "retry_count": queue.retry_count,
        "first_retry_time": moment_text(queue.first_retry_time),
        "last_retry_time": moment_text(queue.last_retry_time),
        "next_retry_time": moment_text(queue.next_retry_time),
    }
