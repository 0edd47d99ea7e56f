# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's journal: real files, real locks, real processes."""

from __future__ import annotations

import json
import multiprocessing
import os
import stat
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils import _records
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.connector import LoggingLevel, SendConnector
from ansible_collections.mailops.exchange.plugins.module_utils._journal import (
    Journal,
    change_level,
    organisation_of,
)
from ansible_collections.mailops.exchange.plugins.module_utils._module import Task
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.logging_level import (
    LoggingWish,
    WantedLevel,
)
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.logging_record import Holder, Record, Run
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.plan import Refused, Unsettled
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import Result
from ansible_collections.mailops.exchange.plugins.module_utils._records import PATIENCE, is_dead, this_run
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.errors import SessionLost, Silent

GUID = "6f1c2d3e-0000-4000-8000-00000000c0de"
CONNECTOR = SendConnector(
    name="Outbound to Office 365",
    guid=GUID,
    distinguished_name="CN=Outbound,CN=Connections,CN=Configuration,DC=contoso,DC=test",
    enabled=True,
    logging_level=LoggingLevel.NONE,
    tls_certificate_name=None,
    fqdn=None,
    require_tls=True,
    ignore_starttls=False,
    dns_routing=True,
    smart_hosts=(),
    source_servers=("MBX01",),
    frontend_proxy=False,
    originating_server="dc01.contoso.test",
)
NOW = datetime(2026, 3, 2, 2, 15, tzinfo=UTC)


def refuse(commands):
    raise SessionLost("mbx01", str(commands[0]))


class Directory:
    """An organisation's connector in a file, so that processes share it; each Set appends a line to a list."""

    def __init__(self, path: Path) -> None:
        self.level, self.sets = path / "level", path / "sets"
        if not self.level.exists():
            self.level.write_text("None")
            self.sets.write_text("")

    def observe(self, _domain_controller: str) -> SendConnector:
        return replace(CONNECTOR, logging_level=LoggingLevel(self.level.read_text()))

    def apply(self, commands):
        for pipeline in commands:
            level = str(pipeline.commands[0].parameters["ProtocolLoggingLevel"])
            with self.sets.open("a") as sets:
                sets.write(level + "\n")
            time.sleep(0.1)  # a cmdlet takes its time
            self.level.write_text(level)
        return []

    @property
    def done(self) -> list[str]:
        return self.sets.read_text().split()


@pytest.fixture
def directory(tmp_path) -> Directory:
    return Directory(tmp_path)


@pytest.fixture
def journal(tmp_path) -> Journal:
    return Journal(tmp_path / "journal")


def change(directory, journal, level, host="mbx01", *, apply=None, **task):
    wish = LoggingWish(GUID, WantedLevel(level))
    return change_level(
        Task({}, inventory_hostname=host, **task),
        wish,
        journal,
        connector=CONNECTOR,
        observe=directory.observe,
        apply=apply or directory.apply,
        budget=20,
    )


def record_in(journal: Journal) -> Record | None:
    return journal.entry("contoso.test", GUID).read()


def test_three_hosts_raise_once_and_the_last_restores(directory, journal):
    hosts = ["mbx01", "mbx02", "mbx03"]
    assert [change(directory, journal, "verbose", host).changed for host in hosts] == [True, False, False]
    assert [holder.host for holder in record_in(journal).holders] == hosts
    assert [change(directory, journal, "previous", host).changed for host in hosts] == [False, False, True]
    assert record_in(journal) is None
    assert directory.done == ["Verbose", "None"]


class Forest:
    """A connector on two domain controllers; what one is told, the other has not heard of yet."""

    def __init__(self) -> None:
        self.levels = {"dc01.contoso.test": LoggingLevel.NONE, "dc02.contoso.test": LoggingLevel.NONE}
        self.told: list[tuple[str, str]] = []

    def change(self, journal: Journal, level: str, host: str, nearest: str) -> bool:
        return change_level(
            Task({}, inventory_hostname=host),
            LoggingWish(GUID, WantedLevel(level)),
            journal,
            connector=replace(CONNECTOR, originating_server=nearest),
            observe=lambda asked: replace(CONNECTOR, originating_server=asked, logging_level=self.levels[asked]),
            apply=self.apply,
        ).changed

    def apply(self, commands):
        for pipeline in commands:
            parameters = pipeline.commands[0].parameters
            controller, level = str(parameters["DomainController"]), str(parameters["ProtocolLoggingLevel"])
            self.levels[controller] = LoggingLevel(level)
            self.told.append((controller, level))
        return []


def test_all_hosts_ask_the_domain_controller_that_was_told_first(journal):
    forest = Forest()
    assert forest.change(journal, "verbose", "mbx01", "dc01.contoso.test")
    assert not forest.change(journal, "verbose", "mbx02", "dc02.contoso.test"), "it only has not heard of it yet"
    assert not forest.change(journal, "previous", "mbx01", "dc01.contoso.test")
    assert forest.change(journal, "previous", "mbx02", "dc02.contoso.test")
    assert forest.told == [("dc01.contoso.test", "Verbose"), ("dc01.contoso.test", "None")]


def test_a_record_that_nobody_holds_binds_nobody_to_its_domain_controller(journal):
    forest = Forest()
    forest.change(journal, "verbose", "mbx01", "dc01.contoso.test")
    entry = journal.entry("contoso.test", GUID)
    entry.write(replace(entry.read(), holders=(), domain_controller="dc09.contoso.test"))
    forest.levels["dc02.contoso.test"] = LoggingLevel.VERBOSE
    assert forest.change(journal, "previous", "mbx02", "dc02.contoso.test")
    assert forest.told[-1] == ("dc02.contoso.test", "None")


def _fork(path: Path, host: str, start, proceed) -> None:
    start.wait()
    change(Directory(path), Journal(path / "journal"), "verbose", host)
    proceed.wait()
    change(Directory(path), Journal(path / "journal"), "previous", host)


def test_forks_that_race_set_once_and_put_back_once(tmp_path, directory, journal):
    context = multiprocessing.get_context("fork")
    start, proceed = context.Barrier(4), context.Barrier(4)
    forks = [context.Process(target=_fork, args=(tmp_path, f"mbx0{n}", start, proceed)) for n in (1, 2, 3)]
    for fork in forks:
        fork.start()
    start.wait(20)
    proceed.wait(20)
    for fork in forks:
        fork.join(20)
    assert [fork.exitcode for fork in forks] == [0, 0, 0]
    assert directory.done == ["Verbose", "None"]
    assert record_in(journal) is None


def test_forks_belong_to_the_run_of_their_parent():
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply(this_run) == this_run()
    assert this_run().pid == os.getpid()
    assert this_run().started


def test_the_next_run_restores_what_a_killed_one_has_left(directory, journal):
    context = multiprocessing.get_context("spawn")
    child = context.Process(target=os.getpid)
    child.start()
    child.join()
    dead = Run(this_run().controller, child.pid, "boot:1")
    change(directory, journal, "verbose")
    entry = journal.entry("contoso.test", GUID)
    entry.write(replace(entry.read(), holders=(Holder("mbx09", dead, NOW),)))

    assert change(directory, journal, "previous", "mbx02").changed

    assert directory.done == ["Verbose", "None"]
    assert record_in(journal) is None


def test_check_mode_leaves_no_trace(directory, journal):
    outcome = change(directory, journal, "verbose", check_mode=True)
    assert outcome.changed
    assert directory.done == []
    assert not journal.directory.exists()


def test_the_record_is_written_before_the_level_is_raised(directory, journal):
    seen = []

    def apply(commands):
        seen.append(record_in(journal))
        return directory.apply(commands)

    change(directory, journal, "verbose", apply=apply)
    assert seen[0].level_before is LoggingLevel.NONE
    assert [holder.host for holder in seen[0].holders] == ["mbx01"]


def test_a_refused_raise_leaves_no_record(directory, journal):
    with pytest.raises(Unsettled):
        change(directory, journal, "verbose", apply=refuse)
    assert record_in(journal) is None


def test_a_refused_put_back_keeps_the_record_for_the_next_one(directory, journal):
    change(directory, journal, "verbose")
    with pytest.raises(Unsettled) as failure:
        change(directory, journal, "previous", apply=refuse)
    assert failure.value.remedy[0].startswith("Set-SendConnector")
    assert record_in(journal).holders == ()
    assert change(directory, journal, "previous", "mbx02").changed
    assert directory.level.read_text() == "None"


def test_when_nobody_can_look_the_record_stays(directory, journal):
    looks = []

    def observe(domain_controller):
        looks.append(1)
        if len(looks) > 1:
            raise Silent("mbx01", "Get-SendConnector")
        return directory.observe(domain_controller)

    with pytest.raises(Unsettled):
        change_level(
            Task({}, inventory_hostname="mbx01"),
            LoggingWish(GUID, WantedLevel.VERBOSE),
            journal,
            connector=CONNECTOR,
            observe=observe,
            apply=directory.apply,
        )
    assert [holder.host for holder in record_in(journal).holders] == ["mbx01"]


def test_without_a_journal_nothing_is_written(tmp_path, directory):
    assert change(directory, None, "verbose").changed
    assert sorted(path.name for path in tmp_path.iterdir()) == ["level", "sets"]


def test_files_are_for_their_owner_only(directory, journal):
    change(directory, journal, "verbose")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in journal.directory.iterdir()}
    assert set(modes.values()) == {0o600}
    assert len(modes) == 2, "a record and a lock, no rest of a temporary file"
    assert stat.S_IMODE(journal.directory.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"format": 2}',
        '{"format": 1}',
        "\x00",
    ],
)
def test_a_corrupt_file_is_refused_and_kept(directory, journal, text):
    change(directory, journal, "verbose")
    path = journal.entry("contoso.test", GUID).path
    path.write_text(text)
    with pytest.raises(Refused, match="is not a record") as refused:
        change(directory, journal, "previous")
    assert str(path) in str(refused.value)
    assert path.read_text() == text
    assert directory.done == ["Verbose"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("level_before", "verbose"),
        ("raised_at", "2026-03-02T02:15:00"),
        ("holders", [{"host": "mbx01"}]),
        ("connector", "another"),
        ("organisation", "fabrikam.test"),
    ],
)
def test_every_field_is_checked(directory, journal, key, value):
    change(directory, journal, "verbose")
    path = journal.entry("contoso.test", GUID).path
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    with pytest.raises(Refused, match="is not a record"):
        change(directory, journal, "previous")


def test_what_somebody_else_raised_meanwhile_is_not_put_back(directory, journal):
    def too_late(commands):
        directory.apply(commands)
        return [Result(warnings=("The command completed successfully but no settings of 'x' have been modified.",))]

    assert not change(directory, journal, "verbose", apply=too_late).changed
    change(directory, journal, "verbose", "mbx02")
    change(directory, journal, "previous", "mbx02")
    change(directory, journal, "previous")
    assert directory.level.read_text() == "Verbose"
    assert journal.entry("contoso.test", GUID).read() is None


def test_a_directory_that_cannot_be_used_is_named(tmp_path, directory):
    (tmp_path / "file").write_text("")
    with pytest.raises(Refused, match="journal_dir"):
        change(directory, Journal(tmp_path / "file"), "verbose")
    assert directory.done == []


def test_a_lock_that_is_never_released_is_not_waited_for_for_ever(journal):
    program = (
        "import fcntl, os, sys, time; lock = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT); fcntl.flock(lock, 2);"
        "print('held', flush=True); time.sleep(30)"
    )
    journal.directory.mkdir()
    path = journal.directory / f"contoso.test-{GUID}.lock"
    with subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Refused, match=r"locked for 0\.3 seconds"), journal.locked("contoso.test", GUID, 0.3):
            pass
        holder.kill()
        holder.wait()
    with journal.locked("contoso.test", GUID, 5) as entry:
        assert entry.read() is None


def test_organisations_do_not_collide(journal):
    assert organisation_of(CONNECTOR) == "contoso.test"
    edge = replace(CONNECTOR, distinguished_name="CN=Outbound,CN=Connections,OU=MSExchangeGateway")
    assert organisation_of(edge) == "dc01.contoso.test"
    assert journal.entry("a.test", GUID).path != journal.entry("b.test", GUID).path
    assert journal.entry("../../etc", GUID).path.parent == journal.directory


def test_a_process_that_took_a_dead_ones_number_is_not_it():
    me = this_run()
    assert not is_dead(Holder("mbx01", me, NOW), NOW, PATIENCE)
    assert is_dead(Holder("mbx01", replace(me, started="another-boot:1"), NOW), NOW, PATIENCE)


def test_a_process_that_nobody_has_reaped_has_ended():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    run = replace(this_run(), pid=process.pid, started=_records._started(process.pid))
    assert not is_dead(Holder("mbx01", run, NOW), NOW)
    process.kill()
    # Wait for its end without reaping it.
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert is_dead(Holder("mbx01", run, NOW), NOW)
    # So has the run of a worker that outlives it and names it only now.
    named_late = replace(run, started=_records._started(process.pid))
    assert is_dead(Holder("mbx01", named_late, NOW), NOW)
    process.communicate()
    assert is_dead(Holder("mbx01", named_late, NOW), NOW)


def test_where_the_system_tells_no_start_the_number_must_do(monkeypatch):
    monkeypatch.setattr(_records, "_started", lambda _pid: None)
    me = this_run()
    assert me.started == ""
    assert not is_dead(Holder("mbx01", me, NOW), NOW, PATIENCE)
    assert is_dead(Holder("mbx01", replace(me, pid=2**22 + 1), NOW), NOW, PATIENCE)


@pytest.mark.parametrize("patience", [0, 1800])
def test_a_stranger_is_given_as_much_time_as_he_is_granted(patience):
    stranger = Holder("mbx01", Run("another-controller", os.getpid(), ""), NOW)
    assert not is_dead(stranger, NOW + timedelta(seconds=patience), timedelta(seconds=patience))
    assert is_dead(stranger, NOW + timedelta(seconds=patience + 1), timedelta(seconds=patience))


def test_a_host_that_still_needs_the_level_says_so_each_time(journal, directory):
    change(directory, journal, "verbose")
    first = record_in(journal).holders
    change(directory, journal, "verbose")
    second = record_in(journal).holders
    assert [each.run for each in first] == [each.run for each in second]
    assert second[0].since > first[0].since
    assert len(directory.done) == 1


def test_a_job_whose_container_is_gone_leaves_its_level_to_the_next(journal, directory, monkeypatch):
    monkeypatch.setattr(_records.socket, "gethostname", lambda: "job-1")
    change(directory, journal, "verbose")
    monkeypatch.setattr(_records.socket, "gethostname", lambda: "job-2")
    change(directory, journal, "verbose")
    change(directory, journal, "previous")
    assert directory.done == ["Verbose"]  # the first may be alive
    impatient = Journal(journal.directory, timedelta(0))
    change(directory, impatient, "verbose")
    change(directory, impatient, "previous")
    assert directory.done == ["Verbose", "None"]
