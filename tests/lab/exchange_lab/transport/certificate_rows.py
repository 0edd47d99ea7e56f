# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a certificate stands in the protocol log.

The old form is that of KB 4051498 and KB 4495258, the new one that of "Can't remove a certificate that's installed in
Exchange Server" and of logs seen from 2020 on.
"""

from __future__ import annotations

from typing import Literal

from ..timespan import log_time
from ..world import Readings, StoredCertificate
from .protocol_log import SessionLog

Form = Literal["old", "new", "none"]

_PROPERTIES = "Subject Issuer name Serial number Thumbprint Not before Not after Subject alternate names"


def log_certificate(log: SessionLog, marker: str, certificate: StoredCertificate, readings: Readings) -> None:
    """Write a whole certificate; only ``marker`` (``Sending certificate`` …) says whose it is."""
    form, names = readings.certificate_rows, readings.alternate_names_row == "filled"
    if form == "old":
        log.note(marker)
        log.note("Certificate subject", certificate.subject)
        log.note("Certificate issuer name", certificate.issuer)
        log.note("Certificate serial number", certificate.serial_number)
        log.note("Certificate thumbprint", certificate.thumbprint)
        log.note("Certificate alternate names", ";".join(certificate.alternative_names if names else ()))
    elif form == "new":
        values = (
            certificate.subject,
            certificate.issuer,
            certificate.serial_number,
            certificate.thumbprint,
            log_time(certificate.not_before),
            log_time(certificate.not_after),
            ";".join(certificate.domains if names else ()),
        )
        log.note(f"{marker} {_PROPERTIES}", "".join(f" {value}" for value in values))


def log_received_thumbprint(log: SessionLog, certificate: StoredCertificate, form: Form) -> None:
    """The peer's certificate once more, after the handshake. Only the old form has been seen to write it."""
    if form == "old":
        log.note("Received certificate")
        log.note("Certificate thumbprint", certificate.thumbprint)
