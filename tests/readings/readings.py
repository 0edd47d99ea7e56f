# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every reading of the lab with every value, and the twins: what must come of each, thought out from the facts.

A reading changes what a run sees, seldom what has to come of it: so most cases are repaired. Where a reading makes a
repair impossible or harmful, the run has to say so, and to leave alone what it can.
"""

from __future__ import annotations

from itertools import product

from .case import CERTIFICATE, CONNECTOR, MBX01, THIRD_PARTY, Case
from .moods import MOODS

FRONT_END = ("mbx02.contoso.test/third-party",)
EDGE = ("edge01.contoso.test/third-party",)
ORGANISATION = ("outbound_tls_repair_organization_host=mbx01.contoso.test",)
SUBJECT = "CN=*.contoso.com, OU=IT, O=Contoso Corporation, L=Redmond, S=WA, C=US"
ISSUER = "CN=Trusted Secure Certificate Authority 5, O=Corporation Service Company, L=Wilmington, S=DE, C=US"
OLD_AND_BOUND = (
    f"{MBX01}.certificates.older={{subject: '{SUBJECT}', issuer: '{ISSUER}', not_before: -400d, not_after: +20d, "
    "network_service: true}"
)
OTHER_CASE = f"{CONNECTOR}.tls_certificate_name='<I>{ISSUER}<S>{SUBJECT.replace('Contoso', 'CONTOSO')}'"
EXPIRED = f"{CERTIFICATE}.not_after=-1d"
PORT_SILENT = "peers.contoso-com.mail.protection.outlook.com={listens: false, connect_failure: timed_out}"
# Where the binding comes before the logging, mail that leaves by itself in between leaves no proof, and a busy machine
# would make minutes of the lab out of a few seconds.
UNHURRIED = "time_scale=20"
WITHOUT_KEY = f"{CERTIFICATE}.key=missing"


def repaired(reading: str, *values: object, facts: tuple[str, ...] = (), grade: str = "") -> tuple[Case, ...]:
    """The values of a reading under which the fault is cured and the mail leaves."""
    return tuple(
        Case(
            reading,
            str(value),
            "repaired",
            (f"readings.{reading}={value}", *facts),
            grade=grade,
            bound=THIRD_PARTY,
            delivered=True,
        )
        for value in values
    )


def left_alone(reading: str, value: str, verdict: str, says: str, *facts: str, scenario: str = "kb4051498") -> Case:
    """A value under which no certificate is touched."""
    return Case(reading, value, verdict, (f"readings.{reading}={value}", *facts), scenario, says=says)


def behind_a_front_end(reading: str, *values: str) -> tuple[Case, ...]:
    return tuple(
        Case(
            reading,
            value,
            "repaired",
            (f"readings.{reading}={value}",),
            "front-end-proxy",
            bound=FRONT_END,
            delivered=True,
        )
        for value in values
    )


def on_an_edge(reading: str, *values: str, subscribed: bool = False) -> tuple[Case, ...]:
    """The Edge is repaired; of a subscribed one the organisation's Mailbox server is of the run, and has no fault."""
    return tuple(
        Case(
            reading,
            value,
            "healthy, repaired" if subscribed else "repaired",
            (f"readings.{reading}={value}",),
            "edge-subscribed" if subscribed else "edge-standalone",
            ORGANISATION if subscribed else (),
            bound=EDGE,
            delivered=True,
        )
        for value in values
    )


def twins(named: str, setting: str) -> Case:
    """The renewed certificate is not bound, its predecessor of the same name is; the renewed one is chosen by both.

    It is the first in the store, and the last to expire.
    """
    return Case(
        "twins",
        f"{named}, Set-SendConnector {setting}",
        "repaired",
        (f"readings.named_certificate={named}", f"readings.set_send_connector={setting}", OLD_AND_BOUND, UNHURRIED),
        bound=THIRD_PARTY,
        delivered=True,
    )


READINGS = (
    *repaired("set_send_connector", "works", "refused", facts=(UNHURRIED,)),
    *on_an_edge("set_send_connector", "works", "refused"),
    *repaired("named_certificate", "latest_expiry", "store_order"),
    left_alone("expired_named_certificate", "not_found", "other_cause", "TlsCertificateName|expired", EXPIRED),
    # There is nothing to bind, so nobody has the log speak; where it speaks already, the binding is refused.
    left_alone("expired_named_certificate", "used", "no_evidence", "DateInvalid.* must not be bound", EXPIRED),
    left_alone("expired_named_certificate", "used", "refused", "expired", EXPIRED, scenario="log-already-speaks"),
    *repaired("named_certificate_case", "ignored", facts=(OTHER_CASE,)),
    left_alone("named_certificate_case", "matched", "other_cause", "TlsCertificateName", OTHER_CASE),
    # One compares by case and lets the change pass; the other refuses it, and the refusal is the evidence.
    *repaired(
        "smtp_check_case", "matched", "ignored", facts=(OTHER_CASE, "readings.set_send_connector=refused", UNHURRIED)
    ),
    *repaired("cng_key", "usable", facts=(f"{CERTIFICATE}.key=cng",)),
    Case(
        "cng_key",
        "unusable",
        "bound_not_proven",
        ("readings.cng_key=unusable", f"{CERTIFICATE}.key=cng"),
        says="UnknownCredentials",
        bound=THIRD_PARTY,
    ),
    *repaired("enable_services", "adds"),
    Case(
        "enable_services",
        "resets",
        "failed",
        ("readings.enable_services=resets",),
        # The sentence, both states, and the line that restores it.
        says="(?s)has lost .*Enable-ExchangeCertificate .*-Services 'POP, IIS, SMTP'",
        bound=THIRD_PARTY,
        lost=((THIRD_PARTY[0], frozenset({"POP", "IIS"})),),
    ),
    *repaired("binding_takes_effect", "at_once"),
    Case(
        "binding_takes_effect",
        "after_restart",
        "bound_not_proven",
        ("readings.binding_takes_effect=after_restart",),
        says="Restart-Service MSExchangeTransport",
        bound=THIRD_PARTY,
    ),
    # What a peer, the network or another server makes of a session.
    *repaired("last_endpoint", "several", "always", "never"),
    *repaired("address_order", "ipv4_first", "ipv6_first"),
    *repaired("tls_alert", "SocketError", "IllegalMessage"),
    *repaired("refused_mail", "queue", "message"),
    *repaired("remote_site_queue", "SmtpRelayToRemoteAdSite", "SmtpRelayToRemoteActiveDirectorySite"),
    # What is asked.
    *repaired("prompt_choices", 4, 5),
    *repaired("prompt_language", "en", "de"),
    *repaired("prompt_language", "de", facts=("readings.prompt_choices=5", "readings.prompt_order=no_second")),
    *repaired("prompt_order", "documented", "no_second"),
    # The certificate is bound before the question comes. What is not understood is not answered.
    Case(
        "prompt_order",
        "no_first",
        "failed",
        ("readings.prompt_order=no_first",),
        says="prompt|asks|asked",
        bound=THIRD_PARTY,
    ),
    *repaired("prompt_thumbprints", "named"),
    Case(
        "prompt_thumbprints",
        "others",
        "failed",
        ("readings.prompt_thumbprints=others",),
        says="prompt|asks|asked",
        bound=THIRD_PARTY,
    ),
    *repaired("default_question", "asked", "skipped"),
    *repaired("default_question", "asked", facts=(f"{MBX01}.default_certificate=third-party",)),
    left_alone(
        "default_question",
        "asked",
        "refused",
        "default SMTP certificate is unknown",
        f"{MBX01}.default_certificate=null",
    ),
    Case(
        "default_question",
        "replaced",
        "failed",
        ("readings.default_question=replaced",),
        says="(?s)default SMTP certificate was to stay.*Enable-ExchangeCertificate",
        bound=THIRD_PARTY,
        default_lost=True,
    ),
    # How values and texts look.
    *repaired("services_value", "object", "text", "letters"),
    *repaired("select_object", "offered"),
    left_alone("select_object", "hidden", "no_evidence", "the services of certificate .* are unknown"),
    *repaired("tls_certificate_name_value", "text", "object"),
    *repaired("current_domain_controllers", "empty", "filled"),
    *repaired("queue_error", "primary_4.4.1", "primary_4.2.1", "led_4.4.1"),
    left_alone("connect_error", "4.4.397", "other_cause", "10060", scenario="stuck-for-another-reason"),
    # The words do not tell the network from TLS, but no certificate is left to bind.
    left_alone(
        "connect_error", "primary_4.2.1", "other_cause", "is enabled for SMTP", scenario="stuck-for-another-reason"
    ),
    # Where one is left, the log has to tell.
    *(
        left_alone("connect_error", value, "other_cause", "10060", PORT_SILENT)
        for value in ("4.4.397", "primary_4.2.1")
    ),
    *(
        left_alone("wrapped_errors", value, "other_cause", "private key", WITHOUT_KEY, scenario="log-already-speaks")
        for value in ("session", "german")
    ),
    # The protocol log.
    *repaired("certificate_rows", "old", "new", grade="marked"),
    *repaired("certificate_rows", "none", grade="eliminated"),
    *repaired("failed_certificate_rows", "written", grade="marked"),
    *repaired("failed_certificate_rows", "missing", grade="eliminated"),
    *repaired("failed_certificate_rows", "missing", facts=("readings.certificate_rows=new",), grade="eliminated"),
    *repaired("alternate_names_row", "filled", "empty"),
    *repaired("alternate_names_row", "empty", facts=("readings.certificate_rows=new",)),
    *repaired("tls_protocol", "TLS1_2", "TLS1_3"),
    *repaired("ehlo_rows", "one_a_line", "joined"),
    *repaired("log_names", "daily", "hourly"),
    *repaired("log_flush", "any_byte", "whole_rows"),
    *repaired("connectivity_rows", "bare", "full"),
    *repaired("log_row_end", "crlf", "lf"),
    *repaired("log_byte_order_mark", "absent", "present"),
    # Front ends and Edges.
    *behind_a_front_end("outbound_front_end", "another"),
    # That front end is the sender's own, and there the certificate is bound: the mail has left before the run.
    left_alone("outbound_front_end", "local", "healthy", "", scenario="front-end-proxy"),
    *behind_a_front_end("front_end_error", "450_4.7.0", "450_4.4.101"),
    *behind_a_front_end("front_end_connector_id", "virtual", "name"),
    *behind_a_front_end("front_end_log_level", "connector", "always"),
    *on_an_edge("edge_connector_guid", "same", "other", subscribed=True),
    *on_an_edge("edge_shows_subscription", "shown", "hidden", subscribed=True),
    *on_an_edge("edge_smtp_check", "skipped_at_once", "skipped_after_timeout", subscribed=True),
    *on_an_edge("snap_in_error_ids", "bare", "prefixed"),
    *on_an_edge("snap_in_values", "text", "object"),
)

TWINS = tuple(twins(*each) for each in product(("store_order", "latest_expiry"), ("refused", "works")))

CASES = (*READINGS, *TWINS, *MOODS)
