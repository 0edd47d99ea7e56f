# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cases of ``make findings``: every row of the list of differential diagnoses, and what cannot be seen.

What must be found follows from the facts, and was decided before the first run.
"""

from __future__ import annotations

from typing import Any

from .case import Case
from .healthy import HEALTHY
from .predicted import PREDICTED

SERVER = "servers.mbx01.contoso.test"
CERTIFICATE = f"{SERVER}.certificates.third-party"
CONNECTOR = "connectors.Outbound to Office 365"
PEER = "peers.contoso-com.mail.protection.outlook.com"

BOUND = f"{CERTIFICATE}.network_service=true"
VERBOSE = f"{CONNECTOR}.protocol_logging_level=Verbose"
SILENT = frozenset({"log_not_verbose"})
IPV6 = frozenset({"last_target_ipv6"})
FRONT_END = frozenset({"front_end"})
WILL_NOT_SERVE = frozenset({"named_certificate_unusable"})
LOGGING = "ProtocolLoggingLevel to be Verbose"
AMBIGUOUS = "readings.connect_error=primary_4.2.1"
OPPORTUNISTIC = (f"{CONNECTOR}.require_tls=false", f"{CONNECTOR}.tls_auth_level=null")
BOTH_WAYS = f"{PEER}.addresses=[203.0.113.25, '2001:db8::25:25']"
WITHOUT_IPV4 = f"{SERVER}.network={{firewall: {{203.0.113.25: drops}}}}"
RENEWED = (
    f"{SERVER}.certificates.renewed={{subject: 'CN=*.contoso.com, OU=IT, O=Contoso Corporation, L=Redmond, S=WA, "
    "C=US', issuer: 'CN=Trusted Secure Certificate Authority 5, O=Corporation Service Company, L=Wilmington, S=DE, "
    "C=US', not_after: +700d, network_service: true, imported_at: -3m}"
)
FLEET_UP = "servers.mbx01.contoso.test.reachable=true"
OTHERS_BOUND = tuple(f"servers.mbx0{each}.contoso.test.certificates.wildcard.network_service=true" for each in (1, 3))
FROM_ELSEWHERE = "mail=[{server: mbx01.contoso.test, domain: fabrikam.com, count: 25, queued_at: -40m}]"
NOT_TRUSTED = f"{PEER}.client_certificate={{issuers: ['CN=Another CA']}}"
NOT_EXPECTED = f"{PEER}.client_certificate={{names: [mail.adatum.com]}}"
OLD_TLS = f"{SERVER}.tls_versions=[TLS1_0, TLS1_1]"


def inspection(what: str) -> str:
    return f"{SERVER}.network={{inspection: {{{what}}}}}"


def firewall(what: str) -> str:
    return f"{SERVER}.network={{firewall: {{'*': {what}}}}}"


def proven(row: str, name: str, primary: str, *facts: str, **more: Any) -> Case:
    """A fault that is not that of an unbound certificate, while the connector logs its sessions."""
    return Case(row, name, primary, (BOUND, VERBOSE, *facts), **{"certain": True, **more})


def connectivity(row: str, name: str, primary: str, *facts: str, **more: Any) -> Case:
    """The same while it does not, and the connectivity log tells."""
    return Case(row, name, primary, (BOUND, *facts), **{"certain": True, **more})


def hinted(row: str, name: str, primary: str, *facts: str, **more: Any) -> Case:
    """The same while nothing but the queue tells."""
    return Case(
        row, f"{name}, the log is silent", primary, (BOUND, *facts), **{"certain": False, "qualifiers": SILENT, **more}
    )


OWN_CERTIFICATE = (
    Case("1", "KB 4051498, the log is silent", "suspected", qualifiers=SILENT, certain=False, unobserved=LOGGING),
    Case("1", "KB 4051498", "certificate_not_bound", (VERBOSE,), certain=True),
    Case("1", "one row a certificate", "certificate_not_bound", (VERBOSE, "readings.certificate_rows=new")),
    Case("1", "no row of a certificate", "certificate_not_bound", (VERBOSE, "readings.certificate_rows=none")),
    Case("1", "the queue says 421 4.2.1", "certificate_not_bound", (VERBOSE, "readings.queue_error=primary_4.2.1")),
    Case("1", "the queue says 4.4.395", "certificate_not_bound", (VERBOSE, "readings.queue_error=led_4.4.1")),
    proven("2", "the key denies NETWORK SERVICE", "key_unusable", f"{CERTIFICATE}.key=denied", certain=False,
           unobserved="certutil"),
    proven("2", "the key is a CNG key", "key_unusable", f"{CERTIFICATE}.key=cng", "readings.cng_key=unusable",
           certain=False, unobserved="certutil"),
    Case("3", "replaced since", "certificate_gone", (VERBOSE, f"{CERTIFICATE}.removed_at=-3m", RENEWED)),
    Case("4", "other source servers fail too", "certificate_not_bound", (VERBOSE, FLEET_UP), "four-servers",
         server="mbx02.contoso.test", qualifiers=frozenset({"other_sources_fail", "some_sources_only"})),
    Case("4", "one source server alone fails", "certificate_not_bound", (VERBOSE, FLEET_UP, *OTHERS_BOUND),
         "four-servers", server="mbx02.contoso.test", qualifiers=frozenset({"some_sources_only"})),
    Case("5", "no private key", "no_private_key", (VERBOSE, f"{CERTIFICATE}.key=missing"), certain=True),
    Case("5", "no private key, the log is silent", "unexplained", (f"{CERTIFICATE}.key=missing",), qualifiers=SILENT,
         unobserved=LOGGING),
    hinted("6", "the name fits no certificate", "certificate_name_not_found",
           f"{CONNECTOR}.tls_certificate_name=<I>CN=X<S>CN=Y"),
    hinted("6", "the certificate was removed", "certificate_name_not_found", f"{CERTIFICATE}.removed_at=-60m"),
)  # fmt: skip

OTHER_END = (
    hinted("7", "its authority is unknown", "peer_certificate",
           f"{SERVER}.missing_roots=['CN=Public Mail CA 1, O=Public Trust Services, C=US']"),
    hinted("7", "its name is another", "peer_certificate", f"{CONNECTOR}.tls_auth_level=DomainValidation",
           f"{CONNECTOR}.tls_domain=mail.fabrikam.com"),
    hinted("7", "it has expired", "peer_certificate",
           f"{PEER}.certificate={{subject: CN=contoso-com.mail.protection.outlook.com, issuer: CN=Y, "
           "domains: [contoso-com.mail.protection.outlook.com], not_before: -400d, not_after: -1d}"),
    proven("8", "it does not trust ours", "refused_by_peer", NOT_TRUSTED),
    hinted("8", "it does not trust ours", "refused_by_peer", NOT_TRUSTED),
    proven("8", "it rejects our name, and mail is lost", "refused_by_peer", NOT_EXPECTED),
    Case("8", "it rejects our name, the log is silent", "healthy", (BOUND, NOT_EXPECTED), severity="info",
         unobserved=LOGGING),
)  # fmt: skip

TLS = (
    proven("9", "TLS versions", "tls_mismatch", OLD_TLS, unobserved="Schannel settings"),
    proven("9", "TLS versions, told by an alert", "tls_mismatch", OLD_TLS, "readings.tls_alert=IllegalMessage"),
    hinted("9", "TLS versions", "tls_mismatch", OLD_TLS, unobserved=LOGGING),
    proven("9", "a firewall resets TLS", "tls_mismatch", firewall("resets_tls")),
    proven("9", "a firewall swallows TLS", "tls_mismatch", firewall("swallows_tls")),
)

NETWORK = (
    proven("10", "the port is closed", "port_closed", f"{PEER}.listens=false", unobserved="Test-NetConnection"),
    connectivity("10", "the queue says 421 4.2.1", "port_closed", AMBIGUOUS, f"{PEER}.listens=false"),
    connectivity("10", "a firewall drops", "port_closed", firewall("drops")),
    Case("10", "an unbound certificate behind it", "port_closed", (AMBIGUOUS, f"{PEER}.listens=false"),
         also=WILL_NOT_SERVE, certain=True),
    connectivity("11", "refused", "connection_refused", f"{PEER}.listens=false", f"{PEER}.connect_failure=refused"),
    connectivity("11", "no route to the network", "no_route", f"{PEER}.listens=false",
                 f"{PEER}.connect_failure=unreachable"),
    connectivity("11", "no route to the host", "no_route", f"{PEER}.listens=false",
                 f"{PEER}.connect_failure=host_unreachable"),
    connectivity("12", "the last target is IPv6", "ipv6_route", BOTH_WAYS, WITHOUT_IPV4, qualifiers=IPV6),
    connectivity("12", "the last target is IPv6, 421 4.2.1", "ipv6_route", AMBIGUOUS, BOTH_WAYS, WITHOUT_IPV4,
                 qualifiers=IPV6),
    Case("12", "an unbound certificate, then IPv6", "certificate_not_bound", (VERBOSE, BOTH_WAYS), certain=True,
         qualifiers=IPV6),
    proven("13", "the greeting is held back", "smtp_inspection", inspection("banner: held")),
    hinted("13", "the greeting is held back", "unexplained", inspection("banner: held"), unobserved=LOGGING),
    proven("13", "masked, TLS mangled", "smtp_inspection", inspection("banner: masked, tls: mangled")),
    proven("13", "TLS mangled", "not_tls", inspection("tls: mangled")),
    proven("14", "STARTTLS is removed", "starttls_not_offered", inspection("starttls: removed")),
    proven("14", "STARTTLS is masked", "smtp_inspection", inspection("starttls: masked")),
    hinted("14", "no STARTTLS", "starttls_not_offered", f"{PEER}.starttls=false"),
    hinted("14", "the other end demands it", "starttls_not_offered", *OPPORTUNISTIC, f"{PEER}.requires_tls=true",
           inspection("starttls: removed")),
    hinted("14", "the connector ignores it", "starttls_ignored", *OPPORTUNISTIC, f"{PEER}.requires_tls=true",
           f"{CONNECTOR}.ignore_starttls=true"),
    *(
        connectivity("15", f"DNS: {answer}", "dns", f"{PEER}.dns={answer}")
        for answer in ("nxdomain", "servfail", "timeout")
    ),
    hinted("15", "DNS, no connectivity log", "dns", f"{PEER}.dns=servfail", f"{SERVER}.connectivity_log_enabled=false",
           unobserved="connectivity log"),
)  # fmt: skip

OTHERS = (
    *(
        Case("16", f"Kerberos: {word}", "authentication", (f"{SERVER}.kerberos={word}",), "other-site",
             server="mbx02.contoso.test")
        for word in ("no_spn", "clock_skewed", "broken_trust")
    ),
    Case("17", "a Receive log among the Send logs", "suspected", scenario="receive-log-only", qualifiers=SILENT,
         unobserved=LOGGING),
    proven("18", "the other end times out", "peer_timeout", f"{PEER}.reply_to_mail=421 4.4.1 Connection timed out"),
    hinted("18", "the other end times out", "unknown_error", f"{PEER}.reply_to_mail=421 4.4.1 Connection timed out",
           unobserved=LOGGING),
    proven("19", "the other end is busy", "load", f"{PEER}.reply_to_mail=421 4.3.2 Service not available"),
    hinted("19", "busy at the greeting", "load", f"{PEER}.banner=421 4.3.2 Service not available"),
    Case("19", "busy after the data", "load", (BOUND, f"{PEER}.reply_to_data=452 4.3.1 Insufficient system resources")),
    Case("20", "opportunistic TLS", "certificate_not_bound", (VERBOSE, *OPPORTUNISTIC), severity="warning",
         certain=True, qualifiers=frozenset({"sent_in_clear"})),
    Case("20", "opportunistic TLS, the log is silent", "clear_text_fallback", OPPORTUNISTIC, severity="warning",
         unobserved=LOGGING),
    Case("20", "opportunistic TLS, no private key", "no_private_key",
         (VERBOSE, *OPPORTUNISTIC, f"{CERTIFICATE}.key=missing"), severity="warning", certain=True,
         qualifiers=frozenset({"sent_in_clear"})),
    Case("20", "opportunistic TLS, no certificate is proven", "sent_in_clear",
         (VERBOSE, *OPPORTUNISTIC, "readings.certificate_rows=none", "readings.select_object=hidden"),
         severity="warning", qualifiers=frozenset({"sent_in_clear"})),
    Case("21", "seen from the server that sends", "frontend_proxy", (VERBOSE,), "front-end-proxy",
         qualifiers=FRONT_END),
    Case("21", "seen from the front end", "certificate_not_bound", (VERBOSE,), "front-end-proxy",
         server="mbx02.contoso.test", qualifiers=FRONT_END),
    Case("21", "the way to the front end fails", "frontend_hop", (VERBOSE,), "front-end-trap",
         also=WILL_NOT_SERVE, qualifiers=FRONT_END),
    Case("22", "the source server does not answer", "relayed",
         ("servers.mbx02.contoso.test.network={firewall: {mbx01.contoso.test: drops}}",), "other-site",
         server="mbx02.contoso.test", unobserved="the same look at that server"),
    Case("22", "seen from the source server", "suspected", scenario="other-site", qualifiers=SILENT,
         unobserved=LOGGING),
    Case("22", "seen from the Edge", "suspected", (FROM_ELSEWHERE,), "edge-subscribed", server="edge01.contoso.test",
         qualifiers=SILENT, unobserved=LOGGING),
    proven("23", "a reply that nobody knows", "unknown_error", f"{PEER}.reply_to_mail=451 4.7.1 Greylisted"),
    Case("other", "out of service", "maintenance", (f"{SERVER}.components={{HubTransport: Inactive}}",), certain=True),
    hinted("other", "the connector names nothing", "certificate_name_missing",
           f"{CONNECTOR}.tls_certificate_name=null", f"{PEER}.reply_to_mail=421 4.4.1 Connection timed out"),
    Case("other", "single messages are put off", "healthy", (BOUND, f"{PEER}.reply_to_data=450 4.7.1 Greylisted"),
         also=frozenset({"unknown_error"}), severity="info"),
)  # fmt: skip

UNOBSERVED = (
    Case("unobserved", "no Send log", "suspected", (f"{SERVER}.send_log_path=null",), qualifiers=SILENT,
         unobserved="a Send log: SendProtocolLogPath is empty"),
    hinted("unobserved", "no connectivity log", "unknown_error", AMBIGUOUS, f"{PEER}.listens=false",
           f"{SERVER}.connectivity_log_enabled=false", unobserved="the connectivity log: this server writes no"),
    Case("unobserved", "the event logs are denied", "suspected",
         (r"accounts=[{user: 'CONTOSO\exadmin', password: 'Lab-Passw0rd!', reads_event_logs: false}]",),
         qualifiers=SILENT, unobserved="the right to read the event logs"),
)  # fmt: skip

CASES: tuple[Case, ...] = (*OWN_CERTIFICATE, *OTHER_END, *TLS, *NETWORK, *OTHERS, *UNOBSERVED, *PREDICTED, *HEALTHY)
