# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The transport service of a server: queues, SMTP sessions with peers, the Send protocol log, and what follows.

Nothing in here talks over a network: a peer is simulated too, and time is the world's. Receive logs are not simulated.
"""

from __future__ import annotations

from .queue import Message, Queue
from .routing import NotSimulated
from .service import TransportService

__all__ = ["Message", "NotSimulated", "Queue", "TransportService"]
