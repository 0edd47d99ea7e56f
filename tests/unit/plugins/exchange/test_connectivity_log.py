# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connectivity log: whether connections came about, whatever else stands in it."""

from __future__ import annotations

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.address import endpoint_address, is_ipv6
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.connectivity_log import (
    Attempt,
    Refused,
    attempts_of,
    connect_row_text,
    parse_connect_rows,
)
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.last_error import last_address_tried
from hypothesis import given
from hypothesis import strategies as st

GUID = "6f1c2d3e-0000-4000-8000-00000000c0de"
HEADER = (
    "#Software: Microsoft Exchange Server\r\n#Version: 15.0.0.0\r\n#Log-type: Transport Connectivity Log\r\n"
    "#Date: 2026-03-02T02:00:00.000Z\r\n#Fields: date-time,session,source,Destination,direction,description\r\n"
)
HEALTH = "[TargetIPAddress:{0}|MarkedUnhealthy|FailureCount:3|NextRetryTime:2026-03-02T02:11:00.000Z]"


def rows(*texts: str, session: str = "08DE77F2A41B0C11", to: str = "fabrikam.com", minute: int = 10) -> str:
    return "".join(
        f"2026-03-02T02:{minute:02}:{second:02}.000Z,{session},SMTP,{to},{each}\r\n"
        for second, each in enumerate(texts)
    )


def only(text: str) -> Attempt:
    (attempt,) = attempts_of(parse_connect_rows([HEADER + text], "CONNECTLOG20260302-1.LOG"))
    return attempt


BEGIN = f"+,DnsConnectorDelivery {GUID};QueueLength=TQ=25;"
TIMED_OUT = f'>,"Failed connection to 203.0.113.25:25 (TimedOut:0000274C){HEALTH.format("203.0.113.25")}"'
NO_ROUTE = f'>,"Failed connection to [2001:db8::25]:25 (NetworkUnreachable:00002743){HEALTH.format("2001:db8::25")}"'


def test_an_attempt_that_came_to_no_connection() -> None:
    attempt = only(rows(BEGIN, TIMED_OUT, NO_ROUTE, "-,Messages: 0 Bytes: 0 ()"))
    assert attempt.refused == (
        Refused("203.0.113.25", "TimedOut", 10060),
        Refused("2001:db8::25", "NetworkUnreachable", 10051),
    )
    assert [each.is_ipv6 for each in attempt.refused] == [False, True]
    assert (attempt.has_connected, attempt.failed_lookup) == (False, "")
    assert (attempt.started.second, attempt.ended.second) == (0, 3)


def test_an_attempt_that_came_to_a_connection() -> None:
    attempt = only(rows(BEGIN, ">,Established connection to 203.0.113.25:25", "-,Messages: 1 Bytes: 9 ()"))
    assert (attempt.has_connected, attempt.refused) == (True, ())


@pytest.mark.parametrize(
    ("texts", "word"),
    [
        (
            ["DNS server returned ErrorRetry reported by 10.0.0.10. [Domain:Result] = mx.fabrikam.com:ErrorRetry;"],
            "ErrorRetry",
        ),
        (["InfoDomainNonexistent reported by 10.0.0.10."], "InfoDomainNonexistent"),
        (["ErrorRetry reported by 10.0.0.10.", "203.0.113.25; Success reported by 10.0.0.11."], ""),
        (["203.0.113.25; Success reported by 10.0.0.10."], ""),
        (["ErrorRetry reported by 10.0.0.10.", "InfoNoRecords reported by 10.0.0.11."], "InfoNoRecords"),
        ([], ""),
    ],
)
def test_a_name_that_was_not_found(texts: list[str], word: str) -> None:
    assert only(rows(BEGIN, *(f">,{each}" for each in texts))).failed_lookup == word


@pytest.mark.parametrize(
    ("guid", "destinations", "concerned"),
    [(GUID, [], True), ("other", ["Fabrikam.com"], True), ("other", ["contoso.com", ""], False)],
)
def test_whose_mail_was_to_leave(guid: str, destinations: list[str], concerned: bool) -> None:
    assert only(rows(BEGIN)).concerns(guid, destinations) is concerned


def test_whose_mail_it_is_stands_in_the_row_that_begins_the_attempt() -> None:
    attempt = only(rows(BEGIN, TIMED_OUT))
    assert attempt.concerns(GUID, [])
    other = only(rows("+,DnsConnectorDelivery 0;QueueLength=TQ=25;", f"-,{GUID}"))
    assert not other.concerns(GUID, [])
    first, second = only(rows(BEGIN)).rows[0], only(rows(TIMED_OUT, to="mx.fabrikam.com", minute=11)).rows[0]
    (both,) = attempts_of([first, second])
    assert both.destination == "fabrikam.com"


def test_sessions_interleave_and_what_belongs_to_none_is_left_out() -> None:
    first, second = rows(BEGIN, TIMED_OUT).splitlines(keepends=True)
    other = rows(BEGIN, session="08DE77F2A41B0C12", minute=9)
    service = "2026-03-02T02:00:00.000Z,,Transport,,*,service started; #MaxConcurrentSubmissions=20;\r\n"
    resolver = "2026-03-02T02:00:00.000Z,08DE,Resolver,,>,something\r\n"
    found = attempts_of(parse_connect_rows([HEADER, service, resolver, first, other, second]))
    assert [(each.session, len(each.rows)) for each in found] == [("08DE77F2A41B0C12", 1), ("08DE77F2A41B0C11", 2)]


def test_fields_may_stand_in_another_order_and_headers_anywhere() -> None:
    moved = "#Fields: session,date-time,source,Destination,direction,description,new\r\n"
    text = f"{moved}08DE,2026-03-02T02:00:00.000Z,SMTP,a.com,+,{GUID},x\r\n"
    (row,) = parse_connect_rows([text])
    assert (row.session, row.destination, row.direction) == ("08DE", "a.com", "+")
    assert list(parse_connect_rows(["#Fields: date-time,session\r\n2026-03-02T02:00:00.000Z,08DE\r\n"])) == []


@pytest.mark.parametrize(
    "text",
    ["08DE\r\n", "yesterday,08DE,SMTP,a.com,+,x\r\n", "2026-03-02T02:00:00.000Z,08DE,SMTP,a.com,!,x\r\n",
     "2026-03-02T02:00:00.000Z,08DE,SMTP,a.com,+,x,seventh\r\n",
     "2026-03-02T02:00:00.000Z,08DE,SMTP,a.com,+,half a ro"],
)  # fmt: skip
def test_what_is_no_row_is_passed_over(text: str) -> None:
    assert list(parse_connect_rows([HEADER + text])) == []


def test_a_row_that_is_longer_than_any_hides_none_behind_it() -> None:
    endless = rows(f">,{'x' * 100_000}")
    assert [row.direction for row in parse_connect_rows([HEADER, endless, rows(BEGIN)])] == ["+"]


def test_a_row_is_quoted_as_it_stands() -> None:
    line = rows(NO_ROUTE).strip()
    (row,) = parse_connect_rows([f"{line}\r\n"], "CONNECTLOG20260302-1.LOG")
    assert connect_row_text(row) == line.replace('"', "")
    assert (row.file, row.line) == ("CONNECTLOG20260302-1.LOG", 1)


@given(st.lists(st.text(), max_size=8))
def test_no_text_breaks_the_parser(chunks: list[str]) -> None:
    attempts_of(parse_connect_rows(chunks))


@pytest.mark.parametrize(
    ("endpoint", "address", "ipv6"),
    [
        ("203.0.113.25:25", "203.0.113.25", False),
        ("203.0.113.25", "203.0.113.25", False),
        ("[2001:db8::25]:25", "2001:db8::25", True),
        ("2001:db8::25:25", "2001:db8::25", True),
        ("2001:db8::25", "2001:db8::25", True),
        ("mail.contoso.com:25", "mail.contoso.com", False),
        ("", "", False),
    ],
)
def test_addresses(endpoint: str, address: str, ipv6: bool) -> None:
    assert endpoint_address(endpoint) == address
    assert is_ipv6(address) is ipv6


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (
            "… to all alternate hosts. The last endpoint attempted was 2001:db8::25:25'};{IP=192.168.12.4}]",
            "2001:db8::25",
        ),
        ("… The last endpoint attempted was 10.0.1.168:25};{FQDN=SITE07}", "10.0.1.168"),
        ("[{LED=451 4.4.397 …};{MSG=};{FQDN=mx};{IP=192.0.2.1};{LRT=8/20/2018 12:00:39 AM}]", "192.0.2.1"),
        ("421 4.4.1 Connection timed out", ""),
    ],
)
def test_the_address_that_was_tried_last(text: str, address: str) -> None:
    assert last_address_tried(text) == address
