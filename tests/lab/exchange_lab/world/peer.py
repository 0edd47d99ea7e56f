# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts outside the organisation that receive its mail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .certificate import StoredCertificate

ConnectFailure = Literal["timed_out", "refused", "unreachable"]


@dataclass
class Peer:
    """An SMTP server that mail is sent to: a smart host, or the MX of the domains in ``mx_for``.

    Attributes:
        listens: Whether a connection to it is accepted.
        connect_failure: What happens to a connection when it is not.
        starttls: Whether it offers STARTTLS.
        certificate: What it shows in the TLS handshake.
        reply_to_data: Its answer to the end of a message: ``250 …``, or a refusal such as ``550 5.7.64 …``.
    """

    name: str
    address: str
    certificate: StoredCertificate
    port: int = 25
    mx_for: tuple[str, ...] = ()
    listens: bool = True
    connect_failure: ConnectFailure = "timed_out"
    banner: str = ""
    starttls: bool = True
    reply_to_data: str = "250 2.6.0 Queued mail for delivery"
