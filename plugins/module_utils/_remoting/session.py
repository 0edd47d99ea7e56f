# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions: pipelines in, results or one clear failure out, and nothing left open on the server.

    with open_session(options) as session:
        result = session.run(Pipeline((Command("Get-ExchangeServer"),)))

Rules. Every wait has a budget. An error record fails the pipeline, whether it ended it or not. A reading pipeline whose
connection broke is repeated once over a new session, a changing one never. After an interruption of any kind, Ctrl-C
and Ansible's task time-out included, the pipeline is stopped and the session deleted over a *fresh* connection (the
interrupted answer may still be on its way in the old one), and the first error is the one that is raised; the next
pipeline opens a new session. A rejected password is tried once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Any, Final, Self

from .._libraries import MissingLibrary
from .._powershell import Pipeline, Prompt, PromptPolicy, Result, foresee_no_prompt
from .errors import CmdletFailed, OnlyKerberosOffered, RemotingError, SessionLost, Silent
from .faults import Circumstances, explain, library_failures
from .options import SessionOptions
from .prompts import Conversation
from .records import failure_of
from .runspace import Runspace
from .transport import Carrier, Deadline
from .values import from_wire

_OPENING: Final = "opening a session"
_CLOSING: Final = "closing the session"
# For each of stop and delete, when a session is given up; a server that does not answer by then ends it by itself.
_LAST_WORDS: Final = 5.0


def _say_nothing(_sentence: str) -> None:
    """Keep to yourself what no result depends on."""


def open_session(
    options: SessionOptions, prologue: Sequence[Pipeline] = (), *, say: Callable[[str], None] = _say_nothing
) -> Session:
    """Connect, authenticate, open a runspace pool and run the pipelines of ``prologue`` in it.

    ``say`` is told, in a sentence, what was done otherwise than asked, and why.

    Raises:
        RemotingError: one of its kinds, CmdletFailed of the prologue among them; nothing stays open.
        MissingLibrary: pypsrp, or a library that the authentication needs, is not installed.
    """
    session = Session(options, prologue, say)
    session.open()
    return session


class Session:
    """A session on one endpoint, opened again by itself after it was lost. Use it with ``with``.

    ``prologue`` is what every runspace needs before anything else runs in it, such as a snap-in; it is run again after
    each reopening. ``options`` are those that led in: an endpoint that offers only Kerberos is opened by pypsrp,
    whatever the library of the host's connection, unless the user has named one; so is any where that library is
    missing.
    """

    def __init__(
        self, options: SessionOptions, prologue: Sequence[Pipeline] = (), say: Callable[[str], None] = _say_nothing
    ) -> None:
        self.options = options
        self.unclosed: RemotingError | None = None
        """Why the last ``close`` failed: no reason to fail work that is done, since the server ends it when idle."""
        self._prologue = tuple(prologue)
        self._say = say
        self._runspace: Runspace | None = None
        self._finished: Any = None
        self._conversation = Conversation(options.server, _OPENING, foresee_no_prompt)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def open(self) -> None:
        """Open the session if it is not open; errors as ``open_session``."""
        self._ready()

    def carrier(self) -> Carrier:
        """Return what carries the session, after opening it if need be; errors as ``open_session``."""
        return self._ready().transport.carrier()

    def run(self, pipeline: Pipeline, *, budget: float | None = None) -> Result:
        """Run one pipeline to its end, each attempt in at most ``budget`` seconds (default: ``command_timeout``).

        Raises:
            CmdletFailed: it wrote error records; the session stays usable.
            MayHaveActed: everything else that can happen once it is on its way.
            RemotingError: it was never sent.
        """
        seconds = self.options.command_timeout if budget is None else budget
        try:
            return self._attempt(pipeline, seconds)
        except SessionLost:
            if pipeline.changes:
                raise
        return self._attempt(pipeline, seconds)

    def close(self) -> None:
        """End the session on the server; safe to call at any time and again. Never raises: see ``unclosed``."""
        runspace, self._runspace, self._finished = self._runspace, None, None
        if runspace is None:
            return
        self.unclosed = None
        began = time.monotonic()
        try:
            self._delete(runspace)
        except library_failures() as error:
            meaning = explain(error, self._circumstances(_CLOSING, runspace, began, _LAST_WORDS))
            self.unclosed = meaning if isinstance(meaning, RemotingError) else None
        except BaseException:
            self._give_up(runspace, None)
            raise
        runspace.transport.close()

    def _delete(self, runspace: Runspace) -> None:
        """Delete the session; its last pipeline ends with it, which therefore needs no signal of its own."""
        runspace.transport.deadline = Deadline.after(_LAST_WORDS)
        try:
            runspace.delete()
        except library_failures():
            # The connection may be lost, for how long nobody knows; the session on the server is not.
            runspace.transport.renew()
            runspace.transport.deadline = Deadline.after(_LAST_WORDS)
            runspace.delete()

    def _ready(self) -> Runspace:
        """Return the open runspace, after opening one if there is none."""
        if self._runspace is not None:
            return self._runspace
        self._runspace = runspace = self._opened_by_whoever_can()
        self._introduce(runspace)
        return runspace

    def _opened_by_whoever_can(self) -> Runspace:
        try:
            return self._opened()
        except (OnlyKerberosOffered, MissingLibrary) as refusal:
            # Nothing was sent, or nobody was judged: what follows is the first try of the password.
            if self.options.library_chosen or self.options.library == "pypsrp":
                raise
            self.options = replace(self.options, library="pypsrp")
            self._say(f"{refusal} Opening it with pypsrp.")
        return self._opened()

    def _opened(self) -> Runspace:
        """Return a new runspace, opened."""
        began = time.monotonic()
        self._converse(_OPENING, foresee_no_prompt)
        runspace = Runspace(self.options, self._answer)
        runspace.transport.deadline = Deadline.after(self.options.command_timeout)
        try:
            runspace.open()
        except BaseException as error:
            meaning = explain(error, self._circumstances(_OPENING, runspace, began, self.options.command_timeout))
            # Otherwise the server has not created anything, and a rejected password must not be sent again.
            if meaning is None or isinstance(meaning, Silent) or runspace.transport.answered:
                self._give_up(runspace, None)
            runspace.transport.close()
            if meaning is None or meaning is error:
                raise
            raise meaning from error
        return runspace

    def _introduce(self, runspace: Runspace) -> None:
        """Run the prologue. A runspace that lacks a part of it is of no use."""
        try:
            for pipeline in self._prologue:
                self._execute(runspace, pipeline, self.options.command_timeout)
        except CmdletFailed:
            self.close()
            raise

    def _attempt(self, pipeline: Pipeline, seconds: float) -> Result:
        self._retire_finished()
        return self._execute(self._ready(), pipeline, seconds)

    def _execute(self, runspace: Runspace, pipeline: Pipeline, seconds: float) -> Result:
        operation = " | ".join(command.name for command in pipeline.commands)
        conversation = self._converse(operation, pipeline.policy)
        running = runspace.prepare(pipeline)
        runspace.transport.deadline = Deadline.after(seconds)
        began = time.monotonic()
        try:
            running.begin_invoke()
            while runspace.is_running(running):
                runspace.receive(running)
            result = _result(running, conversation)
            errors = runspace.errors(running)
        except BaseException as error:
            self._runspace = None
            meaning = explain(error, self._circumstances(operation, runspace, began, seconds, started=True))
            self._give_up(runspace, running)
            if meaning is None or meaning is error:
                raise
            raise meaning from error
        self._finished = running
        if errors:
            raise failure_of(self.options.server, operation, errors, result)
        return result

    def _retire_finished(self) -> None:
        """Free the pipeline before; if the session has ended since, this tells, while nothing is at stake."""
        runspace, finished, self._finished = self._runspace, self._finished, None
        if runspace is None or finished is None:
            return
        runspace.transport.deadline = Deadline.after(self.options.read_timeout)
        try:
            runspace.terminate(finished)
        except BaseException as error:
            self._runspace = None
            self._give_up(runspace, None)
            if not isinstance(error, library_failures()):
                raise

    def _give_up(self, runspace: Runspace, running: Any) -> None:
        """Stop and delete over a fresh connection. What fails on the way is less important than why we are here."""
        transport, failures = runspace.transport, library_failures()
        transport.renew()
        # Whatever keeps Ctrl-C waiting, such as a cmdlet that cannot be interrupted: the deletion ends it all the same.
        try:
            transport.deadline = Deadline.after(_LAST_WORDS)
            with suppress(*runspace.refusals()):
                if running is not None and runspace.is_running(running):
                    runspace.stop(running)
        except failures:
            transport.renew()
        with suppress(*failures):
            transport.deadline = Deadline.after(_LAST_WORDS)
            runspace.delete()
        transport.close()

    def _converse(self, operation: str, policy: PromptPolicy) -> Conversation:
        self._conversation = Conversation(self.options.server, operation, policy)
        return self._conversation

    def _answer(self, prompt: Prompt) -> int:
        return self._conversation.answer(prompt)

    def _circumstances(
        self, operation: str, runspace: Runspace, began: float, budget: float, *, started: bool = False
    ) -> Circumstances:
        return Circumstances(
            self.options,
            operation,
            budget,
            started=started,
            authenticated=runspace.transport.answered,
            waited=time.monotonic() - began,
        )


def _result(running: Any, conversation: Conversation) -> Result:
    return Result(
        output=tuple(from_wire(value) for value in running.output),
        warnings=tuple(str(warning.message) for warning in running.streams.warning),
        answered=tuple(conversation.answered),
    )
