# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole organisations for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from exchange_lab.organisation import Organisation
from exchange_lab.scenario import load

SCENARIOS = Path(__file__).resolve().parents[2] / "lab" / "scenarios"

Lab = Callable[..., Organisation]


@pytest.fixture
def lab() -> Iterator[Lab]:
    """Start organisations in which time all but stands still unless advanced; none may have crashed in the end."""
    started: list[Organisation] = []

    def start(scenario: str, *changes: str) -> Organisation:
        organisation = Organisation(load(SCENARIOS / f"{scenario}.yml", ["time_scale=0.001", *changes]))
        organisation.start()
        started.append(organisation)
        return organisation

    yield start
    for organisation in started:
        crashes = organisation.state()["crashes"]
        organisation.stop()
        assert crashes == []
