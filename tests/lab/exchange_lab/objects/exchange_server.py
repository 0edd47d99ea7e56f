# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ExchangeServer, the object of Get-ExchangeServer. Recorded from 2016 and 2019 (see tests/fixtures/clixml)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from ..world import Server, World
from . import data_types as types
from .data_types import DATA, data_enum
from .directory import ADMINISTRATIVE_GROUP, DIRECTORY_OBJECT, Directory, installed, last_changed
from .values import DotNetObject, Value

_MANAGEMENT = f"{DATA}Directory.Management."
TYPE_NAMES = (f"{_MANAGEMENT}ExchangeServer", f"{_MANAGEMENT}ADPresentationObject", *DIRECTORY_OBJECT)
_TAIL = (
    "Identity",
    "IsValid",
    "ExchangeVersion",
    "DistinguishedName",
    "Guid",
    "ObjectCategory",
    "ObjectClass",
    "WhenChanged",
    "WhenCreated",
    "WhenChangedUTC",
    "WhenCreatedUTC",
    "OrganizationId",
    "Id",
    "OriginatingServer",
    "ObjectState",
)
_BINDINGS = ("ncacn_vns_spp", "netbios", "ncacn_np", "ncacn_spx", "ncacn_ip_tcp", "ncalrpc")


def exchange_server_object(
    world: World,
    server: Server,
    *,
    domain_controller: str | None,
    current_domain_controller: str | None,
    reader: Server | None = None,
) -> DotNetObject:
    """A server as ``domain_controller`` holds it, in the directory that ``reader`` reads.

    ``current_domain_controller`` is what -Status adds: the one that the server uses; None when it was not asked for
    or could not be told.
    """
    directory = Directory.of(world, reader)
    site = _site(server, reader)
    is_edge = server.role == "edge"
    past = server.installation
    on_trial = past.edition == "StandardEvaluation"
    mitigations = past.mitigations
    applied_at: dict[str, Value] = {} if mitigations is None else {"MitigationsAppliedTime": mitigations.at}
    current = [] if current_domain_controller is None else [current_domain_controller]
    common = directory.common_properties(
        directory.server_id(server),
        category="ms-Exch-Exchange-Server",
        object_class=("top", "server", "msExchExchangeServer"),
        created=installed(server),
        changed=last_changed(server),
        domain_controller=domain_controller,
    )
    properties: dict[str, Value] = {
        "Name": server.name,
        "DataPath": types.local_path(past.data_path),
        "Domain": world.domain,
        "Edition": data_enum("ServerEditionType", past.edition, _EDITIONS[past.edition]),
        "ExchangeLegacyDN": f"/o={world.organisation}/ou={ADMINISTRATIVE_GROUP}"
        f"/cn=Configuration/cn=Servers/cn={server.name}",
        "ExchangeLegacyServerRole": 0,
        "Fqdn": server.fqdn,
        "CustomerFeedbackEnabled": past.reports,
        "InternetWebProxy": None,
        "InternetWebProxyBypassList": None,
        "IsHubTransportServer": not is_edge,
        "IsClientAccessServer": not is_edge,
        "IsExchange2007OrLater": True,
        "IsEdgeServer": is_edge,
        "IsMailboxServer": not is_edge,
        "IsE14OrLater": True,
        "IsE15OrLater": True,
        "IsProvisionedServer": False,
        "IsUnifiedMessagingServer": has_unified_messaging(server),
        "IsFrontendTransportServer": not is_edge,
        "NetworkAddress": types.network_addresses(_network_addresses(server)),
        "OrganizationalUnit": f"{world.domain}/{server.name}",
        "AdminDisplayVersion": types.server_version(server.version),
        "Site": None if site is None else directory.site_id(site),
        "ServerRole": data_enum("Directory.SystemConfiguration.ServerRole", *(("Edge", 64) if is_edge else _MAILBOX)),
        "ErrorReportingEnabled": past.reports,
        "MitigationsEnabled": True,
        **applied_at,
        "StaticDomainControllers": types.multi_valued_text(()),
        "StaticGlobalCatalogs": types.multi_valued_text(()),
        "StaticConfigDomainController": "",
        "StaticExcludedDomainControllers": types.multi_valued_text(()),
        "MonitoringGroup": "",
        "CurrentDomainControllers": types.multi_valued_text(current),
        "CurrentGlobalCatalogs": types.multi_valued_text(current),
        "CurrentConfigDomainController": current_domain_controller or "",
        "ProductID": past.product_id,
        "IsExchangeTrialEdition": on_trial,
        "IsExpiredExchangeTrialEdition": on_trial,
        "MailboxProvisioningAttributes": None,
        "RemainingTrialPeriod": types.enhanced_time_span(timedelta()),
        "MitigationsApplied": None if mitigations is None else types.multi_valued_text(mitigations.applied),
        "MitigationsBlocked": None,
        "DataCollectionEnabled": past.collects_data,
        **{name: common[name] for name in _TAIL},
    }
    return DotNetObject(TYPE_NAMES, server.name, properties)


_MAILBOX = ("Mailbox", 2)
_EDITIONS = {"Standard": 1, "StandardEvaluation": 2, "Enterprise": 3}


def has_unified_messaging(server: Server) -> bool:
    """Exchange 2019 has none any more."""
    return server.role == "mailbox" and not server.version.startswith("15.2 ")


def _site(server: Server, reader: Server | None) -> str | None:
    """An Edge is in no site; Active Directory counts it to the one that it is subscribed to."""
    if server.role == "mailbox":
        return server.site
    return None if server is reader else server.subscribed_to


def _network_addresses(server: Server) -> Iterable[DotNetObject]:
    type_names = tuple(f"{DATA}{name}" for name in ("CustomNetworkAddress", "NetworkAddress", "ProtocolAddress"))
    for protocol in _BINDINGS:
        address = server.fqdn if protocol == "ncacn_ip_tcp" else server.name
        properties: dict[str, Value] = {"ProtocolType": protocol, "AddressString": address}
        yield DotNetObject((*type_names, "System.Object"), f"{protocol}:{address}", properties)
