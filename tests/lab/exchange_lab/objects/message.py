# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The object of Get-Message. Nobody has recorded it; its properties are those of the documentation pages "Message
properties" and "ExtensibleMessageInfo", its class is the sister of Get-Queue's.
"""

from __future__ import annotations

from datetime import datetime

from ..world import MessageFacts, QueueFacts
from . import data_types as types
from .data_types import DATA, data_enum
from .directory import CONFIGURABLE, NO_GUID, object_state
from .times import local
from .values import DotNetObject, Value

_VIEWER = f"{DATA}QueueViewer."
TYPE_NAMES = (
    f"{_VIEWER}PropertyBagBasedMessageInfo",
    f"{_VIEWER}ExtensibleMessageInfo",
    f"{_VIEWER}PagedDataObject",
    *CONFIGURABLE,
)
STATUSES = ("None", "Active", "PendingRemove", "PendingSuspend", "Ready", "Retry", "Suspended", "Locked")


def message_object(queue: QueueFacts, message: MessageFacts, now: datetime) -> DotNetObject:
    r"""A message as it is now; its times are local ones of its server, its identity is ``SERVER\queue\number``."""
    identity = rf"{queue.identity}\{message.record_id}"
    status = queue.message_status(message)
    properties: dict[str, Value] = {
        "Subject": message.subject,
        "InternetMessageId": message.message_id,
        "FromAddress": message.sender,
        "Status": data_enum("QueueViewer.MessageStatus", status, STATUSES.index(status)),
        "Size": types.byte_quantified(message.size),
        # Mail of users comes from the mailbox transport service of some Mailbox server, by SMTP.
        "MessageSourceName": f"SMTP:Default {queue.identity.partition(chr(92))[0]}",
        "SourceIP": types.ip_address("10.0.0.21"),
        "SCL": -1,
        "DateReceived": local(message.arrived),
        "ExpirationTime": local(message.expires),
        "LastErrorCode": 0,
        "LastError": message.last_error,
        "RetryCount": message.retry_count,
        "Recipients": None,
        "ComponentLatency": None,
        "MessageLatency": types.enhanced_time_span(now - message.arrived),
        "DeferReason": "",
        "LockReason": None,
        "Priority": "Normal",
        "ExternalDirectoryOrganizationId": NO_GUID,
        "Directionality": data_enum("MailDirectionality", "Originating", 1),
        "OriginalFromAddress": message.sender,
        "AccountForest": "",
        "IsProbeMessage": False,
        "Queue": DotNetObject((f"{_VIEWER}QueueIdentity", f"{DATA}ObjectId", "System.Object"), queue.identity),
        "Identity": DotNetObject((f"{_VIEWER}MessageIdentity", f"{DATA}ObjectId", "System.Object"), identity),
        "IsValid": True,
        "ObjectState": object_state("New"),
    }
    return DotNetObject(TYPE_NAMES, identity, properties)
