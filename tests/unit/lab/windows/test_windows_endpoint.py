# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the server's own PowerShell answers to whoever reads a log there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from pypsrp.powershell import PowerShell

from .conftest import LOGS, NOW, USER, Host

LOG = "SEND20260302-1.LOG"
ROWS = "2026-03-02T02:14:00.000Z,Исходящая почта,08DE,0,,203.0.113.25:25,*,,attempting to connect\r\n"
FILE_COLUMNS = ["Name", "FullName", "Length"]


def text(value: Any) -> str:
    """The text of a value that carries notes."""
    (only,) = value.property_sets
    assert isinstance(only, str)
    return only


class TestGetChildItem:
    def test_lists_the_files_that_fit_the_filter_by_name_and_in_any_case(self, host: Host) -> None:
        for name in ("SEND20260302-1.LOG", "send20260301-1.log", "RECV20260302-1.LOG", "SEND20260302-1.LOG.bak"):
            host.write(name, b"12345")
        listed = host.output("Get-ChildItem", FILE_COLUMNS, LiteralPath=LOGS, Filter="SEND*.LOG")
        assert [each.adapted_properties | each.extended_properties for each in listed] == [
            {"Name": name, "FullName": rf"{LOGS}\{name}", "Length": 5}
            for name in ("send20260301-1.log", "SEND20260302-1.LOG")
        ]

    def test_an_open_log_seems_empty_until_somebody_reads_it(self, host: Host) -> None:
        host.disk.append(rf"{LOGS}\{LOG}", b"12345", NOW)
        (before,) = host.output("Get-ChildItem", FILE_COLUMNS, LiteralPath=LOGS)
        (read,) = host.output("Get-Content", LiteralPath=rf"{LOGS}\{LOG}", Raw=True)
        (after,) = host.output("Get-ChildItem", FILE_COLUMNS, LiteralPath=LOGS)
        assert (before.extended_properties["Length"], text(read), after.extended_properties["Length"]) == (
            0,
            "12345",
            5,
        )

    def test_a_bracket_in_a_filter_means_itself(self, host: Host) -> None:
        host.write("SEND1.LOG", b"")
        assert host.output("Get-ChildItem", LiteralPath=LOGS, Filter="SEND[1].LOG") == []

    def test_an_empty_directory_is_no_error(self, host: Host) -> None:
        assert host.output("Get-ChildItem", LiteralPath=LOGS, Filter="SEND*.LOG") == []

    def test_without_a_projection_a_file_has_the_properties_of_dotnet(self, host: Host) -> None:
        host.write(LOG, b"12345")
        (file,) = host.output("Get-ChildItem", LiteralPath=LOGS)
        assert file.types[:2] == ["System.IO.FileInfo", "System.IO.FileSystemInfo"]
        assert (file.to_string, file.adapted_properties["Length"], file.adapted_properties["Attributes"]) == (
            LOG,
            5,
            "Archive",
        )
        assert file.extended_properties["PSPath"] == rf"Microsoft.PowerShell.Core\FileSystem::{LOGS}\{LOG}"

    def test_a_missing_directory_is_named(self, host: Host) -> None:
        error = host.error("Get-ChildItem", LiteralPath=r"D:\Logs")
        assert str(error) == "Cannot find drive. A drive with the name 'D' does not exist."
        assert error.fq_error == "DriveNotFound,Microsoft.PowerShell.Commands.GetChildItemCommand"


class TestGetItem:
    def test_tells_the_true_size_of_an_open_file(self, host: Host) -> None:
        host.disk.append(rf"{LOGS}\{LOG}", b"12345", NOW)
        (file,) = host.output("Get-Item", LiteralPath=rf"{LOGS.lower()}\{LOG.lower()}")
        assert (file.to_string, file.adapted_properties["Length"]) == (rf"{LOGS}\{LOG}", 5)

    def test_an_environment_variable_tells_which_computer_this_is(self, host: Host) -> None:
        (variable,) = host.output("Get-Item", LiteralPath="Env:ComputerName")
        assert variable.types[0] == "System.Collections.DictionaryEntry"
        assert variable.adapted_properties | variable.extended_properties == {
            "Key": "COMPUTERNAME",
            "Value": "MBX01",
            "Name": "COMPUTERNAME",
            "PSPath": r"Microsoft.PowerShell.Core\Environment::ComputerName",
            "PSDrive": "Env",
            "PSProvider": r"Microsoft.PowerShell.Core\Environment",
            "PSIsContainer": False,
        }

    def test_other_environment_variables_are_not_simulated(self, host: Host) -> None:
        assert "does not simulate the environment variable" in str(host.error("Get-Item", LiteralPath="Env:PATH"))

    def test_a_directory_is_a_container(self, host: Host) -> None:
        (directory,) = host.output("Get-Item", LiteralPath=LOGS)
        assert directory.adapted_properties["Name"] == "SmtpSend"
        assert directory.extended_properties["PSIsContainer"] is True

    def test_a_missing_file_is_named(self, host: Host) -> None:
        error = host.error("Get-Item", LiteralPath=rf"{LOGS}\x.log")
        assert error.fq_error == "PathNotFound,Microsoft.PowerShell.Commands.GetItemCommand"


class TestGetContent:
    def test_raw_is_the_whole_text_with_its_unterminated_last_line(self, host: Host) -> None:
        path = host.write(LOG, (ROWS + "2026-03-02T02:1").encode())
        (whole,) = host.output("Get-Content", LiteralPath=path, Encoding="UTF8", Raw=True)
        assert text(whole) == ROWS + "2026-03-02T02:1"

    def test_several_megabytes_arrive_whole(self, host: Host) -> None:
        rows = ROWS * (4 * 2**20 // len(ROWS.encode()))
        path = host.write(LOG, rows.encode())
        (whole,) = host.output("Get-Content", LiteralPath=path, Encoding="UTF8", Raw=True)
        assert text(whole) == rows

    def test_without_encoding_it_takes_the_log_for_ansi(self, host: Host) -> None:
        path = host.write(LOG, "Straße Ё".encode())
        (whole,) = host.output("Get-Content", LiteralPath=path, Raw=True)
        assert text(whole) == "StraÃŸe Ð\x81"

    @pytest.mark.parametrize("encoding", [{}, {"Encoding": "UTF8"}])
    def test_a_byte_order_mark_decides_and_disappears(self, host: Host, encoding: dict[str, str]) -> None:
        path = host.write(LOG, b"\xef\xbb\xbf" + "Straße".encode())
        (whole,) = host.output("Get-Content", LiteralPath=path, Raw=True, **encoding)
        assert text(whole) == "Straße"

    def test_bytes_that_are_no_utf8_are_replaced(self, host: Host) -> None:
        path = host.write(LOG, b"a\xffb")
        (whole,) = host.output("Get-Content", LiteralPath=path, Encoding="UTF8", Raw=True)
        assert text(whole) == "a\N{REPLACEMENT CHARACTER}b"

    def test_characters_that_xml_cannot_hold_arrive(self, host: Host) -> None:
        path = host.write(LOG, b"a\x00\x0b_x000D_\r\nb")
        (whole,) = host.output("Get-Content", LiteralPath=path, Encoding="UTF8", Raw=True)
        assert text(whole) == "a\x00\x0b_x000D_\r\nb"

    def test_each_text_tells_where_it_comes_from(self, host: Host) -> None:
        path = host.write(LOG, b"one\r\ntwo\r\n")
        last = host.output("Get-Content", LiteralPath=path)[-1].extended_properties
        assert list(last) == ["PSPath", "PSParentPath", "PSChildName", "PSDrive", "PSProvider", "ReadCount"]
        assert (last["PSPath"], last["PSChildName"]) == (rf"Microsoft.PowerShell.Core\FileSystem::{path}", LOG)
        assert (last["PSDrive"].to_string, last["PSDrive"].adapted_properties["Root"]) == ("C", "C:\\")
        assert last["PSProvider"].to_string == r"Microsoft.PowerShell.Core\FileSystem"
        assert last["ReadCount"] == 2

    def test_an_empty_file_returns_nothing(self, host: Host) -> None:
        path = host.write(LOG, b"")
        assert host.output("Get-Content", LiteralPath=path, Raw=True) == []
        assert host.output("Get-Content", LiteralPath=path) == []

    def test_without_raw_each_line_is_a_text_of_its_own(self, host: Host) -> None:
        path = host.write(LOG, "one\r\ntwo\n\rfour\u2028\x0b\x85four\r\n".encode())
        lines = [text(each) for each in host.output("Get-Content", LiteralPath=path, Encoding="UTF8")]
        assert lines == ["one", "two", "", "four\u2028\x0b\x85four"]

    @pytest.mark.parametrize(("count", "lines"), [(0, []), (2, ["two", "three"]), (9, ["one", "two", "three"])])
    def test_tail_is_the_last_lines(self, host: Host, count: int, lines: list[str]) -> None:
        path = host.write(LOG, b"one\r\ntwo\r\nthree")
        assert [text(each) for each in host.output("Get-Content", LiteralPath=path, Tail=count)] == lines

    def test_a_missing_file_is_powershells_own_error(self, host: Host) -> None:
        error = host.error("Get-Content", LiteralPath=rf"{LOGS}\x.log", Encoding="UTF8", Raw=True)
        assert str(error) == rf"Cannot find path '{LOGS}\x.log' because it does not exist."
        assert error.fq_error == "PathNotFound,Microsoft.PowerShell.Commands.GetContentCommand"
        assert (error.reason, error.activity) == ("ItemNotFoundException", "Get-Content")
        assert str(error.target_object) == rf"{LOGS}\x.log"
        assert "ObjectNotFound" in error.message

    def test_a_missing_file_does_not_hide_the_next_one(self, host: Host) -> None:
        path = host.write(LOG, b"here")
        shell = host.run("Get-Content", LiteralPath=[rf"{LOGS}\x.log", path], Raw=True)
        assert [text(each) for each in shell.output] == ["here"]
        assert len(shell.streams.error) == 1

    def test_a_directory_cannot_be_read(self, host: Host) -> None:
        error = host.error("Get-Content", LiteralPath=LOGS)
        assert str(error) == f"Access to the path '{LOGS}' is denied."

    def test_a_relative_path_begins_in_the_callers_documents(self, host: Host) -> None:
        error = host.error("Get-Content", LiteralPath="x.log")
        assert r"'C:\Users\winadmin\Documents\x.log'" in str(error)

    def test_an_encoding_that_powershell_does_not_know_is_refused(self, host: Host) -> None:
        path = host.write(LOG, b"x")
        error = host.error("Get-Content", LiteralPath=path, Encoding="utf-8")
        assert "Unable to match the identifier name utf-8 to a valid enumerator name." in str(error)


class TestSelectString:
    def test_finds_lines_by_their_text_in_any_case(self, host: Host) -> None:
        path = host.write(LOG, b"one\r\nTLS (x) Error\r\ntls (x) error again\r\n")
        found = host.output(
            "Select-String", ["Path", "LineNumber", "Line"], LiteralPath=path, SimpleMatch=True, Pattern="(X) ERROR"
        )
        assert [each.extended_properties for each in found] == [
            {"Path": path, "LineNumber": 2, "Line": "TLS (x) Error"},
            {"Path": path, "LineNumber": 3, "Line": "tls (x) error again"},
        ]

    def test_a_line_is_found_once_whatever_number_of_patterns_it_has(self, host: Host) -> None:
        path = host.write(LOG, b"one two\r\nTWO\r\n")
        found = host.output("Select-String", LiteralPath=path, SimpleMatch=True, Pattern=["two", "one"])
        assert [each.adapted_properties["Line"] for each in found] == ["one two", "TWO"]
        found = host.output(
            "Select-String", LiteralPath=path, SimpleMatch=True, CaseSensitive=True, Pattern=["zwei", "TWO"]
        )
        assert [(each.adapted_properties["Pattern"], each.to_string) for each in found] == [("TWO", f"{path}:2:TWO")]

    def test_a_regular_expression_is_more_than_the_lab_knows(self, host: Host) -> None:
        path = host.write(LOG, b"one")
        assert "does not simulate regular expressions" in str(
            host.error("Select-String", LiteralPath=path, Pattern="o")
        )

    @pytest.mark.parametrize(("encoding", "lines"), [({}, 1), ({"Encoding": "UTF8"}, 1), ({"Encoding": "Default"}, 0)])
    def test_takes_a_file_for_utf8_unless_told(self, host: Host, encoding: dict[str, str], lines: int) -> None:
        path = host.write(LOG, ROWS.encode())
        found = host.output("Select-String", LiteralPath=path, SimpleMatch=True, Pattern="исходящая", **encoding)
        assert len(found) == lines

    def test_a_missing_file_is_what_dotnet_says_of_it(self, host: Host) -> None:
        error = host.error("Select-String", LiteralPath=rf"{LOGS}\x.log", SimpleMatch=True, Pattern="x")
        assert str(error) == rf"The file {LOGS}\x.log can not be read: Could not find file '{LOGS}\x.log'."
        assert error.fq_error == "ProcessingFile,Microsoft.PowerShell.Commands.SelectStringCommand"


class TestGetDate:
    def test_is_the_servers_own_clock(self, host: Host) -> None:
        (now,) = host.output("Get-Date")
        assert text(now) == "2026-03-02T02:15:00.123456+00:00"
        assert now.extended_properties["DisplayHint"].to_string == "DateTime"


class TestSession:
    def test_every_command_is_remembered(self, host: Host) -> None:
        path = host.write(LOG, b"x")
        host.output("Get-Content", LiteralPath=path, Encoding="UTF8", Raw=True)
        (entry,) = host.world.commands
        assert (entry.name, entry.endpoint, entry.server, entry.user) == (
            "Get-Content",
            "/wsman",
            host.server.fqdn,
            USER,
        )
        assert (entry.parameters, entry.encrypted) == ({"LiteralPath": path, "Encoding": "UTF8", "Raw": True}, True)
        assert (entry.is_script, entry.error) == (False, None)

    def test_script_text_is_remembered_and_never_run(self, host: Host) -> None:
        shell = PowerShell(host.pool)
        shell.add_script("Get-Date").invoke()
        assert (shell.had_errors, list(shell.output)) == (True, [])
        (entry,) = host.world.commands
        assert (entry.name, entry.is_script) == ("Get-Date", True)
        assert entry.error == "The lab does not simulate script text."

    def test_an_unknown_command_is_not_recognized(self, host: Host) -> None:
        assert "The term 'Get-EventLog' is not recognized" in str(host.error("Get-EventLog"))

    def test_what_is_due_is_written_before_the_disk_is_read(self, host: Host) -> None:
        host.server.transport = _LateTransport(host)
        (whole,) = host.output("Get-Content", LiteralPath=rf"{LOGS}\{LOG}", Raw=True)
        assert text(whole) == "late"


class _LateTransport:
    """A transport service whose thread has not come round to writing its log."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def catch_up(self) -> None:
        self._host.disk.write(rf"{LOGS}\{LOG}", b"late", NOW)

    def queues(self) -> tuple[()]:
        return ()

    def retry(self, identity: str, now: datetime) -> None:
        raise KeyError(identity, now)

    def store_changed(self, now: datetime) -> None:
        raise AssertionError(now)
