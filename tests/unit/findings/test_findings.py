# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cases of ``make findings``, and how a look is judged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.finding import (
    FindingId,
    FindingKind,
    Qualifier,
)

from tests.findings.case import Case
from tests.findings.cases import CASES
from tests.findings.drive import judge, scenario_of

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "docsite" / "rst" / "guide_findings.rst"
ROWS = {str(number) for number in range(1, 24)}
CASE = Case("1", "name", "certificate_not_bound", certain=True, unobserved="needs: Verbose")


def finding(**changes: Any) -> dict[str, Any]:
    return {
        "id": "certificate_not_bound",
        "primary": True,
        "guid": "g1",
        "qualifiers": [],
        "severity": "error",
        "confidence": "certain",
        "repairable_by_role": True,
        **changes,
    }


def result(*findings: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "findings": list(findings or [finding()]),
        "connectors": [{"guid": "g1"}],
        "unobserved": [{"what": "needs", "needs": "Verbose"}],
        **changes,
    }


def state(*names: str, **changes: Any) -> dict[str, Any]:
    commands = [{"name": each, "is_script": False} for each in names or ("Get-Queue", "Select-Object")]
    return {"commands": commands, "open_shells": 0, "crashes": [], **changes}


def test_a_look_without_a_flaw() -> None:
    outcome = judge(CASE, result(), state())
    assert (outcome.found, outcome.problems) == (("certificate_not_bound",), ())


SECOND = finding(id="expires", primary=False, repairable_by_role=False)


@pytest.mark.parametrize(
    ("returned", "seen", "problem"),
    [
        (result(finding(), SECOND), state(), "beside it stand expires"),
        (result(finding(), finding()), state(), "a connector has more or less than one root cause"),
        (result(finding(guid="g2")), state(), "a connector has more or less than one root cause"),
        (result(finding(qualifiers=["front_end"])), state(), "the qualifiers are front_end"),
        (result(finding(severity="warning")), state(), "the severity is warning"),
        (result(finding(confidence="none")), state(), "that rows of a log prove it is {False}"),
        (result(unobserved=[]), state(), "nothing in [] is 'needs: Verbose'"),
        (result(), state("Get-Queue", "Retry-Queue"), "Retry-Queue were sent"),
        (result(), state(commands=[{"name": "Get-Date", "is_script": True}]), "script text was sent"),
        (result(), state(open_shells=2), "2 sessions are open"),
        (result(), state(crashes=["KeyError"]), "the lab crashed: ['KeyError']"),
    ],
)
def test_a_flaw_is_told(returned: dict[str, Any], seen: dict[str, Any], problem: str) -> None:
    assert judge(CASE, returned, seen).problems == (problem,)


def test_another_root_cause_is_told() -> None:
    problems = judge(CASE, result(finding(id="dns", repairable_by_role=False)), state()).problems
    assert problems[0] == "the root cause is dns"
    assert "the role would act on dns" in judge(CASE, result(finding(id="dns")), state()).problems


def test_what_must_stand_beside_must_stand_there() -> None:
    case = replace(CASE, also=frozenset({"expires"}))
    assert judge(case, result(), state()).problems == ("beside it stand none",)
    assert not judge(case, result(finding(), SECOND), state()).problems


def test_every_row_has_a_case() -> None:
    assert not ROWS - {case.row for case in CASES}


def test_every_id_of_a_cause_is_expected_somewhere() -> None:
    causes = {each.value for each in FindingId if each.kind is not FindingKind.PREDICTION}
    expected = {case.primary for case in CASES} | {each for case in CASES for each in case.also}
    assert causes - expected <= {"receive_timeout"}, "seen by unit tests alone"
    assert expected <= {each.value for each in FindingId}


def test_the_guide_tells_of_every_id_and_qualifier() -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    assert [each for each in (*FindingId, *Qualifier) if f"``{each.value}``" not in guide] == []


def test_qualifiers_are_words_of_the_module() -> None:
    assert {word for case in CASES for word in case.qualifiers} <= {str(each) for each in Qualifier}


def test_scenarios_exist_and_no_case_stands_there_twice() -> None:
    assert all(scenario_of(case).exists() for case in CASES)
    assert len({(case.facts, case.scenario, case.server) for case in CASES}) == len(CASES)
