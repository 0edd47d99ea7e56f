# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connectivity log of a transport service: whether a connection came about, at any logging level of a connector.

Its fields are those of the documentation page "Connectivity logging in Exchange Server"; what stands in a description
was seen in published logs and in a published analysis of Exchange 2013 CU23.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from .address import endpoint_address, is_ipv6
from .log_records import cells_of, records
from .moments import moment_text, parse_moment

_FIELDS: Final = ("date-time", "session", "source", "destination", "direction", "description")
_FAILED: Final = re.compile(
    r"Failed connection to (?P<endpoint>\S+?)\s*\((?P<word>\w+):(?P<code>[0-9A-F]{8})\)", flags=re.IGNORECASE
)
_LOOKED_UP: Final = re.compile(r"\b(?P<reason>\w+) reported by \S+", flags=re.IGNORECASE)
_ESTABLISHED: Final = re.compile(r"Established connection to (?P<endpoint>\S+)", flags=re.IGNORECASE)


@dataclass(frozen=True)
class ConnectRow:
    """One row. ``direction`` is ``+`` begin, ``>`` what became of it, ``-`` end, ``*`` information."""

    time: datetime
    session: str
    source: str
    destination: str
    direction: str
    description: str
    line: int
    file: str = ""


@dataclass(frozen=True)
class Refused:
    """A target that could not be connected to: its address, and the socket error's word and number."""

    address: str
    word: str
    code: int

    @property
    def is_ipv6(self) -> bool:
        """Tell whether it was reached for by IPv6."""
        return is_ipv6(self.address)


@dataclass(frozen=True)
class Attempt:
    """One attempt to reach a next hop: the rows of one session, whose id is that of the protocol log.

    ``destination`` is what the queue calls its next hop.
    """

    session: str
    destination: str
    rows: tuple[ConnectRow, ...]

    @property
    def started(self) -> datetime:
        """Return when it began."""
        return self.rows[0].time

    @property
    def ended(self) -> datetime:
        """Return the time of its last row so far."""
        return self.rows[-1].time

    @property
    def has_connected(self) -> bool:
        """Tell whether a connection came about."""
        return any(_ESTABLISHED.search(row.description) for row in self.rows)

    @property
    def refused(self) -> tuple[Refused, ...]:
        """Return the targets that could not be connected to, in their order."""
        found = (_FAILED.search(row.description) for row in self.rows)
        return tuple(
            Refused(endpoint_address(each["endpoint"]), each["word"], int(each["code"], 16)) for each in found if each
        )

    @property
    def failed_lookup(self) -> str:
        """Return the word with which looking up the next hop's name failed, like ``ErrorRetry``; empty if it did not.

        A later answer counts: several servers may be asked, and for several records.
        """
        reasons = [each["reason"] for row in self.rows if (each := _LOOKED_UP.search(row.description))]
        return reasons[-1] if reasons and not any(each.lower() == "success" for each in reasons) else ""

    def concerns(self, guid: str, destinations: Iterable[str]) -> bool:
        """Tell whether mail of a connector was to leave by it: the first row names the connector, or the next hop."""
        if guid in self.rows[0].description.lower():
            return True
        return self.destination.lower() in {each.lower() for each in destinations if each}


@dataclass(frozen=True)
class ConnectivityLog:
    """The connectivity log as far as it was read; ``path`` is None where none is written.

    ``problem`` is the sentence that says why it is not known; empty when it was read.
    """

    path: str | None
    attempts: tuple[Attempt, ...] = ()
    problem: str = ""


def parse_connect_rows(chunks: Iterable[str | bytes], file: str = "") -> Iterator[ConnectRow]:
    """Yield one file's rows. The chunks are consecutive pieces of it; what is no row is passed over."""
    columns = {name: index for index, name in enumerate(_FIELDS)}
    for line, record in records(chunks):
        if record is None:
            continue
        if record.startswith("#"):
            name, __, value = record[1:].partition(":")
            if name.strip().lower() == "fields":
                columns = {field.strip().lower(): index for index, field in enumerate(value.split(","))}
            continue
        row = _row(cells_of(record), columns, line, file)
        if row is not None:
            yield row


def _row(cells: list[str], columns: dict[str, int], line: int, file: str) -> ConnectRow | None:
    if len(cells) != len(columns) or not columns.keys() >= set(_FIELDS):
        return None
    time, session, source, destination, direction, description = (cells[columns[name]] for name in _FIELDS)
    try:
        moment = parse_moment(time)
    except ValueError:
        return None
    if moment is None or direction not in ("+", "-", ">", "<", "*"):
        return None
    return ConnectRow(moment, session, source, destination, direction, description.strip(), line, file)


def attempts_of(rows: Iterable[ConnectRow]) -> tuple[Attempt, ...]:
    """Group rows by their session, in the order in which the sessions began. What belongs to no session is left out."""
    grouped: dict[str, list[ConnectRow]] = {}
    for row in rows:
        if row.session and row.source.lower() == "smtp":
            grouped.setdefault(row.session, []).append(row)
    found = (Attempt(session, each[0].destination, tuple(each)) for session, each in grouped.items())
    return tuple(sorted(found, key=lambda each: each.started))


def connect_row_text(row: ConnectRow) -> str:
    """Write a row as the log does."""
    cells = (moment_text(row.time) or "", row.session, row.source, row.destination, row.direction, row.description)
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([" ".join(cell.split()) for cell in cells])
    return line.getvalue()
