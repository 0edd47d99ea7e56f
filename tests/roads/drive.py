# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives one road: the shipped playbook against the lab, judged by what the lab saw."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .roads import Control, Road, Seen

LAB = Path(__file__).resolve().parents[1] / "lab"
MESSAGES = 25
"""How many wait in each scenario."""


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
    """Repair in a fresh organisation; the output, the lab's state and the verdict stay in the folder."""
    facts = (*road.facts, "time_scale=60", *(control.facts if control else ()))
    variables = [
        f"outbound_tls_repair_report_dir={folder}",
        f"outbound_tls_repair_journal_dir={folder}/journal",
        "outbound_tls_repair_interval=1",
        *road.way.variables,
        *(each.format(folder=folder) for each in (control.variables if control else ())),
    ]
    lab = [str(LAB / "exchange-lab"), "run", "--scenario", str(LAB / "scenarios" / f"{road.place.scenario}.yml")]
    lab += ["--connection", road.connection, "--state", str(folder / "state.json")]
    playbook = ["ansible-playbook", "mailops.exchange.repair", *options("--extra-vars", variables)]
    started = time.monotonic()
    with (folder / "output.txt").open("w", encoding="utf-8") as output:
        status = subprocess.run(
            [*lab, *options("--set", facts), "--", *playbook],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Nobody's tickets but those of the run.
            env=os.environ | {"KRB5CCNAME": f"FILE:{folder}/tickets"},
            check=False,
        ).returncode
    seconds = round(time.monotonic() - started)
    try:
        state = json.loads((folder / "state.json").read_text())
        verdict = json.loads((folder / "outbound_tls_repair.json").read_text())[0]
    except FileNotFoundError as error:
        return Drive(road, control, (), (f"it left no {Path(error.filename).name}; see {folder}/output.txt",), seconds)
    seen = {Seen(each["auth"], each["encrypted"], each["header"]) for each in state["commands"]}
    judged = [f"exit status {status}"] if status != (2 if control else 0) else []
    judged += broken(control, state, verdict) if control else repaired(road, state, verdict, seen)
    judged += [f"{state['open_shells']} sessions left open"] if state["open_shells"] else []
    judged += [f"the lab crashed: {each}" for each in state["crashes"]]
    return Drive(road, control, tuple(sorted(seen, key=str)), tuple(judged), seconds)


def options(name: str, values: Sequence[str]) -> list[str]:
    return [part for value in values for part in (name, value)]


def repaired(road: Road, state: dict[str, Any], verdict: dict[str, Any], seen: set[Seen]) -> list[str]:
    """What is wrong with a repair."""
    problems = []
    if verdict["verdict"] != "repaired":
        problems.append(f"{verdict['verdict']}: {verdict['message']}")
    if seen != {road.way.seen}:
        problems.append(f"seen was {'; '.join(sorted(map(str, seen))) or 'nothing'}, not {road.way.seen}")
    if endpoints := {each["endpoint"] for each in state["commands"]} ^ set(road.place.endpoints):
        problems.append(f"not exactly the endpoints of the road were used: {', '.join(sorted(endpoints))}")
    if sum(each["tls"] and each["reply"].startswith("250 ") for each in state["delivered"]) != MESSAGES:
        problems.append(f"not all {MESSAGES} messages were accepted over TLS")
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
