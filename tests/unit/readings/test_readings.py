# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cases of ``make readings``, and how a run of one is judged."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.readings.case import Case
from tests.readings.drive import Seen, judge
from tests.readings.readings import CASES, READINGS, TWINS

SCHEMA = Path(__file__).resolve().parents[2] / "lab" / "scenario.schema.json"
KEY = "mbx01.contoso.test/third-party"
REPAIRED = Case("area", "name", "repaired", bound=(KEY,), delivered=True)


def state(*services: str, level: str = "None", default: str = "D0", delivered: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "servers": {
            "mbx01.contoso.test": {
                "default_certificate": default,
                "certificates": {"third-party": {"services": list(services)}, "setup": {"services": ["SMTP"]}},
            }
        },
        "connectors": {"Outbound": {"protocol_logging_level": level}},
        "queues": [
            {"delivery_type": "SmartHostConnectorDelivery", "message_count": 25 - delivered},
            {"delivery_type": "Undefined", "message_count": 7},
        ],
        "delivered": [{"tls": True, "reply": "250 2.6.0 Queued"}] * delivered,
        "open_shells": 0,
        "crashes": [],
        **more,
    }


def verdict(word: str = "repaired", **connector: Any) -> dict[str, Any]:
    details = {"grade": "marked", "lines_to_type": [], **connector}
    return {
        "verdict": word,
        "message": f"it is {word}.",
        "summary": [],
        "warnings": [],
        "connectors": {"guid": details},
    }


@pytest.fixture
def repair() -> Seen:
    after = state("POP", "SMTP", delivered=25)
    return Seen(state("POP"), after, after, [verdict()], 0)


def test_a_repair_without_a_flaw(repair: Seen) -> None:
    outcome = judge(REPAIRED, repair)
    assert not outcome.problems
    told = (outcome.verdict, outcome.services, outcome.default, outcome.level, outcome.open_shells)
    assert told == ("repaired", "kept", "kept", "back", 0)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"verdicts": [verdict("no_evidence")], "status": 2}, "the verdict is no_evidence"),
        ({"verdicts": [verdict(), verdict("healthy")]}, "the verdict is healthy, repaired"),
        ({"verdicts": [], "status": 2}, "the verdict is "),
        ({"status": 2}, "the exit status is 2"),
        ({"after": state("SMTP", delivered=25)}, f"lost were POP of {KEY}"),
        ({"after": state("POP", delivered=25)}, "gained were none"),
        ({"after": state("POP", "IIS", "SMTP", delivered=25)}, f"gained were IIS, SMTP of {KEY}"),
        ({"after": state("POP", "SMTP", default="D1", delivered=25)}, "the default certificate is another one"),
        ({"after": state("POP", "SMTP", delivered=24)}, "24 of 25 messages were accepted over TLS"),
        ({"later": state(level="Verbose")}, "the level is Verbose"),
        ({"later": state(open_shells=1)}, "1 sessions are open"),
        ({"later": state(crashes=["KeyError"])}, "the lab crashed: ['KeyError']"),
    ],
)
def test_a_flaw_is_told(repair: Seen, change: dict[str, Any], problem: str) -> None:
    assert judge(REPAIRED, replace(repair, **change)).problems == (problem,)


def test_messages_in_clear_or_rejected_are_not_delivered(repair: Seen) -> None:
    rejected = [{"tls": True, "reply": "550 5.7.64 Relay"}, {"tls": False, "reply": "250 2.6.0 Queued"}]
    outcome = judge(REPAIRED, replace(repair, after=state("POP", "SMTP", delivered=0) | {"delivered": rejected}))
    assert outcome.problems == ("0 of 25 messages were accepted over TLS",)


def test_mail_that_never_waited_proves_nothing(repair: Seen) -> None:
    assert judge(REPAIRED, replace(repair, before=state("POP", delivered=25))).problems == (
        "25 of 0 messages were accepted over TLS",
    )


def test_what_the_report_says(repair: Seen) -> None:
    case = replace(REPAIRED, says="Enable-.*SMTP", grade="eliminated")
    assert judge(case, repair).problems == ("the report does not say 'Enable-.*SMTP'", "the grade is marked")
    told = verdict(grade="eliminated", lines_to_type=["Enable-ExchangeCertificate -Services SMTP"])
    assert not judge(case, replace(repair, verdicts=[told])).problems


def test_harm_that_must_be_reported_must_also_have_been_done(repair: Seen) -> None:
    harmful = replace(REPAIRED, lost=((KEY, frozenset({"POP"})),), default_lost=True)
    assert judge(harmful, repair).problems == ("lost were none", "the default certificate is the same")
    harmed = judge(harmful, replace(repair, after=state("SMTP", default="D1", delivered=25)))
    assert not harmed.problems
    assert (harmed.services, harmed.default) == (f"lost POP of {KEY}", "replaced")


def test_the_level_of_an_edges_own_connector_counts(repair: Seen) -> None:
    later = state()
    later["servers"]["edge01"] = {"connectors": {"Own": {"protocol_logging_level": "Verbose"}}}
    assert judge(REPAIRED, replace(repair, later=later)).problems == ("the level is None, Verbose",)


def test_a_failure_must_end_with_a_status(repair: Seen) -> None:
    case = replace(REPAIRED, verdict="failed")
    assert judge(case, replace(repair, verdicts=[verdict("failed")])).problems == ("the exit status is 0",)


def test_every_reading_has_a_case_for_every_value() -> None:
    facts = {fact for case in CASES for fact in case.facts}
    readings = json.loads(SCHEMA.read_text(encoding="utf-8"))["$defs"]["readings"]["properties"]
    wanted = {f"readings.{name}={value}" for name, reading in readings.items() for value in reading["enum"]}
    assert wanted <= facts


def test_no_case_stands_there_twice() -> None:
    assert len({(case.facts, case.scenario) for case in READINGS}) == len(READINGS)


def test_the_twins_are_four_and_all_must_be_repaired() -> None:
    assert len({case.name for case in TWINS}) == 4
    assert {(case.verdict, case.delivered, case.level, case.default_lost) for case in TWINS} == {
        ("repaired", True, "None", False)
    }
