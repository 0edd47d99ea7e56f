# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The services that a certificate can be enabled for."""

from __future__ import annotations

from enum import Enum


class Service(Enum):
    """A flag of Exchange's AllowedServices; the value is its bit (documentation page "Enable-ExchangeCertificate")."""

    IMAP = 1
    POP = 2
    UM = 4
    IIS = 8
    SMTP = 16
    FEDERATION = 32
    UM_CALL_ROUTER = 64


Services = frozenset[Service]
"""A certificate's services. Where they may be unknown the type is ``Services | None``: None is never "none"."""
