# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PowerShell, as far as structured commands need it: lookup, parameter binding, pipelines, prompts, error records.

It knows no Exchange and no file: ``cmdlets`` and ``windows`` declare commands for it. A command is declared with all
parameters that the real one has; one that the lab does not simulate is refused in so many words, never ignored.
"""

from __future__ import annotations

from .binding import for_each_input
from .command import Arguments, Command, Invocation
from .errors import CommandError, not_simulated, scripts_not_allowed
from .get_command import GET_COMMAND
from .measure_object import MEASURE_OBJECT
from .prompts import should_continue, should_process
from .runspace import Runspace
from .select_object import SELECT_OBJECT

__all__ = [
    "GET_COMMAND",
    "MEASURE_OBJECT",
    "SELECT_OBJECT",
    "Arguments",
    "Command",
    "CommandError",
    "Invocation",
    "Runspace",
    "for_each_input",
    "not_simulated",
    "scripts_not_allowed",
    "should_continue",
    "should_process",
]
