# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs against one lab, inside of it: ``exchange-lab run … -- python -m tests.awx.jobs WHAT FOLDER ANSWERS``.

``launched`` is the template launched as it is: a check run, streamed to an execution node. ``cancelled`` and
``timed_out`` are repairs that AWX kills while Exchange's log is awaited, each followed by another that must finish the
work. The answers are those of the survey. What is not as it must be is printed, a line each.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from .job import Account, Event, Job, prepare, run, stream

PACE: Final = {
    "outbound_tls_repair_interval": 1,
    "outbound_tls_repair_evidence_timeout": 60,
    "outbound_tls_repair_drain_timeout": 60,
}
"""What is waited for, in real seconds: the lab's time runs faster."""
MESSAGES: Final = 25
AWAITED: Final = "Wait until the log speaks"
"""The task during which the level is raised and nothing else has happened."""
State = Mapping[str, Any]


def main(arguments: Sequence[str]) -> int:
    """Play the jobs that are named; returns the exit status."""
    what, folder, answers = arguments[0], Path(arguments[1]), json.loads(arguments[2])
    problems = _PLAYS[what](folder, {**answers, **PACE, **_directories(folder)})
    print(*problems, sep="\n")
    return 1 if problems else 0


def _directories(folder: Path) -> dict[str, str]:
    """Where a job's container has the directory that outlives it."""
    return {
        "outbound_tls_repair_journal_dir": str(folder / "persistent" / "journal"),
        "outbound_tls_repair_report_dir": str(folder / "persistent" / "repair"),
    }


def launched(folder: Path, variables: Mapping[str, Any]) -> list[str]:
    """Whoever launches the repair as it is learns what a run would do, and nothing is changed."""
    before = _lab_state()
    account = prepare(folder / "check", variables, options=["--check", "--diff"])
    job = stream(folder / "check", "repair.yml")
    after = _lab_state()
    checks = {
        f"the check run is {job.status}": job.status == "successful",
        "the check run changed something": _world(before) == _world(after),
        "nothing says what a run would do": "would_repair" in job.output
        and "Next: run again without check mode" in job.output,
        "the differences are not shown": '+    "protocol_logging_level": "Verbose"' in job.output,
    }
    return [each for each, holds in checks.items() if not holds] + _readable(job, account)


def cancelled(folder: Path, variables: Mapping[str, Any]) -> list[str]:
    """Somebody presses Cancel while the evidence is awaited; the next job finishes, and puts the level back."""
    account = prepare(folder / "cancelled", variables)
    job = run(folder / "cancelled", "repair.yml", cancel=_begins(AWAITED))
    return _interrupted(job, "canceled", account) + _finished(folder, variables)


def timed_out(folder: Path, variables: Mapping[str, Any]) -> list[str]:
    """The job template's timeout is too short; the next job finishes, and puts the level back."""
    account = prepare(folder / "timed-out", variables, timeout=10)
    job = run(folder / "timed-out", "repair.yml")
    return _interrupted(job, "timeout", account) + _finished(folder, variables)


def _begins(task: str) -> Callable[[Event], bool]:
    return lambda event: event["event"] == "playbook_on_task_start" and event["event_data"]["name"].endswith(task)


def _interrupted(job: Job, status: str, account: Account) -> list[str]:
    state = _lab_state()
    checks = {
        f"the interrupted job is {job.status}": job.status == status,
        f"it was interrupted when the level was {_levels(state)}": _levels(state) == ["Verbose"],
        "it was interrupted when mail had left": not state["delivered"],
    }
    return [each for each, holds in checks.items() if not holds] + _secrets(job, account)


def _finished(folder: Path, variables: Mapping[str, Any]) -> list[str]:
    account = prepare(folder / "next", variables)
    job = run(folder / "next", "repair.yml")
    state = _lab_state()
    accepted = sum(each["tls"] and each["reply"].startswith("250 ") for each in state["delivered"])
    levels = [
        each["parameters"]["ProtocolLoggingLevel"] for each in state["commands"] if each["name"] == "Set-SendConnector"
    ]
    checks = {
        f"the next job is {job.status}": job.status == "successful",
        f"{accepted} of {MESSAGES} messages left over TLS": accepted == MESSAGES,
        f"at the end the level is {_levels(state)}": _levels(state) == ["None"],
        f"the level was set to {levels}": levels == ["Verbose", "None"],
        "the output does not say how it ended": "repaired: " in job.output,
    }
    return [each for each, holds in checks.items() if not holds] + _readable(job, account)


def _readable(job: Job, account: Account) -> list[str]:
    """Progress is to be read in the output while the job runs, and what was waited for is announced."""
    said = [each["stdout"] for each in job.events if each["stdout"].strip()]
    problems = [] if len(said) > MESSAGES else [f"the output of {job.folder.name} comes in {len(said)} pieces"]
    return problems + _secrets(job, account)


def _secrets(job: Job, account: Account) -> list[str]:
    return [f"the password stands in {each}" for each in job.leaks(account.password)]


def _lab_state() -> State:
    done = subprocess.run(["exchange-lab", "state"], stdin=subprocess.DEVNULL, capture_output=True, check=True)
    state: State = json.loads(done.stdout)
    return state


def _levels(state: State) -> list[str]:
    return sorted({each["protocol_logging_level"] for each in state["connectors"].values()})


def _world(state: State) -> object:
    """What a check run must leave as it was."""
    certificates = {
        name: [(key, each["services"]) for key, each in server["certificates"].items()]
        for name, server in state["servers"].items()
    }
    return certificates, _levels(state), len(state["delivered"])


_PLAYS: Final[Mapping[str, Callable[[Path, Mapping[str, Any]], list[str]]]] = {
    "launched": launched,
    "cancelled": cancelled,
    "timed_out": timed_out,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
