# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the other hosts of a run tell of a connector whose mail leaves through front ends.

The server of the front end binds the certificate, and the server that sends proves that mail leaves: neither verdict
can be given without the other host.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Result = Mapping[str, Any]


@dataclass(frozen=True)
class Sender:
    """A server that hands mail of the connector to front ends: its looks' entries, and the latest proof."""

    server: str
    entries: tuple[Result, ...]

    @property
    def proof(self) -> Result | None:
        """Return what its log tells of the mail since, None before it looked."""
        return next((each["proof"] for each in reversed(self.entries) if each.get("proof") is not None), None)


@dataclass(frozen=True)
class FrontEnd:
    """A server that was asked as a front end: its last entry, what it bound, and the bindings that failed."""

    server: str
    entry: Result
    bound: tuple[Result, ...]
    failed: tuple[Result, ...]

    @property
    def may_bind(self) -> bool:
        """Tell whether a run would bind there, or may."""
        return str(self.entry["repair"]["bind"]["certainty"]) != "no"


@dataclass(frozen=True)
class Elsewhere:
    """The other hosts of the run that have to do with a connector behind front ends."""

    senders: tuple[Sender, ...] = ()
    front_ends: tuple[FrontEnd, ...] = ()

    @property
    def bound(self) -> tuple[Result, ...]:
        """Return what was bound on servers of front ends."""
        return tuple(each for front_end in self.front_ends for each in front_end.bound)

    @property
    def failed(self) -> Result | None:
        """Return the first binding that failed there."""
        return next((each for front_end in self.front_ends for each in front_end.failed), None)

    @property
    def proof(self) -> Result | None:
        """Return the proofs of all that send as one; None when none of them has looked since."""
        proofs = [each.proof for each in self.senders if each.proof is not None]
        if not proofs:
            return None
        counts = ("accepted", "accepted_in_clear", "rejected")
        replies = [reply for each in proofs for reply in each["replies"]]
        return {**{name: sum(int(each[name]) for each in proofs) for name in counts}, "replies": replies}

    @property
    def messages(self) -> tuple[int, int]:
        """Return how many messages waited with all that send before, and wait at the last look."""
        before = sum(max(int(entry["messages"]) for entry in each.entries) for each in self.senders)
        return before, sum(int(each.entries[-1]["messages"]) for each in self.senders)


NOTHING_ELSEWHERE: Final = Elsewhere()


def look_elsewhere(guid: str, others: Iterable[Result]) -> Elsewhere:
    """Return what the results of other hosts (host, looks, steps) hold of a connector behind front ends."""
    senders, front_ends = [], []
    for other in others:
        looks = list(other.get("looks") or ())
        entries = [each for look in looks for each in look.get("connectors", ()) if each["guid"] == guid]
        entries = [each for each in entries if each.get("frontend_proxy")]
        if not entries:
            continue
        server = str(looks[-1]["server"])
        bindings = list(_bindings(guid, other.get("steps") or ()))
        # A server can be both, for the mail of others and for its own.
        if entries[-1].get("source_server", True):
            senders.append(Sender(server, tuple(entries)))
        if bindings or not entries[-1].get("source_server", True):
            front_ends.append(
                FrontEnd(
                    server=server,
                    entry=entries[-1],
                    bound=tuple(each for each in bindings if not each.get("failed")),
                    failed=tuple(each for each in bindings if each.get("failed")),
                )
            )
    return Elsewhere(tuple(senders), tuple(front_ends))


def _bindings(guid: str, steps: Sequence[Result]) -> Iterable[Result]:
    for step in steps:
        if step["what"] == "bind":
            for result in step["results"]:
                item = result["item"]
                if (item if isinstance(item, Mapping) else item[0])["guid"] == guid:
                    yield result
