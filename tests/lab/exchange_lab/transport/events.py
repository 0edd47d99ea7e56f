# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The events that a transport service leaves in Windows' logs, and those that Schannel leaves on its behalf.

Texts of MSExchangeTransport are those of its documented events (Exchange 2007 to 2013, "MSExchangeTransport 12016" and
so on) and of real ones; the Front End Transport service writes the same under its own name. Texts of Schannel are those
of "Schannel Events" and of real ones of Windows Server 2016 and later. A TLS session that fails over our own key writes
no event of Exchange's: Schannel alone tells (published analysis of Exchange 2013 CU23).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from ..agenda import Agenda
from ..world import Level, SendConnector, Server, StoredCertificate
from .certificate_choice import SecurityStatus

Source = Literal["MSExchangeTransport", "MSExchangeFrontEndTransport"]
End = Literal["client", "server"]

EXPIRES_SOON = timedelta(days=30)
"""When a certificate counts as one that expires soon. How long before that Exchange says so is not documented."""

_SCHANNEL_LOGS_ERRORS = 1
_PROCESSES: dict[Source, tuple[str, int]] = {
    "MSExchangeTransport": ("EdgeTransport", 9_412),
    "MSExchangeFrontEndTransport": ("MSExchangeFrontendTransport", 6_204),
}


class Events:
    """Writes the events of one service of a server."""

    def __init__(self, server: Server, source: Source, agenda: Agenda) -> None:
        self._server = server
        self._source = source
        self._agenda = agenda

    def no_certificate(self, wanted: str, connector: str, fqdn: str) -> None:
        """12014: no certificate for STARTTLS; ``wanted`` is a host name or what TlsCertificateName says."""
        self._exchange(
            12014,
            "Error",
            f"Microsoft Exchange could not find a certificate that contains the domain name {wanted} in the personal "
            "store on the local computer. Therefore, it is unable to support the STARTTLS SMTP verb for the connector "
            f"{connector} with a FQDN parameter of {fqdn}. If the connector's FQDN is not specified, the computer's "
            "FQDN is used. Verify the connector configuration and the installed certificates to make sure that there "
            "is a certificate with a domain name for that FQDN. If this certificate exists, run "
            "Enable-ExchangeCertificate -Services SMTP to make sure that the Microsoft Exchange Transport service has "
            "access to the certificate key.",
            (wanted, connector, fqdn),
        )

    def starttls_certificate(self, certificate: StoredCertificate, fqdn: str) -> None:
        """12016 or 12018, if a certificate that is taken for STARTTLS has expired or soon will."""
        match _life(certificate, self._agenda):
            case "expired":
                self._exchange(
                    12016,
                    "Error",
                    f"There is no valid SMTP Transport Layer Security (TLS) certificate for the FQDN of {fqdn}. The "
                    "existing certificate for that FQDN has expired. The continued use of that FQDN will cause mail "
                    f"flow problems. A new certificate that contains the FQDN of {fqdn} should be installed on this "
                    "server as soon as possible. You can create a new certificate by using the New-ExchangeCertificate "
                    "task.",
                    (fqdn,),
                )
            case int(hours):
                subject, thumbprint = certificate.subject, certificate.thumbprint
                self._exchange(
                    12018,
                    "Warning",
                    f"The STARTTLS certificate will expire soon: subject: {subject}, thumbprint: {thumbprint}, hours "
                    f"remaining: {hours}. Run the New-ExchangeCertificate cmdlet to create a new certificate.",
                    (subject, thumbprint, str(hours)),
                )

    def internal_certificate(self, certificate: StoredCertificate) -> None:
        """12015 or 12017, if the default SMTP certificate has expired or soon will."""
        thumbprint = certificate.thumbprint
        match _life(certificate, self._agenda):
            case "expired":
                text = f"An internal transport certificate expired. Thumbprint:{thumbprint}"
                self._exchange(12015, "Error", text, (thumbprint,))
            case int(hours):
                text = (
                    f"An internal transport certificate will expire soon. Thumbprint:{thumbprint}, hours remaining: "
                    f"{hours}"
                )
                self._exchange(12017, "Warning", text, (thumbprint, str(hours)))

    def not_delivered(self, connector: SendConnector, message_id: str, reply: str) -> None:
        """2004: a peer has answered for a message, and not with 250."""
        self._exchange(
            2004,
            "Information",
            f"Send connector {connector.name}: Message delivery was not successful. The message with message ID "
            f"{message_id} was acknowledged with SMTP response {reply}",
            (connector.name, message_id, reply),
            "SmtpSend",
        )

    def tls_not_offered(self, connector: SendConnector, domain: str, host: str) -> None:
        """2015: the connector insists on TLS, and the other end offers none."""
        self._exchange(
            2015,
            "Error",
            f"Send connector {connector.name} couldn't connect to remote domain {domain}. The send connector requires "
            "Transport Layer Security (TLS) authentication, but is unable to establish TLS with the receiving server "
            "for the remote domain. Check this connector's authentication setting and the EHLO response from the "
            f"remote server {host}.",
            (connector.name, domain, host),
            "SmtpSend",
        )

    def authentication_failed(self, connector: str, status: str, mechanism: str, target: str) -> None:
        """2017: the other end did not accept who we are; ``status`` such as LogonDenied."""
        self._exchange(
            2017,
            "Error",
            f"Outbound authentication failed with error {status} for Send connector {connector}. The authentication "
            f"mechanism is {mechanism}. The target is {target}.",
            (status, connector, mechanism, target),
            "SmtpSend",
        )

    def key_failed(self, status: SecurityStatus, end: End = "client") -> None:
        """36870, or 36869 where there is no key: Schannel could not use the key that the service came with."""
        process, number = _PROCESSES[self._source]
        by = f" The SSPI client process is {process} (PID: {number})."
        if status == "NoCredentials":
            self.schannel(
                36869,
                f"The TLS {end} credential's certificate does not have a private key information property attached to "
                "it. This most often occurs when a certificate is backed up incorrectly and then later restored. This "
                f"message can also indicate a certificate enrollment failure.{by}",
                (end,),
            )
        else:
            self.schannel(
                36870,
                f"A fatal error occurred when attempting to access the TLS {end} credential private key. The error "
                f"code returned from the cryptographic module is 0x8009030D. The internal error state is 10001.{by}",
                (end, "0x8009030D", "10001"),
            )

    def alert_received(self, alert: int) -> None:
        """36887: the other end has ended the handshake with a TLS alert."""
        text = (
            "A fatal alert was received from the remote endpoint. The TLS protocol defined fatal alert code is "
            f"{alert}."
        )
        self.schannel(36887, text, (str(alert),))

    def alert_sent(self, alert: int, state: int) -> None:
        """36888: this end has."""
        text = (
            "A fatal alert was generated and sent to the remote endpoint. This may result in termination of the "
            f"connection. The TLS protocol defined fatal error code is {alert}. The Windows SChannel error state is "
            f"{state}."
        )
        self.schannel(36888, text, (str(alert), str(state)))

    def no_credential(self, state: int = 10013) -> None:
        """36871: no credential could be made, as when this server's own protocols are switched off."""
        process, number = _PROCESSES[self._source]
        text = (
            f"A fatal error occurred while creating a TLS client credential. The internal error state is {state}. The "
            f"SSPI client process is {process} (PID: {number})."
        )
        self.schannel(36871, text, (str(state),))

    def no_common_cipher(self, protocol: str = "TLS 1.2") -> None:
        """36874, at the end that accepted the connection."""
        text = (
            f"An {protocol} connection request was received from a remote client application, but none of the cipher "
            "suites supported by the client application are supported by the server. The TLS connection request has "
            "failed."
        )
        self.schannel(36874, text, (protocol,))

    def schannel(self, number: int, message: str, values: tuple[str, ...]) -> None:
        """An error of Schannel's, which Windows writes unless it was told not to (EventLogging, bit 1)."""
        if self._server.schannel_event_logging & _SCHANNEL_LOGS_ERRORS:
            self._server.event_log.write(
                "System", "Schannel", number, "Error", message, at=self._agenda.now, values=values, process=756
            )

    def _exchange(
        self, number: int, level: Level, message: str, values: tuple[str, ...], task: str = "TransportService"
    ) -> None:
        self._server.event_log.write(
            "Application",
            self._source,
            number,
            level,
            message,
            at=self._agenda.now,
            task=task,
            values=values,
            process=_PROCESSES[self._source][1],
        )


def _life(certificate: StoredCertificate, agenda: Agenda) -> Literal["expired", "long"] | int:
    """Whether a certificate has expired, has long to live, or how many hours it has left."""
    left = certificate.not_after - agenda.now
    if left < timedelta():
        return "expired"
    return "long" if left > EXPIRES_SOON else int(left.total_seconds() // 3600)
