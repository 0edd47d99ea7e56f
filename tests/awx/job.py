# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job as AWX runs it: a private data directory, the password by prompt, the survey's answers as extra variables."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import ansible_runner
import yaml

PROJECT: Final = Path(__file__).resolve().parents[2] / "extensions" / "awx" / "project"
Event = Mapping[str, Any]


@dataclass(frozen=True)
class Account:
    """Who reaches the hosts: AWX keeps it as a Machine credential, and no inventory holds it."""

    user: str
    password: str


@dataclass(frozen=True)
class Job:
    """What came of a job: its status as AWX shows it, and its events in their order."""

    status: str
    events: tuple[Event, ...]
    folder: Path

    @property
    def output(self) -> str:
        """Return what AWX shows as the output."""
        return "\n".join(each["stdout"] for each in self.events if each["stdout"])

    def leaks(self, secret: str) -> list[str]:
        """Return the files in which a secret stands, other than the one by which AWX hands it over."""
        files = [each for each in self.folder.rglob("*") if each.is_file() and each.name != "passwords"]
        return [str(each.relative_to(self.folder)) for each in files if secret.encode() in each.read_bytes()]


def prepare(folder: Path, variables: Mapping[str, Any], *, options: Sequence[str] = (), timeout: int = 0) -> Account:
    """Fill a private data directory from the inventory of the lab around this process; returns its account."""
    inventory = yaml.safe_load(Path(os.environ["ANSIBLE_INVENTORY"]).read_text(encoding="utf-8"))
    everywhere = inventory["exchange"]["vars"]
    account = Account(everywhere.pop("ansible_user"), everywhere.pop("ansible_password"))
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(PROJECT, folder / "project")
    (folder / "inventory").mkdir()
    (folder / "env").mkdir()
    machine = _machine(folder)
    files: dict[str, Any] = {
        "inventory/hosts.json": inventory,
        "env/extravars": dict(variables),
        "env/passwords": {r"^SSH password:\s*?$": account.password},
        "env/settings": {"job_timeout": timeout, "suppress_ansible_output": True, "idle_timeout": 0},
        "env/envvars": {"ANSIBLE_INVENTORY": str(folder / "inventory"), "PYTHONPATH": str(machine)},
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
    (folder / "env" / "cmdline").write_text(
        " ".join(["-u", account.user.replace("\\", "\\\\"), "--ask-pass", *options])
    )
    return account


def _machine(folder: Path) -> Path:
    """Give the job's processes a machine name of their own, as its container would."""
    machine = folder.with_name(f"{folder.name}-machine")
    machine.mkdir(exist_ok=True)
    (machine / "sitecustomize.py").write_text(f"import socket\n\nsocket.gethostname = lambda: {folder.name!r}\n")
    return machine


def run(folder: Path, playbook: str, *, cancel: Callable[[Event], bool] | None = None) -> Job:
    """Run the job, until it ends or ``cancel`` says of an event that somebody presses Cancel when he sees it."""
    events: list[Event] = []

    def see(event: Event) -> bool:
        events.append(event)
        return True

    runner = ansible_runner.run(
        private_data_dir=str(folder),
        playbook=playbook,
        event_handler=see,
        cancel_callback=lambda: cancel is not None and any(map(cancel, events)),
    )
    return Job(runner.status, tuple(events), folder)


def stream(folder: Path, playbook: str) -> Job:
    """Run the job as AWX does on an execution node: sent there, worked on there, and its events sent back."""
    away, back = folder.with_name(f"{folder.name}-node"), folder.with_name(f"{folder.name}-back")
    for each in (away, back):
        shutil.rmtree(each, ignore_errors=True)
        each.mkdir()
    line = (
        f'ansible-runner transmit "{folder}" --playbook {playbook} --ident job'
        f' | ansible-runner worker --private-data-dir "{away}"'
        f' | ansible-runner process "{back}" --ident job > "{back}.txt"'
    )
    subprocess.run(["bash", "-o", "pipefail", "-c", line], stdin=subprocess.DEVNULL, check=False)
    artifacts = back / "artifacts" / "job"
    found = sorted(artifacts.glob("job_events/*-*.json"), key=lambda each: int(each.name.partition("-")[0]))
    events = tuple(json.loads(each.read_text(encoding="utf-8")) for each in found)
    status = artifacts / "status"
    return Job(status.read_text() if status.exists() else "none", events, back)
