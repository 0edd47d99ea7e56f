# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Get-TransportService and Get-FrontendTransportService. They read the directory, so a server may be down.

An Edge shows itself alone, whatever its directory holds (documentation page "Get-TransportService").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..objects import DotNetObject, Value, frontend_transport_server_object, transport_server_object
from ..powershell import Command, Invocation
from ..powershell.parameters import Parameter, text_type
from ..world import Server, World
from .failures import object_not_found
from .identity import DOMAIN_CONTROLLER, domain_controller_of, known_servers, servers_named
from .rbac import Granted

_TASKS = "Microsoft.Exchange.Management.SystemConfigurationTasks."
_PARAMETERS = "Microsoft.Exchange.Configuration.Tasks."
_Describe = Callable[[World, Server, str | None, Server], DotNetObject]


def _get_transport_service(invocation: Invocation) -> Iterable[Value]:
    own = invocation.server
    return _services(invocation, transport_server_object, [own] if own.role == "edge" else known_servers(invocation))


def _get_frontend_transport_service(invocation: Invocation) -> Iterable[Value]:
    mailbox_servers = [each for each in invocation.world.servers.values() if each.role == "mailbox"]
    return _services(invocation, frontend_transport_server_object, mailbox_servers)


def _services(invocation: Invocation, describe: _Describe, having_it: Iterable[Server]) -> Iterable[Value]:
    world, identity = invocation.world, invocation.arguments.get("Identity")
    with world.lock:
        controller = domain_controller_of(invocation)
        found = list(having_it)
        if identity is not None:
            named = servers_named(invocation, identity)
            found = [each for each in found if each in named]
            if not found:
                raise object_not_found(invocation, identity, controller)
        return [describe(world, server, controller, invocation.server) for server in found]


def _granted(name: str, class_name: str, identity: str, run: Callable[[Invocation], Iterable[Value]]) -> Granted:
    return Granted.to(
        Command(
            name,
            _TASKS + class_name,
            (Parameter("Identity", text_type(_PARAMETERS + identity), position=0), DOMAIN_CONTROLLER),
            run,
            is_function=True,
        ),
        "Exchange Servers",
        "Send Connectors",
        "Transport Hygiene",
        "View-Only Configuration",
    )


GET_TRANSPORT_SERVICE = _granted(
    "Get-TransportService", "GetTransportService", "TransportServerIdParameter", _get_transport_service
)
GET_FRONTEND_TRANSPORT_SERVICE = _granted(
    "Get-FrontendTransportService",
    "GetFrontendTransportService",
    "FrontendTransportServerIdParameter",
    _get_frontend_transport_service,
)
