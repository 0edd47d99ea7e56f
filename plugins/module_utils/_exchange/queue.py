# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Queues of a transport service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


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
