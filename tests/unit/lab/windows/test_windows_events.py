# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Get-WinEvent: what it finds, and the errors by which it says that it found nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from exchange_lab.windows.events import time_meant
from exchange_lab.world import Account, Level
from exchange_lab.world.event_log import LogName

from .conftest import NOW, USER, Host

TRANSPORT, FRONT_END = "MSExchangeTransport", "MSExchangeFrontEndTransport"
COLUMNS = ["Id", "ProviderName", "TimeCreated", "LevelDisplayName", "Message", "MachineName"]
CLASS = "Microsoft.PowerShell.Commands.GetWinEventCommand"
INCORRECT = ("The parameter is incorrect", f"System.Diagnostics.Eventing.Reader.EventLogException,{CLASS}")


def write(
    host: Host,
    number: int,
    minutes: float = 0,
    *,
    log: LogName = "Application",
    provider: str = TRANSPORT,
    level: Level = "Error",
    message: str = "Something happened.",
    values: tuple[str, ...] = (),
) -> None:
    at = NOW - timedelta(minutes=minutes)
    host.server.event_log.write(
        log, provider, number, level, message, at=at, task="TransportService", values=values, process=9412
    )


@pytest.fixture(autouse=True)
def events(host: Host) -> None:
    write(host, 12014, 40)
    write(host, 36870, 30, log="System", provider="Schannel")
    write(host, 12014, 20, provider=FRONT_END)
    write(host, 2004, 10, level="Information")


def ids(host: Host, condition: dict[str, Any] | list[dict[str, Any]], **parameters: Any) -> list[int]:
    found = host.output("Get-WinEvent", ["Id"], FilterHashtable=condition, **parameters)
    return [each.extended_properties["Id"] for each in found]


def errors(host: Host, condition: dict[str, Any]) -> list[tuple[str, str]]:
    """Texts and identifiers of the errors of a question to which there is no answer."""
    shell = host.run("Get-WinEvent", FilterHashtable=condition)
    assert not shell.output
    return [(str(each), each.fq_error) for each in shell.streams.error]


class TestFilter:
    def test_the_newest_comes_first(self, host: Host) -> None:
        assert ids(host, {"LogName": "Application"}) == [2004, 12014, 12014]
        assert ids(host, {"LogName": "Application"}, Oldest=True) == [12014, 12014, 2004]

    def test_a_log_has_no_case_and_may_be_a_pattern(self, host: Host) -> None:
        assert ids(host, {"logname": "SYSTEM"}) == [36870]
        assert ids(host, {"LogName": "Sys*"}) == [36870]
        assert ids(host, {"LogName": "*"}) == [2004, 12014, 36870, 12014]

    def test_a_provider_narrows_it(self, host: Host) -> None:
        assert ids(host, {"LogName": "Application", "ProviderName": FRONT_END}) == [12014]
        assert ids(host, {"ProviderName": "schannel"}) == [36870]
        assert ids(host, {"ProviderName": "MSExchange*", "Id": 2004}) == [2004]

    def test_a_number(self, host: Host) -> None:
        assert ids(host, {"LogName": "Application", "Id": 12014}) == [12014, 12014]
        assert ids(host, {"LogName": "Application", "ID": "2004"}) == [2004]
        assert ids(host, {"LogName": "Application", "Level": 4}) == [2004]

    def test_several_numbers_are_none_once_they_have_crossed_the_wire(self, host: Host) -> None:
        ((text, error_id),) = errors(host, {"LogName": "Application", "Id": [12014, 2004]})
        assert text == "The specified query is invalid"
        assert error_id == INCORRECT[1]

    def test_several_logs_are_one_that_does_not_exist(self, host: Host) -> None:
        (first, __) = errors(host, {"LogName": ["Application", "System"]})
        assert first[0] == 'There is not an event log on the localhost computer that matches "Application System".'
        (first, *__) = errors(host, {"LogName": "System", "ProviderName": ["Schannel", TRANSPORT]})
        assert first[1] == f"NoMatchingProvidersFound,{CLASS}"

    def test_a_time_may_be_an_end(self, host: Host) -> None:
        assert ids(host, {"LogName": "Application", "EndTime": "2026-03-02T01:55:00Z"}) == [12014]

    def test_a_time_that_comes_as_one_loses_its_fraction(self) -> None:
        # pypsrp sends no times at all, other clients do.
        sent = datetime(2026, 3, 2, 2, 55, 0, 900_000, tzinfo=timezone(timedelta(hours=1)))
        assert time_meant(sent) == datetime(2026, 3, 2, 1, 55, tzinfo=UTC)
        assert time_meant(sent.replace(tzinfo=None)) == datetime(2026, 3, 2, 2, 55, tzinfo=UTC)

    @pytest.mark.parametrize("time", ["3/2/2026 2:05:00 AM", "2026-03-02T02:05:00Z", "2026-03-02T03:05:00+01:00"])
    def test_a_time_may_be_a_text(self, host: Host, time: str) -> None:
        assert ids(host, {"LogName": "Application", "StartTime": time}) == [2004]

    def test_a_text_that_is_no_time_is_an_error_and_no_condition(self, host: Host) -> None:
        shell = host.run("Get-WinEvent", ["Id"], FilterHashtable={"LogName": "System", "StartTime": "yesterday"})
        assert [each.extended_properties["Id"] for each in shell.output] == [36870]
        (error,) = shell.streams.error
        assert error.fq_error == f"DateTimeExpected,{CLASS}"

    def test_several_tables_are_several_questions(self, host: Host) -> None:
        both = [{"LogName": "System", "Id": 36870}, {"LogName": "Application", "Id": 2004}]
        assert ids(host, both) == [2004, 36870]
        # One that makes no sense is left out without a word.
        assert ids(host, [*both, {"LogName": "Application", "Id": [12014, 12015]}]) == [2004, 36870]

    def test_no_more_come_than_are_wanted(self, host: Host) -> None:
        assert ids(host, {"LogName": "Application"}, MaxEvents=2) == [2004, 12014]


class TestObject:
    def test_a_classic_event(self, host: Host) -> None:
        write(host, 12014, message="for the connector <img src=x>", values=("a", "b"))
        (event,) = host.output("Get-WinEvent", FilterHashtable={"LogName": "Application", "Id": 12014}, MaxEvents=1)
        assert event.types == [
            "System.Diagnostics.Eventing.Reader.EventLogRecord",
            "System.Diagnostics.Eventing.Reader.EventRecord",
            "System.Object",
        ]
        shown = event.adapted_properties
        names = ("Id", "Level", "LevelDisplayName", "ProviderName", "LogName", "MachineName", "ProcessId", "Version")
        assert [shown[name] for name in names] == [
            12014,
            2,
            "Error",
            TRANSPORT,
            "Application",
            "mbx01.contoso.test",
            None,
            None,
        ]
        assert shown["TimeCreated"].startswith("2026-03-02T02:15:00.123456")
        assert event.extended_properties == {"Message": "for the connector <img src=x>"}

    def test_one_of_schannels(self, host: Host) -> None:
        (event,) = host.output("Get-WinEvent", FilterHashtable={"LogName": "System"})
        shown = event.adapted_properties
        assert (shown["ProcessId"], shown["UserId"], shown["Opcode"]) == (9412, "S-1-5-18", 0)
        assert str(shown["ProviderId"]) == "1f678132-5938-4686-9fdc-c8ff68f15c85"

    def test_a_projection(self, host: Host) -> None:
        (event,) = host.output("Get-WinEvent", COLUMNS, FilterHashtable={"LogName": "System"})
        assert list(event.extended_properties) == COLUMNS
        assert event.extended_properties["Message"] == "Something happened."


class TestNothing:
    def test_is_an_error(self, host: Host) -> None:
        error = host.error("Get-WinEvent", FilterHashtable={"LogName": "Application", "Id": 12015})
        assert str(error) == "No events were found that match the specified selection criteria."
        assert error.fq_error == f"NoMatchingEventsFound,{CLASS}"

    def test_a_log_that_does_not_exist_is_two_errors(self, host: Host) -> None:
        assert errors(host, {"LogName": "Applications"}) == [
            (
                'There is not an event log on the localhost computer that matches "Applications".',
                f"NoMatchingLogsFound,{CLASS}",
            ),
            INCORRECT,
        ]

    def test_a_provider_that_does_not_exist_is_three(self, host: Host) -> None:
        assert errors(host, {"LogName": "System", "ProviderName": "MSExchangeTransports"}) == [
            (
                'There is not an event provider on the localhost computer that matches "MSExchangeTransports".',
                f"NoMatchingProvidersFound,{CLASS}",
            ),
            (
                "The specified providers do not write events to any of the specified logs.",
                f"LogsAndProvidersDontOverlap,{CLASS}",
            ),
            INCORRECT,
        ]

    def test_a_provider_of_another_log(self, host: Host) -> None:
        tables = [{"LogName": "System", "ProviderName": TRANSPORT}, {"LogName": "System"}]
        shell = host.run("Get-WinEvent", ["Id"], FilterHashtable=tables)
        assert [each.extended_properties["Id"] for each in shell.output] == [36870]
        assert [each.fq_error for each in shell.streams.error] == [f"LogsAndProvidersDontOverlap,{CLASS}"]

    def test_an_edge_has_no_front_end(self, host: Host) -> None:
        host.server.role = "edge"
        assert errors(host, {"ProviderName": FRONT_END})[0][1] == f"NoMatchingProvidersFound,{CLASS}"

    def test_neither_log_nor_provider(self, host: Host) -> None:
        (error,) = errors(host, {"Id": 12014})
        assert error == (
            "You must specify at least one Log, Provider or Path key-value pair.",
            f"LogProviderOrPathNeeded,{CLASS}",
        )

    def test_a_null(self, host: Host) -> None:
        ((text, __),) = errors(host, {"LogName": "System", "Id": None})
        assert text == "A null value was encountered in the id hash table key. Null values are not permitted."

    @pytest.mark.parametrize("key", ["Path", "Data", "UserID", "Service"])
    def test_what_the_lab_does_not_know_is_said(self, host: Host, key: str) -> None:
        ((text, __),) = errors(host, {"LogName": "System", key: "x"})
        assert text == f"The lab does not simulate the key {key.lower()} of -FilterHashtable."

    def test_other_ways_to_ask(self, host: Host) -> None:
        assert str(host.error("Get-WinEvent", LogName="System")) == (
            "The lab does not simulate -LogName of Get-WinEvent."
        )
        assert str(host.error("Get-WinEvent")) == "The lab does not simulate Get-WinEvent without -FilterHashtable."
        assert "Cannot convert value" in str(host.error("Get-WinEvent", FilterHashtable="System"))


class TestAccount:
    @pytest.fixture(autouse=True)
    def may_not_read(self, host: Host) -> None:
        host.world.accounts.append(Account(USER, "x", reads_event_logs=False))

    def test_that_may_not_read_event_logs_is_told_so(self, host: Host) -> None:
        assert errors(host, {"LogName": "Application", "Id": 12014}) == [
            (
                "Could not retrieve information about the Application log. Error: Attempted to perform an unauthorized "
                "operation..",
                f"LogInfoUnavailable,{CLASS}",
            ),
            (
                'There is not an event log on the localhost computer that matches "Application".',
                f"NoMatchingLogsFound,{CLASS}",
            ),
            INCORRECT,
        ]

    def test_another_one_may(self, host: Host) -> None:
        host.world.accounts[0] = Account("CONTOSO\\somebody", "x", reads_event_logs=False)
        assert ids(host, {"LogName": "System"}) == [36870]
