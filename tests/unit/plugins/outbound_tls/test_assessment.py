# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a reading to findings, and what may be done about them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.certificate import CertificateStatus
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.connector import LoggingLevel
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.send_log import LogPosition, SendLog
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.server import TransportService
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.services import Service
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.assessment import assess, assessment_result
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.candidates import is_usable
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.case import make_case
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.reading import OtherStore, Refusal
from hypothesis import given
from hypothesis import strategies as st

SMTP = Service.SMTP


def assessed(make, *texts, **changes):
    """The entry of the one connector, as the module returns it."""
    reading = make.reading(*make.sessions(*texts), **changes)
    result = assessment_result(assess(reading))
    json.dumps(result)
    (entry,) = result["connectors"]
    assert [each for each in result["findings"] if each["primary"]] == [entry["finding"]]
    assert len(entry["finding"]["message"]) <= 300
    assert "\n" not in entry["finding"]["message"]
    return entry


def told(entry) -> tuple[str, str]:
    return entry["finding"]["kind"], entry["finding"]["id"]


def steps(entry) -> tuple[str, str, str]:
    repair = entry["repair"]
    return tuple(repair[step]["certainty"] for step in ("raise_logging", "bind", "retry"))


@pytest.fixture
def culprit(make):
    return make.certificate(1, Service.IIS, Service.POP)


def test_the_kbs_case(make, culprit):
    entry = assessed(make, make.failing(culprit))
    assert told(entry) == ("certificate_not_bound", "certificate_not_bound")
    assert entry["finding"]["message"] == (
        f'mbx01.contoso.test, "{make.name}": certificate {culprit.thumbprint} is not enabled for SMTP, so TLS fails '
        f"with UnknownCredentials; 25 messages wait."
    )
    assert entry["finding"]["confidence"] == "certain"
    assert entry["finding"]["word"] == "UnknownCredentials"
    assert entry["finding"]["severity"] == "error"
    assert entry["finding"]["primary"] is True
    assert entry["finding"]["when"] is None
    assert entry["finding"]["lines"] == [
        f"Enable-ExchangeCertificate -Server 'mbx01.contoso.test' -Thumbprint {culprit.thumbprint} -Services SMTP"
    ]
    assert entry["finding"]["repairable_by_role"] is True
    assert entry["finding"]["evidence"]["grade"] == entry["evidence"]["grade"] == "marked"
    assert steps(entry) == ("certain", "certain", "certain")
    assert entry["repair"]["bind"]["thumbprints"] == [culprit.thumbprint]
    assert entry["repair"]["retry"]["queues"] == ["MBX01\\3"]
    assert entry["first_source_server"] is True
    assert entry["tls_certificate_name"] == f"<I>{culprit.issuer}<S>{culprit.subject}"
    assert [each["thumbprint"] for each in entry["named_certificates"]] == [culprit.thumbprint]
    assert entry["log"]["read_until"] == {"time": "2026-03-02T02:11:00.000Z", "session": "08DE", "sequence": 22}
    assert entry["log"]["sessions"] == 1
    assert entry["proof"] is None
    assert (entry["messages"], entry["stuck_messages"]) == (25, 25)


def test_a_binding_that_the_rules_forbid_is_not_offered(make, culprit):
    unknown = TransportService("MBX01", None, r"C:\SmtpSend")
    entry = assessed(make, make.failing(culprit), transport=unknown)
    assert told(entry) == ("certificate_not_bound", "certificate_not_bound")
    assert entry["finding"]["repairable_by_role"] is False
    assert entry["repair"]["bind"]["refused"] is True
    assert "default SMTP certificate is unknown" in entry["finding"]["remedy"]
    assert steps(entry) == ("certain", "no", "no")


@pytest.mark.parametrize(("count", "words"), [(1, "1 message waits."), (2, "2 messages wait.")])
def test_messages_are_counted_in_words(make, culprit, count, words):
    entry = assessed(make, make.failing(culprit), queues=(make.queue(message_count=count),))
    assert entry["finding"]["message"].endswith(f"; {words}")


def test_an_expired_culprit_is_not_bound(make, culprit):
    expired = replace(culprit, status=CertificateStatus.DATE_INVALID)
    entry = assessed(make, make.failing(culprit), certificates=(make.setup_certificate(), expired))
    assert entry["repair"]["bind"]["refused"] is True
    assert "expired" in entry["finding"]["remedy"]


# The log names another reason.


def test_no_credentials_is_told_to_import_the_key(make, culprit):
    entry = assessed(make, make.failing(culprit, word="NoCredentials"), certificates=(make.setup_certificate(),))
    assert told(entry) == ("other_cause", "no_private_key")
    assert "PFX" in entry["finding"]["remedy"]
    assert entry["finding"]["word"] == "NoCredentials"
    assert entry["finding"]["thumbprints"] == [culprit.thumbprint]
    assert entry["finding"]["severity"] == "error"
    idle = assessed(make, make.failing(culprit, word="NoCredentials"), queues=())
    assert (told(idle), idle["finding"]["severity"]) == (("other_cause", "no_private_key"), "warning")
    assert entry["finding"]["evidence"]["lines"][-1].endswith("error NoCredentials")
    assert steps(entry) == ("no", "no", "no")


def test_of_several_certificates_that_were_sent_the_last_one_is_told(make, culprit):
    other = make.certificate(2)
    sent = ("*,,Sending certificate", *make.described(other), "*,,Sending certificate", *make.described(culprit))
    text = make.rows(
        "A1", -4, ">,STARTTLS,", "<,220 ready,", *sent, "*,,TLS negotiation failed with error NoCredentials"
    )
    assert assessed(make, text)["finding"]["thumbprints"] == [culprit.thumbprint]


@pytest.mark.parametrize(
    ("word", "cause"),
    [
        ("SocketError", "tls_mismatch"),
        ("ConnectionReset", "tls_mismatch"),
        ("InvalidToken", "not_tls"),
        ("BadBindings", "unknown_error"),
        ("Foo1", "unknown_error"),
    ],
)
def test_other_words_are_reported_verbatim(make, culprit, word, cause):
    entry = assessed(make, make.failing(culprit, word=word))
    assert told(entry) == ("other_cause", cause)
    assert word in entry["finding"]["message"]
    assert steps(entry)[1] == "no"


@pytest.mark.fact("protocol-log 7.6")
def test_bound_already_and_still_failing_is_no_fault_of_the_binding(make, culprit):
    bound = replace(culprit, services=culprit.services | {SMTP})
    entry = assessed(make, make.failing(culprit), certificates=(make.setup_certificate(), bound))
    assert told(entry) == ("other_cause", "key_unusable")
    assert "Restart-Service MSExchangeTransport" in entry["finding"]["remedy"]
    assert "certutil" in entry["finding"]["remedy"]
    # The row may be older than the binding: a run may have died in between. A retry tells.
    assert entry["finding"]["confidence"] == "probable"
    assert steps(entry) == ("no", "no", "certain")


def test_failing_since_it_was_bound_is_certain(make, culprit):
    bound = replace(culprit, services=culprit.services | {SMTP})
    since = LogPosition(make.at(minutes=-5), "08DE", 9)
    entry = assessed(make, make.failing(culprit), certificates=(make.setup_certificate(), bound), since=since)
    assert told(entry) == ("other_cause", "key_unusable")
    assert entry["finding"]["confidence"] == "certain"
    assert steps(entry) == ("no", "no", "no")
    assert entry["proof"]["tls_errors"] == ["UnknownCredentials"]


def test_a_hidden_certificate_says_why(make, culprit):
    missing = assessed(make, make.failing(culprit), certificates=(), hidden={culprit.thumbprint: "PrivateKeyMissing"})
    assert told(missing) == ("other_cause", "no_private_key")
    unusable = assessed(
        make, make.failing(culprit), certificates=(), hidden={culprit.thumbprint: "KeyAlgorithmUnsupported"}
    )
    assert told(unusable) == ("other_cause", "key_unusable")
    assert steps(unusable)[2] == "no"
    gone = assessed(make, make.failing(culprit), certificates=(), hidden={culprit.thumbprint: ""})
    assert told(gone) == ("other_cause", "certificate_gone")


@pytest.mark.fact("wire 2.8")
def test_unknown_services_are_never_read_as_none(make, culprit):
    unknown = replace(culprit, services=None)
    entry = assessed(make, make.failing(culprit), certificates=(make.setup_certificate(), unknown))
    assert told(entry) == ("no_evidence", "unexplained")
    assert "services are unknown" in entry["finding"]["message"]
    assert steps(entry)[1] == "no"
    silent = assessed(make, certificates=(make.setup_certificate(), unknown))
    assert f"the services of certificate {culprit.thumbprint} are unknown" in silent["finding"]["message"]
    assert steps(silent) == ("no", "no", "no")


def test_a_certificate_that_the_connector_does_not_name_is_not_bound(make, culprit):
    other = replace(culprit, subject="CN=decoy.contoso.com")
    certificates = (make.setup_certificate(), culprit, replace(other, thumbprint=make.thumbprint(8)))
    entry = assessed(make, make.failing(replace(other, thumbprint=make.thumbprint(8))), certificates=certificates)
    assert told(entry)[0] == "no_evidence"
    assert entry["finding"]["thumbprints"] == [make.thumbprint(8)]
    assert make.thumbprint(8) not in entry["repair"]["bind"]["thumbprints"]


# The queue names another reason.


def test_a_closed_port_is_named_though_an_old_failure_is_in_the_log(make, culprit):
    bound = replace(culprit, services=culprit.services | {SMTP})
    for minutes in (-300, -20):
        entry = assessed(
            make,
            make.failing(culprit, minutes),
            certificates=(make.setup_certificate(), bound),
            queues=(make.queue(last_error=make.network),),
        )
        assert told(entry) == ("other_cause", "port_closed")
        assert "10060" in entry["finding"]["message"]
        assert steps(entry) == ("no", "no", "no")


@pytest.mark.parametrize(("word", "cause"), [("SocketError", "port_closed"), ("NoCredentials", "no_private_key")])
def test_the_queues_error_is_newer_than_a_word_of_the_log_but_for_a_missing_key(make, culprit, word, cause):
    entry = assessed(make, make.failing(culprit, word=word), queues=(make.queue(last_error=make.network),))
    assert told(entry) == ("other_cause", cause)


@pytest.mark.fact("protocol-log 0.9")
@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (
            "454 4.7.5 The certificate specified in TlsCertificateName of the SendConnector could not be found.",
            "certificate_name_not_found",
        ),
        ("454 4.7.5 Certificate validation failure, Reason: UntrustedRoot", "peer_certificate"),
        ("454 4.7.0 Failed to establish appropriate TLS channel: UntrustedRoot: Access Denied.", "refused_by_peer"),
        ("451 5.7.3 Must issue a STARTTLS command first", "starttls_not_offered"),
        ("454 4.7.0 Temporary authentication failure", "authentication"),
        ("451 4.4.0 DNS query failed", "dns"),
        ("450 4.7.0 Proxy session setup failed: Security status InvalidToken.", "frontend_proxy"),
        ("432 4.3.2 STOREDRV.Storage", "load"),
        ("421 4.4.1 Connection timed out. Total session duration: 00:10:00.5", "receive_timeout"),
        ("550 5.1.1 User unknown", "unknown_error"),
    ],
)
def test_the_queues_own_words_are_explained(make, error, cause):
    entry = assessed(make, queues=(make.queue(last_error=error),))
    assert told(entry) == ("other_cause", cause)
    assert entry["finding"]["remedy"]
    assert error in entry["finding"]["evidence"]["lines"][0]
    assert steps(entry) == ("no", "no", "no")


def test_without_a_name_it_is_not_this_fault(make):
    entry = assessed(make, connectors=(make.connector(tls_certificate_name=None),))
    assert told(entry) == ("other_cause", "certificate_name_missing")
    assert entry["tls_certificate_name"] is None


def test_without_starttls_it_is_not_this_fault(make):
    entry = assessed(make, connectors=(make.connector(ignore_starttls=True),))
    assert told(entry) == ("other_cause", "starttls_ignored")


@pytest.mark.parametrize("changes", [{"tls_certificate_name": None}, {"ignore_starttls": True}])
def test_a_log_that_would_not_tell_is_not_asked_to_speak(make, culprit, changes):
    entry = assessed(make, make.failing(culprit), connectors=(make.connector(**changes),))
    assert entry["repair"]["raise_logging"] == {
        "certainty": "no",
        "reason": "the log of this connector would not tell",
    }


def test_of_a_server_out_of_service_nothing_else_is_judged_and_nothing_changed(make):
    entry = assessed(make, make.failing(make.certificate(1, Service.IIS)), inactive=("HubTransport",))
    assert told(entry) == ("other_cause", "maintenance")
    assert "25 messages wait, and nothing leaves: HubTransport is Inactive" in entry["finding"]["message"]
    assert steps(entry) == ("no", "no", "no")
    untried = make.queue(status="Ready", last_error="", first_retry_time=None)
    assert told(assessed(make, queues=(untried,), inactive=("HubTransport",))) == ("other_cause", "maintenance")
    held = make.queue(status="Suspended")
    assert told(assessed(make, queues=(held,), inactive=("HubTransport",)))[0] == "prediction"


def test_a_queue_that_is_held_is_told_beside_an_unbound_certificate(make):
    entry = assessed(make, queues=(make.queue(status="Suspended"),))
    assert told(entry) == ("prediction", "named_certificate_unusable")
    assert entry["finding"]["message"].endswith(" 1 of its queues is suspended.")


def test_without_a_path_the_remedy_is_a_path(make):
    entry = assessed(make, log=SendLog(None, problem="SendProtocolLogPath is empty."))
    assert entry["finding"]["remedy"].startswith("Set-TransportService -SendProtocolLogPath")


# A silent log.


def test_a_suspicion_names_the_repair_and_that_exchange_may_refuse_the_line(make):
    remedy = assessed(make)["finding"]["remedy"]
    assert "mailops.exchange.repair --check shows what the repair would do" in remedy
    assert "binds only what that proves" in remedy
    assert "Exchange may refuse to set it" in remedy
    assert "the refusal names the cause" in remedy
    # The first source server has what Exchange asks for.
    first = OtherStore("MBX02", (make.certificate(1, SMTP),))
    second = make.connector(source_servers=("MBX02", "MBX01"))
    remedy = assessed(make, connectors=(second,), other_stores=(first,))["finding"]["remedy"]
    assert "Exchange may refuse" not in remedy
    assert "mailops.exchange.repair --check" in remedy
    unexplained = assessed(make, certificates=(make.setup_certificate(),))["finding"]
    assert (unexplained["id"], "mailops.exchange.repair" in unexplained["remedy"]) == ("unexplained", False)


@pytest.mark.fact("protocol-log 7.3")
def test_a_silent_log_is_no_evidence_and_the_steps_are_conditional(make, culprit):
    entry = assessed(make)
    assert told(entry) == ("no_evidence", "suspected")
    assert entry["finding"]["severity"] == "error"
    assert culprit.thumbprint in entry["finding"]["message"]
    assert entry["finding"]["thumbprints"] == [culprit.thumbprint]
    # This server is the first source, and its certificate of that name lacks SMTP: Exchange may refuse.
    assert steps(entry) == ("conditional", "conditional", "certain")
    assert entry["repair"]["bind"]["thumbprints"] == [culprit.thumbprint]
    two = assessed(make, connectors=(make.connector(source_servers=("MBX01", "MBX02")),))
    assert "on MBX01, the first source server" in two["repair"]["raise_logging"]["reason"]


def test_a_level_that_is_verbose_already_cannot_be_refused(make):
    connectors = (make.connector(logging_level=LoggingLevel.VERBOSE),)
    assert steps(assessed(make, connectors=connectors))[0] == "certain"


def test_what_names_nothing_or_is_sent_from_nowhere_cannot_be_refused(make):
    """Set-SendConnector looks for the named certificate on the first source server."""
    for changes in ({"tls_certificate_name": None}, {"source_servers": ()}):
        reading = make.reading(connectors=(make.connector(**changes),))
        assert make_case(reading, reading.connectors[0]).change_may_be_refused is False


def test_a_certificate_of_the_name_in_another_case_is_named(make):
    """The transport service ignores case."""
    spelled = make.certificate(5, subject=make.subject.upper())
    entry = assessed(make, certificates=(make.setup_certificate(), spelled))
    assert [each["thumbprint"] for each in entry["named_certificates"]] == [spelled.thumbprint]
    assert entry["repair"]["bind"]["thumbprints"] == [spelled.thumbprint]


def test_a_federation_certificate_of_the_name_is_no_candidate(make):
    federated = make.certificate(5, Service.FEDERATION)
    entry = assessed(make, certificates=(make.setup_certificate(), federated))
    assert told(entry) == ("no_evidence", "unexplained")
    assert entry["repair"]["bind"]["thumbprints"] == []
    assert not is_usable(federated)
    assert is_usable(replace(federated, services=None)), "unknown services speak neither for nor against it"


@pytest.mark.fact("cmdlets 0.4", "cmdlets 10.1")
@pytest.mark.parametrize(
    ("store", "expected"),
    [
        ([], "certain"),
        (["bound"], "certain"),
        (["unbound"], "conditional"),
        (["unknown"], "conditional"),
        (["other case"], "certain"),
        (None, "conditional"),
    ],
)
def test_what_the_first_source_server_holds_decides_whether_exchange_may_refuse(make, store, expected):
    kinds = {
        "bound": make.certificate(5, SMTP),
        "unbound": make.certificate(5),
        "unknown": make.certificate(5, services=None),
        "other case": make.certificate(5, subject=make.subject.upper()),
    }
    held = None if store is None else tuple(kinds[each] for each in store)
    entry = assessed(
        make,
        connectors=(make.connector(source_servers=("MBX02", "MBX01")),),
        other_stores=(OtherStore("mbx02", held),),
    )
    assert entry["first_source_server"] is False
    assert steps(entry)[0] == expected


def test_a_server_without_candidates_still_needs_the_log_of_a_shared_connector(make):
    """As on the one whose certificate came without its key, while others have the KB's fault."""
    entry = assessed(
        make,
        certificates=(make.setup_certificate(),),
        connectors=(make.connector(source_servers=("MBX02", "MBX01")),),
        other_stores=(OtherStore("MBX02", (make.certificate(5),)),),
    )
    assert told(entry) == ("no_evidence", "unexplained")
    assert "KB 4495258" in entry["finding"]["remedy"]
    assert steps(entry) == ("conditional", "no", "certain")


KNOCK = (
    "*,,attempting to connect",
    '*,,"Failed to connect. Winsock error code: 10060, Win32 error code: 10060, Destination domain: example.com"',
)
EITHER = '451 4.4.0 Primary target IP address responded with: "421 4.2.1 Unable to connect."'


def test_a_port_that_does_not_answer_is_told_by_the_log_where_the_queue_may_mean_either(make):
    queues = (make.queue(last_error=EITHER),)
    found = assessed(make, make.rows("08DE77F2A41B0C99", -3, *KNOCK), queues=queues)["finding"]
    assert (found["kind"], found["id"], found["word"], found["confidence"]) == (
        "other_cause", "port_closed", "10060", "certain",
    )  # fmt: skip
    assert "10060" in found["evidence"]["lines"][-1]


def test_a_connection_that_was_made_is_no_silent_port(make):
    queues = (make.queue(last_error=EITHER),)
    rows = (KNOCK[0], "+,,", KNOCK[1])
    assert assessed(make, make.rows("08DE77F2A41B0C99", -3, *rows), queues=queues)["finding"]["kind"] == "no_evidence"


def test_a_silent_port_is_forgotten_when_a_later_session_fails_in_tls(make):
    culprit = make.certificate(1)
    early = make.rows("08DE77F2A41B0C99", -6, *KNOCK)
    found = assessed(
        make, early, make.failing(culprit), queues=(make.queue(last_error=EITHER),), certificates=(culprit,)
    )
    assert found["finding"]["id"] == "certificate_not_bound"


def test_logging_is_not_raised_for_nothing(make):
    bound = (make.setup_certificate(), make.certificate(1, SMTP))
    entry = assessed(make, certificates=bound)
    assert told(entry) == ("other_cause", "unknown_error")
    assert steps(entry) == ("no", "no", "no")


def test_where_no_certificate_of_the_name_is_listed_anywhere_the_log_is_left_alone(make):
    entry = assessed(make, certificates=(make.setup_certificate(),))
    assert told(entry) == ("no_evidence", "unexplained")
    assert steps(entry) == ("no", "no", "no")


def test_a_queue_that_is_being_tried_is_not_retried(make, culprit):
    entry = assessed(make, make.failing(culprit), queues=(make.queue(3, status="Active"), make.queue(4)))
    assert entry["repair"]["retry"]["queues"] == ["MBX01\\4"]
    assert entry["stuck_messages"] == 50


def test_a_log_that_cannot_be_read_is_said_and_not_taken_for_silence(make):
    unread = assessed(make, log=SendLog(r"C:\SmtpSend", problem="mbx01: Get-ChildItem failed: access denied."))
    assert told(unread) == ("no_evidence", "suspected")
    assert "access denied" in unread["finding"]["message"]
    assert unread["log"]["read_until"] is None
    off = assessed(make, log=SendLog(None))
    assert told(off) == ("no_evidence", "suspected")
    assert steps(off) == ("no", "no", "no")


def test_an_old_failure_is_quoted(make, culprit):
    entry = assessed(make, make.failing(culprit, -300))
    assert told(entry) == ("no_evidence", "suspected")
    assert entry["finding"]["evidence"]["grade"] == ""
    assert entry["finding"]["evidence"]["lines"][-1].endswith("UnknownCredentials")


@pytest.mark.fact("cmdlets 0.4", "cmdlets 10.1")
def test_a_refused_change_is_acted_on(make):
    entry = assessed(make, refusals=(Refusal(make.guid, "The given certificate is not enabled for SMTP protocol."),))
    assert told(entry) == ("certificate_not_bound", "certificate_not_bound")
    assert (entry["finding"]["confidence"], entry["finding"]["word"]) == ("probable", "")
    assert entry["evidence"]["grade"] == "refusal"
    assert steps(entry) == ("certain", "certain", "certain")


# Healthy, or not known to be.


def test_nothing_waits_and_everything_is_bound(make):
    entry = assessed(make, queues=(), certificates=(make.setup_certificate(), make.certificate(1, SMTP)))
    assert told(entry) == ("healthy", "healthy")
    assert (entry["finding"]["severity"], entry["finding"]["confidence"]) == ("info", "probable")
    assert steps(entry) == ("no", "no", "no")


@pytest.mark.fact("protocol-log 0.8")
def test_an_empty_queue_does_not_end_the_diagnosis(make, culprit):
    connectors = (make.connector(require_tls=False),)
    silent = assessed(make, queues=(), connectors=connectors)
    assert told(silent) == ("prediction", "clear_text_fallback")
    assert "unencrypted" in silent["finding"]["message"]
    assert steps(silent) == ("no", "no", "no"), "nothing is bound on a prediction"
    speaking = assessed(make, make.failing(culprit), queues=(), connectors=connectors)
    assert told(speaking) == ("certificate_not_bound", "certificate_not_bound")
    assert "unencrypted" in speaking["finding"]["message"]
    assert steps(speaking) == ("certain", "certain", "no")


@pytest.mark.fact("cmdlets 10.2")
def test_a_same_named_certificate_that_nobody_uses_is_healthy(make, culprit):
    remote = make.certificate(9, subject="CN=peer")
    bound = make.certificate(2, SMTP)
    certificates = (make.setup_certificate(), culprit, bound)
    entry = assessed(make, make.succeeding(bound, remote, -30), queues=(), certificates=certificates)
    assert told(entry) == ("healthy", "healthy")
    assert entry["finding"]["confidence"] == "certain"


def test_cured_and_waiting_for_the_next_retry(make, culprit):
    bound = replace(culprit, services=culprit.services | {SMTP})
    remote = make.certificate(9, subject="CN=peer")
    entry = assessed(
        make,
        make.failing(culprit, -20),
        make.succeeding(bound, remote, -2),
        certificates=(make.setup_certificate(), bound),
    )
    assert told(entry) == ("healthy", "healthy")
    assert steps(entry) == ("no", "no", "certain")


@pytest.mark.parametrize(
    ("tried", "expected"),
    [
        (-3, ("healthy", "healthy")),
        (-2, ("healthy", "healthy")),
        (-1, ("other_cause", "unknown_error")),
        (None, ("other_cause", "unknown_error")),
    ],
)
def test_a_queue_is_cured_if_tls_was_established_at_its_last_attempt_or_later(make, culprit, tried, expected):
    bound = replace(culprit, services=culprit.services | {SMTP})
    entry = assessed(
        make,
        make.succeeding(bound, make.certificate(9, subject="CN=peer"), -2),
        queues=(make.queue(last_retry_time=None if tried is None else make.at(minutes=tried)),),
        certificates=(make.setup_certificate(), bound),
    )
    assert told(entry) == expected


def test_suspended_queues_are_reported_and_never_retried(make):
    entry = assessed(make, queues=(make.queue(status="Suspended"),), certificates=(make.certificate(1, SMTP),))
    assert entry["suspended_queues"] == ["MBX01\\3"]
    assert entry["stuck_queues"] == []
    assert "suspended" in entry["finding"]["message"]
    assert steps(entry)[2] == "no"


def test_mail_that_is_held_is_told_with_the_lines_that_let_it_go(make):
    queues = (
        make.queue(3, status="Suspended", message_count=24),
        make.queue(4, status="Suspended", message_count=0),
        make.queue(5, status="Ready"),
    )
    bound = (make.setup_certificate(), make.certificate(1, SMTP))
    result = assessment_result(assess(make.reading(queues=queues, certificates=bound)))
    first, second = result["findings"]
    assert (first["id"], first["kind"], first["severity"], first["primary"]) == (
        "held_back",
        "prediction",
        "warning",
        False,
    )
    assert first["message"] == (
        f'mbx01.contoso.test, "{make.name}": 24 messages are held: an administrator, or a repair that let one message '
        "go first, has suspended MBX01\\3. What nobody lets go expires."
    )
    assert first["lines"] == ["Resume-Queue -Identity 'MBX01\\3' -Confirm:$false"]
    assert (second["id"], second["primary"]) == ("healthy", True)
    nobody = make.reading(queues=queues[1:], certificates=bound)
    assert [each["id"] for each in assessment_result(assess(nobody))["findings"]] == ["healthy"]


def test_findings_come_gravest_first(make, culprit):
    other = make.connector(name="Partner", guid="00000000-0000-4000-8000-000000000002", tls_certificate_name=None)
    reading = make.reading(*make.sessions(make.failing(culprit)), connectors=(other, make.connector()))
    result = assessment_result(assess(reading))
    assert [each["id"] for each in result["findings"]] == ["certificate_not_bound", "healthy"]
    assert [each["name"] for each in result["connectors"]] == ["Partner", make.name]


# Proof.


@pytest.fixture
def since(make):
    return LogPosition(make.at(minutes=-10), "08DE", 22)


def proof(make, since, *texts):
    return assessed(make, *texts, since=since)["proof"]


def test_a_newer_session_with_tls_and_250_is_the_proof(make, culprit, since):
    remote = make.certificate(9, subject="CN=peer")
    told_by_log = proof(make, since, make.succeeding(culprit, remote, -5))
    assert (told_by_log["proven"], told_by_log["established"], told_by_log["accepted"]) == (True, 1, 1)
    assert told_by_log["thumbprints"] == [culprit.thumbprint]
    assert told_by_log["since"] == {"time": "2026-03-02T02:05:00.000Z", "session": "08DE", "sequence": 22}


@pytest.mark.parametrize("minutes", [-10, -20])
def test_an_older_session_is_none(make, culprit, since, minutes):
    remote = make.certificate(9, subject="CN=peer")
    told_by_log = proof(make, since, make.succeeding(culprit, remote, minutes))
    assert (told_by_log["proven"], told_by_log["sessions"]) == (False, 0)


def test_another_connector_or_an_internal_hop_proves_nothing(make, culprit, since):
    remote = make.certificate(9, subject="CN=peer")
    assert not proof(make, since, make.succeeding(culprit, remote, -5, connector="Partner"))["proven"]
    assert not proof(make, since, make.succeeding(culprit, remote, -5, verb="X-ANONYMOUSTLS"))["proven"]


def test_a_rejection_is_no_proof(make, culprit, since):
    remote = make.certificate(9, subject="CN=peer")
    texts = (
        make.succeeding(culprit, remote, -5),
        make.succeeding(culprit, remote, -4, session="B2", reply="550 5.7.64 TenantAttribution; Relay Access Denied"),
    )
    told_by_log = proof(make, since, *texts)
    assert (told_by_log["accepted"], told_by_log["rejected"], told_by_log["proven"]) == (1, 1, False)
    assert told_by_log["replies"] == ["550 5.7.64 TenantAttribution; Relay Access Denied"]


@pytest.mark.fact("cmdlets 0.8")
def test_mail_in_clear_is_no_proof(make, since):
    rows = (
        "+,,",
        ">,EHLO mail.contoso.com,",
        "<,250  hello,",
        ">,MAIL FROM:<a@contoso.com>,",
        "<,250 OK,",
        ">,RCPT TO:<b@example.com>,",
        "<,250 OK,",
        ">,BDAT 4 LAST,",
        "<,250 2.6.0 Queued,",
        "-,,Local",
    )
    told_by_log = proof(make, since, make.rows("C3", -5, *rows))
    assert (told_by_log["accepted"], told_by_log["accepted_in_clear"], told_by_log["proven"]) == (0, 1, False)


# What is foreseen, and what is not known.


def test_what_may_be_presented_and_what_a_binding_changes_stands_with_the_connector(make, culprit):
    entry = assessed(make, make.failing(culprit))
    assert [(each["thumbprint"], each["usable"]) for each in entry["presented"]] == [(culprit.thumbprint, "no")]
    assert entry["repair"]["bind"]["side_effects"] == []


def test_hidden_receive_connectors_are_said(make, culprit):
    reading = make.reading(
        *make.sessions(make.failing(culprit)), receive_connectors=None, receive_problem="mbx01: not recognized"
    )
    told = assessment_result(assess(reading))["unobserved"]
    assert {
        "what": "which Receive connectors a binding would let present something else",
        "needs": "a role with Get-ReceiveConnector: mbx01: not recognized",
    } in told


# For every reading.


@given(data=st.data())
def test_whatever_is_read_nothing_is_bound_without_evidence_or_known_services(make, data):
    services = st.none() | st.frozensets(st.sampled_from([SMTP, Service.IIS, Service.POP]))
    certificates = tuple(
        make.certificate(
            number,
            services=data.draw(services),
            has_private_key=data.draw(st.sampled_from([True, True, None, False])),
            status=data.draw(st.sampled_from(CertificateStatus)),
        )
        for number in range(1, data.draw(st.integers(1, 3)) + 1)
    )
    text = make.failing(
        data.draw(st.sampled_from([*certificates, make.certificate(9)])),
        data.draw(st.integers(-90, 0)),
        word=data.draw(st.sampled_from(["UnknownCredentials", "UnknownCredentials", "NoCredentials", "SocketError"])),
        verb=data.draw(st.sampled_from(["STARTTLS", "STARTTLS", "X-ANONYMOUSTLS"])),
        marker=data.draw(st.sampled_from(["Sending certificate", "Remote certificate", None])),
    )
    queues = tuple(
        make.queue(number, status=data.draw(st.sampled_from(["Retry", "Suspended", "Active"])), last_error=error)
        for number, error in enumerate(
            data.draw(st.lists(st.sampled_from([make.symptom, make.network, ""]), max_size=2))
        )
    )
    default = data.draw(st.sampled_from([make.thumbprint(0xD0), None]))
    entry = assessed(
        make,
        *([text] if data.draw(st.booleans()) else []),
        certificates=certificates,
        queues=queues,
        transport=TransportService("MBX01", default, r"C:\SmtpSend"),
        connectors=(
            make.connector(
                require_tls=data.draw(st.booleans()),
                frontend_proxy=data.draw(st.booleans()),
                logging_level=data.draw(st.sampled_from(LoggingLevel)),
            ),
        ),
        refusals=data.draw(st.sampled_from([(), (Refusal(make.guid, "refused"),)])),
    )
    bind, retry = entry["repair"]["bind"], entry["repair"]["retry"]
    by_thumbprint = {each.thumbprint: each for each in certificates}
    for thumbprint in bind["thumbprints"]:
        certificate = by_thumbprint[thumbprint]
        assert certificate.services is not None
        assert SMTP not in certificate.services
        assert certificate.has_private_key is True
        assert default is not None
        assert all(
            each.services is not None for each in certificates if each.status is not CertificateStatus.PENDING_REQUEST
        )
    if bind["certainty"] == "certain":
        assert entry["evidence"]["thumbprints"] == bind["thumbprints"]
        assert entry["finding"]["id"] == "certificate_not_bound"
    suspended = {queue.identity for queue in queues if queue.status == "Suspended"}
    assert not suspended & set(retry["queues"])
    assert entry["finding"]["repairable_by_role"] == (bind["certainty"] == "certain")
