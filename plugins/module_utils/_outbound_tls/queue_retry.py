# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trying queues at once. What is promised is which queues are tried, not what becomes of their mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from .._exchange.cmdlets import retry_queue
from .._exchange.moments import moment_text
from .._exchange.queue import Queue
from .._powershell import Result
from .plan import Difference, Mishap, Outcome, Plan, Refused, Unsettled, typed, words_of
from .stuck import delivers_by_connector, is_suspended

_RETRY: Final = "retry"


@dataclass(frozen=True)
class RetryWish:
    r"""The queues to try: those of a connector, by its Guid, or single ones by identity (``SERVER\number``)."""

    connector: str = ""
    identities: tuple[str, ...] = ()

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> RetryWish:
        """Read a module's options.

        Raises:
            Refused: neither of them is given, or both, or the connector is no Guid.
        """
        identities = tuple(str(each) for each in options.get("identities") or ())
        connector = str(options.get("connector") or "")
        if bool(connector) == bool(identities):
            raise Refused("Give either connector, the Guid of a Send connector, or the identities of the queues.")
        try:
            return cls(str(UUID(connector)) if connector else "", identities)
        except ValueError as error:
            raise Refused(
                f"connector: {connector[:80]!r} is not the Guid of a Send connector. "
                f"exchange_outbound_tls_info returns it."
            ) from error


@dataclass(frozen=True)
class RetryState:
    """All queues of one server; ``server`` is its FQDN."""

    server: str
    queues: tuple[Queue, ...]


@dataclass(frozen=True)
class RetryPlan(Plan[RetryState]):
    """The queues that are tried."""

    before: RetryState
    chosen: tuple[Queue, ...]

    def settled_by(self, state: RetryState, results: Sequence[Result] = (), mishap: Mishap | None = None) -> Outcome:
        """Return the promise. After a mishap each queue must have been tried, or have got rid of its mail, since."""
        if mishap is None:
            return replace(self.outcome, warnings=words_of(results))
        untouched = [queue.identity for queue in self.chosen if _is_untouched(queue, state)]
        if untouched or mishap.asked:
            raise Unsettled(
                mishap.sentence,
                before=_managed(self.chosen),
                now=_managed(_found(self.chosen, state)),
                remedy=typed([retry_queue(identity) for identity in untouched]),
                mishap=mishap,
            )
        return replace(self.outcome, warnings=(f"{mishap.sentence} The queues were tried all the same.",))

    def unseen(self, mishap: Mishap) -> Unsettled:
        """Return the failure for when nobody could look afterwards."""
        return Unsettled(
            mishap.sentence, before=_managed(self.chosen), now=None, remedy=typed(self.commands), mishap=mishap
        )


def plan_retry(wish: RetryWish, state: RetryState) -> RetryPlan:
    """Decide which queues are tried: those in Retry. A suspended one never is."""
    wanted = _wanted(wish, state)
    chosen = tuple(queue for queue in wanted if queue.status.lower() == _RETRY)
    commands = tuple(retry_queue(queue.identity) for queue in chosen)
    identities = [queue.identity for queue in chosen]
    present = {queue.identity.lower() for queue in wanted}
    gone = [identity for identity in wish.identities if identity.lower() not in present]
    result = {
        "server": state.server,
        "connector": wish.connector or None,
        "retried": identities,
        # Not "skipped": Ansible reads that word in a result as its own, and takes the task for one that did not run.
        "not_retried": [
            *({"identity": each.identity, "why": _why_not(each)} for each in wanted if each not in chosen),
            *({"identity": identity, "why": "there is no such queue (any more)"} for identity in gone),
        ],
        "messages": sum(queue.message_count for queue in chosen),
        "commands": typed(commands),
    }
    after = dict.fromkeys(identities, "tried at once")
    diff = (Difference(state.server, _managed(chosen), {"queues": after}),) if commands else ()
    return RetryPlan(commands, Outcome(bool(commands), result, diff), state, chosen)


def _wanted(wish: RetryWish, state: RetryState) -> tuple[Queue, ...]:
    if wish.connector:
        return tuple(
            queue
            for queue in state.queues
            if delivers_by_connector(queue) and queue.next_hop_connector == wish.connector
        )
    identities = {identity.lower() for identity in wish.identities}
    return tuple(queue for queue in state.queues if queue.identity.lower() in identities)


def _why_not(queue: Queue) -> str:
    if is_suspended(queue):
        return "an administrator has suspended it"
    return f"its status is {queue.status}, so it does not wait for a retry"


def _is_untouched(queue: Queue, state: RetryState) -> bool:
    """Tell whether nothing has happened to a queue since."""
    found = _found((queue,), state)
    return bool(found) and found[0] == queue


def _found(chosen: Sequence[Queue], state: RetryState) -> tuple[Queue, ...]:
    identities = {queue.identity.lower() for queue in chosen}
    return tuple(queue for queue in state.queues if queue.identity.lower() in identities)


def _managed(queues: Sequence[Queue]) -> dict[str, Any]:
    told = {
        queue.identity: f"{queue.status}, {queue.message_count} messages, tried {moment_text(queue.last_retry_time)}"
        for queue in queues
    }
    return {"queues": told}
