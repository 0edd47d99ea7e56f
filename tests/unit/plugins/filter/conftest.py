# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stories of hosts as the role collects them. The looks are real results of readings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.send_log import LogPosition
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.services import Service
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.assessment import assess, assessment_result
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.binding import BindingWish, plan_binding
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.binding_state import BindingState


class Stories:
    """What the role would collect of a server called ``host``."""

    def __init__(self, make: Any, host: str, source_servers: tuple[str, ...]) -> None:
        self.make = make
        self.host = host
        self.connector = make.connector(source_servers=source_servers)
        self.culprit = make.certificate(1, Service.IIS, Service.POP)
        self.bound = replace(self.culprit, services=self.culprit.services | {Service.SMTP})

    def look(self, *texts: str, **changes: Any) -> dict[str, Any]:
        facts = {"server": self._server(), "connectors": (self.connector,), **changes}
        return assessment_result(assess(self.make.reading(*self.make.sessions(*texts), **facts)))

    def _server(self) -> Any:
        return self.make.server(name=self.host.upper(), fqdn=f"{self.host}.contoso.test")

    def _bind(self) -> dict[str, Any]:
        certificates = (self.make.setup_certificate(), self.culprit)
        state = BindingState(f"{self.host}.contoso.test", False, certificates, self.culprit, self.make.thumbprint(0xD0))
        outcome = plan_binding(BindingWish(self.culprit.thumbprint), state).outcome
        return {"changed": True, "item": {"guid": self.make.guid}, **outcome.result}

    def would_repair(self) -> dict[str, Any]:
        looks = [self.look(self.make.failing(self.culprit))]
        steps = [{"what": "bind", "results": [self._bind()]}]
        return {"host": self.host, "check_mode": True, "looks": looks, "steps": steps}

    def repaired(self, waiting: int = 0, reply: str = "250 2.6.0 Queued mail for delivery") -> dict[str, Any]:
        make, remote = self.make, self.make.certificate(9, subject="CN=peer")
        sent = [make.succeeding(self.bound, remote, -2, session=f"D{number:02}") for number in range(24)]
        last = make.succeeding(self.bound, remote, -1, session="D24", reply=reply)
        queues = (make.queue(message_count=waiting, status="Active", first_retry_time=None),) if waiting else ()
        after = self.look(
            make.failing(self.culprit),
            *sent,
            last,
            queues=queues,
            certificates=(make.setup_certificate(), self.bound),
            since=LogPosition(make.at(minutes=-4), "08DE", 22),
        )
        return {**self.would_repair(), "check_mode": False, "looks": [*self.would_repair()["looks"], after]}

    def other_cause(self) -> dict[str, Any]:
        return {"host": self.host, "looks": [self.look(self.make.failing(self.culprit, word="NoCredentials"))]}

    def healthy(self) -> dict[str, Any]:
        return {"host": self.host, "looks": [self.look(queues=(), certificates=(self.bound,))]}

    def unreachable(self) -> dict[str, Any]:
        said = f"{self.host}: no connection to port 80; see whether the server runs and the firewall lets you in."
        return {"host": self.host, "failure": {"failed": True, "reason": "unreachable", "msg": said}}

    def with_step(self, what: str, result: Mapping[str, Any]) -> dict[str, Any]:
        """A story whose last step is one that failed."""
        failed = {"failed": True, "item": {"guid": self.make.guid}, **result}
        looks = [self.look(self.make.failing(self.culprit))]
        return {"host": self.host, "looks": looks, "steps": [{"what": what, "results": [failed]}]}


@pytest.fixture(scope="session")
def stories(make: Any) -> Callable[..., Stories]:
    def of(host: str, source_servers: tuple[str, ...] = ("MBX01",)) -> Stories:
        return Stories(make, host, source_servers)

    return of
