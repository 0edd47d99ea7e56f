# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenarios: YAML files by ``scenario.schema.json`` that become a world."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..world import World
from .building import Builder
from .contract import validate
from .document import Document, Place, ScenarioError, override, read

__all__ = ["Document", "Place", "ScenarioError", "load"]


def load(path: Path, assignments: Sequence[str] = ()) -> World:
    """The world of a scenario file, with single facts changed by assignments such as ``readings.cng_key=unusable``.

    ScenarioError names file, line and key of every mistake.
    """
    document = read(path)
    for assignment in assignments:
        override(document, assignment)
    return Builder(document, validate(document)).world()
