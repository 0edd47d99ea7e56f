# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may go wrong between a client and its pipeline, though both are well."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class RequestUnanswered:
    """The TCP connection ends when the pipeline has arrived: it runs, and its Command is never answered."""


@dataclass(frozen=True)
class ReceiveUnanswered:
    """The TCP connection ends when the client first asks for the pipeline's output; a second time it is given."""


@dataclass(frozen=True)
class Silence:
    """A Receive of the pipeline stays without any reply, that of OperationTimeout too, until ``seconds`` have passed.

    The pipeline runs meanwhile. It is real time, as the client's patience is.
    """

    seconds: float


@dataclass(frozen=True)
class ShellsRecycled:
    """All shells of the endpoint are gone when the pipeline arrives, its own too, as after IIS recycled their pool."""


Disturbance = RequestUnanswered | ReceiveUnanswered | Silence | ShellsRecycled

Disturb = Callable[[Sequence[str]], Disturbance | None]
"""Asked with the names of a pipeline's commands when it has arrived."""


def undisturbed(commands: Sequence[str]) -> None:
    """Let every pipeline be."""
    del commands
