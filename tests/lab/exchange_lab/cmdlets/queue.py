# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Get-Queue and Retry-Queue."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..objects import Value, queue_object
from ..powershell import Command, Invocation, not_simulated, should_process
from ..powershell.parameters import (
    BOOLEAN,
    OBJECTS,
    SHOULD_PROCESS,
    STRING,
    Parameter,
    ParameterType,
    Unconvertible,
    text_type,
)
from ..world import QueueFacts, Server
from .failures import invalid_argument, queue_failed, server_not_found, transport_unreachable
from .identity import SERVER_ID, is_reachable, server_called, server_meant
from .queue_filter import parse_filter
from .rbac import Granted

TASKS = "Microsoft.Exchange.Management.QueueViewerTasks."
IDENTITY = text_type("Microsoft.Exchange.Data.QueueViewer.QueueIdentity")
UNLIMITED = "Microsoft.Exchange.Data.Unlimited`1[System.UInt32]"
DEFAULT_RESULT_SIZE = 1000


def result_size(value: Any) -> int | None:
    """How many results are wanted at most; None is Unlimited."""
    if str(value).casefold() == "unlimited":
        return None
    if str(value).isdecimal():
        return int(value)
    raise Unconvertible(f'Cannot convert value "{value}" to type "{UNLIMITED}".')


def _get_queue(invocation: Invocation) -> Iterable[Value]:
    with invocation.world.lock:
        queues = [queue_object(each) for each in queues_meant(invocation)]
    if not invocation.arguments.given("ResultSize"):
        return queues[:DEFAULT_RESULT_SIZE]
    return queues[: invocation.arguments.get("ResultSize")]


def _retry_queue(invocation: Invocation) -> Iterable[Value]:
    if invocation.arguments.get("Resubmit"):
        raise not_simulated("-Resubmit $true of Retry-Queue")
    world = invocation.world
    with world.lock:
        identities = [(each.identity, each.delivery_type) for each in queues_meant(invocation)]
    for identity, delivery_type in identities:
        if not should_process(invocation, f'Retrying queue "{identity}".'):
            continue
        if delivery_type in ("Undefined", "Unreachable", "ShadowRedundancy"):
            raise queue_failed(
                invocation,
                f"The requested operation can't be performed for the object with identity {identity}.",
                "InvalidOperation",
                identity,
            )
        _retry(invocation, identity)
    return ()


def _retry(invocation: Invocation, identity: str) -> None:
    world = invocation.world
    with world.lock:
        server = world.server(identity.partition("\\")[0])
        if server is None or server.transport is None:
            raise _not_found(invocation, identity)
        try:
            server.transport.retry(identity, world.clock.now())
        except KeyError as error:  # it was delivered and removed meanwhile
            raise _not_found(invocation, identity) from error


def queues_meant(invocation: Invocation) -> list[QueueFacts]:
    """The queues that -Identity, or -Filter and -Server, name."""
    arguments = invocation.arguments
    identity = arguments.get("Identity")
    if identity is not None:
        return [queue_identified(invocation, identity)]
    queues = queues_of(invocation, server_meant(invocation))
    if not arguments.given("Filter"):
        return queues
    try:
        comparisons = parse_filter(arguments.get("Filter"))
        return [each for each in queues if all(it.holds(queue_object(each)) for it in comparisons)]
    except ValueError as error:
        raise invalid_argument(invocation, f"The filter isn't valid: {error}.") from error


def queue_identified(invocation: Invocation, identity: str) -> QueueFacts:
    r"""The queue ``SERVER\n``, ``n``, or by the domain of its next hop instead of its number."""
    name, separator, rest = identity.partition("\\")
    server = invocation.server if not separator else server_called(invocation, name)
    if server is None:
        raise server_not_found(invocation, name)
    wanted = (rest if separator else identity).casefold()
    found = [
        each
        for each in queues_of(invocation, server)
        if wanted in (each.identity.partition("\\")[2].casefold(), each.next_hop_domain.casefold())
    ]
    if not found:
        raise _not_found(invocation, identity)
    if len(found) > 1:
        raise queue_failed(
            invocation,
            f"The operation wasn't performed because more than one object matched identity {identity}.",
            "InvalidArgument",
            identity,
        )
    return found[0]


def queues_of(invocation: Invocation, server: Server) -> list[QueueFacts]:
    """All queues of a server that the session's one can ask."""
    if not is_reachable(invocation, server) or server.transport is None or not server.transport_runs:
        raise transport_unreachable(invocation, server)
    return list(server.transport.queues())


def _not_found(invocation: Invocation, identity: str) -> Exception:
    return queue_failed(invocation, f"The object with identity {identity} wasn't found.", "ObjectNotFound", identity)


PAGING = (
    "BookmarkIndex",
    "BookmarkObject",
    "Exclude",
    "Include",
    "IncludeBookmark",
    "ReturnPageInfo",
    "SearchForward",
    "SortOrder",
)

GET_QUEUE = Granted.to(
    Command(
        "Get-Queue",
        f"{TASKS}GetQueueInfo",
        (
            Parameter("Identity", IDENTITY, position=0, sets=("Identity",)),
            Parameter("Filter", STRING, sets=("Filter",)),
            Parameter("Server", SERVER_ID, sets=("Filter",)),
            Parameter("ResultSize", ParameterType(UNLIMITED, result_size)),
            *(Parameter(name, OBJECTS, simulated=False) for name in PAGING),
        ),
        _get_queue,
        is_function=True,
        default_set="Filter",
    ),
    "Transport Queues",
    "View-Only Configuration",
)
RETRY_QUEUE = Granted.to(
    Command(
        "Retry-Queue",
        f"{TASKS}RetryQueue",
        (
            Parameter("Identity", IDENTITY, position=0, mandatory=True, sets=("Identity",)),
            Parameter("Filter", STRING, mandatory=True, sets=("Filter",)),
            Parameter("Server", SERVER_ID, sets=("Filter",)),
            Parameter("Resubmit", BOOLEAN),
            *SHOULD_PROCESS,
        ),
        _retry_queue,
        is_function=True,
        default_set="Identity",
    ),
    # Surprising but so: who may only view may also retry.
    "Transport Queues",
    "View-Only Configuration",
)
