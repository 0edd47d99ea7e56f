# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a pipeline ends early, and what an error looks like on the wire."""

from __future__ import annotations

from psrpcore.types import ErrorCategory, ErrorCategoryInfo, ErrorRecord, NETException, PSObject

RUNTIME_EXCEPTION = "System.Management.Automation.RuntimeException"


class TerminatingError(Exception):
    """Ends the pipeline in the state Failed; the client gets one error record.

    ``category`` is an ErrorCategory or its name (``InvalidOperation``); ``exception_type`` the full .NET name;
    ``activity`` the cmdlet that gave up, as PowerShell shows it in brackets.
    """

    def __init__(
        self,
        message: str,
        fully_qualified_error_id: str = "RuntimeException",
        category: ErrorCategory | str = ErrorCategory.NotSpecified,
        exception_type: str = RUNTIME_EXCEPTION,
        *,
        activity: str = "",
        target: object = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.fully_qualified_error_id = fully_qualified_error_id
        self.category = category
        self.exception_type = exception_type
        self.activity = activity
        self.target = target

    def record(self) -> ErrorRecord:
        """Return the error record that travels with the state Failed."""
        return error_record(
            self.message,
            self.fully_qualified_error_id,
            self.category,
            self.exception_type,
            activity=self.activity,
            target=self.target,
        )


class HostCannotPrompt(TerminatingError):
    """The client announced no host or no user interface, so there is nobody to ask.

    PowerShell raises a HostException then (InternalHostUserInterface in its public source). A cmdlet that does not
    catch it fails with it, as there.
    """

    def __init__(self, question: str = "") -> None:
        message = (
            "A command that prompts the user failed because the host program or the command type does not support "
            "user interaction."
        )
        if question:
            message += f" The host was attempting to request confirmation with the following message: {question}"
        super().__init__(
            message,
            "HostFunctionNotImplemented",
            ErrorCategory.NotImplemented,
            "System.Management.Automation.Host.HostException",
        )


class Stopped(BaseException):
    """Raised inside the calls of a Run when the client stopped the pipeline or its shell is gone.

    A BaseException, so that no ``except Exception`` of a cmdlet swallows it.
    """


def error_record(
    message: str,
    fully_qualified_error_id: str,
    category: ErrorCategory | str,
    exception_type: str = RUNTIME_EXCEPTION,
    *,
    activity: str = "",
    target: object = None,
) -> ErrorRecord:
    """Build the record of an error; see TerminatingError for the arguments."""
    exception = NETException(Message=message, HResult=-2146233087)
    if exception_type != "System.Exception":
        exception.PSObject.type_names = [exception_type, *exception.PSTypeNames]
    exception.PSObject.to_string = escaped(f"{exception_type}: {message}")
    info = ErrorCategoryInfo(
        Category=ErrorCategory[category] if isinstance(category, str) else category,
        Activity=activity,
        Reason=exception_type.rpartition(".")[2],
        TargetName="" if target is None else str(target),
        TargetType="" if target is None else _dotnet_name(target),
    )
    record = ErrorRecord(
        Exception=exception,
        CategoryInfo=info,
        TargetObject=target,
        FullyQualifiedErrorId=fully_qualified_error_id,
    )
    record.PSObject.to_string = escaped(message)
    return record


def _dotnet_name(target: object) -> str:
    if isinstance(target, PSObject):
        return str(target.PSTypeNames[0]).rpartition(".")[2]
    return {str: "String", int: "Int32", bool: "Boolean"}.get(type(target), "Object")


def escaped(text: str) -> str:
    """Escape what CLIXML would lose in an object's ToString, which psrpcore writes raw: XML turns CR LF into LF."""
    return text.replace("_x", "_x005F_x").replace("\r", "_x000D_").replace("\n", "_x000A_")
