# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the survivors say: each is equivalent to the code, as ``equivalent.yml`` explains, or calls for a test."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from .mutants import Mutant

EQUIVALENT: Final = Path(__file__).with_name("equivalent.yml")


@dataclass(frozen=True)
class Equivalent:
    """A change that no test can notice, since it changes nothing that anybody can see.

    Attributes:
        file: The path below the repository's root.
        was: The line of the code, or the lines, joined by blanks.
        becomes: The same as the mutant has it.
        reason: Why it makes no difference.
    """

    file: str
    was: str
    becomes: str
    reason: str

    def is_of(self, mutant: Mutant) -> bool:
        return (self.file, self.was, self.becomes) == (mutant.file, mutant.was, mutant.becomes)


def read() -> list[Equivalent]:
    """Read all entries of ``equivalent.yml``, in its order."""
    entries = yaml.safe_load(EQUIVALENT.read_text(encoding="utf-8"))
    return [Equivalent(file, **entry) for file, of_file in entries.items() for entry in of_file]


@dataclass(frozen=True)
class Tally:
    """What became of the mutants of a file."""

    file: str
    killed: int
    survivors: Sequence[Mutant]
    equivalents: Collection[Equivalent]

    @property
    def folder(self) -> str:
        return self.file.rpartition("/")[0]

    @property
    def unanswered(self) -> list[Mutant]:
        """The survivors that call for a test."""
        return [mutant for mutant in self.survivors if not any(each.is_of(mutant) for each in self.equivalents)]

    @property
    def equivalent(self) -> int:
        return len(self.survivors) - len(self.unanswered)

    @property
    def mutants(self) -> int:
        return self.killed + len(self.survivors)


def score(tallies: Collection[Tally]) -> float:
    """Return the killed among the mutants that are not equivalent, in percent."""
    killed = sum(tally.killed for tally in tallies)
    unanswered = sum(len(tally.unanswered) for tally in tallies)
    return 100.0 * killed / (killed + unanswered) if killed or unanswered else 100.0


def outdated(equivalents: Collection[Equivalent], tallies: Collection[Tally]) -> Iterator[Equivalent]:
    """Yield the entries for files among these which fit no survivor: their code has changed, or a test kills them."""
    survivors = [mutant for tally in tallies for mutant in tally.survivors]
    files = {tally.file for tally in tallies}
    for each in equivalents:
        if each.file in files and not any(each.is_of(mutant) for mutant in survivors):
            yield each
