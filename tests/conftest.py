# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A test that did not run proves nothing: a run in which one was skipped, or expected to fail, has failed.

And a machine that has other things to do proves nothing against a test, so hypothesis sets no deadline.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

NOT_RUN = ("skipped", "xfailed", "xpassed")


def _counts(config: pytest.Config) -> dict[str, int]:
    stats = config.pluginmanager.getplugin("terminalreporter").stats
    return {outcome: len(stats.get(outcome, [])) for outcome in ("passed", "failed", "error", *NOT_RUN)}


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> object:
    """Turn a success with tests that did not run into a failure, before anybody reports the exit status."""
    counts = _counts(session.config)
    if session.exitstatus == pytest.ExitCode.OK and any(counts[outcome] for outcome in NOT_RUN):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    return (yield)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    counts = _counts(terminalreporter.config)
    not_run = sum(counts[outcome] for outcome in NOT_RUN)
    terminalreporter.write_line(
        f"{counts['passed']} passed, {counts['failed'] + counts['error']} failed, {not_run} skipped"
    )
