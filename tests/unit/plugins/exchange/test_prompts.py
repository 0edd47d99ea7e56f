# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prompts are recognised by what they are, in any language, and nothing else is ever answered."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.prompts import (
    keep_default_certificate,
    replace_default_certificate,
    require_ssl,
)
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import Choice, Prompt
from hypothesis import given
from hypothesis import strategies as st

OURS = "3F9C1A7E5B2D4C6F8A9B0C1D2E3F4A5B6C7D8E9F"
DEFAULT = "D003810EBE1624145889D031FBB77ED2BD280FD3"
OTHER = "0123456789ABCDEF0123456789ABCDEF01234567"

ENGLISH = ("&Yes", "Yes to &All", "&No", "No to A&ll")
LANGUAGES = {
    "English": ENGLISH,
    "English, local": (*ENGLISH, "&Suspend"),
    "German": ("&Ja", "Ja, &alle", "&Nein", "Nein, &keine"),
    "French": ("&Oui", "Oui pour &tout", "&Non", "Non po&ur tout"),
    "Spanish": ("&Sí", "Sí a &todo", "&No", "No a t&odo"),
    "Japanese": ("はい(&Y)", "すべて続行(&A)", "いいえ(&N)", "すべて無視(&L)"),
    "Turkish": ("&Evet", "&Tümüne Evet", "&Hayır", "Tümüne Ha&yır"),
    "Greek": ("&Ναι", "Ναι σε ό&λα", "Ό&χι", "Όχι σε όλ&α"),
    "without letters": ("Ja", "Ja zu allem", "Nein", "Nein zu allem"),
}
QUESTION = (
    "Overwrite the existing default SMTP certificate?\r\n\r\n"
    f"Current certificate: '{DEFAULT}' (expires 12/30/2027 2:39:08 PM)\r\n"
    f"Replace it with certificate: '{OURS}' (expires 1/1/2027 11:59:59 PM)"
)
SSL_QUESTION = (
    "Do you want to enforce SSL communication on the root web site? If not, rerun the cmdlet with the "
    "-DoNotRequireSSL parameter."
)


def asked(message: str = QUESTION, labels: tuple[str, ...] = ENGLISH, *, default: int = 0) -> Prompt:
    return Prompt("PromptForChoice", "Confirm", message, tuple(Choice(label) for label in labels), default)


keep = keep_default_certificate(OURS, DEFAULT)
substitute = replace_default_certificate(OURS, DEFAULT)


@pytest.mark.fact("cmdlets 10.4", "cmdlets 10.11")
@pytest.mark.parametrize("labels", LANGUAGES.values(), ids=LANGUAGES)
def test_the_default_is_kept_in_any_language(labels: tuple[str, ...]) -> None:
    assert keep(asked(labels=labels)) == 2


@pytest.mark.parametrize("labels", LANGUAGES.values(), ids=LANGUAGES)
def test_the_default_is_replaced_where_that_is_wished(labels: tuple[str, ...]) -> None:
    assert substitute(asked(labels=labels)) == 0


@pytest.mark.fact("cmdlets 10.11")
def test_the_message_may_be_in_any_language_too() -> None:
    message = f"Vorhandenes Standardzertifikat überschreiben? {DEFAULT.lower()} -> {OURS.lower()}"
    assert keep(asked(message, LANGUAGES["German"])) == 2


@pytest.mark.fact("cmdlets 10.4")
def test_choices_in_another_order_are_found_by_their_letters() -> None:
    labels = ("&Yes", "&No", "Yes to &All", "No to A&ll")
    assert keep(asked(labels=labels)) == 1
    assert substitute(asked(labels=labels)) == 0


def test_the_default_answer_is_never_taken_for_no() -> None:
    """The first choice is the default, Yes: a letter N there belongs to a language that we do not know."""
    assert keep(asked(labels=("&Naturally", "&All", "&Forget it", "&Leave"))) is None


@pytest.mark.fact("cmdlets 10.4")
def test_where_several_choices_have_the_letter_the_place_decides() -> None:
    assert keep(asked(labels=("&Yes", "Yes to &All", "&No", "&No to all"))) == 2
    assert keep(asked(labels=("&Yes", "&Next", "&No", "&Suspend"))) == 2
    assert substitute(asked(labels=("&Yes", "Yes to &All", "&No", "&No to all"))) == 0


def test_where_the_letters_contradict_the_shape_nothing_is_answered() -> None:
    assert keep(asked(labels=("&Abort", "&Break", "&Yes", "&Continue"))) is None
    assert keep(asked(labels=("&Yes", "&Yes", "&Yes", "&Yes"))) is None
    assert substitute(asked(labels=("&No", "&Break", "&Go", "&Continue"))) is None
    assert substitute(asked(labels=("&No", "&No", "&No", "&No"))) is None


@pytest.mark.parametrize(
    "prompt",
    [
        asked(QUESTION.replace(OURS, OTHER)),
        asked(QUESTION.replace(DEFAULT, OTHER)),
        asked(QUESTION.replace(OURS, "x").replace(DEFAULT, OURS).replace("x", DEFAULT)),
        asked(f"{QUESTION} {OURS}"),
        asked(f"Enable certificate with thumbprint {OURS}?"),
        asked(QUESTION.replace(OURS, OURS + "0")),
        asked(QUESTION.replace(OURS, "0" + OURS)),
        asked(SSL_QUESTION),
        asked(""),
        asked(default=2),
        asked(default=-1),
        asked(labels=("&Yes", "&No")),
        asked(labels=ENGLISH[:3]),
        asked(labels=(*ENGLISH, "&Suspend", "&Help")),
        replace(asked(), kind="PromptForChoiceMultipleSelection"),
        Prompt("ReadLine", "Confirm", QUESTION),
    ],
)
def test_any_other_question_is_not_foreseen(prompt: Prompt) -> None:
    assert keep(prompt) is None
    assert substitute(prompt) is None


@pytest.mark.parametrize("labels", LANGUAGES.values(), ids=LANGUAGES)
def test_ssl_is_required_where_that_is_wished(labels: tuple[str, ...]) -> None:
    assert require_ssl()(asked(SSL_QUESTION, labels)) == 0


def test_only_one_question_about_ssl_is_foreseen() -> None:
    policy = require_ssl()
    assert policy(asked(SSL_QUESTION)) == 0
    assert policy(asked(SSL_QUESTION)) is None


@pytest.mark.parametrize(
    "prompt",
    [
        asked(QUESTION),
        asked(f"Enable certificate with thumbprint {OURS} for Unified Messaging?"),
        asked(SSL_QUESTION, default=2),
        asked(SSL_QUESTION, ("&Yes", "&No")),
        Prompt("ReadLine", "", SSL_QUESTION),
    ],
)
def test_ssl_is_not_required_by_any_other_question(prompt: Prompt) -> None:
    assert require_ssl()(prompt) is None


prompts = st.builds(
    Prompt,
    kind=st.sampled_from(["PromptForChoice", "ReadLine"]),
    caption=st.text(max_size=10),
    message=st.lists(st.sampled_from([OURS, DEFAULT, OTHER, " ", "'", "? "]) | st.text(max_size=5), max_size=6).map(
        "".join
    ),
    choices=st.lists(st.sampled_from([*ENGLISH, "&Suspend", "&Nein"]).map(Choice), max_size=6).map(tuple),
    default=st.integers(-1, 5),
)


@given(prompts | st.builds(lambda prompt: replace(prompt, message=QUESTION), prompts))
def test_a_prompt_is_answered_only_if_it_is_ours_and_never_with_its_default_when_keeping(prompt: Prompt) -> None:
    answer = keep(prompt)
    if answer is not None:
        assert prompt.kind == "PromptForChoice"
        assert prompt.message.index(DEFAULT) < prompt.message.index(OURS)
        assert OTHER not in prompt.message
        assert len(prompt.choices) in (4, 5)
        assert answer in range(1, len(prompt.choices))
        assert prompt.default == 0
        assert "Y" not in prompt.choices[answer].label or prompt.choices[answer].label == "Yes to &All"


@given(prompts | st.builds(lambda prompt: replace(prompt, message=QUESTION), prompts))
def test_no_prompt_is_answered_yes_and_no_with_the_same_choice(prompt: Prompt) -> None:
    assert keep(prompt) is None or keep(prompt) != substitute(prompt)
