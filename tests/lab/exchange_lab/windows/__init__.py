# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server's own Windows PowerShell, at ``/wsman``: it reads the simulated disk, event logs and clock, and changes
nothing.

On an Edge it is also where Exchange's cmdlets are, once their snap-in is added.

Every account of a scenario is an administrator of its servers, but that it may be kept from reading event logs. A real
session of this configuration has the full language; the lab does not simulate script text: it remembers that some was
sent, and fails.
"""

from __future__ import annotations

from .. import wire
from ..objects import Profile
from ..powershell import GET_COMMAND, MEASURE_OBJECT, SELECT_OBJECT, Runspace, not_simulated
from ..world import Server, World
from .date import GET_DATE
from .events import GET_WIN_EVENT
from .files import GET_CHILD_ITEM, GET_CONTENT, GET_ITEM, SELECT_STRING
from .snap_ins import ADD_PSSNAPIN, commands_added

CONFIGURATION = "Microsoft.PowerShell"

_COMMANDS = {
    each.name.casefold(): each
    for each in (
        ADD_PSSNAPIN,
        GET_CHILD_ITEM,
        GET_COMMAND,
        GET_CONTENT,
        GET_DATE,
        GET_ITEM,
        GET_WIN_EVENT,
        MEASURE_OBJECT,
        SELECT_OBJECT,
        SELECT_STRING,
    )
}
# The type table of Windows PowerShell gives none of what these commands return a depth of its own. What the snap-in
# adds to it has not been published: an object instead of its text, for these types, is a reading.
_PROFILE = Profile("Windows PowerShell")
_EXCHANGE = "Microsoft.Exchange.Data."
_WITH_TYPES_OF_EXCHANGE = Profile(
    "Windows PowerShell and Exchange",
    {
        f"{_EXCHANGE}{name}": 1
        for name in (
            "Directory.ADObjectId",
            "EnhancedTimeSpan",
            "Fqdn",
            "LocalLongFullPath",
            "ProtocolLoggingLevel",
            "SmtpX509Identifier",
            "TlsAuthLevel",
        )
    },
)


def windows_endpoint(world: World, server: Server) -> wire.Endpoint:
    """What a server offers at its own ``/wsman``."""
    objects = world.readings.snap_in_values == "object"
    runspace = Runspace(
        world,
        server,
        commands_for=lambda run: {**_COMMANDS, **commands_added(run)},
        refuse_script=lambda _script: not_simulated("script text"),
        profile_for=lambda _caller: _WITH_TYPES_OF_EXCHANGE if objects else _PROFILE,
    )
    return wire.Endpoint(server.wsman.path, CONFIGURATION, runspace.execute)
