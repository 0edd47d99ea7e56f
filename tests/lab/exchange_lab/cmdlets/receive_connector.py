# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Get-ReceiveConnector."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from ..objects import Directory, Value, receive_connector_object
from ..powershell import Command, Invocation
from ..powershell.parameters import Parameter, text_type
from ..world import ReceiveConnector, Server
from .failures import object_not_found, server_not_found
from .identity import DOMAIN_CONTROLLER, SERVER_ID, domain_controller_of, servers_named
from .rbac import Granted

_IDENTITY = text_type("Microsoft.Exchange.Configuration.Tasks.ReceiveConnectorIdParameter")


def _get_receive_connector(invocation: Invocation) -> Iterable[Value]:
    world, identity = invocation.world, invocation.arguments.get("Identity")
    with world.lock:
        controller = domain_controller_of(invocation)
        found = _held(invocation)
        if identity is not None:
            found = [each for each in found if _is_named(invocation, *each, identity)]
            if not found:
                raise object_not_found(invocation, identity, controller)
        return [
            receive_connector_object(world, server, connector, controller, invocation.server)
            for server, connector in found
        ]


def _held(invocation: Invocation) -> list[tuple[Server, ReceiveConnector]]:
    """The connectors that the directory has: those of an Edge are in its own alone."""
    own, name = invocation.server, invocation.arguments.get("Server")
    servers = [own] if own.role == "edge" else [e for e in invocation.world.servers.values() if e.role == "mailbox"]
    if name is not None:
        named = servers_named(invocation, name)
        if not named:
            raise server_not_found(invocation, name)
        servers = [each for each in servers if each in named]
    return [(server, connector) for server in servers for connector in server.receive_connectors]


def _is_named(invocation: Invocation, server: Server, connector: ReceiveConnector, identity: str) -> bool:
    r"""Whether an identity means a connector: ``SERVER\name`` or its name, with wildcards, or its Guid or full name."""
    directory = Directory.of(invocation.world, invocation.server)
    wanted = identity.casefold()
    if wanted in (
        directory.receive_connector_name(server, connector).casefold(),
        str(directory.receive_connector_guid(server, connector)),
    ):
        return True
    server_name, separator, name = wanted.rpartition("\\")
    if separator and not server.answers_to(server_name):
        return False
    return fnmatchcase(connector.name.casefold(), name)


GET_RECEIVE_CONNECTOR = Granted.to(
    Command(
        "Get-ReceiveConnector",
        "Microsoft.Exchange.Management.SystemConfigurationTasks.GetReceiveConnector",
        (
            Parameter("Identity", _IDENTITY, position=0, sets=("Identity",)),
            Parameter("Server", SERVER_ID, sets=("Server",)),
            DOMAIN_CONTROLLER,
        ),
        _get_receive_connector,
        is_function=True,
        default_set="Identity",
    ),
    "Receive Connectors",
    "Send Connectors",
    "Transport Queues",
    "View-Only Configuration",
)
