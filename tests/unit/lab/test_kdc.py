# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A realm of its own: kinit and klist, which know nothing of the lab, are the judges."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from exchange_lab import kdc
from exchange_lab.kdc import Realm, RealmError

MBX01 = "mbx01.lab.test"


def realm(**options: bool) -> Realm:
    return Realm("LAB.TEST", passwords={"exadmin": "Passw0rd!"}, hosts=[MBX01], **options)


def kinit(realm: Realm, password: str = "Passw0rd!") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "KRB5_CONFIG": str(realm.config), "LC_ALL": "C"}
    return subprocess.run(
        ["kinit", "exadmin"], env=environment, input=password, capture_output=True, text=True, timeout=30, check=False
    )


def test_kinit_gets_a_ticket_and_leaves_it_in_the_realms_own_directory() -> None:
    with realm() as running:
        assert kinit(running).returncode == 0
        assert (running.config.parent / "ccache").exists()
    assert not running.config.parent.exists()


def test_wrong_passwords_are_counted_for_their_user() -> None:
    with realm() as running:
        assert "Password incorrect" in kinit(running, "wrong").stderr
        assert "Password incorrect" in kinit(running, "Wrong").stderr
        assert running.rejections == {"exadmin": 2}
        assert kinit(running).returncode == 0
        assert running.rejections == {"exadmin": 2}


def test_a_stopped_kdc_is_configured_and_answers_nobody_at_once() -> None:
    with realm(answering=False) as stopped:
        begin = time.monotonic()
        assert "Cannot contact any KDC for realm 'LAB.TEST'" in kinit(stopped).stderr
        assert time.monotonic() - begin < 5


def test_a_keytab_holds_the_services_asked_for_and_no_others() -> None:
    with realm() as running:
        keytab = running.keytab(MBX01, ["HTTP"])
        listed = subprocess.run(["klist", "-k", str(keytab)], capture_output=True, text=True, check=True).stdout
        assert {line.split()[-1] for line in listed.splitlines()[3:]} == {f"HTTP/{MBX01}@LAB.TEST"}
        assert running.keytab(MBX01, ["HTTP"]) == keytab


def test_nothing_of_the_machines_own_kerberos_is_read(tmp_path: Path) -> None:
    trace = tmp_path / "files"
    with realm() as running:
        text = running.config.read_text() + (running.config.parent / "kdc.conf").read_text()
        environment = {**os.environ, "KRB5_CONFIG": str(running.config), "KRB5_TRACE": str(trace)}
        subprocess.run(["kinit", "exadmin"], env=environment, input="Passw0rd!", text=True, check=True, stdout=-3)
    assert "/etc/" not in text + trace.read_text()


def test_two_realms_of_one_name_do_not_meet() -> None:
    with realm() as first, Realm("LAB.TEST", passwords={"exadmin": "Other-1"}, hosts=[MBX01]) as second:
        assert [kinit(each).returncode for each in (first, second)] == [0, 1]
        assert [kinit(each, "Other-1").returncode for each in (first, second)] == [1, 0]


def test_the_kdc_ends_with_the_process_that_started_it() -> None:
    code = (
        "import os, sys; sys.path.insert(0, sys.argv[1]); from exchange_lab.kdc import Realm\n"
        "realm = Realm('LAB.TEST', passwords={}, hosts=[]); realm.start(); print(realm._kdc.pid, realm.config.parent)\n"
        "sys.stdout.flush(); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(Path(kdc.__file__).parents[1])], capture_output=True, text=True, check=False
    )
    pid, directory = done.stdout.split()
    subprocess.run(["rm", "-r", directory], check=True)
    deadline = time.monotonic() + 5
    while Path(f"/proc/{pid}").exists() and "krb5kdc" in Path(f"/proc/{pid}/cmdline").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("program", kdc.PACKAGES)
def test_a_missing_program_is_told_with_its_debian_package(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = kdc.shutil.which
    monkeypatch.setattr(kdc.shutil, "which", lambda name, **more: None if name == program else found(name, **more))
    with pytest.raises(RealmError, match=f"needs {program}, .* install the Debian package {kdc.PACKAGES[program]}$"):
        realm().start()


def test_what_krb5_says_is_passed_on() -> None:
    with pytest.raises(
        RealmError, match=r"^kadmin.local failed for LAB.TEST: .*Malformed representation of principal[^\n]*$"
    ):
        Realm("LAB.TEST", passwords={"bad@@name": "x"}, hosts=[]).start()
