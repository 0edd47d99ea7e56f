# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server's own Windows PowerShell, at ``/wsman``: it reads the simulated disk and the clock, and changes nothing.

Every account of a scenario is an administrator of its servers. A real session of this configuration has the full
language; the lab does not simulate script text: it remembers that some was sent, and fails.
"""

from __future__ import annotations

from .. import wire
from ..objects import Profile
from ..powershell import GET_COMMAND, MEASURE_OBJECT, SELECT_OBJECT, Runspace, not_simulated
from ..world import Server, World
from .date import GET_DATE
from .files import GET_CHILD_ITEM, GET_CONTENT, GET_ITEM, SELECT_STRING

CONFIGURATION = "Microsoft.PowerShell"

_COMMANDS = {
    each.name.casefold(): each
    for each in (
        GET_CHILD_ITEM,
        GET_COMMAND,
        GET_CONTENT,
        GET_DATE,
        GET_ITEM,
        MEASURE_OBJECT,
        SELECT_OBJECT,
        SELECT_STRING,
    )
}
# The type table of Windows PowerShell gives none of what these commands return a depth of its own.
_PROFILE = Profile("Windows PowerShell")


def windows_endpoint(world: World, server: Server) -> wire.Endpoint:
    """What a server offers at its own ``/wsman``."""
    runspace = Runspace(
        world,
        server,
        commands_for=lambda _caller: _COMMANDS,
        refuse_script=lambda _script: not_simulated("script text"),
        profile_for=lambda _caller: _PROFILE,
    )
    return wire.Endpoint(server.wsman.path, CONFIGURATION, runspace.execute)
