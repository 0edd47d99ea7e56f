# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the connectivity log where it lies: whole files, the newest first, no more than are needed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from .._exchange.cmdlets import get_content
from .._exchange.connectivity_log import Attempt, ConnectivityLog, ConnectRow, attempts_of, parse_connect_rows
from .._remoting.errors import CmdletFailed
from .send_log import Run, log_files_since, texts_of

# It holds every connection of the server. The last attempt of a queue that waits is never older than half an hour.
_MOST_FILES: Final = 3


def read_connectivity_log(
    run: Run, directory: str | None, since: datetime, wanted: Callable[[Attempt], bool]
) -> ConnectivityLog:
    """Read the latest attempts since a time, back to a file that holds one that is wanted.

    ``directory`` is None when the server writes no connectivity log. A log that cannot be read is returned with its
    problem: it is unknown, not empty.
    """
    if directory is None:
        return ConnectivityLog(None, problem="this server writes no connectivity log (ConnectivityLogEnabled).")
    rows: list[ConnectRow] = []
    found: tuple[Attempt, ...] = ()
    try:
        files = list(log_files_since(run, directory, "CONNECTLOG", since))[-_MOST_FILES:]
        while files and not any(map(wanted, found)):
            file = files.pop()
            rows = [*parse_connect_rows(texts_of(run(get_content(file.path)).output), file.name), *rows]
            found = attempts_of(row for row in rows if row.time >= since)
    except CmdletFailed as failure:
        return ConnectivityLog(directory, problem=str(failure))
    return ConnectivityLog(directory, found)
