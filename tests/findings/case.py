# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A case: facts of the lab, and what the diagnosis must find there."""

from __future__ import annotations

from dataclasses import dataclass

MBX01 = "mbx01.contoso.test"


@dataclass(frozen=True)
class Case:
    """A scenario with some of its facts changed, and what must be found on one of its servers.

    What must be found follows from the facts, and is decided before the first run.

    Attributes:
        row: What is told apart: a row of the list of differential diagnoses by its number, or a word.
        name: How it shows itself.
        primary: The id of the root cause: of every connector, or of the server where no connector has a part in it.
        facts: What is changed in the scenario, as ``KEY=VALUE`` of the lab's option ``--set``.
        also: The ids of all other findings.
        qualifiers: Those of the root cause.
        severity: Of the root cause.
        certain: Whether rows of a log must prove it; None where that does not matter.
        server: The server that is looked at.
        unobserved: A regular expression that one entry of ``unobserved``, written "what: needs", must match.
    """

    row: str
    name: str
    primary: str
    facts: tuple[str, ...] = ()
    scenario: str = "kb4051498"
    also: frozenset[str] = frozenset()
    qualifiers: frozenset[str] = frozenset()
    severity: str = "error"
    certain: bool | None = None
    server: str = MBX01
    unobserved: str = ""

    def __str__(self) -> str:
        return f"{self.row}: {self.name}"
