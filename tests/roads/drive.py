# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives one road: the shipped playbook against the lab, judged by what the lab saw."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .play import Nothing, not_repaired, play
from .roads import Control, Road, Seen


@dataclass(frozen=True)
class Drive:
    """What came of a road, or of its negative control; ``problems`` says what should have been otherwise."""

    road: Road
    control: Control | None
    seen: tuple[Seen, ...]
    problems: tuple[str, ...]
    seconds: int

    def __str__(self) -> str:
        return f"{self.road}{f': {self.control.name}' if self.control else ''}"


def drive(road: Road, control: Control | None, folder: Path) -> Drive:
    """Repair in a fresh organisation, in a hurry."""
    facts = (*road.facts, "time_scale=60", *(control.facts if control else ()))
    variables = [
        "outbound_tls_repair_interval=1",
        *road.way.variables,
        *(each.format(folder=folder) for each in (control.variables if control else ())),
    ]
    started = time.monotonic()
    try:
        done = play(
            road.place.scenario,
            folder,
            facts=facts,
            variables=variables,
            connection=road.connection,
            status=2 if control else 0,
        )
    except Nothing as error:
        return Drive(road, control, (), (str(error),), round(time.monotonic() - started))
    seconds = round(time.monotonic() - started)
    seen = {Seen(each["auth"], each["encrypted"], each["header"]) for each in done.state["commands"]}
    judged = broken(control, done.state, done.verdict) if control else repaired(road, done.state, done.verdict, seen)
    return Drive(road, control, tuple(sorted(seen, key=str)), (*done.problems, *judged), seconds)


def repaired(road: Road, state: dict[str, Any], verdict: dict[str, Any], seen: set[Seen]) -> list[str]:
    """What is wrong with a repair."""
    problems = not_repaired(state, verdict)
    if seen != {road.way.seen}:
        problems.append(f"seen was {'; '.join(sorted(map(str, seen))) or 'nothing'}, not {road.way.seen}")
    if endpoints := {each["endpoint"] for each in state["commands"]} ^ set(road.place.endpoints):
        problems.append(f"not exactly the endpoints of the road were used: {', '.join(sorted(endpoints))}")
    if state["rejections"]:
        problems.append(f"passwords were refused: {state['rejections']}")
    return problems


def broken(control: Control, state: dict[str, Any], verdict: dict[str, Any]) -> list[str]:
    """What is wrong with a failure that must be."""
    problems = []
    if state["commands"]:
        problems.append(f"{len(state['commands'])} commands passed")
    if sum(state["rejections"].values()) != control.rejections:
        problems.append(f"{sum(state['rejections'].values())} passwords were refused, not {control.rejections}")
    if not re.search(control.says, verdict["message"]):
        problems.append(f"the message is not about {control.says}: {verdict['message']}")
    return problems
