# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holding a connector's mail back, so that one message of each queue goes first and the rest waits for what it meets.

    held       the connector's queues are suspended once one is stuck: nothing leaves, not even what arrives meanwhile
    canary     of each held queue all messages are suspended but one, and the queue works again: that one goes first.
               A queue that got mail meanwhile is suspended
    released   all is let go, or kept, by what became of those that went

A hold is kept, beyond the run that made it, where letting it go would be known to lose mail (a message that went first
was rejected) or where nobody can tell (one left, and the log does not account for all that were to go first). Where
none went nothing was lost, and everything is put back as it was found, whatever has failed. Only what is in our record
is ever resumed (see ``hold_record``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Final
from uuid import UUID

from .._exchange.cmdlets import resume_message, resume_queue, suspend_message, suspend_queue
from .._exchange.message import Message
from .._exchange.queue import Queue
from .._powershell import Pipeline, Result
from .hold_record import HeldMessage, HoldRecord, Kept
from .hold_result import hold_result, managed, promised
from .hold_situation import HoldSituation
from .plan import Difference, Mishap, Outcome, Plan, Refused, Unsettled, typed, words_of
from .stuck import is_stuck, is_suspended

_COUNTED: Final = ("answered", "rejected")
# Set-TransportService -MessageExpirationTimeout, whose default is two days (its documentation page).
MESSAGES_EXPIRE: Final = timedelta(days=2)
_LAST: Final = datetime.max.replace(tzinfo=UTC)


class Wanted(Enum):
    """The states that can be wished for; see above."""

    HELD = "held"
    CANARY = "canary"
    RELEASED = "released"


@dataclass(frozen=True)
class HoldWish:
    """What is wanted for a connector, by its Guid.

    ``answered`` are how many messages were answered with 250, over TLS or not, and rejected since, none where nobody
    looked; ``even_if_kept`` lets go what is kept; ``assumes_hold`` is for check mode, in which nothing was held before.
    """

    connector: str
    wanted: Wanted
    answered: tuple[int, int] = (0, 0)
    even_if_kept: bool = False
    assumes_hold: bool = False

    @classmethod
    def from_options(cls, options: Mapping[str, Any], *, check_mode: bool) -> HoldWish:
        """Read a module's options.

        Raises:
            Refused: the connector is no Guid, or ``proof`` is none.
        """
        connector, wanted = str(options["connector"]), Wanted(options["state"])
        try:
            guid = str(UUID(connector))
        except ValueError as error:
            raise Refused(
                f"connector: {connector[:80]!r} is not the Guid of a Send connector. "
                f"exchange_outbound_tls_info returns it."
            ) from error
        answered = _answered(options["proof"]) if options.get("proof") else (0, 0)
        return cls(guid, wanted, answered, bool(options.get("even_if_kept")), check_mode)


def _answered(proof: Mapping[str, Any]) -> tuple[int, int]:
    try:
        answered, rejected = (int(proof[each]) for each in _COUNTED)
    except (KeyError, TypeError, ValueError) as error:
        raise Refused(
            f"proof: {error} is missing or no number, so nobody can tell what became of those that went first. Give "
            f"connectors[].proof of exchange_outbound_tls_info."
        ) from error
    return answered, rejected


@dataclass(frozen=True)
class Act:
    """One command about a queue or a message, and the state that it leads to."""

    pipeline: Pipeline
    identity: str
    suspended: bool

    def has_worked(self, situation: HoldSituation) -> bool:
        """Tell whether it is so, or what it was about has left."""
        found = situation.is_suspended(self.identity)
        return found is None or found == self.suspended


@dataclass(frozen=True)
class HoldPlan(Plan[HoldSituation]):
    """What is suspended and resumed, and the record: before the commands are sent, and after they have worked."""

    before: HoldSituation
    acts: tuple[Act, ...]
    record_ahead: HoldRecord | None
    record_after: HoldRecord | None

    def settled_by(self, state: HoldSituation, results: Sequence[Result] = (), mishap: Mishap | None = None) -> Outcome:
        """Return the promise: every queue and message is suspended, or not, as it should be, or has left."""
        undone = [act for act in self.acts if not act.has_worked(state)]
        if undone or (mishap is not None and mishap.asked):
            told = f"{state.server}: {undone[0].identity if undone else 'nothing'} is not as the command left it."
            raise Unsettled(
                mishap.sentence if mishap else told,
                before=managed(self.before),
                now=managed(state),
                remedy=typed([act.pipeline for act in undone]),
                mishap=mishap,
            )
        words = words_of(results)
        if mishap is not None:
            words = (f"{mishap.sentence} Everything is as it should be all the same.",)
        return replace(self.outcome, warnings=(*self.outcome.warnings, *words))

    def unseen(self, mishap: Mishap) -> Unsettled:
        """Return the failure for when nobody could look afterwards."""
        return Unsettled(
            mishap.sentence, before=managed(self.before), now=None, remedy=typed(self.commands), mishap=mishap
        )


def plan_hold(wish: HoldWish, situation: HoldSituation) -> HoldPlan:
    """Decide what is suspended and what is resumed.

    Raises:
        Refused: another run holds the same mail, or nothing is held of which one could go first.
    """
    record = situation.record
    if record is not None and record.holder.run != situation.me.run:
        if not situation.has_ended and record.kept is Kept.NO:
            return _others_hold(wish, situation, record)
        if _is_over(situation, record):
            return _warned_of_queues(_plan_wish(wish, situation, None), _held_queues(situation, record))
        if not wish.even_if_kept:
            _refuse_what_is_too_old(situation, record)
        if wish.wanted in (Wanted.HELD, Wanted.CANARY):
            record = record.taken_over(situation.me, situation.messages)
    return _plan_wish(wish, situation, record)


def _plan_wish(wish: HoldWish, situation: HoldSituation, record: HoldRecord | None) -> HoldPlan:
    match wish.wanted:
        case Wanted.HELD:
            return _hold(wish, situation, record)
        case Wanted.CANARY:
            if record is None and wish.assumes_hold:
                record = _hold(wish, situation, None).record_after
            return _let_one_go(wish, situation, record)
        case _:
            return _release(wish, situation, record)


def _is_over(situation: HoldSituation, record: HoldRecord) -> bool:
    """Tell whether nothing of an earlier hold is suspended any more: somebody has typed the lines that let it go.

    The messages are let go last: where none of them is suspended any more, somebody else has suspended a queue that is.
    """
    if any(_is_ours(each, record) for each in situation.messages):
        return False
    return bool(record.messages) or not _held_queues(situation, record)


def _held_queues(situation: HoldSituation, record: HoldRecord) -> list[Queue]:
    return [each for each in situation.queues if is_suspended(each) and record.queue_of(each) is not None]


def _refuse_what_is_too_old(situation: HoldSituation, record: HoldRecord) -> None:
    """Without messages nothing but the queue's name tells whose suspension it is, and what was in it has expired."""
    if record.messages or situation.me.since - record.holder.since <= MESSAGES_EXPIRE:
        return
    raise Refused(
        f"{situation.server}: {situation.file} is older than any mail that it can be about, so who has suspended "
        f"{' and '.join(each.identity for each in _held_queues(situation, record))} is unknown. Resume what shall go, "
        f"delete the file, and run again."
    )


def _others_hold(wish: HoldWish, situation: HoldSituation, record: HoldRecord) -> HoldPlan:
    run = record.holder.run
    told = (
        f"{situation.server}: another run (process {run.pid} on {run.controller}) holds the mail of this connector "
        f"back. Wait for it to end, then run again."
    )
    if wish.wanted is not Wanted.RELEASED:
        raise Refused(told)
    plan = _nothing(wish, situation, record)
    result = {**plan.outcome.result, "held_by": record.holder.host}
    return replace(plan, outcome=replace(plan.outcome, result=result, warnings=(told,)))


def _hold(wish: HoldWish, situation: HoldSituation, record: HoldRecord | None) -> HoldPlan:
    """Suspend what may send where something is stuck, and again what works again; never what another holds.

    Also the queues that work: the log tells how many messages were answered, and not of which queue they were.
    """
    if record is None and not any(map(is_stuck, situation.queues)):
        return _nothing(wish, situation, None)
    kept = record or HoldRecord(situation.server, wish.connector, (), (), situation.me)
    chosen = [each for each in situation.queues if not is_suspended(each)]
    after = kept.with_queues(chosen)
    return _plan(wish, situation, [_suspended(each) for each in chosen], after, after)


def _let_one_go(wish: HoldWish, situation: HoldSituation, record: HoldRecord | None) -> HoldPlan:
    if record is None:
        raise Refused(f"{situation.server}: nothing of this connector is held, so nothing can go first. Hold it first.")
    acts: list[Act] = []
    ahead = after = record
    for queue in situation.queues:
        held = record.queue_of(queue)
        if held is None and not is_suspended(queue):
            acts.append(_suspended(queue))
            ahead, after = ahead.with_queues([queue]), after.with_queues([queue])
        messages = situation.in_queue(queue)
        first = None if held is None else _first_of(messages, record, held.first)
        if first is None:
            continue
        rest = [each for each in messages if each != first and not each.is_suspended]
        acts += [Act(suspend_message(each.identity), each.identity, True) for each in rest]
        acts += [Act(resume_message(first.identity), first.identity, False)] if _is_ours(first, record) else []
        acts += [Act(resume_queue(queue.identity), queue.identity, False)] if is_suspended(queue) else []
        ahead = ahead.with_messages(rest).with_first(queue, first)
        after = after.with_messages(rest).with_first(queue, first).without(first)
    return _warned(_plan(wish, situation, acts, ahead, after))


def _is_ours(message: Message, record: HoldRecord) -> bool:
    """Tell whether we hold a message: the one that goes first may have been suspended by somebody else meanwhile."""
    return message.is_suspended and record.holds(message)


def _first_of(messages: Sequence[Message], record: HoldRecord, chosen: HeldMessage | None) -> Message | None:
    """Return the message that goes first: the one that was chosen, else the oldest that nobody but us holds.

    None where the chosen one has left (no other goes before it is known how), or where there is none.
    """
    if chosen is not None:
        return next((each for each in messages if chosen.is_same(each)), None)
    ours = [each for each in messages if not each.is_suspended or record.holds(each)]
    return min(ours, key=lambda each: (each.received or _LAST, each.identity), default=None)


def _warned(plan: HoldPlan) -> HoldPlan:
    """Say which messages a session has already, beside those that shall go first: nobody can stop them."""
    going = {act.identity for act in plan.acts if act.suspended}
    leaving = [each.identity for each in plan.before.messages if each.is_in_delivery and each.identity in going]
    if not leaving:
        return plan
    told = f"{plan.before.server}: a session has {' and '.join(leaving)} already, and delivers what nobody can stop."
    return replace(plan, outcome=replace(plan.outcome, warnings=(told,)))


def _warned_of_queues(plan: HoldPlan, queues: Sequence[Queue]) -> HoldPlan:
    """Name the queues that an earlier hold has left to somebody else, who may know nothing of them."""
    if not queues:
        return plan
    told = (
        f"{plan.before.server}: {' and '.join(each.identity for each in queues)} is suspended, and no longer by us. "
        f"Where nobody else wants it: {'; '.join(typed([resume_queue(each.identity) for each in queues]))}"
    )
    return replace(plan, outcome=replace(plan.outcome, warnings=(*plan.outcome.warnings, told)))


def _release(wish: HoldWish, situation: HoldSituation, record: HoldRecord | None) -> HoldPlan:
    if record is None:
        return _nothing(wish, situation, None)
    kept = Kept.NO if wish.even_if_kept else _why_kept(wish, situation, record)
    if kept is not Kept.NO:
        again = [each for each in situation.queues if record.queue_of(each) is not None and not is_suspended(each)]
        after = replace(record, kept=kept)
        return _plan(wish, situation, [_suspended(each) for each in again], after, after)
    messages = [each for each in situation.messages if _is_ours(each, record)]
    # The queues first: while a message is held, and only then, the record of a run that dies here counts (_is_over).
    acts = [Act(resume_queue(each.identity), each.identity, False) for each in _held_queues(situation, record)]
    acts += [Act(resume_message(each.identity), each.identity, False) for each in messages]
    return _plan(wish, situation, acts, record, None)


def _why_kept(wish: HoldWish, situation: HoldSituation, record: HoldRecord) -> Kept:
    answered, rejected = wish.answered
    firsts = [each.first for each in record.queues if each.first is not None]
    gone = [first for first in firsts if not any(map(first.is_same, situation.messages))]
    if rejected:
        return Kept.REJECTED
    # While one still waits, a 250 may have been the answer to other mail: a session's that was open, or of a new queue.
    if gone and len(firsts) > answered:
        return record.kept if record.kept is not Kept.NO else Kept.UNSEEN
    # What an earlier run had a reason to keep is let go by an acceptance alone.
    return Kept.NO if answered else record.kept


def _nothing(wish: HoldWish, situation: HoldSituation, record: HoldRecord | None) -> HoldPlan:
    return _plan(wish, situation, [], record, record)


def _suspended(queue: Queue) -> Act:
    return Act(suspend_queue(queue.identity), queue.identity, True)


def _plan(
    wish: HoldWish,
    situation: HoldSituation,
    acts: Sequence[Act],
    ahead: HoldRecord | None,
    after: HoldRecord | None,
) -> HoldPlan:
    commands = tuple(act.pipeline for act in acts)
    result = {
        "server": situation.server,
        "connector": wish.connector,
        "held_by": "",
        **hold_result(situation, ahead, after),
        "commands": typed(commands),
    }
    states = {act.identity: act.suspended for act in acts}
    diff = (Difference(situation.server, managed(situation), promised(situation, states)),) if acts else ()
    return HoldPlan(commands, Outcome(bool(acts), result, diff), situation, tuple(acts), ahead, after)
