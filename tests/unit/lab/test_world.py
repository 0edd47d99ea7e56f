# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows from the facts: services, statuses, names, replication, the disk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from exchange_lab.certificates import CertificateMaker
from exchange_lab.world import (
    CertificateStatus,
    Connectors,
    Disk,
    DomainController,
    SendConnector,
    Services,
    StoredCertificate,
    name_text,
    parse_name,
)

NOW = datetime(2026, 3, 2, 2, 15, tzinfo=UTC)
AUTHORITY = "CN=Example CA, O=Example, C=US"
MAKER = CertificateMaker()


def certificate(
    subject: str = "CN=mail.contoso.com, O=Contoso", issuer: str = AUTHORITY, domains: tuple[str, ...] = ()
) -> x509.Certificate:
    return MAKER.make(subject, issuer, domains, NOW - timedelta(days=10), NOW + timedelta(days=10))


class TestServices:
    @pytest.mark.fact("cmdlets 0.1")
    def test_smtp_is_that_network_service_may_read_the_key(self) -> None:
        stored = StoredCertificate("x", certificate())
        assert stored.services(None, None) == Services(0)
        stored.network_service = True
        assert stored.services(None, None) == Services.SMTP

    @pytest.mark.fact("cmdlets 0.1")
    def test_a_key_that_does_not_exist_can_be_read_by_nobody(self) -> None:
        stored = StoredCertificate("x", certificate(), key="missing", network_service=True)
        assert stored.services(None, None) == Services(0)

    @pytest.mark.fact("protocol-log 7.6")
    def test_a_key_that_nobody_can_open_still_shows_smtp(self) -> None:
        stored = StoredCertificate("x", certificate(), key="unreadable", network_service=True)
        assert stored.services(None, None) == Services.SMTP

    def test_iis_is_the_binding_of_a_web_site(self) -> None:
        stored = StoredCertificate("x", certificate(), iis_sites=["Default Web Site"])
        assert stored.services(None, None) == Services.IIS

    def test_pop_and_imap_are_names_that_match_in_any_case(self) -> None:
        stored = StoredCertificate("x", certificate(domains=("Imap.contoso.com",)))
        assert stored.services("MAIL.contoso.com", "IMAP.contoso.com") == Services.POP | Services.IMAP
        assert stored.services("pop.contoso.com", None) == Services(0)

    def test_are_printed_in_the_order_of_their_numbers(self) -> None:
        assert (Services.SMTP | Services.IIS | Services.POP | Services.IMAP).text == "IMAP, POP, IIS, SMTP"
        assert Services(0).text == "None"


class TestStatus:
    @pytest.mark.fact("cmdlets 10.9")
    @pytest.mark.parametrize(
        ("facts", "status"),
        [
            ({}, CertificateStatus.VALID),
            ({"revoked": True}, CertificateStatus.REVOKED),
            ({"trusted": False}, CertificateStatus.UNTRUSTED),
            ({"revocation_reachable": False}, CertificateStatus.REVOCATION_CHECK_FAILURE),
        ],
    )
    def test_follows_from_the_facts(self, facts: dict[str, bool], status: CertificateStatus) -> None:
        stored = StoredCertificate("x", certificate())
        for name, value in facts.items():
            setattr(stored, name, value)
        assert stored.status(NOW) is status

    def test_outside_its_dates_it_is_date_invalid(self) -> None:
        stored = StoredCertificate("x", certificate())
        assert stored.status(NOW + timedelta(days=11)) is CertificateStatus.DATE_INVALID
        assert stored.status(NOW - timedelta(days=11)) is CertificateStatus.DATE_INVALID

    def test_self_signed_counts_as_valid_though_nobody_trusts_it(self) -> None:
        assert StoredCertificate("x", certificate(issuer="self"), trusted=False).status(NOW) is CertificateStatus.VALID


class TestNames:
    @pytest.mark.parametrize(
        "text",
        [
            "CN=mail.contoso.com",
            "CN=*.contoso.com, OU=IT, O=Contoso Corporation, L=Redmond, S=WA, C=US",
            'CN=mail.contoso.com, O="Contoso, Inc.", C=US',
            'CN=mail.contoso.com, O="The ""Contoso"" Company"',
            "E=admin@contoso.com, CN=mail, DC=contoso, DC=com",
        ],
    )
    def test_survive_being_parsed_and_printed(self, text: str) -> None:
        assert name_text(parse_name(text)) == text

    def test_the_most_specific_part_is_encoded_last(self) -> None:
        assert parse_name("CN=mail, O=Contoso").rfc4514_string() == "CN=mail,O=Contoso"
        assert [each.value for each in parse_name("CN=mail, O=Contoso")] == ["Contoso", "mail"]

    @pytest.mark.parametrize("text", ["mail.contoso.com", "CN=mail, X=1", 'CN="mail'])
    def test_what_is_none_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="no part of a distinguished name"):
            parse_name(text)

    def test_a_connector_names_a_certificate_by_issuer_and_subject(self) -> None:
        assert StoredCertificate("x", certificate()).identifier == f"<I>{AUTHORITY}<S>CN=mail.contoso.com, O=Contoso"

    def test_domains_hold_the_common_name_once(self) -> None:
        stored = StoredCertificate("x", certificate(domains=("mail.contoso.com", "contoso.com")))
        assert stored.domains == ("mail.contoso.com", "contoso.com")
        assert StoredCertificate("x", certificate("CN=Microsoft Exchange Server Auth Certificate")).domains == ()


class TestConnectors:
    @pytest.fixture
    def connectors(self) -> Connectors:
        controllers = {
            "dc01.contoso.test": DomainController("dc01.contoso.test", "HQ"),
            "dc02.contoso.test": DomainController("dc02.contoso.test", "Branch", replication_delay_s=15),
        }
        return Connectors(controllers, [SendConnector("guid", "Outbound")])

    def level(self, connectors: Connectors, controller: str, after: float) -> str:
        return connectors.get("guid", controller, NOW + timedelta(seconds=after)).protocol_logging_level

    def test_a_change_shows_at_once_where_it_was_made_and_later_elsewhere(self, connectors: Connectors) -> None:
        connectors.set("guid", {"protocol_logging_level": "Verbose"}, "dc01.contoso.test", NOW)
        assert self.level(connectors, "dc01.contoso.test", 0) == "Verbose"
        assert self.level(connectors, "dc02.contoso.test", 14.9) == "None"
        assert self.level(connectors, "dc02.contoso.test", 15) == "Verbose"

    def test_the_later_change_wins_wherever_it_was_made(self, connectors: Connectors) -> None:
        connectors.set("guid", {"protocol_logging_level": "Verbose"}, "dc01.contoso.test", NOW)
        connectors.set("guid", {"protocol_logging_level": "None"}, "dc02.contoso.test", NOW + timedelta(seconds=5))
        assert self.level(connectors, "dc02.contoso.test", 60) == "None"
        assert self.level(connectors, "dc01.contoso.test", 60) == "None"

    def test_a_change_to_one_property_keeps_the_others(self, connectors: Connectors) -> None:
        connectors.set("guid", {"require_tls": True}, "dc02.contoso.test", NOW)
        connectors.set("guid", {"protocol_logging_level": "Verbose"}, "dc01.contoso.test", NOW)
        seen = connectors.get("guid", "dc01.contoso.test", NOW)
        assert (seen.require_tls, seen.protocol_logging_level, seen.when_changed) == (True, "Verbose", NOW)

    def test_what_is_no_property_is_refused(self, connectors: Connectors) -> None:
        with pytest.raises(KeyError, match="logging"):
            connectors.set("guid", {"logging": "Verbose"}, "dc01.contoso.test", NOW)
        with pytest.raises(KeyError, match="guid"):
            connectors.set("guid", {"guid": "other"}, "dc01.contoso.test", NOW)
        with pytest.raises(KeyError, match="dc03"):
            connectors.set("guid", {"require_tls": True}, "dc03.contoso.test", NOW)

    @pytest.mark.fact("cmdlets 0.8")
    @pytest.mark.parametrize(
        ("facts", "falls_back"),
        [
            ({}, True),
            ({"require_tls": True}, False),
            ({"domain_secure_enabled": True}, False),
            ({"smart_host_auth_mechanism": "BasicAuthRequireTLS"}, False),
            ({"smart_host_auth_mechanism": "BasicAuth"}, True),
        ],
    )
    def test_opportunistic_tls_falls_back_to_clear_text(self, facts: dict[str, object], falls_back: bool) -> None:
        assert SendConnector("guid", "Outbound", **facts).falls_back_to_clear is falls_back  # type: ignore[arg-type]


class TestDisk:
    def test_paths_know_no_case(self) -> None:
        disk = Disk()
        disk.write(r"C:\Logs\SEND20260302-1.LOG", b"one", NOW)
        disk.append(r"c:\logs\send20260302-1.log", b"two", NOW + timedelta(seconds=1))
        (file,) = disk.files(r"c:\LOGS")
        assert (file.name, file.content) == ("SEND20260302-1.LOG", b"onetwo")
        assert (file.created, file.modified) == (NOW, NOW + timedelta(seconds=1))

    def test_a_directory_learns_the_size_of_a_file_when_it_is_closed(self) -> None:
        disk = Disk()
        log = disk.append(r"C:\Logs\x.log", b"one", NOW)
        disk.append(r"C:\Logs\x.log", b"two", NOW + timedelta(seconds=1))
        assert (log.listed_size, log.listed_modified, log.content) == (0, NOW, b"onetwo")
        log.close()
        assert (log.listed_size, log.listed_modified) == (6, NOW + timedelta(seconds=1))
        assert disk.write(r"C:\Logs\y.log", b"whole", NOW).listed_size == 5

    def test_directories_exist_when_something_is_in_them_or_they_were_made(self) -> None:
        disk = Disk()
        disk.write(r"C:\Logs\Send\x.log", b"", NOW)
        disk.make_directory(r"C:\Logs\Empty")
        assert disk.is_directory(r"C:\logs")
        assert [each.name for each in disk.directories(r"C:\Logs")] == ["Empty", "Send"]
        assert disk.files(r"C:\Logs") == []
        assert not disk.is_directory(r"C:\Nothing")
        assert disk.file(r"C:\Logs\Send") is None
