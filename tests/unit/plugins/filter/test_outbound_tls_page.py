# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter outbound_tls_page, read as a browser would: elements, attributes, and the text that is seen."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any, Final

import pytest
from ansible.errors import AnsibleFilterError
from ansible.template import Templar, trust_as_template
from ansible_collections.mailops.exchange.plugins.filter import outbound_tls_page as plugin
from ansible_collections.mailops.exchange.plugins.filter.outbound_tls_page import outbound_tls_page
from ansible_collections.mailops.exchange.plugins.filter.outbound_tls_verdict import outbound_tls_verdict
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.evidence import Grade
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.finding import Severity
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.verdict import GOOD, Verdict
from ansible_collections.mailops.exchange.plugins.plugin_utils._page.states import GRADES, OF_SEVERITY, State, Tone

from tests.page.document import Document

FLEET: Final = ("MBX01", "MBX02", "MBX03", "MBX04")


def page_of(*told: dict[str, Any], **options: Any) -> Document:
    return Document(outbound_tls_page([outbound_tls_verdict(story) for story in told], **options))


@pytest.fixture
def fleet(stories: Callable[..., Any]) -> Document:
    """Four source servers: one is down, two are repaired, the fourth has another cause."""
    return page_of(
        stories("mbx01", FLEET).unreachable(),
        stories("mbx02", FLEET).repaired(),
        stories("mbx03", FLEET).repaired(),
        stories("mbx04", FLEET).other_cause(),
    )


def test_is_found_by_its_name() -> None:
    assert plugin.FilterModule().filters() == {"outbound_tls_page": outbound_tls_page}


def test_says_first_what_needs_doing(fleet: Document) -> None:
    assert "mbx04.contoso.test Other cause" in fleet.jobs
    assert "import it again together with its private key" in fleet.jobs
    assert "mbx01 Unreachable" in fleet.jobs
    assert "mbx02" not in fleet.jobs
    assert fleet.jobs.index("mbx04") < fleet.jobs.index("mbx01"), "what is known to be wrong comes first"


def test_lists_every_source_server(fleet: Document) -> None:
    for server, state in (
        ("mbx01", "Unreachable"),
        ("mbx02.contoso.test", "Repaired"),
        ("mbx03.contoso.test", "Repaired"),
        ("mbx04.contoso.test", "Other cause"),
    ):
        assert f"{server} {state}" in re.sub(r"\s+", " ", fleet.table)
    assert "Not in this run" not in fleet.table


def test_names_the_source_servers_that_nobody_looked_at(stories: Callable[..., Any]) -> None:
    page = page_of(stories("mbx02", FLEET).healthy(), stories("mbx04", FLEET).unreachable())
    assert re.findall(r"(MBX\d+)\s+Not in this run", page.table) == ["MBX01", "MBX03"]
    assert "MBX01, MBX03 Not in this run" in page.jobs
    assert "run again on all source servers" in page.jobs


@pytest.mark.parametrize("name", ["mbx01", "MBX01.CONTOSO.TEST", "mbx01.contoso.test."])
def test_knows_a_server_by_any_of_its_names(stories: Callable[..., Any], name: str) -> None:
    assert "Not in this run" not in page_of(stories("mbx01", (name,)).healthy()).table


def test_a_server_of_another_domain_is_another_server(stories: Callable[..., Any]) -> None:
    page = page_of(stories("mbx01", ("MBX01", "mbx01.fabrikam.test")).healthy())
    assert re.findall(r"(\S+)\s+Not in this run", page.table) == ["MBX01.FABRIKAM.TEST"]


def test_tells_the_whole_story_of_a_repair(make: Any, stories: Callable[..., Any]) -> None:
    page = page_of(stories("mbx01").repaired(), title="Contoso", time="today")
    assert page.parts[""] == "Contoso Contoso today 1 repaired"
    assert page.jobs == "Nothing: no mail is stuck on any source server."
    told = re.sub(r"\s+", " ", page.details)
    for words in (
        "waiting before 25 left the queue 25 accepted over TLS 25 rejected 0 accepted in clear 0",
        f"Certificate {make.thumbprint(1)}",
        "Services before POP, IIS Services now POP, IIS, SMTP (SMTP added)",
        f"Default certificate {make.thumbprint(0xD0)}, as before",
        f"asked Overwrite the existing default SMTP certificate? Current certificate: '{make.thumbprint(0xD0)}'.",
        "Answer No",
        "Next nothing.",
        f"MBX01\\3 to contoso-com.mail.protection.outlook.com: 25 messages, Retry {make.symptom}",
        "Evidence, grade marked: SEND20260302-1.LOG, line",
        "Marked means: the log says that the server presented this very certificate",
        "TLS negotiation failed with error UnknownCredentials",
        f"Enable-ExchangeCertificate -Server 'mbx01.contoso.test' -Thumbprint {make.thumbprint(1)} -Services SMTP",
    ):
        assert words in told


def test_a_check_run_promises_and_counts_nothing(stories: Callable[..., Any]) -> None:
    page = page_of(stories("mbx01").would_repair())
    assert "This was a check run: nothing has been changed." in page.parts[""]
    assert "run again without check mode" in page.jobs
    assert "Services then" in page.details
    assert "accepted over TLS" not in page.details


def test_a_queue_that_still_drains_is_to_be_looked_at_again(stories: Callable[..., Any]) -> None:
    page = page_of(stories("mbx01").repaired(waiting=3))
    assert "look again in an hour" in page.jobs


def test_a_rejection_is_shown_with_the_other_ends_words(stories: Callable[..., Any]) -> None:
    page = page_of(stories("mbx01").repaired(reply="550 5.7.64 TenantAttribution; Relay Access Denied"))
    assert "Rejected" in page.jobs
    assert "550 5.7.64 TenantAttribution" in page.jobs


def test_shows_who_went_first_and_what_is_held_back(make: Any, stories: Callable[..., Any]) -> None:
    told = {
        "item": {"guid": make.guid},
        "queues": ["MBX01\\3"],
        "first": ["MBX01\\3\\100"],
        "first_waiting": [],
        "held_by": "",
        "waiting": 24,
        "held_back": 24,
        "kept": "rejected",
        "lines": ["Resume-Queue -Identity 'MBX01\\3'"],
        "commands": [],
    }
    story = stories("mbx01").repaired()
    page = page_of({**story, "steps": [*story["steps"], {"what": "hold", "results": [told]}]})
    details = re.sub(r"\s+", " ", page.details)
    assert "still waiting 0 held back 24" in details
    assert "Went first MBX01\\3\\100" in details
    assert "held back" not in page_of(story).details


def test_shows_the_lines_that_are_left_to_type(stories: Callable[..., Any]) -> None:
    line = "Enable-ExchangeCertificate -Thumbprint D0 -Services SMTP"
    failed = {"reason": "unsettled", "msg": "mbx01: another certificate lost SMTP.", "remedy": [line]}
    page = page_of(stories("mbx01").with_step("bind", failed))
    assert line in page.jobs
    assert "another certificate lost SMTP" in page.jobs


def test_a_level_that_was_not_put_back_is_not_overlooked(stories: Callable[..., Any]) -> None:
    refused = {"msg": "It is still Verbose.", "remedy": ["Set-SendConnector -Identity X -ProtocolLoggingLevel None"]}
    page = page_of(stories("mbx01").with_step("put_back", refused))
    assert page.jobs.startswith("mbx01.contoso.test The logging level was not put back")


def test_no_host_is_no_success() -> None:
    assert page_of().jobs == "Nothing is known: no server was looked at."


HOSTILE: Final = "</pre><script>alert(1)</script><img src=http://x onerror=alert(1)>\"' {{ 6 * 7 }}{% set a %}"


def hostile(value: Any) -> Any:
    """Put hostile text wherever there is text that the page does not compare with words of ours."""
    if isinstance(value, dict):
        known = ("verdict", "grade", "severity", "state", "usable", "clock", "not_after", "when", "host", "guid")
        return {name: item if name in known else hostile(item) for name, item in value.items()}
    if isinstance(value, list):
        return [hostile(item) for item in value]
    return HOSTILE if isinstance(value, str) else value


def test_hostile_text_stays_text(stories: Callable[..., Any]) -> None:
    refused = {"msg": "no.", "remedy": ["line"]}
    told = [stories("mbx01").repaired(), stories("mbx02").with_step("put_back", refused)]
    told += [stories("mbx03").with_step("bind", refused)]
    harmless = [outbound_tls_verdict(story) for story in told]
    poisoned = [hostile(copy.deepcopy(verdict)) for verdict in harmless]
    page = outbound_tls_page(poisoned, title=HOSTILE, time=HOSTILE)
    document = Document(page)
    assert document.tags <= Document(outbound_tls_page(harmless)).tags
    assert not [name for __, attributes in document.elements for name in attributes if name.startswith("on")]
    assert HOSTILE in document.details
    assert HOSTILE in document.jobs
    assert HOSTILE in document.table
    shown = Templar(variables={"page": page}).template(trust_as_template("{{ page }}"))
    assert shown == page


def test_text_that_would_not_be_seen_is_made_visible(stories: Callable[..., Any]) -> None:
    verdict = outbound_tls_verdict(stories("mbx01").unreachable())
    page = outbound_tls_page([{**verdict, "message": "a\x00b\x1b[0m \u202egnol\u202c \u200bc \udcff"}])
    assert "a\u2400b\u241b[0m \ufffdgnol\ufffd \ufffdc \ufffd" in page
    page.encode("utf-8")


def test_needs_nothing_but_itself(stories: Callable[..., Any]) -> None:
    page = outbound_tls_page([outbound_tls_verdict(stories("mbx01").repaired())])
    elements = Document(page).elements
    assert {"script", "link", "img", "iframe", "object"}.isdisjoint(tag for tag, __ in elements)
    links = [value for __, attributes in elements for name, value in attributes.items() if name in ("href", "src")]
    assert links
    identities = {attributes["id"] for __, attributes in elements if "id" in attributes}
    assert {str(link).removeprefix("#") for link in links} <= identities
    assert "url(" not in page
    assert "@import" not in page


def test_every_verdict_and_grade_has_its_words() -> None:
    severities = {severity.value for severity in Severity}
    assert set(OF_SEVERITY) == severities
    assert {state.word for state in State} - severities == {verdict.value for verdict in Verdict} | {"absent"}
    assert {state.word for state in State if state.tone is Tone.GOOD} == {each.value for each in GOOD} - {
        "would_repair"
    }
    assert set(GRADES) == {grade.value for grade in Grade}


@pytest.mark.parametrize("value", [None, 3, "text", {"verdict": "repaired"}, [{}], ["text"], [{"verdict": "perfect"}]])
def test_refuses_what_is_no_verdict(value: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="outbound_tls_page takes a list of verdicts") as caught:
        outbound_tls_page(value)
    assert len(str(caught.value)) <= 300


def test_refuses_a_verdict_that_lacks_something(stories: Callable[..., Any]) -> None:
    verdict = outbound_tls_verdict(stories("mbx01").repaired())
    for connector in verdict["connectors"].values():
        del connector["found"]
    with pytest.raises(AnsibleFilterError, match="found"):
        outbound_tls_page([verdict])
