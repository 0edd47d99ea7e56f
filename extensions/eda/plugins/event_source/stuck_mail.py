# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event source ``mailops.exchange.stuck_mail``: tells when mail gets stuck, and when it flows again."""

from __future__ import annotations

DOCUMENTATION = r"""
---
short_description: Tell when outbound mail of Exchange servers gets stuck
description:
  - Looks at the queues of Exchange servers again and again, by M(mailops.exchange.exchange_queue_info), and sends an
    event when something has changed. Nothing is changed on the servers.
  - Each look opens sessions of its own and closes them, so a server that was restarted is simply looked at again.
  - One queue gives one event when it gets stuck and one when it is stuck no more, however long that takes; with
    O(remind_after) it gives another one each time that so much time has passed. A server that cannot be asked gives one
    event, and is then asked less and less often.
  - It runs where ansible-rulebook runs, with the inventory, connections and variables that any play would use.
options:
  inventory:
    description: Path of the inventory.
    type: str
    required: true
  hosts:
    description: Which of its hosts to look at.
    type: str
    default: exchange
  interval:
    description: Seconds between two looks at a server.
    type: int
    default: 60
  max_interval:
    description: Seconds between two attempts at a server that cannot be asked; the time doubles until then.
    type: int
    default: 900
  remind_after:
    description: Seconds after which a queue that is still stuck gives another event; V(0) for never.
    type: int
    default: 0
"""

EXAMPLES = r"""
- mailops.exchange.stuck_mail:
    inventory: /etc/ansible/exchange.yml
    hosts: exchange
    interval: 60
"""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import ansible_runner

Event = dict[str, Any]
_BY_CONNECTOR = ("dnsconnectordelivery", "smarthostconnectordelivery")


@dataclass(frozen=True)
class Look:
    """What one host has answered: its server and queues, or why it could not be asked."""

    host: str
    server: str = ""
    queues: Sequence[Mapping[str, Any]] = ()
    problem: str = ""


@dataclass
class Watch:
    """What is known of all hosts, and when each is to be looked at next. Times are seconds of any steady clock."""

    interval: float
    max_interval: float
    remind_after: float = 0
    _stuck: dict[tuple[str, str], float] = field(default_factory=dict)
    _failures: dict[str, int] = field(default_factory=dict)
    _due: dict[str, float] = field(default_factory=dict)

    def waiting(self, now: float) -> tuple[str, ...]:
        """Return the hosts that are to be left alone for now."""
        return tuple(host for host, due in self._due.items() if due > now)

    def learn(self, look: Look, now: float) -> list[Event]:
        """Return the events that a look gives rise to."""
        failed_before = self._failures.pop(look.host, 0)
        if look.problem:
            self._failures[look.host] = failed_before + 1
            self._due[look.host] = now + min(self.interval * 2 ** (failed_before + 1), self.max_interval)
            told = {"change": "unreachable", "host": look.host, "message": look.problem}
            return [] if failed_before else [told]
        self._due.pop(look.host, None)
        events: list[Event] = (
            [{"change": "reachable", "host": look.host, "server": look.server}] if failed_before else []
        )
        return events + self._changes(look, now)

    def _changes(self, look: Look, now: float) -> list[Event]:
        stuck = {str(each["identity"]): each for each in look.queues if is_stuck(each)}
        events: list[Event] = []
        for identity, queue in stuck.items():
            told = self._stuck.get((look.host, identity))
            if told is not None and (not self.remind_after or now - told < self.remind_after):
                continue
            self._stuck[look.host, identity] = now
            change = "stuck" if told is None else "still_stuck"
            events.append({"change": change, "host": look.host, "server": look.server, "queue": dict(queue)})
        for host, identity in [each for each in self._stuck if each[0] == look.host and each[1] not in stuck]:
            del self._stuck[host, identity]
            events.append({"change": "flows", "host": host, "server": look.server, "queue": {"identity": identity}})
        return events


def is_stuck(queue: Mapping[str, Any]) -> bool:
    """Tell whether mail of a Send connector waits in a queue because it could not be sent, as the repair judges it."""
    if str(queue["delivery_type"]).lower() not in _BY_CONNECTOR or int(queue["message_count"]) < 1:
        return False
    status = str(queue["status"]).lower()
    return status == "retry" or (status in ("connecting", "active") and queue["first_retry_time"] is not None)


def look_at(inventory: str, pattern: str) -> list[Look]:
    """Ask the hosts of a pattern for their queues, in one run of Ansible.

    Raises:
        RuntimeError: Ansible itself could not run, as without an inventory.
    """
    folder = tempfile.mkdtemp(prefix="mailops-")
    looks: list[Look] = []
    said: list[str] = []

    def see(event: Mapping[str, Any]) -> bool:
        data = event.get("event_data", {})
        result = data.get("res", {})
        match event.get("event"):
            case "runner_on_ok":
                looks.append(Look(data["host"], result["server"], result["queues"]))
            case "runner_on_failed" | "runner_on_unreachable":
                looks.append(Look(data["host"], problem=str(result.get("msg", "it cannot be asked"))))
            case "error" | "verbose":
                said.append(str(event.get("stdout", "")))
        return False

    try:
        runner = ansible_runner.run(
            private_data_dir=folder,
            inventory=inventory,
            host_pattern=pattern,
            module="mailops.exchange.exchange_queue_info",
            event_handler=see,
            quiet=True,
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if not looks and runner.status != "successful":
        raise RuntimeError(f"the queues of {pattern} cannot be looked at: {' '.join(said)[-300:] or runner.status}")
    return looks


async def main(queue: asyncio.Queue[Any], args: dict[str, Any]) -> None:
    """Look at the queues for ever; the entry point of an event source."""
    interval = float(args.get("interval", 60))
    watch = Watch(interval, float(args.get("max_interval", 900)), float(args.get("remind_after", 0)))
    hosts = str(args.get("hosts", "exchange"))
    while True:
        began = time.monotonic()
        pattern = ":".join([hosts, *(f"!{each}" for each in watch.waiting(began))])
        for look in await asyncio.to_thread(look_at, str(args["inventory"]), pattern):
            for event in watch.learn(look, time.monotonic()):
                await queue.put(event)
        await asyncio.sleep(max(interval - (time.monotonic() - began), 1.0))
