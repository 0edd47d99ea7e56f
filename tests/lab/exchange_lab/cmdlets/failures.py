# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Error records as Exchange's cmdlets write them.

Texts, categories and the form of the identifier are those of real output of Exchange 2016 and 2019, and of a published
analysis of Exchange 2013 CU23. The hexadecimal number is a hash of a stack trace there; here it only looks like one.
"""

from __future__ import annotations

import zlib

from ..objects import general_text
from ..powershell import CommandError, Invocation
from ..world import Server

_INVALID_OPERATION = "System.InvalidOperationException"
_LOCALIZED = "Microsoft.Exchange.Data.Common.LocalizedException"
_TASKS = "Microsoft.Exchange.Configuration.Tasks."


def failed(
    invocation: Invocation, message: str, category: str, exception_type: str = _INVALID_OPERATION, target: object = None
) -> CommandError:
    """An error of the running cmdlet. ``Server`` in its identifier is the one that runs it, not the one it is about.

    An Edge has no session of Exchange whose server and request an identifier could name, only the snap-in.
    """
    name = exception_type.rpartition(".")[2]
    cmdlet = invocation.command.class_name
    trace = zlib.crc32(f"{invocation.server.version} {cmdlet} {name} {message[:20]}".encode())
    identifier = f"{trace:X},{cmdlet}"
    if invocation.server.role == "mailbox" or invocation.world.readings.snap_in_error_ids == "prefixed":
        identifier = f"{request(invocation)} [FailureCategory=Cmdlet-{name}] {identifier}"
    return CommandError(message, identifier, category, exception_type, target)


def request(invocation: Invocation) -> str:
    """The bracket by which Exchange's errors name server, request and time, the time in UTC."""
    stamp = general_text(invocation.world.clock.now())
    return f"[Server={invocation.server.name},RequestId={invocation.request_id},TimeStamp={stamp}]"


def service_host_failed(invocation: Invocation, target: Server, message: str, category: str) -> CommandError:
    """What the Service Host of ``target`` answered, in the wrapper that all certificate cmdlets put around it."""
    return failed(invocation, f"A special Rpc error occurs on server {target.name}: {message}", category)


def service_host_unreachable(invocation: Invocation, target: Server) -> CommandError:
    """RPC error 1722: nobody answers at that address."""
    return failed(
        invocation,
        f"Cannot connect to the remote procedure call service on the server named {target.name}. Verify that a valid "
        "computer name was used and the Microsoft Exchange Service Host service is started.",
        "InvalidOperation",
        _LOCALIZED,
    )


def service_host_stopped(invocation: Invocation, target: Server) -> CommandError:
    """RPC error 1753: the machine answers, and the service has registered nothing."""
    return failed(
        invocation,
        f"A connection couldn't be made to the Exchange server named {target.name}. Verify that the Microsoft Exchange "
        "Service Host service is started.",
        "ResourceUnavailable",
        _LOCALIZED,
    )


def service_host_broken(invocation: Invocation, target: Server) -> CommandError:
    """Any other RPC error; what stands behind the colon is that error's own text."""
    return failed(
        invocation,
        f"The Exchange Certificate operation has failed with an exception on server {target.name}.  The error message "
        "is: The remote procedure call failed.",
        "NotSpecified",
        _LOCALIZED,
    )


def transport_unreachable(invocation: Invocation, target: Server) -> CommandError:
    return failed(
        invocation,
        f'Exchange can\'t connect to the Microsoft Exchange Transport service on computer "{target.fqdn}". Verify '
        "that the service is started.",
        "InvalidOperation",
        _LOCALIZED,
    )


def server_not_found(invocation: Invocation, name: str) -> CommandError:
    """No server of that name, said by cmdlets that talk to it."""
    return failed(
        invocation,
        f'Exchange server "{name}" was not found. Please make sure you typed the name correctly.',
        "InvalidArgument",
        f"{_TASKS}ManagementObjectNotFoundException",
    )


def object_not_found(invocation: Invocation, identity: str, domain_controller: str) -> CommandError:
    """Nothing of that identity, said by cmdlets that read the directory."""
    return failed(
        invocation,
        f"The operation couldn't be performed because object '{identity}' couldn't be found on '{domain_controller}'.",
        "NotSpecified",
        f"{_TASKS}ManagementObjectNotFoundException",
    )


def object_ambiguous(invocation: Invocation, identity: str) -> CommandError:
    return failed(
        invocation,
        f"The operation couldn't be performed because '{identity}' matches multiple entries.",
        "NotSpecified",
        f"{_TASKS}ManagementObjectAmbiguousException",
    )


def refused(invocation: Invocation, message: str) -> CommandError:
    """A cmdlet that will not do what was asked."""
    return failed(invocation, message, "InvalidOperation")


def invalid_argument(invocation: Invocation, message: str) -> CommandError:
    return failed(invocation, message, "InvalidArgument", "System.ArgumentException")


def queue_failed(invocation: Invocation, message: str, category: str, target: str) -> CommandError:
    """What the queue viewer of a transport service answered."""
    return failed(invocation, message, category, _LOCALIZED, target)
