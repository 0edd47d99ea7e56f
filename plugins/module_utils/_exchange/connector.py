# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Send connectors: objects of the organisation, not of a server."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class LoggingLevel(Enum):
    """ProtocolLoggingLevel (documentation page "Set-SendConnector")."""

    NONE = "None"
    VERBOSE = "Verbose"


@dataclass(frozen=True)
class CertificateName:
    """A connector's TlsCertificateName, ``<I>issuer<S>subject``: it names certificates, it does not identify one.

    ``issuer`` is None where the name has no ``<I>`` part: then any issuer matches.
    """

    issuer: str | None
    subject: str


@dataclass(frozen=True)
class SendConnector:
    """A Send connector. ``guid`` lower case, no braces; ``originating_server`` the domain controller that answered."""

    name: str
    guid: str
    distinguished_name: str
    enabled: bool
    logging_level: LoggingLevel
    tls_certificate_name: CertificateName | None
    fqdn: str | None
    require_tls: bool
    ignore_starttls: bool
    dns_routing: bool
    smart_hosts: tuple[str, ...]
    source_servers: tuple[str, ...]
    frontend_proxy: bool
    originating_server: str
    tls_auth_level: str | None = None
    tls_domain: str | None = None
