# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail that leaves through the Front End Transport service of a Mailbox server."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from typing import Any

import pytest
from exchange_lab.world import StoredCertificate

MBX01, MBX02, MBX03 = (f"mbx0{number}.contoso.test" for number in (1, 2, 3))
HOP, PEER = "10.0.0.22:717", "203.0.113.25:25"
NO_ALTERNATE_HOST = (
    "Attempted failover to alternate host, but that did not succeed. Either there are no alternate hosts, or delivery "
    "failed to all alternate hosts."
)
LAST_ENDPOINT = "The last endpoint attempted was 203.0.113.25:25"
Row = list[str]
Proxied = Callable[..., "Proxying"]


class Proxying:
    """Three Mailbox servers with the same third-party certificate, bound on all but the front end of mbx02."""

    def __init__(self, bench: Any, make_certificate: Any, *, sites: tuple[str, ...], **facts: Any) -> None:
        facts["connector"] = {"frontend_proxy_enabled": True, "source_servers": (MBX01,)} | facts.get("connector", {})
        self.here = bench(servers=[MBX01, MBX02, MBX03], **facts)
        self.third_party: dict[str, StoredCertificate] = {}
        self.setup: dict[str, StoredCertificate] = {}
        for (fqdn, server), site in zip(self.here.world.servers.items(), sites, strict=True):
            setup = make_certificate("setup", f"CN={server.name}", "self", (fqdn,), network_service=True)
            bound = StoredCertificate("third-party", self.here.third_party.certificate, network_service=fqdn != MBX02)
            server.store, server.default_certificate, server.site = [setup, bound], setup.thumbprint, site
            self.setup[fqdn], self.third_party[fqdn] = setup, bound

    def bind(self, fqdn: str) -> None:
        self.third_party[fqdn].network_service = True
        self.here.world.servers[fqdn].transport.store_changed(self.here.now)

    def rows(self, fqdn: str = MBX02) -> list[Row]:
        """What a server's front end has logged."""
        server = self.here.world.servers[fqdn]
        text = "".join(each.content.decode() for each in server.disk.files(server.front_end_send_log_path))
        whole = text[: text.rfind("\n") + 1]
        return [row for row in csv.reader(whole.splitlines(keepends=True)) if not row[0].startswith("#")]


@pytest.fixture
def proxied(bench: Any, make_certificate: Any) -> Proxied:
    """Makes an organisation; see Proxying, and Bench for what can be changed."""

    def make(sites: tuple[str, ...] = ("HQ", "HQ", "HQ"), **facts: Any) -> Proxying:
        return Proxying(bench, make_certificate, sites=sites, **facts)

    return make


def thumbprints(rows: list[Row]) -> list[str]:
    return [row[7] for row in rows if row[8] == "Certificate thumbprint"]


class TestHop:
    """The session between the two servers, in the log of the server that has the queue."""

    @pytest.mark.fact("protocol-log 0.4", "protocol-log 7.11")
    def test_stands_under_the_connector_and_shows_the_default_certificates_alone(self, proxied: Proxied) -> None:
        there = proxied()
        rows = there.here.after(seconds=30).rows()
        assert {(row[1], row[5]) for row in rows} == {("Outbound to Office 365", HOP)}
        verbs = [row[7].partition(" ")[0] for row in rows if row[6] == ">"]
        assert verbs == ["EHLO", "X-ANONYMOUSTLS", "EHLO", "XPROXYTO", "QUIT"]
        assert thumbprints(rows) == [there.setup[MBX01].thumbprint] + [there.setup[MBX02].thumbprint] * 2
        assert not any("UnknownCredentials" in row[8] for row in rows)
        assert "UnknownCredentials" in next(row[7] for row in rows if row[7].startswith("450 "))

    @pytest.mark.fact("protocol-log 7.2", "protocol-log 7.11")
    def test_is_counted_from_0_again_once_the_peer_answers(self, proxied: Proxied) -> None:
        there = proxied(mail=None, connector={"smtp_max_messages_per_connection": 100})
        there.bind(MBX02)
        rows = there.here.after(minutes=2).rows()
        assert len({row[2] for row in rows}) == 1
        begins = [number for number, row in enumerate(rows) if row[3] == "0"]
        assert begins[0] == 0
        assert rows[begins[1] - 1][8] == (
            "This session is now being proxied through the next hop. The actual connector being used is: "
            "Outbound to Office 365"
        )
        assert rows[begins[1]][6:8] == [">", "EHLO mail.contoso.com"]
        assert rows[begins[1] + 1][7] == "250-mx.example.com Hello [10.0.0.22]"
        for first, end in ((0, begins[1]), (begins[1], len(rows))):
            assert [int(row[3]) for row in rows[first:end]] == list(range(end - first))
        assert sum(row[7].startswith("250 2.6.0 ") for row in rows) == 25

    @pytest.mark.parametrize(
        ("site_of_mbx02", "reading", "chosen"),
        [("HQ", "another", MBX02), ("Branch", "another", MBX03), ("HQ", "local", MBX01)],
    )
    def test_goes_to_a_server_of_the_site(
        self, proxied: Proxied, site_of_mbx02: str, reading: str, chosen: str
    ) -> None:
        there = proxied(sites=("HQ", site_of_mbx02, "HQ"), readings={"outbound_front_end": reading})
        there.here.after(seconds=30)
        assert [fqdn for fqdn in there.here.world.servers if there.rows(fqdn)] == [chosen]

    @pytest.mark.fact("protocol-log 0.1", "protocol-log 0.4", "protocol-log 7.3", "protocol-log 7.11")
    def test_without_its_default_key_fails_as_the_kb_does_and_reaches_no_front_end(self, proxied: Proxied) -> None:
        there = proxied()
        there.setup[MBX01].network_service = False
        rows = there.here.after(seconds=30).rows()
        assert thumbprints(rows) == [there.setup[MBX01].thumbprint]
        assert [row[6:] for row in rows[-2:]] == [
            ["*", "", "TLS negotiation failed with error UnknownCredentials"],
            ["-", "", "Local"],
        ]
        assert there.rows() == []
        assert there.here.queue.last_error == (
            "[{LRT=3/2/2026 2:00:00 AM};{LED=451 4.4.0 Primary outbound frontend IP address responded with:   "
            f'"421 4.4.1 Connection timed out." {NO_ALTERNATE_HOST}}};{{FQDN={MBX02}}};{{IP=10.0.0.22}}]'
        )

    @pytest.mark.fact("protocol-log 0.7")
    def test_is_not_mended_by_the_third_party_certificate(self, proxied: Proxied) -> None:
        there = proxied()
        there.setup[MBX01].network_service = False
        there.bind(MBX02)
        assert (there.here.after(hours=1).queue.status, there.here.world.delivered) == ("Retry", [])

    @pytest.mark.fact("protocol-log 0.1")
    def test_is_dropped_by_a_front_end_without_its_default_key(self, proxied: Proxied) -> None:
        there = proxied()
        there.setup[MBX02].network_service = False
        rows = there.here.after(seconds=30).rows()
        assert [row[6:] for row in rows[-2:]] == [
            ["*", "", "TLS negotiation failed with error SocketError"],
            ["-", "", "Remote"],
        ]
        assert (
            "Error encountered while communicating with primary outbound frontend IP address:   "
            '"421 4.4.2 Connection dropped due to SocketError."'
        ) in there.here.queue.last_error


class TestFrontEnd:
    """The session with the peer, in the log of the server that made it."""

    @pytest.mark.fact("protocol-log 7.11")
    def test_names_the_session_that_it_serves(self, proxied: Proxied) -> None:
        there = proxied()
        hub = there.here.after(minutes=3).rows()
        sessions = list(dict.fromkeys(row[2] for row in hub))
        firsts = [row for row in there.rows() if row[3] == "0"]
        announced = re.compile(
            rf"attempting to connect\. Outbound proxy from {re.escape(MBX01)} with session id (?P<of>[0-9A-F]{{16}})\. "
            r"Proxied session id [0-9A-F]{16}"
        )
        served = [announced.fullmatch(row[8]) for row in firsts]
        assert len(sessions) > 1
        assert [each["of"] for each in served if each] == sessions
        assert not {row[2] for row in firsts} & set(sessions)

    @pytest.mark.fact("protocol-log 0.4", "protocol-log 7.3", "protocol-log 7.11")
    def test_fails_with_the_certificate_of_its_own_store(self, proxied: Proxied) -> None:
        there = proxied(readings={"log_flush": "whole_rows"})
        there.here.after(seconds=30)
        rows = there.rows()
        assert {(row[1], row[5]) for row in rows} == {("Outbound proxy virtual send connector", PEER)}
        assert [row[7] for row in rows if row[6] == ">"] == ["EHLO mail.contoso.com", "STARTTLS"]
        assert thumbprints(rows) == [there.third_party[MBX02].thumbprint]
        assert rows[-2][8] == "TLS negotiation failed with error UnknownCredentials"
        assert rows[-1][8] == "Local"

    @pytest.mark.fact("protocol-log 0.1")
    @pytest.mark.parametrize(
        ("readings", "error"),
        [
            ({}, "[{{LRT={at}}};{{LED=450 4.7.0 {text}}};{{FQDN=mbx02.contoso.test}};{{IP=10.0.0.22}}]"),
            ({"front_end_error": "450_4.4.101"}, "450 4.4.101 {text}."),
            (
                {"front_end_error": "450_4.4.101", "queue_error": "led_4.4.1"},
                "[{{LED=450 4.4.101 {text}}};{{MSG=}};{{FQDN=mbx02.contoso.test}};{{IP=10.0.0.22}};{{LRT={at}}}]",
            ),
        ],
    )
    def test_names_the_status_and_the_front_end_in_the_queue(
        self, proxied: Proxied, readings: dict[str, Any], error: str
    ) -> None:
        text = (
            "Proxy session setup failed on Frontend with '451 4.4.0 Primary target IP address responded with: "
            f'"451 4.4.0 Security status UnknownCredentials." {NO_ALTERNATE_HOST} {LAST_ENDPOINT}\''
        )
        there = proxied(readings=readings)
        assert there.here.after(seconds=30).queue.last_error == error.format(text=text, at="3/2/2026 2:00:01 AM")

    @pytest.mark.fact("cmdlets 10.7", "protocol-log 7.7")
    def test_delivers_once_it_is_bound_there_and_not_before(self, proxied: Proxied) -> None:
        there = proxied()
        there.here.after(minutes=1)
        there.bind(MBX01)
        there.bind(MBX03)
        assert there.here.after(minutes=5).world.delivered == []
        there.bind(MBX02)
        delivered = there.here.after(minutes=5).world.delivered
        assert len(delivered) == 25
        assert {(each.server, each.front_end, each.connector, each.thumbprint) for each in delivered} == {
            (MBX01, MBX02, "Outbound to Office 365", there.third_party[MBX02].thumbprint)
        }

    def test_forgets_the_certificate_only_by_reading(self, proxied: Proxied) -> None:
        there = proxied(readings={"binding_takes_effect": "after_restart"})
        there.here.after(minutes=1)
        there.bind(MBX02)
        assert there.here.after(minutes=30).world.delivered == []

    def test_tries_in_clear_where_the_connector_does_not_insist(self, proxied: Proxied) -> None:
        there = proxied(connector={"require_tls": False})
        delivered = there.here.after(minutes=1).world.delivered
        assert {(each.tls, each.thumbprint, each.front_end) for each in delivered} == {(False, None, MBX02)}

    @pytest.mark.fact("protocol-log 7.11")
    @pytest.mark.parametrize(("reading", "speaks"), [("connector", False), ("always", True)])
    def test_follows_the_level_of_the_connector_by_reading(self, proxied: Proxied, reading: str, speaks: bool) -> None:
        there = proxied(
            connector={"protocol_logging_level": "None"},
            readings={"front_end_log_level": reading, "front_end_connector_id": "name"},
        )
        there.here.after(minutes=1)
        assert there.here.text() == ""
        assert {row[1] for row in there.rows()} == ({"Outbound to Office 365"} if speaks else set())

    @pytest.mark.fact("protocol-log 7.11")
    def test_keeps_the_order_of_the_times_whoever_it_serves(self, proxied: Proxied, make_mail: Any) -> None:
        there = proxied(
            sites=("Branch", "HQ", "HQ"),
            connector={"source_servers": (MBX01, MBX03)},
            mail=[make_mail(MBX01, minutes=2), make_mail(MBX03, minutes=0), make_mail(MBX01, minutes=1)],
        )
        there.bind(MBX02)
        there.here.after(hours=1)
        times = [row[0] for row in there.rows()]
        assert times == sorted(times)
        served = [found[1] for row in there.rows() if (found := re.search(r"proxy from (\S+) with", row[8]))]
        assert served == [MBX03, MBX01, MBX01]

    def test_writes_nothing_where_its_own_path_is_empty(self, proxied: Proxied) -> None:
        there = proxied(server={"front_end_send_log_path": None})
        assert there.here.after(minutes=1).rows()
        assert there.here.world.servers[MBX02].disk.files("C:\\") == []
        assert "UnknownCredentials" in there.here.queue.last_error
