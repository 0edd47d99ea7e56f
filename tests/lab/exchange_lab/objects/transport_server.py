# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects of Get-TransportService and Get-FrontendTransportService.

Nobody has recorded them. Names and types are those of the documentation page "Set-TransportService" and of a published
analysis of Exchange 2013 CU23.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import PureWindowsPath

from ..world import Server, SubscribedDirectory, World
from . import data_types as types
from .data_types import DATA, data_enum
from .directory import DIRECTORY_OBJECT, Directory, installed, last_changed
from .values import DotNetObject, Value

_MANAGEMENT = f"{DATA}Directory.Management."
TRANSPORT_TYPE_NAMES = (f"{_MANAGEMENT}TransportServer", f"{_MANAGEMENT}ADPresentationObject", *DIRECTORY_OBJECT)
FRONTEND_TYPE_NAMES = (
    f"{_MANAGEMENT}FrontendTransportServer",
    f"{_MANAGEMENT}ADPresentationObject",
    *DIRECTORY_OBJECT,
)
_LOGS = PureWindowsPath(r"C:\Program Files\Microsoft\Exchange Server\V15\TransportRoles\Logs")


def transport_server_object(
    world: World, server: Server, domain_controller: str | None, reader: Server | None = None
) -> DotNetObject:
    """The transport service of a server; its default certificate is a plain text, empty when there is none.

    ``reader`` is the server whose directory is read. What Active Directory knows of an Edge dates from its
    subscription: nothing that is set on the Edge comes back (EdgeSync works one way).
    """
    is_edge = server.role == "edge"
    default_certificate, send_log_path = server.default_certificate, server.send_log_path
    message_expiration, connectivity_log_path = server.message_expiration, server.connectivity_log_path
    connectivity_log_enabled = server.connectivity_log_enabled
    if isinstance(server.edge_directory, SubscribedDirectory) and server is not reader:
        default_certificate = server.edge_directory.certificate
        send_log_path = str(_LOGS / "Edge" / "ProtocolLog" / "SmtpSend")
        message_expiration, connectivity_log_enabled = timedelta(days=2), True
        connectivity_log_path = str(_LOGS / "Edge" / "Connectivity")
    intra_org_level = server.intra_org_connector_protocol_logging_level
    properties: dict[str, Value] = {
        **_connectivity_log_properties(connectivity_log_path, enabled=connectivity_log_enabled),
        **_log_properties(_LOGS / ("Edge" if is_edge else "Hub"), send_log_path),
        "IntraOrgConnectorProtocolLoggingLevel": data_enum(
            "ProtocolLoggingLevel", intra_org_level, 1 if intra_org_level == "Verbose" else 0
        ),
        "InternalTransportCertificateThumbprint": default_certificate or "",
        "MessageExpirationTimeout": types.enhanced_time_span(message_expiration),
        "MessageRetryInterval": types.enhanced_time_span(timedelta(minutes=15)),
        "OutboundConnectionFailureRetryInterval": types.enhanced_time_span(timedelta(minutes=30 if is_edge else 10)),
        "QueueMaxIdleTime": types.enhanced_time_span(timedelta(minutes=3)),
        "TransientFailureRetryCount": 6,
        "TransientFailureRetryInterval": types.enhanced_time_span(timedelta(minutes=10 if is_edge else 5)),
        **_common_properties(world, server, domain_controller, reader),
    }
    return DotNetObject(TRANSPORT_TYPE_NAMES, server.name, properties)


def frontend_transport_server_object(
    world: World, server: Server, domain_controller: str | None, reader: Server | None = None
) -> DotNetObject:
    """The front end transport service: logs of its own, and no certificate."""
    properties: dict[str, Value] = {
        **_connectivity_log_properties(server.front_end_connectivity_log_path),
        **_log_properties(_LOGS / "FrontEnd", server.front_end_send_log_path),
        "IntraOrgConnectorProtocolLoggingLevel": data_enum("ProtocolLoggingLevel", "None", 0),
        "TransientFailureRetryCount": 6,
        "TransientFailureRetryInterval": types.enhanced_time_span(timedelta(minutes=5)),
        **_common_properties(world, server, domain_controller, reader),
    }
    return DotNetObject(FRONTEND_TYPE_NAMES, rf"{server.name}\Frontend", properties)


def _connectivity_log_properties(path: str, *, enabled: bool = True) -> dict[str, Value]:
    return {
        "ConnectivityLogEnabled": enabled,
        "ConnectivityLogMaxAge": types.enhanced_time_span(timedelta(days=30)),
        "ConnectivityLogMaxDirectorySize": types.unlimited_size(1000 * 2**20),
        "ConnectivityLogMaxFileSize": types.unlimited_size(10 * 2**20),
        "ConnectivityLogPath": types.local_path(path),
    }


def _log_properties(logs: PureWindowsPath, send_log_path: str | None) -> dict[str, Value]:
    protocol_logs = logs / "ProtocolLog"
    return {
        "ReceiveProtocolLogMaxAge": types.enhanced_time_span(timedelta(days=30)),
        "ReceiveProtocolLogPath": types.local_path(str(protocol_logs / "SmtpReceive")),
        "SendProtocolLogMaxAge": types.enhanced_time_span(timedelta(days=30)),
        "SendProtocolLogMaxDirectorySize": types.unlimited_size(250 * 2**20),
        "SendProtocolLogMaxFileSize": types.unlimited_size(10 * 2**20),
        "SendProtocolLogPath": None if send_log_path is None else types.local_path(send_log_path),
    }


def _common_properties(
    world: World, server: Server, domain_controller: str | None, reader: Server | None
) -> dict[str, Value]:
    directory = Directory.of(world, reader)
    return dict(
        directory.common_properties(
            directory.server_id(server),
            category="ms-Exch-Exchange-Server",
            object_class=("top", "server", "msExchExchangeServer"),
            created=installed(server),
            changed=last_changed(server),
            domain_controller=domain_controller,
        )
    )
