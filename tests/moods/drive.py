# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the shipped playbook in one mood, and holds what the lab saw against what must come."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .moods import Mood

LAB = Path(__file__).resolve().parents[1] / "lab"
VARIABLES = {
    "outbound_tls_repair_interval": 1,
    "outbound_tls_repair_evidence_timeout": 60,
    "outbound_tls_repair_drain_timeout": 25,
    "outbound_tls_repair_reload_wait": 8,
}
"""What a run waits for, in real seconds, of which each is a minute in the lab."""


@dataclass(frozen=True)
class Outcome:
    """What came of a mood. ``services``, ``default`` and ``level`` tell whether they are as they must be."""

    mood: Mood
    verdict: str
    services: bool
    default: bool
    level: bool
    problems: tuple[str, ...]
    seconds: int


@dataclass(frozen=True)
class Seen:
    """The lab's state before the run, after it, and ten minutes later; the run's report and exit status."""

    before: dict[str, Any]
    after: dict[str, Any]
    later: dict[str, Any]
    verdicts: list[dict[str, Any]]
    status: int


def run(mood: Mood, folder: Path) -> Outcome:
    """Run the playbook in a fresh organisation; what the lab and the playbook said stays in the folder."""
    options = {"outbound_tls_repair_report_dir": folder, "outbound_tls_repair_journal_dir": folder / "journal"}
    playbook = ["ansible-playbook", "mailops.exchange.repair"]
    for name, value in {**options, **VARIABLES}.items():
        playbook += ["--extra-vars", f"{name}={value}"]
    # The level counts when every domain controller has heard of it.
    script = (
        f"exchange-lab state > before.json; {shlex.join(playbook)}; status=$?; exchange-lab state > after.json; "
        "exchange-lab advance 10m; exchange-lab state > later.json; exit $status"
    )
    lab = [str(LAB / "exchange-lab"), "run", "--scenario", str(LAB / "scenarios" / f"{mood.scenario}.yml")]
    for fact in ("time_scale=60", *mood.facts):
        lab += ["--set", fact]
    started = time.monotonic()
    with (folder / "output.txt").open("w", encoding="utf-8") as output:
        command = [*lab, "--", "sh", "-c", script]
        status = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=folder, check=False
        ).returncode
    seconds = round(time.monotonic() - started)
    try:
        before, after, later, verdicts = (
            json.loads((folder / name).read_text(encoding="utf-8"))
            for name in ("before.json", "after.json", "later.json", "outbound_tls_repair.json")
        )
    except (FileNotFoundError, json.JSONDecodeError) as error:
        return Outcome(mood, "none", False, False, False, (f"{error}; see {folder}/output.txt",), seconds)
    return judge(mood, Seen(before, after, later, verdicts, status), seconds)


def judge(mood: Mood, seen: Seen, seconds: int) -> Outcome:
    """Hold what was seen against what must come."""
    wanted = {
        name: services | ({"SMTP"} if name in mood.bound else set())
        for name, services in services_of(seen.before).items()
    }
    services = services_of(seen.after) == wanted
    default = defaults_of(seen.after) == defaults_of(seen.before)
    levels = {each["protocol_logging_level"] for each in seen.later["connectors"].values()}
    words = sorted({each["verdict"] for each in seen.verdicts})
    report = "\n".join(
        line for each in seen.verdicts for line in (each["message"], *each["summary"], *each["warnings"])
    )
    over_tls = sum(each["tls"] and each["reply"].startswith("250 ") for each in seen.after["delivered"])
    waited = sum(each["message_count"] for each in seen.before["queues"] if "Connector" in each["delivery_type"])
    checks = {
        f"the verdicts are {', '.join(words)}": words == [mood.verdict],
        f"the exit status is {seen.status}": (seen.status == 0) == (mood.verdict == "repaired"),
        f"the services are {services_of(seen.after)}": services,
        "the default certificate is another one": default,
        f"the level is {', '.join(levels)}": levels == {mood.level},
        f"{over_tls} of {waited} messages were accepted over TLS": not mood.delivered or over_tls >= waited > 0,
        f"the report does not say {mood.says!r}": bool(re.search(mood.says, report)),
        f"{seen.after['open_shells']} sessions are open": not seen.after["open_shells"],
        f"the lab crashed: {seen.later['crashes']}": not seen.later["crashes"],
    }
    problems = tuple(problem for problem, holds in checks.items() if not holds)
    return Outcome(mood, ", ".join(words), services, default, levels == {mood.level}, problems, seconds)


def services_of(state: dict[str, Any]) -> dict[str, set[str]]:
    """The services of every certificate, by ``server/key``."""
    return {
        f"{fqdn}/{key}": set(certificate["services"])
        for fqdn, server in state["servers"].items()
        for key, certificate in server["certificates"].items()
    }


def defaults_of(state: dict[str, Any]) -> dict[str, str | None]:
    return {fqdn: server["default_certificate"] for fqdn, server in state["servers"].items()}
