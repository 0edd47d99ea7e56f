# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a queue's LastError hints at. The queue text is a hint: only a row of the protocol log is proof."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final


class ErrorFamily(Enum):
    """The families of queue errors that can be told apart by their text."""

    NONE = "none"
    TLS_LOCAL = "tls_local"
    TLS_OR_NETWORK = "tls_or_network"
    SOCKET = "socket"
    CERTIFICATE_NAME_NOT_FOUND = "certificate_name_not_found"
    VALIDATION_FAILED = "validation_failed"
    ACCESS_DENIED = "access_denied"
    STARTTLS_REQUIRED = "starttls_required"
    DNS = "dns"
    FRONTEND_SECURITY_STATUS = "frontend_security_status"
    OTHER = "other"


@dataclass(frozen=True)
class LastError:
    """A queue error's family. ``word`` is the text's own: a security status, a socket code, a reason; often empty."""

    family: ErrorFamily
    word: str = ""


TLS_SYMPTOMS: Final = frozenset({ErrorFamily.TLS_LOCAL, ErrorFamily.TLS_OR_NETWORK})
"""The families that KB 4051498 shows itself by (421 4.4.1 and 421 4.2.1): reason enough to look into the log."""


def classify_last_error(text: str) -> LastError:
    """Tell what a LastError hints at, whatever wrapper the Exchange version puts around it."""
    del text
    return LastError(ErrorFamily.OTHER)
