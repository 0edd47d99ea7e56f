# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter outbound_tls_verdict. What verdicts there are is the business of test_verdict; this is the way in."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible.template import Templar, trust_as_template
from ansible_collections.mailops.exchange.plugins.filter import outbound_tls_verdict as plugin
from ansible_collections.mailops.exchange.plugins.filter.outbound_tls_verdict import outbound_tls_verdict


@pytest.fixture
def story(stories: Any) -> dict[str, Any]:
    """A server whose certificate is not bound, looked at once."""
    told: dict[str, Any] = stories("mbx01").would_repair()
    return {**told, "check_mode": False, "steps": []}


def test_is_found_by_its_name() -> None:
    assert plugin.FilterModule().filters() == {"outbound_tls_verdict": outbound_tls_verdict}


def test_judges_a_story(make: Any, story: dict[str, Any]) -> None:
    verdict = outbound_tls_verdict({**story, "check_mode": True})
    assert (verdict["verdict"], verdict["host"], verdict["server"]) == ("would_repair", "mbx01", make.fqdn)
    assert verdict["check_mode"] is True
    details = verdict["connectors"][make.guid]
    assert details["source_servers"] == ["MBX01"]
    assert details["stuck_queues"][0]["last_error"] == make.symptom
    assert details["evidence_where"].startswith("SEND20260302-1.LOG, line ")
    assert "UnknownCredentials" in details["found"]


def test_judges_a_host_that_never_answered() -> None:
    verdict = outbound_tls_verdict({"host": "mbx09", "failure": {"reason": "unreachable", "msg": "mbx09: no answer."}})
    assert (verdict["verdict"], verdict["server"], verdict["message"]) == ("unreachable", "mbx09", "mbx09: no answer.")


def test_what_others_wrote_is_never_a_template(make: Any, story: dict[str, Any]) -> None:
    told = "220 {{ 6 * 7 }}"
    story["looks"][0]["connectors"][0]["evidence"]["lines"] = [trust_as_template(told)]
    (line,) = outbound_tls_verdict(story)["connectors"][make.guid]["evidence"]
    assert Templar(variables={"line": line}).template(trust_as_template("{{ line }}")) == told


@pytest.mark.parametrize(
    "broken",
    [
        None,
        "mbx01",
        [],
        {},
        {"host": "mbx01", "steps": [{"what": "bind"}]},
        {"host": "mbx01", "steps": [{"what": "bind", "results": [{"item": []}]}]},
        {"host": "mbx01", "looks": [{"connectors": []}]},
        {"host": "mbx01", "looks": ["text"]},
        {"host": "mbx01", "looks": [{"server": "mbx01", "connectors": [{"guid": "g"}]}]},
    ],
)
def test_an_incomplete_story_is_refused_with_one_sentence(broken: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="outbound_tls_verdict takes what was collected of one host") as caught:
        outbound_tls_verdict(broken)
    assert len(str(caught.value)) <= 300


def test_documents_what_it_returns(story: dict[str, Any]) -> None:
    documented = yaml.safe_load(plugin.RETURN)["_value"]["contains"]
    verdict = outbound_tls_verdict(story)
    assert list(documented) == list(verdict)
    (sample,) = documented["connectors"]["sample"].values()
    (details,) = verdict["connectors"].values()
    assert {name: type(value) for name, value in sample.items()} == {name: type(details[name]) for name in sample}


def test_documents_what_it_takes(story: dict[str, Any]) -> None:
    options = yaml.safe_load(plugin.DOCUMENTATION)["options"]["_input"]["suboptions"]
    assert set(options) == {"host", "check_mode", "organization_host", "looks", "steps", "failure", "others"}
    assert set(story) <= set(options)
