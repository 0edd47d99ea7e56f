# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Send protocol log: the rows of SMTP sessions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Literal

from ..agenda import Agenda
from ..timespan import log_time
from ..world import Readings, Server
from .log_files import LogFiles, LogForm, row_text

Event = Literal["+", "-", ">", "<", "*"]

FIELDS = "date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context"


@dataclass(frozen=True)
class Row:
    """One row; ``data`` is what crossed the line, ``context`` what Exchange says about it."""

    at: datetime
    connector: str
    session: str
    sequence: int
    local: str
    remote: str
    event: Event
    data: str = ""
    context: str = ""

    @property
    def text(self) -> str:
        fields = (log_time(self.at), self.connector, self.session, self.sequence, self.local, self.remote)
        return row_text((*fields, self.event, self.data, self.context))


class ProtocolLog:
    """The Send log of one service of a server, in ``directory``; None is the empty path that switches it off."""

    def __init__(
        self, server: Server, directory: str | None, agenda: Agenda, readings: Readings, random: Random
    ) -> None:
        form = LogForm("SEND", "SMTP Send Protocol Log", FIELDS, server.send_log_max_file_size)
        self._files = LogFiles(server, directory, form, agenda=agenda, readings=readings, random=random)

    def write(self, row: Row) -> None:
        """Take a row into the buffer; it is lost when SendProtocolLogPath is empty, as on Exchange."""
        self._files.write(row.text)


class SessionLog:
    """The rows of one session, numbered from 0. It stays silent when the level was None as the session opened."""

    def __init__(self, connector: str, session: str, remote: str, write: Callable[[Row], None] | None, agenda: Agenda):
        self.session = session
        self._connector = connector
        self._remote = remote
        self._write = write
        self._agenda = agenda
        self._local = ""
        self._sequence = 0
        self._when_connected: Callable[[], None] | None = None

    def when_connected(self, told: Callable[[], None]) -> None:
        """Tell somebody as soon as there is a connection, whether or not this log speaks."""
        self._when_connected = told

    def reopened(self) -> None:
        """The session goes on under its id, but its rows are counted from 0 again: another host has taken it over."""
        self._sequence = 0

    def connected(self, local: str) -> None:
        """From here on rows name our end of the connection."""
        self._local = local
        self._row("+")
        if self._when_connected is not None:
            self._when_connected()

    def sent(self, line: str) -> None:
        self._row(">", line)

    def received(self, *lines: str) -> None:
        for line in lines:
            self._row("<", line)

    def note(self, context: str, data: str = "") -> None:
        self._row("*", data, context)

    def disconnected(self, by: Literal["Local", "Remote"]) -> None:
        self._row("-", context=by)

    def _row(self, event: Event, data: str = "", context: str = "") -> None:
        if self._write is None:
            return
        self._write(
            Row(
                self._agenda.now,
                self._connector,
                self.session,
                self._sequence,
                self._local,
                self._remote,
                event,
                data,
                context,
            )
        )
        self._sequence += 1
