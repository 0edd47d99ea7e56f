# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a failed or a warning cmdlet means.

Exchange wraps what it says into texts that may be in the target server's language, so a failure is recognised by
exception type, category, embedded thumbprint and untranslated words first, by English text second. The hexadecimal
number in FullyQualifiedErrorId is a hash of the stack trace and means nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

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
    """What a failed pipeline means.

    ``thumbprint`` and ``reason``, a validity word like ``PrivateKeyMissing``, where the text has them;
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


# Why Exchange cannot use a certificate: an enum's words, written untranslated into the error's text.
_REASON: Final = re.compile(
    r"\b(PrivateKeyMissing|KeyAlgorithmUnsupported|SigningNotSupported|PkixKpServerAuthNotFoundInEnhancedKeyUsage"
    r"|PrivateKeyNotAccessible|PrivateKeyUnsupportedAlgorithm|CspKeyContainerInfoProtected"
    r"|CspKeyContainerInfoRemovableDevice|CspKeyContainerInfoNotAccessible|CspKeyContainerInfoUnknownKeyNumber"
    r"|PublicKeyUnsupportedSize|KeyUsageCorrupted|EnhancedKeyUsageCorrupted)\b"
    r"|is not valid for use with Exchange Server \(reason: (\w+)\)"
)
_THUMBPRINT: Final = re.compile(r"\b[0-9A-Fa-f]{40}\b")
# [Server=MBX01,RequestId=…,TimeStamp=…] [FailureCategory=Cmdlet-…] …: a session may be proxied to another server.
_ANSWERED: Final = re.compile(r"\[Server=(?P<name>[^,\]\s]+)")
_LOOKED_FOR_ON: Final = re.compile(r"couldn't be found on '([^']+)'")


def _classify(error: RemoteError) -> Failure:
    thumbprint = found[0].upper() if (found := _THUMBPRINT.search(error.message)) else ""
    reason = next(filter(None, found.groups())) if (found := _REASON.search(error.message)) else ""
    controller = found[1] if (found := _LOOKED_FOR_ON.search(error.message)) else ""
    record = _Record(error, thumbprint, reason)
    kind = next((kind for kind, fits in _RULES if fits(record)), FailureKind.OTHER)
    return Failure(kind, error, thumbprint, reason, controller)


@dataclass(frozen=True)
class _Record:
    """An error record with what can be recognised in it in any language."""

    error: RemoteError
    thumbprint: str
    reason: str

    @property
    def cmdlet(self) -> str:
        """Return the class that wrote the record, like ``EnableExchangeCertificate``: the end of the identifier."""
        return self.error.fully_qualified_error_id.rpartition(",")[2].rpartition(".")[2]

    @property
    def concerns_certificates(self) -> bool:
        return self.cmdlet.endswith("ExchangeCertificate")

    def is_a(self, exception: str) -> bool:
        """Tell whether the exception is of this type, as its own name or as FullyQualifiedErrorId says it."""
        return self.error.exception_type.rpartition(".")[2] == exception or bool(
            re.search(rf"\b{exception}\b", self.error.fully_qualified_error_id)
        )

    def says(self, *texts: str) -> bool:
        message = " ".join(self.error.message.split())
        return any(text in message for text in texts)


def _certificate_not_found(record: _Record) -> bool:
    if record.says("was not found.") and record.says("The certificate with thumbprint"):
        return True
    if not record.thumbprint or not record.concerns_certificates:
        return False
    if record.cmdlet == "GetExchangeCertificate":
        # It has two errors with a thumbprint, and the other one gives a reason in parentheses.
        return record.error.category in ("NotSpecified", "ObjectNotFound") and "(" not in record.error.message
    # Answering Yes about the default certificate has an ObjectNotFound of its own, about the Cryptographic API.
    return record.error.category == "ObjectNotFound" and not record.says("API")


_RULES: Final[tuple[tuple[FailureKind, Callable[[_Record], bool]], ...]] = (
    (
        FailureKind.NOT_VISIBLE,
        lambda it: (
            it.is_a("CommandNotFoundException")
            or it.is_a("NamedParameterNotFound")
            or it.says("isn't present in the role definition for the current user")
        ),
    ),
    (FailureKind.CERTIFICATE_NOT_USABLE, lambda it: bool(it.reason and (it.thumbprint or it.concerns_certificates))),
    (
        # The advice names the cmdlet in every language.
        FailureKind.CONNECTOR_CERTIFICATE_LACKS_SMTP,
        lambda it: (
            it.says("The given certificate is not enabled for SMTP protocol")
            or (it.cmdlet.endswith("SendConnector") and it.says("Enable-ExchangeCertificate"))
        ),
    ),
    (FailureKind.EDGE_IS_SUBSCRIBED, lambda it: it.says("Remove-EdgeSubscription")),
    (FailureKind.KEY_ACCESS_NOT_GRANTED, lambda it: it.says("grant Network Service access")),
    (FailureKind.SERVICE_NOT_INSTALLED, lambda it: it.says("(IMAP4, POP3, SMTP, IIS, UM)", "IIS is not installed")),
    (FailureKind.CERTIFICATE_NOT_FOUND, _certificate_not_found),
    (
        FailureKind.OBJECT_AMBIGUOUS,
        lambda it: (
            it.is_a("ManagementObjectAmbiguousException")
            or it.says("matches multiple entries", "more than one object matched identity")
        ),
    ),
    (
        FailureKind.OBJECT_NOT_FOUND,
        lambda it: (
            it.is_a("ManagementObjectNotFoundException")
            or bool(_LOOKED_FOR_ON.search(it.error.message))
            or (it.says("The object with identity") and it.says("wasn't found"))
        ),
    ),
    (FailureKind.SERVER_NOT_FOUND, lambda it: it.says('Exchange server "') and it.says("was not found.")),
    (FailureKind.OUT_OF_SCOPE, lambda it: it.says("not within your authorized scope")),
    (
        FailureKind.RPC_FAILED,
        lambda it: (
            (it.concerns_certificates and it.error.category == "ResourceUnavailable")
            or (it.concerns_certificates and it.is_a("LocalizedException"))
            or it.says(
                "A connection couldn't be made to the Exchange server named",
                "Cannot connect to the remote procedure call service",
                "The Exchange Certificate operation has failed with an exception on server",
                "Exchange can't connect to the Microsoft Exchange Transport service",
                "Exchange can't connect to the RPC server",
            )
        ),
    ),
)


def hides_select_object(errors: Sequence[RemoteError]) -> bool:
    """Tell whether the session has no Select-Object, whose name stands in the error in every language."""
    return any(_classify(each).kind is FailureKind.NOT_VISIBLE and "'Select-Object'" in each.message for each in errors)


def answering_server(errors: Iterable[RemoteError]) -> str:
    """Return the server that ran a cmdlet, as its errors' identifiers name it; empty where they name none."""
    return next((found["name"] for each in errors if (found := _ANSWERED.search(each.fully_qualified_error_id))), "")


def warns_of_replaced_default(warnings: Iterable[str]) -> bool:
    """Tell whether Exchange says that it replaced an Edge's default certificate: after our No, an alarm."""
    return any("New-EdgeSubscription" in warning for warning in warnings)


def warns_of_no_change(warnings: Iterable[str]) -> bool:
    """Tell whether a Set- cmdlet says that everything was as wished already."""
    return any("no settings of" in warning and "have been modified" in warning for warning in warnings)
