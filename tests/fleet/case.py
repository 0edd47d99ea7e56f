# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a fleet is repaired: strategy, batches, a first host that is away, two runs at once, a run that is killed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Final

SERVERS: Final = ("mbx01.contoso.test", "mbx02.contoso.test", "mbx03.contoso.test")
"""Source servers of one connector, each with the fault of KB 4051498 and mail of its own that waits."""


@dataclass(frozen=True)
class Case:
    """One way to run the role over the fleet.

    Attributes:
        strategy: The play's.
        serial: How many hosts a batch has; 0 for all at once.
        first_is_away: Whether the first host, which is the connector's first source server too, does not answer.
        runs: How many runs of the playbook start at the same moment.
        killed: Whether the first run is killed, like a power cut does it, while the log is awaited.
        limit: What each run is limited to; one word a run, empty for none.
    """

    strategy: str = "linear"
    serial: int = 0
    first_is_away: bool = False
    runs: int = 1
    killed: bool = False
    limit: tuple[str, ...] = ()

    def __str__(self) -> str:
        words = [self.strategy, f"serial {self.serial}" if self.serial else "all at once"]
        words += ["first host away"] if self.first_is_away else []
        words += [f"{self.runs} runs at once"] if self.runs > 1 else []
        words += [f"limited to {' and to '.join(self.limit)}"] if self.limit else []
        words += ["killed, then again"] if self.killed else []
        return ", ".join(words)

    @property
    def times(self) -> int:
        """Return how often the level must go up and down: once, but in batches once a batch.

        A batch puts back what it has raised. It cannot leave that to a later one, which Ansible never begins when every
        host of this one has failed.
        """
        return len(self.reached) if self.serial else 1

    @property
    def reached(self) -> tuple[str, ...]:
        """Return the servers whose mail must have left at the end."""
        return SERVERS[1:] if self.first_is_away else SERVERS


STRATEGIES: Final = ("linear", "free", "host_pinned")
CASES: Final = (
    *(
        Case(strategy=strategy, serial=serial, first_is_away=away)
        for strategy, serial, away in product(STRATEGIES, (0, 1), (False, True))
    ),
    *(Case(strategy=strategy, runs=2) for strategy in STRATEGIES),
    Case(runs=2, first_is_away=True),
    Case(runs=3, limit=SERVERS),
    *(Case(strategy=strategy, killed=True) for strategy in STRATEGIES),
    Case(killed=True, first_is_away=True),
    Case(serial=1, killed=True),
)
