# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""exchange_queue_hold in organisations of the lab."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MBX01, EDGE = "mbx01.contoso.test", "edge01.contoso.test"
Start = Callable[..., Any]


class Desk:
    """A server of an organisation and what holds its mail."""

    def __init__(self, fleet: Any, journal: Path) -> None:
        self.fleet = fleet
        self.journal = journal
        self.fqdn = next(iter(fleet.organisation.world.servers))

    @property
    def queue(self) -> Any:
        return self.fleet.organisation.world.servers[self.fqdn].transport.queues()[0]

    @property
    def suspended(self) -> int:
        return sum(each.suspended for each in self.queue.messages)

    def do(self, state: str, **options: Any) -> dict[str, Any]:
        connector = self.queue.next_hop_connector
        result: dict[str, Any] = self.fleet.run(
            "exchange_queue_hold", self.fqdn, connector=connector, state=state, journal_dir=str(self.journal), **options
        )
        return result


@pytest.fixture
def desk(start: Start, tmp_path: Path) -> Callable[..., Desk]:
    return lambda scenario, *changes: Desk(start(scenario, *changes), tmp_path / "journal")


@pytest.mark.parametrize(
    ("scenario", "changes"),
    [("kb4051498", []), ("kb4051498", ["readings.select_object=hidden"]), ("edge-standalone", [])],
)
def test_all_is_held_but_one_and_let_go_again(desk: Callable[..., Desk], scenario: str, changes: list[str]) -> None:
    it = desk(scenario, *changes)
    waiting = it.queue.message_count
    assert it.do("held")["changed"]
    assert (it.queue.status, it.suspended) == ("Suspended", 0)
    assert not it.do("held")["changed"]
    going = it.do("canary")
    assert (it.queue.status, it.suspended, going["held_back"]) == ("Retry", waiting - 1, waiting - 1)
    assert not it.do("canary")["changed"]
    assert it.do("held")["changed"]
    assert it.do("released")["changed"]
    assert (it.queue.status, it.suspended, it.queue.message_count) == ("Retry", 0, waiting)
    assert not it.do("released")["changed"]
    prompts = [each["prompt"] for each in it.fleet.commands if each["prompt"]]
    assert prompts == []


@pytest.mark.parametrize("cmdlet", ["Suspend-Queue", "Suspend-Message", "Resume-Queue"])
def test_a_question_that_nobody_foresaw_fails_and_is_not_answered(desk: Callable[..., Desk], cmdlet: str) -> None:
    fault = {"cmdlet": cmdlet, "message": "Really?", "choices": ["Yes", "No"]}
    it = desk("kb4051498", f"faults=[{{unforeseen_prompt: {fault}}}]")
    results = [it.do("held"), it.do("canary")]
    failed = next(each for each in results if each.get("failed"))
    assert failed["reason"] == "unforeseen_prompt"
    assert "Really?" in failed["msg"]
    assert [each["answer"] for each in it.fleet.commands if each["prompt"]] == [None]


def test_who_may_only_view_is_told_before_anything_is_held(desk: Callable[..., Desk]) -> None:
    role_groups = "role_groups: [View-Only Organization Management]"
    account = f"{{user: 'CONTOSO\\exadmin', password: Lab-Passw0rd!, {role_groups}}}"
    it = desk("kb4051498", f"accounts=[{account}]")
    failed = it.do("held")
    assert failed["failed"]
    assert it.queue.status == "Retry"
