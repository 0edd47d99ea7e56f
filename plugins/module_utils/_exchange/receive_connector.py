# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Receive connectors: objects of one server each."""

from __future__ import annotations

from dataclasses import dataclass

from .._powershell import RemoteObject
from .fields import Fields
from .names import CertificateName, parse_certificate_name


@dataclass(frozen=True)
class ReceiveConnector:
    """A Receive connector (Get-ReceiveConnector), as far as it decides which certificate is shown to those who connect.

    ``fqdn`` is what it calls itself, None where that is not set; ``offers_starttls`` that AuthMechanism has Tls.
    """

    name: str
    enabled: bool
    fqdn: str | None
    tls_certificate_name: CertificateName | None
    offers_starttls: bool


def receive_connector_from(source: RemoteObject) -> ReceiveConnector:
    """Read what Get-ReceiveConnector returned.

    Raises:
        Unreadable: a property is missing or has no meaning.
    """
    fields = Fields(source, "the Receive connector")
    mechanisms = (fields.optional_text("AuthMechanism") or "").lower().split(",")
    return ReceiveConnector(
        name=fields.text("Name"),
        enabled=fields.flag("Enabled"),
        fqdn=fields.optional_text("Fqdn"),
        tls_certificate_name=_certificate_name(fields),
        offers_starttls="tls" in (each.strip() for each in mechanisms),
    )


def _certificate_name(fields: Fields) -> CertificateName | None:
    text = fields.optional_text("TlsCertificateName")
    try:
        return None if text is None else parse_certificate_name(text)
    except ValueError as error:
        raise fields.misunderstood("TlsCertificateName", text) from error
