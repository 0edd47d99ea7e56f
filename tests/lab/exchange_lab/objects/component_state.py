# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ServerComponentStatePresentationObject, the object of Get-ServerComponentState. Recorded from 2016 and 2019."""

from __future__ import annotations

from ..world import ComponentRequest, Server, World
from .data_types import DATA, data_enum, generic_list
from .directory import CONFIGURABLE, Directory, object_state
from .exchange_server import has_unified_messaging
from .times import general_text
from .values import DotNetList, DotNetObject, Value

_CLASS = f"{DATA}Directory.Management.ServerComponentStatePresentationObject"
_DETAILS = f"{_CLASS}+RequesterDetails"
TYPE_NAMES = (_CLASS, *CONFIGURABLE)
COMPONENTS = (
    "ServerWideOffline",
    "HubTransport",
    "FrontendTransport",
    "Monitoring",
    "RecoveryActionsEnabled",
    "AutoDiscoverProxy",
    "ActiveSyncProxy",
    "EcpProxy",
    "EwsProxy",
    "ImapProxy",
    "OabProxy",
    "OwaProxy",
    "PopProxy",
    "PushNotificationsProxy",
    "RpsProxy",
    "RwsProxy",
    "RpcProxy",
    "XropProxy",
    "HttpProxyAvailabilityGroup",
    "ForwardSyncDaemon",
    "ProvisioningRps",
    "MapiProxy",
    "EdgeTransport",
    "HighAvailability",
    "SharedCache",
    "MailboxDeliveryProxy",
    "RoutingUpdates",
    "RestProxy",
    "DefaultProxy",
    "Lsass",
    "RoutingService",
    "E4EProxy",
    "CafeLAMv2",
    "LogExportProvider",
)
_STATES = {"Inactive": 0, "Active": 1, "Draining": 2}  # that of Draining is not recorded
_DATACENTER_ONLY = ("ForwardSyncDaemon", "ProvisioningRps")


def component_state_objects(world: World, server: Server, reader: Server | None = None) -> list[DotNetObject]:
    """All components of a server. What runs on premises is active, unless an administrator has changed it."""
    return [_component_state(Directory.of(world, reader), server, component) for component in _components(server)]


def _components(server: Server) -> list[str]:
    """Exchange 2016 has Unified Messaging as well."""
    components = list(COMPONENTS)
    if has_unified_messaging(server):
        components.insert(components.index("XropProxy"), "UMCallRouter")
    return components


def _component_state(directory: Directory, server: Server, component: str) -> DotNetObject:
    state = server.components.get(component, "Inactive" if component in _DATACENTER_ONLY else "Active")
    properties: dict[str, Value] = {
        "ServerFqdn": server.fqdn,
        "Component": component,
        "State": data_enum("ServiceState", state, _STATES[state]),
        "ServerWideOfflineIsOffline": server.components.get("ServerWideOffline") == "Inactive",
        "RemoteStates": _requests(server, "remote", component),
        "LocalStates": _requests(server, "local", component),
        "Identity": directory.server_id(server),
        "IsValid": True,
        "ObjectState": object_state("New"),
    }
    return DotNetObject(TYPE_NAMES, _CLASS, properties)


def _requests(server: Server, kept: str, component: str) -> DotNetList:
    requests = [each for each in server.installation.requests if (each.kept, each.component) == (kept, component)]
    return generic_list(_DETAILS, "Microsoft.Exchange.Data.Directory", map(_details, requests))


def _details(request: ComponentRequest) -> DotNetObject:
    text = f"Requestor:{request.requester}; State:{request.state}; Timestamp:{general_text(request.at)}"
    properties: dict[str, Value] = {
        "Requester": request.requester,
        "State": request.state,
        "Timestamp": request.at,
        "Component": request.component,
    }
    return DotNetObject((_DETAILS, "System.Object"), text, properties)
