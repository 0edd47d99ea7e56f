# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Send protocol log on disk: rows, files, buffers, and when it speaks at all."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from exchange_lab.agenda import Agenda
from exchange_lab.transport.protocol_log import ProtocolLog, Row
from exchange_lab.world import Mail, Readings

BEGIN = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
REAL = Path(__file__).parents[3] / "fixtures" / "protocol-logs"
REAL_ROWS = [
    line
    for name in (
        "01-send-old-form-unknowncredentials-kb4051498.log",
        "05-send-2016-no-tls-complete-session.log",
        "06-receive-new-single-line-certificate.log",
        "09-send-2010-starttls-offered-head.log",
        "10-send-2013-invalidtoken-smtp-inspection-head.log",
        "11-send-2013-starttls-not-offered-head.log",
    )
    for line in (REAL / name).read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]


class TestRow:
    def test_real_rows_come_out_as_they_are(self) -> None:
        assert len(REAL_ROWS) > 50
        for line in REAL_ROWS:
            time, connector, session, number, local, remote, event, data, context = next(csv.reader([line]))
            at = datetime.fromisoformat(time)
            row = Row(at, connector, session, int(number), local, remote, event, data, context)  # type: ignore[arg-type]
            assert row.text == line + "\r\n"

    def test_a_field_with_a_quote_or_a_line_end_is_quoted(self) -> None:
        row = Row(BEGIN, "Out", "0" * 16, 7, "", "192.0.2.1:25", "<", '250 "x"\r\n*,,forged')
        assert row.text == f'2026-03-02T02:00:00.000Z,Out,{"0" * 16},7,,192.0.2.1:25,<,"250 ""x""\r\n*,,forged",\r\n'


class TestFiles:
    @pytest.mark.fact("protocol-log 7.11")
    def test_have_the_header_of_real_ones(self, bench: Any) -> None:
        here = bench().after(seconds=30)
        real = (REAL / "05-send-2016-no-tls-complete-session.log").read_text(encoding="utf-8").splitlines()[1:6]
        seen = here.text().split("\r\n")[:5]
        assert [seen[each] for each in (0, 1, 2, 4)] == [real[each] for each in (0, 1, 2, 4)]
        assert seen[3].startswith("#Date: 2026-03-02T02:00:1")

    @pytest.mark.fact("protocol-log 7.11")
    def test_are_dated_later_than_their_first_row(self, bench: Any) -> None:
        here = bench().after(seconds=30)
        dated = datetime.fromisoformat(here.text().split("\r\n")[3].removeprefix("#Date: "))
        assert dated - datetime.fromisoformat(here.rows()[0][0]) == timedelta(seconds=15)

    @pytest.mark.fact("protocol-log 7.2", "protocol-log 7.11")
    @pytest.mark.parametrize(
        ("reading", "names"),
        [
            ("daily", ["SEND20260302-1.LOG", "SEND20260303-1.LOG"]),
            ("hourly", ["SEND2026030223-1.LOG", "SEND2026030300-1.LOG"]),
        ],
    )
    def test_are_named_by_the_time_of_writing_so_that_a_session_may_span_two(
        self, bench: Any, reading: str, names: list[str]
    ) -> None:
        midnight = datetime(2026, 3, 3, tzinfo=UTC)
        mail = [Mail("mbx01.contoso.test", "fabrikam.com", 25, midnight - timedelta(seconds=3))]
        here = bench(mail=mail, readings={"log_names": reading}, server={"log_flush_s": 1.0})
        here.bind(here.third_party)
        here.after(hours=23)
        files = here.server.disk.files(here.server.send_log_path)
        assert [each.name for each in files] == names
        spanning = {line.split(b",")[2] for line in files[0].content.splitlines() if line[:1] != b"#"}
        assert any(session in files[1].content for session in spanning)

    @pytest.mark.fact("protocol-log 7.2")
    def test_are_appended_to_without_a_second_header(self, bench: Any) -> None:
        here = bench()
        path = f"{here.server.send_log_path}\\SEND20260302-1.log"
        here.server.disk.write(path, b"#Software: Microsoft Exchange Server\r\n", BEGIN)
        here.after(seconds=30)
        assert len(here.server.disk.files(here.server.send_log_path)) == 1
        assert here.text().count("#Software") == 1
        assert here.rows()

    @pytest.mark.fact("protocol-log 7.2", "protocol-log 7.11")
    def test_that_are_full_are_followed_by_the_next_number(self, bench: Any) -> None:
        here = bench()
        path = f"{here.server.send_log_path}\\SEND20260302-1.LOG"
        here.server.disk.write(path, b"\n" * here.server.send_log_max_file_size, BEGIN)
        here.after(seconds=30)
        assert here.server.disk.file(path.replace("-1.", "-2.")).content.startswith(b"#Software")

    @pytest.mark.fact("protocol-log 7.11")
    @pytest.mark.parametrize(("reading", "end"), [("crlf", b"\r\n"), ("lf", b"\n")])
    def test_end_their_rows_by_reading(self, bench: Any, reading: str, end: bytes) -> None:
        here = bench(readings={"log_row_end": reading, "log_flush": "whole_rows"}).after(seconds=30)
        content = here.server.disk.files(here.server.send_log_path)[0].content
        assert content.endswith(b"-,,Local" + end)
        assert content.count(b"\r") == (content.count(b"\n") if reading == "crlf" else 0)

    def test_may_begin_with_a_byte_order_mark(self, bench: Any) -> None:
        here = bench(readings={"log_byte_order_mark": "present"}).after(minutes=20)
        content = here.server.disk.files(here.server.send_log_path)[0].content
        assert content.startswith(b"\xef\xbb\xbf#Software")
        assert content.count(b"\xef\xbb\xbf") == 1

    @pytest.mark.fact("protocol-log 7.11")
    def test_are_utf_8(self, bench: Any) -> None:
        here = bench(connector={"name": "Исходящая почта"}).after(seconds=30)
        assert here.rows()[0][1] == "Исходящая почта"


class TestBuffer:
    @pytest.mark.fact(
        "protocol-log 0.4", "protocol-log 7.2", "protocol-log 7.3", "protocol-log 7.4", "protocol-log 7.11"
    )
    def test_keeps_rows_from_the_disk_until_it_is_flushed(self, bench: Any) -> None:
        here = bench(readings={"log_flush": "whole_rows"}).after(seconds=14)
        assert here.text() == ""
        assert len(here.after(seconds=1).rows()) == 23

    @pytest.mark.fact("protocol-log 0.4", "protocol-log 7.2", "protocol-log 7.3", "protocol-log 7.11")
    def test_may_be_cut_within_the_last_row_whose_rest_comes_later(self, bench: Any) -> None:
        here = bench().after(seconds=15)
        assert not here.text().endswith("\n")
        assert len(here.rows()) == 22
        assert len(here.after(seconds=15).rows()) == 23
        assert here.text().endswith("-,,Local\r\n")

    @pytest.mark.fact("protocol-log 0.4")
    def test_loses_no_byte_over_many_flushes(self, bench: Any) -> None:
        whole = bench(readings={"log_flush": "whole_rows"}).after(hours=2, seconds=40)
        cut = bench(readings={"log_flush": "any_byte"}).after(hours=2, seconds=40)

        def rows(here: Any) -> list[tuple[str, ...]]:
            unlike = {here.third_party.thumbprint, here.third_party.serial_number}
            return [tuple("…" if field in unlike else field for field in row[6:]) for row in here.rows()]

        assert rows(cut) == rows(whole)

    @pytest.mark.fact("protocol-log 7.11")
    def test_of_no_time_is_no_buffer(self, bench: Any) -> None:
        here = bench(server={"log_flush_s": 0.0}).after(seconds=0.3)
        assert here.rows()[2][6] == "+"

    def test_is_lost_where_there_is_no_path(self, bench: Any) -> None:
        here = bench(server={"send_log_path": None}).after(hours=1)
        assert here.queue.message_count == 25
        assert here.server.disk.files("C:\\") == []

    @pytest.mark.fact("protocol-log 7.11")
    def test_cuts_where_chance_says_but_never_leaves_a_row_behind(self, bench: Any) -> None:
        here = bench(mail=[])
        agenda = Agenda(BEGIN)
        log = ProtocolLog(here.server, here.server.send_log_path, agenda, Readings(), Random(1))
        for number in range(40):
            agenda.at(
                BEGIN + timedelta(seconds=number),
                lambda number=number: log.write(Row(agenda.now, "Out", "0" * 16, number, "", "", "*", "", "x")),
            )
        agenda.live_until(BEGIN + timedelta(minutes=5))
        assert [int(row[3]) for row in here.rows()] == list(range(40))


class TestLevel:
    def test_none_is_silence(self, bench: Any) -> None:
        here = bench(connector={"protocol_logging_level": "None"}).after(hours=1)
        assert here.text() == ""

    @pytest.mark.fact("protocol-log 7.4")
    def test_verbose_speaks_when_the_service_has_loaded_it(self, bench: Any) -> None:
        here = bench(connector={"protocol_logging_level": "None"}).after(minutes=40)
        here.set_connector(protocol_logging_level="Verbose")
        here.after(seconds=55)
        here.service.retry(here.queue.identity, here.now)
        assert here.after(seconds=30).text() == ""
        here.service.retry(here.queue.identity, here.now)
        assert here.after(seconds=30).rows()[-1][8] == "Local"

    def test_waits_for_the_domain_controller_of_the_server(self, bench: Any) -> None:
        here = bench(connector={"protocol_logging_level": "None"})
        here.server.domain_controller = "dc02.contoso.test"
        here.after(minutes=40)
        here.set_connector(protocol_logging_level="Verbose")
        here.after(seconds=70)
        here.service.retry(here.queue.identity, here.now)
        assert here.after(seconds=20).text() == ""
        here.service.retry(here.queue.identity, here.now)
        assert here.after(seconds=20).rows()

    def test_no_change_is_loaded_within_five_seconds(self, bench: Any) -> None:
        here = bench(connector={"protocol_logging_level": "None"}, server={"transport_reload_s": 0.0, "log_flush_s": 0})
        here.after(minutes=40)
        here.set_connector(protocol_logging_level="Verbose")
        here.after(seconds=4)
        here.service.retry(here.queue.identity, here.now)
        assert here.after(seconds=2).text() == ""
        here.service.retry(here.queue.identity, here.now)
        assert here.after(seconds=2).rows()

    @pytest.mark.fact("protocol-log 7.11")
    def test_holds_for_a_session_as_it_was_when_it_opened(self, bench: Any) -> None:
        here = bench(server={"transport_reload_s": 5.0})
        here.bind(here.third_party)
        here.after(seconds=1)
        here.set_connector(protocol_logging_level="None")
        here.after(minutes=1)
        assert [said for said in here.said(0) if said[0] == "-"] == [("-", "", "Local")]
