# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The unit tests, run against a mutant in a fork of this process.

A mutant never stands on the disk: the fork imports it in place of the file. All that tests import from elsewhere is
imported before the fork, and only those tests run that run the statement with the fault.
"""

from __future__ import annotations

import importlib
import json
import multiprocessing
import os
import resource
import signal
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Final

import pytest
from hypothesis import Phase, settings

from .mutants import ROOT, Mutant, reach

TESTS: Final = (
    "tests/unit/plugins/exchange",
    "tests/unit/plugins/outbound_tls",
    "tests/unit/plugins/remoting/test_prompts.py",
    "tests/unit/plugins/observe",
    "tests/unit/plugins/filter",
    "tests/unit/plugins/modules/test_needs.py",
    "tests/unit/plugins/test_module_engine.py",
)
"""The tests of what is mutated, and of its nearest callers."""

PROCESSOR_SECONDS: Final = 30
"""Beyond what its tests need, after which a mutant is taken to loop forever."""
MEMORY: Final = 4 << 30
"""Bytes, for a loop that collects."""

IMPORT: Final = "an import"
"""Stands among the tests that run a line where importing a file of the collection runs it: all of them are meant."""

_OPTIONS: Final = (
    *("-x", "-q", "--tb=no", "-p", "no:cacheprovider", "-p", "no:faulthandler"),
    # Nobody reads what was wrong, so nobody has to prepare it: half of the time.
    *("--assert=plain", "-p", "no:hypothesispytest"),
)
_FORK: Final = multiprocessing.get_context("fork")
_OURS: Final = ("ansible_collections", "tests", "conftest", "__main__", "__mp_main__")


class TimeIsUp(BaseException):
    """Raised in a test that does not end; not an Exception, so that no handler of ours takes it for one."""


@dataclass(frozen=True)
class Suite:
    """What the tests do without a mutant: seconds by test, and the tests that run a line of a file."""

    seconds: Mapping[str, float]
    lines: Mapping[tuple[str, int], Collection[str]]

    def concerned(self, mutant: Mutant) -> list[list[str]]:
        """Return the tests that may notice a mutant, in groups, the likeliest first; none if no test runs it."""
        source = (ROOT / mutant.file).read_text(encoding="utf-8")
        statement = reach(source, mutant.line)
        if statement is not None:
            tests = {test for line in statement for test in self.lines.get((mutant.file, line), ())}
            if IMPORT not in tests:
                return self._groups(tests)
        # What runs at an import may have made what any test holds.
        here = set(self.lines.get((mutant.file, mutant.line), ()))
        near = {test for (file, __), tests in self.lines.items() if file == mutant.file for test in tests}
        return self._groups(here, near, self.seconds)

    def patience(self, tests: Sequence[str]) -> float:
        """Return after how many seconds of a processor tests loop forever; without a fault they took less, traced."""
        return PROCESSOR_SECONDS + sum(self.seconds[test] for test in tests)

    def _groups(self, *tests: Collection[str]) -> list[list[str]]:
        """Return each of these without those of the former ones, the fastest first."""
        groups, known = [], {IMPORT}
        for each in tests:
            groups.append(sorted(set(each) - known, key=self.seconds.__getitem__))
            known.update(each)
        return [group for group in groups if group]


def learn(files: Collection[str]) -> Suite:
    """Run all tests without a mutant and note what they run; import in this process what they import from elsewhere.

    Raises:
        RuntimeError: a test fails, and then it would kill every mutant.
    """
    # All forks read what one has compiled, wherever Python is told to keep nothing; no mutant is among it.
    sys.dont_write_bytecode, sys.pycache_prefix = False, str(ROOT / "build" / "mutation" / "pycache")
    with tempfile.TemporaryDirectory() as folder:
        note = Path(folder) / "note.json"
        process = _fork(lambda: _note(frozenset(files), note))
        process.join()
        if process.exitcode != 0:
            raise RuntimeError(f"the tests must all be green before anything is mutated: pytest {' '.join(TESTS)}")
        noted = json.loads(note.read_text(encoding="utf-8"))
    for name in noted["modules"]:
        # Some modules can only be imported by the one that made them.
        with suppress(ImportError, AttributeError):
            importlib.import_module(name)
    suite = Suite(noted["seconds"], {(file, line): tests for file, line, tests in noted["lines"]})
    # And once as every mutant runs: where they failed anyhow, each would be killed.
    process = start(None, list(suite.seconds), suite.patience(list(suite.seconds)))
    process.join()
    if not survived(process):
        raise RuntimeError("the tests are green by themselves, but not in a fork of this process")
    return suite


def start(mutant: Mutant | None, tests: Sequence[str], patience: float) -> BaseProcess:
    """Run tests against a mutant in a process of its own; ``survived`` reads how it ended."""
    paths = sorted({test.partition("::")[0] for test in tests})
    return _fork(lambda: _run(_Chosen(tests), paths, mutant, patience))


def survived(process: BaseProcess) -> bool:
    """Tell whether no test failed in a process that has ended. A file that cannot be imported fails them all.

    Raises:
        RuntimeError: there was no test to fail.
    """
    if process.exitcode == pytest.ExitCode.NO_TESTS_COLLECTED:
        raise RuntimeError("pytest found none of the tests that it was to run")
    return process.exitcode == 0


def _fork(work: Callable[[], int]) -> BaseProcess:
    process = _FORK.Process(target=lambda: os._exit(work()))
    process.start()
    return process


def _run(plugin: object, paths: Sequence[str], mutant: Mutant | None = None, patience: float = 0) -> int:
    _be_quiet_and_modest(patience)
    if mutant is not None:
        _import_in_place(ROOT / mutant.file, mutant.source)
    return int(pytest.main([*_OPTIONS, *(str(ROOT / path) for path in paths)], plugins=[plugin]))


def _be_quiet_and_modest(patience: float) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.dup2(nowhere, sys.stderr.fileno())
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGPROF, _time_is_up)
    signal.setitimer(signal.ITIMER_PROF, patience, 1)


def _time_is_up(__: int, ___: FrameType | None) -> None:
    raise TimeIsUp


def _import_in_place(file: Path, source: str) -> None:
    """From now on importing this file means this source."""
    get_code = SourceFileLoader.get_code

    def get_code_or_mutant(loader: SourceFileLoader, name: str) -> CodeType | None:
        if os.path.realpath(loader.path) == str(file):
            return compile(source, loader.path, "exec", dont_inherit=True)
        return get_code(loader, name)

    SourceFileLoader.get_code = get_code_or_mutant  # type: ignore[method-assign,assignment]


class _Deterministic:
    """Hypothesis draws the same few examples for every mutant; a failing one need not be made small."""

    def pytest_collection(self) -> None:
        unhurried = settings.get_profile("unhurried")
        phases = (Phase.explicit, Phase.generate)
        settings.register_profile(
            "mutation", unhurried, derandomize=True, database=None, max_examples=50, phases=phases
        )
        settings.load_profile("mutation")


class _Chosen(_Deterministic):
    """Runs these tests only, in this order."""

    def __init__(self, tests: Sequence[str]) -> None:
        self._places = {test: place for place, test in enumerate(tests)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted(
            (item for item in items if item.nodeid in self._places), key=lambda item: self._places[item.nodeid]
        )


class _Notes(_Deterministic):
    """Notes how long a test takes and which lines of these files it runs.

    What runs while a file of tests is collected is for all tests in it: their parameters may hold what it returns.
    """

    def __init__(self, files: frozenset[str]) -> None:
        self.seconds: dict[str, float] = {}
        self.lines: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
        self._files = files
        self._known: dict[str, str | None] = {}
        self._now = ""
        self._imports = 0

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        begun = time.monotonic()
        with self._noting(item.nodeid):
            result = yield
        self.seconds[item.nodeid] = time.monotonic() - begun
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Iterator[None]:
        with self._noting(collector.nodeid):
            return (yield)

    @contextmanager
    def _noting(self, now: str) -> Iterator[None]:
        self._now = now
        sys.settrace(self._called)
        try:
            yield
        finally:
            sys.settrace(None)

    def _called(self, frame: FrameType, __: str, ___: Any) -> Callable[[FrameType, str, Any], Any] | None:
        path = frame.f_code.co_filename
        if path not in self._known:
            real = os.path.relpath(os.path.realpath(path), ROOT)
            self._known[path] = real if real in self._files else None
        file = self._known[path]
        if file is None:
            return None

        is_import = frame.f_code.co_name == "<module>"
        self._imports += is_import

        def run(frame: FrameType, event: str, __: Any) -> Any:
            if event == "line":
                self.lines[file, frame.f_lineno].add(IMPORT if self._imports else self._now)
            elif event == "return":
                self._imports -= is_import
            return run

        return run

    def tests_of(self, noted: str) -> list[str]:
        """Return the tests that are meant by what was noted: a test, an import, a file or folder of tests."""
        if noted in self.seconds or noted == IMPORT:
            return [noted]
        return [test for test in self.seconds if test.startswith((f"{noted}::", f"{noted}/"))]


def _note(files: frozenset[str], note: Path) -> int:
    notes = _Notes(files)
    status = _run(notes, TESTS)
    names = [name for name in list(sys.modules) if name.partition(".")[0] not in _OURS and "test_" not in name]
    lines = [
        (file, line, sorted({test for each in noted for test in notes.tests_of(each)}))
        for (file, line), noted in notes.lines.items()
    ]
    note.write_text(json.dumps({"seconds": notes.seconds, "lines": lines, "modules": names}), encoding="utf-8")
    return status
