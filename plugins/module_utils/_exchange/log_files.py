# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a protocol log directory."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from .._powershell import RemoteObject
from .fields import Fields

# SENDyyyymmdd-n.LOG, and SENDyyyymmddhh-n.LOG of newer builds; n counts from 1 and is not padded.
_LOG: Final = re.compile(r"(?P<kind>[A-Z]+)(?P<date>\d{8})(?P<hour>\d{2})?-(?P<number>\d+)\.LOG", flags=re.IGNORECASE)


@dataclass(frozen=True)
class LogFile:
    """A file as its directory lists it. ``size`` may lag behind while the file is open for writing."""

    name: str
    path: str
    size: int


def log_file_from(source: RemoteObject) -> LogFile:
    """Read what Get-ChildItem returned, projected by ``cmdlets.get_child_item``.

    Raises:
        Unreadable: a property is missing or has no meaning.
    """
    fields = Fields(source, "the log file")
    return LogFile(name=fields.text("Name"), path=fields.text("FullName"), size=fields.number("Length"))


def log_order(name: str, kind: str) -> tuple[str, str, int] | None:
    """Return what sorts files of a log, like ``SEND``, by the time of their rows; None for any other file."""
    found = _LOG.fullmatch(name)
    if found is None or found["kind"].upper() != kind:
        return None
    return found["date"], found["hour"] or "", int(found["number"])
