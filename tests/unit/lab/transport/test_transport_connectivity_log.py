# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connectivity log: what it says of each attempt to connect, at any logging level of a connector."""

from __future__ import annotations

import csv
from typing import Any

import pytest

DIRECTORY = r"C:\Program Files\Microsoft\Exchange Server\V15\TransportRoles\Logs\Hub\Connectivity"
FRONT_END = r"C:\Program Files\Microsoft\Exchange Server\V15\TransportRoles\Logs\FrontEnd\Connectivity"
MBX, OTHER = "mbx01.contoso.test", "mbx02.contoso.test"


def text(here: Any, directory: str = DIRECTORY, server: str = MBX) -> str:
    return "".join(each.content.decode() for each in here.world.servers[server].disk.files(directory))


def rows(here: Any, directory: str = DIRECTORY, server: str = MBX) -> list[list[str]]:
    """Whole rows on disk of connection attempts, as their six fields."""
    written = text(here, directory, server)
    whole = written[: written.rfind("\n") + 1]
    read = csv.reader(whole.splitlines(keepends=True))
    return [row for row in read if not row[0].startswith("#") and row[2] == "SMTP"]


def descriptions(here: Any, session: str, directory: str = DIRECTORY) -> list[tuple[str, str]]:
    return [(row[4], row[5]) for row in rows(here, directory) if row[1] == session]


class TestFiles:
    def test_have_the_header_and_the_name_of_their_own(self, bench: Any) -> None:
        here = bench().after(minutes=1)
        assert [each.name for each in here.server.disk.files(DIRECTORY)] == ["CONNECTLOG20260302-1.LOG"]
        header = text(here).split("\r\n")[:5]
        assert header[0] == "#Software: Microsoft Exchange Server"
        assert header[2] == "#Log-type: Transport Connectivity Log"
        assert header[4] == "#Fields: date-time,session,source,Destination,direction,description"

    def test_begin_with_the_start_of_the_service(self, bench: Any) -> None:
        assert ",Transport,,*,service started; " in text(bench().after(minutes=1)).split("\r\n")[5]

    def test_are_not_begun_by_a_service_that_does_not_run(self, bench: Any) -> None:
        here = bench(server={"transport_runs": False}, mail=[]).after(minutes=1)
        assert here.server.disk.files(DIRECTORY) == []

    def test_lag_behind_as_those_of_the_protocol_log_do(self, bench: Any) -> None:
        here = bench().after(seconds=14)
        assert text(here) == ""
        assert text(here.after(seconds=1)) != ""

    def test_do_not_exist_where_the_log_is_off(self, bench: Any) -> None:
        here = bench(server={"connectivity_log_enabled": False}).after(minutes=1)
        assert here.server.disk.files(DIRECTORY) == []

    def test_may_lie_elsewhere(self, bench: Any) -> None:
        here = bench(server={"connectivity_log_path": r"D:\Logs"}).after(minutes=1)
        assert [str(each.path) for each in here.server.disk.files(r"D:\Logs")] == [r"D:\Logs\CONNECTLOG20260302-1.LOG"]


def test_it_speaks_where_the_protocol_log_is_silent(bench: Any) -> None:
    here = bench(connector={"protocol_logging_level": "None"}).after(minutes=1)
    assert here.rows() == []
    assert rows(here)


def test_a_session_has_the_id_that_it_has_in_the_protocol_log(bench: Any) -> None:
    here = bench().after(minutes=1)
    assert {row[2] for row in here.rows()} == {row[1] for row in rows(here)}


def test_a_session_may_name_its_connector_and_tell_an_answer_of_dns(bench: Any) -> None:
    here = bench(readings={"connectivity_rows": "full"}).after(minutes=1)
    assert descriptions(here, rows(here)[0][1])[:3] == [
        ("+", "SmartHostConnectorDelivery 6d1d31f2-7d6f-5b4a-8d0c-0b7e3c0f9a11;QueueLength=TQ=25;"),
        (">", "203.0.113.25; Success reported by 10.0.0.10. [Domain:Result] = mx.example.com:Success;"),
        (">", "Established connection to 203.0.113.25:25"),
    ]


def test_a_certificate_that_cannot_be_used_shows_as_a_connection_without_a_message(bench: Any) -> None:
    here = bench().after(minutes=1)
    first = rows(here)[0][1]
    assert descriptions(here, first) == [
        ("+", "SmartHostConnectorDelivery;QueueLength=TQ=25;"),
        (">", "Established connection to 203.0.113.25:25"),
        ("-", "Messages: 0 Bytes: 0 ()"),
    ]
    assert {row[3] for row in rows(here)} == {"mx.example.com"}
    connected = next(row[0] for row in here.rows() if row[2] == first and row[6] == "+")
    assert next(row[0] for row in rows(here) if row[5].startswith("Established")) == connected


def test_messages_are_counted(bench: Any, make_certificate: Any) -> None:
    here = bench(store=[make_certificate(network_service=True)]).after(minutes=3)
    assert len(here.world.delivered) == 25
    ends = [row[5] for row in rows(here) if row[4] == "-"]
    assert sum(int(end.split()[1]) for end in ends) == 25
    assert all(int(end.split()[3]) > 4_000 for end in ends if not end.startswith("Messages: 0"))


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        ("timed_out", "TimedOut:0000274C"),
        ("refused", "ConnectionRefused:0000274D"),
        ("unreachable", "NetworkUnreachable:00002743"),
    ],
)
def test_a_connection_that_does_not_come_about_names_the_socket_error(
    bench: Any, make_peer: Any, failure: str, code: str
) -> None:
    here = bench(peers=[make_peer(listens=False, connect_failure=failure)]).after(minutes=3)
    failed = [row[5] for row in rows(here) if row[5].startswith("Failed connection")]
    head = f"Failed connection to 203.0.113.25:25 ({code})[TargetIPAddress:203.0.113.25|MarkedUnhealthy|"
    assert failed[0].startswith(f"{head}FailureCount:1|NextRetryTime:2026-03-02T02:0")
    assert failed[1].startswith(f"{head}FailureCount:2|NextRetryTime:2026-03-02T02:0")
    assert not any(row[5].startswith("Established") for row in rows(here))


def test_a_target_that_answers_is_healthy_again(bench: Any, make_peer: Any) -> None:
    here = bench(peers=[make_peer(listens=False)]).after(minutes=1)
    peer = here.world.peers["mx.example.com"]
    peer.listens = True
    here.after(minutes=3)
    peer.listens = False
    here.after(minutes=6)
    failed = [row[5] for row in rows(here) if row[5].startswith("Failed connection")]
    assert [each.partition("FailureCount:")[2][0] for each in failed[:2]] == ["1", "1"]


def test_a_name_that_dns_does_not_know_is_told_with_its_server(bench: Any) -> None:
    here = bench(connector={"smart_hosts": ("nowhere.example.com",)}).after(minutes=1)
    assert here.rows() == []
    first = rows(here)[0][1]
    assert descriptions(here, first)[1:] == [
        (
            ">",
            "InfoDomainNonexistent reported by 10.0.0.10. [Domain:Result] = nowhere.example.com:InfoDomainNonexistent;",
        ),
        ("-", "Messages: 0 Bytes: 0 ()"),
    ]


@pytest.mark.fact("protocol-log 0.9")
def test_a_certificate_that_is_not_there_aborts_the_session_before_anything_is_connected_to(bench: Any) -> None:
    here = bench(store=[]).after(minutes=1)
    assert here.rows() == []
    assert descriptions(here, rows(here)[0][1])[1:] == [("-", "Session aborted")]


def test_a_front_end_writes_its_own(bench: Any) -> None:
    here = bench(
        servers=[MBX, OTHER],
        connector={"frontend_proxy_enabled": True, "source_servers": (MBX,)},
        peers=None,
    )
    for server in here.world.servers.values():
        server.store = [here.setup]
        server.default_certificate = here.setup.thumbprint
    here.after(minutes=1)
    hub = rows(here)
    assert next(row[5] for row in hub if row[5].startswith("Established")).endswith(":717")
    # There the named certificate is not in the store, so nothing is connected to.
    assert {(row[3], row[5]) for row in rows(here, FRONT_END, OTHER) if row[4] == "-"} == {
        ("mx.example.com", "Session aborted")
    }
    assert rows(here, FRONT_END) == []
