# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine: check mode equals the run, nothing is sent twice, and after every failure it looks again."""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.fields import Unreadable
from ansible_collections.mailops.exchange.plugins.module_utils._module import (
    Definition,
    Task,
    carry_out,
    failed,
    perform,
    run_as_module,
    selected,
)
from ansible_collections.mailops.exchange.plugins.module_utils._observe.exchange import Exchange
from ansible_collections.mailops.exchange.plugins.module_utils._observe.unknown import Unknown
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.plan import (
    Difference,
    Mishap,
    Outcome,
    Plan,
    Refused,
    Unsettled,
    words_of,
)
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import (
    Command,
    Pipeline,
    Prompt,
    RemoteError,
    Result,
)
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.errors import (
    CannotConnect,
    CmdletFailed,
    RemotingError,
    SessionLost,
    Silent,
    UnforeseenPrompt,
)
from ansible_collections.mailops.exchange.plugins.module_utils._session_options import (
    QUERY_ARGUMENT,
    SESSION_ARGUMENTS,
)

SET = Pipeline((Command("Set-Light", {"On": True}),), changes=True)
REFUSED_BY_EXCHANGE = CmdletFailed(
    "mbx01",
    "Set-SendConnector",
    (RemoteError("The given certificate is not enabled for SMTP protocol.", "[Server=X] 1A2B,SetSendConnector"),),
    Result(),
)


@dataclass(frozen=True)
class LightPlan(Plan[bool]):
    """A light to be switched on: the smallest plan there is."""

    before: bool

    def settled_by(self, state: bool, results: Sequence[Result] = (), mishap: Mishap | None = None) -> Outcome:
        if not state or (mishap is not None and mishap.asked):
            said = "It is still dark." if mishap is None else mishap.sentence
            raise Unsettled(said, before={"on": self.before}, now={"on": state}, remedy=["Set-Light"], mishap=mishap)
        return replace(self.outcome, warnings=words_of(results))

    def unseen(self, mishap: Mishap) -> Unsettled:
        return Unsettled(mishap.sentence, before={"on": self.before}, now=None, mishap=mishap)


def plan_light(on: bool) -> LightPlan:
    commands = () if on else (SET,)
    return LightPlan(commands, Outcome(not on, {"on": True}, (Difference("light", {"on": on}, {"on": True}),)), on)


@dataclass
class Room:
    """A light, and what happens when it is switched: ``failure`` before or after it has ``acted``."""

    on: bool = False
    acts: bool = True
    failure: RemotingError | None = None
    blind_after: RemotingError | Unreadable | Unknown | None = None
    sent: list[str] = field(default_factory=list)
    looks: int = 0

    def observe(self) -> bool:
        self.looks += 1
        if self.looks > 1 and self.blind_after is not None:
            raise self.blind_after
        return self.on

    def apply(self, commands: Sequence[Pipeline]) -> Sequence[Result]:
        self.sent += [str(command) for command in commands]
        self.on = self.on or self.acts
        if self.failure is not None:
            raise self.failure
        return [Result(warnings=("It is bright.",))]

    def switched_on(self, **task) -> Outcome:
        return carry_out(Task({}, **task), observe=self.observe, decide=plan_light, apply=self.apply)


def test_check_mode_returns_what_a_run_returns_and_sends_nothing():
    checked, run = Room(), Room()
    promise, outcome = checked.switched_on(check_mode=True), run.switched_on()
    assert (promise.changed, promise.result, promise.diff) == (outcome.changed, outcome.result, outcome.diff)
    assert checked.sent == []
    assert checked.looks == 1
    assert run.sent == ["Set-Light -On:$true"]
    assert run.looks == 2
    assert outcome.warnings == ("It is bright.",)


def test_nothing_is_sent_when_all_is_as_wished():
    room = Room(on=True)
    assert not room.switched_on().changed
    assert room.sent == []
    assert room.looks == 1


def test_a_promise_that_did_not_come_true_fails():
    with pytest.raises(Unsettled, match="still dark"):
        Room(acts=False).switched_on()


@pytest.mark.parametrize("failure", [SessionLost("mbx01", "lost"), Silent("mbx01", "silent"), REFUSED_BY_EXCHANGE])
def test_after_a_failure_the_state_decides_and_nothing_is_sent_again(failure):
    acted = Room(failure=failure)
    assert acted.switched_on().changed
    assert len(acted.sent) == 1
    assert acted.looks == 2
    idle = Room(acts=False, failure=failure)
    with pytest.raises(Unsettled) as unsettled:
        idle.switched_on()
    assert str(unsettled.value) == str(failure)
    assert unsettled.value.reason == failure.reason
    assert len(idle.sent) == 1


def test_a_later_session_that_cannot_be_opened_is_a_failure_like_others():
    room = Room(failure=CannotConnect("mbx01", "no connection"))
    assert room.switched_on().changed


def test_an_unforeseen_prompt_fails_and_shows_the_state_as_it_is_now():
    room = Room(failure=UnforeseenPrompt("mbx01", "Set-Light", Prompt("PromptForChoice", message="Really?")))
    with pytest.raises(Unsettled, match="Really") as unsettled:
        room.switched_on()
    result = failed(unsettled.value)
    assert result["reason"] == "unforeseen_prompt"
    assert (result["state_before"], result["state_now"]) == ({"on": False}, {"on": True})
    assert result["changed"] is True


@pytest.mark.parametrize(
    "blindness",
    [CannotConnect("mbx01", "no connection"), Unreadable("Services is unknown."), Unknown("There is no connector.")],
)
def test_when_nobody_can_look_the_first_failure_is_told_and_the_state_is_unknown(blindness):
    lost = SessionLost("mbx01", "the session was lost")
    with pytest.raises(Unsettled, match="the session was lost") as unsettled:
        Room(failure=lost, blind_after=blindness).switched_on()
    assert failed(unsettled.value)["state_now"] is None
    assert failed(unsettled.value)["changed"] is True, "nobody knows, so it may have"
    with pytest.raises(Unsettled) as alone:
        Room(blind_after=blindness).switched_on()
    assert str(alone.value) == str(blindness)


def test_a_first_look_that_fails_fails_as_it_is():
    def unreachable() -> bool:
        raise CannotConnect("mbx01", "no connection")

    room = Room()
    with pytest.raises(CannotConnect):
        carry_out(Task({}), observe=unreachable, decide=plan_light, apply=room.apply)
    assert room.sent == []


def test_mistakes_of_the_program_stay_mistakes():
    def broken(commands):
        raise ZeroDivisionError(len(commands))

    with pytest.raises(ZeroDivisionError):
        carry_out(Task({}), observe=lambda: False, decide=plan_light, apply=broken)


# What Ansible gets.


def definition(run) -> Definition:
    return Definition("exchange_light", {**SESSION_ARGUMENTS, **QUERY_ARGUMENT}, run)


def test_a_result_holds_the_diff_only_when_it_is_asked_for():
    run = definition(lambda task, room: carry_out(task, observe=room.observe, decide=plan_light, apply=room.apply))
    assert perform(run, Task({}), Room()) == {"changed": True, "on": True, "warnings": ["It is bright."]}
    assert perform(run, Task({}, diff=True), Room())["diff"] == [
        {"before_header": "light", "after_header": "light", "before": {"on": False}, "after": {"on": True}}
    ]


def test_a_query_selects_beside_the_full_result():
    lights = {"lights": [{"name": "a", "on": True}, {"name": "b", "on": False}]}
    info = definition(lambda _task, _room: Outcome(False, lights))
    result = perform(info, Task({"query": "lights[?on].name"}), None)
    assert result == {"changed": False, **lights, "selected": ["a"]}


@pytest.mark.parametrize("query", ["lights[?", "length(`1`)", "nonsense(@)"])
def test_a_query_that_is_none_is_refused_in_one_sentence(query):
    with pytest.raises(Refused, match="JMESPath") as refused:
        selected(query, {})
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) <= 300


def test_a_refusal_is_a_failure_that_changed_nothing():
    def run(_task, _exchange):
        raise Refused("mbx01: no. Do this.")

    assert perform(definition(run), Task({}), None) == {
        "failed": True,
        "changed": False,
        "msg": "mbx01: no. Do this.",
        "reason": "refused",
    }


def test_exchanges_own_error_records_are_kept():
    result = failed(REFUSED_BY_EXCHANGE)
    assert result["failure_kind"] == "connector_certificate_lacks_smtp"
    assert result["errors"][0]["fully_qualified_error_id"] == "[Server=X] 1A2B,SetSendConnector"
    with pytest.raises(Unsettled) as unsettled:
        Room(acts=False, failure=REFUSED_BY_EXCHANGE).switched_on()
    assert failed(unsettled.value)["errors"] == result["errors"]
    assert failed(unsettled.value)["failure_kind"] == result["failure_kind"]


# The second door.


def through_the_second_door(capsys, run, **arguments):
    with patch_module_args(arguments), pytest.raises(SystemExit):
        run_as_module(definition(run))
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def nobody_listens() -> int:
    """A port of this machine at which nobody answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


SOMEBODY = {"exchange_username": "admin", "exchange_password": "secret", "exchange_auth": "ntlm"}


def test_the_second_door_runs_the_same_module(capsys):
    def run(task, exchange):
        assert isinstance(exchange, Exchange)
        room = Room()
        return carry_out(task, observe=room.observe, decide=plan_light, apply=room.apply)

    result = through_the_second_door(capsys, run, exchange_host="mbx01.contoso.test", **SOMEBODY)
    assert (result["changed"], result["on"]) == (True, True)
    assert result["invocation"]["module_args"]["exchange_role"] == "mailbox"
    assert "secret" not in json.dumps(result)

    modes = {"_ansible_check_mode": True, "_ansible_diff": True}
    checked = through_the_second_door(capsys, run, exchange_host="mbx01.contoso.test", **SOMEBODY, **modes)
    assert checked["diff"][0]["after"] == {"on": True}
    assert "It is bright." not in checked.get("warnings", [])


def test_the_second_door_fails_in_one_sentence(capsys):
    result = through_the_second_door(capsys, lambda _task, _exchange: Outcome(False))
    assert result["failed"] is True
    assert "Set exchange_host" in result["msg"]
    assert "exception" not in result


def test_an_unreachable_server_fails_with_its_reason_and_stays_reachable_for_ansible(capsys, nobody_listens):
    def run(_task, exchange):
        return Outcome(False, {"servers": [server.fqdn for server in exchange.servers()]})

    address = {"exchange_host": "127.0.0.1", "exchange_port": nobody_listens}
    result = through_the_second_door(capsys, run, **address, **SOMEBODY)
    assert (result["failed"], result["reason"]) == (True, "unreachable")
    assert "unreachable" not in result
    assert len(result["msg"]) <= 300
