# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make slow-truth``: KB 4051498 is repaired by the role's defaults at the pace of a slow Exchange, in real time.

The transport service loads a changed connector after five minutes, and the protocol log stays in its buffer for two.
The waits must be announced, with how long they may take. ``python -m tests.roads.slow_truth 20`` does the same with
time twenty times as fast. The exit status is 0 only if all is as it must be.
"""

from __future__ import annotations

import re
import shutil
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from .play import Nothing, Play, not_repaired, play

FOLDER: Final = Path(__file__).resolve().parents[2] / "build" / "slow-truth"
SCENARIO: Final = "kb4051498"
BEGIN: Final = datetime.fromisoformat("2026-03-02T02:15:00Z")
"""What time it is in the scenario when the playbook begins."""
RELOAD_S: Final = 300
FLUSH_S: Final = 120
FACTS: Final = (
    f"servers.mbx01.contoso.test.transport_reload_s={RELOAD_S}",
    f"servers.mbx01.contoso.test.log_flush_s={FLUSH_S}",
)
ANNOUNCED: Final = (
    "Exchange may take 5 minutes to use the raised logging level, and its log a few more to be written: "
    r"this waits for the evidence, (900|89\d) seconds at the most\.",
    r"The log may take some minutes to be written: this waits for the proof, 600 seconds at the most\.",
)
"""Regular expressions, in the order in which they must be said."""


def main(arguments: Sequence[str]) -> int:
    """Repair at the given time scale, 1 by default; returns the exit status."""
    scale = float(arguments[0]) if arguments else 1.0
    folder = FOLDER / f"{scale:g}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if scale == 1:
        print("slow-truth: ten to fifteen minutes", flush=True)
    started = time.monotonic()
    try:
        problems = shortcomings(play(SCENARIO, folder, facts=(*FACTS, f"time_scale={scale:g}"), variables=()))
    except Nothing as error:
        problems = [str(error)]
    print(f"time scale {scale:g}: {'; '.join(problems) or 'repaired'} ({time.monotonic() - started:.0f} s)")
    return 1 if problems else 0


def shortcomings(done: Play) -> list[str]:
    """What is not as it must be."""
    problems = [*done.problems, *not_repaired(done.state, done.verdict)]
    problems += [f"was not put back: {each}" for each in _raised(done.state)]
    waited = min((datetime.fromisoformat(each["time"]) for each in done.state["delivered"]), default=BEGIN) - BEGIN
    if waited.total_seconds() < RELOAD_S + FLUSH_S:
        problems.append(f"the first message left after {waited}, before the log can have spoken")
    said = " ".join(done.output.split())
    found = [re.search(each, said) for each in ANNOUNCED]
    problems += [f"not announced: {each}" for each, match in zip(ANNOUNCED, found, strict=True) if match is None]
    places = [match.start() for match in found if match is not None]
    if places != sorted(places):
        problems.append("the waits are announced in the wrong order")
    return problems


def _raised(state: dict[str, Any]) -> list[str]:
    return [name for name, each in state["connectors"].items() if each["protocol_logging_level"] != "None"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
