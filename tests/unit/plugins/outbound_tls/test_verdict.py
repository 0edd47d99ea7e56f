# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict of a host, from results as the role collects them. The looks are real results of readings."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.certificate import CertificateStatus
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.connector import LoggingLevel
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.send_log import LogPosition, SendLog
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.services import Service
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.assessment import assess, assessment_result
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.binding import BindingWish, plan_binding
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.binding_state import BindingState
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.summary import verdict_result
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.verdict import (
    GOOD,
    Verdict,
    judge_story,
    story_from,
)


@pytest.fixture
def culprit(make):
    return make.certificate(1, Service.IIS, Service.POP)


@pytest.fixture
def bound(culprit):
    return replace(culprit, services=culprit.services | {Service.SMTP})


@pytest.fixture
def before(make, culprit):
    """The look that finds the fault."""
    return look(make, make.failing(culprit))


@pytest.fixture
def bind(make, culprit):
    """The step that binds, as the module returns it."""
    state = BindingState(make.fqdn, False, (make.setup_certificate(), culprit), culprit, make.thumbprint(0xD0))
    outcome = plan_binding(BindingWish(culprit.thumbprint), state).outcome
    return step(make, "bind", {"changed": True, **outcome.result})


def look(make, *texts, **changes):
    return assessment_result(assess(make.reading(*make.sessions(*texts), **changes)))


def look_after(make, culprit, bound, waiting, *more, accepted=1):
    """The look after the cure: so many messages were answered, so many wait."""
    remote = make.certificate(9, subject="CN=peer")
    sent = [make.succeeding(bound, remote, -2, session=f"D{n}") for n in range(accepted)]
    queues = (make.queue(message_count=waiting, status="Active", first_retry_time=None),) if waiting else ()
    since = LogPosition(make.at(minutes=-4), "08DE", 22)
    certificates = (make.setup_certificate(), bound)
    return look(make, make.failing(culprit), *sent, *more, queues=queues, certificates=certificates, since=since)


def step(make, what, result):
    return {"what": what, "results": [{**result, "item": {"guid": make.guid}}]}


def verdict_of(*looks, steps=(), **more):
    value = {"host": "mbx01", "looks": list(looks), "steps": list(steps), **more}
    result = verdict_result(judge_story(story_from(value)))
    json.dumps(result)
    assert len(result["message"]) <= 300
    assert result["message"]
    assert result["summary"]
    assert all(result["summary"])
    return result


def details(make, result):
    return result["connectors"][make.guid]


def test_repaired(make, culprit, bound, before, bind):
    result = verdict_of(before, look_after(make, culprit, bound, 0, accepted=25), steps=[bind])
    assert result["verdict"] == "repaired"
    assert result["server"] == make.fqdn
    assert result["message"] == (
        f'mbx01.contoso.test, "{make.name}": certificate {culprit.thumbprint} is enabled for SMTP now; 25 of 25 '
        f"messages left, 25 accepted over TLS."
    )
    told = details(make, result)
    assert (told["left"], told["accepted"], told["rejected"], told["not_accounted_for"]) == (25, 25, 0, 0)
    assert told["grade"] == "marked"
    assert told["bound"][0]["added"] == ["SMTP"]
    assert told["commands"] == [
        f"Enable-ExchangeCertificate -Server 'mbx01.contoso.test' -Thumbprint {culprit.thumbprint} -Services SMTP"
    ]
    text = "\n".join(result["summary"])
    for words in (
        "is not enabled for SMTP, so TLS fails with UnknownCredentials",
        f"SMTP added to certificate {culprit.thumbprint} on mbx01.contoso.test; it had POP, IIS and has POP, IIS, SMTP",
        "as before",
        "Answered: No.",
        "25 accepted over TLS",
        "Next: nothing.",
    ):
        assert words in text
    (evidence,) = [line for line in result["summary"] if line.startswith("Evidence")]
    last = details(make, result)["evidence"][-1]
    assert evidence == f"Evidence (marked): SEND20260302-1.LOG, line 14: {last}"


def test_a_certificate_that_was_bound_already_is_no_change(make, culprit, bound, before, bind):
    bind["results"][0]["added"] = []
    result = verdict_of(before, look_after(make, culprit, bound, 0, accepted=25), steps=[bind])
    told = f"Bound already: certificate {culprit.thumbprint} on mbx01.contoso.test has POP, IIS, SMTP."
    assert told in result["summary"]
    assert not any(each.startswith("Changed") for each in result["summary"])


def test_a_step_belongs_to_the_connector_that_stands_first_in_its_item(make, culprit, bound, before, bind):
    """The binding runs for each certificate of each connector."""
    bind["results"][0]["item"] = [{"guid": make.guid}, {"guid": "of something else"}]
    result = verdict_of(before, look_after(make, culprit, bound, 0, accepted=25), steps=[bind])
    assert result["verdict"] == "repaired"


def test_the_last_proof_counts(make, culprit, bound, before, bind):
    looks = [look_after(make, culprit, bound, 25 - accepted, accepted=accepted) for accepted in (0, 20, 25)]
    result = verdict_of(before, *looks, steps=[bind])
    assert (result["verdict"], details(make, result)["accepted"]) == ("repaired", 25)


def test_a_bound_connector_is_told_by_the_last_look_that_found_it(make, culprit, bound, before, bind):
    again = look(make, make.failing(culprit), queues=(make.queue(message_count=30),))
    result = verdict_of(before, again, look_after(make, culprit, bound, 0, accepted=30), steps=[bind])
    assert details(make, result)["found"] == again["findings"][0]["message"]
    assert details(make, result)["messages_before"] == 30


def test_without_a_diagnosis_the_first_look_tells(make, culprit, bound):
    since = LogPosition(make.at(minutes=-4), "08DE", 22)
    first = look(make, make.failing(culprit, word="NoCredentials"), since=since)
    for later in ([], [look_after(make, culprit, bound, 0, accepted=25)]):
        assert verdict_of(first, *later)["verdict"] == "other_cause"


def test_draining_is_repaired(make, culprit, bound, before, bind):
    result = verdict_of(before, look_after(make, culprit, bound, 5, accepted=20), steps=[bind])
    assert result["verdict"] == "repaired"
    assert details(make, result)["draining"] is True
    assert "5 still waiting" in result["message"]


def test_messages_that_nobody_answered_are_told_apart(make, culprit, bound, before, bind):
    result = verdict_of(before, look_after(make, culprit, bound, 0, accepted=20), steps=[bind])
    assert details(make, result)["not_accounted_for"] == 5
    assert "5 expired or left unseen" in result["message"]


@pytest.mark.fact("cmdlets 10.7", "protocol-log 7.7")
def test_a_bind_without_a_proof(make, culprit, bound, before, bind):
    after = look_after(make, culprit, bound, 25, accepted=0)
    result = verdict_of(before, after, steps=[bind])
    assert result["verdict"] == "bound_not_proven"
    assert "25 still waiting" in result["message"]
    assert verdict_of(before, steps=[bind])["verdict"] == "bound_not_proven"


def test_a_bind_after_which_tls_fails_as_before_is_about_the_key(make, culprit, bound, before, bind):
    since = LogPosition(make.at(minutes=-3), "0", 0)
    again = look(make, make.failing(bound, -2), certificates=(bound,), since=since)
    result = verdict_of(before, again, steps=[bind])
    assert result["verdict"] == "bound_not_proven"
    assert "TLS fails with UnknownCredentials all the same: its key cannot be used; 25 still" in result["message"]
    assert details(make, result)["remedy"].startswith(f"look at the key of {culprit.thumbprint}: its provider")


def test_mail_that_left_while_the_log_was_silent_is_told_as_that(make, culprit, bound, before, bind):
    result = verdict_of(before, look_after(make, culprit, bound, 0, accepted=0), steps=[bind])
    assert result["message"].endswith("but the log does not show how the 25 messages left that were waiting.")
    assert "ask a recipient" in details(make, result)["remedy"]
    one = look(make, make.failing(culprit), queues=(make.queue(message_count=1),))
    result = verdict_of(one, look_after(make, culprit, bound, 0, accepted=0), steps=[bind])
    assert result["message"].endswith("but the log does not show how the 1 messages left that were waiting.")


def test_while_some_wait_the_others_are_not_asked_for(make, culprit, bound, before, bind):
    result = verdict_of(before, look_after(make, culprit, bound, 5, accepted=0), steps=[bind])
    assert result["message"].endswith("shows no message that was accepted over TLS since; 5 still waiting.")
    assert "read the queue's LastError" in details(make, result)["remedy"]


def test_what_left_unencrypted_was_seen_to_leave(make, bound, before, bind):
    rows = ("+,,", ">,EHLO mail.contoso.com,", "<,250  hello,", *make.one_message("250 2.6.0 Queued"))
    clear = [make.rows(f"C{number}", -2, *rows) for number in range(25)]
    since = LogPosition(make.at(minutes=-4), "08DE", 22)
    after = look(make, *clear, queues=(), certificates=(make.setup_certificate(), bound), since=since)
    result = verdict_of(before, after, steps=[bind])
    assert result["verdict"] == "bound_not_proven"
    assert result["message"].endswith("shows no message that was accepted over TLS since; 0 still waiting.")
    assert details(make, result)["accepted_in_clear"] == 25


def test_a_log_that_cannot_be_read_any_more_does_not_change_what_was_found(make, bound, before, bind):
    blind = look(make, certificates=(bound,), queues=(), log=SendLog(None, problem="It cannot be read."))
    result = verdict_of(before, blind, steps=[bind])
    assert result["verdict"] == "bound_not_proven"
    assert details(make, result)["finding"] == "certificate_not_bound"


def test_an_emptied_queue_is_no_proof(make, culprit, bound, before, bind):
    after = look_after(make, culprit, bound, 0, accepted=0)
    assert verdict_of(before, after, steps=[bind])["verdict"] == "bound_not_proven"


def test_any_rejection_makes_it_rejected(make, culprit, bound, before, bind):
    remote = make.certificate(9, subject="CN=peer")
    refused = make.succeeding(
        bound, remote, -1, session="EE", reply="550 5.7.64 TenantAttribution; Relay Access Denied"
    )
    result = verdict_of(before, look_after(make, culprit, bound, 0, refused, accepted=24), steps=[bind])
    assert result["verdict"] == "rejected"
    assert "5.7.64" in details(make, result)["remedy"]
    assert details(make, result)["rejected"] == 1


def test_check_mode_would_repair(make, before, bind):
    speaking = verdict_of(before, steps=[bind], check_mode=True)
    assert speaking["verdict"] == "would_repair"
    assert "would enable certificate" in speaking["message"]
    raised = step(make, "raise", {"changed": True, "commands": []})
    silent = verdict_of(look(make), steps=[raised], check_mode=True)
    assert silent["verdict"] == "would_repair"
    assert "if the log says so" in silent["message"]


def test_check_mode_promises_nothing_where_nothing_makes_the_log_speak(make):
    edge = verdict_of({**look(make), **SUBSCRIBED}, check_mode=True)
    assert edge["verdict"] == "no_evidence"
    assert edge["summary"][-1].startswith("Next: set outbound_tls_repair_organization_host")
    assert verdict_of(look(make), check_mode=True)["verdict"] == "no_evidence"
    loud = look(make, connectors=(make.connector(logging_level=LoggingLevel.VERBOSE),))
    assert verdict_of(loud, check_mode=True)["verdict"] == "would_repair"


def test_without_evidence(make):
    result = verdict_of(look(make), look(make))
    assert result["verdict"] == "no_evidence"
    assert "the log is silent" in result["message"]


def test_the_look_that_found_the_reason_decides(make, culprit):
    later = look(make, make.failing(culprit, word="NoCredentials"))
    result = verdict_of(look(make), later)
    assert result["verdict"] == "other_cause"
    assert "PFX" in details(make, result)["remedy"]


def test_a_refused_binding(make, before):
    refused = step(make, "bind", {"failed": True, "reason": "refused", "msg": "mbx01: it is expired."})
    result = verdict_of(before, steps=[refused])
    assert (result["verdict"], result["message"]) == ("refused", "mbx01: it is expired.")


def test_a_binding_that_the_rules_forbade_was_never_tried(make, culprit):
    expired = replace(culprit, status=CertificateStatus.DATE_INVALID)
    result = verdict_of(look(make, make.failing(culprit), certificates=(make.setup_certificate(), expired)))
    assert result["verdict"] == "refused"
    assert "expired" in details(make, result)["remedy"]


def test_a_binding_that_failed(make, before):
    line = "Enable-ExchangeCertificate -Server 'mbx01.contoso.test' -Thumbprint D0 -Services SMTP"
    broken = step(
        make,
        "bind",
        {"failed": True, "reason": "unforeseen_prompt", "msg": "mbx01: it asked.", "remedy": [line]},
    )
    result = verdict_of(before, steps=[broken])
    assert result["verdict"] == "failed"
    assert details(make, result)["lines_to_type"] == [line]
    assert result["summary"][-1].endswith(f"type what puts it right: {line}")
    assert details(make, result)["commands"] == []


@pytest.mark.fact("cmdlets 10.1")
def test_a_raise_that_was_refused_at_first(make, culprit, bound, before, bind):
    refused = step(
        make,
        "raise",
        {"failed": True, "failure_kind": "connector_certificate_lacks_smtp", "msg": "not enabled for SMTP"},
    )
    waiting = verdict_of(look(make), steps=[refused])
    assert (waiting["verdict"], waiting["message"]) == ("no_evidence", "not enabled for SMTP")
    assert waiting["next"] == look(make)["findings"][0]["remedy"]
    raised = step(make, "raise", {"changed": True, "commands": ["Set-SendConnector"]})
    steps = [refused, bind, raised]
    assert verdict_of(before, look_after(make, culprit, bound, 0, accepted=25), steps=steps)["verdict"] == "repaired"
    assert verdict_of(look(make), steps=[refused, raised])["verdict"] == "no_evidence"


def test_a_raise_that_failed(make):
    broken = step(make, "raise", {"failed": True, "reason": "session_lost", "msg": "mbx01: it was lost."})
    assert verdict_of(look(make), steps=[broken])["verdict"] == "failed"
    assert verdict_of(look(make), steps=[broken])["warnings"] == [], "what was not raised need not be put back"
    again = step(make, "raise", {"changed": True, "commands": []})
    assert verdict_of(look(make), steps=[broken, again])["verdict"] == "no_evidence"


def test_a_put_back_that_came_true_is_no_warning(make, before, bind):
    done = step(make, "put_back", {"changed": True, "commands": []})
    assert verdict_of(before, steps=[bind, done])["warnings"] == []


def test_a_put_back_that_was_refused_is_a_loud_warning(make, culprit, bound, before, bind):
    refused = step(
        make, "put_back", {"failed": True, "msg": "It is still Verbose.", "remedy": ["Set-SendConnector -X"]}
    )
    result = verdict_of(before, look_after(make, culprit, bound, 0, accepted=25), steps=[bind, refused])
    assert result["verdict"] == "repaired"
    assert result["warnings"] == [
        "The logging level was not put back: It is still Verbose. Type it yourself: Set-SendConnector -X"
    ]


def test_a_retry_that_finishes_what_a_dead_run_began(make, culprit, bound):
    certificates = (make.setup_certificate(), bound)
    retried = step(make, "retry", {"changed": True, "commands": ["Retry-Queue -Identity 'MBX01\\3'"]})
    first = look(make, make.failing(culprit), certificates=certificates)
    assert first["connectors"][0]["finding"]["id"] == "key_unusable"
    result = verdict_of(first, look_after(make, culprit, bound, 0, accepted=25), steps=[retried])
    assert result["verdict"] == "repaired"
    assert "nothing had to be changed, the queue was tried again; 25 of 25" in result["message"]
    # Mail that leaves by itself is not what this run has cured.
    failed = step(make, "retry", {"failed": True, "msg": "mbx01: no answer."})
    raised = step(make, "raise", {"changed": True, "commands": []})
    for untried in ([], [raised], [failed]):
        after = look_after(make, culprit, bound, 0, accepted=25)
        assert verdict_of(first, after, steps=untried)["verdict"] == "other_cause"
    still = look(
        make, make.failing(culprit), certificates=certificates, since=LogPosition(make.at(minutes=-9), "08DE", 1)
    )
    assert verdict_of(first, still, steps=[retried])["verdict"] == "other_cause"


def test_healthy(make):
    bound = make.certificate(1, Service.SMTP)
    assert verdict_of(look(make, queues=(), certificates=(bound,)))["verdict"] == "healthy"


def test_a_server_without_connectors_is_healthy(make):
    result = verdict_of(look(make, connectors=()))
    assert result["verdict"] == "healthy"
    assert "no Send connector" in result["message"]


def test_unreachable_and_failed(before):
    down = {"failed": True, "reason": "unreachable", "msg": "mbx01: no connection."}
    nobody = verdict_of(failure=down)
    assert (nobody["verdict"], nobody["server"], nobody["message"]) == ("unreachable", "mbx01", "mbx01: no connection.")
    assert verdict_of(before, failure=down)["verdict"] == "unreachable"
    assert verdict_of(failure={"msg": "no.", "reason": "unauthenticated"})["verdict"] == "failed"


@pytest.mark.parametrize(
    ("trouble", "message"),
    [
        ("no connection.", "node7: no connection."),
        ("node7: no connection.", "node7: no connection."),
        ("mbx01.contoso.test: no connection.", "mbx01.contoso.test: no connection."),
        ("127.0.1.1: no connection.", "node7: 127.0.1.1: no connection."),
    ],
)
def test_what_ended_the_work_names_the_host(before, trouble, message):
    assert verdict_of(before, host="node7", failure={"msg": trouble})["message"] == message


def test_a_loop_that_failed_speaks_by_its_failed_item(make, before):
    items = [{"failed": False}, {"failed": True, "msg": f"{make.fqdn}: too many sessions.", "reason": "quota_reached"}]
    result = verdict_of(before, failure={"msg": "One or more items failed", "results": items})
    assert (result["verdict"], result["message"]) == ("failed", f"{make.fqdn}: too many sessions.")
    down = [{"failed": True, "msg": f"{make.fqdn}: no connection.", "reason": "unreachable"}]
    assert verdict_of(before, failure={"msg": "One or more items failed", "results": down})["verdict"] == "unreachable"
    assert verdict_of()["verdict"] == "failed"


def test_the_worst_of_the_connectors_is_the_hosts(make, culprit):
    other = make.connector(name="Partner", guid="00000000-0000-4000-8000-000000000002", tls_certificate_name=None)
    result = verdict_of(look(make, make.failing(culprit, word="NoCredentials"), connectors=(other, make.connector())))
    assert result["verdict"] == "other_cause"
    assert {each["name"]: each["verdict"] for each in result["connectors"].values()} == {
        "Partner": "healthy",
        make.name: "other_cause",
    }
    assert make.name in result["message"]


def test_only_three_verdicts_are_good():
    assert {each.value for each in GOOD} == {"healthy", "repaired", "would_repair"}
    assert [each.value for each in Verdict][-2:] == ["unreachable", "failed"]


@pytest.mark.parametrize("value", [{}, {"host": "a", "steps": [{"what": "bind"}]}, {"host": "a", "steps": [1]}])
def test_incomplete_stories_are_refused(value):
    with pytest.raises(ValueError, match="lack"):
        story_from(value)


def test_a_retry_that_shows_another_reason_is_not_called_healthy(make, bound):
    remote = make.certificate(9, subject="CN=peer")
    accepted = make.succeeding(bound, remote, -3)
    certificates = (make.setup_certificate(), bound)
    cured = look(make, accepted, certificates=certificates, queues=(make.queue(last_retry_time=make.at(minutes=-5)),))
    assert cured["findings"][0]["id"] == "healthy"
    assert verdict_of(cured)["verdict"] == "healthy", "the queue only waits for its next attempt"
    since = LogPosition(make.at(minutes=-2), "08DE", 22)
    tried = make.queue(last_error=make.network, last_retry_time=make.at(minutes=-1))
    after = look(make, accepted, certificates=certificates, queues=(tried,), since=since)
    result = verdict_of(cured, after, steps=[step(make, "retry", {"failed": False, "commands": []})])
    assert result["verdict"] == "other_cause"
    assert "10060" in result["message"]


@pytest.mark.parametrize(("status", "verdict"), [("Retry", "no_evidence"), ("Ready", "healthy")])
def test_mail_that_a_retry_left_in_its_queue_is_not_called_healthy(make, bound, status, verdict):
    certificates = (make.setup_certificate(), bound)
    accepted = make.succeeding(bound, make.certificate(9, subject="CN=peer"), -3)
    queue = make.queue(last_retry_time=make.at(minutes=-5))
    cured = look(make, accepted, certificates=certificates, queues=(queue,))
    since = LogPosition(make.at(minutes=-2), "08DE", 22)
    after = look(make, accepted, certificates=certificates, queues=(replace(queue, status=status),), since=since)
    assert after["findings"][0]["id"] == "healthy"
    result = verdict_of(cured, after, steps=[step(make, "retry", {"failed": False, "commands": []})])
    assert result["verdict"] == verdict


def test_a_level_that_nobody_could_put_back_is_told_with_the_line_to_type(make, before):
    raised = step(make, "raise", {"failed": False, "level_recorded": "None", "commands": []})
    lost = step(make, "put_back", {"failed": True, "msg": "mbx01: no answer.", "reason": "unreachable"})
    (warning,) = verdict_of(before, steps=[raised, lost])["warnings"]
    assert f"Set-SendConnector -Identity '{make.guid}' -ProtocolLoggingLevel None" in warning


def test_the_line_to_type_is_about_the_connectors_own_level(make, before):
    other = {"what": "raise", "results": [{"item": {"guid": "other"}, "guid": "its copy", "level_recorded": "None"}]}
    raised = step(make, "raise", {"failed": False, "level_recorded": "Verbose", "commands": []})
    lost = step(make, "put_back", {"failed": True, "msg": "mbx01: no answer.", "reason": "unreachable"})
    for steps in ([other, raised, lost], [raised, other, lost]):
        (warning,) = verdict_of(before, steps=steps)["warnings"]
        assert f"Set-SendConnector -Identity '{make.guid}' -ProtocolLoggingLevel Verbose" in warning


SUBSCRIBED = {"edge": {"subscribed": True, "signs": ["its directory lists the Mailbox server MBX01"]}}


def test_without_a_server_of_the_organisation_a_subscribed_edges_level_was_not_raised(make):
    result = verdict_of({**look(make), **SUBSCRIBED})
    assert result["verdict"] == "no_evidence"
    assert "this is a subscribed Edge" in details(make, result)["not_raised"]
    assert details(make, result)["not_raised"] in result["summary"]
    assert result["summary"][-1].startswith("Next: set outbound_tls_repair_organization_host")


@pytest.mark.parametrize("edge", [None, {"subscribed": False, "signs": []}])
def test_of_any_other_server_nothing_is_said_of_the_organisation(make, edge):
    assert details(make, verdict_of({**look(make), "edge": edge}))["not_raised"] == ""


def test_an_edge_that_may_be_subscribed_is_taken_for_one_that_is(make):
    result = verdict_of({**look(make), "edge": {"subscribed": None, "signs": ["it failed"]}})
    assert details(make, result)["not_raised"]


def test_what_was_typed_for_an_edge_is_told_by_the_server(make, before, bind):
    raised = step(make, "raise", {"failed": False, "guid": "5e7d", "commands": ["Set-SendConnector", "Start-EdgeSync"]})
    result = verdict_of({**before, **SUBSCRIBED}, steps=[raised, bind], organization_host="mbx09")
    told = details(make, result)
    assert told["commands_on"]["mbx09"] == ["Set-SendConnector", "Start-EdgeSync"]
    assert [line.split()[0] for line in told["commands_on"][make.fqdn]] == ["Enable-ExchangeCertificate"]
    assert "For the organisation, on mbx09: Set-SendConnector; Start-EdgeSync." in result["summary"]


def test_a_level_of_the_organisation_is_put_back_by_its_own_guid_on_its_own_server(make, before):
    raised = step(make, "raise", {"failed": False, "guid": "5e7d", "level_recorded": "None", "commands": []})
    lost = step(make, "put_back", {"failed": True, "msg": "mbx09: no answer.", "reason": "unreachable"})
    story = {"steps": [raised, lost], "organization_host": "mbx09"}
    (warning,) = verdict_of({**before, **SUBSCRIBED}, **story)["warnings"]
    assert "Type it yourself on mbx09: Set-SendConnector -Identity '5e7d' -ProtocolLoggingLevel None" in warning


def test_a_level_that_edgesync_did_not_bring_is_told(make):
    raised = step(make, "raise", {"failed": False, "guid": "5e7d", "commands": ["Set-SendConnector"]})
    story = {"steps": [raised], "organization_host": "mbx09"}
    result = verdict_of({**look(make), **SUBSCRIBED}, **story)
    assert details(make, result)["not_raised"].endswith("that was raised on mbx09.")
    assert "Test-EdgeSynchronization" in result["summary"][-1]

    lost = step(make, "retry", {"failed": True, "msg": "no answer.", "reason": "unreachable"})
    assert details(make, verdict_of({**look(make), **SUBSCRIBED}, steps=[raised, lost], organization_host="mbx09"))[
        "not_raised"
    ].startswith("EdgeSync has not brought")
    refused = step(make, "raise", {"failed": True, "msg": "no answer.", "reason": "unreachable"})
    story_of_failure = {"steps": [refused], "organization_host": "mbx09"}
    assert details(make, verdict_of({**look(make), **SUBSCRIBED}, **story_of_failure))["not_raised"] == ""

    brought = {**look(make, connectors=(make.connector(logging_level=LoggingLevel.VERBOSE),)), **SUBSCRIBED}
    assert details(make, verdict_of(brought, **story))["not_raised"] == ""
    assert details(make, verdict_of({**look(make), **SUBSCRIBED}, **story, check_mode=True))["not_raised"] == ""
