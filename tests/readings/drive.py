# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the shipped playbook in one case, and holds what the lab saw against what must come."""

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

LAB = Path(__file__).resolve().parents[1] / "lab"
VARIABLES = (
    "outbound_tls_repair_interval=1",
    "outbound_tls_repair_evidence_timeout=60",
    "outbound_tls_repair_drain_timeout=25",
    "outbound_tls_repair_reload_wait=8",
)
"""What a run waits for, in real seconds, of which each is a minute in the lab."""

State = Mapping[str, Any]


@dataclass(frozen=True)
class Seen:
    """A run: the lab's states before, after and some time after it, the verdicts of its report, and its exit status."""

    before: State
    after: State
    later: State
    verdicts: Sequence[Mapping[str, Any]]
    status: int


@dataclass(frozen=True)
class Outcome:
    """What came of a case. ``services``, ``default`` and ``level`` tell what the lab saw, in a word."""

    case: Case
    verdict: str
    services: str = "unknown"
    default: str = "unknown"
    level: str = "unknown"
    open_shells: int | None = None
    problems: tuple[str, ...] = ()
    seconds: int = 0


def run(case: Case, folder: Path) -> Outcome:
    """Run the playbook in a fresh organisation; what the lab and the playbook said stays in the folder."""
    variables = [
        f"outbound_tls_repair_report_dir={folder}",
        f"outbound_tls_repair_journal_dir={folder}/journal",
        *VARIABLES,
        *case.variables,
    ]
    playbook = ["ansible-playbook", "mailops.exchange.repair"]
    for each in variables:
        playbook += ["--extra-vars", each]
    # The level counts when every domain controller, and EdgeSync, has had time to hear of it.
    script = (
        f"exchange-lab state > before.json; {shlex.join(playbook)}; status=$?; exchange-lab state > after.json; "
        "exchange-lab advance 10m; exchange-lab state > later.json; exit $status"
    )
    lab = [str(LAB / "exchange-lab"), "run", "--scenario", str(LAB / "scenarios" / f"{case.scenario}.yml")]
    for fact in ("time_scale=60", *case.facts):
        lab += ["--set", fact]
    started = time.monotonic()
    with (folder / "output.txt").open("w", encoding="utf-8") as output:
        status = subprocess.run(
            [*lab, "--", "sh", "-c", script],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            check=False,
        ).returncode
    seconds = round(time.monotonic() - started)
    names = ("before.json", "after.json", "later.json", "outbound_tls_repair.json")
    try:
        before, after, later, verdicts = (json.loads((folder / name).read_text(encoding="utf-8")) for name in names)
    except (FileNotFoundError, json.JSONDecodeError) as error:
        return Outcome(case, "none", problems=(f"{error}; see {folder}/output.txt",), seconds=seconds)
    return judge(case, Seen(before, after, later, verdicts, status), seconds)


def judge(case: Case, seen: Seen, seconds: int = 0) -> Outcome:
    """Hold what was seen against what must come."""
    before, after, later, verdicts, status = seen.before, seen.after, seen.later, seen.verdicts, seen.status
    lost = surplus(before, over=after)
    gained = surplus(after, over=before)
    default = defaults_of(after) == defaults_of(before)
    levels = sorted({each["protocol_logging_level"] for each in levels_of(later)})
    words = ", ".join(sorted({each["verdict"] for each in verdicts}))
    connectors = [connector for each in verdicts for connector in each["connectors"].values()]
    grades = {each["grade"] for each in connectors if each["grade"]}
    report = "\n".join(
        [line for each in verdicts for line in (each["message"], *each["summary"], *each["warnings"])]
        + [line for each in connectors for line in each["lines_to_type"]]
    )
    accepted = sum(each["tls"] and each["reply"].startswith("250 ") for each in after["delivered"])
    waited = sum(each["message_count"] for each in before["queues"] if "Connector" in each["delivery_type"])
    checks = {
        f"the verdict is {words}": words == case.verdict,
        f"the exit status is {status}": (status == 0) == (set(words.split(", ")) <= {"healthy", "repaired"}),
        f"lost were {told(lost)}": lost == dict(case.lost),
        f"gained were {told(gained)}": gained == {key: frozenset({"SMTP"}) for key in case.bound},
        "the default certificate is another one" if not default else "the default certificate is the same": (
            default != case.default_lost
        ),
        f"the level is {', '.join(levels)}": levels == [case.level],
        f"{accepted} of {waited} messages were accepted over TLS": not case.delivered or accepted >= waited > 0,
        f"the report does not say {case.says!r}": bool(re.search(case.says, report)),
        f"the grade is {', '.join(grades) or 'none'}": not case.grade or grades == {case.grade},
        f"{later['open_shells']} sessions are open": not later["open_shells"],
        f"the lab crashed: {later['crashes']}": not later["crashes"],
    }
    return Outcome(
        case,
        words,
        f"lost {told(lost)}" if lost else "kept",
        "kept" if default else "replaced",
        "back" if levels == [case.level] else ", ".join(levels),
        later["open_shells"],
        tuple(problem for problem, holds in checks.items() if not holds),
        seconds,
    )


def surplus(of: State, over: State) -> dict[str, frozenset[str]]:
    """The services that certificates have in one state and not in the other, by ``server/key``."""
    others = services_of(over)
    return {key: more for key, services in services_of(of).items() if (more := services - others[key])}


def told(services: Mapping[str, frozenset[str]]) -> str:
    return "; ".join(f"{', '.join(sorted(each))} of {key}" for key, each in services.items()) or "none"


def services_of(state: State) -> dict[str, frozenset[str]]:
    """The services of every certificate, by ``server/key``."""
    return {
        f"{fqdn}/{key}": frozenset(certificate["services"])
        for fqdn, server in state["servers"].items()
        for key, certificate in server["certificates"].items()
    }


def defaults_of(state: State) -> dict[str, str | None]:
    return {fqdn: server["default_certificate"] for fqdn, server in state["servers"].items()}


def levels_of(state: State) -> list[Mapping[str, Any]]:
    """The connectors of the organisation, and those that are an Edge's own."""
    edges = (server.get("connectors") or {} for server in state["servers"].values())
    return [connector for connectors in (state["connectors"], *edges) for connector in connectors.values()]
