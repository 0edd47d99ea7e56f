# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Role-based access: which commands, and which of their parameters, a caller's role groups show.

Roles and their entries are those of a published analysis of Exchange 2013 CU23; the role groups agree with the
documentation page "Permissions in Exchange Server". What is not granted does not exist for the caller.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..powershell import Command

_SERVER_MANAGEMENT = {
    "Exchange Server Certificates",
    "Exchange Servers",
    "Monitoring",
    "Receive Connectors",
    "Transport Queues",
}
ROLE_GROUPS: Mapping[str, frozenset[str]] = {
    "Organization Management": frozenset(
        _SERVER_MANAGEMENT
        | {"Edge Subscriptions", "Send Connectors", "Transport Hygiene", "Unified Messaging", "View-Only Configuration"}
    ),
    "Server Management": frozenset(_SERVER_MANAGEMENT),
    "View-Only Organization Management": frozenset({"Monitoring", "View-Only Configuration"}),
    "Hygiene Management": frozenset({"Receive Connectors", "Transport Hygiene", "View-Only Configuration"}),
}

EVERYTHING = None
"""A role that shows all parameters of a command."""


@dataclass(frozen=True)
class Granted:
    """A command and the roles that contain it, each with the parameters it shows."""

    command: Command
    roles: Mapping[str, frozenset[str] | None]

    @classmethod
    def to(cls, command: Command, *roles: str) -> Granted:
        """With all parameters to each of the roles."""
        return cls(command, dict.fromkeys(roles, EVERYTHING))

    def for_roles(self, roles: frozenset[str]) -> Command | None:
        """The command as a caller with these roles sees it; None when it is not for him."""
        shown = [parameters for role, parameters in self.roles.items() if role in roles]
        if not shown:
            return None
        if any(parameters is EVERYTHING for parameters in shown):
            return self.command
        return self.command.restricted_to(frozenset().union(*(each for each in shown if each is not None)))


def roles_of(role_groups: Iterable[str]) -> frozenset[str]:
    """The management roles behind role groups; KeyError for a group that the lab does not know."""
    return frozenset().union(*(ROLE_GROUPS[group] for group in role_groups))
