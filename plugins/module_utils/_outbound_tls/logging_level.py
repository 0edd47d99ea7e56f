# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Send connector's protocol logging level: raised once for the organisation, restored by the last who needs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Any

from .._exchange.cmdlets import set_send_connector_logging
from .._exchange.connector import LoggingLevel, SendConnector
from .._exchange.edge import NO_EDGES, EdgeSync
from .._exchange.failures import warns_of_no_change
from .._exchange.moments import moment_text
from .._powershell import Pipeline, Result
from .logging_record import Holder, Record, Run, joined, left, swept
from .plan import Difference, Mishap, Outcome, Plan, Refused, Unsettled, typed, words_of


class WantedLevel(Enum):
    """What can be wished; PREVIOUS is what the journal says that the level was before it was raised."""

    VERBOSE = "verbose"
    NONE = "none"
    PREVIOUS = "previous"


@dataclass(frozen=True)
class LoggingWish:
    """The level that a connector shall have.

    ``raised_from`` is for check mode only, in which nobody raised anything: the level that the raise of the same check
    run would have changed, so that the put-back can promise what a run would do. ``edge_sync`` is what brings a
    change to Edges.
    """

    identity: str
    level: WantedLevel
    raised_from: LoggingLevel | None = None
    edge_sync: EdgeSync = NO_EDGES

    @classmethod
    def from_options(cls, options: Mapping[str, Any], *, check_mode: bool) -> LoggingWish:
        """Read a module's options; ``raised_from`` is not even looked at in a run."""
        raised_from = options.get("raised_from") if check_mode else None
        return cls(
            identity=str(options["identity"]),
            level=WantedLevel(options["level"]),
            raised_from=None if raised_from is None else LoggingLevel(raised_from),
        )


@dataclass(frozen=True)
class LoggingState:
    """A connector as one domain controller holds it, and what the journal says of it.

    ``domain_controller`` is the one that answered and is asked again, empty where none can be named (an Edge).
    ``record`` is None when there is no record, or no journal; then ``me`` is None too. ``dead`` are the runs in the
    record that have ended. ``now`` is the controller's clock.
    """

    connector: SendConnector
    domain_controller: str
    now: datetime
    record: Record | None = None
    dead: frozenset[Run] = field(default_factory=frozenset)
    me: Holder | None = None
    organisation: str = ""


@dataclass(frozen=True)
class LoggingPlan(Plan[LoggingState]):
    """A change of the level, and of its record.

    ``record_ahead`` is written before the commands are sent, so that no crash leaves a raised level unrecorded;
    ``record_after`` when the promise came true, ``record_otherwise`` when the level is what it was before.
    """

    before: LoggingState
    level: LoggingLevel
    record_ahead: Record | None
    record_after: Record | None
    record_otherwise: Record | None

    def record_after_all(self, words: Sequence[str]) -> Record | None:
        """Return the record that is left when the promise came true, and Exchange wrote these warnings.

        Where somebody else raised the level between our look and our change, it was Verbose before us and stays so.
        """
        if self.record_after is None or not self._was_raised_by_others(words):
            return self.record_after
        return replace(self.record_after, level_before=self.level)

    def _was_raised_by_others(self, words: Sequence[str]) -> bool:
        return self.level is LoggingLevel.VERBOSE and self.before.record is None and warns_of_no_change(words)

    def settled_by(self, state: LoggingState, results: Sequence[Result] = (), mishap: Mishap | None = None) -> Outcome:
        """Return the promise when the same domain controller shows the level."""
        problem = self._problem(state)
        if problem or (mishap is not None and mishap.asked):
            raise self._unsettled(problem if mishap is None else mishap.sentence, state, mishap)
        words = words_of(results)
        promise = self._found_done() if self._was_raised_by_others(words) else self.outcome
        forgiven = () if mishap is None else (f"{mishap.sentence} The level is {self.level.value} all the same.",)
        return replace(promise, warnings=(*promise.warnings, *words, *forgiven))

    def _found_done(self) -> Outcome:
        told = "Somebody else raised it at the same time, so it stays Verbose."
        recorded = None if self.record_after is None else self.level.value
        result = {**self.outcome.result, "level_recorded": recorded, "explanation": told}
        return replace(self.outcome, changed=False, result=result, diff=())

    def unseen(self, mishap: Mishap) -> Unsettled:
        """Return the failure for when nobody could look afterwards."""
        return self._unsettled(mishap.sentence, None, mishap)

    def _problem(self, state: LoggingState) -> str:
        connector, asked, answered = state.connector, self.before.domain_controller, state.domain_controller
        if asked.lower() != answered.lower():
            return (
                f'Send connector "{connector.name}": the level was set on {asked}, but {answered} answered. Run again.'
            )
        if connector.logging_level is not self.level:
            return (
                f'Send connector "{connector.name}": its ProtocolLoggingLevel is still '
                f"{connector.logging_level.value}, though Exchange reported no error. Run the line under remedy."
            )
        return ""

    def _unsettled(self, sentence: str, state: LoggingState | None, mishap: Mishap | None) -> Unsettled:
        return Unsettled(
            sentence,
            before=_managed(self.before.connector),
            now=None if state is None else _managed(state.connector),
            remedy=typed(self.commands),
            mishap=mishap,
        )


def plan_logging(wish: LoggingWish, state: LoggingState) -> LoggingPlan:
    """Decide whether the level changes, what the journal holds then, and which Edges are told.

    Raises:
        Refused: ``previous`` without a journal.
    """
    plan = _plan_level(wish, state)
    sync = NO_EDGES if plan.is_empty else wish.edge_sync
    lines = [*plan.outcome.result["commands"], *typed(sync.commands)]
    result = {**plan.outcome.result, "edge_synchronization": list(sync.edges), "commands": lines}
    return replace(plan, outcome=replace(plan.outcome, result=result))


def _plan_level(wish: LoggingWish, state: LoggingState) -> LoggingPlan:
    assumed = _as_if_raised(wish, state)
    record = None if assumed.record is None else swept(assumed.record, assumed.dead)
    if wish.level is WantedLevel.VERBOSE:
        return _raise(assumed, record)
    if wish.level is WantedLevel.NONE:
        return _switch_off(assumed, record)
    if assumed.me is None:
        raise Refused(
            f'Send connector "{state.connector.name}": level previous restores what the journal holds. Set journal_dir '
            f"to the directory that the raise used."
        )
    return _put_back(assumed, record, assumed.me)


def _as_if_raised(wish: LoggingWish, state: LoggingState) -> LoggingState:
    """Take the promise of this check run's raise as the state before the put-back."""
    connector, me = state.connector, state.me
    is_raised = state.record is not None or connector.logging_level is LoggingLevel.VERBOSE
    if wish.raised_from in (None, LoggingLevel.VERBOSE) or me is None or is_raised:
        return state
    raised = replace(connector, logging_level=LoggingLevel.VERBOSE)
    return replace(state, connector=raised, record=_record(state, me))


def _raise(state: LoggingState, record: Record | None) -> LoggingPlan:
    if state.me is None:
        told, mine = "No journal was given, so nobody puts the level back.", None
    elif record is not None:
        told, mine = "The last who needs the level restores it.", joined(record, state.me, state.domain_controller)
    elif state.connector.logging_level is LoggingLevel.VERBOSE:
        told, mine = "It was Verbose without a record, so it stays Verbose.", None
    else:
        told, mine = "The last who needs the level restores it.", _record(state, state.me)
    return _plan(state, LoggingLevel.VERBOSE, told, ahead=mine, after=mine, otherwise=record)


def _switch_off(state: LoggingState, record: Record | None) -> LoggingPlan:
    hosts = _hosts(record)
    told = f"The journal forgets the level, which {', '.join(hosts)} still needed." if hosts else "As asked."
    return _plan(state, LoggingLevel.NONE, told, ahead=record, after=None, otherwise=record)


def _put_back(state: LoggingState, record: Record | None, me: Holder) -> LoggingPlan:
    level = state.connector.logging_level
    if record is None:
        verbose = level is LoggingLevel.VERBOSE
        told = "It is Verbose without a record, so it stays Verbose." if verbose else "Nothing was raised."
        return _plan(state, level, told, ahead=None, after=None, otherwise=None)
    rest = left(record, me)
    if rest.holders:
        told = f"The level stays: {', '.join(_hosts(rest))} still needs it."
        return _plan(state, level, told, ahead=rest, after=rest, otherwise=rest)
    told = "Nobody needs the level any more, so it is what it was before."
    # Until it is restored, the record stays, held by nobody: whoever comes next tries again.
    return _plan(state, record.level_before, told, ahead=rest, after=None, otherwise=rest)


def _plan(
    state: LoggingState,
    level: LoggingLevel,
    explanation: str,
    *,
    ahead: Record | None,
    after: Record | None,
    otherwise: Record | None,
) -> LoggingPlan:
    connector = state.connector
    commands: tuple[Pipeline, ...] = ()
    if connector.logging_level is not level:
        controller = state.domain_controller or None
        commands = (set_send_connector_logging(connector.guid, level, domain_controller=controller),)
    result = {
        "connector": connector.name,
        "guid": connector.guid,
        "level": level.value,
        "level_before": connector.logging_level.value,
        "level_recorded": None if after is None else after.level_before.value,
        "raised_at": None if after is None else moment_text(after.raised_at),
        "holders": _hosts(after),
        "domain_controller": state.domain_controller or None,
        "explanation": explanation,
        "commands": typed(commands),
    }
    changed = replace(connector, logging_level=level)
    diff = (Difference(connector.name, _managed(connector), _managed(changed)),) if commands else ()
    return LoggingPlan(commands, Outcome(bool(commands), result, diff), state, level, ahead, after, otherwise)


def _hosts(record: Record | None) -> list[str]:
    return [] if record is None else sorted({holder.host for holder in record.holders})


def _record(state: LoggingState, me: Holder) -> Record:
    connector = state.connector
    return Record(
        organisation=state.organisation,
        connector=connector.guid,
        name=connector.name,
        level_before=connector.logging_level,
        raised_at=state.now,
        domain_controller=state.domain_controller,
        holders=(me,),
    )


def _managed(connector: SendConnector) -> dict[str, Any]:
    return {"connector": connector.name, "protocol_logging_level": connector.logging_level.value}
