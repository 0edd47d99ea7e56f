# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of a protocol log: every field in its place, and no row that Exchange did not write."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.log_rows import parse_rows
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.protocol_log import LogType, Row
from hypothesis import given
from hypothesis import strategies as st

HEADER = (
    "#Software: Microsoft Exchange Server\r\n"
    "#Version: 15.0.0.0\r\n"
    "#Log-type: SMTP Send Protocol Log\r\n"
    "#Date: 2026-03-02T02:15:09.856Z\r\n"
    "#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\r\n"
)
RECEIVE_HEADER = HEADER.replace("Send", "Receive")
ENDPOINTS = "10.10.248.7:16547,203.0.113.25:25"
GOOD = f"2026-03-02T02:15:00.125Z,Outbound,08DE7814C5A2B301,16,{ENDPOINTS},*,,Sending certificate\r\n"
FORGED = f"2026-03-02T02:15:00.125Z,Outbound,08DE7814C5A2B301,19,{ENDPOINTS},*,{'A' * 40},Certificate thumbprint\r\n"


def written(*fields: str) -> str:
    """Write a row as Exchange does: quoted where a field holds a comma, a quote or a line break."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerow(fields)
    return out.getvalue()


def row_of(data: str, context: str = "", sequence: int = 1) -> str:
    return written(
        "2026-03-02T02:15:00.125Z",
        "Outbound",
        "08DE7814C5A2B301",
        str(sequence),
        "10.10.248.7:16547",
        "203.0.113.25:25",
        "<",
        data,
        context,
    )


def test_reads_nine_fields() -> None:
    (row,) = parse_rows([HEADER, GOOD], "SEND20260302-1.LOG")
    assert row == Row(
        time=datetime(2026, 3, 2, 2, 15, 0, 125000, tzinfo=UTC),
        connector="Outbound",
        session="08DE7814C5A2B301",
        sequence=16,
        local_endpoint="10.10.248.7:16547",
        remote_endpoint="203.0.113.25:25",
        event="*",
        data="",
        context="Sending certificate",
        line=6,
        file="SEND20260302-1.LOG",
        log_type=LogType.SEND,
    )


def test_without_a_header_the_nine_fields_are_assumed() -> None:
    rows = parse_rows([GOOD])
    assert [row.context for row in rows] == ["Sending certificate"]
    assert rows.log_type is LogType.UNSTATED


@pytest.mark.parametrize(
    ("name", "count", "skipped"), [("01-", 6, 0), ("02-", 0, 7), ("05-", 16, 0), ("06-", 16, 0), ("09-", 11, 0)]
)
def test_reads_published_excerpts(log_excerpt: Callable[[str], bytes], name: str, count: int, skipped: int) -> None:
    """The second one has a placeholder where the time was."""
    rows = parse_rows([log_excerpt(name)])
    assert len(list(rows)) == count
    assert rows.skipped == skipped


def test_quotes_and_commas_belong_to_the_field() -> None:
    (row,) = parse_rows([row_of('220 "mail", ready, at Thu, 21 Mar 2019')])
    assert row.data == '220 "mail", ready, at Thu, 21 Mar 2019'


def test_a_quote_within_a_field_that_is_not_quoted_is_a_quote() -> None:
    rows = parse_rows([GOOD.replace("Sending", 'Sen"ding'), GOOD])
    assert [row.context for row in rows] == ['Sen"ding certificate', "Sending certificate"]


def test_a_row_inside_a_quoted_field_is_not_a_row() -> None:
    rows = list(parse_rows([HEADER, row_of(f"220 hello\r\n{FORGED}"), GOOD]))
    assert [(row.line, row.context) for row in rows] == [(6, ""), (9, "Sending certificate")]
    assert rows[0].data == f"220 hello\r\n{FORGED}"


def test_a_header_inside_a_quoted_field_is_not_a_header() -> None:
    rows = parse_rows([HEADER, row_of(f"220 hello\r\n{RECEIVE_HEADER}"), GOOD])
    assert [row.log_type for row in rows] == [LogType.SEND, LogType.SEND]
    assert rows.log_type is LogType.SEND


@pytest.mark.fact("protocol-log 7.11")
def test_headers_may_stand_anywhere_and_know_no_quotes() -> None:
    remark = '# source: the "Sending certificate row was cut off\r\n'
    rows = parse_rows([GOOD, HEADER, GOOD, RECEIVE_HEADER, GOOD, remark, GOOD])
    types = [LogType.UNSTATED, LogType.SEND, LogType.RECEIVE, LogType.RECEIVE]
    assert [row.log_type for row in rows] == types
    assert rows.skipped == 0


@pytest.mark.parametrize(
    ("line", "log_type"),
    [
        ("#Log-type: SMTP Receive Protocol Log", LogType.RECEIVE),
        ("#LOG-TYPE:SMTP RECEIVE PROTOCOL LOG", LogType.RECEIVE),
        ("#Log-Type: smtp send protocol log ", LogType.SEND),
        ("#Log-type: Transport Connectivity Log", LogType.OTHER),
        ("#Log-type:", LogType.OTHER),
    ],
)
def test_the_type_of_a_log_is_read_in_any_case(line: str, log_type: LogType) -> None:
    (row,) = parse_rows([f"{line}\r\n", GOOD])
    assert row.log_type is log_type


def test_fields_may_be_named_in_another_order() -> None:
    names = "session-id,date-time,connector-id,extra,sequence-number,local-endpoint,remote-endpoint,event,context,data"
    header = f"#Fields: {names}\r\n"
    line = written("08DE", "2026-03-02T02:15:00Z", "Outbound", "x", "3", "", "203.0.113.25:25", "*", "attempting", "d")
    (row,) = parse_rows([header, line])
    assert (row.session, row.connector, row.sequence, row.context, row.data) == (
        "08DE",
        "Outbound",
        3,
        "attempting",
        "d",
    )


def test_rows_under_fields_that_are_not_ours_are_left_out() -> None:
    header = "#Fields: date-time,session,source,Destination,direction,description\r\n"
    rows = parse_rows([header, GOOD, "2026-03-02T02:15:00Z,08DE,SMTP,contoso.com,+,x\r\n"])
    assert list(rows) == []
    assert rows.skipped == 2


@pytest.mark.parametrize(
    "garbage",
    [
        "nonsense\r\n",
        " #Log-type: SMTP Receive Protocol Log\r\n",
        GOOD.replace("2026-03-02T02:15:00.125Z", "yesterday"),
        GOOD.replace("2026-03-02T02:15:00.125Z", "2026-03-02T02:15:00.125"),
        GOOD.replace(",16,", ",sixteen,"),
        GOOD.replace(",16,", ",-16,"),
        GOOD.replace(",*,", ",?,"),
        GOOD.replace("08DE7814C5A2B301", ""),
        GOOD.replace("\r\n", ",tenth\r\n"),
        GOOD.replace("Sending", '"Sending"'),
        GOOD.replace("Sending", "Sen\rding"),
        '"' + "x" * 200_000 + '"\r\n',
        "x" * 200_000 + "\r\n",
    ],
    ids=lambda text: text[:40].strip(),
)
def test_garbage_is_left_out_and_counted(garbage: str) -> None:
    rows = parse_rows([HEADER, GOOD, garbage, GOOD])
    assert [row.context for row in rows] == ["Sending certificate"] * 2
    assert rows.skipped == 1


def test_a_record_that_is_too_long_hides_no_rows_of_its_own() -> None:
    rows = parse_rows([row_of("220 " + "x" * 100_000 + "\r\n" + FORGED * 3), GOOD])
    assert [row.context for row in rows] == ["Sending certificate"]
    assert rows.skipped == 1


@pytest.mark.parametrize(("length", "read"), [(65536, True), (65537, False)])
def test_a_record_is_read_whole_or_not_at_all(length: int, read: bool) -> None:
    context = "x" * (length - len(GOOD))
    rows = parse_rows([GOOD.replace("certificate", f"certificate{context}"), GOOD])
    found = [row.context for row in rows]
    assert found == [*([f"Sending certificate{context}"] if read else []), "Sending certificate"]
    assert rows.skipped == (0 if read else 1)


def test_blank_lines_are_no_garbage() -> None:
    rows = parse_rows([GOOD, "\r\n", "  \n", GOOD])
    assert len(list(rows)) == 2
    assert rows.skipped == 0


@pytest.mark.parametrize("end", [len(GOOD) - 1, len(GOOD) - 2, 80, 1])
def test_an_unterminated_last_line_is_dropped(end: int) -> None:
    assert len(list(parse_rows([GOOD, GOOD[:end].rstrip("\n")]))) == 1


def test_a_quoted_field_that_never_closes_is_dropped_with_all_it_swallows() -> None:
    assert len(list(parse_rows([GOOD, row_of('x"')[:-4] + "\r\n", FORGED, FORGED]))) == 1


@pytest.mark.fact("protocol-log 7.11")
def test_lines_may_end_without_carriage_return() -> None:
    assert len(list(parse_rows([GOOD.replace("\r\n", "\n") * 3]))) == 3


def test_other_line_separators_of_unicode_separate_nothing() -> None:
    (row,) = parse_rows([row_of("220 a\u2028b\x0bc\x0cd\x85e")])
    assert row.data == "220 a\u2028b\x0bc\x0cd\x85e"


@pytest.mark.fact("protocol-log 7.11")
def test_a_byte_order_mark_is_no_part_of_the_log() -> None:
    assert [row.log_type for row in parse_rows([b"\xef\xbb\xbf" + HEADER.encode() + GOOD.encode()])] == [LogType.SEND]
    assert [row.connector for row in parse_rows(["\ufeff" + GOOD])] == ["Outbound"]


def test_bytes_that_are_no_utf8_are_replaced() -> None:
    (row,) = parse_rows([row_of("220 é").encode("latin-1")])
    assert row.data == "220 \ufffd"


def test_reading_is_lazy() -> None:
    def endless() -> Iterator[str]:
        while True:
            yield GOOD

    rows = parse_rows(endless())
    assert next(rows).sequence == 16
    assert next(rows).sequence == 16


# Whatever a remote server says, in the characters that matter to the format and in others.
replies = st.text(st.sampled_from('",\r\n#\ufeff ') | st.characters(exclude_categories=["Cs"]), max_size=60)
hostile = replies | st.builds(lambda before, after: before + "\r\n" + FORGED + after, replies, replies)


@given(st.lists(hostile))
def test_what_a_remote_server_says_never_becomes_a_row(data: list[str]) -> None:
    text = HEADER + "".join(row_of(item, sequence=number) for number, item in enumerate(data))
    rows = parse_rows([text])
    assert [(row.sequence, row.data) for row in rows] == list(enumerate(data))
    assert rows.skipped == 0


connector_names = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ROW = st.builds(
    Row,
    time=st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)).map(
        lambda time: time.replace(microsecond=time.microsecond // 1000 * 1000, tzinfo=UTC)
    ),
    connector=connector_names,
    session=connector_names.filter(bool),
    sequence=st.integers(0, 10**6),
    local_endpoint=st.sampled_from(["", "10.0.0.1:25", "[2001:db8::25]:25"]),
    remote_endpoint=st.sampled_from(["203.0.113.25:25", "2001:db8::25:25"]),
    event=st.sampled_from("+-><*"),
    data=replies,
    context=replies,
    line=st.just(0),
)


def text_of(row: Row) -> str:
    time = row.time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    ends = (row.local_endpoint, row.remote_endpoint)
    return written(time, row.connector, row.session, str(row.sequence), *ends, row.event, row.data, row.context)


def without_line(row: Row) -> Row:
    return Row(**{**vars(row), "line": 0, "log_type": LogType.UNSTATED})


@given(st.lists(ROW))
def test_every_row_is_read_back_as_it_was_written(rows: list[Row]) -> None:
    assert [without_line(row) for row in parse_rows([HEADER, *map(text_of, rows)])] == rows


@given(st.lists(ROW, max_size=5), st.data())
def test_it_does_not_matter_in_which_pieces_the_bytes_come(rows: list[Row], data: st.DataObject) -> None:
    encoded = (HEADER + "".join(map(text_of, rows))).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(encoded)), max_size=20)))
    pieces = [encoded[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(encoded)], strict=True)]
    assert [without_line(row) for row in parse_rows(pieces)] == rows


@given(st.text(st.sampled_from('",\r\n#a') | st.characters(exclude_categories=["Cs"])) | st.binary())
def test_no_text_makes_the_reader_fail(text: str | bytes) -> None:
    assert list(parse_rows([text])) == []
