# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a first look at a host tells: who answers at both its endpoints, and what the account may do there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from .._exchange.cmdlets import get_commands, get_exchange_servers
from .._exchange.failures import FailureKind, answering_server, classify_failure
from .._exchange.fields import Unreadable
from .._exchange.grants import PUBLIC, Grants, granted_from
from .._exchange.server import Server
from .._powershell import Pipeline, RemoteObject
from .._remoting.errors import CmdletFailed, RemotingError
from .._remoting.transport import Carrier
from .exchange import Exchange
from .unknown import Unknown

# No object has this Guid: whoever is asked for it fails, and errors alone tell which server runs the cmdlets.
_NOBODY: Final = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class SessionFacts:
    """The session to Exchange. ``executed_by`` names the server that runs the cmdlets; empty where it does not say."""

    endpoint: str
    username: str | None
    authentication: str
    encryption: tuple[str, ...]
    carrier: Carrier
    executed_by: str


@dataclass(frozen=True)
class HostFacts:
    """The host's own PowerShell: ``server`` is the Exchange server that it is, None when it is none.

    ``endpoint`` is empty when nothing leads there. ``problem`` is the sentence that says why nothing is known; empty
    when something is.
    """

    endpoint: str
    computer_name: str = ""
    server: Server | None = None
    problem: str = ""


@dataclass(frozen=True)
class MeantServer:
    """The server that is meant, None with the sentence that says why it is not known, and all that there are."""

    server: Server | None
    servers: tuple[Server, ...] = ()
    problem: str = ""


def session_facts(exchange: Exchange) -> SessionFacts:
    """Open the session and tell what it is; errors as ``open_session``."""
    session = exchange.session()
    options = session.options
    return SessionFacts(
        endpoint=options.endpoint,
        username=options.username,
        authentication=options.authentication,
        encryption=options.encryption,
        carrier=session.carrier(),
        executed_by=_executing_server(exchange),
    )


def _executing_server(exchange: Exchange) -> str:
    """Return the name of the server that runs the cmdlets, which is not always the one that was dialled."""
    try:
        exchange.run(get_exchange_servers(_NOBODY))
    except CmdletFailed as failure:
        return answering_server(failure.errors)
    return ""


def meant_server(exchange: Exchange, name: str | None) -> MeantServer:
    """Return the server that other modules would mean by ``name``, or without one."""
    try:
        servers = exchange.servers()
    except (CmdletFailed, Unreadable) as failure:
        return MeantServer(None, problem=str(failure))
    try:
        return MeantServer(exchange.server(name).server, servers)
    except Unknown as error:
        return MeantServer(None, servers, str(error))


def grants_of(exchange: Exchange, pipelines: Iterable[Pipeline]) -> Grants:
    """Ask which commands of some pipelines the session shows, and with which parameters."""
    names = sorted({command.name for pipeline in pipelines for command in pipeline.commands} - PUBLIC)
    try:
        output = exchange.run(get_commands(names)).output
    except CmdletFailed as failure:
        # One error record for each that is hidden; the others were returned before or after it.
        if any(classify_failure((each,)).kind is not FailureKind.NOT_VISIBLE for each in failure.errors):
            raise
        output = failure.result.output
    return Grants(dict(granted_from(each) for each in output if isinstance(each, RemoteObject)))


def host_facts(exchange: Exchange) -> HostFacts:
    """Ask the host's own PowerShell who it is. That nobody answers there is a fact too, and no failure."""
    endpoint = exchange.endpoints.host.endpoint if exchange.endpoints.host else ""
    try:
        return HostFacts(endpoint, exchange.here.computer_name, exchange.this_host())
    except (RemotingError, Unreadable) as failure:
        return HostFacts(endpoint, problem=str(failure))
