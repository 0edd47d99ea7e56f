# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Front End Transport service of a Mailbox server, as far as mail that leaves through it is concerned.

After "Configure Send connectors to proxy outbound mail" (documentation) and a published analysis of Exchange 2013 CU23.
No log of such a session has been published as a whole. Receive logs are not written.
"""

from __future__ import annotations

from random import Random

from ..agenda import Steps
from ..world import SendConnector, Server, World
from .certificate_choice import Credentials, default_credentials
from .client import Channel, Errand, Service, SmtpClient
from .events import Events
from .failure import Unreached, proxy_refusal
from .protocol_log import SessionLog
from .target import Target

PORT = 717  # of the receive connector "Outbound Proxy Frontend SERVER"
VIRTUAL_CONNECTOR = "Outbound proxy virtual send connector"


class FrontEnd:
    """Opens connections on behalf of transport services, with its own server's store and a log of its own."""

    def __init__(self, world: World, server: Server) -> None:
        self.server = server
        self._world = world
        service = Service(
            "MSExchangeFrontEndTransport", server.front_end_send_log_path, server.front_end_connectivity_log_path
        )
        self._client = SmtpClient(world, server, service, Random(f"front end of {server.fqdn}"))

    @property
    def address(self) -> str:
        return self._client.address

    @property
    def events(self) -> Events:
        return self._client.events

    def credentials(self) -> Credentials:
        """What it shows to a transport service that connects to it."""
        return default_credentials(self.server, self._world.agenda.now, self._world.readings)

    def forget_certificates(self) -> None:
        self._client.forget_certificates()

    def reach(self, connector: SendConnector, destination: str, source: str, session: str) -> Steps[Channel | str]:
        """Reach a peer for a session of the transport service on ``source``; returns the reply where that failed.

        That one hands over what the connector says (XPROXYTO); the certificate is looked for in the store here.
        """
        readings = self._world.readings
        connector_id = VIRTUAL_CONNECTOR if readings.front_end_connector_id == "virtual" else connector.name
        verbose = readings.front_end_log_level == "always" or connector.protocol_logging_level == "Verbose"
        proxied = self._client.next_session_id()

        def log_for(target: Target) -> SessionLog:
            return self._client.session_log(connector_id, target.endpoint, verbose=verbose)

        proxied_for = f"Outbound proxy from {source} with session id {session}. Proxied session id {proxied}"
        errand = Errand(connector, destination, log_for, "OutboundProxy;", proxied_for)
        reached = yield from self._client.reach(errand)
        return proxy_refusal(reached, readings) if isinstance(reached, Unreached) else reached


def front_end_server(world: World, source: Server) -> Server:
    """The server whose front end a server's proxied mail leaves through; itself when it is the only Mailbox server.

    Which one Exchange chooses is not documented: here the next one, in its own site if there is another one.
    """
    servers = [each for each in world.servers.values() if each.role == "mailbox"]
    own = servers.index(source)
    others = servers[own + 1 :] + servers[:own]
    if world.readings.outbound_front_end == "local" or not others:
        return source
    return next((each for each in others if each.site == source.site), others[0])
