# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Root causes that other sources than a failed TLS negotiation tell, their qualifiers, and what remains unknown."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.connectivity_log import (
    ConnectivityLog,
    attempts_of,
    parse_connect_rows,
)
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.connector import LoggingLevel
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.edge import EdgeStanding
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.event import Event, Events
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.message import Message, Messages
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.send_log import SendLog
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.services import Service
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.assessment import assess, assessment_result
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.finding import FindingId, FindingKind
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.reading import OtherStore

DOMAIN = "contoso-com.mail.protection.outlook.com"
EITHER = '451 4.4.0 Primary target IP address responded with: "421 4.2.1 Unable to connect."'
NO_TLS = "*,,Connector is configured to send mail only over TLS connections and remote doesn't support TLS"
NO_SMTP = "*,,The connection was dropped because a response was illegally formatted"
TIMED_OUT = "<,421 4.4.1 Connection timed out,"
NOT_IN_TIME = "421 4.4.1 Connection timed out"
GREETED = ("+,,", "<,220 mx ready,", ">,EHLO mail.contoso.com,", "<,250  mx STARTTLS,")
IN_CLEAR = (
    "+,,",
    "<,220 mx ready,",
    ">,EHLO mail.contoso.com,",
    "<,250  mx STARTTLS,",
    ">,MAIL FROM:<a@contoso.com>,",
    "<,250 OK,",
    ">,RCPT TO:<b@example.com>,",
    "<,250 OK,",
    ">,BDAT 4 LAST,",
    "<,250 2.6.0 Queued,",
    "-,,Local",
)


def result_of(make, *texts, **changes):
    bound = (make.setup_certificate(), make.certificate(1, Service.SMTP))
    facts = {"certificates": bound, "connectors": (make.connector(logging_level=LoggingLevel.VERBOSE),), **changes}
    return assessment_result(assess(make.reading(*make.sessions(*texts), **facts)))


def root_of(make, *texts, **changes):
    (found,) = [each for each in result_of(make, *texts, **changes)["findings"] if each["primary"]]
    assert found["remedy"] or found["id"] == "healthy"
    return found


def attempt(make, *texts, minutes=-4, to=DOMAIN):
    time = make.at(minutes=minutes).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    rows = "".join(
        f"{time},08DE77F2,SMTP,{to},{each}\r\n" for each in ("+,SmartHost;", *texts, "-,Messages: 0 Bytes: 0 ()")
    )
    return ConnectivityLog("C:\\", attempts_of(parse_connect_rows([rows], "CONNECTLOG20260302-1.LOG")))


def failed(address="203.0.113.25:25", code="TimedOut:0000274C"):
    return f">,Failed connection to {address} ({code})[TargetIPAddress:x|MarkedUnhealthy]"


def event(make, number, message="", *, minutes=-4, provider="MSExchangeTransport"):
    return Event(provider, number, make.at(minutes=minutes), message or f"Send connector {make.name} has a fault.")


def test_every_kind_has_ids_and_every_id_a_kind():
    assert {each.kind for each in FindingId} == set(FindingKind)
    assert FindingId.SUSPECTED.kind is FindingKind.NO_EVIDENCE
    assert FindingId.EXPIRES.kind is FindingKind.PREDICTION
    assert FindingId.LOAD.kind is FindingKind.OTHER_CAUSE


# A session that ends elsewhere than in TLS.


@pytest.mark.parametrize(
    ("rows", "expected", "word"),
    [
        (("+,,", "-,,Remote(TimedOut)"), "smtp_inspection", "TimedOut"),
        (("+,,", "-,,Remote"), "smtp_inspection", ""),
        (("+,,", NO_SMTP, "-,,Local"), "smtp_inspection", ""),
        (
            ("+,,", "<,220 ********************,", ">,EHLO a,", "<,250  mx XXXXXXXA,",
             NO_TLS, "-,,Local"),
            "smtp_inspection", "",
        ),
        (
            ("+,,", "<,220 mx ready,", ">,EHLO a,", "<,250  mx SIZE,",
             NO_TLS, "-,,Local"),
            "starttls_not_offered", "",
        ),
        (("+,,", "<,220 mx ready,", ">,EHLO a,", "<,250  mx SIZE,", ">,QUIT,", "-,,Local"), "starttls_not_offered", ""),
        ((*GREETED, ">,STARTTLS,", "<,220 ready,", "-,,Remote(ConnectionReset)"), "tls_mismatch", "ConnectionReset"),
        ((*GREETED, ">,MAIL FROM:<a@b.c>,", TIMED_OUT, "-,,Remote"), "peer_timeout", "421 4.4.1"),
        (("+,,", "<,421 4.3.2 Service not available,", "-,,Remote"), "load", ""),
        (
            (*GREETED, ">,MAIL FROM:<a@b.c>,",
             "<,454 4.7.0 Failed to establish appropriate TLS channel: UntrustedRoot: Access Denied,", "-,,Local"),
            "refused_by_peer", "UntrustedRoot",
        ),
        ((*GREETED, "*,,Outbound Authentication failed with LogonDenied", "-,,Local"), "authentication", "LogonDenied"),
        ((*GREETED, ">,MAIL FROM:<a@b.c>,", "<,451 4.7.1 Greylisted,", "-,,Local"), "unknown_error", "451 4.7.1"),
    ],
)  # fmt: skip
def test_a_session_tells_by_its_end(make, rows, expected, word):
    found = root_of(make, make.rows("08DE77F2A41B0C99", -4, *rows))
    assert (found["id"], found["word"], found["confidence"]) == (expected, word, "certain")
    assert found["evidence"]["where"].startswith("SEND20260302-1.LOG, line ")


def test_a_session_that_goes_on_tells_nothing_yet(make):
    assert root_of(make, make.rows("08DE77F2A41B0C99", -4, "+,,"))["confidence"] == "probable"


def test_a_session_that_ended_before_tells_while_the_next_goes_on(make):
    ended = make.rows("08DE77F2A41B0C98", -6, "+,,", "-,,Remote(TimedOut)")
    assert root_of(make, ended, make.rows("08DE77F2A41B0C99", -1, "+,,"))["id"] == "smtp_inspection"


def test_a_queue_that_names_a_reason_is_believed_where_the_log_is_older(make):
    queues = (make.queue(last_error=make.network, last_retry_time=make.at(minutes=-4)),)
    for minutes, expected in ((-4, "smtp_inspection"), (-14, "port_closed")):
        rows = make.rows("08DE77F2A41B0C99", minutes, "+,,", "-,,Remote(TimedOut)")
        assert root_of(make, rows, queues=queues)["id"] == expected


def test_a_masked_greeting_explains_what_is_no_tls(make):
    rows = ("+,,", "<,220 **************,", ">,EHLO a,", "<,250  mx STARTTLS XXXA,", ">,STARTTLS,", "<,220 ready,",
            "*,,TLS negotiation failed with error InvalidToken", "-,,Local")  # fmt: skip
    assert root_of(make, make.rows("08DE77F2A41B0C99", -4, *rows))["id"] == "smtp_inspection"
    plain = ("+,,", "<,220 mx,", *rows[2:3], "<,250  mx STARTTLS,", *rows[4:])
    assert root_of(make, make.rows("08DE77F2A41B0C99", -4, *plain))["id"] == "not_tls"


def test_the_queue_and_the_log_may_say_the_same(make):
    queues = (make.queue(last_error="451 4.4.397 Error. -> 421 4.4.2 Connection dropped due to SocketError"),)
    found = root_of(make, make.failing(None, word="SocketError"), queues=queues)
    assert (found["id"], found["confidence"]) == ("tls_mismatch", "certain")


def test_mail_that_is_rejected_for_our_certificate_is_lost(make):
    bound, remote = make.certificate(1, Service.SMTP), make.certificate(9, subject="CN=peer")
    reply = "550 5.7.64 TenantAttribution; Relay Access Denied"
    found = root_of(make, make.succeeding(bound, remote, -5, reply=reply), queues=())
    assert (found["id"], found["severity"], found["confidence"]) == ("refused_by_peer", "error", "certain")
    assert "went back to their senders" in found["message"]
    unknown_user = make.succeeding(bound, remote, -5, reply="550 5.1.1 User unknown")
    assert root_of(make, unknown_user, queues=())["id"] == "healthy"


# The connectivity log.


@pytest.mark.parametrize(
    ("text", "expected", "word"),
    [
        (failed(), "port_closed", "10060"),
        (failed(code="ConnectionRefused:0000274D"), "connection_refused", "10061"),
        (failed(code="NetworkUnreachable:00002743"), "no_route", "10051"),
        (failed(code="HostUnreachable:00002751"), "no_route", "10065"),
        (failed("[2001:db8::25]:25", "NetworkUnreachable:00002743"), "ipv6_route", "10051"),
        (failed("[2001:db8::25]:25", "ConnectionRefused:0000274D"), "connection_refused", "10061"),
        (">,DNS server returned ErrorRetry reported by 10.0.0.10.", "dns", "ErrorRetry"),
    ],
)
@pytest.mark.fact("protocol-log 0.1", "protocol-log 7.8")
def test_the_connectivity_log_tells_what_the_queue_leaves_open(make, text, expected, word):
    found = root_of(make, queues=(make.queue(last_error=EITHER),), connectivity=attempt(make, text))
    assert (found["id"], found["word"], found["confidence"]) == (expected, word, "certain")
    assert found["evidence"]["where"] == "CONNECTLOG20260302-1.LOG, line 1"
    assert len(found["evidence"]["lines"]) == 3
    assert ("last_target_ipv6" in found["qualifiers"]) == ("2001:" in text)


@pytest.mark.parametrize(
    ("texts", "where"),
    [
        ((failed(), ">,Established connection to 203.0.113.26:25"), {}),
        ((failed(),), {"minutes": -90}),
        ((failed(),), {"to": "adatum.com"}),
        (("*,nothing",), {}),
    ],
)
def test_what_does_not_concern_the_last_attempt_proves_nothing(make, texts, where):
    found = root_of(make, queues=(make.queue(last_error=EITHER),), connectivity=attempt(make, *texts, **where))
    assert found["id"] == "unknown_error"


def test_a_connection_in_the_same_attempt_is_no_silent_port(make):
    """Of two hosts the first was reached, and failed otherwise; only the last one was not."""
    reached = attempt(make, ">,Established connection to 203.0.113.25:25", minutes=-5).attempts
    silent = attempt(make, failed("[2001:db8::25]:25", "NetworkUnreachable:00002743")).attempts
    both = ConnectivityLog("C:\\", (*reached, *silent))
    found = root_of(make, queues=(make.queue(last_error=EITHER),), connectivity=both)
    assert (found["id"], found["qualifiers"]) == ("unknown_error", ["last_target_ipv6"])


def test_evidence_of_an_unbound_certificate_comes_before_the_network(make):
    culprit = make.certificate(1)
    found = root_of(make, make.failing(culprit), certificates=(make.setup_certificate(), culprit),
                    connectivity=attempt(make, failed()))  # fmt: skip
    assert found["id"] == "certificate_not_bound"


# What to type.


@pytest.mark.parametrize(
    ("facts", "lines"),
    [
        ({"error": "network"}, [f"Test-NetConnection -ComputerName '{DOMAIN}' -Port 25"]),
        ({"error": "451 4.4.0 DNS query failed"}, [f"Resolve-DnsName -Name '{DOMAIN}'"]),
        (
            {"error": "451 5.7.3 STARTTLS is required", "ignore_starttls": True},
            ["Set-SendConnector -Identity 'GUID' -IgnoreSTARTTLS:$false"],
        ),
        ({"error": "454 4.7.5 Certificate validation failure"}, []),
    ],
)
def test_what_an_administrator_would_type(make, facts, lines):
    error, connector = facts.pop("error"), make.connector(logging_level=LoggingLevel.VERBOSE, **facts)
    queues = (make.queue(last_error=getattr(make, error, error)),)
    found = root_of(make, queues=queues, connectors=(connector,))
    assert found["lines"] == [each.replace("GUID", make.guid) for each in lines]


def test_what_to_type_where_the_log_is_silent_or_names_a_key(make):
    unbound = {"certificates": (make.setup_certificate(), make.certificate(1))}
    retry = "Retry-Queue -Identity 'MBX01\\3'"
    raising = f"Set-SendConnector -Identity '{make.guid}' -ProtocolLoggingLevel Verbose"
    assert root_of(make, **unbound)["lines"] == [retry]
    assert root_of(make, **unbound, connectors=(make.connector(),))["lines"] == [raising, retry]
    bound = make.certificate(1, Service.SMTP)
    assert root_of(make, make.failing(bound), certificates=(bound,))["lines"] == [
        f"certutil -store My {bound.thumbprint}"
    ]


@pytest.mark.parametrize(("subscribed", "is_a_copy"), [(True, True), (None, True), (False, False)])
def test_the_copies_of_a_subscribed_edge_are_changed_on_a_mailbox_server(make, subscribed, is_a_copy):
    """EdgeSync may give the copy another Guid, which no Mailbox server knows."""
    who, where = (f"'{make.name}'", " # on a Mailbox server") if is_a_copy else (f"'{make.guid}'", "")
    facts = {"edge": EdgeStanding(subscribed), "certificates": (make.setup_certificate(), make.certificate(1))}
    silent = root_of(make, connectors=(make.connector(),), **facts)
    assert silent["lines"][0] == f"Set-SendConnector -Identity {who} -ProtocolLoggingLevel Verbose{where}"
    demanded = (make.queue(last_error="451 5.7.3 STARTTLS is required"),)
    ignored = root_of(make, queues=demanded, connectors=(make.connector(ignore_starttls=True),), **facts)
    assert ignored["lines"] == [f"Set-SendConnector -Identity {who} -IgnoreSTARTTLS:$false{where}"]
    other = make.certificate(1, Service.SMTP, issuer="CN=Example CA 6")
    facts["certificates"] = (make.setup_certificate(), other)
    (named,) = [each for each in result_of(make, queues=(), **facts)["findings"] if each["kind"] == "prediction"]
    assert named["lines"][-1].endswith(f"<S>{make.subject}'{where}")


# Messages and events.


def deferred(make, *errors, status="Retry", queue="MBX01\\3"):
    return Messages(
        tuple(Message(f"{queue}\\{n}", queue, status, each, make.clock, make.clock) for n, each in enumerate(errors))
    )


def test_messages_tell_where_the_queue_goes_on(make):
    going_on = (make.queue(status="Ready", last_error="", first_retry_time=None),)
    busy = deferred(make, "452 4.3.1 Insufficient system resources", "432 4.3.2 STOREDRV", "")
    found = root_of(make, queues=going_on, messages=busy)
    assert (found["id"], found["severity"]) == ("load", "error")
    assert "3 messages wait while the queue goes on" in found["message"]
    assert len(found["evidence"]["lines"]) == 3
    for nothing in (
        deferred(make, "452 4.3.1 x", status="Ready"),
        deferred(make, "452 4.3.1 x", queue="MBX01\\9"),
        Messages(),
    ):
        assert root_of(make, queues=going_on, messages=nothing)["id"] == "healthy"


def test_single_messages_that_a_reply_puts_off_are_a_notice(make):
    going_on = (make.queue(status="Ready", last_error="", first_retry_time=None),)
    first, second = result_of(make, queues=going_on, messages=deferred(make, "450 4.7.1 Greylisted"))["findings"]
    assert (first["id"], first["severity"], first["primary"]) == ("unknown_error", "notice", False)
    assert (second["id"], second["primary"]) == ("healthy", True)
    assert "450 4.7.1 Greylisted" in first["evidence"]["lines"][0]


@pytest.mark.parametrize(
    ("number", "expected"),
    [(12014, "certificate_name_not_found"), (2015, "starttls_not_offered"), (2017, "authentication")],
)
def test_an_event_tells_where_nothing_else_does(make, number, expected):
    silent = (make.queue(last_error=""),)
    found = root_of(make, queues=silent, events=Events((event(make, number),)))
    assert (found["id"], found["confidence"], found["evidence"]["where"]) == (
        expected,
        "probable",
        "event log Application",
    )
    other = Events((event(make, number, "Send connector Partner has a fault."),))
    assert root_of(make, queues=silent, events=other)["id"] == "unknown_error"
    assert root_of(make, events=Events((event(make, number),)))["id"] == "unknown_error", "the queue says something"


def test_schannel_supports_and_proves_nothing(make):
    culprit = make.certificate(1)
    certificates = (make.setup_certificate(), culprit)
    key = event(make, 36870, "A fatal error occurred when attempting to access the key.", provider="Schannel")
    silent = root_of(make, certificates=certificates, events=Events((key,)))
    assert (silent["id"], silent["evidence"]["lines"][-1]) == ("suspected", str(key))
    assert silent["evidence"]["where"] == "LastError of MBX01\\3; event log"
    proven = root_of(make, make.failing(culprit), certificates=certificates, events=Events((key, key, key)))
    assert proven["evidence"]["lines"][-2:] == [str(key), str(key)]
    assert proven["evidence"]["grade"] == "marked"
    assert proven["evidence"]["where"].endswith("; event log")
    alert = event(make, 36887, "A fatal alert was received.", provider="Schannel")
    assert str(alert) not in root_of(make, certificates=certificates, events=Events((alert,)))["evidence"]["lines"]


# Qualifiers.


def test_other_source_servers_may_fail_too_or_not(make):
    culprit, bound = make.certificate(1), make.certificate(1, Service.SMTP)
    connectors = (make.connector(source_servers=("MBX01", "MBX02", "MBX03", "MBX04")),)
    for stores, expected in (
        ({"MBX02": (culprit,), "MBX03": (bound,), "MBX04": None}, ["other_sources_fail", "some_sources_only"]),
        ({"MBX02": (culprit,)}, ["other_sources_fail"]),
        ({"MBX02": (bound,)}, ["some_sources_only"]),
        ({"MBX02": None}, []),
    ):
        others = tuple(OtherStore(name, held, "" if held else "no answer") for name, held in stores.items())
        found = root_of(make, make.failing(culprit), certificates=(make.setup_certificate(), culprit),
                        connectors=connectors, other_stores=others)  # fmt: skip
        assert found["qualifiers"] == expected


def test_a_log_that_does_not_speak_qualifies_what_is_not_proven(make):
    silent = {"connectors": (make.connector(),)}
    assert root_of(make, **silent)["qualifiers"] == ["log_not_verbose"]
    assert root_of(make, **silent, connectivity=attempt(make, failed()))["qualifiers"] == []
    assert root_of(make, **silent, queues=())["qualifiers"] == []


@pytest.mark.fact("protocol-log 0.8", "cmdlets 0.8")
def test_mail_that_left_in_clear_qualifies_its_reason(make):
    culprit = make.certificate(1)
    facts = {"certificates": (make.setup_certificate(), culprit), "queues": (),
             "connectors": (make.connector(require_tls=False),)}  # fmt: skip
    clear = make.rows("08DE77F2A41B0D33", -3, *IN_CLEAR)
    found = root_of(make, make.failing(culprit), clear, **facts)
    assert (found["id"], found["qualifiers"], found["severity"]) == (
        "certificate_not_bound",
        ["sent_in_clear"],
        "warning",
    )
    untold = root_of(make, make.failing(None), clear, **{**facts, "certificates": (make.setup_certificate(),)})
    assert (untold["id"], untold["kind"]) == ("sent_in_clear", "no_evidence")
    alone = root_of(make, clear, **{**facts, "certificates": (make.certificate(1, Service.SMTP),)})
    assert (alone["id"], alone["severity"]) == ("sent_in_clear", "warning")


def test_where_tls_was_established_later_nothing_leaves_in_clear(make):
    bound, remote = make.certificate(1, Service.SMTP), make.certificate(9, subject="CN=peer")
    texts = (make.rows("08DE77F2A41B0D33", -3, *IN_CLEAR), make.succeeding(bound, remote, -2))
    connectors = (make.connector(require_tls=False),)
    assert root_of(make, *texts, queues=(), connectors=connectors)["id"] == "healthy"


# Mail that no connector of this server has a part in.


@pytest.mark.parametrize(
    ("kind", "error", "expected"),
    [
        ("SmtpRelayToRemoteAdSite", NOT_IN_TIME, "relayed"),
        ("SmtpRelayWithinAdSiteToEdge", NOT_IN_TIME, "relayed"),
        ("SmtpRelayToRemoteAdSite", "454 4.7.0 Temporary authentication failure", "authentication"),
        ("SmtpDeliveryToMailbox", "454 4.7.0 Temporary authentication failure", "authentication"),
    ],
)
def test_mail_for_another_server_of_the_organisation(make, kind, error, expected):
    nobody = "00000000-0000-0000-0000-000000000000"
    queue = make.queue(delivery_type=kind, next_hop_domain="branch", next_hop_connector=nobody, last_error=error)
    found = next(each for each in result_of(make, queues=(queue,))["findings"] if each["id"] != "healthy")
    assert (found["id"], found["connector"], found["guid"], found["primary"]) == (expected, "", "", True)
    assert "25 messages wait for branch" in found["message"]
    assert found["evidence"]["lines"] == [f"MBX01\\3, {kind}: {error}"]


def test_what_is_known_of_the_way_to_another_server_is_told(make):
    queue = make.queue(delivery_type="SmtpRelayToConnectorSourceServers", next_hop_domain="Outbound",
                       next_hop_connector="0", last_error=make.network)  # fmt: skip
    found = next(each for each in result_of(make, queues=(queue,))["findings"] if each["id"] == "relayed")
    assert 'wait for the source servers of "Outbound"' in found["message"]
    assert "the port does not answer (10060)" in found["message"]
    refused = replace(queue, last_error="454 4.7.0 Temporary authentication failure")
    told = event(make, 2017, "Outbound authentication failed with error LogonDenied")
    events = Events((told, event(make, 2015)))
    found = next(
        each for each in result_of(make, queues=(refused,), events=events)["findings"] if each["connector"] == ""
    )
    assert found["evidence"]["lines"][1:] == [str(told)]


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "Ready"},
        {"message_count": 0},
        {"delivery_type": "ShadowRedundancy"},
        {"delivery_type": "SmtpDeliveryToMailbox"},
    ],
)
def test_other_queues_are_nobodys_business(make, changes):
    facts = {"delivery_type": "SmtpRelayToRemoteAdSite", "next_hop_connector": "0", **changes}
    assert [each["id"] for each in result_of(make, queues=(make.queue(**facts),))["findings"]] == ["healthy"]


# What could not be told.


def unknown(make, *texts, **changes):
    return [f"{each['what']}: {each['needs']}" for each in result_of(make, *texts, **changes)["unobserved"]]


def test_nothing_is_unknown_where_the_log_proves_it(make):
    culprit = make.certificate(1)
    assert unknown(make, make.failing(culprit), certificates=(make.setup_certificate(), culprit)) == []


def test_each_source_that_could_not_be_read_says_what_it_needs(make):
    told = unknown(
        make,
        connectors=(make.connector(),),
        log=SendLog(None, problem="SendProtocolLogPath is empty."),
        connectivity=ConnectivityLog(None, problem="this server writes none."),
        events=Events((), "denied."),
        messages=Messages((), "hidden."),
        other_stores=(OtherStore("MBX02", None, "no answer."),),
    )
    for each in (
        "a Send log: SendProtocol",
        "the connectivity log: this",
        "event logs: denied",
        "Get-Message: hidden",
        "MBX02",
    ):
        assert any(each in line for line in told), each


def test_a_log_that_cannot_be_read_is_said_although_nothing_is_stuck(make):
    """With opportunistic TLS nothing ever waits: without the log nobody knows what left in clear."""
    opportunistic = make.connector(require_tls=False, logging_level=LoggingLevel.VERBOSE)
    denied = SendLog("C:\\", problem="mbx01: access is denied.")
    told = unknown(make, connectors=(opportunistic,), queues=(), log=denied)
    assert told == ["how sessions end, and with which certificate: the Send log: mbx01: access is denied."]
    (healthy,) = result_of(make, connectors=(opportunistic,), queues=(), log=denied)["findings"]
    assert "no mail is stuck, and nothing is known to have failed because" in healthy["message"]
    bound = make.certificate(1, Service.SMTP)
    remote = make.certificate(9, subject="CN=mail.protection.outlook.com")
    (proven,) = result_of(make, make.succeeding(bound, remote, -5), queues=())["findings"]
    assert "no mail is stuck, and nothing has failed because" in proven["message"]


def test_what_is_unknown_of_a_named_certificate_is_said(make):
    bound = make.certificate(1, Service.SMTP)
    other = make.certificate(7, subject="CN=other", services=None, has_private_key=None)
    services = unknown(make, queues=(), certificates=(replace(bound, services=None), other))
    assert [each.partition(":")[0] for each in services] == [
        f"whether certificate {bound.thumbprint} is enabled for SMTP"
    ]
    key = unknown(make, queues=(), certificates=(replace(bound, has_private_key=None), other))
    assert [each.partition(":")[0] for each in key] == [f"whether certificate {bound.thumbprint} has its private key"]


def test_connectors_that_do_not_log_say_so_once(make):
    quiet = (make.connector(), make.connector(name="Partner", guid="00000000-0000-4000-8000-000000000002"))
    assert unknown(make, connectors=quiet, queues=()) == [
        f'whether what left by "{make.name}", "Partner" went over TLS, and was accepted: ProtocolLoggingLevel to be '
        "Verbose there"
    ]
    stuck = unknown(make, connectors=quiet[:1])
    assert stuck[0].startswith(f'how sessions of "{make.name}" end')


def test_what_no_cmdlet_tells_is_said(make):
    bound = make.certificate(1, Service.SMTP)
    assert "certutil" in unknown(make, make.failing(bound), certificates=(bound,))[0]
    assert any("Test-NetConnection" in each for each in unknown(make, connectivity=attempt(make, failed())))


def test_findings_of_all_connectors_come_gravest_first(make):
    culprit = make.certificate(1)
    partner = make.connector(name="Partner", guid="00000000-0000-4000-8000-000000000002", tls_certificate_name=None)
    result = result_of(make, make.failing(culprit), certificates=(culprit,), connectors=(partner, make.connector()))
    assert [each["severity"] for each in result["findings"]] == ["error", "info"]


def test_an_old_attempt_is_outdated_only_where_the_queue_names_a_reason(make):
    tried = make.at(minutes=-4)
    old = attempt(make, failed(), minutes=-9)
    assert (
        root_of(make, queues=(make.queue(last_error=EITHER, last_retry_time=tried),), connectivity=old)["word"]
        == "10060"
    )
    said = replace(make.queue(last_error="451 4.4.0 DNS query failed"), last_retry_time=tried + timedelta(0))
    assert root_of(make, queues=(said,), connectivity=old)["id"] == "dns"
