# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A running organisation: the world, its transport services, and listeners in front of its cmdlets."""

from __future__ import annotations

import socket
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from . import wire
from .certificates import TlsAuthority
from .cmdlets import exchange_endpoint
from .disturbances import Disturbances
from .kdc import SERVICES, Realm
from .state import State, state_of
from .transport import TransportService
from .windows import windows_endpoint
from .world import Endpoint, Server, World
from .world import Realm as RealmFacts

EXCHANGE_SERVICES = ("HTTP",)


class Organisation:
    """Brings a world to life, on loopback addresses of its own; a context manager."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._traffic = wire.Traffic()
        self._tls = TlsAuthority()
        suffix = world.domain if world.realm is None else world.realm.name
        self._accounts = wire.Accounts(
            wire.Account(each.user, each.password, upn=f"{each.name}@{suffix}") for each in world.accounts
        )
        self._disturbances = Disturbances(world)
        self._realm = None if world.realm is None else _realm_of(world, world.realm)
        self._transports: list[TransportService] = []
        self._running = ExitStack()

    @property
    def authority(self) -> str:
        """The certificate of the authority behind the HTTPS listeners, as PEM."""
        return self._tls.certificate

    @property
    def kerberos_config(self) -> Path | None:
        """The krb5.conf of the organisation's realm, for its clients' KRB5_CONFIG; None without a realm."""
        return None if self._realm is None else self._realm.config

    def start(self) -> None:
        """Live through the past of the scenario, then let time run and answer clients.

        NotSimulated when the scenario asks for something that the lab does not know, RealmError when there can be no
        realm here; nothing runs then.
        """
        world = self.world
        with ExitStack() as running:
            if self._realm is not None:
                running.enter_context(self._realm)
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
                    exchange = exchange_endpoint(world, world.servers[server.powershell.proxied_to or server.fqdn])
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
        return state_of(
            self.world,
            open_shells=self._traffic.open_shells,
            rejections=self._rejections(),
            crashes=self._traffic.crashes,
        )

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
        served = replace(
            served, stray_space=endpoint.stray_space, balancer=endpoint.balancer, disturb=self._disturbances
        )
        tls = self._tls.channel(server.fqdn, server.address) if endpoint.scheme == "https" else None
        listener = wire.Listener(
            server.address,
            scheme=endpoint.scheme,
            endpoints=[served],
            accounts=self._accounts,
            authentication=endpoint.authentication,
            keys=self._keys(server, endpoint),
            tls=tls.context if tls else None,
            bindings=tls.bindings if tls and endpoint.extended_protection else None,
            traffic=self._traffic,
        )
        running.enter_context(listener)
        return replace(endpoint, port=listener.port)

    def _keys(self, server: Server, endpoint: Endpoint) -> wire.ServiceKeys | None:
        """The keys of a server's endpoint. Exchange's own takes tickets for its own service alone."""
        if self._realm is None or not self.world.knows_tickets(server):
            return None
        services = SERVICES if endpoint is server.wsman else EXCHANGE_SERVICES
        return wire.ServiceKeys(self._realm.config, self._realm.keytab(server.fqdn, services))

    def _rejections(self) -> Counter[str]:
        """Wrong passwords by account: those that the servers were shown, and those that the KDC was."""
        counted = Counter(self._accounts.rejections)
        if self._realm is not None:
            for name, times in self._realm.rejections.items():
                counted[self._accounts.canonical(f"{name}@{self._realm.name}") or name] += times
        return counted


def _realm_of(world: World, realm: RealmFacts) -> Realm:
    return Realm(
        realm.name,
        passwords={each.name: each.password for each in world.accounts},
        hosts=[fqdn for fqdn, server in world.servers.items() if world.knows_tickets(server)],
        answering=realm.answering,
    )


def _address(number: int) -> str:
    """127.0.1.1 for the first server, and so on; no address ends in 0 or 255."""
    network, host = divmod(number, 254)
    return f"127.0.{network + 1}.{host + 1}"
