# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a queue shows: the KB's case, the cure, the wrong cures, the schedule, expiry."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from exchange_lab.transport import NotSimulated
from exchange_lab.transport.queue import retry_interval
from exchange_lab.world import Mail, Role, SendConnector

BEGIN = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
REAL_TEXTS = (
    (Path(__file__).parents[3] / "fixtures" / "protocol-logs" / "20-queue-lasterror-real-texts.log")
    .read_text(encoding="utf-8")
    .splitlines()
)
KB_4051498 = (
    '451 4.4.0 Primary target IP address responded with: "421 4.4.1 Connection timed out." Attempted failover to '
    "alternate host, but that did not succeed. Either there are no alternate hosts, or delivery failed to all "
    "alternate hosts."
)


def facts(queue: Any) -> tuple[Any, ...]:
    return queue.identity, queue.delivery_type, queue.next_hop_domain, queue.status, queue.message_count


class TestKb4051498:
    @pytest.mark.fact("protocol-log 0.1", "protocol-log 7.9")
    def test_mail_stays_with_the_text_of_the_kb(self, bench: Any) -> None:
        here = bench().after(minutes=40)
        assert facts(here.queue) == ("MBX01\\3", "SmartHostConnectorDelivery", "mx.example.com", "Retry", 25)
        assert here.queue.last_error == KB_4051498
        assert here.queue.next_hop_connector == "6d1d31f2-7d6f-5b4a-8d0c-0b7e3c0f9a11"
        assert here.world.delivered == []

    @pytest.mark.fact("cmdlets 10.7", "protocol-log 7.7")
    def test_binding_the_certificate_lets_the_next_retry_drain_it(self, bench: Any) -> None:
        here = bench().after(minutes=40)
        here.bind(here.third_party)
        assert here.queue.message_count == 25  # a binding alone moves nothing
        here.after(minutes=5)
        assert facts(here.queue) == ("MBX01\\3", "SmartHostConnectorDelivery", "mx.example.com", "Ready", 0)
        assert here.queue.last_error == ""
        assert (here.queue.retry_count, here.queue.first_retry_time) == (0, None)
        assert {(each.tls, each.thumbprint, each.reply[:3]) for each in here.world.delivered} == {
            (True, here.third_party.thumbprint, "250")
        }
        assert len(here.world.delivered) == 25

    def test_binding_another_certificate_delivers_nothing(self, bench: Any, make_certificate: Any) -> None:
        other = make_certificate("other", subject="CN=mail.contoso.com", domains=("mail.contoso.com",))
        here = bench()
        here.server.store.append(other)
        here.after(minutes=40)
        here.bind(other)
        here.service.retry(here.queue.identity, here.now)
        here.after(minutes=30)
        assert (here.queue.status, here.queue.message_count) == ("Retry", 25)
        assert here.world.delivered == []

    def test_a_retry_without_a_bind_delivers_nothing(self, bench: Any) -> None:
        here = bench().after(minutes=40)
        here.service.retry(here.queue.identity, here.now)
        here.after(seconds=30)
        assert (here.queue.status, here.queue.message_count) == ("Retry", 25)

    @pytest.mark.fact("cmdlets 10.7", "protocol-log 7.7")
    def test_an_ace_that_nobody_announced_is_not_noticed(self, bench: Any) -> None:
        here = bench().after(minutes=40)
        here.third_party.network_service = True
        assert here.after(minutes=30).queue.message_count == 25
        here.service.store_changed(here.now)
        assert here.after(minutes=11).queue.message_count == 0

    def test_a_binding_may_need_a_restart(self, bench: Any) -> None:
        here = bench(readings={"binding_takes_effect": "after_restart"}).after(minutes=40)
        here.bind(here.third_party)
        assert here.after(minutes=30).queue.message_count == 25

    @pytest.mark.fact("cmdlets 10.2", "protocol-log 0.1", "protocol-log 0.3", "protocol-log 7.9")
    def test_a_renewal_that_is_not_bound_takes_over_and_breaks_sending(self, bench: Any, make_certificate: Any) -> None:
        here = bench(store=[make_certificate(days=(-340, 25), network_service=True)])
        here.after(minutes=1)
        assert len(here.world.delivered) == 25
        here = bench(store=[make_certificate(days=(-340, 25), network_service=True), make_certificate(days=(-1, 364))])
        assert here.after(minutes=1).queue.last_error == KB_4051498


class TestLastError:
    @pytest.mark.fact("protocol-log 0.1", "protocol-log 7.9")
    def test_is_one_of_the_texts_that_were_really_seen(self, bench: Any, make_peer: Any) -> None:
        failing = [bench(), bench(store=[]), bench(readings={"queue_error": "primary_4.2.1"})]
        failing += [
            bench(peers=[make_peer(listens=False, connect_failure=each)])
            for each in ("timed_out", "refused", "unreachable")
        ]
        for here in failing:
            assert here.after(seconds=30).queue.last_error in REAL_TEXTS

    @pytest.mark.fact("protocol-log 7.9")
    @pytest.mark.parametrize(
        ("reading", "text"),
        [
            ("primary_4.2.1", KB_4051498.replace("421 4.4.1 Connection timed out", "421 4.2.1 Unable to connect")),
            (
                "led_4.4.1",
                "[{LED=451 4.4.395 Target host responded with error. -> 421 4.4.1 Connection timed out};{MSG=};"
                "{FQDN=mx.example.com};{IP=203.0.113.25};{LRT=3/2/2026 2:00:00 AM}]",
            ),
        ],
    )
    def test_of_a_tls_failure_is_a_matter_of_reading(self, bench: Any, reading: str, text: str) -> None:
        here = bench(readings={"queue_error": reading}).after(seconds=30)
        assert here.queue.last_error == text

    @pytest.mark.fact("protocol-log 7.9")
    def test_of_another_failure_keeps_its_code_in_every_reading(self, bench: Any, make_peer: Any) -> None:
        here = bench(peers=[make_peer(starttls=False)], readings={"queue_error": "primary_4.2.1"}).after(seconds=30)
        assert here.queue.last_error == KB_4051498.replace(
            "421 4.4.1 Connection timed out", "451 5.7.3 STARTTLS is required to send mail"
        )

    @pytest.mark.fact("protocol-log 0.1", "protocol-log 7.9")
    @pytest.mark.parametrize(
        ("failure", "text"),
        [
            ("timed_out", "SocketTimedout: Socket error code 10060"),
            ("refused", "SocketConnectionRefused: Socket error code 10061"),
            ("unreachable", "SocketError: Failed to connect. Winsock error code: 10051, Win32 error code: 10051"),
        ],
    )
    def test_of_a_connection_that_does_not_come_about_names_the_socket_error(
        self, bench: Any, make_peer: Any, failure: str, text: str
    ) -> None:
        here = bench(peers=[make_peer(listens=False, connect_failure=failure)]).after(seconds=30)
        assert here.queue.last_error == (
            f"451 4.4.397 Error communicating with target host. -> 421 4.2.1 Unable to connect -> {text}"
        )

    @pytest.mark.fact("protocol-log 0.1", "protocol-log 7.9", "protocol-log 7.11")
    def test_of_a_missing_key_is_the_same_as_of_an_unreadable_one(self, bench: Any, make_certificate: Any) -> None:
        here = bench(store=[make_certificate(key="missing")]).after(minutes=1)
        assert here.queue.last_error == KB_4051498
        assert ("*", "", "TLS negotiation failed with error NoCredentials") in here.said()

    @pytest.mark.fact("protocol-log 0.1", "protocol-log 0.9")
    def test_of_a_name_without_certificate_comes_without_a_session(self, bench: Any) -> None:
        here = bench(store=[]).after(minutes=1)
        assert here.queue.last_error == (
            "454 4.7.5 The certificate specified in TlsCertificateName of the SendConnector could not be found."
        )
        assert here.rows() == []

    @pytest.mark.fact("protocol-log 0.1")
    def test_of_an_expired_certificate_is_the_same_or_none_at_all(self, bench: Any, make_certificate: Any) -> None:
        expired = make_certificate(days=(-300, -1), network_service=True)
        assert bench(store=[expired]).after(minutes=1).queue.last_error.startswith("454 4.7.5 The certificate")
        here = bench(store=[expired], readings={"expired_named_certificate": "used"}).after(minutes=1)
        assert len(here.world.delivered) == 25

    @pytest.mark.fact("protocol-log 0.1")
    def test_of_a_host_without_address_is_a_dns_failure(self, bench: Any) -> None:
        here = bench(connector={"smart_hosts": ("nowhere.example.com",)}).after(minutes=1)
        assert here.queue.last_error.startswith("451 4.4.0 DNS query failed")
        assert here.rows() == []

    @pytest.mark.fact("protocol-log 7.9")
    def test_is_overwritten_by_another_cause(self, bench: Any) -> None:
        here = bench().after(minutes=2)
        here.world.peers["mx.example.com"].listens = False
        assert "10060" in here.after(minutes=2).queue.last_error


class TestRetrySchedule:
    @pytest.mark.parametrize(("role", "transient", "connection"), [("mailbox", 5, 10), ("edge", 10, 30)])
    def test_is_four_times_a_minute_six_times_longer_then_long(
        self, role: Role, transient: int, connection: int
    ) -> None:
        minutes = [retry_interval(failures, role) / timedelta(minutes=1) for failures in range(1, 14)]
        assert minutes == [1] * 4 + [transient] * 6 + [connection] * 3

    @pytest.mark.fact("protocol-log 7.11")
    def test_shows_in_the_sessions_of_the_log(self, bench: Any) -> None:
        here = bench().after(hours=1)
        starts = [datetime.fromisoformat(row[0]) for row in here.rows() if row[3] == "0"]
        gaps = [round((later - earlier) / timedelta(minutes=1)) for earlier, later in pairwise(starts)]
        assert gaps == [1] * 4 + [5] * 6 + [10] * 2

    def test_keeps_the_first_failure_until_a_success(self, bench: Any) -> None:
        here = bench().after(seconds=10)
        first = here.queue.first_retry_time
        assert BEGIN < first < BEGIN + timedelta(seconds=2)
        here.after(minutes=40)
        assert here.queue.first_retry_time == first
        assert here.queue.last_retry_time > first + timedelta(minutes=30)
        assert here.now < here.queue.next_retry_time <= here.now + timedelta(minutes=10)

    def test_of_the_network_takes_as_long_as_windows_tries(self, bench: Any, make_peer: Any) -> None:
        here = bench(peers=[make_peer(listens=False)]).after(seconds=20)
        assert here.queue.status == "Connecting"
        assert here.after(seconds=2).queue.status == "Retry"


class TestRetryQueue:
    def test_connects_at_once_and_leaves_the_first_failure(self, bench: Any) -> None:
        here = bench().after(minutes=38)
        first = here.queue.first_retry_time
        here.service.retry("mbx01\\3", here.now)
        assert (here.queue.status, here.queue.next_retry_time) == ("Connecting", None)
        assert here.queue.first_retry_time == first
        here.after(seconds=5)
        assert here.queue.last_retry_time == here.now - timedelta(seconds=5)

    @pytest.mark.fact("protocol-log 7.11")
    def test_replaces_the_retry_that_was_due(self, bench: Any) -> None:
        here = bench().after(minutes=3, seconds=30)
        sessions = len({row[2] for row in here.after(seconds=20).rows()})
        here.service.retry(here.queue.identity, here.now)
        here.after(seconds=50)
        assert len({row[2] for row in here.rows()}) == sessions + 1

    def test_leaves_alone_what_does_not_wait(self, bench: Any) -> None:
        here = bench()
        here.bind(here.third_party)
        here.after(seconds=5)
        assert here.queue.status == "Active"
        here.service.retry(here.queue.identity, here.now)
        here.service.retry("MBX01\\Submission", here.now)
        here.after(minutes=1)
        assert len(here.world.delivered) == 25

    def test_of_a_queue_that_does_not_exist_is_an_error(self, bench: Any) -> None:
        with pytest.raises(KeyError):
            bench().service.retry("MBX01\\99", BEGIN)


class TestDraining:
    @pytest.mark.fact("protocol-log 7.11")
    def test_takes_its_time_and_never_more_than_20_messages_a_session(self, bench: Any) -> None:
        here = bench()
        here.bind(here.third_party)
        counts = [here.after(seconds=2).queue.message_count for __ in range(12)]
        assert counts == sorted(counts, reverse=True)
        assert 0 < counts[3] < 25
        assert counts[-1] == 0
        per_session = {}
        for row in here.after(minutes=1).rows():
            per_session[row[2]] = per_session.get(row[2], 0) + row[7].startswith("MAIL FROM")
        assert sum(per_session.values()) == 25
        assert len(per_session) == 2
        assert max(per_session.values()) <= 20

    @pytest.mark.fact("protocol-log 7.11")
    def test_opens_as_many_sessions_as_the_connector_wants(self, bench: Any) -> None:
        here = bench(connector={"smtp_max_messages_per_connection": 1})
        here.bind(here.third_party)
        assert len({row[2] for row in here.after(minutes=1).rows()}) == 25

    def test_is_recorded_in_the_order_of_the_times_over_all_servers(self, bench: Any) -> None:
        names = ["mbx01.contoso.test", "mbx02.contoso.test"]
        mail = [Mail(name, "fabrikam.com", 10, BEGIN) for name in names]
        here = bench(servers=names, mail=mail, connector={"tls_certificate_name": None})
        here.after(minutes=2)
        assert {each.server for each in here.world.delivered} == set(names)
        times = [each.at for each in here.world.delivered]
        assert times == sorted(times)

    def test_an_empty_queue_goes_after_three_minutes_and_numbers_are_not_used_again(self, bench: Any) -> None:
        mail = [Mail("mbx01.contoso.test", "fabrikam.com", 1, BEGIN + timedelta(minutes=each)) for each in (0, 10)]
        here = bench(mail=mail)
        here.bind(here.third_party)
        assert here.after(minutes=3).queue.identity == "MBX01\\3"
        assert [each.identity for each in here.after(minutes=1).service.queues()] == ["MBX01\\Submission"]
        assert here.after(minutes=7).queue.identity == "MBX01\\4"

    def test_new_mail_keeps_an_empty_queue(self, bench: Any) -> None:
        mail = [Mail("mbx01.contoso.test", "fabrikam.com", 1, BEGIN + timedelta(minutes=each)) for each in (0, 2)]
        here = bench(mail=mail)
        here.bind(here.third_party)
        assert here.after(minutes=4).queue.identity == "MBX01\\3"
        assert len(here.world.delivered) == 2

    def test_new_mail_does_not_hurry_a_retry(self, bench: Any) -> None:
        mail = [Mail("mbx01.contoso.test", "fabrikam.com", 1, BEGIN + timedelta(minutes=each)) for each in (0, 21)]
        here = bench(mail=mail).after(minutes=20)
        due = here.queue.next_retry_time
        assert here.after(minutes=2).queue.next_retry_time == due
        assert here.queue.message_count == 2

    def test_a_second_connection_that_fails_does_not_stop_the_first(self, bench: Any, make_peer: Any) -> None:
        here = bench(peers=[make_peer(connect_failure="refused")])
        here.bind(here.third_party)
        here.after(seconds=0.5)
        here.world.peers["mx.example.com"].listens = False
        here.after(seconds=6)
        assert here.queue.status == "Active"
        assert 0 < len(here.world.delivered) < 25


class TestExpiry:
    @pytest.mark.fact("protocol-log 0.10")
    def test_messages_go_after_two_days_and_are_not_delivered(self, bench: Any) -> None:
        here = bench().after(hours=47, minutes=59)
        assert here.queue.message_count == 25
        here.after(minutes=2)
        assert (here.queue.message_count, here.queue.status) == (0, "Ready")
        assert here.world.delivered == []
        assert [each.identity for each in here.after(minutes=5).service.queues()] == ["MBX01\\Submission"]

    @pytest.mark.fact("cmdlets 10.7", "protocol-log 7.7")
    def test_spares_what_a_session_holds(self, bench: Any) -> None:
        here = bench().after(hours=47, minutes=59, seconds=57)
        here.bind(here.third_party)
        here.service.retry(here.queue.identity, here.now)
        here.after(minutes=2)
        assert here.queue.message_count == 0
        times = [each.at for each in here.world.delivered]
        assert 0 < len(times) < 25
        assert times[0] < BEGIN + timedelta(days=2) < times[-1]

    def test_is_counted_for_each_message_on_its_own(self, bench: Any) -> None:
        mail = [Mail("mbx01.contoso.test", "fabrikam.com", 3, BEGIN + timedelta(hours=each)) for each in (0, 10)]
        here = bench(mail=mail).after(hours=50)
        assert (here.queue.message_count, here.queue.status) == (3, "Retry")
        assert here.queue.first_retry_time < BEGIN + timedelta(minutes=1)


class TestOtherQueues:
    def test_submission_is_always_there(self, bench: Any) -> None:
        assert facts(bench(mail=[]).service.queues()[0]) == (
            "MBX01\\Submission",
            "Undefined",
            "Submission",
            "Ready",
            0,
        )

    def test_mail_that_no_connector_takes_is_unreachable(self, bench: Any) -> None:
        here = bench(connector={"address_spaces": ("SMTP:partner.example;1",)}).after(minutes=1)
        queue = here.service.queues()[1]
        assert facts(queue) == ("MBX01\\Unreachable", "Unreachable", "Unreachable Domain", "Ready", 25)
        assert queue.last_error == "A matching connector cannot be found to route the external recipient"
        assert len(here.after(days=3).service.queues()) == 1

    @pytest.mark.fact("cmdlets 10.7", "protocol-log 7.7")
    def test_another_server_keeps_a_shadow_of_what_is_not_delivered(self, bench: Any) -> None:
        here = bench(servers=["mbx01.contoso.test", "mbx02.contoso.test"]).after(minutes=1)
        keeper = here.world.servers["mbx02.contoso.test"].transport
        shadow = keeper.queues()[-1]
        assert [each.identity for each in here.service.queues()] == ["MBX01\\3", "MBX01\\Submission"]
        assert facts(shadow) == ("MBX02\\Shadow\\3", "ShadowRedundancy", "mbx01.contoso.test", "Ready", 25)
        assert shadow.next_hop_connector == "00000000-0000-0000-0000-000000000000"
        here.bind(here.third_party)
        here.after(minutes=5)
        assert facts(keeper.queues()[-1]) == (*facts(shadow)[:-1], 0)

    def test_queues_of_the_smart_host_and_of_the_domain_differ(self, bench: Any, make_peer: Any) -> None:
        connector = {"smart_hosts": (), "tls_auth_level": "DomainValidation", "tls_domain": "example.com"}
        here = bench(connector=connector, peers=[make_peer(mx_for=("fabrikam.com",))]).after(minutes=1)
        assert facts(here.queue) == ("MBX01\\3", "DnsConnectorDelivery", "fabrikam.com", "Retry", 25)
        assert here.queue.tls_domain == "example.com"

    def test_of_a_domain_name_the_host_that_was_talked_to(self, bench: Any, make_peer: Any) -> None:
        here = bench(
            connector={"smart_hosts": ()},
            peers=[make_peer(mx_for=("*",))],
            readings={"queue_error": "led_4.4.1"},
        ).after(minutes=1)
        assert here.queue.next_hop_domain == "fabrikam.com"
        assert "{FQDN=mx.example.com};{IP=203.0.113.25}" in here.queue.last_error


class TestRouting:
    def connector(self, name: str, *spaces: str, **more: Any) -> SendConnector:
        more = {"source_servers": ("mbx01.contoso.test",), "smart_hosts": (f"{name.lower()}.example.com",)} | more
        return SendConnector(guid=name, name=name, address_spaces=spaces, **more)

    def next_hop(self, bench: Any, *connectors: SendConnector) -> str:
        here = bench(connectors=list(connectors), mail=[Mail("mbx01.contoso.test", "eu.fabrikam.com", 1, BEGIN)])
        return str(here.after(seconds=1).queue.next_hop_connector)

    def test_the_most_specific_address_space_wins(self, bench: Any) -> None:
        everything = self.connector("Everything", "SMTP:*;1")
        below = self.connector("Below", "smtp:*.fabrikam.com;50")
        exact = self.connector("Exact", "SMTP:eu.fabrikam.com;90")
        other = self.connector("Other", "SMTP:fabrikam.com;1")
        within = self.connector("Within", "SMTP:*.eu.fabrikam.com;1")
        assert self.next_hop(bench, everything, other) == "Everything"
        assert self.next_hop(bench, everything, below, other) == "Below"
        assert self.next_hop(bench, everything, below, within) == "Within"
        assert self.next_hop(bench, everything, below, within, exact) == "Exact"

    def test_then_the_least_cost_then_the_own_source_then_the_name(self, bench: Any) -> None:
        dear = self.connector("A", "SMTP:*;5")
        cheap, twin = self.connector("B", "SMTP:*;1"), self.connector("C", "SMTP:*;1")
        foreign = self.connector("AA", "SMTP:*;1", source_servers=("mbx09.contoso.test",))
        assert self.next_hop(bench, dear, twin, cheap, foreign) == "B"

    def test_a_disabled_connector_takes_nothing(self, bench: Any) -> None:
        off, on = self.connector("A", "SMTP:eu.fabrikam.com;1", enabled=False), self.connector("B", "SMTP:*;1")
        assert self.next_hop(bench, off, on) == "B"

    def test_a_relay_to_another_source_server_is_refused_with_its_reason(self, bench: Any) -> None:
        foreign = self.connector("Elsewhere", "SMTP:*;1", source_servers=("mbx09.contoso.test",))
        with pytest.raises(NotSimulated, match="goes through Elsewhere, whose source servers are others"):
            bench(connectors=[foreign]).after(seconds=1)
