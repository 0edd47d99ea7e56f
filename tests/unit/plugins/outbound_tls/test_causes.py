# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other reasons for stuck mail, each with a meaning and something to look at."""

from __future__ import annotations

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.last_error import TLS_SYMPTOMS, ErrorFamily
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.causes import explain_family, explain_word
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.finding import FindingId, FindingKind


@pytest.mark.parametrize("family", sorted(set(ErrorFamily) - TLS_SYMPTOMS - {ErrorFamily.NONE}, key=str))
def test_every_family_that_is_no_symptom_is_explained(family: ErrorFamily) -> None:
    explanation = explain_family(family, "")
    assert explanation.id.kind is FindingKind.OTHER_CAUSE
    assert explanation.meaning
    assert explanation.remedy.endswith(".")


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("10060", "the port does not answer (10060)"),
        ("TimedOut", "the connection was lost to a time-out"),
        ("10013", "the network (10013)"),
        ("", "the network"),
    ],
)
def test_a_socket_is_explained_by_its_word(word: str, meaning: str) -> None:
    assert explain_family(ErrorFamily.SOCKET, word).meaning == meaning
    assert explain_family(ErrorFamily.DNS, word).meaning == "the name of the next hop"


def test_a_word_is_known_in_any_case_and_told_verbatim_where_it_is_not() -> None:
    assert explain_word("NOCREDENTIALS").id is FindingId.NO_PRIVATE_KEY
    assert explain_word("Bogus").meaning == "TLS failed with Bogus"
