# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A session's runspace: it finds the commands of a pipeline, binds them, and lets objects flow through them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..objects import Profile, Value, encode
from ..wire import Caller, ReceivedCommand, Run, Switch, TerminatingError
from ..world import CommandEntry, Server, UnforeseenPrompt, World
from .binding import bind
from .command import Arguments, Command, Invocation
from .errors import CommandError, command_not_found, not_simulated


@dataclass(frozen=True)
class Runspace:
    """What one endpoint of one server offers; ``execute`` is what the wire calls.

    Attributes:
        commands_for: The commands that there are for whoever runs a statement, by lower-case name.
        refuse_script: What is said to script text.
        profile_for: How much of an object this caller's session writes.
    """

    world: World
    server: Server
    commands_for: Callable[[Run], Mapping[str, Command]]
    refuse_script: Callable[[str], TerminatingError]
    profile_for: Callable[[Caller], Profile]

    def execute(self, run: Run, commands: Sequence[ReceivedCommand]) -> None:
        """Run a pipeline, which may hold several statements."""
        entries = self._remember(run.caller, commands)
        profile = self.profile_for(run.caller)
        for statement in _statements(list(zip(commands, entries, strict=True))):
            for value in _Statement(self, run, self.commands_for(run)).output(statement):
                run.write(encode(value, profile))

    def _remember(self, caller: Caller, commands: Sequence[ReceivedCommand]) -> list[CommandEntry]:
        pipeline = str(uuid.uuid4())
        with self.world.lock:
            first = len(self.world.commands) + 1
            entries = [
                CommandEntry(
                    n=first + index,
                    pipeline=pipeline,
                    server=self.server.fqdn,
                    endpoint=caller.endpoint,
                    query=dict(caller.query),
                    user=caller.user,
                    auth=caller.authentication,
                    header=caller.header,
                    encrypted=caller.encrypted,
                    name=command.name,
                    parameters={
                        str(position) if name is None else name: _json(value)
                        for position, (name, value) in enumerate(command.parameters)
                    },
                    is_script=command.is_script,
                )
                for index, command in enumerate(commands)
            ]
            self.world.commands.extend(entries)
        return entries


_Sent = tuple[ReceivedCommand, CommandEntry]


class _Statement:
    """One statement: its commands are found and bound before the first of them runs, as PowerShell does."""

    def __init__(self, runspace: Runspace, run: Run, visible: Mapping[str, Command]) -> None:
        self._runspace = runspace
        self._run = run
        self._visible = visible
        self._blamed = False

    def output(self, sent: Sequence[_Sent]) -> Iterable[Value]:
        flow = self._input_of_client()
        bound = [
            (*self._bound(command, entry, expects_input=index > 0 or flow is not None), entry)
            for index, (command, entry) in enumerate(sent)
        ]
        for command, arguments, entry in bound:
            flow = self._stage(self._invocation(command, arguments, entry, flow))
        return flow or ()

    def _input_of_client(self) -> Iterator[Value] | None:
        objects = self._run.read_input()
        if not all(isinstance(each, str | int) for each in objects):
            raise not_simulated("objects that a client pipes in")
        return iter(objects) if objects else None

    def _bound(
        self, received: ReceivedCommand, entry: CommandEntry, *, expects_input: bool
    ) -> tuple[Command, Arguments]:
        try:
            if received.is_script:
                raise self._runspace.refuse_script(received.name)
            command = self._visible.get(received.name.casefold())
            if command is None:
                raise command_not_found(received.name)
            return command, bind(command, received, expects_input=expects_input)
        except TerminatingError as error:
            self._blame(entry, error)
            raise

    def _invocation(
        self, command: Command, arguments: Arguments, entry: CommandEntry, flow: Iterator[Value] | None
    ) -> Invocation:
        return Invocation(
            command=command,
            arguments=arguments,
            input=flow,
            world=self._runspace.world,
            server=self._runspace.server,
            visible=self._visible,
            request_id=str(uuid.uuid4()),
            entry=entry,
            session=self._run,
        )

    def _stage(self, invocation: Invocation) -> Iterator[Value]:
        try:
            with self._runspace.world.lock:
                question = self._runspace.world.cmdlet_begins(invocation.command.name, self._runspace.server)
            try:
                yield from invocation.command.run(invocation)
            except CommandError as error:
                invocation.error(error)
            if question is not None:
                _ask(invocation, question)
        except TerminatingError as error:
            self._blame(invocation.entry, error)
            raise

    def _blame(self, entry: CommandEntry, error: TerminatingError) -> None:
        """Remember which command failed: the error also passes through those behind it in the pipeline."""
        if not self._blamed:
            self._blamed = True
            with self._runspace.world.lock:
                entry.error = error.message


def _statements(sent: Sequence[_Sent]) -> Iterator[list[_Sent]]:
    statement: list[_Sent] = []
    for command, entry in sent:
        statement.append((command, entry))
        if command.end_of_statement:
            yield statement
            statement = []
    if statement:
        yield statement


def _ask(invocation: Invocation, question: UnforeseenPrompt) -> None:
    choices = tuple((label, "") for label in question.choices)
    invocation.ask(question.caption, question.message, choices, question.default)


def _json(value: object) -> object:
    """A received value in the types that JSON has; a switch without a value is true."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Switch():
            return True
        case list():
            return [_json(item) for item in value]
        case dict():
            return {str(key): _json(item) for key, item in value.items()}
        case bytes():
            return f"{len(value)} bytes"
        case _:
            return str(value)
