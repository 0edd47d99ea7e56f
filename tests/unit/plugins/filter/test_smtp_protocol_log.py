# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter smtp_protocol_log: logs that somebody mailed you."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.mailops.exchange.plugins.filter import smtp_protocol_log as plugin
from ansible_collections.mailops.exchange.plugins.filter.smtp_protocol_log import smtp_protocol_log

LOGS = Path(__file__).parents[3] / "fixtures" / "protocol-logs"
HEAD = "2026-03-02T02:15:00.125Z,Outbound,08DE7814C5A2B301,{},10.0.0.1:16547,203.0.113.25:25,"
VERB = HEAD.format(0) + ">,STARTTLS,\r\n"
OUTCOME = HEAD.format(1).replace(":00.125", ":01.125") + "*,,TLS negotiation failed with error UnknownCredentials\r\n"


def read(name: str) -> str:
    (path,) = LOGS.glob(f"{name}*.log")
    return path.read_text(encoding="utf-8")


def test_is_found_by_its_name() -> None:
    assert plugin.FilterModule().filters() == {"smtp_protocol_log": smtp_protocol_log}


def test_reads_the_kbs_own_six_lines() -> None:
    (session,) = smtp_protocol_log(read("01-"))
    assert session["connector"] == "Outbound to Office 365"
    assert session["tls_error"] == "UnknownCredentials"
    assert [certificate["whose"] for certificate in session["certificates"]] == ["unmarked"]


def test_a_last_line_whose_end_the_file_lookup_took_away_counts() -> None:
    (session,) = smtp_protocol_log((VERB + OUTCOME).rstrip())
    assert session["tls_error"] == "UnknownCredentials"


@pytest.mark.parametrize("texts", [[VERB, OUTCOME], [OUTCOME.rstrip(), VERB.rstrip()]])
def test_sessions_run_over_the_borders_of_files_in_any_order(texts: list[str]) -> None:
    (session,) = smtp_protocol_log(texts)
    assert (session["tls_verb"], session["tls_error"]) == ("STARTTLS", "UnknownCredentials")


def test_an_empty_log_holds_no_session() -> None:
    assert smtp_protocol_log("") == []
    assert smtp_protocol_log([]) == []


@pytest.mark.parametrize("value", [None, 3, {"a": "b"}, ["text", None], b"bytes"])
def test_refuses_what_is_no_text(value: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="takes the text of a protocol log or a list of such texts"):
        smtp_protocol_log(value)


def documented(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: documented(value["contains"]) if "contains" in value else value["type"] for name, value in values.items()
    }


def returned(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: returned(item) for name, item in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return returned(value[0])
    return {bool: "bool", int: "int", str: "str", list: "list"}[type(value)]


def test_documents_what_it_returns() -> None:
    (session,) = smtp_protocol_log(read("06-"))
    assert documented(yaml.safe_load(plugin.RETURN)) == {"_value": returned(session)}


def sample_of(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: [sample_of(value["contains"])] if "contains" in value else value["sample"]
        for name, value in values.items()
    }


def test_the_documented_samples_have_the_documented_types() -> None:
    contains = yaml.safe_load(plugin.RETURN)["_value"]["contains"]
    assert returned(sample_of(contains)) == documented(contains)
