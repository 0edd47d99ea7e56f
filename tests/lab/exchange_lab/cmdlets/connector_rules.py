# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Set-SendConnector refuses. After a published analysis of Exchange 2013 CU23; called under the world's lock."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from ..powershell import Invocation
from ..powershell.parameters import ParameterType, Unconvertible, text_type
from ..world import SendConnector, Server, Services, StoredCertificate, SubscribedDirectory, parse_name
from .failures import refused
from .identity import is_reachable, server_called
from .service_host import listed_certificates

_IDENTIFIER = "Microsoft.Exchange.Data.SmtpX509Identifier"
_RPC_TIMEOUT = timedelta(seconds=21)  # until Windows gives up a connection that nobody answers
_LOOK_EVERY_S = 0.1
_PATTERN = re.compile(r"(?:<I>(?P<issuer>.+?))?<S>(?P<subject>.+)", re.IGNORECASE | re.DOTALL)
_DOMAIN = re.compile(r"(?:\*\.)?(?:[A-Z0-9](?:[A-Z0-9-]*[A-Z0-9])?\.)*[A-Z0-9](?:[A-Z0-9-]*[A-Z0-9])?", re.IGNORECASE)


def _certificate_identifier(value: Any) -> str:
    text = text_type(_IDENTIFIER).convert(value)
    parts = _PATTERN.fullmatch(text.strip())
    try:
        if parts is None:
            raise ValueError("neither <S> nor <I>")
        common_names = re.findall(r"(?:^|,\s*)CN=([^,]+)", parts["subject"])
        parse_name(parts["subject"])
        if parts["issuer"]:
            parse_name(parts["issuer"])
    except ValueError as error:
        raise _not_converted(text, f'"{text}" isn\'t a valid Certificate Identifier.') from error
    if not common_names or not _DOMAIN.fullmatch(common_names[0]):
        reason = (
            f'"{text}" isn\'t a supported Certificate Identifier. The common name in the subject needs to be a valid '
            "domain name. "
        )
        raise _not_converted(text, reason)
    issuer = f"<I>{parts['issuer']}" if parts["issuer"] else ""
    return f"{issuer}<S>{parts['subject']}"


def _not_converted(text: str, reason: str) -> Unconvertible:
    return Unconvertible(f'Cannot convert value "{text}" to type "{_IDENTIFIER}". Error: "{reason}"')


TLS_CERTIFICATE_NAME = ParameterType(_IDENTIFIER, _certificate_identifier)
"""``<I>issuer<S>subject``; the subject has to have a common name that is a domain."""


def refuse_contradictions(invocation: Invocation, connector: SendConnector) -> None:
    """Raise for properties that exclude one another."""
    if connector.require_tls and connector.ignore_starttls:
        raise refused(invocation, "RequireTLS and IgnoreTLS can't both be set.")
    if connector.tls_auth_level is not None and not connector.require_tls:
        raise refused(
            invocation, "The TLSAuthLevel parameter can't be set if the RequireTLS parameter is set to $false."
        )
    if connector.tls_domain is not None and connector.tls_auth_level != "DomainValidation":
        raise refused(
            invocation,
            "The TLSDomain parameter can only be set if the TLSAuthLevel parameter is set to DomainValidation.",
        )


def refuse_on_edge(invocation: Invocation) -> None:
    """Raise on a subscribed Edge, which gets its connectors; one that stands alone is the source of all it has."""
    directory = invocation.server.edge_directory
    if isinstance(directory, SubscribedDirectory):
        raise refused(
            invocation,
            "You can't run this task on an Edge Transport server that is subscribed to an Active Directory site. You "
            "must either perform this operation using the management console on a Hub Transport server, or remove the "
            "Edge Subscription by using the Remove-EdgeSubscription command.",
        )
    if directory is not None and invocation.arguments.given("SourceTransportServers"):
        # How the text goes on behind "parameter" is not known.
        raise refused(
            invocation,
            "You can't specify a value for the SourceTransportServers parameter on an Edge Transport server.",
        )


def wait_for_edge(invocation: Invocation, connector: SendConnector) -> None:
    """The time that the question to an Edge takes, which is on its way into the DMZ and never answered."""
    world = invocation.world
    with world.lock:
        first = _asked_server(invocation, connector)
        if first is None or first is invocation.server or first.role != "edge":
            return
        if world.readings.edge_smtp_check == "skipped_at_once":
            return
        until = world.clock.now() + _RPC_TIMEOUT
    while world.clock.now() < until:
        invocation.session.sleep(min(_LOOK_EVERY_S, world.clock.real_seconds(until - world.clock.now())))


def refuse_without_smtp(invocation: Invocation, connector: SendConnector) -> None:
    """Raise when a certificate that the connector names is not enabled for SMTP on its first source server.

    Every change of the connector is checked, even one of its logging level, and only when it is about to be made. A
    server that does not answer is not checked. The names are compared letter by letter, unlike in mail flow.
    """
    first, name = _asked_server(invocation, connector), connector.tls_certificate_name
    if first is None or name is None or not is_reachable(invocation, first) or first.service_host != "running":
        return
    match_case = invocation.world.readings.smtp_check_case == "matched"
    named = [each for each in listed_certificates(first) if _names(name, each, match_case)]
    if any(Services.SMTP not in first.services_of(each) for each in named):
        raise refused(
            invocation,
            "The given certificate is not enabled for SMTP protocol. Only certificates enabled for SMTP protocol can "
            "be set on Send Connectors. To enable a certificate for SMTP, please use 'Enable-ExchangeCertificate' "
            "cmdlet.",
        )


def _asked_server(invocation: Invocation, connector: SendConnector) -> Server | None:
    """The server that is asked for its certificates; None when no certificate is named, or none is asked for."""
    if invocation.world.readings.set_send_connector == "works" or connector.tls_certificate_name is None:
        return None
    return server_called(invocation, connector.source_servers[0])


def _names(identifier: str, certificate: StoredCertificate, match_case: bool) -> bool:
    names = (certificate.identifier, f"<S>{certificate.subject}")
    return identifier in names if match_case else identifier.casefold() in [each.casefold() for each in names]
