# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event source: one event a change, whatever the number of looks."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).resolve().parents[3] / "extensions" / "eda" / "plugins" / "event_source" / "stuck_mail.py"


def _loaded() -> Any:
    spec = importlib.util.spec_from_file_location("stuck_mail", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Its dataclasses look their own module up.
    sys.modules["stuck_mail"] = module
    spec.loader.exec_module(module)
    return module


source = _loaded()
HOST = "mbx01.contoso.test"


def queue(identity: str = "MBX01\\3", **facts: Any) -> dict[str, Any]:
    return {
        "identity": identity,
        "delivery_type": "SmartHostConnectorDelivery",
        "status": "Retry",
        "message_count": 25,
        "first_retry_time": "2026-03-02T01:44:00.000Z",
        "last_error": "421 4.4.1 Connection timed out",
        **facts,
    }


def look(*queues: dict[str, Any]) -> Any:
    return source.Look(HOST, HOST, queues)


def changes(watch: Any, seen: Any, now: float) -> list[str]:
    return [each["change"] for each in watch.learn(seen, now)]


@pytest.fixture
def watch() -> Any:
    return source.Watch(interval=60, max_interval=900)


def test_a_queue_gives_one_event_when_it_gets_stuck_and_one_when_it_is_stuck_no_more(watch: Any) -> None:
    seen = [look(), look(queue()), look(queue()), look(queue(message_count=40)), look(), look(), look(queue())]
    told = [changes(watch, each, 60.0 * number) for number, each in enumerate(seen)]
    assert told == [[], ["stuck"], [], [], ["flows"], [], ["stuck"]]


def test_an_event_holds_the_whole_queue(watch: Any) -> None:
    (event,) = watch.learn(look(queue()), 0.0)
    assert event == {"change": "stuck", "host": HOST, "server": HOST, "queue": queue()}


@pytest.mark.parametrize(
    "facts",
    [
        {"message_count": 0},
        {"status": "Suspended"},
        {"status": "Ready"},
        {"status": "Active", "first_retry_time": None},
        {"delivery_type": "ShadowRedundancy"},
        {"delivery_type": "SmtpDeliveryToMailbox"},
    ],
)
def test_what_is_not_stuck_gives_none(watch: Any, facts: dict[str, Any]) -> None:
    assert changes(watch, look(queue(**facts)), 0.0) == []


def test_a_queue_that_is_being_tried_after_a_failure_is_still_stuck(watch: Any) -> None:
    assert changes(watch, look(queue()), 0.0) == ["stuck"]
    assert changes(watch, look(queue(status="Connecting")), 60.0) == []


def test_a_reminder_comes_only_when_it_is_asked_for() -> None:
    watch = source.Watch(interval=60, max_interval=900, remind_after=3600)
    told = [changes(watch, look(queue()), now) for now in (0.0, 1800.0, 3599.0, 3600.0, 5000.0, 7200.0)]
    assert told == [["stuck"], [], [], ["still_stuck"], [], ["still_stuck"]]


def test_a_server_that_cannot_be_asked_gives_one_event_and_is_asked_less_often(watch: Any) -> None:
    gone = source.Look(HOST, problem="no answer")
    now, waits = 0.0, []
    assert changes(watch, gone, now) == ["unreachable"]
    for __ in range(6):
        waits.append(next(step for step in range(1, 2000) if HOST not in watch.waiting(now + step)))
        now += waits[-1]
        assert changes(watch, gone, now) == []
    assert waits == [120, 240, 480, 900, 900, 900]
    assert changes(watch, look(), now) == ["reachable"]
    assert watch.waiting(now) == ()


def test_what_was_stuck_when_the_server_went_away_is_not_told_again_when_it_is_back(watch: Any) -> None:
    assert changes(watch, look(queue()), 0.0) == ["stuck"]
    assert changes(watch, source.Look(HOST, problem="no answer"), 60.0) == ["unreachable"]
    assert changes(watch, look(queue()), 180.0) == ["reachable"]


def test_queues_of_two_servers_are_told_apart(watch: Any) -> None:
    watch.learn(look(queue()), 0.0)
    other = source.Look("mbx02.contoso.test", "mbx02.contoso.test", [queue()])
    assert changes(watch, other, 0.0) == ["stuck"]
    assert changes(watch, source.Look("mbx02.contoso.test", "mbx02.contoso.test", []), 60.0) == ["flows"]
    assert changes(watch, look(queue()), 60.0) == []
