# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names, routes, firewalls, versions of TLS, and devices that read along: what they leave in queue, logs and events."""

from __future__ import annotations

from typing import Any

import pytest
from exchange_lab.world import Inspection, Network

from .test_transport_peers import PRIMARY, bound, connectivity

COMMUNICATING = "451 4.4.397 Error communicating with target host. -> "
IPV4, IPV6 = "203.0.113.25", "2001:db8::25"


def through(bench: Any, network: Network, **facts: Any) -> Any:
    """An organisation in order behind this network."""
    return bound(bench, server={"network": network} | facts.pop("server", {}), **facts)


def outcome(here: Any) -> list[tuple[str, str]]:
    """The last two rows of the log: how TLS failed and who ended the connection."""
    return [(event, context) for event, __, context in here.said()[-2:]]


class TestFirewall:
    @pytest.mark.fact("protocol-log 7.11")
    @pytest.mark.parametrize(
        ("action", "number", "words", "dotnet"),
        [
            ("drops", 10060, "SocketTimedout: Socket error code 10060", "TimedOut:0000274C"),
            ("rejects", 10061, "SocketConnectionRefused: Socket error code 10061", "ConnectionRefused:0000274D"),
            (
                "prohibits",
                10065,
                "SocketError: Failed to connect. Winsock error code: 10065, Win32 error code: 10065",
                "HostUnreachable:00002751",
            ),
        ],
    )
    def test_keeps_connections_from_coming_about(
        self, bench: Any, action: Any, number: int, words: str, dotnet: str
    ) -> None:
        here = through(bench, Network(firewall={"*": action})).after(seconds=60)
        assert words in here.queue.last_error or "421 4.2.1 Unable to connect" in here.queue.last_error
        assert [event for event, *__ in here.said()][:3] == ["*", "*", "*"]
        assert f"Winsock error code: {number}," in here.said()[2][2]
        assert f"Failed connection to {IPV4}:25 ({dotnet})" in connectivity(here)

    @pytest.mark.fact("protocol-log 0.1", "protocol-log 7.9")
    def test_tells_the_queue_by_the_socket_error(self, bench: Any) -> None:
        here = through(bench, Network(firewall={"*": "prohibits"})).after(seconds=60)
        assert here.queue.last_error == (
            f"{COMMUNICATING}421 4.2.1 Unable to connect -> SocketError: Failed to connect. Winsock error code: 10065, "
            "Win32 error code: 10065"
        )

    @pytest.mark.parametrize("name", [IPV4, "MX.example.com", "*"])
    def test_knows_hosts_by_name_and_address(self, bench: Any, name: str) -> None:
        assert through(bench, Network(firewall={name: "drops"})).after(minutes=2).world.delivered == []

    def test_leaves_other_hosts_alone(self, bench: Any) -> None:
        here = through(bench, Network(firewall={"203.0.113.26": "drops", "other.example.com": "drops"}))
        assert len(here.after(minutes=2).world.delivered) == 25

    @pytest.mark.fact("protocol-log 0.1", "protocol-log 7.9", "protocol-log 7.11")
    @pytest.mark.parametrize(("action", "word"), [("resets_tls", "ConnectionReset"), ("swallows_tls", "TimedOut")])
    def test_may_end_the_handshake(self, bench: Any, action: Any, word: str) -> None:
        here = through(bench, Network(firewall={"*": action})).after(minutes=10, seconds=40)
        assert here.queue.last_error == f"{COMMUNICATING}421 4.4.2 Connection dropped due to {word}"
        ends = [(event, context) for event, __, context in here.said(0)][-2:]
        assert ends == [("*", f"TLS negotiation failed with error {word}"), ("-", "Remote")]
        assert "Established connection to" in connectivity(here)

    @pytest.mark.parametrize(
        ("reading", "text"),
        [
            ("4.4.397", f"{COMMUNICATING}421 4.4.2 Connection dropped due to ConnectionReset"),
            ("primary_4.2.1", PRIMARY.format("421 4.4.2 Connection dropped due to ConnectionReset")),
        ],
    )
    @pytest.mark.fact("protocol-log 0.1", "protocol-log 7.9")
    def test_that_ends_it_is_told_in_either_frame(self, bench: Any, reading: str, text: str) -> None:
        network = Network(firewall={"*": "resets_tls"})
        here = through(bench, network, readings={"connect_error": reading}).after(seconds=30)
        assert here.queue.last_error == text


class TestVersions:
    @pytest.mark.fact("protocol-log 0.1", "protocol-log 3.9", "protocol-log 7.9", "protocol-log 7.11")
    def test_that_do_not_meet_end_the_handshake_by_the_other_side(self, bench: Any) -> None:
        here = bound(bench, server={"tls_versions": ("TLS1_0", "TLS1_1")}).after(seconds=30)
        assert outcome(here) == [("*", "TLS negotiation failed with error SocketError"), ("-", "Remote")]
        assert here.queue.last_error == f"{COMMUNICATING}421 4.4.2 Connection dropped due to SocketError"
        (event,) = here.server.event_log.events
        assert (event.provider, event.id) == ("Schannel", 36887)
        assert "70." in event.message

    @pytest.mark.fact("protocol-log 0.1", "protocol-log 7.9", "protocol-log 7.11")
    def test_may_end_it_with_a_security_status_and_then_the_queue_reads_like_the_kb(self, bench: Any) -> None:
        readings = {"tls_alert": "IllegalMessage"}
        here = bound(bench, server={"tls_versions": ("TLS1_1",)}, readings=readings).after(seconds=30)
        assert outcome(here) == [("*", "TLS negotiation failed with error IllegalMessage"), ("-", "Local")]
        assert here.queue.last_error == PRIMARY.format("421 4.4.1 Connection timed out")

    @pytest.mark.parametrize(
        ("ours", "theirs", "name"),
        [
            (("TLS1_0", "TLS1_1"), ("TLS1_0", "TLS1_1", "TLS1_2"), "TLS1_1"),
            (("TLS1_0",), ("TLS1_0",), "TLS1_0"),
        ],
    )
    def test_the_best_common_one_is_spoken(
        self, bench: Any, make_peer: Any, ours: tuple[str, ...], theirs: tuple[str, ...], name: str
    ) -> None:
        here = bound(bench, server={"tls_versions": ours}, peers=[make_peer(tls_versions=theirs)]).after(minutes=2)
        assert f"TLS protocol SP_PROT_{name}_CLIENT negotiation succeeded" in here.text()
        assert len(here.world.delivered) == 25


class TestInspection:
    @pytest.mark.fact("protocol-log 0.1", "protocol-log 3.13", "protocol-log 7.9", "protocol-log 7.11")
    def test_may_hold_the_greeting_until_the_connector_gives_up(self, bench: Any) -> None:
        here = through(bench, Network(inspection=Inspection(banner="held"))).after(minutes=10, seconds=30)
        assert [event for event, *__ in here.said(0)] == ["*", "*", "+", "-"]
        assert here.said(0)[-1] == ("-", "", "Remote")
        assert here.queue.last_error == f"{COMMUNICATING}421 4.4.2 Connection dropped due to TimedOut"

    @pytest.mark.fact(
        "protocol-log 0.1", "protocol-log 3.13", "protocol-log 7.2", "protocol-log 7.9", "protocol-log 7.11"
    )
    def test_masks_what_it_does_not_know_and_mangles_tls(self, bench: Any) -> None:
        network = Network(inspection=Inspection(banner="masked", tls="mangled"))
        here = through(bench, network).after(seconds=30)
        data = [text for event, text, __ in here.said() if event == "<"]
        assert data[0] == "220 " + "*" * len("mx.example.com Microsoft ESMTP MAIL Service ready")
        assert "250-STARTTLS" in data
        assert "250 XXXXXXXA" in data
        assert outcome(here) == [("*", "TLS negotiation failed with error InvalidToken"), ("-", "Local")]
        assert here.queue.last_error == PRIMARY.format("421 4.4.1 Connection timed out")
        assert list(here.server.event_log.events) == []

    @pytest.mark.fact("protocol-log 0.1", "protocol-log 7.2", "protocol-log 7.9", "protocol-log 7.11")
    @pytest.mark.parametrize(("starttls", "seen"), [("removed", None), ("masked", "250-XXXXXXXA")])
    def test_may_strip_starttls(self, bench: Any, starttls: Any, seen: str | None) -> None:
        here = through(bench, Network(inspection=Inspection(starttls=starttls))).after(seconds=30)
        offered = [text for event, text, __ in here.said() if event == "<" and text.startswith("250")]
        assert "250-STARTTLS" not in offered
        assert seen is None or seen in offered
        assert here.queue.last_error == PRIMARY.format("451 5.7.3 STARTTLS is required to send mail")
        assert {each.id for each in here.server.event_log.events} == {2015}

    @pytest.mark.fact("protocol-log 7.11")
    def test_has_mail_leave_in_clear_where_tls_is_not_required_and_without_chunking(self, bench: Any) -> None:
        network = Network(inspection=Inspection(banner="masked", starttls="masked"))
        here = through(bench, network, connector={"require_tls": False}).after(minutes=2)
        assert {(each.tls, each.reply[:3]) for each in here.world.delivered} == {(False, "250")}
        sent = [text for event, text, __ in here.said(0)]
        number = sent.index("DATA")
        assert sent[number + 1] == "354 Start mail input; end with <CRLF>.<CRLF>"
        assert not any(each.startswith("BDAT") for each in sent)


class TestAddresses:
    @pytest.fixture
    def peers(self, make_peer: Any) -> list[Any]:
        return [make_peer(more_addresses=(IPV6,))]

    @pytest.mark.fact("protocol-log 0.1", "protocol-log 3.12", "protocol-log 7.9", "protocol-log 7.11")
    def test_of_ipv6_without_a_route_come_last_and_have_the_last_word(self, bench: Any, peers: Any) -> None:
        here = through(bench, Network(firewall={IPV4: "drops"}), peers=peers).after(seconds=60)
        assert [row[5] for row in here.rows()][:6] == [f"{IPV4}:25"] * 3 + [f"[{IPV6}]:25"] * 3
        assert here.queue.last_error == (
            f"{COMMUNICATING}421 4.2.1 Unable to connect -> SocketError: Failed to connect. Winsock error code: 10051, "
            "Win32 error code: 10051"
        )
        assert f"Failed connection to [{IPV6}]:25 (NetworkUnreachable:00002743)" in connectivity(here)

    @pytest.mark.fact("protocol-log 0.1", "protocol-log 3.12", "protocol-log 7.9")
    @pytest.mark.parametrize(
        ("reading", "end"),
        [
            ("several", f"The last endpoint attempted was {IPV6}:25"),
            ("always", f"The last endpoint attempted was {IPV6}:25"),
            ("never", "delivery failed to all alternate hosts."),
        ],
    )
    def test_the_older_frame_may_name_the_last_one(self, bench: Any, peers: Any, reading: str, end: str) -> None:
        readings = {"connect_error": "primary_4.2.1", "last_endpoint": reading}
        network = Network(firewall={IPV4: "drops"})
        here = through(bench, network, peers=peers, readings=readings).after(seconds=60)
        assert '"421 4.2.1 Unable to connect." Attempted failover' in here.queue.last_error
        assert here.queue.last_error.endswith(end)

    @pytest.mark.fact("protocol-log 0.1")
    def test_a_host_with_one_is_named_only_where_it_always_is(self, bench: Any) -> None:
        here = bench(readings={"last_endpoint": "always"}).after(seconds=30)
        assert here.queue.last_error.endswith(f"The last endpoint attempted was {IPV4}:25")

    @pytest.mark.fact("protocol-log 3.12", "protocol-log 7.9", "protocol-log 7.11")
    def test_hide_the_fault_of_the_kb_from_the_queue_and_not_from_the_log(self, bench: Any, peers: Any) -> None:
        here = bench(peers=peers).after(seconds=30)
        assert "421 4.2.1 Unable to connect -> SocketError" in here.queue.last_error
        failed = {row[5] for row in here.rows() if row[8] == "TLS negotiation failed with error UnknownCredentials"}
        assert failed == {f"{IPV4}:25"}

    @pytest.mark.fact("protocol-log 3.12", "protocol-log 7.11")
    def test_of_ipv4_come_first_unless_the_other_way_round(self, bench: Any, peers: Any) -> None:
        assert bench(peers=peers).after(seconds=30).rows()[0][5] == f"{IPV4}:25"

    @pytest.mark.fact("protocol-log 7.11")
    def test_of_ipv6_are_used_where_there_is_a_route(self, bench: Any, peers: Any) -> None:
        network = Network(ipv6="routed", firewall={IPV4: "drops"})
        here = through(bench, network, peers=peers).after(minutes=2)
        assert len(here.world.delivered) == 25
        assert {row[4][:7] for row in here.rows() if row[5] == f"[{IPV6}]:25" and row[4]} == {"[2001:d"}

    @pytest.mark.fact("protocol-log 7.11")
    def test_of_ipv6_that_fail_first_do_no_harm(self, bench: Any, peers: Any) -> None:
        here = bound(bench, peers=peers, readings={"address_order": "ipv6_first"}).after(minutes=2)
        assert len(here.world.delivered) == 25
        assert here.rows()[0][5] == f"[{IPV6}]:25"


class TestDns:
    @pytest.mark.fact("protocol-log 0.1")
    @pytest.mark.parametrize(
        ("answer", "error", "status"),
        [
            ("nxdomain", "SMTPSEND.DNS.NonExistentDomain; nonexistent domain", "InfoDomainNonexistent"),
            ("servfail", "DNS query failed with error ErrorRetry", "ErrorRetry"),
            ("timeout", "DNS query failed with error ErrorTimeout", "ErrorTimeout"),
        ],
    )
    def test_without_an_address_there_is_no_session(
        self, bench: Any, make_peer: Any, answer: Any, error: str, status: str
    ) -> None:
        here = bound(bench, peers=[make_peer(dns=answer)]).after(minutes=1)
        assert here.queue.last_error == f"451 4.4.0 DNS query failed. The error was: {error}"
        assert here.rows() == []
        assert f"{status} reported by 10.0.0.10" in connectivity(here)

    @pytest.mark.fact("protocol-log 0.1")
    def test_of_the_server_may_fail_for_every_name(self, bench: Any) -> None:
        here = through(bench, Network(dns="servfail")).after(minutes=1)
        assert here.queue.last_error.endswith("ErrorRetry")

    def test_the_next_smart_host_is_asked_for(self, bench: Any, make_peer: Any) -> None:
        peers = [make_peer("a.example.com", dns="nxdomain"), make_peer("b.example.com", address="203.0.113.26")]
        connector = {"smart_hosts": ("a.example.com", "b.example.com")}
        here = bound(bench, peers=peers, connector=connector).after(minutes=2)
        assert {each.peer for each in here.world.delivered} == {"b.example.com"}
