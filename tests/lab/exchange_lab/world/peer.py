# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts outside the organisation that receive its mail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .certificate import StoredCertificate
from .distinguished_name import name_text, parse_name
from .network import ConnectFailure, DnsAnswer, TlsVersion


@dataclass(frozen=True)
class ClientCertificate:
    """What a peer demands of the certificate that it is shown.

    Attributes:
        issuers: The authorities it trusts; empty for any. It answers MAIL FROM as Exchange Online does (KB 2888788).
        names: One of them must be in the certificate; empty for any. Exchange Online's connectors ask for this.
        refusal: What it answers where none is.
        at: What it answers so.
    """

    issuers: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    refusal: str = "550 5.7.64 TenantAttribution; Relay Access Denied"
    at: Literal["mail", "rcpt", "data"] = "mail"

    def trusts(self, certificate: StoredCertificate | None) -> bool:
        if not self.issuers:
            return True
        return certificate is not None and certificate.issuer in [name_text(parse_name(each)) for each in self.issuers]

    def knows(self, certificate: StoredCertificate | None) -> bool:
        if not self.names:
            return True
        wanted = {each.lower() for each in self.names}
        return certificate is not None and not wanted.isdisjoint(each.lower() for each in certificate.domains)


@dataclass(frozen=True)
class Replies:
    """What a peer answers in one session, each time it is asked."""

    mail: str
    rcpt: str
    data: str


NO_TLS_YET = "451 5.7.3 Must issue a STARTTLS command first"
NOT_TRUSTED = "454 4.7.0 Failed to establish appropriate TLS channel: UntrustedRoot: Access Denied"


@dataclass
class Peer:
    """An SMTP server that mail is sent to: a smart host, or the MX of the domains in ``mx_for``.

    Attributes:
        address, more_addresses: What DNS says of its name.
        dns: Whether DNS says so.
        listens: Whether a connection to it is accepted.
        connect_failure: What happens to a connection when it is not.
        banner: How it greets: ``220 …``, or ``421 …`` and ``554 …``, which end the session.
        starttls: Whether it offers STARTTLS.
        requires_tls: Whether it takes mail over TLS alone.
        tls_versions: The versions of TLS that it speaks.
        certificate: What it shows in the TLS handshake.
        client_certificate: What it demands of ours.
        reply_to_mail, reply_to_rcpt: Its answers to MAIL FROM and RCPT TO.
        reply_to_data: Its answer to the end of a message: ``250 …``, or a refusal such as ``550 5.7.64 …``.
    """

    name: str
    address: str
    certificate: StoredCertificate
    port: int = 25
    mx_for: tuple[str, ...] = ()
    more_addresses: tuple[str, ...] = ()
    dns: DnsAnswer = "answers"
    listens: bool = True
    connect_failure: ConnectFailure = "timed_out"
    banner: str = "220 ESMTP"
    starttls: bool = True
    requires_tls: bool = False
    tls_versions: tuple[TlsVersion, ...] = ("TLS1_2", "TLS1_3")
    client_certificate: ClientCertificate = ClientCertificate()
    reply_to_mail: str = "250 2.1.0 Sender OK"
    reply_to_rcpt: str = "250 2.1.5 Recipient OK"
    reply_to_data: str = "250 2.6.0 Queued mail for delivery"

    @property
    def addresses(self) -> tuple[str, ...]:
        return (self.address, *self.more_addresses)

    def replies(self, presented: StoredCertificate | None, *, encrypted: bool) -> Replies:
        """Its answers in a session in which it was shown this certificate, or none."""
        answers = {"mail": self.reply_to_mail, "rcpt": self.reply_to_rcpt, "data": self.reply_to_data}
        if self.requires_tls and not encrypted:
            answers["mail"] = NO_TLS_YET
        elif not self.client_certificate.trusts(presented):
            answers["mail"] = NOT_TRUSTED
        elif not self.client_certificate.knows(presented):
            answers[self.client_certificate.at] = self.client_certificate.refusal
        return Replies(**answers)
