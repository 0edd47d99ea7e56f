# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a peer demands, answers and shows, and what this server makes of it."""

from __future__ import annotations

from typing import Any

import pytest
from exchange_lab.transport.peer_certificate import objection
from exchange_lab.world import ClientCertificate, Peer, SendConnector, Server

PRIMARY = (
    '451 4.4.0 Primary target IP address responded with: "{}." Attempted failover to alternate host, but that did not '
    "succeed. Either there are no alternate hosts, or delivery failed to all alternate hosts."
)
AUTHORITY = "CN=Example CA, O=Example, C=US"
NOT_TRUSTED = "454 4.7.0 Failed to establish appropriate TLS channel: UntrustedRoot: Access Denied"
NOT_KNOWN = "550 5.7.64 TenantAttribution; Relay Access Denied"
VALIDATION = {"tls_auth_level": "CertificateValidation"}
DOMAIN = {"tls_auth_level": "DomainValidation"}


def bound(bench: Any, **facts: Any) -> Any:
    """An organisation whose own certificate is in order."""
    here = bench(**facts)
    here.bind(here.third_party)
    return here


def led(text: str) -> str:
    return f"[{{LED={text}}};{{MSG=}};{{FQDN=mx.example.com}};{{IP=203.0.113.25}};{{LRT="


class TestTheCertificateOfAPeer:
    @pytest.mark.fact("protocol-log 0.1", "protocol-log 3.7", "protocol-log 7.9", "protocol-log 7.11")
    def test_that_is_not_trusted_ends_the_session_after_the_handshake(self, bench: Any) -> None:
        here = bound(bench, connector=VALIDATION, server={"missing_roots": (AUTHORITY,)}).after(seconds=30)
        assert here.queue.last_error == PRIMARY.format(
            "454 4.7.5 Certificate validation failure, Reason: UntrustedRoot"
        )
        contexts = [context for *__, context in here.said()]
        assert any("negotiation succeeded" in each for each in contexts)
        assert not any("negotiation failed" in each for each in contexts)
        assert [row[:2] for row in here.said()[-3:]] == [
            (">", "QUIT"),
            ("<", "221 2.0.0 Service closing transmission channel"),
            ("-", ""),
        ]
        assert here.world.delivered == []
        assert "Session aborted" in connectivity(here)

    def test_is_told_without_a_frame_of_words_by_newer_builds(self, bench: Any) -> None:
        facts: dict[str, Any] = {"connector": VALIDATION, "server": {"missing_roots": (AUTHORITY,)}}
        here = bound(bench, readings={"queue_error": "led_4.4.1"}, **facts).after(seconds=30)
        assert here.queue.last_error.startswith(led("454 4.7.5 Certificate validation failure, Reason: UntrustedRoot"))

    @pytest.mark.parametrize(
        ("connector", "certificate", "reason"),
        [
            ({}, {"issuer": "self"}, None),
            ({"tls_auth_level": "EncryptionOnly"}, {"issuer": "self"}, None),
            (VALIDATION, {}, None),
            (VALIDATION, {"issuer": "self"}, "UntrustedRoot"),
            (VALIDATION, {"issuer": "CN=Unknown CA"}, "UntrustedRoot"),
            (VALIDATION, {"days": (-300, -1)}, "CertificateExpired"),
            (VALIDATION, {"domains": ("elsewhere.example",)}, None),
            (DOMAIN, {"domains": ("elsewhere.example",)}, "SubjectMismatch"),
            (DOMAIN, {"domains": ("MX.example.com",)}, None),
            (DOMAIN, {"domains": ("*.example.com",)}, None),
            (DOMAIN, {"domains": ("*.com",)}, "SubjectMismatch"),
            (DOMAIN | {"tls_domain": "example.com"}, {"domains": ("mx.example.com", "example.com")}, None),
            (DOMAIN | {"tls_domain": "example.com"}, {"domains": ("mx.example.com",)}, "SubjectMismatch"),
            (DOMAIN | {"tls_domain": "*.example.com"}, {"domains": ("mx.example.com",)}, None),
            (DOMAIN | {"tls_domain": "*.example.com"}, {"domains": ("mxexample.com",)}, "SubjectMismatch"),
        ],
    )
    def test_is_judged_by_the_level_of_the_connector(
        self, bench: Any, make_certificate: Any, connector: dict[str, Any], certificate: dict[str, Any], reason: str
    ) -> None:
        facts = {"label": "peer", "subject": "CN=mx", "domains": ("mx.example.com",)} | certificate
        server = Server("mbx01.contoso.test", "MBX01", "HQ", None, missing_roots=("CN=Unknown CA",))
        theirs = make_certificate(**facts)
        asks = SendConnector("guid", "Outbound", require_tls=True, **connector)
        assert objection(theirs, asks, "mx.example.com", server, bench().now) == reason


class TestWhatAPeerDemandsOfOurs:
    @pytest.mark.fact("protocol-log 0.1", "protocol-log 3.8", "protocol-log 7.9", "protocol-log 7.11")
    def test_another_authority_is_told_at_mail_from_and_the_queue_waits(self, bench: Any, make_peer: Any) -> None:
        wants = ClientCertificate(issuers=("CN=Another CA",))
        here = bound(bench, peers=[make_peer(client_certificate=wants)]).after(seconds=30)
        assert (here.queue.status, here.queue.message_count) == ("Retry", 25)
        assert here.queue.last_error == PRIMARY.format(NOT_TRUSTED)
        assert ("<", NOT_TRUSTED, "") in here.said()
        assert {each.id for each in here.server.event_log.events} == {2004}
        assert here.world.delivered == []

    def test_a_reply_of_4xx_may_be_of_the_message_alone(self, bench: Any, make_peer: Any) -> None:
        wants = ClientCertificate(issuers=("CN=Another CA",))
        readings = {"refused_mail": "message"}
        here = bound(bench, peers=[make_peer(client_certificate=wants)], readings=readings).after(minutes=1)
        assert (here.queue.status, here.queue.message_count, here.queue.last_error) == ("Ready", 25, "")
        assert {each.last_error for each in here.queue.messages} == {NOT_TRUSTED}

    @pytest.mark.fact("protocol-log 7.11")
    @pytest.mark.parametrize("at", ["mail", "rcpt", "data"])
    def test_another_name_costs_the_message(self, bench: Any, make_peer: Any, at: Any) -> None:
        wants = ClientCertificate(names=("mail.adatum.com",), at=at)
        here = bound(bench, peers=[make_peer(client_certificate=wants)]).after(minutes=2)
        assert (here.queue.message_count, {each.reply for each in here.world.delivered}) == (0, {NOT_KNOWN})
        said = [data for event, data, __ in here.said(0) if event in "<>"]
        asked = {"mail": "RCPT TO", "rcpt": "RCPT TO", "data": "BDAT"}[at]
        number = said.index(NOT_KNOWN)
        assert any(each.startswith(asked) for each in said[number - 2 : number])
        assert ("RSET" in said) == (at != "data")

    @pytest.mark.parametrize(
        "wants",
        [ClientCertificate(issuers=(AUTHORITY,)), ClientCertificate(names=("*.CONTOSO.com",)), ClientCertificate()],
    )
    def test_what_fits_is_taken(self, bench: Any, make_peer: Any, wants: ClientCertificate) -> None:
        here = bound(bench, peers=[make_peer(client_certificate=wants)]).after(minutes=2)
        assert {each.reply[:3] for each in here.world.delivered} == {"250"}

    @pytest.mark.fact("protocol-log 0.1", "protocol-log 3.14", "protocol-log 7.9", "protocol-log 7.11")
    def test_tls_is_told_at_mail_from(self, bench: Any, make_peer: Any) -> None:
        connector = {"require_tls": False, "ignore_starttls": True}
        here = bound(bench, connector=connector, peers=[make_peer(requires_tls=True)]).after(seconds=30)
        reply = "451 5.7.3 Must issue a STARTTLS command first"
        assert ("<", reply, "") in here.said()
        assert here.queue.last_error == PRIMARY.format(reply)

    def test_tls_is_no_demand_where_it_is_used(self, bench: Any, make_peer: Any) -> None:
        here = bound(bench, peers=[make_peer(requires_tls=True)]).after(minutes=2)
        assert {(each.tls, each.reply[:3]) for each in here.world.delivered} == {(True, "250")}


class TestWhatAPeerAnswers:
    REPLY = "421 4.4.1 Connection timed out"

    @pytest.mark.fact("protocol-log 3.18", "protocol-log 7.11")
    @pytest.mark.parametrize("asked", ["banner", "reply_to_mail", "reply_to_rcpt", "reply_to_data"])
    def test_421_ends_the_session_by_its_side_and_the_queue_waits(self, bench: Any, make_peer: Any, asked: str) -> None:
        here = bound(bench, peers=[make_peer(**{asked: self.REPLY})]).after(seconds=30)
        assert (here.queue.status, here.queue.message_count) == ("Retry", 25)
        assert self.REPLY in here.queue.last_error
        first = here.said(0)
        assert first[-2:] == [("<", self.REPLY, ""), ("-", "", "Remote")]
        assert here.world.delivered == []

    @pytest.mark.fact("protocol-log 0.1")
    @pytest.mark.parametrize(
        ("reading", "text"),
        [
            ("primary_4.4.1", PRIMARY.format(REPLY)),
            ("primary_4.2.1", PRIMARY.format(REPLY)),
            ("led_4.4.1", led(f"451 4.4.395 Target host responded with error. -> {REPLY}")),
        ],
    )
    def test_421_of_a_peer_reads_like_exchanges_own(self, bench: Any, make_peer: Any, reading: str, text: str) -> None:
        peers = [make_peer(reply_to_mail=self.REPLY)]
        here = bound(bench, peers=peers, readings={"queue_error": reading}).after(seconds=30)
        assert here.queue.last_error.startswith(text)

    @pytest.mark.fact("protocol-log 0.1", "protocol-log 3.19", "protocol-log 7.9")
    @pytest.mark.parametrize(
        "facts",
        [
            {"reply_to_mail": "432 4.3.2 Recipient thread limit exceeded"},
            {"reply_to_mail": "421 4.3.2 Service not available"},
            {"banner": "421 4.3.2 The maximum number of concurrent connections has exceeded a limit"},
        ],
    )
    def test_load_is_told_with_the_peers_words(self, bench: Any, make_peer: Any, facts: dict[str, str]) -> None:
        here = bound(bench, peers=[make_peer(**facts)]).after(seconds=30)
        assert here.queue.last_error == PRIMARY.format(next(iter(facts.values())))

    def test_when_it_takes_mail_again_all_of_it_leaves(self, bench: Any, make_peer: Any) -> None:
        here = bound(bench, peers=[make_peer(reply_to_mail=self.REPLY)]).after(seconds=30)
        assert (here.queue.connections, here.queue.status) == (0, "Retry")
        here.world.peers["mx.example.com"].reply_to_mail = "250 2.1.0 Sender OK"
        here.after(minutes=2)
        assert (here.queue.message_count, len(here.world.delivered)) == (0, 25)

    @pytest.mark.fact("protocol-log 7.11")
    def test_a_session_that_is_sent_away_brings_no_more_of_them(self, bench: Any, make_peer: Any) -> None:
        here = bound(bench, peers=[make_peer(reply_to_mail=self.REPLY)]).after(seconds=30)
        assert len({row[2] for row in here.rows()}) <= 2

    @pytest.mark.parametrize("reply", ["550 5.1.1 User unknown", "452 4.2.2 Mailbox full"])
    def test_a_recipient_that_is_refused_concerns_its_message(self, bench: Any, make_peer: Any, reply: str) -> None:
        here = bound(bench, peers=[make_peer(reply_to_rcpt=reply)]).after(minutes=2)
        assert here.queue.status == "Ready"
        assert here.queue.message_count == (0 if reply.startswith("5") else 25)
        assert {each.reply for each in here.world.delivered} == {reply}


def test_a_peer_has_all_its_addresses() -> None:
    peer = Peer("mx", "203.0.113.1", certificate=None, more_addresses=("2001:db8::1",))  # type: ignore[arg-type]
    assert peer.addresses == ("203.0.113.1", "2001:db8::1")


def connectivity(here: Any) -> str:
    return "".join(each.content.decode() for each in here.server.disk.files(here.server.connectivity_log_path))
