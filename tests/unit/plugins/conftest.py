# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server with the fault of KB 4051498, as values. Its log is text that the collection's own parser reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.certificate import (
    Certificate,
    CertificateStatus,
)
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.connector import LoggingLevel, SendConnector
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.log_rows import parse_rows
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.log_sessions import group_sessions
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.names import CertificateName
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.protocol_log import Session
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.queue import Queue
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.send_log import LogPosition, SendLog
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.server import Server, TransportService
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.services import Service
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.reading import Reading

NAME = "Outbound to Office 365"
GUID = "6f1c2d3e-0000-4000-8000-00000000c0de"
HEADER = "#Log-type: SMTP Send Protocol Log\r\n"
SYMPTOM = (
    '451 4.4.0 Primary target IP address responded with: "421 4.4.1 Connection timed out." Attempted failover to '
    "alternate host, but that did not succeed."
)
NETWORK = (
    "451 4.4.397 Error communicating with target host. -> 421 4.2.1 Unable to connect -> SocketTimedout: Socket error "
    "code 10060"
)


class Make:
    """Builds the values of a test; what a test is about is what it passes."""

    clock = datetime(2026, 3, 2, 2, 15, tzinfo=UTC)
    fqdn, name, guid = "mbx01.contoso.test", NAME, GUID
    subject, issuer = "CN=*.contoso.com, O=Contoso, C=US", "CN=Example CA 5, O=Example, C=US"
    symptom, network = SYMPTOM, NETWORK

    def thumbprint(self, number: int) -> str:
        return f"{number:040X}"

    def certificate(self, number: int = 1, *services: Service, **changes: Any) -> Certificate:
        facts: dict[str, Any] = {
            "thumbprint": self.thumbprint(number),
            "subject": self.subject,
            "issuer": self.issuer,
            "serial_number": f"{number:08X}",
            "not_before": self.clock - timedelta(days=20),
            "not_after": self.clock + timedelta(days=345),
            "services": frozenset(services),
            "status": CertificateStatus.VALID,
            "has_private_key": True,
            "self_signed": False,
            "domains": ("mail.contoso.com", "*.contoso.com"),
            "server": self.fqdn,
        }
        return Certificate(**{**facts, **changes})

    def setup_certificate(self) -> Certificate:
        """The default SMTP certificate that Exchange's setup made."""
        return self.certificate(
            0xD0,
            Service.SMTP,
            Service.IIS,
            subject="CN=mbx01",
            issuer="CN=mbx01",
            self_signed=True,
            domains=("mbx01", "mbx01.contoso.test"),
        )

    def connector(self, **changes: Any) -> SendConnector:
        facts: dict[str, Any] = {
            "name": NAME,
            "guid": GUID,
            "distinguished_name": f"CN={NAME},CN=Connections,CN=Contoso,CN=Microsoft Exchange,CN=Services,"
            "CN=Configuration,DC=contoso,DC=test",
            "enabled": True,
            "logging_level": LoggingLevel.NONE,
            "tls_certificate_name": CertificateName(self.issuer, self.subject),
            "fqdn": "mail.contoso.com",
            "require_tls": True,
            "ignore_starttls": False,
            "dns_routing": False,
            "smart_hosts": ("contoso-com.mail.protection.outlook.com",),
            "source_servers": ("MBX01",),
            "frontend_proxy": False,
            "originating_server": "dc01.contoso.test",
        }
        return SendConnector(**{**facts, **changes})

    def queue(self, number: int = 3, **changes: Any) -> Queue:
        facts: dict[str, Any] = {
            "identity": f"MBX01\\{number}",
            "delivery_type": "SmartHostConnectorDelivery",
            "next_hop_domain": "contoso-com.mail.protection.outlook.com",
            "next_hop_connector": GUID,
            "status": "Retry",
            "message_count": 25,
            "last_error": SYMPTOM,
            "first_retry_time": self.at(minutes=-40),
            "last_retry_time": self.at(minutes=-4),
            "next_retry_time": self.at(minutes=6),
            "retry_count": 9,
        }
        return Queue(**{**facts, **changes})

    def at(self, **offset: float) -> datetime:
        return self.clock + timedelta(**offset)

    def server(self, **changes: Any) -> Server:
        return replace(Server("MBX01", self.fqdn, "HQ", "15.2 (Build 1544.4)", True, False), **changes)

    def reading(self, *sessions: Session, **changes: Any) -> Reading:
        facts: dict[str, Any] = {
            "server": self.server(),
            "clock": self.clock,
            "transport": TransportService("MBX01", self.thumbprint(0xD0), r"C:\SmtpSend"),
            "certificates": (self.setup_certificate(), self.certificate(1, Service.IIS, Service.POP)),
            "connectors": (self.connector(),),
            "queues": (self.queue(),),
            "log": SendLog(r"C:\SmtpSend", sessions, LogPosition(self.at(minutes=-4), "08DE", 22)),
        }
        return Reading(**{**facts, **changes})

    def sessions(self, *texts: str, header: str = HEADER) -> tuple[Session, ...]:
        """Sessions as the parser reads them from rows."""
        return tuple(group_sessions(parse_rows([header + "".join(texts)], "SEND20260302-1.LOG")))

    def rows(self, session: str, minutes: float, *rows: str, connector: str = NAME, port: int = 25) -> str:
        """Rows of a session: each row here is what stands after the endpoints (event, data, context)."""
        time = self.at(minutes=minutes).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return "".join(
            f"{time},{connector},{session},{number},10.0.0.21:16547,203.0.113.25:{port},{row}\r\n"
            for number, row in enumerate(rows)
        )

    def described(self, certificate: Certificate) -> tuple[str, ...]:
        """The property rows of the old form."""
        return (
            f'*,"{certificate.subject}",Certificate subject',
            f'*,"{certificate.issuer}",Certificate issuer name',
            f"*,{certificate.serial_number},Certificate serial number",
            f"*,{certificate.thumbprint},Certificate thumbprint",
            "*,*.contoso.com;contoso.com,Certificate alternate names",
        )

    def one_message(self, reply: str) -> tuple[str, ...]:
        """A message, what the other end says to it, and the end of the session."""
        return (
            ">,MAIL FROM:<a@contoso.com>,",
            "<,250 2.1.0 Sender OK,",
            ">,RCPT TO:<b@example.com>,",
            "<,250 2.1.5 Recipient OK,",
            ">,BDAT 4096 LAST,",
            f"<,{reply},",
            ">,QUIT,",
            "<,221 2.0.0 Service closing transmission channel,",
            "-,,Local",
        )

    def failing(
        self,
        certificate: Certificate | None = None,
        minutes: float = -4,
        *,
        session: str = "08DE77F2A41B0C11",
        word: str = "UnknownCredentials",
        marker: str | None = "Sending certificate",
        verb: str = "STARTTLS",
        **where: Any,
    ) -> str:
        """A session that ends with a security status, the certificate (ours) in rows of the old form."""
        marked = () if certificate is None or marker is None else (f"*,,{marker}",)
        return self.rows(
            session,
            minutes,
            "+,,",
            "<,220 mail.protection.outlook.com ready,",
            ">,EHLO mail.contoso.com,",
            "<,250  mail.protection.outlook.com STARTTLS,",
            f">,{verb},",
            "<,220 2.0.0 SMTP server ready,",
            *marked,
            *(() if certificate is None else self.described(certificate)),
            f"*,,TLS negotiation failed with error {word}",
            "-,,Local",
            **where,
        )

    def succeeding(
        self,
        certificate: Certificate,
        remote: Certificate,
        minutes: float,
        *,
        session: str = "08DE77F2A41B0D22",
        reply: str = "250 2.6.0 Queued mail for delivery",
        verb: str = "STARTTLS",
        **where: Any,
    ) -> str:
        """A session with TLS in which one message is sent and answered."""
        return self.rows(
            session,
            minutes,
            "+,,",
            "<,220 mail.protection.outlook.com ready,",
            ">,EHLO mail.contoso.com,",
            "<,250  mail.protection.outlook.com STARTTLS,",
            f">,{verb},",
            "<,220 2.0.0 SMTP server ready,",
            "*,,Sending certificate",
            *self.described(certificate),
            "*,,Remote certificate",
            *self.described(remote),
            "*,,TLS protocol SP_PROT_TLS1_2_CLIENT negotiation succeeded using bulk encryption algorithm X",
            "*,,Received certificate",
            f"*,{remote.thumbprint},Certificate thumbprint",
            ">,EHLO mail.contoso.com,",
            "<,250  mail.protection.outlook.com,",
            *self.one_message(reply),
            **where,
        )


@pytest.fixture(scope="session")
def make() -> Make:
    return Make()
