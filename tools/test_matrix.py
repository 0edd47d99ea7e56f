# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the integration targets on every ansible-core that the collection supports: ``make test-matrix``.

Each core has a virtual environment of its own, .venv/matrix/<core>. The table at the end and build/test-matrix.json say
what passed; the exit status is 0 only if everything did, on every core. A Python that is missing is a failure.
"""

from __future__ import annotations

import argparse
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
REQUIREMENTS = REPOSITORY / "tests" / "requirements-matrix.txt"
TARGETS = REPOSITORY / "tests" / "integration" / "targets"


@dataclass(frozen=True)
class Core:
    """A supported release line, its newest release, and the Pythons it runs on: together they cover all of them."""

    line: str
    release: str
    pythons: tuple[str, ...]


# The support matrix of ansible-core; the first Python that is found is taken.
CORES = (
    Core("2.18", "2.18.19", ("3.11", "3.12", "3.13")),
    Core("2.19", "2.19.14", ("3.12", "3.11", "3.13")),
    Core("2.20", "2.20.10", ("3.12", "3.13", "3.14")),
    Core("2.21", "2.21.5", ("3.13", "3.12", "3.14")),
)


@dataclass(frozen=True)
class Run:
    """What one core made of the targets; ``problem`` is the sentence that says why nothing ran."""

    core: str
    python: str
    targets: tuple[str, ...]
    passed: tuple[str, ...] = ()
    seconds: int = 0
    log: str = ""
    problem: str = ""

    @property
    def complete(self) -> bool:
        return not self.problem and self.passed == self.targets


def main() -> int:
    """Run the chosen cores one after the other; returns the exit status."""
    parser = argparse.ArgumentParser(prog="test_matrix.py", description=__doc__.partition("\n")[0])
    lines = [core.line for core in CORES]
    parser.add_argument("--core", action="append", choices=lines, help="this core only; may be repeated")
    parser.add_argument("targets", nargs="*", help="these targets only")
    options = parser.parse_args()
    known = integration_targets()
    unknown = set(options.targets).difference(known)
    if unknown:
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    targets = tuple(sorted(set(options.targets))) or known
    runs = [try_core(core, targets) for core in CORES if core.line in (options.core or lines)]
    report = REPOSITORY / "build" / "test-matrix.json"
    report.parent.mkdir(exist_ok=True)
    report.write_text(json.dumps([asdict(run) | {"complete": run.complete} for run in runs], indent=2) + "\n")
    print_table(runs)
    return 0 if all(run.complete for run in runs) else 1


def integration_targets() -> tuple[str, ...]:
    """The targets that ansible-test runs, by name; a hidden one only serves others."""
    aliases = sorted(TARGETS.glob("*/aliases"))
    return tuple(file.parent.name for file in aliases if "hidden" not in file.read_text().split())


def try_core(core: Core, targets: tuple[str, ...]) -> Run:
    """Make the core's environment and run the targets in it."""
    python = find_python(core.pythons)
    if python is None:
        wanted = f"Python {' or '.join(core.pythons)}"
        return Run(core.release, "", targets, problem=f"ansible-core {core.line} needs {wanted}, and none is installed")
    environment = REPOSITORY / ".venv" / "matrix" / core.line
    name = f"ansible-core {core.release} on Python {version_of(python)}"
    print(f"{name}: setting up; the first time builds Kerberos' libraries", flush=True)
    try:
        set_up(environment, python, core)
    except subprocess.CalledProcessError as error:
        return Run(core.release, version_of(python), targets, problem=f"{' '.join(error.cmd)} failed")
    print(f"{name}: {len(targets)} targets", flush=True)
    started = time.monotonic()
    folder = REPOSITORY / "build" / "matrix" / core.line
    log = folder.with_suffix(f"{folder.suffix}.log")
    status = run_targets(environment, folder, targets, log)
    passed = passed_targets(folder)
    seconds = round(time.monotonic() - started)
    problem = "" if status == 0 or passed != targets else f"ansible-test failed with exit status {status}"
    return Run(core.release, version_of(python), targets, passed, seconds, str(log.relative_to(REPOSITORY)), problem)


def find_python(versions: tuple[str, ...]) -> Path | None:
    """The first of these Pythons that is installed. Our .venv is none, and a pyenv shim may stand for nothing."""
    for version in versions:
        found = [shutil.which(f"python{version}", path=folder) for folder in os.get_exec_path()]
        found += [f"{folder}/python{version}" for folder in ("/usr/local/bin", "/usr/bin")]
        found += sorted(glob.glob(f"{Path.home()}/.pyenv/versions/{version}.*/bin/python{version}"))
        for candidate in filter(None, found):
            python = Path(candidate)
            stand_in = python.is_relative_to(REPOSITORY) or "shims" in python.parts
            if not stand_in and python.exists() and version_of(python):
                return python
    return None


def version_of(python: Path) -> str:
    """Such as 3.12.1; empty for a Python that does not run or cannot make virtual environments."""
    ask = "import ensurepip, platform, venv; print(platform.python_version())"
    return subprocess.run([python, "-c", ask], capture_output=True, text=True, check=False).stdout.strip()


def set_up(environment: Path, python: Path, core: Core) -> None:
    """Make the environment, unless it is there with this Python, and install what belongs into it."""
    own = environment / "bin" / "python"
    if not own.exists() or version_of(own) != version_of(python):
        subprocess.run([python, "-m", "venv", "--clear", str(environment)], check=True)
    packages = [f"ansible-core=={core.release}", "--requirement", str(REQUIREMENTS)]
    quiet = ["--quiet", "--quiet", "--disable-pip-version-check"]
    subprocess.run([str(own), "-m", "pip", "install", *quiet, *packages], check=True)


def run_targets(environment: Path, folder: Path, targets: tuple[str, ...], log: Path) -> int:
    """Run the targets, all of them whatever fails; say what runs, keep the rest in the log. Returns the exit status."""
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [str(REPOSITORY / "tools" / "ansible-test"), str(environment), str(folder), "integration"]
    with (
        log.open("w", encoding="utf-8") as kept,
        subprocess.Popen(
            [*command, *targets, "--continue-on-error"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        ) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            kept.write(line)
            kept.flush()
            if begun := re.match(r"Running (\S+) integration test", line):
                print(f"    {begun[1]}", flush=True)
    return process.returncode


def passed_targets(folder: Path) -> tuple[str, ...]:
    """The targets that ansible-test has noted as passed, in the copy of the tree."""
    results = (folder / "ansible_collections/mailops/exchange/tests/output/data").glob("integration-*.json")
    return tuple(sorted({name for file in results for name in json.loads(file.read_text())["targets"]}))


def print_table(runs: list[Run]) -> None:
    print(f"\n{'ansible-core':<14}{'Python':<10}{'targets':>7}{'passed':>8}{'seconds':>9}")
    for run in runs:
        counts = f"{len(run.targets):>7}{len(run.passed):>8}{run.seconds:>9}"
        print(f"{run.core:<14}{run.python or '-':<10}{counts}{'' if run.complete else '   falls short'}")
    for run in runs:
        if not run.complete:
            missing = ", ".join(target for target in run.targets if target not in run.passed)
            print(f"{run.core}: {run.problem or f'failed: {missing}; see {run.log}'}")


if __name__ == "__main__":
    sys.exit(main())
