# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays one case in a lab of its own, and holds what the lab saw against what must come."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from .case import SERVERS, Case

LAB: Final = Path(__file__).resolve().parents[1] / "lab"
MESSAGES: Final = 6
"""How many wait on each server."""
PATIENCE_S: Final = 240
State = Mapping[str, Any]
NAME: Final = "CN=*.contoso.com, O=Contoso Corporation, C=US"
ISSUER: Final = "CN=GeoTrust TLS RSA CA G1, OU=www.digicert.com, O=DigiCert Inc, C=US"
VARIABLES: Final = {
    "outbound_tls_repair_interval": 1,
    "outbound_tls_repair_evidence_timeout": 90,
    "outbound_tls_repair_drain_timeout": 60,
    "outbound_tls_repair_fail_when_unrepaired": False,
}


@dataclass(frozen=True)
class Outcome:
    """What came of a case: what the connector was set to, its level at the end, and how many messages left over TLS."""

    case: Case
    sets: tuple[str, ...] = ()
    level: str = "unknown"
    accepted: int = 0
    problems: tuple[str, ...] = ()
    seconds: int = 0


def scenario(case: Case) -> dict[str, Any]:
    """The organisation: one connector with its certificate unbound on each of its source servers."""
    servers = {}
    for number, fqdn in enumerate(SERVERS):
        wildcard: dict[str, Any] = {"iis_sites": ["Default Web Site"]}
        if number == 0:
            wildcard |= {"subject": NAME, "issuer": ISSUER, "domains": ["*.contoso.com"]}
        else:
            wildcard |= {"same_as": f"{SERVERS[0]}/wildcard"}
        setup = {"subject": f"CN={fqdn.partition('.')[0]}", "domains": [fqdn], "network_service": True}
        servers[fqdn] = {
            "site": "HQ",
            "transport_reload_s": 60,
            "default_certificate": "setup",
            "reachable": not (case.first_is_away and number == 0),
            "certificates": {"setup": setup, "wildcard": wildcard},
        }
    return {
        "clock": "2026-03-02T02:15:00Z",
        "time_scale": 20,
        "domain_controllers": {"dc01.contoso.test": {"site": "HQ"}},
        "servers": servers,
        "connectors": {
            "Outbound to Office 365": {
                "address_spaces": ["SMTP:*;1"],
                "smart_hosts": ["contoso-com.mail.protection.outlook.com"],
                "tls_certificate_name": f"<I>{ISSUER}<S>{NAME}",
                "require_tls": True,
                "source_servers": list(SERVERS),
            }
        },
        "peers": {"contoso-com.mail.protection.outlook.com": {}},
        "mail": [
            {"server": each, "domain": "fabrikam.com", "count": MESSAGES, "queued_at": "-40m"} for each in SERVERS
        ],
        "readings": {"set_send_connector": "works", "binding_takes_effect": "at_once"},
    }


def run(case: Case, folder: Path) -> Outcome:
    """Play the case; what the lab and the playbooks said stays in the folder."""
    (folder / "scenario.yml").write_text(yaml.safe_dump(scenario(case)))
    play = {
        "name": "Repair the fleet",
        "hosts": "exchange",
        "gather_facts": False,
        "strategy": case.strategy,
        "serial": case.serial or len(SERVERS),
        "vars": VARIABLES | {"outbound_tls_repair_journal_dir": str(folder / "journal")},
        "roles": ["mailops.exchange.outbound_tls_repair"],
    }
    (folder / "play.yml").write_text(yaml.safe_dump([play]))
    lab = [str(LAB / "exchange-lab"), "run", "--scenario", str(folder / "scenario.yml"), "--state"]
    inside = [
        sys.executable,
        "-m",
        "tests.fleet.inside",
        str(folder),
        str(int(case.killed)),
        str(case.runs),
        *case.limit,
    ]
    started = time.monotonic()
    with (folder / "output.txt").open("w", encoding="utf-8") as output:
        status = subprocess.run(
            [*lab, str(folder / "state.json"), "--", *inside],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=LAB.parents[1],
            check=False,
        ).returncode
    seconds = round(time.monotonic() - started)
    try:
        state = json.loads((folder / "state.json").read_text())
    except FileNotFoundError:
        return Outcome(case, problems=(f"it left no state; see {folder}/output.txt",), seconds=seconds)
    return judge(case, state, status, seconds)


def judge(case: Case, state: State, status: int, seconds: int) -> Outcome:
    """Hold what was seen against what must come."""
    sent = [each for each in state["commands"] if each["name"] == "Set-SendConnector"]
    sets = tuple(str(each["parameters"]["ProtocolLoggingLevel"]) for each in sent)
    level = "/".join(sorted({each["protocol_logging_level"] for each in state["connectors"].values()}))
    left = [each["server"] for each in state["delivered"] if each["tls"] and each["reply"].startswith("250 ")]
    bound = [each["parameters"]["Server"] for each in state["commands"] if each["name"] == "Enable-ExchangeCertificate"]
    checks = {
        f"the exit status is {status}": status == 0,
        f"the level is {level}": level == "None",
        f"the level was not set {case.times} times each way": sets == ("Verbose", "None") * case.times,
        f"mail left from {', '.join(sorted(set(left))) or 'nowhere'}": set(left) >= set(case.reached),
        f"{len(left)} messages left over TLS": len(left) >= MESSAGES * len(case.reached),
        f"certificates were bound on {', '.join(sorted(set(bound)))}": set(bound) == set(case.reached),
        f"{state['open_shells']} sessions are open": case.killed or not state["open_shells"],
        f"the lab crashed: {state['crashes']}": not state["crashes"],
    }
    problems = tuple(problem for problem, holds in checks.items() if not holds)
    return Outcome(case, sets, level, len(left), problems, seconds)


# Inside of the lab.


def play(folder: Path, *, killed: bool, runs: int, limit: Sequence[str]) -> int:
    """Run the playbook as often as is wanted; the first time it is killed as soon as the level is up, if so wanted."""
    if killed:
        _kill_when_verbose(_start(folder, "killed", ""))
    limits = limit or [""] * runs
    running = [_start(folder, f"run-{number}", each) for number, each in enumerate(limits, 1)]
    return max(each.wait(timeout=PATIENCE_S) for each in running)


def _start(folder: Path, name: str, limit: str) -> subprocess.Popen[bytes]:
    command = ["ansible-playbook", str(folder / "play.yml"), *(["--limit", limit] if limit else [])]
    with (folder / f"{name}.txt").open("wb") as output:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )


def _kill_when_verbose(running: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and running.poll() is None:
        state = json.loads(subprocess.run(["exchange-lab", "state"], capture_output=True, check=True).stdout)
        if any(each["protocol_logging_level"] == "Verbose" for each in state["connectors"].values()):
            break
        time.sleep(0.2)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
