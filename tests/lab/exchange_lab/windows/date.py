# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Get-Date."""

from __future__ import annotations

from collections.abc import Iterator

from ..objects import DotNetEnum, Noted, Value, local
from ..powershell import Command, Invocation
from ..powershell.parameters import STRINGS, Parameter

_CLASSES = "Microsoft.PowerShell.Commands."
_OTHER = ("Date", "Year", "Month", "Day", "Hour", "Minute", "Second", "Millisecond", "DisplayHint", "Format", "UFormat")


def _get_date(invocation: Invocation) -> Iterator[Value]:
    """The server's own clock: a local time, with the note by which PowerShell remembers how to show it."""
    hint = DotNetEnum(f"{_CLASSES}DisplayHintType", "DateTime", 2)
    yield Noted(local(invocation.world.clock.now()), {"DisplayHint": hint})


GET_DATE = Command(
    "Get-Date",
    f"{_CLASSES}GetDateCommand",
    tuple(Parameter(name, STRINGS, simulated=False) for name in _OTHER),
    _get_date,
)
