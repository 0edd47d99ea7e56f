# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sentences of errors: server, what happened, the server's words, the next step, and never too long."""

from __future__ import annotations

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import Prompt, RemoteError, Result
from ansible_collections.mailops.exchange.plugins.module_utils._remoting import errors
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.errors import (
    CmdletFailed,
    MayHaveActed,
    RemotingError,
    UnforeseenPrompt,
    sentence,
)
from hypothesis import given
from hypothesis import strategies as st


def test_the_parts_stand_in_order() -> None:
    assert sentence("mbx01", "it failed", words="Access is denied.", advice="Ask") == (
        'mbx01: it failed: "Access is denied". Ask.'
    )
    assert sentence("mbx01", "it failed") == "mbx01: it failed."


def test_the_server_s_words_are_cut_and_the_advice_is_not() -> None:
    text = sentence("mbx01", "it failed", words="word " * 200, advice="Do this next")
    assert len(text) == 300
    assert text.endswith('…". Do this next.')


def test_the_server_s_lines_become_one() -> None:
    assert sentence("mbx01", "it failed", words="a\r\n\r\n  b") == 'mbx01: it failed: "a b".'


@given(st.text(), st.text(), st.text(), st.text(max_size=150))
def test_no_sentence_is_longer_than_three_hundred(server: str, what: str, words: str, advice: str) -> None:
    assert len(sentence(server, what, words=words, advice=advice)) <= 300


@given(st.text(), st.text(), st.text())
def test_not_even_one_about_a_long_prompt(server: str, operation: str, message: str) -> None:
    assert len(str(UnforeseenPrompt(server, operation, Prompt("PromptForChoice", "", message)))) <= 300


def test_each_error_has_a_word_of_its_own() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, RemotingError)]
    words = [kind.reason for kind in kinds]
    assert len(kinds) > 15
    assert len(set(words)) == len(words)


@pytest.mark.parametrize("kind", ["SessionLost", "Silent", "UnexpectedAnswer", "UnforeseenPrompt", "CmdletFailed"])
def test_what_may_have_acted_says_so_by_its_type(kind: str) -> None:
    assert issubclass(getattr(errors, kind), MayHaveActed)


def test_several_error_records_are_counted() -> None:
    records = (RemoteError("first"), RemoteError("second"), RemoteError("third"))
    assert str(CmdletFailed("mbx01", "Get-Queue", records, Result())) == (
        'mbx01: Get-Queue failed (and 2 more errors): "first".'
    )
