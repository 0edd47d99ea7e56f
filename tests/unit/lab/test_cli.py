# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The executable ``exchange-lab``, from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

LAB = Path(__file__).resolve().parents[2] / "lab"
SCENARIO = LAB / "scenarios" / "kb4051498.yml"
SCHEMA = json.loads((LAB / "state.schema.json").read_text())


def exchange_lab(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(LAB / "exchange-lab"), *map(str, arguments)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return exchange_lab("run", "--scenario", SCENARIO, "--", *command, **environment)


def python(code: str, **environment: str) -> Any:
    """Run Python inside the lab and return what it prints as JSON."""
    done = run(sys.executable, "-c", code, **environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("status", [0, 7])
def test_the_commands_status_is_the_exit_status(status: int) -> None:
    assert run("sh", "-c", f"exit {status}").returncode == status


def test_a_command_that_a_signal_ended_has_the_shells_status() -> None:
    assert run("sh", "-c", "kill -TERM $$").returncode == 128 + signal.SIGTERM


def test_a_command_that_does_not_exist_is_told() -> None:
    done = run("no-such-command")
    assert (done.returncode, done.stderr) == (127, "exchange-lab: no-such-command: No such file or directory\n")


def test_a_mistake_in_the_scenario_is_told_without_a_traceback(tmp_path: Path) -> None:
    file = tmp_path / "scenario.yml"
    file.write_text("clock: today\n")
    done = exchange_lab("run", "--scenario", file, "--", "true")
    assert done.returncode == 2
    assert done.stderr.startswith(f"{file}:1: ")
    assert "Traceback" not in done.stderr


def test_the_command_finds_the_lab_and_the_repositorys_tools_first(tmp_path: Path) -> None:
    for name in ("exchange-lab", "ansible"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    code = "import json, shutil; print(json.dumps([shutil.which(x) for x in ('exchange-lab', 'ansible')]))"
    found = python(code, PATH=os.pathsep.join([str(tmp_path), os.environ["PATH"]]))
    assert found == [str(LAB / "exchange-lab"), str(LAB.parents[1] / ".venv" / "bin" / "ansible")]


def test_the_command_inherits_no_python_path_of_the_lab() -> None:
    inherited = python("import json, os; print(json.dumps(os.environ.get('PYTHONPATH')))", PYTHONPATH="/mine")
    assert inherited == "/mine"


def test_the_path_of_collections_is_only_set_where_there_is_none() -> None:
    code = "import json, os; print(json.dumps(os.environ['ANSIBLE_COLLECTIONS_PATH']))"
    assert python(code, ANSIBLE_COLLECTIONS_PATH="/mine") == "/mine"
    without = {key: value for key, value in os.environ.items() if key != "ANSIBLE_COLLECTIONS_PATH"}
    done = subprocess.run(
        [str(LAB / "exchange-lab"), "run", "--scenario", str(SCENARIO), "--", sys.executable, "-c", code],
        env=without,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert json.loads(done.stdout) == str(LAB.parents[1] / ".venv" / "collections")


def test_ansible_reads_the_inventory() -> None:
    done = run("ansible-inventory", "--list")
    inventory = json.loads(done.stdout)
    assert inventory["mailbox"]["hosts"] == ["mbx01.contoso.test"]
    assert sorted(inventory["exchange"]["children"]) == ["edge", "mailbox"]
    assert inventory["_meta"]["hostvars"]["mbx01.contoso.test"]["ansible_host"] == "127.0.1.1"


def test_the_command_finds_the_realm_and_its_inventory_uses_it() -> None:
    done = exchange_lab(
        *("run", "--scenario", SCENARIO, "--set", "realm={kdc: running}", "--connection", "winrm", "--"),
        *("sh", "-c", "ansible-inventory --list; grep default_realm $KRB5_CONFIG >&2"),
    )
    hosts = json.loads(done.stdout)["_meta"]["hostvars"]["mbx01.contoso.test"]
    assert (hosts["ansible_connection"], hosts["ansible_user"]) == ("ansible.builtin.winrm", "exadmin@CONTOSO.TEST")
    assert "default_realm = CONTOSO.TEST" in done.stderr


def test_without_a_realm_the_environments_kerberos_is_left_alone() -> None:
    code = "import json, os; print(json.dumps(os.environ.get('KRB5_CONFIG')))"
    assert python(code, KRB5_CONFIG="/mine") == "/mine"


def test_state_prints_what_is_true() -> None:
    done = run("exchange-lab", "state")
    assert done.returncode == 0, done.stderr
    state = json.loads(done.stdout)
    jsonschema.validate(state, SCHEMA)
    assert list(state["servers"]) == ["mbx01.contoso.test"]


def test_advance_lets_time_pass_and_prints_it() -> None:
    advances = "exchange-lab advance 0s; exchange-lab advance 1h; exchange-lab advance 2d"
    done = exchange_lab("run", "--scenario", SCENARIO, "--set", "time_scale=0.001", "--", "sh", "-c", advances)
    assert done.returncode == 0, done.stderr
    assert [line[:16] for line in done.stdout.splitlines()] == [
        "2026-03-02T02:15",
        "2026-03-02T03:15",
        "2026-03-04T03:15",
    ]


def test_the_state_is_written_at_the_end(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    done = exchange_lab("run", "--scenario", SCENARIO, "--state", file, "--set", "mail.0.count=3", "--", "true")
    assert done.returncode == 0, done.stderr
    state = json.loads(file.read_text())
    jsonschema.validate(state, SCHEMA)
    assert state["queues"][0]["message_count"] == 3
    assert (state["commands"], state["open_shells"], state["crashes"]) == ([], 0, [])


def test_state_outside_of_a_lab_is_an_error() -> None:
    environment = {key: value for key, value in os.environ.items() if key != "EXCHANGE_LAB_CONTROL"}
    done = subprocess.run(
        [str(LAB / "exchange-lab"), "state"], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "no lab runs around this command" in done.stderr


def test_a_span_that_is_none_is_refused() -> None:
    done = run("exchange-lab", "advance", "soon")
    assert done.returncode == 2
    assert done.stderr == "'soon' is no span of time such as 3d, 1h30m or 90s\n"


def test_serve_prints_the_inventory_and_stays_until_it_is_told_to_stop() -> None:
    with subprocess.Popen(
        [str(LAB / "exchange-lab"), "serve", "--scenario", str(SCENARIO)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        environment = {}
        for line in lines:
            if line.startswith("# export "):
                name, __, value = line.removeprefix("# export ").strip().partition("=")
                environment[name] = value
            if line.startswith("exchange:"):
                break
        seen = exchange_lab("state", **environment)
        process.terminate()
        process.communicate(timeout=30)
    assert json.loads(seen.stdout)["open_shells"] == 0
    assert process.returncode == 0
    assert not Path(environment["ANSIBLE_INVENTORY"]).exists()
