# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server's services say of their certificates by themselves: as they start, and once a day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from ..agenda import Agenda
from ..world import Readings, ReceiveConnector, Server
from .certificate_choice import receive_certificate
from .events import Events

EVERY = timedelta(days=1)


class CertificateCheck:
    """Looks at the default certificate, and at those of Receive connectors: some host connects to each every day.

    How often Exchange looks is not documented.
    """

    def __init__(
        self,
        server: Server,
        agenda: Agenda,
        readings: Readings,
        events_of: Callable[[ReceiveConnector | None], Events],
    ) -> None:
        """``events_of`` tells whose events those about a Receive connector are, or, without one, about the server."""
        self._server = server
        self._agenda = agenda
        self._readings = readings
        self._events_of = events_of

    def begin(self) -> None:
        """Look now, and once a day from now on."""
        self._agenda.at(self._agenda.now, self._look_again)

    def _look_again(self) -> None:
        self._agenda.after(EVERY.total_seconds(), self._look_again)
        self.look()

    def look(self) -> None:
        """Look now: the services start."""
        if not self._server.transport_ran(self._agenda.now):
            return
        internal = self._server.certificate(self._server.default_certificate)
        if internal is not None:
            self._events_of(None).internal_certificate(internal)
        for each in self._server.receive_connectors:
            if each.enabled and "Tls" in each.auth_mechanism:
                self._look_at(each)

    def _look_at(self, connector: ReceiveConnector) -> None:
        fqdn = connector.fqdn or self._server.fqdn
        found = receive_certificate(self._server, connector, self._agenda.now, self._readings)
        events = self._events_of(connector)
        if found is None:
            events.no_certificate(connector.tls_certificate_name or fqdn, connector.name, fqdn)
        else:
            events.starttls_certificate(found, fqdn)
