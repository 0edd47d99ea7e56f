# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small organisation whose clock moves only when a test moves it; its facts are those of KB 4051498 at first."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from exchange_lab.certificates import CertificateMaker
from exchange_lab.clock import Clock
from exchange_lab.transport import Queue, TransportService
from exchange_lab.world import (
    Connectors,
    DomainController,
    Mail,
    Peer,
    Readings,
    SendConnector,
    Server,
    StoredCertificate,
    World,
)

BEGIN = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
AUTHORITY = "CN=Example CA, O=Example, C=US"
WILDCARD = "CN=*.contoso.com, OU=IT, O=Contoso"
DC, OTHER_DC = "dc01.contoso.test", "dc02.contoso.test"
MBX = "mbx01.contoso.test"
MAKER = CertificateMaker()


def certificate(
    label: str = "third-party",
    subject: str = WILDCARD,
    issuer: str = AUTHORITY,
    domains: tuple[str, ...] = ("*.contoso.com", "contoso.com"),
    days: tuple[int, int] = (-20, 345),
    **facts: Any,
) -> StoredCertificate:
    """A certificate that is valid from and until so many days from BEGIN."""
    not_before, not_after = (BEGIN + timedelta(days=each) for each in days)
    return StoredCertificate(label, MAKER.make(subject, issuer, domains, not_before, not_after), **facts)


def peer(name: str = "mx.example.com", **facts: Any) -> Peer:
    facts = {"address": "203.0.113.25", "banner": f"220 {name} Microsoft ESMTP MAIL Service ready"} | facts
    return Peer(name=name, certificate=certificate("peer", f"CN={name}", domains=(name,)), **facts)


class Bench:
    """One organisation, and a hand on its clock."""

    def __init__(
        self,
        *,
        connector: dict[str, Any] | None = None,
        connectors: list[SendConnector] | None = None,
        peers: list[Peer] | None = None,
        store: list[StoredCertificate] | None = None,
        server: dict[str, Any] | None = None,
        servers: list[str] | None = None,
        mail: list[Mail] | None = None,
        readings: dict[str, Any] | None = None,
        clock: Clock | None = None,
    ) -> None:
        facts: dict[str, Any] = {
            "guid": "6d1d31f2-7d6f-5b4a-8d0c-0b7e3c0f9a11",
            "name": "Outbound to Office 365",
            "smart_hosts": ("mx.example.com",),
            "fqdn": "mail.contoso.com",
            "tls_certificate_name": f"<I>{AUTHORITY}<S>{WILDCARD}",
            "require_tls": True,
            "protocol_logging_level": "Verbose",
            "source_servers": tuple(servers or [MBX]),
        }
        controllers = {DC: DomainController(DC, "HQ"), OTHER_DC: DomainController(OTHER_DC, "Branch", 15.0)}
        named = [SendConnector(**(facts | (connector or {})))] if connectors is None else connectors
        self.setup = certificate("setup", "CN=mbx01", "self", (MBX,), (-700, 1125), network_service=True)
        self.third_party = certificate()
        mail_server: dict[str, Any] = {"transport_reload_s": 60.0, "log_flush_s": 15.0} | (server or {})
        self.world = World(
            clock=clock or Clock(BEGIN),
            organisation="Contoso",
            domain="contoso.test",
            domain_controllers=controllers,
            servers={
                fqdn: Server(fqdn, fqdn.partition(".")[0].upper(), "HQ", DC, **mail_server) for fqdn in servers or [MBX]
            },
            connectors=Connectors(controllers, named),
            peers={each.name: each for each in peers or [peer()]},
            accounts=[],
            mail=[Mail(MBX, "fabrikam.com", 25, BEGIN)] if mail is None else mail,
            readings=Readings(**(readings or {})),
        )
        self.server = self.world.servers[MBX]
        self.server.store = [self.setup, self.third_party] if store is None else store
        for each in self.world.servers.values():
            each.transport = TransportService(self.world, each)
        assert isinstance(self.server.transport, TransportService)
        self.service = self.server.transport

    @property
    def now(self) -> datetime:
        return self.world.clock.now()

    @property
    def queue(self) -> Queue:
        """The first delivery queue."""
        return self.service.queues()[0]

    def after(self, **span: float) -> Bench:
        """Let time pass, and everything happen that is due."""
        self.world.clock.advance(timedelta(**span))
        for each in self.world.servers.values():
            assert isinstance(each.transport, TransportService)
            each.transport.catch_up()
        return self

    def bind(self, stored: StoredCertificate) -> None:
        """What Enable-ExchangeCertificate does for SMTP."""
        stored.network_service = True
        self.service.store_changed(self.now)

    def set_connector(self, on: str = DC, **changes: Any) -> None:
        guid = self.world.connectors.view(DC, self.now)[0].guid
        self.world.connectors.set(guid, changes, on, self.now)

    def text(self) -> str:
        """What is on disk, of all log files in the order of their names."""
        assert self.server.send_log_path is not None
        return "".join(each.content.decode() for each in self.server.disk.files(self.server.send_log_path))

    def rows(self) -> list[list[str]]:
        """The rows on disk, whole ones, as their nine fields."""
        whole = self.text()[: self.text().rfind("\n") + 1]
        return [row for row in csv.reader(whole.splitlines(keepends=True)) if not row[0].startswith("#")]

    def said(self, session: int | None = None) -> list[tuple[str, str, str]]:
        """Event, data and context of the rows, or of one session: the sessions are numbered from 0."""
        ids = sorted({row[2] for row in self.rows()})
        return [(row[6], row[7], row[8]) for row in self.rows() if session is None or row[2] == ids[session]]


@pytest.fixture
def bench() -> Callable[..., Bench]:
    """Makes an organisation; see Bench for what can be changed."""
    return Bench


@pytest.fixture
def make_certificate() -> Callable[..., StoredCertificate]:
    return certificate


@pytest.fixture
def make_peer() -> Callable[..., Peer]:
    return peer


@pytest.fixture
def make_mail() -> Callable[..., Mail]:
    """Makes five messages for a server, so many minutes after BEGIN."""

    def make(server: str, minutes: float) -> Mail:
        return Mail(server, "fabrikam.com", 5, BEGIN + timedelta(minutes=minutes))

    return make
