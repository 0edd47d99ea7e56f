# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The organisation as one task reaches it: two sessions, opened when first needed and closed on every path."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Self

from .._exchange.certificate import Certificate
from .._exchange.cmdlets import (
    add_exchange_snap_in,
    get_edge_subscriptions,
    get_exchange_servers,
    get_send_connectors,
)
from .._exchange.connector import SendConnector, send_connector_from
from .._exchange.edge import EdgeStanding, edge_standing
from .._exchange.failures import FailureKind, classify_failure
from .._exchange.fields import Unreadable
from .._exchange.server import Server, server_from
from .._powershell import Pipeline, RemoteObject, Result
from .._remoting.errors import CmdletFailed, RemotingError, UnusableOptions
from .._remoting.options import SessionOptions
from .._remoting.session import Session, open_session
from .host import ThisHost
from .server import ObservedServer
from .unknown import Unknown


@dataclass(frozen=True)
class Endpoints:
    """Where the sessions of a task go: to Exchange, and to the host's own PowerShell if anything leads there.

    ``called`` are the names by which the host is known, the surest first. ``edge`` tells that the host is an Edge
    Transport server: Exchange's cmdlets run in its own PowerShell then, and one session serves both.
    """

    exchange: SessionOptions
    host: SessionOptions | None = None
    called: tuple[str, ...] = ()
    edge: bool = False


class Exchange:
    """Asks the organisation. A context manager: what was opened is closed at its end."""

    def __init__(self, endpoints: Endpoints, connect: Callable[..., Session] = open_session) -> None:
        self._endpoints = endpoints
        self._connect = connect
        self._open = ExitStack()
        self._exchange: Session | None = None
        self._host: Session | None = None
        self._servers: tuple[Server, ...] | None = None
        self._standing: EdgeStanding | None = None
        self.here = ThisHost((endpoints.host or endpoints.exchange).host, self.run_on_host)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._open.close()

    @property
    def called(self) -> str:
        """Return what error messages call the server that is asked."""
        return self._endpoints.exchange.server

    @property
    def endpoints(self) -> Endpoints:
        """Return where the sessions go."""
        return self._endpoints

    def session(self) -> Session:
        """Return the session for Exchange's cmdlets, opened when it is first needed; errors as ``open_session``."""
        if self._exchange is None:
            connect = self._connect_to_edge if self._endpoints.edge else self._connect
            self._exchange = self._open.enter_context(connect(self._endpoints.exchange))
        return self._exchange

    def run(self, pipeline: Pipeline) -> Result:
        """Run a pipeline of Exchange cmdlets; errors as ``Session.run``."""
        return self.session().run(pipeline)

    def _connect_to_edge(self, options: SessionOptions) -> Session:
        try:
            return self._connect(options, [add_exchange_snap_in()])
        except CmdletFailed as failure:
            raise UnusableOptions(
                options.server,
                "Exchange's snap-in cannot be added, so this is no Edge Transport server",
                words=failure.errors[0].message,
                advice="Leave exchange_role out on a Mailbox server",
            ) from failure

    def run_on_host(self, pipeline: Pipeline) -> Result:
        """Run a pipeline in the host's own PowerShell; errors as ``Session.run``, or UnusableOptions without a way."""
        if self._endpoints.edge:
            return self.run(pipeline)
        options = self._endpoints.host
        if options is None:
            raise UnusableOptions(
                self.called,
                "nothing leads to this host's own PowerShell, where its logs are. Use ansible_connection: psrp or "
                "winrm",
            )
        if self._host is None:
            self._host = self._open.enter_context(self._connect(options))
        return self._host.run(pipeline)

    def servers(self) -> tuple[Server, ...]:
        """Return every Exchange server of the organisation, on an Edge those that its directory holds; asked once."""
        if self._servers is None:
            self._servers = tuple(server_from(each) for each in self.run(get_exchange_servers()).objects())
        return self._servers

    def server(self, name: str | None) -> ObservedServer:
        """Return the server that is meant: by ``name``, else by the host's own names.

        Where those fit no server, as an alias or the name of a load balancer, or more than one, the host itself is
        asked which one it is.

        Raises:
            Unknown: no server has such a name, or more than one.
        """
        names = [name] if name else [each for each in self._endpoints.called if each]
        found = [server for server in self.servers() if any(map(server.is_called, names))]
        if len(found) != 1 and not name:
            here = self._server_that_answers()
            found = [here] if here and (here in found or not found) else found
        if len(found) == 1:
            return self._observed(found[0])
        called = " or ".join(names)
        if found:
            raise Unknown(
                f"More than one Exchange server is called {called}: {_listed(found)}. Set server to its FQDN."
            )
        raise Unknown(f"No Exchange server is called {called}. Set server to one of: {_listed(self.servers())}.")

    def this_host(self) -> Server | None:
        """Return the server whose PowerShell is the host's own; None when it is none of the organisation's.

        Errors as ``run_on_host``.
        """
        return self.here.server_among(self.servers())

    def _server_that_answers(self) -> Server | None:
        try:
            return self.this_host()
        except RemotingError:
            # Whoever has no way there, or no rights, can still say which server is meant.
            return None

    def _observed(self, server: Server) -> ObservedServer:
        if not self._endpoints.edge:
            return ObservedServer(server, self)
        if not server.is_edge:
            raise Unknown(
                f"{server.fqdn} is a Mailbox server, and exchange_role is edge: the cmdlets on an Edge act on the Edge "
                f"alone. Run the task on that server's own host, without exchange_role."
            )
        return ObservedServer(server, self, asked_on_edge=True)

    def edge_standing(self) -> EdgeStanding | None:
        """Return whether the Edge that is asked is subscribed; None when it is no Edge that is asked. Asked once."""
        if self._endpoints.edge and self._standing is None:
            self._standing = self._look_for_subscription()
        return self._standing

    def _look_for_subscription(self) -> EdgeStanding:
        subscriptions, problem = None, ""
        try:
            subscriptions = len(self.run(get_edge_subscriptions()).output)
        except CmdletFailed as failure:
            problem = str(failure)
        return edge_standing(self.servers(), self.connectors(), subscriptions, problem)

    def connectors(self) -> tuple[SendConnector, ...]:
        """Return every Send connector of the organisation, on an Edge those that its directory holds."""
        return tuple(self._connector_from(each) for each in self.run(get_send_connectors()).objects())

    def _connector_from(self, source: RemoteObject) -> SendConnector:
        """Read a connector. What an Edge calls its own directory is no domain controller that could be named to it."""
        connector = send_connector_from(source)
        return replace(connector, originating_server="") if self._endpoints.edge else connector

    def connector(self, identity: str, *, domain_controller: str | None = None) -> SendConnector:
        """Return one Send connector by name, Guid or distinguished name, as a domain controller has it.

        Raises:
            Unknown: there is none, or more than one.
        """
        try:
            found = self.run(get_send_connectors(identity, domain_controller=domain_controller)).objects()
        except CmdletFailed as failure:
            kind = classify_failure(failure.errors).kind
            if kind not in (FailureKind.OBJECT_NOT_FOUND, FailureKind.OBJECT_AMBIGUOUS):
                raise
            raise self._no_connector(identity, self.connectors()) from failure
        if len(found) != 1:
            raise Unknown(f'{self.called}: {len(found)} Send connectors are called "{identity}". Give a Guid.')
        return self._connector_from(found[0])

    def connectors_of(self, server: ObservedServer, identities: Sequence[str]) -> tuple[SendConnector, ...]:
        """Return the Send connectors that have a server among their sources: the named ones, else all enabled ones.

        An Edge is a source of all that its directory holds.

        Raises:
            Unknown: a name, Guid or distinguished name that no Send connector of the organisation has.
        """
        connectors = self.connectors()
        for identity in identities:
            if not any(each.is_called(identity) for each in connectors):
                raise self._no_connector(identity, connectors)
        ours = [
            each
            for each in connectors
            if self._endpoints.edge or any(server.server.is_called(source) for source in each.source_servers)
        ]
        if not identities:
            return tuple(each for each in ours if each.enabled)
        return tuple(each for each in ours if any(each.is_called(identity) for identity in identities))

    def _no_connector(self, identity: str, connectors: Sequence[SendConnector]) -> Unknown:
        names = ", ".join(f'"{each.name}"' for each in connectors)
        return Unknown(f'{self.called}: no single Send connector is called "{identity}". Give one of {names}.')

    def store_of(self, name: str) -> tuple[tuple[Certificate, ...] | None, str]:
        """Return the certificates of another server; None, with the reason, when they cannot be read."""
        try:
            return self.server(name).certificates(), ""
        except (CmdletFailed, Unknown, Unreadable) as error:
            return None, str(error)

    def send(self, pipelines: Sequence[Pipeline]) -> list[Result]:
        """Run Exchange cmdlets one after the other; the first that fails ends it."""
        return [self.run(each) for each in pipelines]


def _listed(servers: Sequence[Server]) -> str:
    return ", ".join(sorted(server.fqdn for server in servers))
