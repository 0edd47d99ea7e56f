# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The switches for what nobody has proved about Exchange: each field is a question, each value one answer to it.

A default is the answer that was seen, or that Microsoft documents; where neither exists, the one that is less kind to a
client. The same defaults stand in ``scenario.schema.json``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Readings:
    """One answer to each open question.

    Attributes:
        set_send_connector: Does Set-SendConnector refuse while a certificate of that issuer and subject on the first
            source server lacks SMTP?
        named_certificate: Which of several same-named certificates TlsCertificateName picks.
        expired_named_certificate: Whether TlsCertificateName still finds an expired certificate.
        named_certificate_case: Whether the transport service compares the names in TlsCertificateName by case.
        smtp_check_case: Whether Set-SendConnector does so before it refuses.
        enable_services: Whether Enable-ExchangeCertificate adds to a certificate's services, or takes those away that
            are not named, which documentation has claimed.
        cng_key: Whether the transport service can use a key of a CNG provider.
        binding_takes_effect: ``at_once`` (the store's change empties the certificate cache) or ``after_restart``.
        queue_error: The frame and code of LastError for a TLS failure of Exchange's own making: the text of KB 4051498,
            the same with 421 4.2.1, or the ``[{LED=…}]`` form of newer builds.
        connect_error: LastError where no connection comes about: 451 4.4.397, or the frame of the text above.
        last_endpoint: Whether that frame ends with the last endpoint that was tried: where there were several, always,
            or never.
        address_order: Which of a host's addresses are tried first, those of IPv4 or those of IPv6.
        refused_mail: Whether a reply of 4xx to MAIL FROM makes the whole queue wait, or the message alone.
        tls_alert: What the log says of a handshake that the other end refuses by an alert.
        remote_site_queue: The delivery type of mail on its way to another site.
        wrapped_errors: The language of what a server's Service Host answers: English as the session, or that of a
            German system.
        outbound_front_end: Which Front End Transport service a Mailbox server hands proxied mail to: that of another
            server (one of its site, if there is one), or its own.
        front_end_error: The code for a proxy session that the front end could not set up: 450 4.7.0 in the frame
            ``[{LRT=…};{LED=…};{FQDN=…};{IP=…}]``, or 450 4.4.101 without a frame (``led_4.4.1`` frames both).
        front_end_connector_id: The connector-id in the front end's Send log: the connector's name, or that of an
            implicit connector for all.
        front_end_log_level: Whether that log follows the connector's level or always speaks.
        certificate_rows: Certificates in the protocol log: one row a property, one row in all, or not at all.
        failed_certificate_rows: Whether our certificate is in the log of a session whose TLS fails on our side.
        alternate_names_row: Whether the rows of a certificate hold its alternate names.
        tls_protocol: The protocol's name in the log.
        ehlo_rows: A reply of several lines in the protocol log: one row a line, or one row.
        log_names: ``SENDyyyymmdd-n.LOG`` or ``SENDyyyymmddHH-n.LOG``.
        log_flush: Whether a flush of the log may end in the middle of a row.
        log_row_end: What ends a row.
        connectivity_rows: Whether a session of the connectivity log names its connector and tells an answer of DNS, or
            no more than has been described.
        log_byte_order_mark: Whether a log file begins with one.
        prompt_choices: 4, or 5 with Suspend.
        prompt_language: The language of the choices and of the question about the default certificate.
        prompt_order: The order of the choices: as documented, with No in the second place, or with No first and the
            default still Yes.
        prompt_thumbprints: Whether the question about the default certificate names the two that it is about.
        default_question: Whether it is asked at all; without it the default stays, or is replaced.
        services_value: Services after Select-Object: the enum as an object, its text, or letters such as ``IP.WS..``.
        tls_certificate_name_value: TlsCertificateName of a connector in the Partial profile.
        select_object: Whether a session of Exchange has Select-Object.
        current_domain_controllers: Whether Get-ExchangeServer -Status fills these properties.
        edge_connector_guid: Whether EdgeSync keeps the Guid of a connector.
        edge_shows_subscription: Whether a subscribed Edge shows its own subscription by Get-EdgeSubscription.
        edge_smtp_check: How Set-SendConnector gives up asking an Edge, the connector's first source server, for its
            certificates: at once, or after the time that an RPC into nowhere takes.
        snap_in_error_ids: Whether errors of the snap-in's cmdlets begin with ``[Server=…]`` as those of a session do.
        snap_in_values: What is nested in objects of the snap-in's cmdlets: text, or an object where its type is one of
            Exchange's own.
    """

    set_send_connector: Literal["refused", "works"] = "refused"
    named_certificate: Literal["latest_expiry", "store_order"] = "latest_expiry"
    expired_named_certificate: Literal["not_found", "used"] = "not_found"
    named_certificate_case: Literal["ignored", "matched"] = "ignored"
    smtp_check_case: Literal["matched", "ignored"] = "matched"
    enable_services: Literal["adds", "resets"] = "adds"
    cng_key: Literal["usable", "unusable"] = "usable"
    binding_takes_effect: Literal["at_once", "after_restart"] = "at_once"
    queue_error: Literal["primary_4.4.1", "primary_4.2.1", "led_4.4.1"] = "primary_4.4.1"
    connect_error: Literal["4.4.397", "primary_4.2.1"] = "4.4.397"
    last_endpoint: Literal["several", "always", "never"] = "several"
    address_order: Literal["ipv4_first", "ipv6_first"] = "ipv4_first"
    refused_mail: Literal["queue", "message"] = "queue"
    tls_alert: Literal["SocketError", "IllegalMessage"] = "SocketError"
    remote_site_queue: Literal["SmtpRelayToRemoteAdSite", "SmtpRelayToRemoteActiveDirectorySite"] = (
        "SmtpRelayToRemoteAdSite"
    )
    wrapped_errors: Literal["session", "german"] = "session"
    outbound_front_end: Literal["another", "local"] = "another"
    front_end_error: Literal["450_4.7.0", "450_4.4.101"] = "450_4.7.0"
    front_end_connector_id: Literal["virtual", "name"] = "virtual"
    front_end_log_level: Literal["connector", "always"] = "connector"
    certificate_rows: Literal["old", "new", "none"] = "old"
    failed_certificate_rows: Literal["written", "missing"] = "written"
    alternate_names_row: Literal["filled", "empty"] = "filled"
    tls_protocol: Literal["TLS1_2", "TLS1_3"] = "TLS1_2"
    ehlo_rows: Literal["one_a_line", "joined"] = "one_a_line"
    log_names: Literal["daily", "hourly"] = "daily"
    log_flush: Literal["any_byte", "whole_rows"] = "any_byte"
    connectivity_rows: Literal["bare", "full"] = "bare"
    log_row_end: Literal["crlf", "lf"] = "crlf"
    log_byte_order_mark: Literal["absent", "present"] = "absent"
    prompt_choices: Literal[4, 5] = 4
    prompt_language: Literal["en", "de"] = "en"
    prompt_order: Literal["documented", "no_second", "no_first"] = "documented"
    prompt_thumbprints: Literal["named", "others"] = "named"
    default_question: Literal["asked", "skipped", "replaced"] = "asked"
    services_value: Literal["object", "text", "letters"] = "object"
    tls_certificate_name_value: Literal["text", "object"] = "text"
    select_object: Literal["offered", "hidden"] = "offered"
    current_domain_controllers: Literal["empty", "filled"] = "empty"
    edge_connector_guid: Literal["same", "other"] = "other"
    edge_shows_subscription: Literal["shown", "hidden"] = "hidden"
    edge_smtp_check: Literal["skipped_at_once", "skipped_after_timeout"] = "skipped_after_timeout"
    snap_in_error_ids: Literal["bare", "prefixed"] = "bare"
    snap_in_values: Literal["text", "object"] = "text"
