# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a session may use: role-based access hides commands, and of the others it hides parameters.

The second matters as much as the first: the role View-Only Configuration shows Enable-ExchangeCertificate, but with
``-Identity`` only, so it cannot bind on a server that is named (published analysis of Exchange 2013 CU23).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from .._powershell import Pipeline, RemoteObject
from .fields import Fields

PUBLIC: Final = frozenset({"Get-Command", "Select-Object"})
"""What every session has, whatever the account's roles are (published analysis of Exchange 2013 CU23)."""


class Grants:
    """The commands that a session shows, each with its parameters, or None where the server did not tell them."""

    def __init__(self, commands: Mapping[str, frozenset[str] | None]) -> None:
        self.commands = dict(commands)
        self._known = {
            name.lower(): None if parameters is None else {each.lower() for each in parameters}
            for name, parameters in commands.items()
        }

    def lacks(self, pipelines: Iterable[Pipeline]) -> tuple[str, ...]:
        """Return what pipelines need and the session hides: ``Get-Queue``, or ``Get-Queue -Filter``."""
        return tuple(
            dict.fromkeys(
                lack
                for pipeline in pipelines
                for command in pipeline.commands
                if command.name not in PUBLIC
                for lack in self._lacks(command.name, command.parameters)
            )
        )

    def is_sure_of(self, pipelines: Iterable[Pipeline]) -> bool:
        """Tell whether the parameters of every command that is shown are known."""
        names = {command.name.lower() for pipeline in pipelines for command in pipeline.commands}
        return all(self._known.get(name, ()) is not None for name in names)

    def _lacks(self, name: str, parameters: Iterable[str]) -> list[str]:
        if name.lower() not in self._known:
            return [name]
        shown = self._known[name.lower()]
        return [] if shown is None else [f"{name} -{each}" for each in parameters if each.lower() not in shown]


def granted_from(source: RemoteObject) -> tuple[str, frozenset[str] | None]:
    """Read one command that Get-Command returned: its name, and the names of its parameters if they were sent.

    Raises:
        Unreadable: it has no name.
    """
    parameters = source.get("Parameters") if source.has("Parameters") else None
    shown = frozenset(parameters.properties) if isinstance(parameters, RemoteObject) else frozenset()
    # No command is without the common parameters, so an empty list is none that was sent.
    return Fields(source, "the command").text("Name"), shown or None
