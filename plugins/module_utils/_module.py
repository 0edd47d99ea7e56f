# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine of every module: it carries decisions out, the same way in check mode and in a run.

observe   what is the state, as typed values
decide    a pure function of it: a plan, or a refusal
stop      in check mode, with the promise of the plan
apply     send the plan's commands
verify    observe again: the promise came true, or the task fails with both states
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from ansible.module_utils.basic import AnsibleModule

from ._exchange.failures import classify_failure
from ._exchange.fields import Unreadable
from ._libraries import MissingLibrary, require
from ._observe.exchange import Endpoints, Exchange
from ._observe.unknown import Unknown
from ._outbound_tls.plan import Mishap, Outcome, Plan, Refused, Unsettled
from ._powershell import Pipeline, RemoteError, Result
from ._remoting.endpoint import exchange_session, is_edge
from ._remoting.errors import CmdletFailed, RemotingError, UnforeseenPrompt

State = TypeVar("State")

FORESEEN: Final = (Refused, Unsettled, RemotingError, Unreadable, Unknown, MissingLibrary)
"""The exceptions that are a task's answer, each a sentence. Every other one is a mistake of the program."""


@dataclass(frozen=True)
class Task:
    """What Ansible asks for: validated options, and the way in which they are meant."""

    options: Mapping[str, Any]
    check_mode: bool = False
    diff: bool = False
    inventory_hostname: str = ""


@dataclass(frozen=True)
class Definition:
    """A module: what it is called, what it takes, what it does.

    ``checks`` are AnsibleModule's own (``mutually_exclusive``, ``required_one_of`` …), the same through both doors.
    ``run`` gets the task and the organisation to ask; it raises what ``FORESEEN`` lists.
    """

    name: str
    argument_spec: Mapping[str, Any]
    run: Callable[[Task, Exchange], Outcome]
    checks: Mapping[str, Any] = field(default_factory=dict)


def carry_out(
    task: Task,
    *,
    observe: Callable[[], State],
    decide: Callable[[State], Plan[State]],
    apply: Callable[[Sequence[Pipeline]], Sequence[Result]],
) -> Outcome:
    """Bring a state about, or promise it in check mode.

    Commands are sent once. When anything goes wrong with them, the state is looked at again (a lost session is opened
    anew by itself), because Exchange may have acted all the same: it is never guessed, and never sent again.

    Raises:
        Refused: by ``decide``; nothing was sent.
        Unsettled: the promise did not come true, or nobody could look.
        RemotingError, Unreadable, Unknown: by the first ``observe``; nothing was sent.
    """
    plan = decide(observe())
    if task.check_mode or plan.is_empty:
        return plan.outcome
    results: Sequence[Result] = ()
    mishap = None
    try:
        results = apply(plan.commands)
    except RemotingError as failure:
        mishap = _mishap(failure)
    try:
        state = observe()
    except (RemotingError, Unreadable, Unknown) as blindness:
        raise plan.unseen(mishap or _mishap(blindness)) from blindness
    return plan.settled_by(state, results, mishap)


def perform(definition: Definition, task: Task, exchange: Exchange) -> dict[str, Any]:
    """Run a module and return what Ansible gets, a failure that we foresee included."""
    try:
        outcome = definition.run(task, exchange)
        result = dict(outcome.result)
        if task.options.get("query"):
            result["selected"] = selected(task.options["query"], result)
    except FORESEEN as error:
        return failed(error)
    result["changed"] = outcome.changed
    if outcome.warnings:
        result["warnings"] = list(outcome.warnings)
    if task.diff and outcome.diff:
        result["diff"] = [
            {
                "before_header": difference.what,
                "after_header": difference.what,
                "before": dict(difference.before),
                "after": dict(difference.after),
            }
            for difference in outcome.diff
        ]
    return result


def run_as_module(definition: Definition) -> None:
    """Run a module that Ansible executes like any other, with its sessions described by options alone.

    This is the second door, for hosts whose connection is neither winrm nor psrp: nothing is lent by a connection, and
    no host's own PowerShell can be reached.
    """
    module = AnsibleModule(dict(definition.argument_spec), supports_check_mode=True, **definition.checks)
    task = Task(module.params, module.check_mode, module._diff)
    try:
        options = exchange_session(module.params)
        with Exchange(Endpoints(options, called=(options.host,), edge=is_edge(module.params))) as exchange:
            result = perform(definition, task, exchange)
    except FORESEEN as error:
        result = failed(error)
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)


def failed(error: BaseException) -> dict[str, Any]:
    """Return the result of a task that one of the ``FORESEEN`` exceptions ended.

    ``reason`` is the word for programs. Of a failed cmdlet ``errors`` holds Exchange's own records and ``failure_kind``
    what they mean; of commands that were sent, ``state_before``, ``state_now`` (null when nobody could look) and
    ``remedy``, the lines to type.
    """
    result: dict[str, Any] = {
        "failed": True,
        "changed": False,
        "msg": str(error),
        "reason": getattr(error, "reason", "failed"),
    }
    if isinstance(error, Unsettled):
        # What became of the commands is in the states; that something was sent is certain, and that it helped is not.
        result["changed"] = error.now is None or error.now != error.before
        result |= {"state_before": dict(error.before), "state_now": error.now and dict(error.now)}
        result["remedy"] = list(error.remedy)
        errors = error.mishap.errors if error.mishap else ()
    else:
        errors = error.errors if isinstance(error, CmdletFailed) else ()
    if errors:
        result["failure_kind"] = classify_failure(errors).kind.value
        result["errors"] = [_record(each) for each in errors]
    return result


def selected(expression: str, result: Mapping[str, Any]) -> Any:
    """Return what a JMESPath expression selects of a result.

    Raises:
        Refused: the expression is not one.
        MissingLibrary: jmespath is not installed.
    """
    jmespath = require("jmespath")
    try:
        return jmespath.search(expression, dict(result))
    except jmespath.exceptions.JMESPathError as error:
        told = " ".join(str(error).split())
        raise Refused(f'query is not a JMESPath expression that works here: "{told[:160]}".') from error


def _mishap(failure: RemotingError | Unreadable | Unknown) -> Mishap:
    return Mishap(
        sentence=str(failure),
        reason=failure.reason,
        errors=failure.errors if isinstance(failure, CmdletFailed) else (),
        asked=isinstance(failure, UnforeseenPrompt),
    )


def _record(error: RemoteError) -> dict[str, str]:
    return {
        "message": error.message,
        "fully_qualified_error_id": error.fully_qualified_error_id,
        "category": error.category,
        "exception_type": error.exception_type,
    }
