# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exchange's objects, and how much of them crosses the wire.

First a value is described as .NET has it (``values``), whole; then it is written as PowerShell's serializer does
(``encoding``), which loses most of what lies deeper than an object's own properties.
"""

from __future__ import annotations

from .certificate import certificate_object
from .component_state import component_state_objects
from .directory import Directory
from .edge_sync import edge_subscription_object, synchronization_objects
from .encoding import Profile, encode
from .exchange_server import exchange_server_object
from .message import message_object
from .queue import queue_object
from .receive_connector import receive_connector_object
from .send_connector import send_connector_object
from .times import general_text, local
from .transport_server import frontend_transport_server_object, transport_server_object
from .values import (
    Byte,
    DotNetEnum,
    DotNetList,
    DotNetMap,
    DotNetObject,
    Long,
    Noted,
    Short,
    Value,
    member,
    members,
    text_of,
)

__all__ = [
    "Byte",
    "Directory",
    "DotNetEnum",
    "DotNetList",
    "DotNetMap",
    "DotNetObject",
    "Long",
    "Noted",
    "Profile",
    "Short",
    "Value",
    "certificate_object",
    "component_state_objects",
    "edge_subscription_object",
    "encode",
    "exchange_server_object",
    "frontend_transport_server_object",
    "general_text",
    "local",
    "member",
    "members",
    "message_object",
    "queue_object",
    "receive_connector_object",
    "send_connector_object",
    "synchronization_objects",
    "text_of",
    "transport_server_object",
]
