# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Healthy organisations, in which nothing may be found.

Each is a scenario ``healthy-….yml``, and every server of it is looked at.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from .case import Case

_HERE = Path(__file__).resolve().parent
_PLACES = (_HERE / "scenarios", _HERE.parent / "lab" / "scenarios")


def _servers(file: Path) -> list[str]:
    """Return the servers of a scenario and of those that it extends."""
    document: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    extended = _servers(file.parent / document["extends"]) if "extends" in document else []
    return sorted({*extended, *document.get("servers", ())})


def _case(file: Path, server: str) -> Case:
    name = f"{file.stem.removeprefix('healthy-')}, {server.partition('.')[0]}"
    return Case("healthy", name, "healthy", scenario=file.stem, server=server, severity="info")


HEALTHY = tuple(
    _case(file, server)
    for place in _PLACES
    for file in sorted(place.glob("healthy-*.yml"))
    for server in _servers(file)
)
