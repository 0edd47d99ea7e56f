# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Get-EdgeSubscription and Start-EdgeSynchronization."""

from __future__ import annotations

from collections.abc import Iterable

from ..objects import Value, edge_subscription_object, synchronization_objects
from ..powershell import Command, Invocation, not_simulated, should_process
from ..powershell.parameters import SHOULD_PROCESS, STRING, SWITCH, Parameter, text_type
from ..world import Server, SubscribedDirectory
from .failures import object_not_found, refused
from .identity import DOMAIN_CONTROLLER, SERVER_ID, domain_controller_of, is_reachable, server_meant
from .rbac import Granted

_TASKS = "Microsoft.Exchange.Management.SystemConfigurationTasks."


def _get_edge_subscription(invocation: Invocation) -> Iterable[Value]:
    world, identity = invocation.world, invocation.arguments.get("Identity")
    with world.lock:
        controller = domain_controller_of(invocation)
        found = _visible(invocation)
        if identity is not None:
            found = [each for each in found if each.answers_to(identity)]
            if not found:
                raise object_not_found(invocation, identity, controller)
        return [edge_subscription_object(world, each, controller, invocation.server) for each in found]


def _visible(invocation: Invocation) -> list[Server]:
    """Active Directory has all subscriptions; whether an Edge shows its own one is a reading."""
    subscribed = [each for each in invocation.world.servers.values() if each.subscribed_to is not None]
    if invocation.server.role == "mailbox":
        return subscribed
    shown = invocation.world.readings.edge_shows_subscription == "shown"
    return [each for each in subscribed if shown and each is invocation.server]


def _start_edge_synchronization(invocation: Invocation) -> Iterable[Value]:
    """Bring the configuration at once to the Edges that are subscribed to the site of a Mailbox server."""
    world = invocation.world
    with world.lock:
        runs_on = server_meant(invocation)
        if runs_on.role == "edge":
            # How the text goes on is not known.
            raise refused(invocation, "The Start-EdgeSynchronization cmdlet can only be run against a Mailbox server.")
    if not should_process(invocation, f"Starting EdgeSync on {runs_on.name}."):
        return ()
    with world.lock:
        if not is_reachable(invocation, runs_on):
            raise refused(invocation, "Unable to contact the EdgeSync service.")
        if not runs_on.edge_sync_runs:
            raise refused(
                invocation, "Couldn't communicate with the EdgeSync service. Make sure the service is running."
            )
        return [each for edge in _targets(invocation, runs_on) for each in _synchronise(invocation, runs_on, edge)]


def _targets(invocation: Invocation, runs_on: Server) -> list[Server]:
    """The Edges of the server's site; where there is none, nothing happens and nothing is said."""
    edges = [each for each in invocation.world.servers.values() if each.subscribed_to == runs_on.site]
    wanted = invocation.arguments.get("TargetServer")
    if wanted is None:
        return edges
    found = [each for each in edges if each.answers_to(wanted)]
    if not found:
        raise not_simulated("-TargetServer that is no Edge of the site of the server that runs EdgeSync")
    return found


def _synchronise(invocation: Invocation, runs_on: Server, edge: Server) -> list[Value]:
    """Connect to the Edge's directory, which answers only where the certificate of the subscription still holds."""
    world, directory = invocation.world, edge.edge_directory
    if not isinstance(directory, SubscribedDirectory):
        raise TypeError(f"{edge.fqdn} is subscribed and has no such directory")
    now = world.clock.now()
    connects = edge.reachable and directory.is_trusted
    before = directory.view(now)
    if connects:
        if edge.transport is not None:
            edge.transport.catch_up()
        directory.synchronise(runs_on.domain_controller or "", now)
    return synchronization_objects(edge, now, before, directory.view(now), connects=connects)


GET_EDGE_SUBSCRIPTION = Granted.to(
    Command(
        "Get-EdgeSubscription",
        f"{_TASKS}GetEdgeSubscription",
        (
            Parameter(
                "Identity", text_type("Microsoft.Exchange.Configuration.Tasks.TransportServerIdParameter"), position=0
            ),
            DOMAIN_CONTROLLER,
        ),
        _get_edge_subscription,
        is_function=True,
    ),
    "Edge Subscriptions",
    "View-Only Configuration",
)
START_EDGE_SYNCHRONIZATION = Granted.to(
    Command(
        "Start-EdgeSynchronization",
        f"{_TASKS}StartEdgeSynchronization",
        (
            Parameter("Server", SERVER_ID),
            Parameter("TargetServer", STRING),
            Parameter("ForceFullSync", SWITCH),
            Parameter("ForceUpdateCookie", SWITCH, simulated=False),
            *SHOULD_PROCESS,
        ),
        _start_edge_synchronization,
        is_function=True,
    ),
    "Edge Subscriptions",
)
