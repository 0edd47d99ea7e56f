# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Add-PSSnapin, as Windows PowerShell 5.1 has it: what it adds is there for this runspace alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..cmdlets import EDGE_COMMANDS, SNAP_IN
from ..objects import Value
from ..powershell import Command, CommandError, Invocation, not_simulated
from ..powershell.parameters import STRINGS, SWITCH, Parameter
from ..wire import Run

_CLASS = "Microsoft.PowerShell.Commands.AddPSSnapinCommand"
_ADDED = "snap-ins"


def commands_added(run: Run) -> Mapping[str, Command]:
    """The commands of the snap-ins that this shell's runspace has."""
    return EDGE_COMMANDS if SNAP_IN in _added(run) else {}


def _added(run: Run) -> frozenset[str]:
    names = run.session_state.get(_ADDED, frozenset())
    if not isinstance(names, frozenset):
        raise TypeError(f"the session state holds {names!r} for its snap-ins")
    return names


def _add(invocation: Invocation) -> Iterable[Value]:
    run = invocation.session
    if run.max_runspaces > 1:
        raise not_simulated("a snap-in in a pool of several runspaces, of which it is added to one")
    for name in invocation.arguments.get("Name"):
        if any(wildcard in name for wildcard in "*?["):
            raise not_simulated("wildcards of Add-PSSnapin")
        if name.casefold() != SNAP_IN.casefold():
            # None of these errors ends the command: the next name may be a better one.
            invocation.error(
                _refused(name, f"The Windows PowerShell snap-in '{name}' is not installed on this machine.")
            )
        elif invocation.server.role != "edge":
            raise not_simulated("the snap-in on a Mailbox server, where Microsoft does not support it")
        elif SNAP_IN in _added(run):
            text = (
                f"Cannot add Windows PowerShell snap-in {name} because it is already added. Verify the name of the "
                "snap-in and try again."
            )
            invocation.error(_refused(name, text))
        else:
            run.session_state[_ADDED] = _added(run) | {SNAP_IN}
    return ()


def _refused(name: str, message: str) -> CommandError:
    return CommandError(
        message,
        f"AddPSSnapInRead,{_CLASS}",
        "InvalidArgument",
        "System.Management.Automation.PSArgumentException",
        name,
    )


ADD_PSSNAPIN = Command(
    "Add-PSSnapin",
    _CLASS,
    (
        Parameter("Name", STRINGS, position=0, mandatory=True),
        Parameter("PassThru", SWITCH, simulated=False),
    ),
    _add,
)
