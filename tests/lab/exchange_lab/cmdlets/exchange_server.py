# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Get-ExchangeServer and Get-ServerComponentState."""

from __future__ import annotations

from collections.abc import Iterable

from ..objects import Value, component_state_objects, exchange_server_object
from ..powershell import Command, Invocation, not_simulated
from ..powershell.parameters import STRING, SWITCH, Parameter, text_type
from .failures import object_not_found
from .identity import DOMAIN_CONTROLLER, SERVER_ID, domain_controller_of, known_servers, servers_named
from .rbac import Granted

_TASKS = "Microsoft.Exchange.Management.SystemConfigurationTasks."


def _get_exchange_server(invocation: Invocation) -> Iterable[Value]:
    world, identity = invocation.world, invocation.arguments.get("Identity")
    with world.lock:
        controller = domain_controller_of(invocation)
        found = known_servers(invocation) if identity is None else servers_named(invocation, identity)
        if identity is not None and not found:
            raise object_not_found(invocation, identity, controller)
        tells = invocation.arguments.flag("Status") and world.readings.current_domain_controllers == "filled"
        return [
            exchange_server_object(
                world,
                server,
                domain_controller=controller,
                current_domain_controller=server.domain_controller if tells else None,
                reader=invocation.server,
            )
            for server in found
        ]


def _get_server_component_state(invocation: Invocation) -> Iterable[Value]:
    identity, component = (invocation.arguments.get(name) for name in ("Identity", "Component"))
    with invocation.world.lock:
        found = servers_named(invocation, identity)
        if not found:
            raise object_not_found(invocation, identity, domain_controller_of(invocation))
        if found[0] is not invocation.server and "edge" in (found[0].role, invocation.server.role):
            raise not_simulated("Get-ServerComponentState of a server on the other side of an Edge's border")
        states = component_state_objects(invocation.world, found[0], invocation.server)
    wanted = [
        each
        for each in states
        if component is None or str(each.properties["Component"]).casefold() == component.casefold()
    ]
    if not wanted:
        raise object_not_found(invocation, component, domain_controller_of(invocation))
    return wanted


GET_EXCHANGE_SERVER = Granted.to(
    Command(
        "Get-ExchangeServer",
        f"{_TASKS}GetExchangeServer",
        (
            Parameter("Identity", SERVER_ID, position=0, sets=("Identity",)),
            Parameter("Domain", text_type("Microsoft.Exchange.Data.Fqdn"), sets=("Domain",), simulated=False),
            Parameter("Status", SWITCH),
            DOMAIN_CONTROLLER,
        ),
        _get_exchange_server,
        is_function=True,
        default_set="Identity",
    ),
    "Exchange Server Certificates",
    "Exchange Servers",
    "Monitoring",
    "Receive Connectors",
    "Send Connectors",
    "Transport Hygiene",
    "Transport Queues",
    "View-Only Configuration",
)
GET_SERVER_COMPONENT_STATE = Granted.to(
    Command(
        "Get-ServerComponentState",
        f"{_TASKS}GetServerComponentState",
        (
            Parameter("Identity", SERVER_ID, position=0, mandatory=True),
            Parameter("Component", STRING),
            DOMAIN_CONTROLLER,
        ),
        _get_server_component_state,
        is_function=True,
    ),
    "Exchange Servers",
    "Send Connectors",
    "Transport Hygiene",
    "View-Only Configuration",
)
