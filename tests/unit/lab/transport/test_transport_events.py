# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What transport services, and Schannel on their behalf, leave in the event logs."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from exchange_lab.transport.events import Events
from exchange_lab.world import Event, ReceiveConnector, SendConnector

MBX, OTHER = "mbx01.contoso.test", "mbx02.contoso.test"
NAME = "<I>CN=Example CA, O=Example, C=US<S>CN=*.contoso.com, OU=IT, O=Contoso"


REAL = Path(__file__).resolve().parents[3] / "fixtures" / "protocol-logs" / "21-event-log-real-texts.log"


def real_texts() -> dict[int, list[str]]:
    """Published events, by their numbers: what stands behind the level."""
    lines = [line for line in REAL.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    found: dict[int, list[str]] = {}
    for line in lines:
        number, text = re.fullmatch(r"\S+ (\d+)(?: \w+)?(?: \w+): (.*)", line).groups()  # type: ignore[union-attr]
        found.setdefault(int(number), []).append(text)
    return found


def events(here: Any, *numbers: int, server: str = MBX) -> list[Event]:
    return [each for each in here.world.servers[server].event_log.events if each.id in numbers]


def exchanges(here: Any) -> list[int]:
    """The ids of Exchange's own events."""
    return [each.id for each in here.server.event_log.events if each.provider.startswith("MSExchange")]


def test_a_key_that_cannot_be_used_is_schannels_affair_alone(bench: Any) -> None:
    here = bench().after(minutes=1)
    assert exchanges(here) == []
    first = events(here, 36870)[0]
    assert (first.log, first.provider, first.level) == ("System", "Schannel", "Error")
    assert first.message == (
        "A fatal error occurred when attempting to access the TLS client credential private key. The error code "
        "returned from the cryptographic module is 0x8009030D. The internal error state is 10001. The SSPI client "
        "process is EdgeTransport (PID: 9412)."
    )
    failed = [row[0] for row in here.rows() if row[8].startswith("TLS negotiation failed")]
    assert f"{first.at:%Y-%m-%dT%H:%M:%S}" == failed[0][:19]


def test_a_certificate_without_key_is_another_event(bench: Any, make_certificate: Any) -> None:
    here = bench(store=[make_certificate(key="missing")]).after(minutes=1)
    assert events(here, 36870) == []
    assert "does not have a private key information property" in events(here, 36869)[0].message


@pytest.mark.parametrize(("logging", "written"), [(0, False), (1, True), (6, False), (7, True)])
def test_schannel_may_have_been_told_not_to_log_errors(bench: Any, logging: int, written: bool) -> None:
    here = bench(server={"schannel_event_logging": logging}).after(minutes=1)
    assert bool(here.server.event_log.events) == written


@pytest.mark.fact("protocol-log 0.9")
def test_a_name_without_certificate_is_told_with_the_connector(bench: Any) -> None:
    here = bench(store=[]).after(seconds=10)
    (event,) = events(here, 12014)
    assert (event.log, event.provider, event.level, event.task) == (
        "Application",
        "MSExchangeTransport",
        "Error",
        "TransportService",
    )
    assert event.message.startswith(
        f"Microsoft Exchange could not find a certificate that contains the domain name {NAME} in the personal store "
        "on the local computer. Therefore, it is unable to support the STARTTLS SMTP verb for the connector Outbound "
        "to Office 365 with a FQDN parameter of mail.contoso.com. "
    )
    assert "run Enable-ExchangeCertificate -Services SMTP to make sure that" in event.message
    assert [each.id for each in here.server.event_log.events if each.provider == "Schannel"] == []


def test_a_search_by_domain_that_finds_nothing_is_told_and_goes_on(bench: Any) -> None:
    here = bench(connector={"tls_certificate_name": None, "fqdn": "mail.fabrikam.com"}).after(minutes=3)
    assert len(here.world.delivered) == 25
    assert events(here, 12014)[0].values == ("mail.fabrikam.com", "Outbound to Office 365", "mail.fabrikam.com")


@pytest.mark.parametrize(
    ("level", "told"), [("EncryptionOnly", []), ("CertificateValidation", [12016]), (None, [12016])]
)
def test_an_expired_certificate_that_is_still_used_is_told_unless_encryption_is_all_that_is_wanted(
    bench: Any, make_certificate: Any, level: str | None, told: list[int]
) -> None:
    expired = make_certificate(network_service=True, days=(-400, -1))
    here = bench(
        store=[expired],
        connector={"tls_auth_level": level, "smtp_max_messages_per_connection": 1000},
        readings={"expired_named_certificate": "used"},
    ).after(minutes=3)
    assert here.world.delivered
    assert sorted(set(exchanges(here))) == told


def test_a_certificate_that_soon_expires_is_told_with_its_hours(bench: Any, make_certificate: Any) -> None:
    here = bench(store=[make_certificate(network_service=True, days=(-300, 2))]).after(minutes=3)
    event = events(here, 12018)[0]
    assert event.level == "Warning"
    assert event.message == (
        "The STARTTLS certificate will expire soon: subject: CN=*.contoso.com, OU=IT, O=Contoso, thumbprint: "
        f"{here.server.store[0].thumbprint}, hours remaining: 48. Run the New-ExchangeCertificate cmdlet to create a "
        "new certificate."
    )


def test_the_default_certificate_is_looked_at_every_day(bench: Any, make_certificate: Any) -> None:
    default = make_certificate("default", days=(-300, 31))
    here = bench(store=[default], mail=[], server={"default_certificate": default.thumbprint}).after(minutes=1)
    assert exchanges(here) == []
    here.after(days=33)
    warned, expired = events(here, 12017), events(here, 12015)
    assert [each.values for each in warned[:2]] == [(default.thumbprint, "720"), (default.thumbprint, "696")]
    assert warned[1].at - warned[0].at == timedelta(days=1)
    assert expired[0].message == f"An internal transport certificate expired. Thumbprint:{default.thumbprint}"
    assert (warned[0].level, expired[0].level) == ("Warning", "Error")


def test_a_service_that_does_not_run_looks_at_nothing(bench: Any, make_certificate: Any) -> None:
    default = make_certificate("default", days=(-300, -1))
    facts = {"default_certificate": default.thumbprint, "transport_runs": False}
    assert exchanges(bench(store=[default], mail=[], server=facts).after(days=3)) == []


def test_a_receive_connector_without_certificate_writes_the_same_event_and_has_no_part_in_this(bench: Any) -> None:
    connectors = (
        ReceiveConnector("From the scanners", "FrontendTransport", fqdn="relay.contoso.test"),
        ReceiveConnector("Default MBX01", "HubTransport"),
        ReceiveConnector("Plain", auth_mechanism=("BasicAuth",), fqdn="relay.contoso.test"),
        ReceiveConnector("Off", enabled=False, fqdn="relay.contoso.test"),
        ReceiveConnector("Named", "HubTransport", tls_certificate_name=f"{NAME}x"),
    )
    here = bench(server={"receive_connectors": connectors}, mail=[]).after(minutes=1)
    assert [(each.provider, each.values) for each in events(here, 12014)] == [
        ("MSExchangeFrontEndTransport", ("relay.contoso.test", "From the scanners", "relay.contoso.test")),
        ("MSExchangeTransport", (f"{NAME}x", "Named", MBX)),
    ]


def test_a_peer_without_tls_is_told_where_the_connector_insists(bench: Any, make_peer: Any) -> None:
    here = bench(peers=[make_peer(starttls=False)]).after(seconds=10)
    (event,) = events(here, 2015)
    assert (event.task, event.level) == ("SmtpSend", "Error")
    assert event.message == (
        "Send connector Outbound to Office 365 couldn't connect to remote domain mx.example.com. The send connector "
        "requires Transport Layer Security (TLS) authentication, but is unable to establish TLS with the receiving "
        "server for the remote domain. Check this connector's authentication setting and the EHLO response from the "
        "remote server mx.example.com."
    )
    lenient = bench(peers=[make_peer(starttls=False)], connector={"require_tls": False}).after(minutes=3)
    assert events(lenient, 2015) == []
    assert len(lenient.world.delivered) == 25


def test_each_message_that_a_peer_rejects_is_told(bench: Any, make_certificate: Any, make_peer: Any) -> None:
    reply = "454 4.7.0 Failed to establish appropriate TLS channel: UntrustedRoot: Access Denied"
    here = bench(store=[make_certificate(network_service=True)], peers=[make_peer(reply_to_data=reply)]).after(
        minutes=3
    )
    told = events(here, 2004)
    assert len(told) == 25
    assert told[0].level == "Information"
    assert told[0].message.startswith(
        "Send connector Outbound to Office 365: Message delivery was not successful. The "
    )
    assert told[0].message.endswith(f" was acknowledged with SMTP response {reply}")


def test_what_is_delivered_writes_nothing(bench: Any, make_certificate: Any) -> None:
    here = bench(store=[make_certificate(network_service=True)]).after(minutes=3)
    assert len(here.world.delivered) == 25
    assert here.server.event_log.events == ()


class TestFrontEnd:
    @staticmethod
    def proxied(bench: Any, **stores: Any) -> Any:
        here = bench(servers=[MBX, OTHER], connector={"frontend_proxy_enabled": True, "source_servers": (MBX,)})
        for name, server in here.world.servers.items():
            server.store = [here.setup, *stores.get(name[:5], [])]
            server.default_certificate = here.setup.thumbprint
        return here.after(minutes=1)

    def test_writes_under_its_own_name_on_its_own_server(self, bench: Any) -> None:
        here = self.proxied(bench)
        assert events(here, 12014) == []
        assert {each.provider for each in events(here, 12014, server=OTHER)} == {"MSExchangeFrontEndTransport"}

    def test_is_named_by_schannel_where_its_key_fails(self, bench: Any, make_certificate: Any) -> None:
        here = self.proxied(bench, mbx02=[make_certificate()])
        assert events(here, 36870) == []
        message = events(here, 36870, server=OTHER)[0].message
        assert "TLS client credential" in message
        assert message.endswith("The SSPI client process is MSExchangeFrontendTransport (PID: 6204).")

    def test_that_cannot_use_its_default_certificate_is_the_server_of_that_hop(self, bench: Any) -> None:
        here = bench(servers=[MBX, OTHER], connector={"frontend_proxy_enabled": True, "source_servers": (MBX,)})
        usable = here.setup
        trapped = here.third_party
        here.server.store, here.server.default_certificate = [usable], usable.thumbprint
        other = here.world.servers[OTHER]
        other.store, other.default_certificate = [trapped], trapped.thumbprint
        here.after(minutes=1)
        assert events(here, 36870) == []
        assert "TLS server credential" in events(here, 36870, server=OTHER)[0].message


def test_record_numbers_go_on_in_each_log(bench: Any) -> None:
    here = bench(store=[]).after(minutes=5)
    records = [each.record for each in here.server.event_log.events]
    assert records == list(range(records[0], records[0] + len(records)))


class TestPublishedTexts:
    @pytest.fixture
    def write(self, bench: Any) -> Events:
        here = bench(mail=[])
        self.here = here
        return Events(here.server, "MSExchangeTransport", here.world.agenda)

    def last(self) -> str:
        return str(self.here.server.event_log.events[-1].message)

    def test_a_missing_certificate(self, write: Events) -> None:
        write.no_certificate(
            "mail1.contoso.example", "Default internal receive connector MAILGATE", "mail.contoso.example"
        )
        whole, cut = real_texts()[12014]
        assert self.last() == whole
        name = "<I>CN=Certificate Name, OU=<CertificateIssuer>, O=Certificate Provider, C=US<S>CN=mail.contoso.com, "
        write.no_certificate(f"{name}OU=IT, O=contoso, L=location, S=location, C=US", "x", "y")
        assert self.last().startswith(cut)

    def test_a_rejected_message(self, write: Events) -> None:
        write.not_delivered(
            SendConnector("6d1d31f2-7d6f-5b4a-8d0c-0b7e3c0f9a11", "Outbound to Office 365"),
            "<MessageID>",
            "454 4.7.0 Failed to establish appropriate TLS channel: UntrustedRoot: Access Denied.",
        )
        assert [self.last()] == real_texts()[2004]

    def test_a_peer_without_tls(self, write: Events) -> None:
        write.tls_not_offered(SendConnector("6d1d31f2-7d6f-5b4a-8d0c-0b7e3c0f9a11", "%1"), "%2", "%3")
        assert [self.last()] == real_texts()[2015]

    def test_a_refused_authentication(self, write: Events) -> None:
        write.authentication_failed(
            "组织内 SMTP 发送连接器", "LogonDenied", "ExchangeAuth", "SMTPSVC/SITE02.sd.corp.example"
        )
        assert [self.last()] == real_texts()[2017]

    def test_a_key_that_cannot_be_used(self, write: Events) -> None:
        write.key_failed("UnknownCredentials", "server")
        (real,) = real_texts()[36870]
        assert self.last().replace("EdgeTransport (PID: 9412)", "SYSTEM (PID: 4)") == real
