# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exchange's cmdlets as an Edge Transport server has them: in a snap-in, for every local administrator, without RBAC.

Which ones, and what their parameters lack there, is that of the cmdlets' documentation pages. What a parameter that
does not work on an Edge says for itself is not known; here there is no such parameter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..powershell import Command
from .certificate import ENABLE_EXCHANGE_CERTIFICATE, GET_EXCHANGE_CERTIFICATE
from .edge_subscription import GET_EDGE_SUBSCRIPTION
from .exchange_server import GET_EXCHANGE_SERVER, GET_SERVER_COMPONENT_STATE
from .message import GET_MESSAGE
from .queue import GET_QUEUE, RETRY_QUEUE
from .receive_connector import GET_RECEIVE_CONNECTOR
from .send_connector import GET_SEND_CONNECTOR, SET_SEND_CONNECTOR
from .suspension import RESUME_MESSAGE, RESUME_QUEUE, SUSPEND_MESSAGE, SUSPEND_QUEUE
from .transport_service import GET_TRANSPORT_SERVICE

SNAP_IN = "Microsoft.Exchange.Management.PowerShell.E2010"
"""The same name on every version since 2010."""

_OF_EDGE = (
    ENABLE_EXCHANGE_CERTIFICATE,
    GET_EDGE_SUBSCRIPTION,
    GET_EXCHANGE_CERTIFICATE,
    GET_EXCHANGE_SERVER,
    GET_MESSAGE,
    GET_QUEUE,
    GET_RECEIVE_CONNECTOR,
    GET_SEND_CONNECTOR,
    GET_SERVER_COMPONENT_STATE,
    GET_TRANSPORT_SERVICE,
    RESUME_MESSAGE,
    RESUME_QUEUE,
    RETRY_QUEUE,
    SET_SEND_CONNECTOR,
    SUSPEND_MESSAGE,
    SUSPEND_QUEUE,
)
_NOT_THERE = {"Get-TransportService": {"DomainController", "Identity"}}


def _as_cmdlet(command: Command) -> Command:
    """Without the function that a session of Exchange wraps around it."""
    missing = _NOT_THERE.get(command.name, {"DomainController"})
    kept = tuple(each for each in command.parameters if each.name not in missing)
    return replace(command, parameters=kept, is_function=False)


EDGE_COMMANDS: Mapping[str, Command] = {each.command.name.casefold(): _as_cmdlet(each.command) for each in _OF_EDGE}
"""The snap-in's commands, by lower-case name."""
