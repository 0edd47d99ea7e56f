# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connectivity log: one session a connection attempt, whatever a connector's logging level says.

Fields, names and the kinds of descriptions are those of the documentation page "Connectivity logging in Exchange
Server" and of a published analysis of Exchange 2013 CU23. No session has been published as a whole: what the rows say
beyond those pieces is a reading, and the numbers behind QueueLength are simpler than Exchange's.
"""

from __future__ import annotations

import re
from datetime import timedelta
from random import Random
from typing import Literal

from ..agenda import Agenda
from ..timespan import log_time
from ..world import Readings, Server
from .failure import SocketError
from .log_files import LogFiles, LogForm, row_text
from .target import Host

DNS_SERVER = "10.0.0.10"
_FORM = LogForm(
    "CONNECTLOG",
    "Transport Connectivity Log",
    "date-time,session,source,Destination,direction,description",
    10 * 2**20,
)
_CONNECTOR = re.compile(r" [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NEXT_TRY_OF_A_TARGET = timedelta(minutes=1)

Direction = Literal["+", "-", ">", "*"]


class ConnectivityLog:
    """The connectivity log of one service of a server; without a ``directory`` it is switched off."""

    def __init__(
        self, server: Server, directory: str | None, agenda: Agenda, readings: Readings, random: Random
    ) -> None:
        self._files = LogFiles(server, directory, _FORM, agenda=agenda, readings=readings, random=random)
        self._agenda = agenda
        self.is_bare = readings.connectivity_rows == "bare"
        self._failures: dict[str, int] = {}

    def service_started(self) -> None:
        self.row("", "Transport", "", "*", "service started; #MaxConcurrentSubmissions=20; MaxConcurrentDeliveries=20;")

    def begin(self, session: str, destination: str, origin: str) -> Attempt:
        """A new attempt to reach ``destination``.

        ``origin`` is where its mail waits: ``SmartHostConnectorDelivery GUID;QueueLength=TQ=25;``.
        """
        self.row(session, "SMTP", destination, "+", _CONNECTOR.sub("", origin) if self.is_bare else origin)
        return Attempt(self, session, destination)

    def row(self, session: str, source: str, destination: str, direction: Direction, description: str) -> None:
        fields = (log_time(self._agenda.now), session, source, destination, direction, description)
        self._files.write(row_text(fields))

    def target_failed(self, target: Host) -> str:
        """Count a failure of this target; returns what the log says of its health."""
        failures = self._failures[target.address] = self._failures.get(target.address, 0) + 1
        again = log_time(self._agenda.now + _NEXT_TRY_OF_A_TARGET)
        return f"[TargetIPAddress:{target.address}|MarkedUnhealthy|FailureCount:{failures}|NextRetryTime:{again}]"

    def target_answered(self, target: Host) -> None:
        self._failures.pop(target.address, None)


class Attempt:
    """One connection attempt, by the session id that the protocol log has for it too."""

    def __init__(self, log: ConnectivityLog, session: str, destination: str) -> None:
        self._log = log
        self._session = session
        self._destination = destination

    def found(self, target: Host) -> None:
        """The address of a host is known."""
        if self._log.is_bare:
            return
        self._row(">", f"{target.address}; Success reported by {DNS_SERVER}. [Domain:Result] = {target.name}:Success;")

    def not_found(self, host: str, reason: str) -> None:
        """Nobody knows the address of a host."""
        self._row(">", f"{reason} reported by {DNS_SERVER}. [Domain:Result] = {host}:{reason};")
        self.ended()

    def connected(self, endpoint: str, target: Host | None = None) -> None:
        if target is not None:
            self._log.target_answered(target)
        self._row(">", f"Established connection to {endpoint}")

    def unconnected(self, target: Host, error: SocketError) -> None:
        health = self._log.target_failed(target)
        code = f"{error.dotnet_name}:{error.number:08X}"
        self._row(">", f"Failed connection to {target.endpoint} ({code}){health}")
        self.ended()

    def aborted(self) -> None:
        """The session is given up before anything is connected to."""
        self._row("-", "Session aborted")

    def ended(self, messages: int = 0, size: int = 0) -> None:
        self._row("-", f"Messages: {messages} Bytes: {size} ()")

    def _row(self, direction: Direction, description: str) -> None:
        self._log.row(self._session, "SMTP", self._destination, direction, description)
