# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a failed or a warning cmdlet means.

Exchange wraps what it says into texts that may be in the target server's language, so a failure is recognised by
exception type, category, embedded thumbprint and untranslated words first, by English text second. The hexadecimal
number in FullyQualifiedErrorId is a hash of the stack trace and means nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from .._powershell import RemoteError


class FailureKind(Enum):
    """What an error record means to us."""

    CERTIFICATE_NOT_FOUND = "certificate_not_found"
    CERTIFICATE_NOT_USABLE = "certificate_not_usable"
    CONNECTOR_CERTIFICATE_LACKS_SMTP = "connector_certificate_lacks_smtp"
    KEY_ACCESS_NOT_GRANTED = "key_access_not_granted"
    EDGE_IS_SUBSCRIBED = "edge_is_subscribed"
    OBJECT_NOT_FOUND = "object_not_found"
    OBJECT_AMBIGUOUS = "object_ambiguous"
    SERVER_NOT_FOUND = "server_not_found"
    NOT_VISIBLE = "not_visible"
    OUT_OF_SCOPE = "out_of_scope"
    SERVICE_NOT_INSTALLED = "service_not_installed"
    RPC_FAILED = "rpc_failed"
    OTHER = "other"


@dataclass(frozen=True)
class Failure:
    """One meaning. ``thumbprint`` and ``reason`` (a validity word like ``PrivateKeyMissing``) where the text has them;

    ``domain_controller`` where an object was looked for.
    """

    kind: FailureKind
    error: RemoteError
    thumbprint: str = ""
    reason: str = ""
    domain_controller: str = ""


def classify_failure(errors: Sequence[RemoteError]) -> Failure:
    """Return what a failed pipeline means: the first error record that we understand, else the first as OTHER."""
    failures = [_classify(error) for error in errors]
    return next((failure for failure in failures if failure.kind is not FailureKind.OTHER), failures[0])


def _classify(error: RemoteError) -> Failure:
    return Failure(FailureKind.OTHER, error)


def warns_of_replaced_default(warnings: Iterable[str]) -> bool:
    """Tell whether Exchange says that it replaced an Edge's default certificate: after our No, an alarm."""
    return any("New-EdgeSubscription" in warning for warning in warnings)


def warns_of_no_change(warnings: Iterable[str]) -> bool:
    """Tell whether a Set- cmdlet says that everything was as wished already."""
    return any("no settings of" in warning and "have been modified" in warning for warning in warnings)
