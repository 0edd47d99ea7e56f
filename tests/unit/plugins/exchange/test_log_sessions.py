# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SMTP sessions: whose certificate, how TLS ended, what became of the mail."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from weakref import WeakSet

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.log_rows import parse_rows
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.log_sessions import group_sessions, sessions
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.protocol_log import (
    LoggedCertificate,
    LogType,
    Row,
    Session,
    TlsOutcome,
    Whose,
    session_result,
)
from hypothesis import given
from hypothesis import strategies as st

START = datetime(2026, 3, 2, 2, 15, tzinfo=UTC)
OURS = "3F9C1A7E5B2D4C6F8A9B0C1D2E3F4A5B6C7D8E9F"
THEIRS = "0123456789ABCDEF0123456789ABCDEF01234567"
SERIAL = "0A1B2C3D4E5F60718293A4B5C6D7E8F9"
SUBJECT = "CN=*.contoso.com, OU=IT, O=Contoso"
ISSUER = "CN=Example CA, O=Example, C=US"
NEW_FORM = "Subject Issuer name Serial number Thumbprint Not before Not after Subject alternate names"

Said = tuple[str, str, str]
"""Event, data and context of a row."""

CONNECT: list[Said] = [
    ("*", "SendRoutingHeaders", "Set Session Permissions"),
    ("*", "", "attempting to connect"),
    ("+", "", ""),
    ("<", "220 mx.fabrikam.com ESMTP", ""),
    (">", "EHLO mbx01.contoso.com", ""),
    ("<", "250  mx.fabrikam.com Hello [10.10.248.7] SIZE 157286400 PIPELINING STARTTLS 8BITMIME CHUNKING", ""),
]
STARTTLS: list[Said] = [(">", "STARTTLS", ""), ("<", "220 2.0.0 SMTP server ready", "")]
PROPERTIES = ["subject", "issuer name", "serial number", "thumbprint", "alternate names"]
ESTABLISHED: Said = (
    "*",
    "",
    "TLS protocol SP_PROT_TLS1_2_CLIENT negotiation succeeded using bulk encryption algorithm CALG_AES_256 with "
    "strength 256 bits, MAC hash algorithm CALG_SHA_384 with strength 0 bits and key exchange algorithm "
    "CALG_ECDH_EPHEM with strength 384 bits",
)
UNKNOWN_CREDENTIALS: Said = ("*", "", "TLS negotiation failed with error UnknownCredentials")
LOCAL: Said = ("-", "", "Local")
MAIL: list[Said] = [(">", "MAIL FROM:<a@contoso.com> SIZE=18019", ""), (">", "RCPT TO:<b@fabrikam.com>", "")]
WELCOME: list[Said] = [("<", "250 2.1.0 Sender OK", ""), ("<", "250 2.1.5 Recipient OK", "")]
QUEUED = "250 2.6.0 <1@contoso.com> [InternalId=1] Queued mail for delivery"
QUIT: list[Said] = [(">", "QUIT", ""), ("<", "221 2.0.0 Service closing", ""), LOCAL]


def old_form(marker: str, thumbprint: str) -> list[Said]:
    values = [SUBJECT, ISSUER, SERIAL, thumbprint, "*.contoso.com;contoso.com"]
    rows: list[Said] = [("*", value, f"Certificate {name}") for name, value in zip(PROPERTIES, values, strict=True)]
    return [("*", "", marker), *rows]


def new_form(marker: str, thumbprint: str, domains: str = " *.contoso.com;contoso.com") -> list[Said]:
    dates = "2026-01-01T00:00:00.000Z 2027-01-01T23:59:59.000Z"
    return [("*", f" {SUBJECT} {ISSUER} {SERIAL} {thumbprint} {dates}{domains}", f"{marker} {NEW_FORM}")]


FORMS = pytest.mark.parametrize("form", [old_form, new_form])
Form = Callable[[str, str], list[Said]]


def logged(*parts: list[Said] | Said, session: str = "08DE7814C5A2B301", first: int = 0) -> list[Row]:
    said = [row for part in parts for row in (part if isinstance(part, list) else [part])]
    return [
        Row(
            time=START + timedelta(milliseconds=10 * number),
            connector="Outbound to Office 365",
            session=session,
            sequence=first + number,
            local_endpoint="10.10.248.7:16547" if number > 1 else "",
            remote_endpoint="203.0.113.25:25",
            event=event,
            data=data,
            context=context,
            line=number + 1,
        )
        for number, (event, data, context) in enumerate(said)
    ]


def only(rows: Iterable[Row]) -> Session:
    (session,) = group_sessions(rows)
    return session


def certificate_of(session: Session) -> LoggedCertificate:
    (certificate,) = session.certificates
    return certificate


# A failing session


@pytest.mark.fact("protocol-log 0.4")
@FORMS
def test_tells_which_certificate_of_ours_could_not_be_used(form: Form) -> None:
    rows = logged(CONNECT, STARTTLS, form("Sending certificate", OURS), UNKNOWN_CREDENTIALS, LOCAL)
    session = only(rows)
    assert session.tls_verb == "STARTTLS"
    assert session.tls_outcome is TlsOutcome.FAILED
    assert session.tls_error == "UnknownCredentials"
    assert session.disconnect == "Local"
    assert session.starttls_offered is True
    assert session.outcome_row == rows[-2]
    assert session.rows == tuple(rows)
    certificate = certificate_of(session)
    assert (certificate.whose, certificate.thumbprint, certificate.serial_number) == (Whose.OURS, OURS, SERIAL)
    assert certificate.rows == tuple(rows[8:-2])


def test_the_old_form_tells_subject_and_issuer_apart() -> None:
    certificate = certificate_of(only(logged(STARTTLS, old_form("Sending certificate", OURS))))
    assert (certificate.subject, certificate.issuer, certificate.names) == (SUBJECT, ISSUER, "")


@pytest.mark.fact("protocol-log 0.4", "protocol-log 7.2")
@pytest.mark.parametrize("domains", [" *.contoso.com;contoso.com", " ", ""])
def test_the_new_form_holds_both_in_one_text(domains: str) -> None:
    rows = logged(STARTTLS, new_form("Sending certificate", OURS, domains))
    certificate = certificate_of(only(rows))
    assert (certificate.subject, certificate.issuer, certificate.names) == ("", "", f"{SUBJECT} {ISSUER}")
    assert certificate.thumbprint == OURS


@pytest.mark.fact("protocol-log 7.1")
def test_a_single_row_in_another_form_has_no_thumbprint() -> None:
    session = only(logged(STARTTLS, ("*", f" {SUBJECT} (masked)", f"Sending certificate {NEW_FORM}")))
    certificate = certificate_of(session)
    assert (certificate.whose, certificate.thumbprint) == (Whose.OURS, "")
    assert certificate.names == f"{SUBJECT} (masked)"


@pytest.mark.fact("protocol-log 7.1")
def test_the_single_row_is_read_from_its_right_end() -> None:
    """A subject may look like the rest of the row."""
    (row,) = new_form("Sending certificate", OURS)
    lure = f"CN=lure {SERIAL} {THEIRS} 2026-01-01T00:00:00.000Z 2027-01-01T23:59:59.000Z"
    certificate = certificate_of(only(logged(STARTTLS, (row[0], f" {lure}{row[1]}", row[2]))))
    assert certificate.thumbprint == OURS
    assert certificate.names == f"{lure} {SUBJECT} {ISSUER}"


@pytest.mark.fact("protocol-log 7.1")
def test_the_single_row_is_read_in_any_case_and_over_line_breaks() -> None:
    (row,) = new_form("Sending certificate", OURS.lower())
    certificate = certificate_of(only(logged(STARTTLS, (row[0], row[1].replace(", O=", ",\r\nO="), row[2]))))
    assert certificate.thumbprint == OURS
    assert certificate.names == f"{SUBJECT} {ISSUER}".replace(", O=", ",\r\nO=")


@pytest.mark.parametrize("word", ["NoCredentials", "SocketError", "BadBindings", "SomethingNew"])
def test_any_word_of_failure_is_kept_verbatim(word: str) -> None:
    session = only(logged(STARTTLS, ("*", "", f"TLS negotiation failed with error {word}"), ("-", "", "Remote")))
    assert session.tls_error == word
    assert session.tls_outcome is TlsOutcome.FAILED


@pytest.mark.fact("protocol-log 0.5")
def test_the_kbs_own_six_lines_do_not_say_whose_certificate_it_is(log_excerpt: Callable[[str], bytes]) -> None:
    text = log_excerpt("01-").decode().replace("x" * 22 + ",Certificate thumbprint", f"{OURS},Certificate thumbprint")
    session = only(parse_rows([text]))
    certificate = certificate_of(session)
    assert session.tls_verb == ""
    assert session.tls_error == "UnknownCredentials"
    assert certificate.whose is Whose.UNMARKED
    assert certificate.thumbprint == OURS
    assert certificate.subject == "CN=*.domain.com, OU=Enterprise SSL Wildcard, OU=Contoso IT, O=Contoso Corporation"


def test_a_masked_thumbprint_is_none(log_excerpt: Callable[[str], bytes]) -> None:
    assert certificate_of(only(parse_rows([log_excerpt("01-")]))).thumbprint == ""


def test_an_excerpt_that_ends_before_the_outcome_is_pending() -> None:
    assert only(logged(old_form("Sending certificate", OURS))).tls_outcome is TlsOutcome.PENDING
    assert only(logged(CONNECT, STARTTLS)).tls_outcome is TlsOutcome.PENDING
    assert only(logged(CONNECT)).tls_outcome is TlsOutcome.NOT_TRIED


# Whose certificate it is


@pytest.mark.fact("protocol-log 0.6")
@FORMS
def test_a_successful_session_shows_ours_first_and_then_theirs(form: Form) -> None:
    session = only(
        logged(
            CONNECT,
            STARTTLS,
            form("Sending certificate", OURS),
            form("Remote certificate", THEIRS),
            ESTABLISHED,
            [("*", "", "Received certificate"), ("*", THEIRS, "Certificate thumbprint")],
        )
    )
    assert session.tls_outcome is TlsOutcome.ESTABLISHED
    assert [(item.whose, item.thumbprint) for item in session.certificates] == [
        (Whose.OURS, OURS),
        (Whose.THEIRS, THEIRS),
        (Whose.THEIRS, THEIRS),
    ]


@pytest.mark.fact("protocol-log 7.12")
@pytest.mark.parametrize("protocol", ["SP_PROT_TLS1_3_CLIENT", "SP_PROT_OF_TOMORROW"])
def test_a_protocol_and_a_cipher_that_nobody_has_seen_are_a_success_too(protocol: str) -> None:
    established = ("*", "", f"TLS protocol {protocol} negotiation succeeded using TLS_AES_256_GCM_SHA384")
    session = only(logged(CONNECT, STARTTLS, old_form("Sending certificate", OURS), [established]))
    assert session.tls_outcome is TlsOutcome.ESTABLISHED


@pytest.mark.fact("protocol-log 7.13")
@pytest.mark.parametrize(
    "marker",
    [
        "Remote certificate",
        "Received certificate",
        "Validated received certificate",
        "Received DirectTrust certificate",
        "CRL validation failed with status Revoked",
        "Some new kind of certificate",
    ],
)
def test_every_marker_that_is_not_known_to_be_ours_is_theirs(marker: str) -> None:
    assert certificate_of(only(logged(STARTTLS, old_form(marker, THEIRS)))).whose is Whose.THEIRS


@pytest.mark.parametrize(
    "between", [(">", "NOOP", ""), ("<", "250 OK", ""), ("*", "", "Client certificate chain validation status: 'x'")]
)
def test_properties_belong_to_a_marker_only_if_they_follow_it_directly(between: Said) -> None:
    marker, *properties = old_form("Sending certificate", OURS)
    session = only(logged(STARTTLS, marker, between, properties))
    assert [(item.whose, item.thumbprint) for item in session.certificates] == [
        (Whose.OURS, ""),
        (Whose.UNMARKED, OURS),
    ]


def test_names_that_exchange_could_not_read_do_not_interrupt_a_description() -> None:
    said = old_form("Sending certificate", OURS)
    interruption = "CryptographicException was thrown while attempting to get certificate alternate names: Bad Data"
    certificate = certificate_of(only(logged(STARTTLS, said[:-1], ("*", "", interruption), said[-1])))
    assert certificate.whose is Whose.OURS
    assert len(certificate.rows) == 6


def test_a_second_description_without_a_marker_is_another_certificate() -> None:
    first, second = old_form("Sending certificate", OURS), old_form("Remote certificate", THEIRS)[1:]
    session = only(logged(STARTTLS, first, second))
    assert [(item.whose, item.thumbprint) for item in session.certificates] == [
        (Whose.OURS, OURS),
        (Whose.UNMARKED, THEIRS),
    ]


@pytest.mark.parametrize("event", [">", "<"])
def test_what_is_said_in_the_dialogue_describes_no_certificate(event: str) -> None:
    said: list[Said] = [(event, data, context) for __, data, context in old_form("Sending certificate", OURS)]
    assert only(logged(STARTTLS, said)).certificates == ()


def test_only_the_certificates_of_the_last_tls_verb_count() -> None:
    session = only(
        logged(
            CONNECT,
            [(">", "X-ANONYMOUSTLS", ""), ("<", "220 2.0.0 SMTP server ready", "")],
            old_form("Sending certificate", THEIRS),
            ESTABLISHED,
            STARTTLS,
            old_form("Sending certificate", OURS),
            UNKNOWN_CREDENTIALS,
        )
    )
    assert session.tls_verb == "STARTTLS"
    assert certificate_of(session).thumbprint == OURS


@pytest.mark.fact("protocol-log 0.7")
def test_the_hop_between_exchange_servers_is_told_by_its_verb() -> None:
    session = only(logged([(">", "X-ANONYMOUSTLS", "")], old_form("Sending certificate", OURS), UNKNOWN_CREDENTIALS))
    assert session.tls_verb == "X-ANONYMOUSTLS"


def test_an_outcome_stands_in_the_context_alone() -> None:
    assert only(logged(STARTTLS, ("*", UNKNOWN_CREDENTIALS[2], ""))).tls_outcome is TlsOutcome.PENDING


def test_a_subject_that_pretends_to_be_an_outcome_is_a_subject() -> None:
    said: list[Said] = [("*", "", "Remote certificate"), ("*", UNKNOWN_CREDENTIALS[2], "Certificate subject")]
    assert only(logged(STARTTLS, said)).tls_outcome is TlsOutcome.PENDING


# STARTTLS


@pytest.mark.parametrize(("name", "offered"), [("05-", False), ("09-", True), ("10-", True), ("11-", None)])
def test_published_sessions_offer_starttls_or_not(
    log_excerpt: Callable[[str], bytes], name: str, offered: bool | None
) -> None:
    """The last excerpt ends in the middle of the reply."""
    assert only(parse_rows([log_excerpt(name)])).starttls_offered is offered


def test_starttls_is_offered_as_a_word() -> None:
    ehlo: Said = (">", "EHLO mbx01", "")
    assert only(logged(ehlo, ("<", "250  host Hello NOSTARTTLS STARTTLSX", ""))).starttls_offered is False
    assert only(logged(ehlo, ("<", "250-host", ""), ("<", "250-starttls", ""), ("<", "250 OK", ""))).starttls_offered


def test_what_another_reply_offered_is_not_offered_by_the_next() -> None:
    ehlo: Said = (">", "EHLO mbx01", "")
    first, second = ("<", "250  host STARTTLS", ""), ("<", "250  host SIZE", "")
    assert only(logged(ehlo, first, ehlo, second)).starttls_offered is False
    assert only(logged(ehlo, second, ehlo, second)).starttls_offered is False
    assert only(logged(ehlo, second, ehlo, first)).starttls_offered is True


def test_replies_answer_pipelined_commands_in_their_order() -> None:
    sent: list[Said] = [*MAIL, (">", "BDAT 4096 LAST", "")]
    queued = only(logged(CONNECT, STARTTLS, ESTABLISHED, sent, WELCOME, ("<", QUEUED, "")))
    assert (queued.accepted, queued.rejected) == (1, 0)
    refused = only(logged(CONNECT, STARTTLS, ESTABLISHED, sent, WELCOME[:1], ("<", "550 no", ""), ("<", "554 no", "")))
    assert (refused.accepted, refused.rejected) == (0, 2)


def test_of_refusals_alone_the_latest_are_kept() -> None:
    said = [row for number in range(25) for row in ((">", "RCPT TO:<b@c>", ""), ("<", f"550 5.1.1 {number}", ""))]
    session = only(logged(STARTTLS, ESTABLISHED, said))
    assert session.rejected == 25
    assert session.replies == tuple(f"550 5.1.1 {number}" for number in range(5, 25))


def test_after_tls_nobody_offers_it_again() -> None:
    again: list[Said] = [(">", "EHLO mbx01.contoso.com", ""), ("<", "250  host Hello SIZE", "")]
    assert only(logged(CONNECT, STARTTLS, ESTABLISHED, again)).starttls_offered is True


def test_a_peer_may_refuse_the_verb() -> None:
    session = only(logged(CONNECT, (">", "STARTTLS", ""), ("<", "454 4.7.0 TLS not available", "")))
    assert session.tls_outcome is TlsOutcome.FAILED
    assert session.tls_error == ""
    assert session.replies == ("454 4.7.0 TLS not available",)


# What became of the mail


def test_an_accepted_message_over_tls_counts() -> None:
    data: list[Said] = [(">", "DATA", ""), ("<", "354 End data with <CR><LF>.<CR><LF>", ""), ("<", QUEUED, "")]
    session = only(logged(CONNECT, STARTTLS, ESTABLISHED, MAIL, WELCOME, data, QUIT))
    assert (session.accepted, session.accepted_in_clear, session.rejected) == (1, 0, 0)
    assert session.replies == (QUEUED,)


def test_the_last_chunk_is_a_message_and_the_others_are_not() -> None:
    chunks: list[Said] = [(">", "BDAT 1000", ""), ("<", "250 2.6.0 CHUNK received OK", "")] * 3
    last: list[Said] = [(">", "BDAT 17 LAST", ""), ("<", QUEUED, "")]
    assert only(logged(CONNECT, STARTTLS, ESTABLISHED, MAIL, WELCOME, chunks, last, QUIT)).accepted == 1


def test_a_message_without_tls_counts_apart(log_excerpt: Callable[[str], bytes]) -> None:
    session = only(parse_rows([log_excerpt("05-")]))
    assert (session.accepted, session.accepted_in_clear) == (0, 1)
    assert session.replies == ("250 ok 1666169082 30910",)


@pytest.mark.parametrize(
    "said",
    [
        [MAIL[0], ("<", "550 5.7.1 Sender refused", "")],
        [*MAIL, WELCOME[0], ("<", "550 5.1.1 User unknown", "")],
        [*MAIL, *WELCOME, (">", "DATA", ""), ("<", "554 5.5.1 No valid recipients", "")],
        [*MAIL, *WELCOME, (">", "BDAT 9 LAST", ""), ("<", "550 5.7.64 TenantAttribution; Relay Access Denied", "")],
        [*MAIL, *WELCOME, (">", "DATA", ""), ("<", "354 go", ""), ("<", "550-5.7.1 spam", ""), ("<", "550 bye", "")],
    ],
    ids=["sender", "recipient", "data", "chunk", "content"],
)
def test_every_kind_of_rejection_counts(said: list[Said]) -> None:
    session = only(logged(CONNECT, STARTTLS, ESTABLISHED, said, QUIT))
    assert (session.accepted, session.rejected) == (0, 1)
    assert session.replies[-1] == said[-1][1]


@pytest.mark.parametrize(
    "said",
    [
        [*MAIL, WELCOME[0], ("<", "451 4.7.1 Greylisted", "")],
        [("<", "421 4.4.1 Connection timed out", "")],
        [(">", "AUTH LOGIN", ""), ("<", "535 5.7.3 Authentication unsuccessful", "")],
        [(">", "RSET", ""), ("<", "250 2.0.0 Resetting", "")],
    ],
    ids=["deferral", "time-out", "authentication", "reset"],
)
def test_other_replies_are_neither_acceptance_nor_rejection(said: list[Said]) -> None:
    session = only(logged(CONNECT, STARTTLS, ESTABLISHED, said, QUIT))
    assert (session.accepted, session.accepted_in_clear, session.rejected) == (0, 0, 0)


def test_a_reply_without_its_command_proves_nothing() -> None:
    assert only(logged(("<", QUEUED, ""), QUIT, first=40)).accepted == 0


def test_a_cached_connection_counts_all_its_messages_and_keeps_few_rows() -> None:
    message: list[Said] = [*MAIL, *WELCOME, (">", "BDAT 17 LAST", ""), ("<", QUEUED, "")]
    refused: list[Said] = [*MAIL, ("<", "550 5.1.0 no", ""), ("<", "503 5.5.2 no", "")]
    rows = logged(CONNECT, STARTTLS, old_form("Sending certificate", OURS), ESTABLISHED, refused, message * 400, QUIT)
    session = only(rows)
    assert (session.accepted, session.rejected) == (400, 2)
    assert session.rows == (*rows[:192], *rows[-64:])
    assert certificate_of(session).thumbprint == OURS
    assert session.replies == ("550 5.1.0 no", "503 5.5.2 no", *[QUEUED] * 18)


# Receive logs


def test_a_receive_log_is_known_and_read_from_the_other_side(log_excerpt: Callable[[str], bytes]) -> None:
    session = only(parse_rows([log_excerpt("06-")]))
    assert session.log_type is LogType.RECEIVE
    assert not session.may_be_evidence
    assert session.tls_verb == "STARTTLS"
    assert session.tls_outcome is TlsOutcome.ESTABLISHED
    assert session.starttls_offered is True
    assert certificate_of(session).thumbprint == "12DEABC6565646512346ABDC1345689413589876"
    assert certificate_of(session).names == "CN=SERVER-HOSTNAME CN=SERVER-HOSTNAME"


def test_rows_of_a_receive_log_never_join_a_session_of_a_send_log() -> None:
    sent = logged(CONNECT, STARTTLS)
    received = [
        replace(row, log_type=LogType.RECEIVE) for row in logged(old_form("Sending certificate", OURS), first=8)
    ]
    found = {session.log_type: session for session in group_sessions([*sent, *received])}
    assert found[LogType.UNSTATED].certificates == ()
    assert found[LogType.UNSTATED].may_be_evidence
    assert not found[LogType.RECEIVE].may_be_evidence


@pytest.mark.fact("protocol-log 7.11")
@pytest.mark.parametrize(
    ("endpoint", "port"),
    [("203.0.113.25:25", 25), ("[2001:db8::25]:717", 717), ("2001:db8::25:2525", 2525), ("", None), ("x.x.x.x", None)],
)
def test_the_remote_port_stands_after_the_last_colon(endpoint: str, port: int | None) -> None:
    rows = [replace(row, remote_endpoint=endpoint) for row in logged(CONNECT)]
    assert only(rows).remote_port == port


# Grouping

FAILING = logged(CONNECT, STARTTLS, old_form("Sending certificate", OURS), UNKNOWN_CREDENTIALS, LOCAL, session="A")
PASSING = logged(CONNECT, STARTTLS, old_form("Remote certificate", THEIRS), ESTABLISHED, QUIT, session="B")
OPEN = logged(CONNECT, STARTTLS, old_form("Sending certificate", OURS), session="C")


@given(st.data())
def test_it_does_not_matter_how_sessions_interleave(data: st.DataObject) -> None:
    waiting = {"A": list(FAILING), "B": list(PASSING), "C": list(OPEN)}
    merged: list[Row] = []
    while any(waiting.values()):
        name = data.draw(st.sampled_from([name for name, rows in waiting.items() if rows]))
        merged.append(waiting[name].pop(0))
    alone = [only(FAILING), only(PASSING), only(OPEN)]
    assert sorted(group_sessions(merged), key=lambda session: session.session) == alone


@given(st.permutations(FAILING[:-1]))
def test_rows_that_were_written_out_of_order_are_put_in_order(rows: list[Row]) -> None:
    """All rows have one time, so that nothing but their numbers tells their order."""
    rows = [replace(row, time=START) for row in rows]
    assert only(rows) == only(replace(row, time=START) for row in FAILING[:-1])


@pytest.mark.parametrize("late", range(500, 518))
def test_a_row_that_comes_late_is_put_in_order_in_a_long_session_too(late: int) -> None:
    message: list[Said] = [*MAIL, *WELCOME, (">", "BDAT 17 LAST", ""), ("<", QUEUED, "")]
    rows = [replace(row, time=START) for row in logged(CONNECT, STARTTLS, ESTABLISHED, message * 100)]
    in_order = only(rows)
    rows.insert(late + 20, rows.pop(late))
    assert in_order.accepted == 100
    assert only(rows) == in_order


def test_an_id_that_begins_again_in_the_same_moment_is_another_session() -> None:
    rows = [replace(row, time=START) for row in [*logged(CONNECT), *logged(CONNECT, STARTTLS)]]
    assert [session.tls_verb for session in group_sessions(rows)] == ["", "STARTTLS"]


@pytest.mark.parametrize(("silence", "count"), [(timedelta(days=1), 1), (timedelta(days=1, milliseconds=1), 2)])
def test_a_session_that_is_silent_for_longer_than_a_day_has_ended(silence: timedelta, count: int) -> None:
    first = [replace(row, time=START) for row in logged(CONNECT, session="A")]
    other, *later = (replace(row, time=START + silence) for row in logged(QUIT, first=len(first), session="A"))
    found = group_sessions([*first, replace(other, session="B"), *later])
    assert [session.session for session in found].count("A") == count


def test_a_session_runs_on_over_the_border_of_a_file() -> None:
    rows = [replace(row, file="1") for row in FAILING[:10]] + [replace(row, file="2") for row in FAILING[10:]]
    assert certificate_of(only(rows)).thumbprint == OURS


def test_sessions_of_another_connector_with_the_same_id_are_others() -> None:
    other = [replace(row, connector="Other") for row in FAILING]
    pairs = zip(FAILING, other, strict=True)
    assert [len(session.rows) for session in group_sessions(row for pair in pairs for row in pair)] == [
        len(FAILING)
    ] * 2


def test_an_id_that_is_used_again_is_another_session() -> None:
    later = [replace(row, time=row.time + timedelta(minutes=1)) for row in OPEN]
    head, again = group_sessions([*OPEN, *later])
    assert len(head.rows) == len(again.rows) == len(OPEN)


def test_an_id_is_used_again_also_when_the_first_session_lost_its_head() -> None:
    later = [replace(row, time=row.time + timedelta(minutes=1)) for row in OPEN]
    head, again = group_sessions([*OPEN[5:], *later])
    assert (len(head.rows), len(again.rows)) == (len(OPEN) - 5, len(OPEN))


def test_the_endpoint_of_a_session_is_the_last_that_was_logged() -> None:
    *rows, last = FAILING
    session = only([*rows, replace(last, local_endpoint="", remote_endpoint="")])
    assert (session.local_endpoint, session.remote_endpoint) == ("10.10.248.7:16547", "203.0.113.25:25")


def test_repeated_and_missing_numbers_are_tolerated() -> None:
    rows = [replace(row, sequence=5 if row.sequence in (6, 7) else row.sequence * 2) for row in FAILING]
    assert only(rows).tls_error == "UnknownCredentials"


def test_a_session_is_yielded_when_it_ends() -> None:
    def rows() -> Iterator[Row]:
        yield from FAILING
        raise AssertionError("read on although a session had ended")

    assert next(sessions(rows())).session == "A"


def test_sessions_that_never_end_are_given_up_after_a_day() -> None:
    late = [replace(row, time=row.time + timedelta(days=1, seconds=1)) for row in FAILING]

    def rows() -> Iterator[Row]:
        yield from OPEN
        yield from late[:1]
        raise AssertionError("kept a dead session in memory")

    assert next(sessions(rows())).session == "C"


def test_a_busy_session_does_not_keep_dead_ones_in_memory() -> None:
    def rows() -> Iterator[Row]:
        yield from PASSING[:5]
        yield from OPEN
        for hours in range(30):
            yield replace(PASSING[5], time=START + timedelta(hours=hours))
        raise AssertionError("kept a dead session in memory")

    assert next(sessions(rows())).session == "C"


def test_memory_does_not_grow_with_a_sessions_messages() -> None:
    alive: WeakSet[Row] = WeakSet()
    most = 0

    def rows() -> Iterator[Row]:
        nonlocal most
        for number in range(5000):
            row = replace(OPEN[4], sequence=number, line=number)
            alive.add(row)
            most = max(most, len(alive))
            yield row

    assert len(list(sessions(rows()))) == 1
    assert most < 1000


def test_open_sessions_come_last_in_the_order_in_which_they_began() -> None:
    early = [replace(row, session="D", time=row.time - timedelta(minutes=1)) for row in OPEN]
    assert [session.session for session in sessions([*OPEN, *FAILING, *early])] == ["A", "D", "C"]
    assert [session.session for session in group_sessions([*OPEN, *FAILING, *early])] == ["D", "A", "C"]


def test_results_are_plain() -> None:
    rows = logged(CONNECT, STARTTLS, old_form("Sending certificate", OURS), UNKNOWN_CREDENTIALS, LOCAL)
    assert session_result(only(rows)) == {
        "connector": "Outbound to Office 365",
        "session": "08DE7814C5A2B301",
        "log_type": "",
        "started": "2026-03-02T02:15:00.000Z",
        "ended": "2026-03-02T02:15:00.150Z",
        "local_endpoint": "10.10.248.7:16547",
        "remote_endpoint": "203.0.113.25:25",
        "starttls_offered": True,
        "tls_verb": "STARTTLS",
        "tls_outcome": "failed",
        "tls_error": "UnknownCredentials",
        "certificates": [
            {
                "whose": "ours",
                "thumbprint": OURS,
                "serial_number": SERIAL,
                "subject": SUBJECT,
                "issuer": ISSUER,
                "names": "",
            }
        ],
        "accepted": 0,
        "accepted_in_clear": 0,
        "rejected": 0,
        "replies": [],
        "disconnect": "Local",
        "proxied_for_server": "",
        "proxied_for_session": "",
        "handed_over": False,
    }
