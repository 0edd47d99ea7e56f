# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose options an action works with: those of the host that is acted on. Ansible's own task and plugins, no server."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task as AnsibleTask
from ansible.plugins.loader import become_loader, connection_loader
from ansible.template import Templar
from ansible_collections.mailops.exchange.plugins.module_utils._module import Definition, Task
from ansible_collections.mailops.exchange.plugins.module_utils._observe.exchange import Exchange
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.plan import Outcome
from ansible_collections.mailops.exchange.plugins.module_utils._session_options import SESSION_ARGUMENTS
from ansible_collections.mailops.exchange.plugins.plugin_utils._action import ExchangeAction

HOSTS = {
    "edge01": {"exchange_role": "edge", "exchange_username": "EDGE01\\admin", "exchange_password": "of the Edge"},
    "mbx01": {
        "exchange_port": 8080,
        "exchange_username": "exadmin@LAB.TEST",
        "exchange_password": "of the Mailbox server",
    },
}
CONNECTION = {"ansible_host": "mbx01.lab.test", "ansible_user": "LAB\\exadmin", "ansible_password": "lent"}


def tell(task: Task, exchange: Exchange) -> Outcome:
    """Return what a module would work with; nothing is opened."""
    endpoint = exchange.endpoints.exchange
    return Outcome(
        changed=False,
        result={
            "endpoint": endpoint.endpoint,
            "username": endpoint.username,
            "owner": task.inventory_hostname,
            "called": list(exchange.endpoints.called),
            "edge": exchange.endpoints.edge,
            "check": task.check_mode,
        },
    )


class Tell(ExchangeAction):
    definition = Definition(name="tell", argument_spec=dict(SESSION_ARGUMENTS), run=tell)


def act(
    host: str, *, on: str | None = None, become: bool = False, play: dict[str, Any] | None = None, **arguments: Any
) -> dict[str, Any]:
    """Run a task of a host, perhaps delegated, as Ansible's executor would."""
    loader = DataLoader()
    task = AnsibleTask.load({"action": "tell", "delegate_to": on, "check_mode": True})
    task.args = arguments
    connection = connection_loader.get("psrp", PlayContext(), "/dev/null")
    connection.set_options(var_options=CONNECTION)
    if become:
        connection.set_become_plugin(become_loader.get("su"))
    variables = {"inventory_hostname": host, "hostvars": HOSTS, **HOSTS[host], **(play or {})}
    action = Tell(task, connection, PlayContext(), loader, Templar(loader, variables=variables), None)
    return action.run(task_vars=variables)


def test_a_host_s_own_variables_are_taken() -> None:
    told = act("mbx01")
    assert told["endpoint"] == "http://mbx01.lab.test:8080/PowerShell/"
    assert (told["username"], told["owner"], told["edge"]) == ("exadmin@LAB.TEST", "mbx01", False)
    assert told["check"] is True


def test_a_task_s_own_options_win() -> None:
    assert act("mbx01", exchange_username="other@LAB.TEST", exchange_port=80)["username"] == "other@LAB.TEST"


def test_a_delegated_task_takes_the_other_host_s_variables_and_keeps_its_owner() -> None:
    told = act("edge01", on="mbx01")
    assert told["endpoint"] == "http://mbx01.lab.test:8080/PowerShell/"
    assert (told["username"], told["edge"]) == ("exadmin@LAB.TEST", False)
    assert (told["owner"], told["called"]) == ("edge01", ["mbx01.lab.test", "mbx01"])


def test_a_task_that_is_delegated_to_its_own_host_keeps_the_variables_of_the_play() -> None:
    assert (
        act("mbx01", on="mbx01", play={"exchange_port": 8081})["endpoint"] == "http://mbx01.lab.test:8081/PowerShell/"
    )


def test_a_host_that_the_inventory_does_not_know_has_no_variables() -> None:
    told = act("edge01", on="mbx09")
    assert (told["username"], told["edge"]) == ("LAB\\exadmin", False)


def test_passwords_stay_out_of_the_result() -> None:
    told = act("mbx01")
    assert "of the Mailbox server" not in repr(told)
    assert told["invocation"]["module_args"]["exchange_username"] == "exadmin@LAB.TEST"


def test_wrong_options_fail_before_anything_is_opened() -> None:
    told = act("mbx01", exchange_scheme="gopher")
    assert told["failed"] is True
    assert "value of exchange_scheme must be one of: http, https, got: gopher" in told["msg"]


def test_become_is_refused() -> None:
    with pytest.raises(AnsibleActionFail, match="become has no meaning"):
        act("mbx01", become=True)
