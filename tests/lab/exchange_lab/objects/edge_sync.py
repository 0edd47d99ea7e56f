# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects of Get-EdgeSubscription and Start-EdgeSynchronization.

Nobody has recorded them. The subscription's properties are those of the documentation page "Get-EdgeSubscription", the
result's those that documentation and forum posts print of Start-EdgeSynchronization.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ..world import SendConnector, Server, World
from .data_types import DATA
from .directory import DIRECTORY_OBJECT, Directory, installed
from .values import DotNetEnum, DotNetObject, Value

_STATUS = "Microsoft.Exchange.MessageSecurity.EdgeSync."
SUBSCRIPTION_TYPE_NAMES = (
    f"{DATA}Directory.Management.EdgeSubscription",
    f"{DATA}Directory.Management.ADPresentationObject",
    *DIRECTORY_OBJECT,
)
SYNCHRONIZATION_TYPE_NAMES = (f"{_STATUS}Status", "System.Object")
_RESULTS = ("InProgress", "Success", "Aborted", "CouldNotConnect")


def edge_subscription_object(world: World, edge: Server, domain_controller: str, reader: Server) -> DotNetObject:
    """The subscription of an Edge, which has the Edge's name."""
    directory = Directory.of(world, reader)
    properties: dict[str, Value] = {
        "Site": directory.site_id(edge.subscribed_to or ""),
        "Domain": edge.fqdn.partition(".")[2],
        **directory.common_properties(
            directory.server_id(edge),
            category="ms-Exch-Exchange-Server",
            object_class=("top", "server", "msExchExchangeServer"),
            created=installed(edge),
            changed=installed(edge),
            domain_controller=domain_controller,
        ),
    }
    return DotNetObject(SUBSCRIPTION_TYPE_NAMES, edge.name, properties)


def synchronization_objects(
    edge: Server, at: datetime, before: Sequence[SendConnector], after: Sequence[SendConnector], *, connects: bool
) -> list[Value]:
    """What one run did to an Edge: first its recipients, of which the lab has none, then its configuration."""
    old = {each.guid: each for each in before}
    new = {each.guid: each for each in after}
    counts = {
        "Added": len(new.keys() - old.keys()),
        "Deleted": len(old.keys() - new.keys()),
        "Updated": sum(old[guid] != new[guid] for guid in new.keys() & old.keys()),
        "Scanned": len(new) if connects else 0,
    }
    return [
        _synchronization(edge, at, "Recipients", dict.fromkeys(counts, 0), connects=connects),
        _synchronization(edge, at, "Configuration", counts, connects=connects),
    ]


def _synchronization(edge: Server, at: datetime, kind: str, counts: dict[str, int], *, connects: bool) -> DotNetObject:
    result = "Success" if connects else "CouldNotConnect"
    properties: dict[str, Value] = {
        "Result": DotNetEnum(f"{_STATUS}StatusResult", result, _RESULTS.index(result)),
        "Type": DotNetEnum(f"{_STATUS}SyncTreeType", kind, 1 if kind == "Configuration" else 2),
        "Name": edge.name,
        "FailureDetails": "" if connects else "The LDAP server is unavailable.",
        "StartUTC": at,
        "EndUTC": at,
        **counts,
        "TargetScanned": 0,
    }
    return DotNetObject(SYNCHRONIZATION_TYPE_NAMES, f"{_STATUS}Status", properties)
