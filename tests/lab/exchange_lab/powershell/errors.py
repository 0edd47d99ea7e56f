# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What PowerShell itself says when a command cannot run; the texts are those of its public source and documentation."""

from __future__ import annotations

from ..wire import TerminatingError

_AUTOMATION = "System.Management.Automation."


class CommandError(Exception):
    """An error record that ends a command, but neither its pipeline nor what comes after it.

    ``category`` is an ErrorCategory's name, ``exception_type`` a full .NET name, ``target`` what was being worked on.
    """

    def __init__(
        self, message: str, fully_qualified_error_id: str, category: str, exception_type: str, target: object = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.fully_qualified_error_id = fully_qualified_error_id
        self.category = category
        self.exception_type = exception_type
        self.target = target


def not_simulated(what: str) -> TerminatingError:
    """Something that a real server can do and the lab cannot: no answer is better than a wrong one."""
    return TerminatingError(
        f"The lab does not simulate {what}.",
        "NotSimulated",
        "NotImplemented",
        "System.NotImplementedException",
    )


def scripts_not_allowed(script: str) -> TerminatingError:
    """A session without language got script text."""
    return TerminatingError(
        "The syntax is not supported by this runspace. This can occur if the runspace is in no-language mode.",
        "ScriptsNotAllowed",
        "ParserError",
        f"{_AUTOMATION}ParseException",
        target=script,
    )


def command_not_found(name: str) -> TerminatingError:
    """The session has no such command, or not for this caller: it makes no difference."""
    return TerminatingError(
        unknown_command_text(name),
        "CommandNotFoundException",
        "ObjectNotFound",
        f"{_AUTOMATION}CommandNotFoundException",
        target=name,
    )


def unknown_command_text(name: str) -> str:
    return (
        f"The term '{name}' is not recognized as the name of a cmdlet, function, script file, or operable program. "
        "Check the spelling of the name, or if a path was included, verify that the path is correct and try again."
    )


def binding_failed(message: str, error_id: str, command: str, source: str) -> TerminatingError:
    """A parameter does not fit; ``source`` is the command's class, or its name when it is a function."""
    return TerminatingError(
        message,
        f"{error_id},{source}",
        "InvalidArgument",
        f"{_AUTOMATION}ParameterBindingException",
        activity=command,
    )


def null_not_allowed(parameter: str, command: str, source: str) -> TerminatingError:
    """A null where the parameter needs something."""
    return TerminatingError(
        f"Cannot bind argument to parameter '{parameter}' because it is null.",
        f"ParameterArgumentValidationErrorNullNotAllowed,{source}",
        "InvalidData",
        f"{_AUTOMATION}ParameterBindingValidationException",
        activity=command,
    )


def transformation_failed(parameter: str, reason: str, command: str, source: str) -> TerminatingError:
    """A value does not become the type of a function's parameter."""
    return TerminatingError(
        f"Cannot process argument transformation on parameter '{parameter}'. {reason}",
        f"ParameterArgumentTransformationError,{source}",
        "InvalidData",
        f"{_AUTOMATION}ParameterBindingArgumentTransformationException",
        activity=command,
    )


def input_not_bound(source: str, target: object) -> CommandError:
    """An object came through the pipeline and no parameter takes it."""
    return CommandError(
        "The input object cannot be bound to any parameters for the command either because the command does not take "
        "pipeline input or the input and its properties do not match any of the parameters that take pipeline input.",
        f"InputObjectNotBound,{source}",
        "InvalidArgument",
        f"{_AUTOMATION}ParameterBindingException",
        target,
    )
