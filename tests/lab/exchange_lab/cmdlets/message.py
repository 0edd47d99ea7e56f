# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Get-Message."""

from __future__ import annotations

from collections.abc import Iterable

from ..objects import Value, message_object
from ..powershell import Command, Invocation
from ..powershell.parameters import OBJECTS, STRING, SWITCH, Parameter, ParameterType, text_type
from ..world import MessageFacts, QueueFacts
from .failures import invalid_argument, queue_failed, server_not_found
from .identity import SERVER_ID, server_called, server_meant
from .queue import DEFAULT_RESULT_SIZE, IDENTITY, PAGING, TASKS, UNLIMITED, queue_identified, queues_of, result_size
from .queue_filter import parse_filter
from .rbac import Granted

MESSAGE_IDENTITY = text_type("Microsoft.Exchange.Data.QueueViewer.MessageIdentity")

Found = list[tuple[QueueFacts, MessageFacts]]


def _get_message(invocation: Invocation) -> Iterable[Value]:
    world = invocation.world
    with world.lock:
        now = world.clock.now()
        messages = [message_object(queue, each, now) for queue, each in messages_meant(invocation)]
    if not invocation.arguments.given("ResultSize"):
        return messages[:DEFAULT_RESULT_SIZE]
    return messages[: invocation.arguments.get("ResultSize")]


def messages_meant(invocation: Invocation) -> Found:
    """The messages that -Identity, -Queue, or -Filter and -Server name, each with the queue that it waits in."""
    arguments = invocation.arguments
    if arguments.given("Identity"):
        return _identified(invocation, arguments.get("Identity"))
    if arguments.given("Queue"):
        return _in([queue_identified(invocation, arguments.get("Queue"))])
    found = _in(queues_of(invocation, server_meant(invocation)))
    if not arguments.given("Filter"):
        return found
    now = invocation.world.clock.now()
    try:
        comparisons = parse_filter(arguments.get("Filter"))
        return [each for each in found if all(it.holds(message_object(*each, now)) for it in comparisons)]
    except ValueError as error:
        raise invalid_argument(invocation, f"The filter isn't valid: {error}.") from error


def _identified(invocation: Invocation, identity: str) -> Found:
    r"""The message ``SERVER\queue\number``; without a server it is on the session's own, ``*`` is any queue there."""
    where, __, number = identity.rpartition("\\")
    name, separator, queue = where.partition("\\")
    server = server_called(invocation, name) if separator else None
    if server is None:
        server, queue = invocation.server, where
        # SERVER\Submission\7 begins with a server, Shadow\4\7 with a queue of this one.
        if separator and name.casefold() != "shadow":
            raise server_not_found(invocation, name)
    wanted = queue.casefold()
    found = [
        (each, message)
        for each, message in _in(queues_of(invocation, server))
        if str(message.record_id) == number
        and wanted in ("", "*", each.identity.partition("\\")[2].casefold(), each.next_hop_domain.casefold())
    ]
    if not found:
        raise queue_failed(invocation, f"The object with identity {identity} wasn't found.", "ObjectNotFound", identity)
    if len(found) > 1:  # the same message, on its way to several destinations
        raise queue_failed(
            invocation,
            f"The operation wasn't performed because more than one object matched identity {identity}.",
            "InvalidArgument",
            identity,
        )
    return found


def _in(queues: Iterable[QueueFacts]) -> Found:
    return [(queue, message) for queue in queues for message in queue.messages]


GET_MESSAGE = Granted.to(
    Command(
        "Get-Message",
        f"{TASKS}GetMessageInfo",
        (
            Parameter("Identity", MESSAGE_IDENTITY, position=0, sets=("Identity",)),
            Parameter("Queue", IDENTITY, sets=("Queue",)),
            Parameter("Filter", STRING, sets=("Filter",)),
            Parameter("Server", SERVER_ID, sets=("Filter",)),
            Parameter("ResultSize", ParameterType(UNLIMITED, result_size)),
            Parameter("IncludeComponentLatencyInfo", SWITCH, simulated=False),
            Parameter("IncludeRecipientInfo", SWITCH, simulated=False),
            *(Parameter(name, OBJECTS, simulated=False) for name in PAGING if name not in ("Exclude", "Include")),
        ),
        _get_message,
        is_function=True,
        default_set="Filter",
    ),
    "Transport Queues",
    "View-Only Configuration",
)
