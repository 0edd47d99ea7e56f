# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers of the organisation and what their transport service says of itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Server:
    """An Exchange server (Get-ExchangeServer). ``version`` like ``15.2 (Build 986.5)``."""

    name: str
    fqdn: str
    site: str
    version: str
    is_mailbox: bool
    is_edge: bool


@dataclass(frozen=True)
class TransportService:
    """Get-TransportService of one server.

    ``default_certificate`` is InternalTransportCertificateThumbprint, upper case; None when the server object has none
    that can be read: then Enable-ExchangeCertificate would replace it without asking.
    ``send_log_path`` is None when the Send protocol log is switched off for the whole server.
    """

    server: str
    default_certificate: str | None
    send_log_path: str | None
