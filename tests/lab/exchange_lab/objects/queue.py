# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The object of Get-Queue. Nobody has recorded it; its properties are those of the documentation page "Queue
properties", and its class is named in error texts that Microsoft documents.
"""

from __future__ import annotations

from uuid import UUID

from ..world import QueueFacts
from .data_types import DATA, data_enum
from .directory import CONFIGURABLE, object_state
from .times import local_or_null
from .values import DotNetObject, Value

_VIEWER = f"{DATA}QueueViewer."
TYPE_NAMES = (
    f"{_VIEWER}PropertyBagBasedQueueInfo",
    f"{_VIEWER}ExtensibleQueueInfo",
    f"{_VIEWER}PagedDataObject",
    *CONFIGURABLE,
)
DELIVERY_TYPES = (
    "Undefined",
    "DnsConnectorDelivery",
    "MapiDelivery",
    "NonSmtpGatewayDelivery",
    "SmartHostConnectorDelivery",
    "SmtpRelayToRemoteAdSite",
    "SmtpRelayToTiRg",
    "SmtpRelayWithinAdSite",
    "SmtpRelayWithinAdSiteToEdge",
    "Unreachable",
    "ShadowRedundancy",
    "Heartbeat",
    "DeliveryAgent",
    "SmtpDeliveryToMailbox",
    "SmtpRelayToDag",
    "SmtpRelayToMailboxDeliveryGroup",
    "SmtpRelayToConnectorSourceServers",
    "SmtpRelayToServers",
)
STATUSES = ("None", "Active", "Ready", "Retry", "Suspended", "Connecting")
_EXTERNAL = ("DnsConnectorDelivery", "SmartHostConnectorDelivery")


def _number_of(delivery_type: str) -> int:
    """The documentation calls one of them by another name than the enumeration."""
    return DELIVERY_TYPES.index(delivery_type.replace("RemoteActiveDirectorySite", "RemoteAdSite"))


def queue_object(queue: QueueFacts) -> DotNetObject:
    """A queue as it is now; its times are local ones of its server."""
    identity = DotNetObject((f"{_VIEWER}QueueIdentity", f"{DATA}ObjectId", "System.Object"), queue.identity)
    category = ("External", 2) if queue.delivery_type in _EXTERNAL else ("Internal", 1)
    properties: dict[str, Value] = {
        "Identity": identity,
        "DeliveryType": data_enum("DeliveryType", queue.delivery_type, _number_of(queue.delivery_type)),
        "NextHopDomain": queue.next_hop_domain,
        "TlsDomain": queue.tls_domain,
        "NextHopConnector": UUID(queue.next_hop_connector),
        "Status": data_enum("QueueViewer.QueueStatus", queue.status, STATUSES.index(queue.status)),
        "MessageCount": queue.message_count,
        "LastError": queue.last_error,
        "RetryCount": queue.retry_count,
        "LastRetryTime": local_or_null(queue.last_retry_time),
        "NextRetryTime": local_or_null(queue.next_retry_time),
        "FirstRetryTime": local_or_null(queue.first_retry_time),
        "LockedMessageCount": 0,
        "RiskLevel": data_enum("QueueViewer.RiskLevel", "Normal", 0),
        "OutboundIPPool": 0,
        "NextHopCategory": data_enum("QueueViewer.NextHopCategory", *category),
        "IncomingRate": 0.0,
        "OutgoingRate": 0.0,
        "Velocity": 0.0,
        "OverrideSource": "",
        "IsValid": True,
        "ObjectState": object_state("New"),
    }
    return DotNetObject(TYPE_NAMES, queue.identity, properties)
