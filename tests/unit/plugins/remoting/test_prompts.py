# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Host calls as prompts, and who may answer them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import (
    AnsweredPrompt,
    Choice,
    Prompt,
    RemoteObject,
    foresee_no_prompt,
)
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.errors import UnforeseenPrompt
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.prompts import (
    Conversation,
    expects_answer,
    make_host,
    read_prompt,
)
from pypsrp.complex_objects import HostInfo, HostMethodIdentifier

YES_NO = RemoteObject(
    items=(
        RemoteObject(properties={"label": "&Yes", "helpMessage": "do it"}),
        RemoteObject(properties={"Label": "&No", "HelpMessage": "leave it"}),
    )
)
CHOICES = (Choice("&Yes", "do it"), Choice("&No", "leave it"))
QUESTION = Prompt("PromptForChoice", "Confirm", "Sure?", CHOICES, 0)


def test_a_choice_is_read_with_labels_in_either_spelling() -> None:
    assert read_prompt("PromptForChoice", ["Confirm", "Sure?", YES_NO, 0]) == QUESTION


def test_a_choice_without_a_label_is_called_what_the_server_calls_it() -> None:
    choices = RemoteObject(items=(RemoteObject(text="Yes"), RemoteObject(), "No"))
    assert read_prompt("PromptForChoice", ["Confirm", "Sure?", choices, 0]).choices == (
        Choice("Yes"), Choice(""), Choice("No")
    )  # fmt: skip


@pytest.mark.parametrize(
    "arguments",
    [[], ["Confirm"], ["Confirm", "Sure?", None, 0], ["Confirm", "Sure?", YES_NO, None], [1, 2, YES_NO, 0, 4]],
)
def test_a_choice_of_another_shape_has_nothing_to_choose(arguments: list[Any]) -> None:
    prompt = read_prompt("PromptForChoice", arguments)
    assert (prompt.kind, prompt.choices, prompt.default) == ("PromptForChoice", (), -1)


def test_other_questions_keep_their_name_and_texts() -> None:
    assert read_prompt("PromptForCredential1", ["Caption", "Message", "user", "target"]) == Prompt(
        "PromptForCredential1", "Caption", "Message"
    )


@pytest.mark.parametrize("method", ["WriteLine2", "WriteProgress", "SetShouldExit", "WriteWarningLine"])
def test_what_only_draws_expects_no_answer(method: str) -> None:
    assert not expects_answer(method)


@pytest.mark.parametrize(
    "method",
    ["ReadLine", "ReadLineAsSecureString", "Prompt", "PromptForCredential2", "GetForegroundColor", "host method 99"],
)
def test_everything_else_does(method: str) -> None:
    assert expects_answer(method)


def test_every_method_that_pypsrp_knows_is_sorted_as_its_name_says() -> None:
    names = [str(HostMethodIdentifier(value=number)) for number in range(1, 57)]
    waiting = {name for name in names if expects_answer(name)}
    assert all(name.startswith(("Get", "Read", "Prompt")) for name in waiting)
    assert not any(name.startswith(("Get", "Read", "Prompt")) for name in set(names) - waiting)


def test_an_answer_is_remembered() -> None:
    conversation = Conversation("mbx01", "Enable-ExchangeCertificate", lambda _prompt: 1)
    assert conversation.answer(QUESTION) == 1
    assert conversation.answered == [AnsweredPrompt(QUESTION, 1)]


def test_the_default_is_never_the_answer_by_itself() -> None:
    conversation = Conversation("mbx01", "Enable-ExchangeCertificate", foresee_no_prompt)
    with pytest.raises(UnforeseenPrompt):
        conversation.answer(QUESTION)
    assert conversation.answered == []


def test_a_policy_cannot_answer_a_question_without_choices() -> None:
    with pytest.raises(UnforeseenPrompt):
        Conversation("mbx01", "Get-Queue", lambda _prompt: 0).answer(Prompt("ReadLine"))


@pytest.mark.parametrize("choice", [2, -1])
def test_a_policy_cannot_choose_what_was_not_offered(choice: int) -> None:
    with pytest.raises(UnforeseenPrompt):
        Conversation("mbx01", "Enable-ExchangeCertificate", lambda _prompt: choice).answer(QUESTION)


def test_a_question_that_may_have_several_answers_is_not_answered_with_one() -> None:
    several = Prompt("PromptForChoiceMultipleSelection", "Confirm", "Which?", CHOICES, 0)
    with pytest.raises(UnforeseenPrompt):
        Conversation("mbx01", "Enable-ExchangeCertificate", lambda _prompt: 0).answer(several)


class Calls:
    """The answerer of a host, which must not be asked."""

    def __call__(self, prompt: Prompt) -> int:
        raise AssertionError(prompt)


def test_the_host_draws_nothing_and_asks_nobody_about_it() -> None:
    host = make_host(Calls())
    assert host.run_method(HostMethodIdentifier(value=16), ["a line"], None) is None


def test_a_method_that_pypsrp_does_not_know_is_a_question() -> None:
    asked: list[Prompt] = []

    def answer(prompt: Prompt) -> int:
        asked.append(prompt)
        return 0

    make_host(answer).run_method(HostMethodIdentifier(value=99), [], None)
    assert asked == [Prompt("host method 99")]


def test_who_answers_sees_what_the_server_said() -> None:
    asked: list[Prompt] = []

    def answer(prompt: Prompt) -> int:
        asked.append(prompt)
        return 0

    credential = HostMethodIdentifier(value=24)
    make_host(answer).run_method(credential, ["Log on", "To the other server", "user", "target"], None)
    assert asked == [Prompt("PromptForCredential1", "Log on", "To the other server")]


def test_the_server_is_told_that_there_is_somebody_to_ask() -> None:
    """Without a user interface PowerShell does not send the prompt: it fails the command instead."""
    told = HostInfo(host=make_host(Calls()))
    assert (told._is_host_null, told._is_host_ui_null) == (False, False)
