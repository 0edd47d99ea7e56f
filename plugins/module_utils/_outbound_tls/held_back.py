# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a verdict says of mail that was held back while one message went first."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .elsewhere import Result


@dataclass(frozen=True)
class HeldBack:
    """What the last of a connector's holds says; ``count`` messages wait for a person where ``kept`` says why.

    ``first`` are the messages that went first, ``still_first`` those of them that have not left, ``before`` and
    ``waiting`` how many were in the queues at most and are now, ``lines`` let them go, ``trouble`` is why mail may
    still be held that nobody keeps.
    """

    first: tuple[str, ...] = ()
    still_first: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    count: int = 0
    before: int = 0
    waiting: int = 0
    kept: str = ""
    lines: tuple[str, ...] = ()
    trouble: str = ""

    def summary(self, *, check_mode: bool) -> list[str]:
        """Return the sentences for people."""
        first = " and ".join(self.first)
        if self.kept:
            return [
                f"Held back: {self.count} messages in {' and '.join(self.queues)}, because {self.why}. They wait, and "
                f"so does what arrives. To let them go: {'; '.join(self.lines)}"
            ]
        if not self.first or self.trouble:
            return []
        if check_mode:
            return [
                f"Canary: a run would let {first} go first, as the queue is now, hold the other {self.count} messages "
                f"back, and let them go when the log shows that it was accepted."
            ]
        return [f"Canary: {first} went first; what was held back meanwhile was let go."]

    @property
    def still_holds(self) -> bool:
        """Tell whether mail is held, or may be: no look counts it, since an administrator may have suspended it."""
        return bool(self.kept or self.trouble)

    @property
    def why(self) -> str:
        """Return why the mail is kept."""
        what = " and ".join(self.first) or "the message"
        if self.kept != "rejected" and self.still_first:
            return f"{what} were to go first, and {' and '.join(self.still_first)} still waits"
        return f"{what}, which went first, " + (
            "was rejected" if self.kept == "rejected" else "left, and no log shows whether it was accepted"
        )

    @property
    def next_step(self) -> str:
        """Return how the mail is let go."""
        return (
            f"Then run again with outbound_tls_repair_canary, which lets one more go first, or let all go: "
            f"{'; '.join(self.lines)}"
        )

    @property
    def warning(self) -> str:
        """Return the warning where something may still be held against our will; empty where nothing is."""
        if not self.trouble:
            return ""
        return f"Mail may still be held back: {self.trouble} Type it yourself: {'; '.join(self.lines)}".strip()


NOTHING_HELD_BACK = HeldBack()

_MANY: Final = 20
_OF_MESSAGE: Final = re.compile(r"(?P<cmdlet>(?:Suspend|Resume)-Message) -Identity '(?P<queue>.+)\\\d+'")


def told_commands(commands: Sequence[str]) -> list[str]:
    """Return a hold's commands, with those for the messages of a queue as one comment where they are many."""
    found = [_OF_MESSAGE.match(each) for each in commands]
    keys = [None if each is None else (each["cmdlet"], each["queue"]) for each in found]
    counts = Counter(keys)
    told = (
        command if key is None or counts[key] <= _MANY else f"# {key[0]}: {counts[key]} messages of {key[1]}"
        for command, key in zip(commands, keys, strict=True)
    )
    return list(dict.fromkeys(told))


def held_back(results: Sequence[Result], *, check_mode: bool) -> HeldBack:
    """Read the results of a connector's holds, in their order; in check mode nothing is ever let go."""
    failed = results[-1] if results and results[-1].get("failed") else None
    told = [each for each in results if not each.get("failed")]
    if not told:
        return NOTHING_HELD_BACK if failed is None else HeldBack(trouble=str(failed.get("msg", "")))
    last = told[-1]
    named = next((each for each in reversed(told) if each["lines"]), last)
    remedy = () if failed is None else tuple(map(str, failed.get("remedy", ())))
    return HeldBack(
        first=tuple(last["first"]),
        still_first=tuple(last["first_waiting"]),
        queues=tuple(named["queues"]),
        count=int(last["held_back"]),
        before=max(int(each["waiting"]) for each in told),
        waiting=int(last["waiting"]),
        kept=str(last["kept"]),
        lines=remedy or tuple(named["lines"]),
        trouble=str(failed.get("msg", "")) if failed is not None else _trouble(last, check_mode=check_mode),
    )


def _trouble(last: Result, *, check_mode: bool) -> str:
    """Say why mail may still be held that nobody keeps; empty where the last hold has let it go."""
    if last["held_by"]:
        return f"another run, of {last['held_by']}, holds the mail of this connector back. Wait for it to end."
    if last["queues"] and not last["kept"] and not check_mode:
        return f"the queues {' and '.join(last['queues'])} were never let go."
    return ""
