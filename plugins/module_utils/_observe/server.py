# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One Exchange server and what can be asked of it. Every cmdlet names the server: a session may be proxied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property, partial
from typing import Protocol

from .._exchange.certificate import Certificate, certificate_from
from .._exchange.cmdlets import (
    get_date,
    get_every_message,
    get_exchange_certificate,
    get_exchange_certificates,
    get_exchange_servers,
    get_frontend_transport_service,
    get_messages,
    get_queues,
    get_receive_connectors,
    get_server_component_state,
    get_transport_service,
)
from .._exchange.connectivity_log import Attempt, ConnectivityLog
from .._exchange.event import Events
from .._exchange.failures import Failure, FailureKind, classify_failure, hides_select_object
from .._exchange.fields import Unreadable
from .._exchange.message import Message, Messages, message_from
from .._exchange.moments import parse_moment
from .._exchange.queue import Queue, queue_from
from .._exchange.receive_connector import ReceiveConnector, receive_connector_from
from .._exchange.send_log import SendLog
from .._exchange.server import (
    FrontendTransportService,
    Server,
    TransportService,
    component_state_from,
    frontend_transport_service_from,
    server_from,
    stops_mail,
    transport_service_from,
)
from .._powershell import Pipeline, RemoteObject, Result
from .._remoting.errors import CmdletFailed
from .connectivity_log import read_connectivity_log
from .events import read_events
from .send_log import read_send_log

_ABSENT = (FailureKind.CERTIFICATE_NOT_FOUND, FailureKind.CERTIFICATE_NOT_USABLE)


class Sessions(Protocol):
    """What a server is asked through."""

    def run(self, pipeline: Pipeline) -> Result:
        """Run a pipeline of Exchange cmdlets."""

    def run_on_host(self, pipeline: Pipeline) -> Result:
        """Run a pipeline in the host's own PowerShell."""

    def this_host(self) -> Server | None:
        """Return the server whose PowerShell is the host's own; None when it is none of the organisation's."""


class ObservedServer:
    """A server."""

    def __init__(self, server: Server, sessions: Sessions, *, asked_on_edge: bool = False) -> None:
        """``asked_on_edge`` tells that this is an Edge and the cmdlets run on it: it has no domain controllers."""
        self.server = server
        self.asked_on_edge = asked_on_edge
        self._sessions = sessions

    @property
    def fqdn(self) -> str:
        """Return the name that every cmdlet is given."""
        return self.server.fqdn

    @cached_property
    def domain_controller(self) -> str | None:
        """Return the domain controller that this server itself reads; None where it does not say."""
        (found,) = self._sessions.run(get_exchange_servers(self.fqdn, status=True)).objects()
        server = server_from(found)
        return server.domain_controller or next(iter(server.domain_controllers), None)

    def transport_service(self) -> TransportService:
        """Return the transport service's settings from the server's own domain controller; an Edge has none."""
        name = None if self.asked_on_edge else self.fqdn
        controller = None if self.server.is_edge else self.domain_controller
        found = self._sessions.run(get_transport_service(name, domain_controller=controller)).objects()
        if len(found) != 1:
            raise Unreadable(f"{self.fqdn}: Get-TransportService returned {len(found)} servers instead of one.")
        return transport_service_from(found[0])

    def frontend_transport_service(self) -> FrontendTransportService:
        """Return the front end transport service's settings. An Edge has none: Exchange does not know the cmdlet."""
        command = get_frontend_transport_service(self.fqdn, domain_controller=self.domain_controller)
        found = self._sessions.run(command).objects()
        if len(found) != 1:
            raise Unreadable(f"{self.fqdn}: Get-FrontendTransportService returned {len(found)} servers instead of one.")
        return frontend_transport_service_from(found[0], self.fqdn)

    def certificates(self) -> tuple[Certificate, ...]:
        """Return the certificates that Exchange lists; it hides those that it cannot use."""
        found = self._projected(partial(get_exchange_certificates, self.fqdn))
        return tuple(certificate_from(each, self.fqdn) for each in found)

    def certificate(self, thumbprint: str) -> Certificate | Failure:
        """Return a certificate, or why Exchange has none to show: only asking by the thumbprint tells."""
        try:
            found = self._projected(partial(get_exchange_certificate, self.fqdn, thumbprint))
        except CmdletFailed as failure:
            told = classify_failure(failure.errors)
            if told.kind not in _ABSENT:
                raise
            return told
        if len(found) != 1:
            raise Unreadable(f"{self.fqdn}: {len(found)} certificates were returned for {thumbprint} instead of one.")
        return certificate_from(found[0], self.fqdn)

    def _projected(self, ask: Callable[..., Pipeline]) -> tuple[RemoteObject, ...]:
        """Return what is asked for; where the session has no Select-Object, without what only that brings."""
        try:
            return self._sessions.run(ask()).objects()
        except CmdletFailed as failure:
            if not hides_select_object(failure.errors):
                raise
            return self._sessions.run(ask(projected=False)).objects()

    @property
    def elsewhere(self) -> str:
        """Return why the logs of this server cannot be read by the host's own PowerShell; empty where they can.

        Errors as ``Sessions.this_host``.
        """
        host = self._sessions.this_host()
        if host is not None and host.fqdn == self.fqdn:
            return ""
        led = f"leads to {host.fqdn}" if host else "leads to none of the organisation's servers that is known by name"
        return (
            f"{self.fqdn}: its logs lie on itself, and this host's own PowerShell {led}. Run the task on the host that "
            f"is that server, or let this host's address lead to it."
        )

    def queues(self, where: str | None = None) -> tuple[Queue, ...]:
        """Return every queue of the server's transport service, or those that a ``queue_filter`` lets pass."""
        return tuple(queue_from(each) for each in self._sessions.run(get_queues(self.fqdn, where=where)).objects())

    def receive_connectors(self) -> tuple[tuple[ReceiveConnector, ...] | None, str]:
        """Return the server's Receive connectors; None, with the reason, when they cannot be read."""
        try:
            found = self._sessions.run(get_receive_connectors(self.fqdn)).objects()
            return tuple(receive_connector_from(each) for each in found), ""
        except (CmdletFailed, Unreadable) as error:
            return None, str(error)

    def every_message(self, queue: str) -> tuple[Message, ...]:
        """Return every message of a queue; none where the queue is gone, and its mail with it."""
        try:
            return tuple(message_from(each) for each in self._projected(partial(get_every_message, queue)))
        except CmdletFailed as failure:
            if classify_failure(failure.errors).kind is not FailureKind.OBJECT_NOT_FOUND:
                raise
            return ()

    def inactive_components(self) -> tuple[str, ...]:
        """Return the components without which no mail leaves and that are inactive; none where nobody may ask."""
        try:
            found = self._sessions.run(get_server_component_state(self.fqdn)).objects()
        except CmdletFailed as failure:
            if classify_failure(failure.errors).kind is not FailureKind.NOT_VISIBLE:
                raise
            return ()
        states = (component_state_from(each) for each in found)
        return tuple(each.component for each in states if stops_mail(each, self.server))

    def clock(self) -> datetime:
        """Return the server's own time."""
        output = self._sessions.run_on_host(get_date()).output
        value = output[0] if output else None
        moment = parse_moment(str(value.text if isinstance(value, RemoteObject) else value))
        if moment is None:
            raise Unreadable(f"{self.fqdn}: Get-Date returned no time.")
        return moment

    def send_log(
        self, directory: str | None, since: datetime, connectors: Sequence[str] | None, clock: datetime
    ) -> SendLog:
        """Return what the Send protocol log tells since a time, by the server's own clock; None is every connector."""
        wanted = None if connectors is None else frozenset(connectors)
        return read_send_log(self._sessions.run_on_host, directory, since, wanted, clock)

    def connectivity_log(
        self, directory: str | None, since: datetime, wanted: Callable[[Attempt], bool]
    ) -> ConnectivityLog:
        """Return what the connectivity log tells since a time, by the server's own clock; the latest that is wanted."""
        return read_connectivity_log(self._sessions.run_on_host, directory, since, wanted)

    def events(self, since: datetime) -> Events:
        """Return the events since a time that speak of outbound TLS."""
        return read_events(self._sessions.run_on_host, since)

    def messages(self, queues: Sequence[str], most: int) -> Messages:
        """Return some messages of each of some queues; a queue that is gone by now has none."""
        found: list[Message] = []
        for each in queues:
            try:
                found += [message_from(one) for one in self._sessions.run(get_messages(each, most)).objects()]
            except CmdletFailed as failure:
                if classify_failure(failure.errors).kind is not FailureKind.OBJECT_NOT_FOUND:
                    return Messages(tuple(found), problem=str(failure))
        return Messages(tuple(found))

    def send(self, pipelines: Sequence[Pipeline]) -> list[Result]:
        """Run changing pipelines one after the other; the first that fails ends it."""
        return [self._sessions.run(each) for each in pipelines]

    def retry(self, pipelines: Sequence[Pipeline]) -> list[Result]:
        """Run Retry-Queue of one queue after the other, as ``send``; one that is gone has got rid of its mail."""
        return self._send_passing_over(pipelines, "queues were gone before they were tried")

    def hold(self, pipelines: Sequence[Pipeline]) -> list[Result]:
        """Suspend and resume queues and messages, as ``send``; what has left meanwhile needs neither."""
        return self._send_passing_over(pipelines, "commands were about a queue or a message that had left already")

    def _send_passing_over(self, pipelines: Sequence[Pipeline], what: str) -> list[Result]:
        results, gone = [], 0
        for each in pipelines:
            try:
                results.append(self._sessions.run(each))
            except CmdletFailed as failure:
                if classify_failure(failure.errors).kind is not FailureKind.OBJECT_NOT_FOUND:
                    raise
                gone += 1
        told = f"{self.fqdn}: {gone} of {len(pipelines)} {what}."
        return [*results, Result(warnings=(told,))] if gone else results
