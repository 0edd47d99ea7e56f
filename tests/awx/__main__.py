# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make awx``: all that can be seen of AWX without AWX. The exit status is 0 only if all is as it must be.

The configuration is applied by awx.awx to a loopback API, the execution environment is prepared by ansible-builder, and
jobs run by ansible-runner against the lab as AWX runs them, with the answers that the survey's defaults give.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from . import configuration, environment
from .collection import awx_collection
from .controller import Controller

ROOT: Final = Path(__file__).resolve().parents[2]
BUILD: Final = ROOT / "build" / "awx"
LAB: Final = ROOT / "tests" / "lab"
APPROVAL_ONLY: Final = 1
"""awx.awx compares an approval with fields that AWX does not keep, and describes it anew each time."""


def main() -> int:
    """Look at everything, print a line each; returns the exit status."""
    for name in ("configuration", "environment", "jobs"):
        shutil.rmtree(BUILD / name, ignore_errors=True)
        (BUILD / name).mkdir(parents=True)
    controller = Controller()
    short = [
        _said("configuration", partial(_configuration, controller)),
        _said(
            "execution environment", lambda: environment.shortcomings(BUILD / "environment", ROOT / ".venv/collections")
        ),
    ]
    answers = configuration.answers(controller, "repair")
    short += [_said(f"job {job}", partial(_job, job, answers)) for job in ("launched", "cancelled", "timed_out")]
    (BUILD / "awx.json").write_text(json.dumps({"short": sum(short)}) + "\n")
    return 1 if any(short) else 0


def _said(name: str, look: Callable[[], list[str]]) -> bool:
    started = time.monotonic()
    problems = look()
    print(
        f"{name:<24}{'FALLS SHORT' if problems else 'as it must be'}  ({time.monotonic() - started:.0f} s)", flush=True
    )
    for problem in problems:
        print(f"    {problem}", flush=True)
    return bool(problems)


def _configuration(controller: Controller) -> list[str]:
    log = BUILD / "configuration" / "output.txt"
    collections = awx_collection(BUILD / "collections")
    made, again = (configuration.apply(controller, collections, log) for __ in range(2))
    repeated = [] if made and again == APPROVAL_ONLY else [f"the second run of apply.yml changed {again} things"]
    return configuration.shortcomings(controller) + repeated


def _job(name: str, answers: dict[str, object]) -> list[str]:
    folder = BUILD / "jobs" / name
    folder.mkdir()
    lab = [str(LAB / "exchange-lab"), "run", "--scenario", str(LAB / "scenarios" / "kb4051498.yml")]
    job = [sys.executable, "-m", "tests.awx.jobs", name, str(folder), json.dumps(answers)]
    with (folder / "output.txt").open("w", encoding="utf-8") as output:
        done = subprocess.run(
            [*lab, "--set", "time_scale=30", "--", *job],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=output,
            cwd=ROOT,
            text=True,
            check=False,
        )
    problems = [each for each in done.stdout.splitlines() if each.strip()]
    return problems or ([f"it ended with {done.returncode}; see {folder}/output.txt"] if done.returncode else [])


if __name__ == "__main__":
    sys.exit(main())
