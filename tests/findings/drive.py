# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at the servers of one case, and holds what was found, and what the lab saw, against what must come."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .case import Case

HERE = Path(__file__).resolve().parent
LAB = HERE.parent / "lab"
READS = re.compile(r"Get-\w+|Select-Object|Select-String|Measure-Object|Add-PSSnapin")
"""All that a look may send."""

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What came of a case. ``found`` are the ids, the root cause first."""

    case: Case
    found: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    seconds: int = 0


def run(case: Case, folder: Path) -> Outcome:
    """Look at a fresh organisation; what the lab and the modules said stays in the folder."""
    look = ["ansible-playbook", str(HERE / "look.yml"), "--extra-vars", f"folder={folder}"]
    script = f"{shlex.join(look)}; exchange-lab state > state.json"
    lab = [str(LAB / "exchange-lab"), "run", "--scenario", str(scenario_of(case))]
    for fact in ("time_scale=1", *case.facts):
        lab += ["--set", fact]
    started = time.monotonic()
    with (folder / "output.txt").open("w", encoding="utf-8") as output:
        subprocess.run(
            [*lab, "--", "sh", "-c", script],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            check=False,
        )
    seconds = round(time.monotonic() - started)
    names = (f"{case.server}.json", "state.json")
    try:
        result, state = (json.loads((folder / name).read_text(encoding="utf-8")) for name in names)
    except (FileNotFoundError, json.JSONDecodeError) as error:
        return Outcome(case, problems=(f"{error}; see {folder}/output.txt",), seconds=seconds)
    return judge(case, result, state, seconds)


def scenario_of(case: Case) -> Path:
    """Return the scenario's file: of the lab, or kept for this alone."""
    places = (LAB / "scenarios" / f"{case.scenario}.yml", HERE / "scenarios" / f"{case.scenario}.yml")
    return next((each for each in places if each.exists()), places[-1])


def judge(case: Case, result: Json, state: Json, seconds: int = 0) -> Outcome:
    """Hold what was returned and what the lab saw against what must come."""
    findings: Sequence[Json] = result["findings"]
    primary = [each for each in findings if each["primary"]]
    roots = {each["id"] for each in primary}
    others = {each["id"] for each in findings if not each["primary"]}
    guids = [each["guid"] for each in primary if each["guid"]]
    # Of several connectors, the root causes that are meant are the gravest.
    meant = [each for each in primary if each["id"] == case.primary]
    qualifiers = {word for each in meant for word in each["qualifiers"]}
    severities = {each["severity"] for each in meant}
    certain = {each["confidence"] == "certain" for each in meant}
    unknown = [f"{each['what']}: {each['needs']}" for each in result["unobserved"]]
    sent = {each["name"] for each in state["commands"] if not READS.fullmatch(each["name"])}
    repairable = {each["id"] for each in findings if each["repairable_by_role"]}
    if case.primary == "healthy" and not findings and not result["connectors"]:
        roots, severities = {"healthy"}, {case.severity}  # whoever sends nothing has nothing to be found
    checks = {
        f"the root cause is {told(roots)}": roots == {case.primary},
        f"beside it stand {told(others)}": others == case.also,
        "a connector has more or less than one root cause": (
            sorted(guids) == sorted(each["guid"] for each in result["connectors"])
        ),
        f"the qualifiers are {told(qualifiers)}": qualifiers == case.qualifiers,
        f"the severity is {told(severities)}": severities == {case.severity},
        f"that rows of a log prove it is {certain}": case.certain is None or certain == {case.certain},
        f"nothing in {unknown} is {case.unobserved!r}": (
            not case.unobserved or any(re.search(case.unobserved, each) for each in unknown)
        ),
        f"{told(sent)} were sent": not sent,
        "script text was sent": not any(each["is_script"] for each in state["commands"]),
        f"{state['open_shells']} sessions are open": not state["open_shells"],
        f"the lab crashed: {state['crashes']}": not state["crashes"],
        f"the role would act on {told(repairable)}": repairable <= {"certificate_not_bound"},
    }
    problems = tuple(problem for problem, holds in checks.items() if not holds)
    return Outcome(case, (*sorted(roots), *sorted(others)), problems, seconds)


def told(words: set[str]) -> str:
    return ", ".join(sorted(words)) or "none"
