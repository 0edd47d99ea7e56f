# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A running pipeline: its thread, its life on the wire, and the small interface that cmdlets see of it."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from psrpcore import (
    EndOfPipelineInputEvent,
    PipelineHostResponseEvent,
    PipelineInputEvent,
    PowerShell,
    ServerHostRequestor,
    ServerPipeline,
)
from psrpcore.types import ChoiceDescription, ErrorCategory, ErrorRecord, HostInfo, PSInvocationState, PSRPMessageType

from .channel import Channel, Event
from .commands import Caller, ReceivedCommand, plain, received
from .disturbance import Disturbance
from .errors import HostCannotPrompt, Stopped, TerminatingError, error_record

Execute = Callable[["Run", Sequence[ReceivedCommand]], None]
"""What runs a pipeline: it returns when the pipeline is complete, or raises TerminatingError."""


class Run:
    """What a pipeline's code may do. Every call raises Stopped once the client has stopped the pipeline."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    @property
    def caller(self) -> Caller:
        """Who asks."""
        return self._pipeline.caller

    @property
    def session_state(self) -> dict[str, object]:
        """What the shell keeps from one pipeline to the next, for the endpoint's own use."""
        return self._pipeline.session_state

    @property
    def max_runspaces(self) -> int:
        """How many runspaces the client's pool may have; each would have a state of its own."""
        return self._pipeline.max_runspaces

    @property
    def stopping(self) -> bool:
        """Whether the client has stopped the pipeline. Code that checks it need not call anything to notice."""
        return self._pipeline.stopping

    def write(self, obj: object) -> None:
        """Send one object to the output: a psrpcore object, or a str, bool, int, float, bytes, list or dict."""
        self._pipeline.send(lambda wire: wire.write_output(obj))

    def warning(self, text: str) -> None:
        """Send a warning."""
        self._pipeline.send(lambda wire: wire.write_warning(text))

    def error(
        self,
        text: str,
        fully_qualified_error_id: str = "RuntimeException",
        category: ErrorCategory | str = ErrorCategory.NotSpecified,
        exception_type: str = "System.Management.Automation.RuntimeException",
        target: object = None,
        *,
        activity: str = "",
    ) -> None:
        """Send a non-terminating error record; see TerminatingError for the arguments."""
        record = error_record(
            text, fully_qualified_error_id, category, exception_type, activity=activity, target=target
        )
        self._pipeline.send(lambda wire: wire.prepare_message(record, message_type=PSRPMessageType.ErrorRecord))

    def ask(self, caption: str, message: str, choices: Sequence[tuple[str, str]], default: int) -> int:
        """Ask the client to choose among ``choices`` (label with its hotkey marked, help) and return the index.

        Blocks until the answer arrives. Raises HostCannotPrompt when the client announced no user interface, and
        TerminatingError when the client's host failed instead of answering.
        """
        offered = [ChoiceDescription(Label=label, HelpMessage=help_message) for label, help_message in choices]
        answer = self._pipeline.call_host(
            message, lambda host: host.prompt_for_choice(caption, message, offered, default)
        )
        if not isinstance(answer, int) or isinstance(answer, bool):
            raise TerminatingError(f"The host answered a prompt for choice with {answer!r}.", "InvalidHostAnswer")
        return int(answer)

    def write_host(self, line: str) -> None:
        """Write a line at the client's host, as -WhatIf does; a client without a user interface misses it."""
        try:
            self._pipeline.call_host("", lambda host: host.write_line(line), expects_answer=False)
        except HostCannotPrompt:
            return

    def read_line(self, prompt: str) -> str:
        """Show ``prompt`` at the client and return the line typed there: a question without choices."""
        self._pipeline.call_host(prompt, lambda host: host.write(prompt), expects_answer=False)
        return str(plain(self._pipeline.call_host("", lambda host: host.read_line())))

    def read_input(self) -> list[Any]:
        """Return the objects piped in by the client, once it has ended its input."""
        return self._pipeline.read_input()

    def sleep(self, real_seconds: float) -> None:
        """Pass real time without missing the client's stop."""
        self._pipeline.wait_until(lambda: False, real_seconds)


class Pipeline:
    """One pipeline of a shell, from Command to its last message.

    ``done`` is read and written under the channel's lock; ``started_at`` is by the monotonic clock; ``disturbance`` is
    what goes wrong between the pipeline and its client; ``crashed`` gets errors that are nobody's but the lab's.
    """

    def __init__(
        self,
        channel: Channel,
        pipeline_id: uuid.UUID,
        caller: Caller,
        execute: Execute,
        crashed: Callable[[BaseException, str], None],
    ) -> None:
        self.pipeline_id = pipeline_id
        self.caller = caller
        self.stopping = False
        self.done = False
        self.disturbance: Disturbance | None = None
        self.started_at = 0.0
        self._channel = channel
        self._execute = execute
        self._crashed = crashed
        # psrpcore must know the pipeline before it is given the message that creates it.
        self._wire = ServerPipeline(channel.pool, pipeline_id)
        self._host = ServerHostRequestor(self._wire)
        self._answers: dict[int, PipelineHostResponseEvent] = {}
        self._input: list[Any] = []
        self._input_ended = False
        self._released = False
        self._thread: threading.Thread | None = None

    # What the shell does with it

    @property
    def command_names(self) -> list[str]:
        """As sent; a pipeline that asks for command metadata has none."""
        metadata = self._wire.metadata
        return [str(each.command_text) for each in metadata.commands] if isinstance(metadata, PowerShell) else []

    def start(self) -> None:
        """Begin to run. A real server sends no message for the state Running, so neither do we."""
        self.started_at = time.monotonic()
        self._change_state(PSInvocationState.Running, emit=False)
        self._thread = threading.Thread(target=self._run, name=f"pipeline {self.pipeline_id}", daemon=True)
        self._thread.start()

    def heard(self, event: Event) -> None:
        """Take in a message of the client."""
        with self._channel.changed:
            match event:
                case PipelineHostResponseEvent():
                    self._answers[event.ci] = event
                case PipelineInputEvent():
                    self._input.append(plain(event.data))
                case EndOfPipelineInputEvent():
                    self._input_ended = True
            self._channel.changed.notify_all()

    def stop(self) -> None:
        """Wake the pipeline's code with Stopped. Does not wait for it."""
        with self._channel.changed:
            self.stopping = True
            self._channel.changed.notify_all()

    def release(self) -> None:
        """Stop, and let nobody hear of the pipeline any more."""
        with self._channel.changed:
            self._released = True
            self.stop()
            self._channel.forget(self.pipeline_id)

    def join(self, timeout: float) -> None:
        """Wait until the thread has ended, at most ``timeout`` seconds."""
        if self._thread is not None:
            self._thread.join(timeout)

    # What its own code does, through Run

    @property
    def session_state(self) -> dict[str, object]:
        """That of the shell, which all its pipelines share."""
        return self._channel.session_state

    @property
    def max_runspaces(self) -> int:
        """Of the client's pool."""
        return int(self._channel.pool.max_runspaces)

    def send(self, message: Callable[[ServerPipeline], None]) -> None:
        """Write one message, unless the pipeline is stopped."""
        with self._channel.speaking():
            self._raise_if_stopped()
            message(self._wire)

    def wait_until(self, condition: Callable[[], bool], timeout: float | None = None) -> bool:
        """Wait on the channel; False when the time is over first."""
        with self._channel.changed:
            met = self._channel.changed.wait_for(lambda: self.stopping or condition(), timeout)
            self._raise_if_stopped()
            return met

    def call_host(
        self, question: str, call: Callable[[ServerHostRequestor], int | None], *, expects_answer: bool = True
    ) -> Any:
        """Call a method of the client's host and return what it answers."""
        host = self._host_info()
        if host.IsHostNull or host.IsHostUINull:
            raise HostCannotPrompt(question)
        with self._channel.speaking():
            self._raise_if_stopped()
            call_id = call(self._host)
        if not expects_answer or call_id is None:
            return None
        self.wait_until(lambda: call_id in self._answers)
        answer = self._answers.pop(call_id)
        if answer.error is not None:
            raise TerminatingError(str(answer.error), "HostCallFailed", ErrorCategory.OperationStopped)
        return answer.result

    def read_input(self) -> list[Any]:
        """Wait for the end of the input and return it."""
        if self._powershell().no_input:
            return []
        self.wait_until(lambda: self._input_ended)
        return list(self._input)

    # Its life

    def _run(self) -> None:
        failure: ErrorRecord | None = None
        try:
            self._execute(Run(self), received(self._powershell().commands))
        except Stopped:
            pass  # self.stopping says so below
        except TerminatingError as error:
            failure = error.record()
        except Exception as error:  # noqa: BLE001 - said to the client, and to the run as a crash
            self._crashed(error, "a cmdlet of the lab failed")
            failure = error_record(f"The lab itself failed: {error!r}", "LabFailure", ErrorCategory.NotSpecified)
        self._end(failure)

    def _end(self, failure: ErrorRecord | None) -> None:
        with self._channel.speaking():
            if self._released:
                pass  # nobody asks for the state any more
            elif self.stopping:
                self._wire.stop()
            elif failure is not None:
                self._change_state(PSInvocationState.Failed, error=failure)
            else:
                self._wire.complete()
            self.done = True

    def _change_state(self, state: PSInvocationState, *, error: ErrorRecord | None = None, emit: bool = True) -> None:
        # psrpcore's server has complete() and stop(), but no way to fail, and its start() always tells the client.
        self._wire._change_state(state, error=error, emit=emit)

    def _powershell(self) -> PowerShell:
        metadata = self._wire.metadata
        if not isinstance(metadata, PowerShell):
            raise TerminatingError("Command metadata pipelines are not supported.", "NotSupported")
        return metadata

    def _host_info(self) -> HostInfo:
        own: HostInfo = self._powershell().host
        return self._channel.pool.host if own.UseRunspaceHost and self._channel.pool.host else own

    def _raise_if_stopped(self) -> None:
        if self.stopping:
            raise Stopped
