# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a session says and what the log tells of it."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest

SAMPLE_OLD = """\
13,L,R,>,STARTTLS,
14,L,R,<,220 2.0.0 SMTP server ready,
15,L,R,*,,Sending certificate
16,L,R,*,"CN=*.contoso.com, OU=IT, O=Contoso",Certificate subject
17,L,R,*,"CN=Example CA, O=Example, C=US",Certificate issuer name
18,L,R,*,{serial},Certificate serial number
19,L,R,*,{thumbprint},Certificate thumbprint
20,L,R,*,*.contoso.com;contoso.com,Certificate alternate names
21,L,R,*,,TLS negotiation failed with error UnknownCredentials
22,L,R,-,,Local
"""
SAMPLE_NEW = (
    '*," CN=*.contoso.com, OU=IT, O=Contoso CN=Example CA, O=Example, C=US {serial} {thumbprint} '
    '2026-02-10T02:00:00.000Z 2027-02-10T02:00:00.000Z *.contoso.com;contoso.com",Sending certificate Subject Issuer '
    "name Serial number Thumbprint Not before Not after Subject alternate names"
)


def fill(sample: str, certificate: Any) -> str:
    return sample.replace("{serial}", certificate.serial_number).replace("{thumbprint}", certificate.thumbprint)


class TestFailing:
    @pytest.mark.fact("protocol-log 0.4", "protocol-log 7.2", "protocol-log 7.3", "protocol-log 7.11")
    def test_ends_as_in_the_kb_row_for_row(self, bench: Any) -> None:
        here = bench().after(seconds=30)
        local, remote = here.rows()[2][4:6]
        head = f"{here.rows()[0][1]},{here.rows()[0][2]},"
        seen = "".join(
            line.partition(head)[2].replace(f"{local},{remote}", "L,R") + "\n"
            for line in here.text().splitlines()
            if head in line
        )
        assert seen.endswith(fill(SAMPLE_OLD, here.third_party))

    @pytest.mark.fact("protocol-log 7.2", "protocol-log 7.11")
    def test_begins_as_real_sessions_do(self, bench: Any) -> None:
        here = bench().after(seconds=30)
        assert here.said()[:13] == [
            ("*", "SendRoutingHeaders", "Set Session Permissions"),
            ("*", "", "attempting to connect"),
            ("+", "", ""),
            ("<", "220 mx.example.com Microsoft ESMTP MAIL Service ready", ""),
            (">", "EHLO mail.contoso.com", ""),
            ("<", "250-mx.example.com Hello [10.0.0.21]", ""),
            ("<", "250-SIZE 157286400", ""),
            ("<", "250-PIPELINING", ""),
            ("<", "250-DSN", ""),
            ("<", "250-ENHANCEDSTATUSCODES", ""),
            ("<", "250-STARTTLS", ""),
            ("<", "250-8BITMIME", ""),
            ("<", "250 CHUNKING", ""),
        ]
        assert [row[4] for row in here.rows()][:2] == ["", ""]
        ends = {row[4] for row in here.rows()[2:]}
        assert len(ends) == 1
        assert re.fullmatch(r"10\.0\.0\.21:\d{4,5}", ends.pop())
        assert {row[5] for row in here.rows()} == {"203.0.113.25:25"}
        assert {row[1] for row in here.rows()} == {"Outbound to Office 365"}

    @pytest.mark.fact("protocol-log 7.3", "protocol-log 7.11")
    def test_writes_the_certificate_in_one_row_in_the_new_form(self, bench: Any) -> None:
        here = bench(readings={"certificate_rows": "new", "ehlo_rows": "joined"}).after(seconds=30)
        tails = [line.split(",", 6)[6] for line in here.text().splitlines() if not line.startswith("#")]
        assert tails[5] == (
            "<,250  mx.example.com Hello [10.0.0.21] SIZE 157286400 PIPELINING DSN ENHANCEDSTATUSCODES STARTTLS "
            "8BITMIME CHUNKING,"
        )
        assert tails[6:] == [
            ">,STARTTLS,",
            "<,220 2.0.0 SMTP server ready,",
            fill(SAMPLE_NEW, here.third_party),
            "*,,TLS negotiation failed with error UnknownCredentials",
            "-,,Local",
        ]

    @pytest.mark.fact("protocol-log 7.2", "protocol-log 7.11")
    def test_may_say_nothing_of_certificates(self, bench: Any) -> None:
        here = bench(readings={"certificate_rows": "none"}).after(seconds=30)
        assert here.said()[14:] == [
            ("<", "220 2.0.0 SMTP server ready", ""),
            ("*", "", "TLS negotiation failed with error UnknownCredentials"),
            ("-", "", "Local"),
        ]

    @pytest.mark.fact("protocol-log 7.11")
    def test_a_connection_that_does_not_come_about_has_no_plus(self, bench: Any, make_peer: Any) -> None:
        here = bench(peers=[make_peer(listens=False, connect_failure="refused")]).after(seconds=30)
        assert [each[0] for each in here.said()] == ["*", "*", "*"]
        assert here.said()[2][2].startswith("Failed to connect. Winsock error code: 10061, Win32 error code: 10061")
        assert [row[4] for row in here.rows()] == [""] * 3

    @pytest.mark.fact("cmdlets 0.8", "protocol-log 0.1", "protocol-log 7.11")
    def test_a_peer_without_starttls_is_left_when_tls_is_required(self, bench: Any, make_peer: Any) -> None:
        here = bench(peers=[make_peer(starttls=False)]).after(seconds=30)
        assert ("<", "250-STARTTLS", "") not in here.said()
        assert here.said()[-4:] == [
            ("*", "", "Connector is configured to send mail only over TLS connections and remote doesn't support TLS"),
            (">", "QUIT", ""),
            ("<", "221 2.0.0 Service closing transmission channel", ""),
            ("-", "", "Local"),
        ]
        assert '"451 5.7.3 STARTTLS is required to send mail."' in here.queue.last_error

    def test_goes_on_to_the_next_smart_host(self, bench: Any, make_peer: Any) -> None:
        down, up = make_peer("a.example.com", listens=False), make_peer("b.example.com", address="203.0.113.26")
        here = bench(peers=[down, up], connector={"smart_hosts": ("a.example.com", "b.example.com")})
        here.bind(here.third_party)
        here.after(minutes=2)
        assert {each.peer for each in here.world.delivered} == {"b.example.com"}
        assert here.queue.next_hop_domain == "a.example.com,b.example.com"


class TestSucceeding:
    @pytest.fixture
    def here(self, bench: Any) -> Any:
        here = bench()
        here.bind(here.third_party)
        return here.after(minutes=1)

    @pytest.mark.fact("protocol-log 0.4", "protocol-log 7.11")
    def test_shows_our_certificate_first_then_twice_the_peers(self, here: Any) -> None:
        peer = here.world.peers["mx.example.com"].certificate.thumbprint
        thumbprints = [data for __, data, context in here.said(0) if context == "Certificate thumbprint"]
        assert thumbprints == [here.third_party.thumbprint, peer, peer]
        markers = [context for *__, context in here.said(0) if context.endswith(" certificate")]
        assert markers == ["Sending certificate", "Remote certificate", "Received certificate"]

    @pytest.mark.fact("protocol-log 7.11")
    def test_shows_two_certificates_in_the_new_form(self, bench: Any) -> None:
        here = bench(readings={"certificate_rows": "new"})
        here.bind(here.third_party)
        contexts = [context for *__, context in here.after(minutes=1).said(0) if " certificate Subject " in context]
        assert [each.partition(" Subject ")[0] for each in contexts] == ["Sending certificate", "Remote certificate"]

    @pytest.mark.fact("protocol-log 0.4", "protocol-log 7.2", "protocol-log 7.11", "protocol-log 7.12")
    def test_greets_again_within_tls_and_sends_one_message_after_the_other(self, here: Any) -> None:
        said = here.said(0)
        negotiated = next(n for n, each in enumerate(said) if each[2].startswith("TLS protocol SP_PROT_TLS1_2_CLIENT"))
        inside = said[negotiated + 3 :]
        assert inside[0] == (">", "EHLO mail.contoso.com", "")
        assert ("<", "250-STARTTLS", "") not in inside
        message = inside[8:15]
        assert message[0][2].startswith("sending message with RecordId ")
        message_id = message[0][2].rpartition(" ")[2]
        assert [data.partition(":")[0].rstrip("0123456789") for __, data, __ in message[1:3]] == [
            "MAIL FROM",
            "RCPT TO",
        ]
        assert [data for __, data, __ in message[3:5]] == ["250 2.1.0 Sender OK", "250 2.1.5 Recipient OK"]
        assert message[5][1].startswith("BDAT ")
        assert message[6][1].startswith(f"250 2.6.0 {message_id} ")
        assert message[6][1].endswith(" Queued mail for delivery")
        assert said[-3:] == [
            (">", "QUIT", ""),
            ("<", "221 2.0.0 Service closing transmission channel", ""),
            ("-", "", "Local"),
        ]

    @pytest.mark.fact("protocol-log 7.11")
    def test_numbers_its_rows_from_0_while_sessions_interleave(self, here: Any) -> None:
        ids = [row[2] for row in here.rows()]
        assert len(set(ids)) == 2
        assert sum(1 for one, other in pairwise(ids) if one != other) > 10
        for session in set(ids):
            numbers = [int(row[3]) for row in here.rows() if row[2] == session]
            assert numbers == list(range(len(numbers)))

    @pytest.mark.fact("protocol-log 7.11")
    def test_ids_are_16_hex_digits_that_count_on_from_the_start_of_the_service(self, here: Any) -> None:
        first, second = sorted({row[2] for row in here.rows()})
        assert len(first) == 16
        assert int(second, 16) == int(first, 16) + 1
        assert first.startswith("08DE")  # .NET ticks of 2026, as 08D5… in the KB are those of 2017

    @pytest.mark.fact("protocol-log 0.4")
    def test_without_a_certificate_of_ours_there_is_no_row_about_one(self, bench: Any) -> None:
        here = bench(connector={"tls_certificate_name": None}).after(minutes=1)
        assert {(each.tls, each.thumbprint) for each in here.world.delivered} == {(True, None)}
        assert "Sending certificate" not in here.text()
        assert "Remote certificate" in here.text()


class TestReplies:
    @pytest.mark.fact("protocol-log 7.11")
    def test_a_rejection_takes_the_message_from_the_queue_and_is_recorded(self, bench: Any, make_peer: Any) -> None:
        reply = "550 5.7.64 TenantAttribution; Relay Access Denied"
        here = bench(peers=[make_peer(reply_to_data=reply)])
        here.bind(here.third_party)
        here.after(minutes=2)
        assert (here.queue.status, here.queue.message_count, here.queue.last_error) == ("Ready", 0, "")
        assert [each.reply for each in here.world.delivered] == [reply] * 25
        assert ("<", reply, "") in here.said()

    def test_a_temporary_refusal_defers_the_message_not_the_queue(self, bench: Any, make_peer: Any) -> None:
        here = bench(peers=[make_peer(reply_to_data="451 4.7.500 Server busy")])
        here.bind(here.third_party)
        here.after(minutes=2)
        assert (here.queue.status, here.queue.message_count) == ("Ready", 25)
        assert {each.last_error for each in here.queue.messages} == {"451 4.7.500 Server busy"}
        assert len(here.world.delivered) == 25
        here.world.peers["mx.example.com"].reply_to_data = "250 2.0.0 OK"
        here.after(minutes=12)
        assert here.queue.message_count == 25
        here.after(minutes=2)
        assert (len(here.service.queues()), len(here.world.delivered)) == (2, 50)
        assert here.queue.message_count == 0

    def test_a_reply_without_the_code_of_exchange_stays_as_it_is(self, bench: Any, make_peer: Any) -> None:
        here = bench(peers=[make_peer(reply_to_data="250 ok 1666169082 30910")])
        here.bind(here.third_party)
        assert {each.reply for each in here.after(minutes=1).world.delivered} == {"250 ok 1666169082 30910"}


class TestOpportunisticTls:
    @pytest.mark.fact("cmdlets 0.8", "protocol-log 0.8", "protocol-log 7.2", "protocol-log 7.11")
    def test_a_failure_of_ours_is_hidden_by_a_second_session_in_clear(self, bench: Any) -> None:
        here = bench(connector={"require_tls": False}).after(minutes=1)
        assert (here.queue.status, here.queue.message_count, here.queue.last_error) == ("Ready", 0, "")
        assert here.queue.retry_count == 0
        assert {(each.tls, each.thumbprint) for each in here.world.delivered} == {(False, None)}
        assert here.said(0)[-2:] == [
            ("*", "", "TLS negotiation failed with error UnknownCredentials"),
            ("-", "", "Local"),
        ]
        clear = here.said(1)
        assert ("<", "250-STARTTLS", "") in clear
        assert not any(data == "STARTTLS" for __, data, __ in clear)
        assert any(data.startswith("250 2.6.0 ") for __, data, __ in clear)

    @pytest.mark.fact("cmdlets 0.8")
    @pytest.mark.parametrize(
        "insists",
        [
            {"require_tls": True},
            {"require_tls": False, "domain_secure_enabled": True},
            {"require_tls": False, "smart_host_auth_mechanism": "BasicAuthRequireTLS"},
        ],
    )
    def test_is_not_for_connectors_that_insist(self, bench: Any, insists: dict[str, Any]) -> None:
        here = bench(connector=insists).after(minutes=10)
        assert (here.queue.status, here.world.delivered) == ("Retry", [])

    def test_a_peer_without_starttls_gets_it_in_clear(self, bench: Any, make_peer: Any) -> None:
        here = bench(connector={"require_tls": False}, peers=[make_peer(starttls=False)])
        here.bind(here.third_party)
        here.after(minutes=1)
        assert {(each.tls, each.thumbprint) for each in here.world.delivered} == {(False, None)}

    @pytest.mark.fact("protocol-log 7.11")
    def test_an_ignored_starttls_is_not_used_and_its_name_not_looked_for(self, bench: Any) -> None:
        here = bench(connector={"require_tls": False, "ignore_starttls": True}, store=[]).after(minutes=1)
        assert {each.tls for each in here.world.delivered} == {False}
        assert not any(data == "STARTTLS" for __, data, __ in here.said())
