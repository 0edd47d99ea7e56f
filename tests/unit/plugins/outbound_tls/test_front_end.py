# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail that leaves through a front end: who presents the certificate, whose log proves it, who cures it.

No log of such a session has been published; these rows follow a published analysis of Exchange 2013 CU23.
"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.last_error import next_hop_named
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.send_log import LogPosition, SendLog
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.services import Service
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.assessment import assess, assessment_result
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.binding import BindingWish, plan_binding
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.binding_state import BindingState
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.front_end import (
    VIRTUAL_CONNECTOR,
    FrontEndLog,
    handed_to,
    hops,
    oldest,
    proxied_from,
    proxied_result,
    tied,
)
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.summary import verdict_result
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.verdict import judge_story, story_from
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.waiting import Awaited, has_come

ID = "08DE77F2A41B0A01"
REFUSED = (
    "450 4.7.0 Proxy session setup failed on Frontend with '451 4.4.0 Primary target IP address responded with: "
    '"451 4.4.0 Security status {word}." Attempted failover to alternate host, but that did not succeed.\''
)


def queued(make, word="UnknownCredentials"):
    refused = REFUSED.format(word=word)
    return make.queue(last_error=f"[{{LRT=x}};{{LED={refused}}};{{FQDN=mbx02.contoso.test}};{{IP=10.0.0.22}}]")


def hop(make, *, front_end="mbx02.contoso.test", session=ID, minutes=-4, word="UnknownCredentials"):
    """The transport service's session with a front end that could not reach anybody."""
    default = make.setup_certificate()
    reply = REFUSED.format(word=word).replace('"', '""')
    return make.rows(
        session,
        minutes,
        "+,,",
        f"<,220 {front_end} Microsoft ESMTP MAIL Service ready,",
        ">,EHLO mbx01.contoso.test,",
        f"<,250  {front_end} X-ANONYMOUSTLS,",
        ">,X-ANONYMOUSTLS,",
        "<,220 2.0.0 SMTP server ready,",
        "*,,Sending certificate",
        *make.described(default),
        "*,,TLS protocol SP_PROT_TLS1_2_CLIENT negotiation succeeded using bulk encryption algorithm X",
        ">,EHLO mbx01.contoso.test,",
        f"<,250  {front_end} XPROXYTO,",
        ">,XPROXYTO,",
        f'<,"{reply}",',
        ">,QUIT,",
        "<,221 2.0.0 Service closing transmission channel,",
        "-,,Local",
        port=717,
    )


def delivered(make, *, session=ID, minutes=1, reply="250 2.6.0 Queued mail for delivery"):
    """The same session when the front end could: its rows are counted from 0 again once the other end answers."""
    opened = make.rows(
        session,
        minutes,
        "+,,",
        "<,220 mbx02.contoso.test Microsoft ESMTP MAIL Service ready,",
        ">,EHLO mbx01.contoso.test,",
        "<,250  mbx02.contoso.test X-ANONYMOUSTLS,",
        ">,X-ANONYMOUSTLS,",
        "<,220 2.0.0 SMTP server ready,",
        "*,,TLS protocol SP_PROT_TLS1_2_CLIENT negotiation succeeded using bulk encryption algorithm X",
        ">,XPROXYTO,",
        "<,250 XProxyTo accepted,",
        f"*,,This session is now being proxied through the next hop. The actual connector being used is: {make.name}",
        port=717,
    )
    sent = make.rows(
        session,
        minutes + 0.01,
        ">,EHLO mbx01.contoso.test,",
        "<,250  mail.protection.outlook.com,",
        *make.one_message(reply),
        port=717,
    )
    return opened + sent


def made_for(
    make, certificate, *, connector, source="mbx01.contoso.test", session=ID, proxied="08DE77F2B0000B01", fails=True
):
    """The front end's session with the Internet, under either connector-id."""
    asked = f"Outbound proxy from {source} with session id {session}. Proxied session id {proxied}"
    first = make.rows(proxied, -4, f"*,,attempting to connect. {asked}", connector=connector)
    where = {"session": proxied, "connector": connector}
    failing = make.failing(certificate, -4, **where)
    rest = (failing if fails else make.succeeding(certificate, make.certificate(9), -4, **where)).splitlines(True)
    numbered = (",".join([*row.split(",")[:3], str(n), *row.split(",")[4:]]) for n, row in enumerate(rest, 1))
    return first + "".join(numbered)


def sender(make, *texts, **changes):
    """What mbx01 tells, which sends, and whose own certificate is bound."""
    facts = {
        "connectors": (make.connector(frontend_proxy=True),),
        "queues": (queued(make),),
        "certificates": (make.setup_certificate(), make.certificate(1, Service.SMTP)),
        **changes,
    }
    return result_of(make.reading(*make.sessions(*texts), **facts))


def front_end(make, proxied, *texts, **changes):
    """What mbx02 tells, which is asked."""
    server = replace(make.server(), name="MBX02", fqdn="mbx02.contoso.test")
    handed = handed_to([proxied_from(each) for each in proxied], server)
    sessions = tied(make.sessions(*texts), handed)
    facts = {
        "server": server,
        "connectors": (make.connector(frontend_proxy=True),),
        "queues": (),
        "proxied": handed,
        "front_end": FrontEndLog(r"C:\FrontEnd", sessions),
        "log": SendLog(r"C:\SmtpSend", (), LogPosition(make.clock, "", -1)),
        **changes,
    }
    return result_of(make.reading(**facts))


def result_of(reading):
    result = assessment_result(assess(reading))
    json.dumps(result)
    assert all(len(each["message"]) <= 300 for each in result["findings"])
    return result


def told(result):
    (entry,) = result["connectors"]
    return entry["finding"]["kind"], entry["finding"]["id"]


def steps(result):
    (entry,) = result["connectors"]
    return tuple(entry["repair"][step]["certainty"] for step in ("raise_logging", "bind", "retry"))


@pytest.fixture
def culprit(make):
    return make.certificate(1, Service.IIS, Service.POP)


def test_the_server_that_sends_names_the_front_end_and_binds_nothing(make):
    result = sender(make, hop(make))
    assert told(result) == ("other_cause", "frontend_proxy")
    assert steps(result) == ("certain", "no", "certain")
    (finding,) = (each for each in result["findings"] if each["primary"])
    assert "mbx02.contoso.test" in finding["message"]
    assert "UnknownCredentials" in finding["message"]
    assert "Run the repair on mbx02.contoso.test together with mbx01.contoso.test" in finding["remedy"]
    assert finding["repairable_by_role"] is False
    assert result["connectors"][0]["front_ends"] == ["mbx02.contoso.test"]


def test_it_publishes_its_sessions_for_the_front_end(make):
    (proxied,) = sender(make, hop(make))["proxied"]
    assert proxied == {
        "session": ID,
        "connector": make.name,
        "guid": make.guid,
        "server": "mbx01.contoso.test",
        "front_end": "mbx02.contoso.test",
        "time": "2026-03-02T02:11:00.000Z",
        "age": 240.0,
        "messages": 25,
    }
    assert proxied_result(proxied_from(proxied)) == proxied


def test_without_waiting_mail_it_publishes_nothing(make):
    result = sender(make, hop(make), queues=())
    assert result["proxied"] == []
    assert told(result) == ("healthy", "healthy")


@pytest.mark.parametrize(
    ("changes", "cause"),
    [({"tls_certificate_name": None}, "certificate_name_missing"), ({"ignore_starttls": True}, "starttls_ignored")],
)
def test_where_no_certificate_is_used_no_front_end_is_asked(make, changes, cause):
    result = sender(make, hop(make), connectors=(make.connector(frontend_proxy=True, **changes),))
    assert told(result) == ("other_cause", cause)


def test_what_else_the_queue_says_is_no_matter_of_the_front_end(make):
    result = sender(make, queues=(make.queue(last_error="451 4.4.0 DNS query failed"),))
    assert told(result) == ("other_cause", "dns")


def test_the_latest_session_with_a_front_end_counts(make):
    """An old hop, and one that ended before TLS was tried, tell nothing of now."""
    refused = hop(make, session="08DE77F2A41B0A00", minutes=-6, word="InvalidToken")
    assert told(sender(make, refused, hop(make, minutes=-4))) == ("other_cause", "frontend_proxy")
    old = hop(make, session="08DE77F2A41B0A00", minutes=-600, word="InvalidToken")
    queues = (make.queue(last_error=REFUSED.format(word="UnknownCredentials")),)
    assert told(sender(make, old, queues=queues)) == ("no_evidence", "unexplained")
    untried = make.rows(ID, -2, "+,,", "<,220 mbx03.contoso.test ready,", "-,,Remote", port=717)
    (entry,) = sender(make, hop(make), untried)["connectors"]
    assert entry["front_ends"] == ["mbx02.contoso.test"]


def test_a_session_that_waiting_mail_made_is_as_recent_as_the_mail(make):
    """Evidence begins a quarter of an hour before the first failure, with the session of that very moment."""
    queues = (replace(queued(make), first_retry_time=make.at(minutes=-40)),)
    (entry,) = sender(make, hop(make, front_end="mbx03.contoso.test", minutes=-55), queues=queues)["connectors"]
    assert entry["front_ends"] == ["mbx03.contoso.test"]


def test_without_waiting_mail_a_broken_way_is_no_finding(make):
    broken = make.failing(make.setup_certificate(), verb="X-ANONYMOUSTLS", port=717)
    assert told(sender(make, broken, queues=())) == ("healthy", "healthy")


def test_what_was_handed_over_is_never_in_the_future_and_a_silent_log_dates_nothing(make):
    (silent,) = sender(make)["proxied"]
    assert (silent["time"], silent["age"]) == (None, 0.0)
    (ahead,) = sender(make, hop(make, minutes=2))["proxied"]
    assert ahead["age"] == 0.0
    (now,) = sender(make, hop(make, minutes=-0.01))["proxied"]
    assert now["age"] == 0.6


@pytest.mark.parametrize("connector", [VIRTUAL_CONNECTOR, "Outbound to Office 365"])
@pytest.mark.parametrize("source", ["mbx01.contoso.test", "MBX01"])
def test_the_front_end_convicts_its_own_certificate(make, culprit, connector, source):
    proxied = sender(make, hop(make))["proxied"]
    result = front_end(make, proxied, made_for(make, culprit, connector=connector, source=source))
    assert told(result) == ("certificate_not_bound", "certificate_not_bound")
    assert steps(result) == ("no", "certain", "no")
    (finding,) = (each for each in result["findings"] if each["primary"])
    assert finding["server"] == "mbx02.contoso.test"
    assert finding["thumbprints"] == [culprit.thumbprint]
    assert finding["repairable_by_role"] is True
    assert finding["evidence"]["grade"] == "marked"
    assert finding["evidence"]["where"].startswith("Front End Transport service, SEND20260302-1.LOG, line ")
    assert "25 messages wait on mbx01.contoso.test" in finding["message"]
    assert finding["severity"] == "error"
    assert result["connectors"][0]["source_server"] is False
    assert result["proxied"] == []


@pytest.mark.parametrize("asked_by", [{"session": "08DE77F2A41B0A02"}, {"source": "mbx09.contoso.test"}])
def test_a_session_that_was_made_for_somebody_else_proves_nothing(make, culprit, asked_by):
    proxied = sender(make, hop(make))["proxied"]
    result = front_end(make, proxied, made_for(make, culprit, connector=make.name, **asked_by))
    assert told(result) == ("no_evidence", "suspected")
    assert result["connectors"][0]["evidence"] is None
    sessions = make.sessions(made_for(make, culprit, connector=make.name, **asked_by))
    assert tied(sessions, [proxied_from(each) for each in proxied]) == {}


def test_what_a_receive_log_or_a_session_with_the_internet_holds_is_no_hop(make, culprit):
    receive = "#Log-type: SMTP Receive Protocol Log\r\n"
    (sent,) = make.sessions(hop(make))
    assert hops([sent, *make.sessions(make.failing(culprit)), *make.sessions(hop(make), header=receive)]) == (sent,)
    proxied = [proxied_from(each) for each in sender(make, hop(make))["proxied"]]
    text = made_for(make, culprit, connector=VIRTUAL_CONNECTOR)
    assert tied(make.sessions(text, header=receive), proxied) == {}
    assert list(tied(make.sessions(text), proxied)) == [make.guid]


def test_the_log_of_a_front_end_is_read_back_to_an_hour_before_the_oldest_of_its_sessions(make):
    """The clocks are of two servers, and some time has passed since the first of them was looked at."""
    (proxied,) = (proxied_from(each) for each in sender(make, hop(make))["proxied"])
    assert oldest([proxied, replace(proxied, age=600.0)], make.clock) == make.at(minutes=-70)
    assert oldest([], make.clock) == make.at(minutes=-60)


def test_the_log_of_the_front_end_is_told_where_one_is_asked(make):
    log = FrontEndLog(r"C:\FrontEnd", problem="access denied")
    (entry,) = sender(make, front_end=log)["connectors"]
    assert entry["front_end_log"] == {"path": r"C:\FrontEnd", "sessions": 0, "problem": "access denied"}
    (direct,) = sender(make, front_end=log, connectors=(make.connector(),))["connectors"]
    assert direct["front_end_log"] is None


def test_a_row_of_the_other_end_ties_nothing(make):
    """Whoever is greeted may write what he likes: only what Exchange notes itself is believed."""
    forged = f"<,220 attempting to connect. Outbound proxy from mbx01.contoso.test with session id {ID},"
    sessions = make.sessions(make.rows("08DE77F2B0000B09", -4, "+,,", forged, connector=VIRTUAL_CONNECTOR))
    assert [each.proxied_for for each in sessions] == [None]


def test_a_name_that_no_front_end_has_is_nobodys(make):
    proxied = [replace(proxied_from(sender(make, hop(make))["proxied"][0]), front_end="mbx03.contoso.test")]
    assert handed_to(proxied, make.server()) == ()
    edge = replace(make.server(), is_mailbox=False, is_edge=True)
    assert handed_to([replace(proxied[0], front_end="")], edge) == ()
    assert handed_to([replace(proxied[0], front_end="")], replace(make.server(), is_mailbox=False)) == ()
    assert len(handed_to([replace(proxied[0], front_end="")], make.server())) == 1


def test_a_server_may_be_its_own_front_end(make, culprit):
    """Then one look tells both halves, and the usual steps follow."""
    own = sender(make, hop(make, front_end="mbx01.contoso.test"))["proxied"]
    sessions = tied(
        make.sessions(made_for(make, culprit, connector=VIRTUAL_CONNECTOR)), [proxied_from(each) for each in own]
    )
    log = FrontEndLog(r"C:\FrontEnd", sessions)
    store = (make.setup_certificate(), culprit)
    result = sender(make, hop(make, front_end="mbx01.contoso.test"), front_end=log, certificates=store)
    assert told(result) == ("certificate_not_bound", "certificate_not_bound")
    assert steps(result) == ("certain", "certain", "certain")


def test_a_success_of_the_front_end_is_its_health_and_no_answer_to_the_server_whose_mail_still_waits(make):
    bound = make.certificate(1, Service.SMTP)
    store = (make.setup_certificate(), bound)
    proxied = sender(make, hop(make))["proxied"]
    established = made_for(make, bound, connector=VIRTUAL_CONNECTOR, fails=False)
    assert told(front_end(make, proxied, established, certificates=store)) == ("healthy", "healthy")

    own = sender(make, hop(make, front_end="mbx01.contoso.test"))["proxied"]
    log = FrontEndLog(r"C:\FrontEnd", tied(make.sessions(established), [proxied_from(each) for each in own]))
    result = sender(make, hop(make, front_end="mbx01.contoso.test"), front_end=log, certificates=store)
    assert told(result) == ("no_evidence", "unexplained")


def test_mail_that_waits_here_and_elsewhere_for_a_front_end_is_counted_as_one(make, culprit):
    asked = [proxied_from(each) for each in sender(make, hop(make))["proxied"]]
    others = [
        replace(asked[0], server="mbx03.contoso.test", messages=5),
        replace(asked[0], server="mbx04.contoso.test"),
    ]
    session = made_for(make, culprit, connector=VIRTUAL_CONNECTOR, source="mbx03.contoso.test")
    facts = {
        "front_end": FrontEndLog(r"C:\FrontEnd", tied(make.sessions(session), others)),
        "proxied": (others[0], replace(others[1], messages=0)),
        "certificates": (make.setup_certificate(), culprit),
    }
    both = sender(make, **facts)["findings"][0]["message"]
    assert both.endswith("; 30 messages wait.")
    elsewhere = sender(make, queues=(), **facts)["findings"][0]["message"]
    assert elsewhere.endswith("; 5 messages wait on mbx03.contoso.test.")


def test_its_own_front_end_may_not_have_written_yet(make):
    result = sender(make, hop(make, front_end="mbx01.contoso.test"), front_end=FrontEndLog(r"C:\FrontEnd"))
    assert told(result) == ("no_evidence", "unexplained")


def test_the_trap_of_the_default_certificate(make, culprit):
    """The hop itself fails with the same word. What it presents is the default certificate, which no binding cures."""
    unusable = replace(make.setup_certificate(), services=frozenset({Service.IIS}))
    broken = make.failing(unusable, verb="X-ANONYMOUSTLS", port=717).replace(
        "220 mail.protection.outlook.com ready", "220 mbx02.contoso.test Microsoft ESMTP MAIL Service ready"
    )
    result = sender(make, broken, certificates=(unusable, culprit))
    assert told(result) == ("other_cause", "frontend_hop")
    assert steps(result) == ("no", "no", "no")
    assert result["proxied"] == []
    (finding,) = (each for each in result["findings"] if each["primary"])
    assert "mbx02.contoso.test (port 717) fails with UnknownCredentials, where" in finding["message"]
    assert finding["repairable_by_role"] is False
    assert any("UnknownCredentials" in line for line in finding["evidence"]["lines"])


def test_a_front_end_that_refuses_the_verb_has_no_word_for_it(make):
    rows = ("+,,", "<,220 mbx02.contoso.test ready,", ">,X-ANONYMOUSTLS,", "<,454 4.7.0 not now,", "-,,Remote")
    result = sender(make, make.rows(ID, -4, *rows, port=717))
    assert told(result) == ("other_cause", "frontend_hop")
    assert "mbx02.contoso.test (port 717) fails, where" in result["findings"][0]["message"]


def test_a_silent_log_leads_to_the_front_end_that_the_queue_names(make, culprit):
    result = sender(make)
    assert told(result) == ("other_cause", "frontend_proxy")
    assert steps(result) == ("certain", "no", "certain")
    (proxied,) = result["proxied"]
    assert (proxied["session"], proxied["front_end"]) == ("", "mbx02.contoso.test")
    asked = front_end(make, [proxied])
    assert told(asked) == ("no_evidence", "suspected")
    assert "wait on mbx01.contoso.test for the Front End" in asked["findings"][0]["message"]
    assert steps(asked) == ("no", "conditional", "no")
    assert asked["connectors"][0]["repair"]["bind"]["thumbprints"] == [culprit.thumbprint]


def test_a_front_end_that_nobody_names_is_conditional_only_where_something_could_be_bound(make):
    proxied = sender(make, queues=(make.queue(last_error=REFUSED.format(word="UnknownCredentials")),))["proxied"]
    assert proxied[0]["front_end"] == ""
    asked = front_end(make, proxied)
    assert steps(asked) == ("no", "conditional", "no")
    assert "wait on mbx01.contoso.test perhaps for the Front End" in asked["findings"][0]["message"]
    bound = front_end(make, proxied, certificates=(make.setup_certificate(), make.certificate(1, Service.SMTP)))
    assert told(bound) == ("healthy", "healthy")


def test_a_front_end_that_only_the_queue_says_was_not_reached_is_looked_for_in_the_log(make):
    error = '451 4.4.0 Primary outbound frontend IP address responded with: "421 4.4.1 Connection timed out."'
    result = sender(make, queues=(make.queue(last_error=error),))
    assert told(result) == ("other_cause", "frontend_hop")
    assert steps(result)[0] == "certain"


def test_another_word_is_another_cause(make):
    result = sender(make, hop(make, word="InvalidToken"), queues=(queued(make, "InvalidToken"),))
    assert told(result) == ("other_cause", "not_tls")
    assert steps(result) == ("no", "no", "no")
    assert "mbx02.contoso.test" in result["findings"][0]["message"]


def test_a_refused_raise_convicts_nobody_behind_a_front_end(make):
    symptom = make.queue()
    result = sender(make, queues=(symptom,))
    assert result["connectors"][0]["evidence"] is None


def test_a_certificate_that_is_bound_already_is_not_bound_again(make):
    bound = make.certificate(1, Service.SMTP)
    proxied = sender(make, hop(make))["proxied"]
    result = front_end(
        make,
        proxied,
        made_for(make, bound, connector=VIRTUAL_CONNECTOR),
        certificates=(make.setup_certificate(), bound),
    )
    assert told(result) == ("other_cause", "key_unusable")
    assert steps(result) == ("no", "no", "no")
    assert "MSExchangeFrontEndTransport" in result["findings"][0]["remedy"]


def since(make):
    return LogPosition(make.at(minutes=-1), "08DE", 22)


def test_messages_that_the_other_end_took_through_the_front_end_are_proof(make):
    (entry,) = sender(make, hop(make), delivered(make), queues=(), since=since(make))["connectors"]
    proof = entry["proof"]
    assert (proof["proven"], proof["accepted"], proof["accepted_in_clear"], proof["rejected"]) == (True, 1, 0, 0)
    assert proof["established"] == 1


def test_without_insisting_on_tls_nobody_can_tell_how_they_left(make):
    lax = make.connector(frontend_proxy=True, require_tls=False)
    (entry,) = sender(make, delivered(make), queues=(), since=since(make), connectors=(lax,))["connectors"]
    assert (entry["proof"]["proven"], entry["proof"]["accepted"], entry["proof"]["accepted_in_clear"]) == (False, 0, 0)


def test_a_rejection_through_the_front_end_counts(make):
    reply = "550 5.7.64 TenantAttribution; Relay Access Denied"
    (entry,) = sender(make, delivered(make, reply=reply), queues=(), since=since(make))["connectors"]
    assert (entry["proof"]["proven"], entry["proof"]["rejected"]) == (False, 1)
    assert entry["proof"]["replies"] == [reply]


def test_a_refusal_of_the_front_end_is_no_proof_and_names_its_word(make):
    (entry,) = sender(make, hop(make, minutes=1), since=since(make))["connectors"]
    assert (entry["proof"]["accepted"], entry["proof"]["tls_errors"]) == (0, ["UnknownCredentials"])


def test_the_front_end_is_waited_for_until_its_log_speaks(make, culprit):
    proxied = [proxied_from(each) for each in sender(make, hop(make))["proxied"]]
    sessions = make.sessions(made_for(make, culprit, connector=VIRTUAL_CONNECTOR))

    def came(handed, found):
        facts = {"server": replace(make.server(), name="MBX02", fqdn="mbx02.contoso.test"), "queues": ()}
        connectors = (make.connector(frontend_proxy=True),)
        log = FrontEndLog(r"C:\FrontEnd", tied(found, handed))
        reading = make.reading(connectors=connectors, proxied=tuple(handed), front_end=log, **facts)
        return has_come(Awaited.EVIDENCE, assess(reading))

    assert came(proxied, ()) is False
    assert came(proxied, sessions) is True
    assert came([replace(each, session="") for each in proxied], ()) is True


def test_what_is_no_proxied_session_is_told():
    with pytest.raises(ValueError, match="no proxied session"):
        proxied_from({"session": ID})


def test_the_next_hop_is_read_from_either_frame():
    assert (
        next_hop_named("[{LRT=x};{LED=450 4.7.0 y};{FQDN=mbx02.contoso.test};{IP=10.0.0.22}]") == "mbx02.contoso.test"
    )
    assert next_hop_named("450 4.4.101 Proxy session setup failed") == ""


# The verdicts of both hosts, each of which needs the other's results.


def verdicts(make, sent, asked, bind=None, check_mode=False):
    """The verdicts of the server that sends and of its front end's, as the role has them given."""
    steps = [] if bind is None else [{"what": "bind", "results": [{**bind, "item": [{"guid": make.guid}]}]}]
    mbx01 = {"host": "mbx01", "looks": sent, "steps": []}
    mbx02 = {"host": "mbx02", "looks": asked, "steps": steps}
    return [
        verdict_result(judge_story(story_from({**own, "others": [other], "check_mode": check_mode})))
        for own, other in ((mbx01, mbx02), (mbx02, mbx01))
    ]


@pytest.fixture
def looks(make, culprit):
    before = sender(make, hop(make))
    asked = front_end(make, before["proxied"], made_for(make, culprit, connector=VIRTUAL_CONNECTOR))
    return before, asked


@pytest.fixture
def bind(make, culprit):
    state = BindingState(
        "mbx02.contoso.test", False, (make.setup_certificate(), culprit), culprit, make.thumbprint(0xD0)
    )
    return {"changed": True, **plan_binding(BindingWish(culprit.thumbprint), state).outcome.result}


def test_both_are_repaired_by_one_binding_and_one_proof(make, culprit, looks, bind):
    before, asked = looks
    ids = [f"08DE77F2A41B0B{number:02d}" for number in range(25)]
    after = sender(make, *(delivered(make, session=each) for each in ids), queues=(), since=since(make))
    sent, helped = verdicts(make, [before, after], [asked], bind)
    assert (sent["verdict"], helped["verdict"]) == ("repaired", "repaired")
    assert sent["message"] == (
        f'mbx01.contoso.test, "{make.name}": certificate {culprit.thumbprint} is enabled for SMTP now on '
        f"mbx02.contoso.test; 25 of 25 messages left, 25 accepted over TLS."
    )
    assert "25 of 25 messages left, 25 accepted over TLS" in helped["message"]
    own, there = sent["connectors"][make.guid], helped["connectors"][make.guid]
    assert (own["bound"], [each["server"] for each in own["bound_elsewhere"]]) == ([], ["mbx02.contoso.test"])
    assert [each["server"] for each in there["bound"]] == ["mbx02.contoso.test"]
    changed = f"Changed: SMTP added to certificate {culprit.thumbprint} on mbx02.contoso.test"
    for verdict in (sent, helped):
        assert [line.startswith(changed) for line in verdict["summary"] if line.startswith("Changed")] == [True]


def test_a_server_that_has_bound_too_tells_of_itself(make, culprit, looks, bind):
    """It is a front end as well, so its own binding comes first."""
    before, asked = looks
    own = {**bind, "server": "mbx01.contoso.test", "item": [{"guid": make.guid}]}
    story = {
        "host": "mbx01",
        "looks": [before, sender(make, delivered(make), queues=(), since=since(make))],
        "steps": [{"what": "bind", "results": [own]}],
        "others": [{"looks": [asked], "steps": [{"what": "bind", "results": [{**bind, "item": {"guid": make.guid}}]}]}],
    }
    judged = verdict_result(judge_story(story_from(story)))
    assert f"certificate {culprit.thumbprint} is enabled for SMTP now; 25 of 25" in judged["message"]
    assert [line.partition(" on ")[2][:5] for line in judged["summary"] if line.startswith("Changed")] == [
        "mbx01",
        "mbx02",
    ]


def test_a_binding_that_nobody_has_tried_says_where_to_run_again(make, looks, bind):
    before, asked = looks
    __, helped = verdicts(make, [before], [asked], bind)
    assert helped["verdict"] == "bound_not_proven"
    assert "run the repair on mbx01.contoso.test again" in helped["summary"][-1]


def test_a_rejection_is_the_verdict_of_both(make, looks, bind):
    before, asked = looks
    after = sender(make, delivered(make, reply="550 5.7.64 TenantAttribution"), queues=(), since=since(make))
    assert [each["verdict"] for each in verdicts(make, [before, after], [asked], bind)] == ["rejected", "rejected"]


def test_a_refused_binding_is_the_verdict_of_both(make, looks):
    before, asked = looks
    refusal = {"failed": True, "reason": "refused", "msg": "mbx02.contoso.test: the certificate has expired."}
    told = verdicts(make, [before], [asked], refusal)
    assert [each["verdict"] for each in told] == ["refused", "refused"]
    assert {each["message"] for each in told} == {refusal["msg"]}


def test_without_its_front_end_the_server_that_sends_names_it(make, looks):
    sent, __ = verdicts(make, [looks[0]], [])
    assert sent["verdict"] == "other_cause"
    assert "Run the repair on mbx02.contoso.test together with mbx01.contoso.test" in sent["summary"][-1]


@pytest.mark.parametrize(
    ("what", "failed", "verdict"),
    [("raise", True, "no_evidence"), ("raise", False, "other_cause"), ("retry", True, "other_cause")],
)
def test_without_the_logging_nobody_can_tell_which_certificate_it_is(make, what, failed, verdict):
    result = {"failed": failed, "msg": "mbx01: it was lost.", "item": {"guid": make.guid}}
    story = {"host": "mbx01", "looks": [sender(make)], "steps": [{"what": what, "results": [result]}]}
    judged = verdict_result(judge_story(story_from(story)))
    assert judged["verdict"] == verdict
    assert (judged["message"] == "mbx01: it was lost.") is (verdict == "no_evidence")


def test_a_check_run_promises_nothing_where_the_front_end_has_nothing_to_bind(make):
    silent = sender(make)
    bound = (make.setup_certificate(), make.certificate(1, Service.SMTP))
    sent, __ = verdicts(make, [silent], [front_end(make, silent["proxied"], certificates=bound)], check_mode=True)
    assert sent["verdict"] == "other_cause"


def test_a_check_run_promises_what_the_log_of_the_front_end_names(make, culprit, looks):
    before, asked = looks
    sent, helped = verdicts(make, [before], [asked], check_mode=True)
    enable = f"a run would enable certificate {culprit.thumbprint} for SMTP"
    assert sent["message"].endswith(f"{enable} on mbx02.contoso.test.")
    assert helped["message"].endswith(f"{enable}.")


def test_a_check_run_promises_what_was_bound_there_in_it(make, culprit, bind):
    silent = sender(make)
    sent, __ = verdicts(make, [silent], [front_end(make, silent["proxied"])], bind, check_mode=True)
    assert sent["message"].endswith(
        f"a run would enable certificate {culprit.thumbprint} for SMTP on mbx02.contoso.test."
    )


def test_what_its_front_end_found_is_the_next_step_of_the_server_that_sends(make, culprit):
    before = sender(make, hop(make))
    keyless = make.certificate(1, Service.IIS, has_private_key=False)
    text = made_for(make, culprit, connector=VIRTUAL_CONNECTOR)
    asked = front_end(make, before["proxied"], text, certificates=(make.setup_certificate(), keyless))
    sent, __ = verdicts(make, [before], [asked])
    assert (sent["verdict"], sent["next"]) == ("other_cause", asked["findings"][0]["message"])


def test_a_refused_raise_names_the_server_that_has_to_be_repaired_first(make):
    refused = {
        "failed": True,
        "failure_kind": "connector_certificate_lacks_smtp",
        "msg": "mbx01: not enabled for SMTP",
        "item": {"guid": make.guid},
    }
    proxying = make.connector(frontend_proxy=True, source_servers=("MBX05", "MBX01"))
    story = {
        "host": "mbx01",
        "looks": [sender(make, connectors=(proxying,))],
        "steps": [{"what": "raise", "results": [refused]}],
    }
    judged = verdict_result(judge_story(story_from(story)))
    assert judged["verdict"] == "no_evidence"
    assert "while a certificate of that name lacks SMTP on MBX05: enable it there" in judged["next"]


def test_without_a_raise_that_failed_the_next_step_is_the_findings_own(make):
    result = sender(make, hop(make, front_end="mbx01.contoso.test"), front_end=FrontEndLog(r"C:\FrontEnd"))
    judged = verdict_result(judge_story(story_from({"host": "mbx01", "looks": [result], "steps": []})))
    assert judged["verdict"] == "no_evidence"
    assert judged["next"] == result["findings"][0]["remedy"]


def test_a_check_run_promises_the_candidates_of_the_front_end(make, culprit):
    silent = sender(make)
    told = verdicts(make, [silent], [front_end(make, silent["proxied"])], check_mode=True)
    assert "read the log of the front end mbx02.contoso.test, and enable" in told[0]["message"]
    assert [each["verdict"] for each in told] == ["would_repair", "would_repair"]
    assert all(culprit.thumbprint in each["message"] for each in told)
