# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence: which session convicts which certificate, and all the ones that do not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.certificate import CertificateStatus
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.names import CertificateName
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.protocol_log import Whose
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.services import Service
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.case import make_case
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.evidence import (
    Doubt,
    Doubted,
    Evidence,
    Grade,
    evidence_result,
    presented_certificate,
    quoted_rows,
)
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.reading import Refusal
from hypothesis import given
from hypothesis import strategies as st

SMTP = Service.SMTP


@pytest.fixture
def culprit(make):
    return make.certificate(1, Service.IIS, Service.POP)


@pytest.fixture
def remote(make):
    """The other end's certificate, which happens to be in our store, too, without SMTP."""
    return make.certificate(9, subject="CN=mail.protection.outlook.com", issuer="CN=Public CA")


def case_of(make, *sessions, **changes):
    reading = make.reading(*sessions, **changes)
    return make_case(reading, reading.connectors[0])


def evidence_of(make, *sessions, **changes):
    return case_of(make, *sessions, **changes).evidence


def test_a_marked_certificate_is_evidence(make, culprit):
    evidence = evidence_of(make, *make.sessions(make.failing(culprit)))

    assert evidence.grade is Grade.MARKED
    assert evidence.thumbprints == (culprit.thumbprint,)
    assert evidence.where == "SEND20260302-1.LOG, line 14"
    assert evidence.lines[0] == (
        "2026-03-02T02:11:00.000Z,Outbound to Office 365,08DE77F2A41B0C11,6,10.0.0.21:16547,203.0.113.25:25,*,,"
        "Sending certificate"
    )
    assert evidence.lines[1].endswith(f',*,"{culprit.subject}",Certificate subject')
    assert evidence.lines[-1].endswith(",*,,TLS negotiation failed with error UnknownCredentials")
    told = evidence_result(evidence)
    assert (told["grade"], told["session"]) == ("marked", "08DE77F2A41B0C11")


def single_row(make, certificate, minutes=-4, session="08DE77F2A41B0C33"):
    data = (
        f" {certificate.subject} {certificate.issuer} {certificate.serial_number} {certificate.thumbprint} "
        f"2026-01-01T00:00:00.000Z 2027-01-01T23:59:59.000Z *.contoso.com;contoso.com"
    )
    context = (
        "Sending certificate Subject Issuer name Serial number Thumbprint Not before Not after Subject alternate names"
    )
    return make.rows(
        session,
        minutes,
        "+,,",
        ">,STARTTLS,",
        "<,220 2.0.0 SMTP server ready,",
        f'*,"{data}",{context}',
        "*,,TLS negotiation failed with error UnknownCredentials",
        "-,,Local",
    )


@pytest.mark.fact("protocol-log 7.1")
def test_the_new_form_is_evidence_too(make, culprit):
    evidence = evidence_of(make, *make.sessions(single_row(make, culprit)))
    assert (evidence.grade, evidence.thumbprints) == (Grade.MARKED, (culprit.thumbprint,))


@pytest.mark.fact("protocol-log 7.1")
def test_the_new_form_holds_names_in_any_case_and_those_of_the_store(make, culprit):
    lower = replace(culprit, subject=culprit.subject.lower())
    assert evidence_of(make, *make.sessions(single_row(make, lower))) is not None
    other = replace(culprit, subject="CN=another.contoso.com")
    assert judged(make, single_row(make, other)).doubt is Doubt.CONTRADICTED


@pytest.mark.fact("protocol-log 0.5")
def test_the_kbs_own_six_lines_are_inferred(make, culprit):
    rows = (*make.described(culprit), "*,,TLS negotiation failed with error UnknownCredentials")
    excerpt = make.rows("08D50D3D9730A8D2", -4, *rows)
    evidence = evidence_of(make, *make.sessions(excerpt, header=""))
    assert (evidence.grade, evidence.thumbprints) == (Grade.INFERRED, (culprit.thumbprint,))


@pytest.mark.fact("protocol-log 7.3")
def test_a_missing_marker_after_starttls_is_inferred(make, culprit):
    evidence = evidence_of(make, *make.sessions(make.failing(culprit, marker=None)))
    assert evidence.grade is Grade.INFERRED


def without_rows(make, *between, **where):
    rows = (">,STARTTLS,", "<,220 2.0.0 SMTP server ready,", *between)
    return make.rows("A1", -4, *rows, "*,,TLS negotiation failed with error UnknownCredentials", "-,,Local", **where)


def test_where_the_log_shows_no_certificate_those_are_left_that_lack_smtp(make, culprit):
    twin = replace(culprit, thumbprint=make.thumbprint(7))
    bound_twin = replace(culprit, thumbprint=make.thumbprint(8), services=frozenset({Service.SMTP}))
    expired = replace(culprit, thumbprint=make.thumbprint(9), status=CertificateStatus.DATE_INVALID)
    store = (culprit, twin, bound_twin, expired, make.setup_certificate())
    evidence = evidence_of(make, *make.sessions(without_rows(make)), certificates=store)
    assert (evidence.grade, evidence.thumbprints) == (Grade.ELIMINATED, (culprit.thumbprint, twin.thumbprint))
    assert [line.split(",")[-1] for line in evidence.lines] == ["TLS negotiation failed with error UnknownCredentials"]
    whole = evidence_of(make, *make.sessions(make.failing()), certificates=store)
    assert (whole.grade, whole.thumbprints) == (evidence.grade, evidence.thumbprints)


@pytest.mark.parametrize(
    "between",
    [
        ("*,,Sending certificate",),
        ("*,,a word that nobody knows",),
        ("<,220 once more,",),
    ],
)
def test_nothing_may_stand_where_certificates_are_eliminated(make, between):
    assert judged(make, without_rows(make, *between)).doubt is Doubt.UNTOLD


@pytest.mark.parametrize("answer", ["<,454 4.7.0 TLS not available,", "<,250 2.0.0 OK,"])
def test_the_other_end_has_consented_where_certificates_are_eliminated(make, answer):
    text = make.rows("A1", -4, ">,STARTTLS,", answer, "*,,TLS negotiation failed with error UnknownCredentials")
    assert judged(make, text).doubt is Doubt.UNTOLD


def test_the_consent_is_to_starttls_where_certificates_are_eliminated(make):
    more = (">,NOOP,", "<,220 2.0.0 OK,")
    assert judged(make, without_rows(make, *more)).doubt is Doubt.UNTOLD


def test_a_session_too_long_to_be_kept_whole_tells_nothing(make, culprit):
    """Of more than 256 rows those in the middle are not kept, and the error may be among them."""
    noise = ("*,,a word that nobody knows",) * 200
    for described in ((), ("*,,Sending certificate", *make.described(culprit))):
        between = (">,STARTTLS,", "<,220 2.0.0 SMTP server ready,", *described)
        failed = "*,,TLS negotiation failed with error UnknownCredentials"
        (session,) = make.sessions(make.rows("A1", -4, *noise, *between, failed, *noise))
        assert session.outcome_row not in session.rows
        assert judged_of(make, session).doubt is Doubt.UNTOLD


def test_no_row_may_be_missing_where_certificates_are_eliminated(make):
    text = without_rows(make).replace(",A1,2,", ",A1,8,")
    assert ",A1,8," in text
    assert judged(make, text).doubt is Doubt.UNTOLD


@pytest.mark.parametrize("services", [frozenset({Service.SMTP}), None])
def test_nothing_is_eliminated_where_all_have_smtp_or_one_is_unknown(make, culprit, services):
    twin = replace(culprit, thumbprint=make.thumbprint(7), services=services)
    store = (twin,) if services else (culprit, twin)
    assert judged(make, without_rows(make), certificates=store).doubt is Doubt.UNTOLD


def judged(make, *texts, **changes):
    return judged_of(make, *make.sessions(*texts), **changes)


def judged_of(make, *sessions, **changes):
    case = case_of(make, *sessions, **changes)
    assert case.evidence is None
    return case.judged


@pytest.mark.parametrize("row", ["*,,attempting to connect", "<,250 hello,", ">,EHLO mail.contoso.com,"])
def test_nothing_else_may_stand_before_an_inferred_one(make, culprit, row):
    rows = (row, *make.described(culprit), "*,,TLS negotiation failed with error UnknownCredentials")
    assert judged(make, make.rows("08D50D3D9730A8D2", -4, *rows)).doubt is Doubt.UNTOLD


@pytest.mark.parametrize("row", ["*,,attempting to connect", "<,250 hello,", "*,220 odd,", ">,EHLO mail.contoso.com,"])
@pytest.mark.parametrize("consent", [(), ("<,220 2.0.0 SMTP server ready,",)])
def test_nothing_else_may_stand_between_starttls_and_an_inferred_one(make, culprit, row, consent):
    rows = (*make.described(culprit), "*,,TLS negotiation failed with error UnknownCredentials")
    assert judged(make, make.rows("A1", -4, ">,STARTTLS,", *consent, row, *rows)).doubt is Doubt.UNTOLD
    assert evidence_of(make, *make.sessions(make.rows("A1", -4, ">,STARTTLS,", *consent, *rows))) is not None


def test_what_stands_before_the_last_starttls_is_no_doubt(make, culprit):
    rows = (*make.described(culprit), "*,,TLS negotiation failed with error UnknownCredentials")
    first = (">,STARTTLS,", "<,454 4.7.0 TLS not available,", ">,STARTTLS,", "<,220 2.0.0 SMTP server ready,")
    evidence = evidence_of(make, *make.sessions(make.rows("A1", -4, *first, *rows)))
    assert (evidence.grade, evidence.thumbprints) == (Grade.INFERRED, (culprit.thumbprint,))


def test_a_marked_certificate_needs_no_names_and_an_inferred_one_does(make, culprit):
    failed = "*,,TLS negotiation failed with error UnknownCredentials"
    thumbprint = f"*,{culprit.thumbprint},Certificate thumbprint"
    rows = (">,STARTTLS,", "<,220 2.0.0 SMTP server ready,")
    marked = evidence_of(make, *make.sessions(make.rows("A1", -4, *rows, "*,,Sending certificate", thumbprint, failed)))
    assert (marked.grade, marked.thumbprints) == (Grade.MARKED, (culprit.thumbprint,))
    assert judged(make, make.rows("A1", -4, *rows, thumbprint, failed)).doubt is Doubt.CONTRADICTED


def test_two_certificates_of_ours_are_a_doubt(make, culprit):
    rows = (">,STARTTLS,", "<,220 2.0.0 SMTP server ready,")
    sent = [row for each in (culprit, make.certificate(2)) for row in ("*,,Sending certificate", *make.described(each))]
    failed = "*,,TLS negotiation failed with error UnknownCredentials"
    assert judged(make, make.rows("A1", -4, *rows, *sent, failed)).doubt is Doubt.UNTOLD


def test_only_a_negotiation_that_failed_for_lack_of_credentials_presents_a_certificate(make, culprit, remote):
    for text in (make.failing(culprit, word="NoCredentials"), make.succeeding(culprit, remote, -4)):
        (session,) = make.sessions(text)
        assert presented_certificate(session) is None


def test_where_no_row_says_how_tls_ended_the_last_one_is_quoted(make):
    (session,) = make.sessions(make.rows("A1", -4, "+,,", "<,220 ready,", ">,QUIT,", "-,,Remote"))
    assert [row.event for row in quoted_rows(session)] == ["-"]


@pytest.mark.fact("protocol-log 0.7")
@pytest.mark.parametrize("port", [717, 2525, 475])
def test_a_hop_inside_the_organisation_is_no_evidence(make, culprit, port):
    rows = (*make.described(culprit), "*,,TLS negotiation failed with error UnknownCredentials")
    assert judged(make, make.rows("08D50D3D9730A8D2", -4, *rows, port=port)) is None


@pytest.mark.fact("protocol-log 0.7")
def test_x_anonymoustls_is_never_evidence(make, culprit):
    assert judged(make, make.failing(culprit, verb="X-ANONYMOUSTLS")) is None


@pytest.mark.parametrize(
    "marker", ["Remote certificate", "Received certificate", "Validated received certificate", "Strange certificate"]
)
def test_a_received_certificate_is_never_evidence(make, culprit, marker):
    assert judged(make, make.failing(culprit, marker=marker)).doubt is Doubt.UNTOLD


def test_another_marker_in_between_is_a_doubt(make, culprit, remote):
    text = make.failing(culprit)
    outcome = text.index("\r\n", text.index("Certificate alternate names")) + 2
    more = make.rows("08DE77F2A41B0C11", -4, "*,,Remote certificate", *make.described(remote)).replace(
        "08DE77F2A41B0C11,", "08DE77F2A41B0C11,1"
    )
    renumbered = text[outcome:].replace("11,12,", "11,17,").replace("11,13,", "11,18,")
    assert judged(make, text[:outcome] + more + renumbered).doubt is Doubt.UNTOLD


def test_a_certificate_that_is_ours_and_theirs_is_a_doubt(make, culprit):
    """The other end shows the very certificate that we sent: then the rows do not say whose key failed."""
    rows = (
        ">,STARTTLS,",
        "<,220 2.0.0 SMTP server ready,",
        "*,,Sending certificate",
        *make.described(culprit),
        "*,,Remote certificate",
        *make.described(culprit),
        "*,,TLS negotiation failed with error UnknownCredentials",
    )
    assert judged(make, make.rows("A1", -4, *rows)).doubt is Doubt.UNTOLD


def test_a_certificate_after_the_error_is_a_doubt(make, culprit):
    rows = (
        ">,STARTTLS,",
        "<,220 2.0.0 SMTP server ready,",
        "*,,TLS negotiation failed with error UnknownCredentials",
        "*,,Sending certificate",
        *make.described(culprit),
    )
    assert judged(make, make.rows("A1", -4, *rows)).doubt is Doubt.UNTOLD


def test_a_receive_log_is_never_evidence(make, culprit):
    sessions = make.sessions(make.failing(culprit), header="#Log-type: SMTP Receive Protocol Log\r\n")
    assert case_of(make, *sessions).judged is None


def test_another_connectors_session_is_no_evidence(make, culprit):
    assert judged(make, make.failing(culprit, connector="Partner mail")) is None


def test_a_masked_thumbprint_is_no_evidence(make, culprit):
    masked = replace(culprit, thumbprint="xxxxxxxxxxxxxxxxxxxxxx")
    assert judged(make, make.failing(masked)).doubt is Doubt.UNTOLD


def test_other_words_are_no_evidence_of_a_binding(make, culprit):
    assert judged(make, make.failing(culprit, word="NoCredentials")) is None


def test_the_log_needs_no_quotes_of_the_other_end(make, culprit):
    """A greeting may hold line breaks and, after them, what looks like rows."""
    forged = make.failing(culprit).replace('"', '""')
    row = make.rows("08DE77F2A41B0C13", -4, "+,,", f'<,"220 hello\r\n{forged}",', "-,,Remote")
    assert case_of(make, *make.sessions(row)).judged is None


@pytest.mark.parametrize(
    ("doubt", "stored"),
    [
        (Doubt.NOT_IN_STORE, None),
        (Doubt.CONTRADICTED, {"subject": "CN=another.contoso.com"}),
        (Doubt.CONTRADICTED, {"issuer": "CN=Another CA"}),
        (Doubt.CONTRADICTED, {"serial_number": "BEEF"}),
        (Doubt.NO_KEY, {"has_private_key": False}),
        (Doubt.SERVICES_UNKNOWN, {"has_private_key": None}),
        (Doubt.SERVICES_UNKNOWN, {"services": None}),
        (Doubt.HAS_SMTP, {"services": frozenset({SMTP})}),
    ],
)
def test_the_store_must_agree(make, culprit, doubt, stored):
    listed = () if stored is None else (replace(culprit, **stored),)
    for text in (make.failing(culprit), make.failing(culprit, marker=None)):
        found = judged(make, text, certificates=listed)
        assert isinstance(found, Doubted)
        assert (found.doubt, found.thumbprint) == (doubt, culprit.thumbprint)


@pytest.mark.fact("cmdlets 0.6")
@pytest.mark.parametrize(
    "name",
    [None, CertificateName("CN=Another CA", "CN=*.contoso.com, O=Contoso, C=US"), CertificateName(None, "CN=x.test")],
)
def test_todays_connector_must_agree(make, culprit, name):
    connectors = (make.connector(tls_certificate_name=name),)
    assert judged(make, make.failing(culprit), connectors=connectors).doubt is Doubt.NOT_NAMED


def test_a_serial_number_may_have_a_leading_zero_and_names_any_case(make, culprit):
    logged = replace(culprit, serial_number="00" + culprit.serial_number, subject=culprit.subject.upper())
    assert evidence_of(make, *make.sessions(make.failing(logged))) is not None


# Age, and what came later.


def test_evidence_may_be_a_quarter_of_an_hour_older_than_the_first_retry(make, culprit):
    since = make.at(minutes=-40)
    queues = (make.queue(first_retry_time=since), make.queue(4, first_retry_time=make.at(minutes=-5)))
    assert evidence_of(make, *make.sessions(make.failing(culprit, -55)), queues=queues) is not None
    old = case_of(make, *make.sessions(make.failing(culprit, -56)), queues=queues)
    assert old.judged is None
    assert old.story.stale_failure is not None, "it is quoted"


def test_without_a_stuck_queue_evidence_is_an_hour_old_at_most(make, culprit):
    assert evidence_of(make, *make.sessions(make.failing(culprit, -60)), queues=()) is not None
    assert evidence_of(make, *make.sessions(make.failing(culprit, -61)), queues=()) is None


def test_a_later_success_means_cured(make, culprit, remote):
    texts = (make.failing(culprit, -20), make.succeeding(culprit, remote, -10))
    case = case_of(make, *make.sessions(*texts))
    assert case.evidence is None
    assert case.story.cured


def test_an_earlier_success_does_not(make, culprit, remote):
    texts = (make.succeeding(culprit, remote, -30), make.failing(culprit, -20))
    assert evidence_of(make, *make.sessions(*texts)).thumbprints == (culprit.thumbprint,)


@pytest.mark.parametrize("where", [{"connector": "Partner mail"}, {"verb": "X-ANONYMOUSTLS"}])
def test_a_success_elsewhere_does_not_either(make, culprit, remote, where):
    texts = (make.failing(culprit, -20), make.succeeding(culprit, remote, -10, **where))
    assert evidence_of(make, *make.sessions(*texts)) is not None


def test_the_newest_failure_counts(make, culprit):
    twin = make.certificate(2)
    certificates = (make.setup_certificate(), culprit, twin)
    texts = (make.failing(twin, -20, session="A1"), make.failing(culprit, -10, session="A2"))
    assert evidence_of(make, *make.sessions(*texts), certificates=certificates).thumbprints == (culprit.thumbprint,)


def test_interleaved_sessions_are_told_apart(make, culprit, remote):
    """The newest successful session, of another connector, shows a certificate that is in our store without SMTP."""
    ours = make.failing(culprit).splitlines(keepends=True)
    theirs = make.succeeding(
        make.setup_certificate(), remote, -4, session="08DE77F2A41B0C12", connector="Partner mail"
    ).splitlines(keepends=True)
    mixed = [line for pair in zip(ours, theirs, strict=False) for line in pair] + theirs[len(ours) :]
    certificates = (make.setup_certificate(), culprit, remote)
    evidence = evidence_of(make, *make.sessions(*mixed), certificates=certificates)
    assert evidence.thumbprints == (culprit.thumbprint,)


# A refused change.

REFUSED = "The given certificate is not enabled for SMTP protocol."


@pytest.mark.fact("cmdlets 0.4")
def test_a_refused_change_is_evidence_on_the_first_source_server(make, culprit):
    twin = make.certificate(2)
    certificates = (make.setup_certificate(), culprit, twin, make.certificate(3, SMTP))
    evidence = evidence_of(make, certificates=certificates, refusals=(Refusal(make.guid, REFUSED),))
    assert evidence.grade is Grade.REFUSAL
    assert evidence.thumbprints == (culprit.thumbprint, twin.thumbprint)
    assert evidence.lines == (REFUSED,)


def refused(make, **changes):
    return evidence_of(make, **{"refusals": (Refusal(make.guid, REFUSED),), **changes})


def test_a_refused_change_proves_nothing_elsewhere(make):
    assert refused(make, connectors=(make.connector(source_servers=("MBX02", "MBX01")),)) is None
    assert refused(make, refusals=(Refusal("another", REFUSED),)) is None


@pytest.mark.parametrize("error", ["", "451 4.4.0 DNS query failed"])
def test_a_refused_change_proves_nothing_without_the_symptom(make, error):
    assert refused(make, queues=(make.queue(last_error=error),)) is None
    assert refused(make, queues=()) is None


def test_a_refused_change_proves_nothing_where_all_are_bound_or_unusable(make):
    assert refused(make, certificates=(make.certificate(1, SMTP),)) is None
    assert refused(make, certificates=(make.certificate(1, has_private_key=False),)) is None
    assert refused(make, certificates=(make.certificate(1, has_private_key=None),)) is None
    assert refused(make, certificates=(make.certificate(1, services=None),)) is None


def test_where_the_log_speaks_it_is_right(make, culprit):
    sessions = make.sessions(make.failing(culprit, word="NoCredentials"))
    assert evidence_of(make, *sessions, refusals=(Refusal(make.guid, REFUSED),)) is None


# For every session.

EVENTS = [
    "+,,",
    ">,STARTTLS,",
    ">,X-ANONYMOUSTLS,",
    "<,220 2.0.0 SMTP server ready,",
    "*,,Sending certificate",
    "*,,Remote certificate",
    "*,,Received certificate",
    "ours",
    "theirs",
    "*,,TLS negotiation failed with error UnknownCredentials",
    "*,,TLS protocol SP_PROT_TLS1_2_CLIENT negotiation succeeded using X",
    "-,,Local",
]


@given(events=st.lists(st.sampled_from(EVENTS), max_size=12))
def test_no_session_convicts_a_certificate_that_was_received(make, events):
    """Whatever the order of the rows: the one that stands after a marker of theirs is never convicted."""
    ours, theirs = make.certificate(1), make.certificate(2)
    rows = []
    for event in events:
        rows += {"ours": make.described(ours), "theirs": make.described(theirs)}.get(event, (event,))
    for session in make.sessions(make.rows("A1", -4, *rows)):
        found = presented_certificate(session)
        if found is None:
            continue
        grade, logged = found
        assert session.tls_outcome.value == "failed"
        assert session.tls_verb != "X-ANONYMOUSTLS"
        assert logged.whose is (Whose.OURS if grade is Grade.MARKED else Whose.UNMARKED)
        assert all(each.whose is not Whose.THEIRS for each in session.certificates)
        # What stands behind the end of a session counts for nothing.
        told = [part for part in "\n".join(events).split("-,,Local") if "*,,TLS" in part]
        assert any(part.rpartition("*,,TLS")[2].startswith(" negotiation failed") for part in told)


@given(data=st.data())
def test_evidence_always_names_a_certificate_that_lacks_smtp_and_has_a_key(make, data):
    certificate = make.certificate(
        1,
        services=data.draw(st.none() | st.frozensets(st.sampled_from(Service))),
        has_private_key=data.draw(st.sampled_from([True, False, None])),
        subject=data.draw(st.sampled_from([make.subject, make.subject.lower(), "CN=other"])),
    )
    logged = make.certificate(data.draw(st.integers(1, 2)))
    sessions = make.sessions(make.failing(logged, data.draw(st.integers(-90, 0))))
    evidence = evidence_of(make, *sessions, certificates=(certificate,))
    if isinstance(evidence, Evidence):
        assert evidence.thumbprints == (certificate.thumbprint,)
        assert certificate.services is not None
        assert SMTP not in certificate.services
        assert certificate.has_private_key is True
        assert certificate.subject.lower() == make.subject.lower()


def test_a_masked_excerpt_of_the_kb_proves_nothing(make):
    path = next((Path(__file__).parents[3] / "fixtures" / "protocol-logs").glob("01*"))
    sessions = make.sessions(path.read_text(encoding="utf-8"), header="")
    (session,) = [each for each in sessions if each.tls_error]
    assert presented_certificate(session) is None
