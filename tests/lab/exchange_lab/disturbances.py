# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The faults of a scenario that happen on the wire."""

from __future__ import annotations

from collections.abc import Sequence

from . import wire
from .world import ConnectionLost, RecycledShells, Silent, World


class Disturbances:
    """What goes wrong with a pipeline, by the names of its commands; called by the wire as each arrives."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._happened: set[int] = set()

    def __call__(self, commands: Sequence[str]) -> wire.Disturbance | None:
        arrived = {name.casefold() for name in commands}
        with self._world.lock:
            for index, fault in enumerate(self._world.faults):
                if fault.cmdlet.casefold() not in arrived or index in self._happened:
                    continue
                match fault:
                    case Silent():
                        return wire.Silence(fault.seconds)
                    case ConnectionLost():
                        self._happened.add(index)
                        return wire.RequestUnanswered() if fault.at == "command" else wire.ReceiveUnanswered()
                    case RecycledShells():
                        self._happened.add(index)
                        return wire.ShellsRecycled()
                    case _:
                        pass  # the cmdlet's own
        return None
