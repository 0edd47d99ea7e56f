# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Days on which a transport service does not work as usual: kept connections, held queues, maintenance, full files."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from exchange_lab.world import Mail

BEGIN = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
MBX = "mbx01.contoso.test"


def hourly_mail(times: int, every_s: float) -> list[Mail]:
    return [Mail(MBX, "fabrikam.com", 1, BEGIN, times=times, every_s=every_s)]


def numbered(here: Any) -> list[Any]:
    """The log files by their numbers."""
    files = here.server.disk.files(here.server.send_log_path)
    return sorted(files, key=lambda file: int(file.name.partition("-")[2].partition(".")[0]))


class TestKey:
    @pytest.mark.fact("protocol-log 7.11")
    def test_that_is_denied_fails_though_exchange_shows_smtp(self, bench: Any, make_certificate: Any) -> None:
        denied = make_certificate(key="denied", network_service=True)
        here = bench(store=[denied]).after(minutes=1)
        assert "SMTP" in here.server.services_of(denied).text
        assert ("*", "", "TLS negotiation failed with error UnknownCredentials") in here.said(0)
        assert here.queue.status == "Retry"


class TestKeptConnection:
    @pytest.mark.fact("protocol-log 7.11")
    def test_takes_later_mail_and_counts_on(self, bench: Any, make_certificate: Any) -> None:
        here = bench(
            store=[make_certificate(network_service=True)],
            mail=hourly_mail(3, 20),
            server={"connections_kept_s": 30.0},
        ).after(seconds=30)
        assert len(here.world.delivered) == 2
        here.after(minutes=3)
        assert len(here.world.delivered) == 3
        assert len({row[2] for row in here.rows()}) == 1
        assert [int(row[3]) for row in here.rows()] == list(range(len(here.rows())))

    @pytest.mark.fact("protocol-log 7.11")
    def test_ends_when_no_mail_comes(self, bench: Any, make_certificate: Any) -> None:
        here = bench(
            store=[make_certificate(network_service=True)],
            mail=hourly_mail(2, 60),
            server={"connections_kept_s": 30.0},
        ).after(minutes=3)
        assert Counter(row[6] for row in here.rows())["-"] == 2

    def test_stays_silent_though_the_level_has_been_raised(self, bench: Any, make_certificate: Any) -> None:
        here = bench(
            store=[make_certificate(network_service=True)],
            connector={"protocol_logging_level": "None"},
            mail=hourly_mail(15, 20),
            server={"connections_kept_s": 60.0, "transport_reload_s": 5.0},
        ).after(seconds=10)
        here.set_connector(protocol_logging_level="Verbose")
        here.after(minutes=4)
        assert len(here.world.delivered) > 10
        assert here.rows() == []

    @pytest.mark.fact("protocol-log 7.11")
    def test_ends_after_as_many_messages_as_the_connector_allows(self, bench: Any, make_certificate: Any) -> None:
        here = bench(
            store=[make_certificate(network_service=True)],
            connector={"smtp_max_messages_per_connection": 2},
            mail=hourly_mail(5, 10),
            server={"connections_kept_s": 60.0},
        ).after(minutes=3)
        assert len(here.world.delivered) == 5
        assert len({row[2] for row in here.rows()}) == 3


class TestSuspendedQueue:
    def test_keeps_its_mail_whatever_becomes_of_the_fault(self, bench: Any) -> None:
        mail = [Mail(MBX, "fabrikam.com", 25, BEGIN, suspended_at=BEGIN + timedelta(minutes=2))]
        here = bench(mail=mail).after(minutes=3)
        assert (here.queue.status, here.queue.message_count, here.queue.next_retry_time) == ("Suspended", 25, None)
        here.bind(here.third_party)
        here.service.retry(here.queue.identity, here.now)
        here.after(hours=1)
        assert (here.queue.status, here.queue.message_count) == ("Suspended", 25)

    def test_finishes_what_a_session_holds(self, bench: Any, make_certificate: Any) -> None:
        mail = [Mail(MBX, "fabrikam.com", 25, BEGIN, suspended_at=BEGIN + timedelta(seconds=5))]
        here = bench(mail=mail, store=[make_certificate(network_service=True)]).after(minutes=1)
        assert 0 < len(here.world.delivered) < 25
        assert (here.queue.status, here.queue.message_count) == ("Suspended", 25 - len(here.world.delivered))

    def test_takes_new_mail_and_keeps_it_too(self, bench: Any) -> None:
        suspended = BEGIN + timedelta(minutes=2)
        mail = [Mail(MBX, "fabrikam.com", 1, BEGIN, times=2, every_s=600, suspended_at=suspended)]
        here = bench(mail=mail).after(minutes=20)
        assert (here.queue.status, here.queue.message_count) == ("Suspended", 2)

    def test_is_none_where_there_is_no_queue_yet(self, bench: Any) -> None:
        later = BEGIN + timedelta(minutes=2)
        here = bench(mail=[Mail(MBX, "fabrikam.com", 1, later, suspended_at=BEGIN)]).after(minutes=3)
        assert here.queue.status == "Retry"


class TestMail:
    @pytest.mark.fact("cmdlets 10.7", "protocol-log 7.7")
    def test_refills_a_queue_while_it_drains(self, bench: Any) -> None:
        mail = [Mail(MBX, "fabrikam.com", 25, BEGIN), Mail(MBX, "fabrikam.com", 1, BEGIN, times=2000, every_s=1)]
        here = bench(mail=mail).after(minutes=5)
        here.bind(here.third_party)
        counts = [here.after(minutes=1).queue.message_count for __ in range(12)]
        assert len(here.world.delivered) > 600
        assert 0 < counts[-1] < 60

    def test_to_many_domains_waits_in_many_queues(self, bench: Any, make_peer: Any) -> None:
        mail = [Mail(MBX, "fabrikam.com", 2, BEGIN, domains=1100)]
        here = bench(
            mail=mail,
            connector={"smart_hosts": (), "protocol_logging_level": "None"},
            peers=[make_peer(mx_for=("*",))],
        ).after(minutes=1)
        stuck = [each for each in here.service.queues() if each.delivery_type == "DnsConnectorDelivery"]
        assert len(stuck) == 1100
        assert {(each.status, each.message_count) for each in stuck} == {("Retry", 2)}
        assert stuck[-1].next_hop_domain == "d1100.fabrikam.com"


class TestServiceThatSendsNothing:
    @pytest.mark.parametrize(
        "facts",
        [
            {"components": {"HubTransport": "Inactive"}},
            {"components": {"ServerWideOffline": "Inactive"}},
            {"transport_runs": False},
        ],
        ids=str,
    )
    def test_leaves_the_queue_as_it_was_then(self, bench: Any, facts: dict[str, Any]) -> None:
        here = bench(server={**facts, "states_since": BEGIN + timedelta(minutes=10)}).after(minutes=10)
        tried = here.queue.retry_count
        here.bind(here.third_party)
        here.service.retry(here.queue.identity, here.now)
        here.after(hours=1)
        assert tried > 0
        assert (here.queue.status, here.queue.retry_count, here.world.delivered) == ("Retry", tried, [])

    @pytest.mark.parametrize("components", [{"HubTransport": "Draining"}, {"FrontendTransport": "Inactive"}], ids=str)
    def test_is_not_one_that_drains_or_misses_another_component(self, bench: Any, components: dict[str, str]) -> None:
        here = bench(server={"components": components})
        here.bind(here.third_party)
        assert len(here.after(minutes=1).world.delivered) == 25


class TestFullFile:
    @pytest.mark.fact("protocol-log 7.11")
    def test_ends_between_two_rows_of_one_session(self, bench: Any) -> None:
        here = bench(server={"send_log_max_file_size": 1500}).after(minutes=5)
        files = numbered(here)
        assert len(files) > 3
        assert all(each.content.startswith(b"#Software") for each in files)
        assert all(len(each.content) < 1500 + 400 for each in files)
        ids = [{line.split(b",")[2] for line in each.content.splitlines() if line[:1] == b"2"} for each in files]
        assert any(one & other for one, other in pairwise(ids))

    @pytest.mark.fact("protocol-log 7.11")
    def test_gets_the_rest_of_the_row_that_it_ends_with(self, bench: Any) -> None:
        cut = bench(server={"send_log_max_file_size": 1500, "log_flush_s": 0.5}).after(minutes=20)
        whole = bench(readings={"log_flush": "whole_rows"}).after(minutes=20)
        *full, last = numbered(cut)
        assert len(full) > 10
        assert all(each.content.endswith(b"\r\n") for each in full)
        contexts = [line.split(b",")[-1] for each in (*full, last) for line in each.content.splitlines()]
        assert [each.decode() for each in contexts if each[:1] in (b"S", b"T")] == [
            row[8] for row in whole.rows() if row[8][:1] in ("S", "T")
        ]
