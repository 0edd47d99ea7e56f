# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A running organisation: the world, its transport services, and listeners in front of its cmdlets."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta

from . import wire
from .certificates import TlsAuthority
from .cmdlets import exchange_endpoint
from .state import State, state_of
from .transport import TransportService
from .windows import windows_endpoint
from .world import Endpoint, Server, World


class Organisation:
    """Brings a world to life, on loopback addresses of its own; a context manager."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._traffic = wire.Traffic()
        self._tls = TlsAuthority()
        self._accounts = wire.Accounts(
            wire.Account(each.user, each.password, upn=f"{each.user.partition(chr(92))[2]}@{world.domain}")
            for each in world.accounts
        )
        self._transports: list[TransportService] = []
        self._running = ExitStack()

    @property
    def authority(self) -> str:
        """The certificate of the authority behind the HTTPS listeners, as PEM."""
        return self._tls.certificate

    def start(self) -> None:
        """Live through the past of the scenario, then let time run and answer clients.

        NotSimulated when the scenario asks for something that the lab does not know; nothing runs then.
        """
        world = self.world
        with ExitStack() as running:
            for number, server in enumerate(world.servers.values()):
                server.address = _address(number)
                service = server.transport = TransportService(world, server)
                self._transports.append(service)
            for service in self._transports:
                service.catch_up()
            world.clock.start()
            for service in self._transports:
                service.start()
                running.callback(service.stop)
            for server in world.servers.values():
                if server.powershell is not None:
                    exchange = exchange_endpoint(world, server)
                    server.powershell = self._listen(running, server, server.powershell, exchange)
                server.wsman = self._listen(running, server, server.wsman, windows_endpoint(world, server))
            self._running = running.pop_all()

    def stop(self) -> None:
        """Stop answering, then stop time's effects; raises what made a transport service crash, if one did."""
        self._running.close()

    def __enter__(self) -> Organisation:
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def state(self) -> State:
        """What is true now."""
        return state_of(self.world, open_shells=self._traffic.open_shells, crashes=self._traffic.crashes)

    def advance(self, by: timedelta) -> datetime:
        """Let time pass, and wait until everything that was due has happened; returns what time it is then."""
        self.world.clock.advance(by)
        for service in self._transports:
            service.catch_up()
        return self.world.clock.now()

    def _listen(self, running: ExitStack, server: Server, endpoint: Endpoint, served: wire.Endpoint) -> Endpoint:
        """Open the listener of an endpoint; returns the endpoint with its port."""
        if not server.reachable:
            # Bound, so that nobody else takes the port, but not listening: connections are refused.
            reserved = running.enter_context(socket.socket())
            reserved.bind((server.address, 0))
            return replace(endpoint, port=reserved.getsockname()[1])
        listener = wire.Listener(
            server.address,
            scheme=endpoint.scheme,
            endpoints=[served],
            accounts=self._accounts,
            authentication=endpoint.authentication,
            tls=self._tls.context(server.fqdn, server.address) if endpoint.scheme == "https" else None,
            traffic=self._traffic,
        )
        running.enter_context(listener)
        return replace(endpoint, port=listener.port)


def _address(number: int) -> str:
    """127.0.1.1 for the first server, and so on; no address ends in 0 or 255."""
    network, host = divmod(number, 254)
    return f"127.0.{network + 1}.{host + 1}"
