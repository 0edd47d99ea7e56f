# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The TLS handshake of an SMTP session: what both ends come with, what lies between them, and what the log says."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from ..agenda import Steps
from ..world import Readings, TlsVersion
from .certificate_choice import Credentials
from .certificate_rows import log_certificate, log_received_thumbprint
from .failure import Failure, dropped, negotiation_failed
from .protocol_log import SessionLog

ROUND_TRIP_S = 0.12
HANDSHAKE_S = 0.35

PROTOCOL_VERSION = 70
"""The TLS alert for versions that do not meet (RFC 5246, protocol_version)."""

_ALL_VERSIONS: tuple[TlsVersion, ...] = ("TLS1_0", "TLS1_1", "TLS1_2", "TLS1_3")
_CIPHERS = (
    "bulk encryption algorithm CALG_AES_256 with strength 256 bits, MAC hash algorithm CALG_SHA_384 with strength 0 "
    "bits and key exchange algorithm CALG_ECDH_EPHEM with strength 384 bits"
)


@dataclass(frozen=True)
class Handshake:
    """What decides about it.

    Attributes:
        ours, theirs: The certificates and keys of both ends.
        our_versions, their_versions: The versions of TLS that they speak.
        way: What becomes of its bytes on the way.
        patience_s: How long this end waits for an answer.
    """

    ours: Credentials
    theirs: Credentials
    our_versions: Collection[TlsVersion] = _ALL_VERSIONS
    their_versions: Collection[TlsVersion] = _ALL_VERSIONS
    way: Literal["passes", "mangled", "reset", "swallowed"] = "passes"
    patience_s: float = 600.0

    def protocol(self, readings: Readings) -> str | None:
        """The version that both ends speak, as the log spells it; None when they have none in common."""
        common = [each for each in _ALL_VERSIONS if each in self.our_versions and each in self.their_versions]
        if not common:
            return None
        return common[-1] if common[-1] in ("TLS1_0", "TLS1_1") else readings.tls_protocol


def start_tls(verb: str, handshake: Handshake, log: SessionLog, readings: Readings) -> Steps[Failure | None]:
    """Negotiate; returns why it failed. Whether the other end's certificate will do is not asked here."""
    ours, theirs = handshake.ours, handshake.theirs
    log.sent(verb)
    yield ROUND_TRIP_S
    log.received("220 2.0.0 SMTP server ready")
    if ours.certificate is not None and (ours.failure is None or readings.failed_certificate_rows == "written"):
        log_certificate(log, "Sending certificate", ours.certificate, readings)
    if ours.failure is not None:
        # Schannel is asked for the key before a byte of the handshake leaves: the other end has no part in this.
        return _ended(log, negotiation_failed(ours.failure))
    yield handshake.patience_s if handshake.way == "swallowed" else HANDSHAKE_S
    failure = _failure(handshake, readings)
    if failure is not None:
        return _ended(log, failure)
    if theirs.certificate is not None:
        log_certificate(log, "Remote certificate", theirs.certificate, readings)
    protocol = handshake.protocol(readings)
    log.note(f"TLS protocol SP_PROT_{protocol}_CLIENT negotiation succeeded using {_CIPHERS}")
    if theirs.certificate is not None:
        log_received_thumbprint(log, theirs.certificate, readings.certificate_rows)
    return None


def _failure(handshake: Handshake, readings: Readings) -> Failure | None:
    match handshake.way:
        case "mangled":
            return negotiation_failed("InvalidToken")
        case "reset":
            return dropped("ConnectionReset")
        case "swallowed":
            return dropped("TimedOut")
        case _:
            pass
    if handshake.protocol(readings) is None:
        if readings.tls_alert == "SocketError":
            return dropped("SocketError", PROTOCOL_VERSION)
        return negotiation_failed("IllegalMessage", PROTOCOL_VERSION)
    # The status of the other end's own key stays on its side; here the connection is merely gone.
    return dropped("SocketError") if handshake.theirs.failure is not None else None


def _ended(log: SessionLog, failure: Failure) -> Failure:
    log.note(f"TLS negotiation failed with error {failure.status}")
    log.disconnected("Local" if failure.stage == "security" else "Remote")
    return failure
