# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the Send protocol log through a host's own PowerShell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ansible_collections.mailops.exchange.plugins.module_utils._observe.send_log import read_send_log
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import Pipeline, RemoteObject, Result

NOW = datetime(2026, 3, 2, 2, 15, tzinfo=UTC)
ROW = "2026-03-02T02:14:00.000Z,Outbound,08DE77F2A41B0C11,7,,203.0.113.25:25,*,,attempting to connect\r\n"


def answer(pipeline: Pipeline) -> Result:
    """What Windows PowerShell sends: a text of Get-Content is an object, with notes of where it comes from."""
    if pipeline.commands[0].name == "Get-ChildItem":
        name = "SEND20260302-1.LOG"
        return Result((RemoteObject(properties={"Name": name, "FullName": rf"C:\Logs\{name}", "Length": 0}),))
    return Result((RemoteObject(text=ROW, properties={"PSChildName": "SEND20260302-1.LOG", "ReadCount": 1}),))


def test_the_rows_are_those_of_the_text_whatever_notes_it_carries() -> None:
    log = read_send_log(answer, r"C:\Logs", NOW - timedelta(hours=1), frozenset({"Outbound"}), NOW)
    assert (log.problem, [each.session for each in log.sessions]) == ("", ["08DE77F2A41B0C11"])
    assert log.read_until is not None
    assert (log.read_until.time, log.read_until.sequence) == (NOW - timedelta(minutes=1), 7)
