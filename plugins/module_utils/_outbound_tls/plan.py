# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a decision is: a refusal, or commands with the promise of what they lead to.

A plan is made from the state alone, so check mode returns its promise and a run holds the next state against it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from .._powershell import Pipeline, RemoteError, Result

State = TypeVar("State")

_LONGEST: Final = 300


class Refused(Exception):
    """Nothing was sent, and nothing will be: one sentence that says why and what to do."""

    reason = "refused"

    def __init__(self, sentence: str) -> None:
        super().__init__(shortened(sentence))


@dataclass(frozen=True)
class Difference:
    """What a task manages, before and after; ``what`` names it, like ``mbx01.contoso.test``."""

    what: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What a task returns: as the promise of a plan and as what came of it, in the same words."""

    changed: bool
    result: Mapping[str, Any] = field(default_factory=dict)
    diff: tuple[Difference, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mishap:
    """What went wrong while commands were sent: a sentence, its word for programs, Exchange's error records.

    ``asked`` is true when the server asked a question that nobody foresaw. Then the task fails whatever state it led
    to, because nobody knows what the question was about.
    """

    sentence: str
    reason: str
    errors: tuple[RemoteError, ...] = ()
    asked: bool = False


class Unsettled(Exception):
    """Commands were sent, and the state is not the one that was promised, or nobody can tell.

    ``before`` and ``now`` are what the task manages, ``now`` None when it could not be read; ``remedy`` are the lines
    to type, in their order; ``mishap`` is what happened on the way.
    """

    def __init__(
        self,
        sentence: str,
        *,
        before: Mapping[str, Any],
        now: Mapping[str, Any] | None,
        remedy: Sequence[str] = (),
        mishap: Mishap | None = None,
    ) -> None:
        self.before = before
        self.now = now
        self.remedy = tuple(remedy)
        self.mishap = mishap
        super().__init__(shortened(sentence))

    @property
    def reason(self) -> str:
        """Return the word for programs: the mishap's own, else ``unsettled``."""
        return self.mishap.reason if self.mishap else "unsettled"


@dataclass(frozen=True)
class Plan(ABC, Generic[State]):
    """Pipelines to send one after the other, and the promise of what a task returns when they have done their work."""

    commands: tuple[Pipeline, ...]
    outcome: Outcome

    @property
    def is_empty(self) -> bool:
        """Tell whether everything is as wished already."""
        return not self.commands

    @abstractmethod
    def settled_by(self, state: State, results: Sequence[Result] = (), mishap: Mishap | None = None) -> Outcome:
        """Hold the state that was found after the commands against the promise.

        ``results`` are what the commands returned, none of them when there was a mishap.

        Raises:
            Unsettled: the promise did not come true.
        """

    @abstractmethod
    def unseen(self, mishap: Mishap) -> Unsettled:
        """Return the failure for when the commands were sent and nobody could look afterwards."""


def shortened(sentence: str) -> str:
    """Keep a sentence within what fits on a screen."""
    return sentence if len(sentence) <= _LONGEST else sentence[: _LONGEST - 1].rstrip() + "…"


def typed(commands: Sequence[Pipeline]) -> list[str]:
    """Return the lines that an administrator would have typed, for the change record."""
    return [str(command) for command in commands]


def words_of(results: Sequence[Result]) -> tuple[str, ...]:
    """Return the warnings that Exchange wrote."""
    return tuple(warning for result in results for warning in result.warnings)
