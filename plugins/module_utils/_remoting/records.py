# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Error records of a pipeline as ``_powershell.RemoteError``, and what kind of failure they are."""

from __future__ import annotations

from typing import Any, Final

from .._powershell import RemoteError, RemoteObject, Result
from .errors import CmdletFailed, CmdletNotVisible, ParameterNotVisible
from .values import from_wire

# System.Management.Automation.ErrorCategory (documentation page "ErrorCategory Enum"), by number from 0.
_CATEGORIES: Final = (
    "NotSpecified", "OpenError", "CloseError", "DeviceError", "DeadlockDetected", "InvalidArgument", "InvalidData",
    "InvalidOperation", "InvalidResult", "InvalidType", "MetadataError", "NotImplemented", "NotInstalled",
    "ObjectNotFound", "OperationStopped", "OperationTimeout", "SyntaxError", "ParserError", "PermissionDenied",
    "ResourceBusy", "ResourceExists", "ResourceUnavailable", "ReadError", "WriteError", "FromStdErr", "SecurityError",
    "ProtocolError", "ConnectionError", "AuthenticationError", "LimitsExceeded", "QuotaExceeded", "NotEnabled",
)  # fmt: skip
# Exchange's own refusal of a parameter inside a cmdlet (published analysis of Exchange 2013 CU23).
_CUT_PARAMETER: Final = "isn't present in the role definition for the current user"


def read_error(record: Any) -> RemoteError:
    """Return an ``ErrorRecordMessage`` of pypsrp, or the generic object in its place, as ours."""
    if not hasattr(record, "fq_error"):
        return _read_generic(from_wire(record))
    exception = from_wire(record.exception)
    message = record.details_message or _message(exception) or record.message or str(record)
    return RemoteError(
        message=message.strip(),
        fully_qualified_error_id=record.fq_error or "",
        category=_category(record.category),
        exception_type=_type(exception) or record.reason or "",
    )


def _read_generic(record: Any) -> RemoteError:
    """Read the error of a pipeline's end state, which pypsrp does not turn into a record."""
    if not isinstance(record, RemoteObject):
        return RemoteError(message=str(record))
    known = {name: record.properties.get(name) for name in ("Exception", "FullyQualifiedErrorId")}
    number = record.properties.get("ErrorCategory_Category")
    details = record.properties.get("ErrorDetails_Message")
    message = details or _message(known["Exception"]) or record.text or "an error record without a message"
    return RemoteError(
        message=str(message).strip(),
        fully_qualified_error_id=str(known["FullyQualifiedErrorId"] or ""),
        category=_category(number),
        exception_type=_type(known["Exception"]),
    )


def _message(exception: Any) -> str:
    if not isinstance(exception, RemoteObject):
        return str(exception or "")
    message = exception.get("Message") if exception.has("Message") else None
    return str(message or exception.text or "")


def _type(exception: Any) -> str:
    return exception.type_names[0] if isinstance(exception, RemoteObject) and exception.type_names else ""


def _category(number: Any) -> str:
    return _CATEGORIES[number] if isinstance(number, int) and number in range(len(_CATEGORIES)) else ""


def failure_of(server: str, operation: str, errors: tuple[RemoteError, ...], result: Result) -> CmdletFailed:
    """Return the failure that these records mean; by their identifiers, which no language changes, where they tell."""
    identifiers = [error.fully_qualified_error_id for error in errors]
    kind: type[CmdletFailed] = CmdletFailed
    if any("CommandNotFoundException" in identifier for identifier in identifiers):
        kind = CmdletNotVisible
    elif any("NamedParameterNotFound" in identifier for identifier in identifiers) or any(
        _CUT_PARAMETER in error.message for error in errors
    ):
        kind = ParameterNotVisible
    return kind(server, operation, errors, result)
