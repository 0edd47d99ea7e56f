# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""EventLogRecord of .NET Framework, with the note in which Get-WinEvent of Windows PowerShell 5.1 puts the text."""

from __future__ import annotations

from uuid import UUID

from ..objects import Byte, DotNetList, DotNetObject, Long, Short, Value, local
from ..world import Event, Server

_READER = "System.Diagnostics.Eventing.Reader."
TYPE_NAMES = (f"{_READER}EventLogRecord", f"{_READER}EventRecord", "System.Object")
LEVELS = {"Error": 2, "Warning": 3, "Information": 4}
_SCHANNEL = UUID("1f678132-5938-4686-9fdc-c8ff68f15c85")
_CLASSIC = Long(0x80000000000000)
_CATEGORIES = {"SmtpSend": 2, "TransportService": 12}


def event_object(server: Server, event: Event) -> DotNetObject:
    """An event; its time is a local one of the server, what stood in the text's gaps is nested as objects."""
    classic = event.provider != "Schannel"
    gaps = [_event_property(value) for value in event.values]
    properties: dict[str, Value] = {
        "Id": event.id,
        "Version": None if classic else Byte(0),
        "Qualifiers": 49156 if classic else None,
        "Level": Byte(LEVELS[event.level]),
        "Task": _CATEGORIES.get(event.task, 0),
        "Opcode": None if classic else Short(0),
        "Keywords": _CLASSIC if classic else Long(-(2**63)),
        "RecordId": Long(event.record),
        "ProviderName": event.provider,
        "ProviderId": None if classic else _SCHANNEL,
        "LogName": event.log,
        "ProcessId": None if classic else event.process,
        "ThreadId": None if classic else 2068,
        "MachineName": server.fqdn,
        "UserId": None if classic else "S-1-5-18",
        "TimeCreated": local(event.at),
        "ActivityId": None,
        "RelatedActivityId": None,
        "ContainerLog": event.log.lower(),
        "MatchedQueryIds": DotNetList(("System.UInt32[]", "System.Array", "System.Object"), ()),
        "Bookmark": f"{_READER}EventBookmark",
        "LevelDisplayName": event.level,
        "OpcodeDisplayName": "Info",
        "TaskDisplayName": event.task or None,
        "KeywordsDisplayNames": DotNetList(
            (
                "System.Collections.ObjectModel.ReadOnlyCollection`1[[System.String, mscorlib, Version=4.0.0.0, "
                "Culture=neutral, PublicKeyToken=b77a5c561934e089]]",
                "System.Object",
            ),
            ("Classic",) if classic else (),
        ),
        "Properties": DotNetList(
            (
                f"System.Collections.Generic.List`1[[{_READER}EventProperty, System.Core, Version=4.0.0.0, "
                "Culture=neutral, PublicKeyToken=b77a5c561934e089]]",
                "System.Object",
            ),
            tuple(gaps),
        ),
    }
    return DotNetObject(TYPE_NAMES, TYPE_NAMES[0], properties, notes={"Message": event.message})


def _event_property(value: str) -> DotNetObject:
    name = f"{_READER}EventProperty"
    return DotNetObject((name, "System.Object"), name, {"Value": value})
