# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Suspend-Queue, Resume-Queue, Suspend-Message and Resume-Message.

Whether they ask before they act is documented nowhere: here they do, unless they are told -Confirm:$false. To suspend
what is suspended, or to resume what is not, changes nothing and is no error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from ..objects import Value
from ..powershell import Command, CommandError, Invocation, should_process
from ..powershell.parameters import SHOULD_PROCESS, STRING, Parameter, ParameterType
from ..world import Transport
from .failures import queue_failed
from .identity import SERVER_ID
from .message import MESSAGE_IDENTITY, messages_meant
from .queue import IDENTITY, TASKS, queues_meant
from .rbac import Granted

_NOT_DELIVERED = ("Undefined", "Unreachable", "ShadowRedundancy")

_Act = Callable[..., None]
"""What is done to a transport service: gets it, what identifies a queue or a message there, and the time."""


def _each_queue(verb: str, act: _Act) -> Callable[[Invocation], Iterable[Value]]:
    def run(invocation: Invocation) -> Iterable[Value]:
        with invocation.world.lock:
            meant = [(each.identity, each.delivery_type) for each in queues_meant(invocation)]
        for queue, delivery_type in meant:
            if should_process(invocation, f'{verb} queue "{queue}".', high_impact=True):
                _refuse_other(invocation, queue, delivery_type)
                _do(invocation, queue, act, queue)
        return ()

    return run


def _each_message(verb: str, act: _Act) -> Callable[[Invocation], Iterable[Value]]:
    def run(invocation: Invocation) -> Iterable[Value]:
        with invocation.world.lock:
            meant = [
                (queue.identity, queue.delivery_type, each.record_id) for queue, each in messages_meant(invocation)
            ]
        for queue, delivery_type, number in meant:
            identity = rf"{queue}\{number}"
            if should_process(invocation, f'{verb} message "{identity}".', high_impact=True):
                _refuse_other(invocation, identity, delivery_type)
                _do(invocation, identity, act, queue, number)
        return ()

    return run


def _refuse_other(invocation: Invocation, identity: str, delivery_type: str) -> None:
    if delivery_type in _NOT_DELIVERED:
        message = f"The requested operation can't be performed for the object with identity {identity}."
        raise queue_failed(invocation, message, "InvalidOperation", identity)


def _do(invocation: Invocation, identity: str, act: _Act, *of: str | int) -> None:
    world = invocation.world
    with world.lock:
        server = world.server(identity.partition("\\")[0])
        if server is None or server.transport is None:
            raise _gone(invocation, identity)
        try:
            act(server.transport, *of, world.clock.now())
        except KeyError as error:  # it was delivered meanwhile
            raise _gone(invocation, identity) from error


def _gone(invocation: Invocation, identity: str) -> CommandError:
    return queue_failed(invocation, f"The object with identity {identity} wasn't found.", "ObjectNotFound", identity)


def _command(name: str, of: ParameterType, run: Callable[[Invocation], Iterable[Value]]) -> Granted:
    """Whoever may only view queues cannot do this."""
    command = Command(
        name,
        f"{TASKS}{name.replace('-', '')}",
        (
            Parameter("Identity", of, position=0, mandatory=True, sets=("Identity",)),
            Parameter("Filter", STRING, mandatory=True, sets=("Filter",)),
            Parameter("Server", SERVER_ID, sets=("Filter",)),
            *SHOULD_PROCESS,
        ),
        run,
        is_function=True,
        default_set="Identity",
    )
    return Granted.to(command, "Transport Queues")


def _suspend_queue(transport: Transport, identity: str, now: datetime) -> None:
    transport.suspend(identity, now)


def _resume_queue(transport: Transport, identity: str, now: datetime) -> None:
    transport.resume(identity, now)


def _suspend_message(transport: Transport, queue: str, number: int, now: datetime) -> None:
    transport.suspend_message(queue, number, now)


def _resume_message(transport: Transport, queue: str, number: int, now: datetime) -> None:
    transport.resume_message(queue, number, now)


SUSPEND_QUEUE = _command("Suspend-Queue", IDENTITY, _each_queue("Suspending", _suspend_queue))
RESUME_QUEUE = _command("Resume-Queue", IDENTITY, _each_queue("Resuming", _resume_queue))
SUSPEND_MESSAGE = _command("Suspend-Message", MESSAGE_IDENTITY, _each_message("Suspending", _suspend_message))
RESUME_MESSAGE = _command("Resume-Message", MESSAGE_IDENTITY, _each_message("Resuming", _resume_message))
