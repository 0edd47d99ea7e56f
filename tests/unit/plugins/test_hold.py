# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's memory of held mail: real files, real locks, real processes that die."""

from __future__ import annotations

import json
import multiprocessing
import os
import stat
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.message import Message
from ansible_collections.mailops.exchange.plugins.module_utils._hold import HoldFile, Mail, change_hold
from ansible_collections.mailops.exchange.plugins.module_utils._module import Task
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.hold_record import HoldRecord, Kept
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.logging_record import Holder
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.plan import Refused, Unsettled
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.queue_hold import HoldWish, Wanted
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import Result
from ansible_collections.mailops.exchange.plugins.module_utils._records import this_run
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.errors import SessionLost

NOW = datetime(2026, 3, 2, 2, 15, tzinfo=UTC)


class Server:
    """A queue and its messages in a file, so that processes share them; commands work at once."""

    def __init__(self, make, path: Path) -> None:
        self.make = make
        self.path = path
        if not path.exists():
            path.write_text(json.dumps({"MBX01\\3": "Retry", "MBX01\\3\\7": "Retry", "MBX01\\3\\8": "Retry"}))

    @property
    def states(self) -> dict[str, str]:
        return dict(json.loads(self.path.read_text()))

    def queues(self):
        return (self.make.queue(3, status=self.states["MBX01\\3"]),)

    def messages(self, queue: str):
        found = [each for each in self.states.items() if each[0].startswith(f"{queue}\\")]
        return tuple(
            Message(identity, queue, status, "", NOW, None, f"<{identity[-1]}@contoso.test>")
            for identity, status in found
        )

    def send(self, pipelines):
        for each in pipelines:
            (command,) = each.commands
            status = "Suspended" if command.name.startswith("Suspend") else "Retry"
            self.path.write_text(json.dumps({**self.states, str(command.parameters["Identity"]): status}))
        return [Result()]

    def mail(self, **changes) -> Mail:
        return replace(Mail(self.make.fqdn, self.queues, self.messages, self.send), **changes)


@pytest.fixture
def server(make, tmp_path) -> Server:
    return Server(make, tmp_path / "states")


@pytest.fixture
def directory(tmp_path) -> Path:
    return tmp_path / "journal"


def change(server, directory, wanted, *, check_mode=False, budget=5, **changes):
    wish = HoldWish(server.make.guid, Wanted(wanted), assumes_hold=check_mode)
    task = Task({}, check_mode=check_mode, inventory_hostname="mbx01")
    return change_hold(task, wish, directory, server.mail(**changes), budget=budget)


def file_of(server, directory) -> HoldFile:
    return HoldFile(directory, server.make.fqdn, server.make.guid)


def test_a_record_says_what_is_held_and_is_gone_with_it(server, directory):
    change(server, directory, "held")
    change(server, directory, "canary")
    file = file_of(server, directory)
    record = file.read()
    assert record is not None
    assert ([each.identity for each in record.messages], record.queues[0].first.identity) == (
        ["MBX01\\3\\8"],
        "MBX01\\3\\7",
    )
    assert (record.holder.run, record.holder.host, record.kept) == (this_run(), "mbx01", Kept.NO)
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    change(server, directory, "released")
    assert not file.path.exists()
    assert set(server.states.values()) == {"Retry"}


def test_what_is_written_is_read_again(server, directory):
    change(server, directory, "held")
    change(server, directory, "canary")
    file = file_of(server, directory)
    kept = replace(file.read(), kept=Kept.UNSEEN)
    file.write(kept)
    assert file.read() == kept


def test_the_record_is_there_before_anything_is_suspended(server, directory):
    seen: list[HoldRecord | None] = []

    def send(pipelines):
        seen.append(file_of(server, directory).read())
        return server.send(pipelines)

    for wanted in ("held", "canary", "released"):
        change(server, directory, wanted, send=send)
    held, going, released = seen
    assert len(held.queues) == 1
    assert len(going.messages) == len(released.messages) == 1


def test_check_mode_leaves_no_trace(server, directory):
    for wanted in ("held", "canary", "released"):
        change(server, directory, wanted, check_mode=True)
    assert not directory.exists()
    assert set(server.states.values()) == {"Retry"}


def lose(pipelines):
    raise SessionLost("mbx01", str(pipelines[0]))


def test_what_did_not_happen_is_not_remembered(server, directory):
    with pytest.raises(Unsettled):
        change(server, directory, "held", send=lose)
    assert file_of(server, directory).read() is None


def test_what_may_have_happened_is_remembered(server, directory):
    def send_and_lose(pipelines):
        server.send(pipelines[:1])
        lose(pipelines)

    for wanted in ("held", "canary", "held"):
        change(server, directory, wanted)
    with pytest.raises(Unsettled):
        change(server, directory, "released", send=send_and_lose)
    assert file_of(server, directory).read() is not None
    change(server, directory, "released")
    assert set(server.states.values()) == {"Retry"}


def die_after(server, directory, *wanted):
    for each in wanted:
        change(server, directory, each)
    os._exit(9)


def test_what_a_process_held_that_died_is_let_go(server, directory):
    # Spawned, so that it is a run of its own and no fork of this one.
    process = multiprocessing.get_context("spawn").Process(target=_die, args=(server.make, server.path, directory))
    process.start()
    process.join(60)
    assert process.exitcode == 9
    assert "Suspended" in server.states.values()
    record = file_of(server, directory).read()
    # A child of a process belongs to its parent's run: here the parent is this test, which lives.
    file_of(server, directory).write(
        replace(record, holder=replace(record.holder, run=replace(this_run(), pid=2**22 + 1)))
    )
    change(server, directory, "released")
    assert set(server.states.values()) == {"Retry"}


def _die(make, path, directory):
    die_after(Server(make, path), directory, "held", "canary")


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", '{"format": 2}', '{"format": 1, "server": 3}', "\ud800".encode("utf-8", "replace").decode()],
)
def test_a_file_that_is_no_record_is_refused(server, directory, text):
    file = file_of(server, directory)
    directory.mkdir()
    file.path.write_text(text)
    with pytest.raises(Refused, match="is not a record of held mail"):
        change(server, directory, "released")
    assert set(server.states.values()) == {"Retry"}


def test_the_record_of_another_server_is_refused(server, directory):
    change(server, directory, "held")
    file = file_of(server, directory)
    file.write(replace(file.read(), server="mbx02.contoso.test"))
    with pytest.raises(Refused):
        change(server, directory, "released")


def test_a_directory_that_cannot_be_used_is_refused_before_anything_is_suspended(server, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Refused, match="cannot be used"):
        change(server, tmp_path / "file" / "journal", "held")
    assert set(server.states.values()) == {"Retry"}


def test_the_roles_pattern_finds_the_file(server, directory):
    change(server, directory, "held")
    assert [each.name for each in directory.glob(f"hold-{server.make.fqdn}-*.json")] == [
        f"hold-{server.make.fqdn}-{server.make.guid}.json"
    ]


def test_a_holder_is_whoever_asks(server, directory):
    change(server, directory, "held")
    holder = file_of(server, directory).read().holder
    assert isinstance(holder, Holder)
    assert holder.since <= datetime.now(UTC)
