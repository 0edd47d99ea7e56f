# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module on the controller, in the action's process, over the sessions that the host's connection describes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils._module import FORESEEN, Definition, Task, failed, perform
from ..module_utils._observe.exchange import Endpoints, Exchange
from ..module_utils._plain import plain
from ..module_utils._remoting.endpoint import is_edge
from ..module_utils._remoting.session import open_session
from ..module_utils._session_options import SESSION_ARGUMENTS
from ._connection import WINDOWS_CONNECTIONS, exchange_endpoint, host_endpoint


class ExchangeAction(ActionBase):
    """The action of a module: each module's own names its definition, and that is all.

    It never returns ``unreachable``, which would skip ``rescue`` and ``always``: a host that cannot be reached fails
    with ``reason: unreachable``.
    """

    definition: ClassVar[Definition]
    _supports_async = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Validate the options, open what is needed, run the module."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        connection = self._connection
        if connection.become is not None:
            raise AnsibleActionFail(
                "become has no meaning for Exchange cmdlets, which run as the user who opens the session. Set become: "
                "false on this task."
            )
        if connection.transport not in WINDOWS_CONNECTIONS:
            # A bastion by ssh: the module runs there like any other, with its session described by options alone.
            arguments = {**self._host_variables(variables), **self._task.args}
            executed: dict[str, Any] = self._execute_module(module_args=arguments, task_vars=variables)
            return result | executed
        options, secrets, problem = self._options(variables)
        answer = {"failed": True, "msg": problem} if problem else self._answer(options, variables)
        told: dict[str, Any] = remove_values({**answer, "invocation": {"module_args": options}}, secrets)
        return result | told

    def _answer(self, options: Mapping[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        owner = str(plain(variables.get("inventory_hostname", "")))
        task = Task(options, self._task.check_mode, self._task.diff, owner)
        name = str(plain(self._task.delegate_to or owner))
        try:
            exchange = exchange_endpoint(self._connection, options, name)
            host = host_endpoint(self._connection, options, name)
            called = tuple(dict.fromkeys(each for each in (exchange.host, host.host, name) if each))
            say = partial(Display().v, host=name)
            say(f"{self.definition.name}: {exchange.endpoint} by {exchange.authentication} over {exchange.library}")
            endpoints = Endpoints(exchange, host, called, is_edge(options))
            with Exchange(endpoints, partial(open_session, say=say)) as organisation:
                return perform(self.definition, task, organisation)
        except FORESEEN as error:
            return failed(error)

    def _options(self, variables: Mapping[str, Any]) -> tuple[dict[str, Any], set[str], str]:
        """Return the module's options, their secrets, and what is wrong with them.

        A session option is read from the task (into which Ansible has merged module_defaults), then from a host
        variable of its name; what stays unset is the connection's matter.
        """
        definition = self.definition
        given = {name: value for name, value in self._task.args.items() if not name.startswith("_ansible_")}
        arguments = plain({**self._host_variables(variables), **given})
        validated = ArgumentSpecValidator(dict(definition.argument_spec), **definition.checks).validate(arguments)
        problems = " ".join(str(each) for each in validated.error_messages)
        return validated.validated_parameters, set(validated._no_log_values), problems

    def _host_variables(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Return the session options among the variables of the host that is acted on, delegated or not."""
        host = self._task.delegate_to
        hosts = variables.get("hostvars", {})
        # What hostvars tells of a host lacks the play's variables and hostvars itself, so it is not asked for our own.
        is_own = host in (None, variables.get("inventory_hostname"))
        # Not hosts.get(): for an unknown host Ansible's HostVars returns an undefined value instead of the default.
        own = variables if is_own else hosts[host] if host in hosts else {}  # noqa: SIM401
        named = (name for name in SESSION_ARGUMENTS if name.startswith("exchange_") and name in own)
        return {name: self._templar.template(own[name]) for name in named}
