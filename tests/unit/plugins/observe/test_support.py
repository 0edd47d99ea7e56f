# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading what tells why mail waits besides the Send log; what cannot be read is unknown, and no failure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.connectivity_log import Attempt
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.event import SOURCES
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.fields import Unreadable
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.server import Server
from ansible_collections.mailops.exchange.plugins.module_utils._observe.connectivity_log import read_connectivity_log
from ansible_collections.mailops.exchange.plugins.module_utils._observe.events import read_events
from ansible_collections.mailops.exchange.plugins.module_utils._observe.server import ObservedServer
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import (
    Pipeline,
    RemoteError,
    RemoteObject,
    Result,
)
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.errors import CmdletFailed

NOW = datetime(2026, 3, 2, 2, 15, tzinfo=UTC)
EARLIER = NOW - timedelta(hours=1)
NONE = RemoteError("Es wurden keine Ereignisse gefunden.", "NoMatchingEventsFound,Microsoft.PowerShell.Commands.X")
DENIED = RemoteError("Attempted to perform an unauthorized operation.", "LogInfoUnavailable,Microsoft.PowerShell.X")
ROW = "2026-03-02T02:14:00.000Z,08DE,SMTP,a.com,+,x\r\n"

Run = Callable[[Pipeline], Result]


def failing(*errors: RemoteError, output: tuple[RemoteObject, ...] = ()) -> Run:
    def run(pipeline: Pipeline) -> Result:
        raise CmdletFailed("mbx01", pipeline.commands[0].name, errors, Result(output))

    return run


def an_event(**changes: Any) -> RemoteObject:
    known = {
        "ProviderName": "Schannel",
        "Id": 36870,
        "TimeCreated": "2026-03-02T03:14:00.1234567+01:00",
        "Message": "A\r\nb",
    }
    return RemoteObject(properties={**known, **changes})


def test_events_come_newest_first_from_both_logs() -> None:
    def run(pipeline: Pipeline) -> Result:
        filters: Any = pipeline.commands[0].parameters["FilterHashtable"]
        asked.append({(each["logname"], each["providername"]) for each in filters})
        later = "2026-03-02T02:14:30.000Z" if filters[0]["logname"] == "System" else "2026-03-02T02:14:00.000Z"
        return Result((an_event(TimeCreated=later, ProviderName=filters[0]["providername"]),))

    asked: list[set[tuple[str, str]]] = []
    read = read_events(run, EARLIER)
    assert asked == [{(log, provider)} for log, provider, __ in SOURCES]
    assert [each.provider for each in read.events] == ["Schannel", "MSExchangeTransport"]
    assert read.problem == ""


def test_an_event_in_words() -> None:
    read = read_events(lambda __: Result((an_event(),)), EARLIER)
    assert str(read.events[0]) == "2026-03-02T02:14:00.123Z, Schannel 36870: A b"


def test_no_events_are_an_error_in_windows_and_none_here() -> None:
    read = read_events(failing(NONE), EARLIER)
    assert (read.events, read.problem) == ((), "")


def test_a_log_that_may_not_be_read_is_a_problem_and_what_came_is_kept() -> None:
    read = read_events(failing(NONE, DENIED, output=(an_event(),)), EARLIER)
    assert len(read.events) == len(SOURCES)
    assert "unauthorized" in read.problem or "mbx01" in read.problem


def test_an_event_without_a_time_is_not_guessed_at() -> None:
    with pytest.raises(Unreadable):
        read_events(lambda __: Result((an_event(TimeCreated=None),)), EARLIER)


def disk(*names: str, read: list[str] | None = None) -> Run:
    def run(pipeline: Pipeline) -> Result:
        command = pipeline.commands[0]
        if command.name == "Get-ChildItem":
            return Result(tuple(RemoteObject(properties={"Name": n, "FullName": n, "Length": 0}) for n in names))
        if read is not None:
            read.append(str(command.parameters["LiteralPath"]))
        return Result((RemoteObject(text=ROW),))

    return run


CONNECTLOGS = [f"CONNECTLOG20260302-{number}.LOG" for number in (2, 10, 1, 3)]


def never(attempt: Attempt) -> bool:
    del attempt
    return False


def test_files_are_read_from_the_newest_back_until_what_is_wanted_is_there() -> None:
    for wanted, numbers in ((never, (10, 3, 2)), (lambda each: each.session == "08DE", (10,))):
        read: list[str] = []
        run = disk(*CONNECTLOGS, "CONNECTLOG20260301-1.LOG", "SEND20260302-1.LOG", read=read)
        log = read_connectivity_log(run, "C:\\", EARLIER, wanted)
        assert read == [f"CONNECTLOG20260302-{number}.LOG" for number in numbers]
        assert [each.session for each in log.attempts] == ["08DE"]
        assert log.problem == ""


def test_older_rows_are_left_out() -> None:
    assert read_connectivity_log(disk("CONNECTLOG20260302-1.LOG"), "C:\\", NOW, never).attempts == ()


def test_a_log_that_is_off_or_cannot_be_read_is_unknown() -> None:
    off = read_connectivity_log(disk(), None, EARLIER, never)
    assert (off.path, off.attempts) == (None, ())
    assert "writes no connectivity log" in off.problem
    unread = read_connectivity_log(failing(DENIED), "C:\\", EARLIER, never)
    assert unread.path == "C:\\"
    assert unread.problem


class Queues:
    """A session that answers Get-Message by the queue's name."""

    def __init__(self, **answers: Result | RemoteError) -> None:
        self.answers = answers

    def run(self, pipeline: Pipeline) -> Result:
        name = str(pipeline.commands[0].parameters["Queue"]).partition("\\")[2]
        answer = self.answers[f"q{name}"]
        if isinstance(answer, RemoteError):
            raise CmdletFailed("mbx01", "Get-Message", (answer,), Result())
        return answer

    run_on_host = run

    def this_host(self) -> Server | None:
        return None


def a_message(number: int) -> RemoteObject:
    return RemoteObject(
        properties={
            "Identity": RemoteObject(text=f"MBX01\\3\\{number}"),
            "Queue": RemoteObject(text="MBX01\\3"),
            "InternetMessageId": f"<{number}@contoso.test>",
            "Status": RemoteObject(text="Retry", number=5),
            "LastError": "452 4.3.1 Insufficient system resources",
            "DateReceived": "2026-03-02T02:00:00.000Z",
            "ExpirationTime": "2026-03-04T02:00:00.000Z",
        }
    )


def messages(*queues: str, **answers: Result | RemoteError) -> tuple[list[str], str]:
    server = Server("MBX01", "mbx01.contoso.test", "HQ", "15.2", is_mailbox=True, is_edge=False)
    read = ObservedServer(server, Queues(**answers)).messages(queues, 100)
    assert all(each.is_deferred and each.queue == "MBX01\\3" for each in read.messages)
    return [each.identity for each in read.messages], read.problem


GONE = RemoteError("The object with identity MBX01\\4 wasn't found.", "X", "ObjectNotFound")
HIDDEN = RemoteError("The term 'Get-Message' is not recognized", "CommandNotFoundException", "ObjectNotFound")


def test_messages_of_some_queues_of_which_one_is_gone() -> None:
    found = messages("MBX01\\4", "MBX01\\3", q4=GONE, q3=Result((a_message(7), a_message(8))))
    assert found == (["MBX01\\3\\7", "MBX01\\3\\8"], "")


def test_a_cmdlet_that_is_hidden_is_a_problem() -> None:
    found, problem = messages("MBX01\\3", q3=HIDDEN)
    assert found == []
    assert "Get-Message" in problem
