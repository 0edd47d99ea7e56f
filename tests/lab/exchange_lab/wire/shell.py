# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shells: a runspace pool of one user, its pipelines, and how long it may lie idle."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from psrpcore import (
    CreatePipelineEvent,
    GetAvailableRunspacesEvent,
    GetCommandMetadataEvent,
    ResetRunspaceStateEvent,
    SetMaxRunspacesEvent,
    SetMinRunspacesEvent,
)

from . import soap
from .channel import Channel, Event
from .commands import Caller
from .disturbance import Disturb, ReceiveUnanswered, RequestUnanswered, ShellsRecycled, Silence, undisturbed
from .pipeline import Execute, Pipeline
from .traffic import Traffic

HANGUP_CHECK_S = 0.2
"""How often a waiting Receive looks whether its client is still there."""


def admit_everyone(caller: Caller, open_shells: int) -> None:
    """Let every authenticated caller in."""
    del caller, open_shells


class ClientGone(Exception):
    """The client's connection is closed, or has to be: nobody is there to take a reply."""


class Recycled(Exception):
    """All shells of the endpoint have to go."""


@dataclass(frozen=True)
class Endpoint:
    """A path of a server with its session configuration.

    ``execute`` runs a pipeline in a thread of its own. ``admit`` is asked before a shell is made, with how many the
    caller has open here, and refuses by raising a Fault. ``idle_timeout_s`` holds for clients that ask for none (two
    hours is WinRM's default).
    ``max_shells_per_user`` is WinRM's quota (default 30). ``stray_space``: see ``sealing.seal``. Behind a ``balancer``
    a request reaches its shell only with the cookie that the first reply of the session has set. ``disturb`` tells
    what goes wrong with a pipeline.
    """

    path: str
    configuration: str
    execute: Execute
    admit: Callable[[Caller, int], None] = admit_everyone
    idle_timeout_s: float = 7200
    max_shells_per_user: int = 30
    stray_space: bool = False
    balancer: bool = False
    disturb: Disturb = undisturbed

    @property
    def resource_uri(self) -> str:
        """The configuration as WS-Management names it."""
        return soap.RESOURCE + self.configuration


class Shell:
    """One shell. It belongs to a user, not to a connection: a lost connection leaves it as it is."""

    def __init__(
        self, shell_id: str, endpoint: Endpoint, caller: Caller, idle_timeout_s: float, traffic: Traffic
    ) -> None:
        self.shell_id = shell_id
        self.endpoint = endpoint
        self.caller = caller
        self.idle_timeout_s = idle_timeout_s
        self.closed = False
        self._traffic = traffic
        self._channel = Channel()
        self._pipelines: dict[uuid.UUID, Pipeline] = {}
        self._running: list[Pipeline] = []
        self._operations = 0
        self._idle_since = time.monotonic()

    @contextmanager
    def operation(self) -> Iterator[None]:
        """Keep the shell from being idle while one of its operations is under way."""
        with self._channel.changed:
            self._operations += 1
        try:
            yield
        finally:
            with self._channel.changed:
                self._operations -= 1
                self._idle_since = time.monotonic()

    def is_idle_too_long(self) -> bool:
        """Tell whether the idle timeout has passed. A cmdlet that runs unwatched does not count as use."""
        with self._channel.changed:
            return not self._operations and time.monotonic() - self._idle_since > self.idle_timeout_s

    def hear(self, data: bytes, pipeline_id: uuid.UUID | None) -> None:
        """Take in fragments that the client sent; Fault when they cannot be read."""
        with self._channel.changed:
            if self.closed:
                raise soap.no_such_shell(self.shell_id)
            try:
                events = self._channel.hear(data, pipeline_id)
            except Exception as error:  # whatever psrpcore makes of a malformed message
                raise soap.unreadable(repr(error)) from error
            for event in events:
                self._heard(event)

    def command(self, pipeline_id: uuid.UUID, data: bytes) -> None:
        """Create a pipeline; it starts when its description has arrived completely."""
        with self._channel.changed:
            self._pipelines[pipeline_id] = Pipeline(
                self._channel, pipeline_id, self.caller, self.endpoint.execute, self._traffic.crashed
            )
            self.hear(data, pipeline_id)

    def receive(
        self, pipeline_id: uuid.UUID | None, timeout: float, client_gone: Callable[[], bool]
    ) -> tuple[list[bytes], bool]:
        """Wait for output; return it, and whether the pipeline has no more.

        Fault when the time is over first, when there is no such pipeline, or when the shell is closed meanwhile;
        ClientGone, with nothing taken, when the client is.
        """
        with self._channel.changed:
            pipeline = self._pipelines.get(pipeline_id) if pipeline_id else None
            if pipeline_id and pipeline is None:
                raise soap.no_such_shell(self.shell_id)
            if pipeline is not None:
                self._endure(pipeline, client_gone)
            deadline = time.monotonic() + timeout

            def ready() -> bool:
                return self.closed or self._channel.has_output(pipeline_id) or (pipeline is not None and pipeline.done)

            while not self._channel.changed.wait_for(ready, min(HANGUP_CHECK_S, max(0, deadline - time.monotonic()))):
                if client_gone():
                    raise ClientGone
                if time.monotonic() >= deadline:
                    raise soap.timed_out()
            if self.closed:
                raise soap.aborted()
            output = self._channel.take(pipeline_id)
            ended = pipeline is not None and pipeline.done and not self._channel.has_output(pipeline_id)
            return output, ended

    def _endure(self, pipeline: Pipeline, client_gone: Callable[[], bool]) -> None:
        """Let a Receive suffer from what disturbs its pipeline."""
        match pipeline.disturbance:
            case ReceiveUnanswered():
                pipeline.disturbance = None
                raise ClientGone
            case Silence(seconds):
                end = pipeline.started_at + seconds
                while (left := end - time.monotonic()) > 0 and not (self.closed or pipeline.stopping):
                    if client_gone():
                        raise ClientGone
                    self._channel.changed.wait(min(HANGUP_CHECK_S, left))
            case _:
                pass

    def stop(self, pipeline_id: uuid.UUID, patience_s: float) -> None:
        """Stop a pipeline and wait until its code has noticed, at most ``patience_s``."""
        with self._channel.changed:
            pipeline = self._pipelines.get(pipeline_id)
            if pipeline is not None and not pipeline.done:
                pipeline.stop()
                self._channel.changed.wait_for(lambda: pipeline.done or self.closed, patience_s)

    def release(self, pipeline_id: uuid.UUID) -> None:
        """Forget a pipeline and what nobody received of it."""
        with self._channel.changed:
            pipeline = self._pipelines.pop(pipeline_id, None)
            if pipeline is not None:
                pipeline.release()

    def close(self) -> None:
        """End every pipeline and wake every Receive. Does not wait for the pipelines' threads."""
        with self._channel.changed:
            self.closed = True
            for pipeline in self._pipelines.values():
                pipeline.stop()
            self._channel.changed.notify_all()

    def join(self, timeout: float) -> None:
        """Wait until the threads of all pipelines have ended, at most ``timeout`` seconds each."""
        for pipeline in list(self._running):
            pipeline.join(timeout)

    def _heard(self, event: Event) -> None:
        match event:
            case CreatePipelineEvent() | GetCommandMetadataEvent():
                self._arrived(self._pipelines[event.pipeline_id])
            case GetAvailableRunspacesEvent():
                self._answer(event.ci, self._channel.pool.max_runspaces)
            case SetMaxRunspacesEvent() | SetMinRunspacesEvent() | ResetRunspaceStateEvent():
                self._answer(event.ci, True)
            case _ if event.pipeline_id in self._pipelines:
                self._pipelines[event.pipeline_id].heard(event)
            case _:
                pass  # about the pool as a whole: psrpcore has answered it

    def _arrived(self, pipeline: Pipeline) -> None:
        disturbance = pipeline.disturbance = self.endpoint.disturb(pipeline.command_names)
        if isinstance(disturbance, ShellsRecycled):
            raise Recycled
        self._running = [other for other in self._running if not other.done] + [pipeline]
        pipeline.start()
        if isinstance(disturbance, RequestUnanswered):
            raise ClientGone

    def _answer(self, call_id: int, answer: bool | int) -> None:
        with self._channel.speaking() as pool:
            pool.runspace_availability_response(call_id, answer)


class Shells:
    """The shells of one server."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._lock = threading.Lock()
        self._shells: dict[str, Shell] = {}

    def create(self, shell_id: str, endpoint: Endpoint, caller: Caller, idle_timeout_s: float) -> Shell:
        """Make a shell; Fault when its id is taken or the user has too many already."""
        with self._lock:
            if shell_id in self._shells:
                raise soap.invalid_parameter(f"there is a shell {shell_id} already")
            owned = sum(shell.caller.user == caller.user for shell in self._shells.values())
            if owned >= endpoint.max_shells_per_user:
                raise soap.too_many_shells(endpoint.max_shells_per_user)
            shell = self._shells[shell_id] = Shell(shell_id, endpoint, caller, idle_timeout_s, self._traffic)
            self._traffic.count("open_shells")
            return shell

    def find(self, shell_id: str | None, endpoint: Endpoint, caller: Caller) -> Shell:
        """Return the caller's own shell of that endpoint; Fault when there is none."""
        with self._lock:
            shell = self._shells.get(shell_id or "")
        if shell is None or shell.endpoint is not endpoint or shell.caller.user != caller.user:
            raise soap.no_such_shell(shell_id)
        return shell

    def close(self, shell: Shell) -> None:
        """Close one shell."""
        with self._lock:
            if self._shells.pop(shell.shell_id, None) is None:
                return
            self._traffic.count("open_shells", -1)
        shell.close()

    def recycle(self, endpoint: Endpoint) -> None:
        """Close all shells of an endpoint, whoever has them."""
        for shell in self._all():
            if shell.endpoint is endpoint:
                self.close(shell)

    def owned(self, endpoint: Endpoint, caller: Caller) -> int:
        """Return how many shells of an endpoint a caller has open."""
        return sum(each.endpoint is endpoint and each.caller.user == caller.user for each in self._all())

    def close_idle(self) -> None:
        """Close the shells whose idle timeout has passed."""
        for shell in self._all():
            if shell.is_idle_too_long():
                self.close(shell)

    def close_all(self, patience_s: float) -> None:
        """Close every shell and wait for the threads of their pipelines."""
        shells = self._all()
        for shell in shells:
            self.close(shell)
        for shell in shells:
            shell.join(patience_s)

    def _all(self) -> list[Shell]:
        with self._lock:
            return list(self._shells.values())
