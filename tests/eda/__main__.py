# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make eda``: ansible-rulebook runs the shipped rulebook while mail gets stuck in the lab.

The audit's page must be there seconds after the mail is stuck, the check run must name the certificate, a server that
cannot be asked must be told of once, and nothing may have been changed. The exit status is 0 only if all that is so.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

BUILD: Final = Path(__file__).resolve().parents[2] / "build" / "eda"
LAB: Final = Path(__file__).resolve().parents[1] / "lab"
SCENARIO: Final = """
extends: {scenarios}/kb4051498.yml
time_scale: 20
servers:
  mbx02.contoso.test:
    site: HQ
    reachable: false
    default_certificate: setup
    certificates:
      setup: {{subject: CN=mbx02, domains: [mbx02.contoso.test], not_before: -9d, not_after: +9d}}
mail:
  - {{server: mbx01.contoso.test, domain: fabrikam.com, count: 25, queued_at: +5m}}
"""
"""The mail of KB 4051498 comes fifteen real seconds after the rulebook has begun to watch. A second server is away."""
INTERVAL_S: Final = 3
WATCHED_S: Final = 75
PAGE_WITHIN_S: Final = 30
CHANGING: Final = re.compile(r"^(Set|Enable|Retry|Suspend|Resume|Start|Remove|New|Disable)-")


def main() -> int:
    """Run the lab with this module's other half inside; returns the exit status."""
    shutil.rmtree(BUILD, ignore_errors=True)
    BUILD.mkdir(parents=True)
    scenario = BUILD / "scenario.yml"
    scenario.write_text(SCENARIO.format(scenarios=LAB / "scenarios"), encoding="utf-8")
    lab = [str(LAB / "exchange-lab"), "run", "--scenario", str(scenario), "--state", str(BUILD / "state.json")]
    done = subprocess.run(
        [*lab, "--", sys.executable, "-m", "tests.eda", "inside"], stdin=subprocess.DEVNULL, check=False
    )
    problems = [f"the lab ended with {done.returncode}"] if done.returncode else shortcomings()
    print(f"rulebook: {'; '.join(problems) or 'as it must be'}")
    (BUILD / "eda.json").write_text(json.dumps({"problems": problems}) + "\n")
    return 1 if problems else 0


def watch() -> int:
    """Inside of the lab: let the rulebook watch for a while, and keep what it said with the time of each line."""
    inventory = os.environ["ANSIBLE_INVENTORY"]
    settings = {
        "inventory": inventory,
        "report_dir": str(BUILD / "reports"),
        "interval": INTERVAL_S,
        "check_run": True,
    }
    (BUILD / "settings.yml").write_text(yaml.safe_dump(settings))
    rulebook = ["ansible-rulebook", "--rulebook", "mailops.exchange.stuck_mail", "--print-events"]
    rulebook += ["--inventory", inventory, "--vars", str(BUILD / "settings.yml")]
    began = time.monotonic()
    with (BUILD / "output.txt").open("w", encoding="utf-8") as output:
        running = subprocess.Popen(
            rulebook, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        seen: dict[str, float] = {}
        while time.monotonic() - began < WATCHED_S and running.poll() is None:
            state = json.loads(subprocess.run(["exchange-lab", "state"], capture_output=True, check=True).stdout)
            marks = {
                "stuck": any(each["status"] == "Retry" for each in state["queues"]),
                "page": (BUILD / "reports" / "outbound_tls_audit.html").exists(),
            }
            for mark in [mark for mark, is_there in marks.items() if is_there]:
                seen.setdefault(mark, time.monotonic() - began)
            time.sleep(0.5)
        status = running.poll()
        os.killpg(running.pid, signal.SIGTERM)
        running.wait(timeout=30)
    (BUILD / "times.json").write_text(json.dumps(seen))
    if status is not None:
        print(f"ansible-rulebook ended by itself with {status}; see {BUILD}/output.txt", file=sys.stderr)
    return 0 if status is None else 1


def shortcomings() -> list[str]:
    """What is not as it must be."""
    state: Mapping[str, Any] = json.loads((BUILD / "state.json").read_text())
    times: Mapping[str, float] = json.loads((BUILD / "times.json").read_text())
    said = (BUILD / "output.txt").read_text(encoding="utf-8")
    thumbprint = state["servers"]["mbx01.contoso.test"]["certificates"]["third-party"]["thumbprint"]
    changes = sorted({each["name"] for each in state["commands"] if CHANGING.match(each["name"])})
    looks = sum(each["name"] == "Get-Queue" for each in state["commands"])
    waited = times.get("page", WATCHED_S) - times.get("stuck", 0.0)
    checks = {
        "no mail got stuck": "stuck" in times,
        f"the page of the audit was there after {waited:.0f} s": waited <= PAGE_WITHIN_S,
        "the check run does not name the certificate": f"enable certificate {thumbprint} for SMTP" in said,
        "what the check run says is not readable": "\\u001b[K" not in said,
        f"{', '.join(changes)} was sent": not changes,
        f"{looks} looks in {WATCHED_S} s": WATCHED_S / INTERVAL_S / 4 <= looks <= WATCHED_S / INTERVAL_S + 5,
        "the queue is told of more than once": len(re.findall(r"'change': 'stuck'", said)) == 1,
        "the server that is away is told of more than once": said.count("cannot be asked, and is asked less often")
        == 1,
    }
    return [problem for problem, holds in checks.items() if not holds]


if __name__ == "__main__":
    sys.exit(watch() if sys.argv[1:] == ["inside"] else main())
