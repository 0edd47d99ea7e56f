# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hurrying EdgeSync after a change of the organisation. Best effort: it comes by itself every three minutes."""

from __future__ import annotations

from collections.abc import Callable

from .._exchange.edge import SYNCHRONISED_EVERY, EdgeSync, synchronizations_from
from .._exchange.fields import Unreadable
from .._powershell import Pipeline, Result
from .._remoting.errors import RemotingError


def hurry(sync: EdgeSync, run: Callable[[Pipeline], Result]) -> Result:
    """Run EdgeSync now. What does not work is a warning, since the change itself has been made."""
    return Result(warnings=tuple(warning for each in sync.commands for warning in _start(each, run)))


def _start(pipeline: Pipeline, run: Callable[[Pipeline], Result]) -> list[str]:
    try:
        done = synchronizations_from(run(pipeline).objects())
    except (RemotingError, Unreadable) as failure:
        return [_warning(str(failure))]
    failed = [each for each in done if not each.succeeded]
    return [_warning(f"Start-EdgeSynchronization, {each.edge}: {each.result} {each.details}") for each in failed]


def _warning(words: str) -> str:
    return f"{words.strip().rstrip('.')}. EdgeSync brings the change by itself, every {SYNCHRONISED_EVERY}."
