# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Readings of the transport service: what its log leaves out, cases of names, words for a missing connection."""

from __future__ import annotations

from typing import Any

import pytest


def test_a_failing_session_may_not_show_the_certificate(bench: Any) -> None:
    text = bench(readings={"failed_certificate_rows": "missing"}).after(seconds=30).text()
    assert "TLS negotiation failed with error UnknownCredentials" in text
    assert "ertificate" not in text


@pytest.mark.fact("protocol-log 0.4")
def test_a_session_that_succeeds_shows_it_all_the_same(bench: Any) -> None:
    here = bench(readings={"failed_certificate_rows": "missing"})
    here.third_party.network_service = True
    assert "Sending certificate" in here.after(seconds=30).text()


@pytest.mark.fact("protocol-log 0.4", "protocol-log 7.3")
@pytest.mark.parametrize(
    ("rows", "end"), [("old", "*,,Certificate alternate names"), ("new", 'Z ",Sending certificate')]
)
def test_the_alternate_names_may_be_empty(bench: Any, rows: str, end: str) -> None:
    text = bench(readings={"alternate_names_row": "empty", "certificate_rows": rows}).after(seconds=30).text()
    assert end in text
    assert "*.contoso.com;contoso.com" not in text


@pytest.mark.parametrize(("reading", "found"), [("ignored", True), ("matched", False)])
def test_the_case_of_a_name(bench: Any, reading: str, found: bool) -> None:
    name = bench().third_party.identifier
    here = bench(
        readings={"named_certificate_case": reading},
        connector={"tls_certificate_name": name.replace("Contoso", "CONTOSO")},
    ).after(seconds=30)
    (queue,) = [each for each in here.service.queues() if each.messages]
    assert ("could not be found" in queue.last_error) != found


def test_the_version_of_tls(bench: Any) -> None:
    here = bench(readings={"tls_protocol": "TLS1_3"})
    here.third_party.network_service = True
    assert "TLS protocol SP_PROT_TLS1_3_CLIENT negotiation succeeded" in here.after(seconds=30).text()


@pytest.mark.fact("protocol-log 0.1", "protocol-log 7.9")
@pytest.mark.parametrize(
    ("reading", "error"),
    [
        (
            "4.4.397",
            "451 4.4.397 Error communicating with target host. -> 421 4.2.1 Unable to connect -> SocketTimedout",
        ),
        (
            "primary_4.2.1",
            '451 4.4.0 Primary target IP address responded with: "421 4.2.1 Unable to connect." Attempted',
        ),
    ],
)
def test_the_words_for_a_missing_connection(bench: Any, reading: str, error: str) -> None:
    here = bench(readings={"connect_error": reading})
    next(iter(here.world.peers.values())).listens = False
    (queue,) = [each for each in here.after(seconds=60).service.queues() if each.messages]
    assert queue.last_error.startswith(error)
