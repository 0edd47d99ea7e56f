# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of the world by which the rows of a differential diagnosis come about, each changed in one scenario's file."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from exchange_lab.world import parse_name

P = "peers.contoso-com.mail.protection.outlook.com"
S = "servers.mbx01.contoso.test"
C = "connectors.Outbound to Office 365"
BOUND = f"{S}.certificates.third-party.network_service=true"
VERBOSE = f"{C}.protocol_logging_level=Verbose"
OPPORTUNISTIC = (f"{C}.require_tls=false", f"{C}.tls_auth_level=null")
SAME_NAME = (
    "subject: 'CN=*.contoso.com, OU=IT, O=Contoso Corporation, L=Redmond, S=WA, C=US', issuer: 'CN=Trusted Secure "
    "Certificate Authority 5, O=Corporation Service Company, L=Wilmington, S=DE, C=US'"
)
UNABLE = "421 4.2.1 Unable to connect"

ROWS = {
    "5 no key": ([f"{S}.certificates.third-party.key=missing"], "421 4.4.1", "NoCredentials"),
    "6 name": ([f"{S}.certificates.third-party.removed_at=-60m"], "454 4.7.5 The certificate specified", ""),
    "7 root": (
        [BOUND, f"{S}.missing_roots=['CN=Public Mail CA 1, O=Public Trust Services, C=US']"],
        "UntrustedRoot",
        "",
    ),
    "7 self-signed": ([BOUND, f"{P}.certificate={{subject: CN=appliance}}"], "UntrustedRoot", "succeeded"),
    "7 name": (
        [BOUND, f"{C}.tls_auth_level=DomainValidation", f"{C}.tls_domain=mail.fabrikam.com"],
        "SubjectMismatch",
        "succeeded",
    ),
    "8 issuer": ([BOUND, f"{P}.client_certificate={{issuers: ['CN=Another CA']}}"], "454 4.7.0 Failed", "454 4.7.0"),
    "9 version": ([BOUND, f"{S}.tls_versions=[TLS1_0, TLS1_1]"], "421 4.4.2", "SocketError"),
    "9 reset": ([BOUND, f"{S}.network={{firewall: {{'*': resets_tls}}}}"], "ConnectionReset", "ConnectionReset"),
    "10 dropped": ([BOUND, f"{S}.network={{firewall: {{'*': drops}}}}"], UNABLE, "10060"),
    "11 refused": ([BOUND, f"{S}.network={{firewall: {{'*': rejects}}}}"], UNABLE, "10061"),
    "11 unreachable": ([BOUND, f"{P}.listens=false", f"{P}.connect_failure=host_unreachable"], UNABLE, "10065"),
    "12 IPv6": (
        [BOUND, f"{P}.addresses=[203.0.113.25, '2001:db8::25']", f"{S}.network={{firewall: {{203.0.113.25: drops}}}}"],
        UNABLE,
        "10051",
    ),
    "13 silence": ([BOUND, f"{S}.network={{inspection: {{banner: held}}}}"], "due to TimedOut", "Remote"),
    "13 mangled": (
        [BOUND, f"{S}.network={{inspection: {{banner: masked, tls: mangled}}}}"],
        "421 4.4.1 Connection timed out",
        "InvalidToken",
    ),
    "14 stripped": ([BOUND, f"{S}.network.inspection.starttls=removed"], "STARTTLS is required", "doesn't support TLS"),
    "14 demanded": (
        [BOUND, f"{P}.requires_tls=true", f"{S}.network.inspection.starttls=removed", *OPPORTUNISTIC],
        "Must issue a STARTTLS",
        "451 5.7.3",
    ),
    "15 name": ([BOUND, f"{P}.dns=nxdomain"], "DNS query failed. The error was: SMTPSEND.DNS", ""),
    "15 server": ([BOUND, f"{S}.network.dns=timeout"], "DNS query failed with error ErrorTimeout", ""),
    "18 peer": ([BOUND, f"{P}.reply_to_mail=421 4.4.1 Connection timed out"], "421 4.4.1", "<,421 4.4.1"),
    "19 load": ([BOUND, f"{P}.banner=421 4.3.2 Service not available"], "421 4.3.2 Service", "421 4.3.2"),
}


@pytest.mark.fact("protocol-log 0.1", "protocol-log 3.9", "protocol-log 3.19")
@pytest.mark.parametrize("row", ROWS)
def test_facts_make_queue_log_and_state(lab: Any, row: str) -> None:
    changes, error, logged = ROWS[row]
    organisation = lab("kb4051498", VERBOSE, *changes)
    organisation.advance(timedelta(seconds=20))
    state = organisation.state()
    (queue,) = [each for each in state["queues"] if each["message_count"]]
    assert queue["message_count"] == 25
    assert queue["status"] in ("Retry", "Connecting")
    assert error in queue["last_error"]
    assert state["delivered"] == []
    server = organisation.world.servers["mbx01.contoso.test"]
    text = "".join(each.content.decode() for each in server.disk.files(server.send_log_path))
    assert logged in text
    assert bool(text) == bool(logged or "UntrustedRoot" in error)


def test_a_name_that_does_not_fit_costs_the_messages(lab: Any) -> None:
    state = lab("kb4051498", BOUND, f"{P}.client_certificate={{names: [mail.adatum.com]}}").state()
    assert {each["reply"] for each in state["delivered"]} == {"550 5.7.64 TenantAttribution; Relay Access Denied"}
    assert {each["id"] for each in state["servers"]["mbx01.contoso.test"]["events"]} == {2004}


def test_a_downgraded_session_leaves_two_in_the_log(lab: Any) -> None:
    organisation = lab("kb4051498", VERBOSE, *OPPORTUNISTIC)
    assert {(each["tls"], each["reply"][:3]) for each in organisation.state()["delivered"]} == {(False, "250")}


class TestStores:
    """Certificates that come and go."""

    RENEWED = f"{S}.certificates.renewed={{{SAME_NAME}, not_after: +700d, imported_at: %s, network_service: %s}}"

    def thumbprints(self, organisation: Any) -> dict[str, str]:
        certificates = organisation.state()["servers"]["mbx01.contoso.test"]["certificates"]
        return {label: each["thumbprint"] for label, each in certificates.items()}

    @pytest.mark.fact("protocol-log 7.7")
    def test_one_that_failed_may_be_gone_while_the_queue_still_waits(self, lab: Any) -> None:
        organisation = lab(
            "kb4051498", VERBOSE, f"{S}.certificates.third-party.removed_at=-3m", self.RENEWED % ("-3m", "true")
        )
        organisation.advance(timedelta(seconds=20))
        store = self.thumbprints(organisation)
        assert list(store) == ["setup", "auth", "renewed"]
        server = organisation.world.servers["mbx01.contoso.test"]
        text = "".join(each.content.decode() for each in server.disk.files(server.send_log_path))
        rows = [line.split(",") for line in text.splitlines() if line.endswith(",Certificate thumbprint")]
        assert not {row[-2] for row in rows} & set(store.values())
        organisation.advance(timedelta(minutes=10))
        delivered = organisation.state()["delivered"]
        assert {each["thumbprint"] for each in delivered} == {store["renewed"]}

    @pytest.mark.fact("protocol-log 0.3")
    def test_a_renewal_breaks_sending_on_the_day_it_comes(self, lab: Any) -> None:
        mail = "mail=[{server: mbx01.contoso.test, domain: fabrikam.com, count: 1, queued_at: +2h}]"
        organisation = lab("kb4051498", BOUND, mail, self.RENEWED % ("+1h", "false"))
        assert "renewed" not in self.thumbprints(organisation)
        organisation.advance(timedelta(hours=3))
        assert "renewed" in self.thumbprints(organisation)
        assert organisation.state()["delivered"] == []

    def test_one_that_is_removed_is_missed_from_then_on(self, lab: Any) -> None:
        mail = "mail=[{server: mbx01.contoso.test, domain: fabrikam.com, count: 1, queued_at: %s}]"
        gone = f"{S}.certificates.third-party.removed_at=+1h"
        organisation = lab("kb4051498", BOUND, gone, mail % "+30m")
        organisation.advance(timedelta(hours=2))
        assert len(organisation.state()["delivered"]) == 1
        organisation = lab("kb4051498", BOUND, gone, mail % "+90m")
        organisation.advance(timedelta(hours=2))
        assert organisation.state()["delivered"] == []


def test_the_default_certificate_of_a_peer_has_the_domain_it_is_in(lab: Any) -> None:
    (peer,) = lab("kb4051498").world.peers.values()
    assert parse_name(peer.certificate.subject) == parse_name(f"CN={peer.name}")
    assert peer.certificate.domains == (
        "contoso-com.mail.protection.outlook.com",
        "mail.protection.outlook.com",
        "*.mail.protection.outlook.com",
    )


def test_mail_of_a_server_that_is_no_source_waits_at_the_source(lab: Any) -> None:
    state = lab("other-site").state()
    waiting = {
        (each["server"], each["delivery_type"]): each["message_count"]
        for each in state["queues"]
        if each["delivery_type"] not in ("Undefined", "ShadowRedundancy")
    }
    assert waiting == {("mbx01.contoso.test", "SmartHostConnectorDelivery"): 25}
