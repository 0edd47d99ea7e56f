# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays the shipped playbook once against a fresh organisation, and keeps what came of it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LAB = Path(__file__).resolve().parents[1] / "lab"
MESSAGES = 25
"""How many wait in each scenario."""


@dataclass(frozen=True)
class Play:
    """What came of a run; ``problems`` says what is wrong with every run that leaves it so, whatever it was to show."""

    state: dict[str, Any]
    verdict: dict[str, Any]
    output: str
    problems: tuple[str, ...]


class Nothing(Exception):
    """The run left no state or no verdict; the message says which."""


def play(
    scenario: str,
    folder: Path,
    *,
    facts: Sequence[str],
    variables: Sequence[str],
    connection: str = "psrp",
    status: int = 0,
) -> Play:
    """Run the playbook; the output, the lab's state and the verdict stay in the folder.

    ``facts`` are the scenario's to set, ``variables`` the playbook's, ``status`` the exit status that it must end with.
    The role's defaults hold, with the run's folder as home, so that its journal is a new one.
    """
    lab = [str(LAB / "exchange-lab"), "run", "--scenario", str(LAB / "scenarios" / f"{scenario}.yml")]
    lab += ["--connection", connection, "--state", str(folder / "state.json")]
    variables = [f"outbound_tls_repair_report_dir={folder}", *variables]
    playbook = ["ansible-playbook", "mailops.exchange.repair", *_options("--extra-vars", variables)]
    with (folder / "output.txt").open("w", encoding="utf-8") as output:
        ended = subprocess.run(
            [*lab, *_options("--set", facts), "--", *playbook],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Nobody's journal and nobody's tickets but those of the run.
            env=os.environ | {"HOME": str(folder), "KRB5CCNAME": f"FILE:{folder}/tickets"},
            check=False,
        ).returncode
    try:
        state = json.loads((folder / "state.json").read_text())
        verdict = json.loads((folder / "outbound_tls_repair.json").read_text())[0]
    except FileNotFoundError as error:
        raise Nothing(f"it left no {Path(error.filename).name}; see {folder}/output.txt") from error
    problems = [f"exit status {ended}"] if ended != status else []
    problems += [f"{state['open_shells']} sessions left open"] if state["open_shells"] else []
    problems += [f"the lab crashed: {each}" for each in state["crashes"]]
    return Play(state, verdict, (folder / "output.txt").read_text(encoding="utf-8"), tuple(problems))


def not_repaired(state: dict[str, Any], verdict: dict[str, Any]) -> list[str]:
    """What a repair lacks: the verdict, and all the mail accepted over TLS."""
    problems = []
    if verdict["verdict"] != "repaired":
        problems.append(f"{verdict['verdict']}: {verdict['message']}")
    if sum(each["tls"] and each["reply"].startswith("250 ") for each in state["delivered"]) != MESSAGES:
        problems.append(f"not all {MESSAGES} messages were accepted over TLS")
    # Exchange's default wire profile must do: no serializationLevel is asked for.
    if asked := [each["query"] for each in state["commands"] if each["query"]]:
        problems.append(f"more was asked of the URL than its path: {asked[0]}")
    return problems


def _options(name: str, values: Sequence[str]) -> list[str]:
    return [part for value in values for part in (name, value)]
