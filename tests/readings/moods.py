# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Moods of Exchange: facts under which the shipped playbook has to find its way, and what must come of each.

What must come follows from the facts, and was decided before the first run.
"""

from __future__ import annotations

from .case import CERTIFICATE, CONNECTOR, MBX01, THIRD_PARTY, Case

BY_DNS = (f"{CONNECTOR}.smart_hosts=[]", "peers={mx.fabrikam.com: {mx_for: ['*']}}")


def repaired(
    area: str,
    name: str,
    *facts: str,
    scenario: str = "kb4051498",
    bound: tuple[str, ...] = THIRD_PARTY,
    level: str = "None",
) -> Case:
    """A mood in which the fault is cured and the mail leaves."""
    return Case(area, name, "repaired", facts, scenario, bound=bound, level=level, delivered=True)


def left_alone(
    area: str, name: str, verdict: str, says: str, *facts: str, scenario: str = "kb4051498", level: str = "None"
) -> Case:
    """A mood in which no certificate is touched."""
    return Case(area, name, verdict, facts, scenario, says=says, level=level)


def mail(more: str = "") -> str:
    """What waits in most scenarios; ``more`` are further facts of it."""
    return f"{{server: mbx01.contoso.test, domain: fabrikam.com, count: 25, queued_at: -40m{more}}}"


def account(*, groups: str = "", roles: str = "", more: str = "") -> str:
    """The administrator's account with other rights than usual."""
    rights = f"role_groups: [{groups}], roles: [{roles}]"
    return f"accounts=[{{user: 'CONTOSO\\exadmin', password: 'Lab-Passw0rd!', {rights}{more}}}]"


def others_connect(seconds: int) -> str:
    return f"faults=[{{others_connect: {{cmdlet: Set-SendConnector, sessions: 18, seconds: {seconds}}}}}]"


WITHOUT_CONNECTORS = "Exchange Server Certificates, Transport Queues, View-Only Configuration"
IDENTITY_ONLY = "Send Connectors, Transport Queues, View-Only Configuration"
EVERYTHING = "Organization Management"
SAME_NAME = (
    "subject: 'CN=*.contoso.com, OU=IT, O=Contoso Corporation, L=Redmond, S=WA, C=US', issuer: 'CN=Trusted Secure "
    "Certificate Authority 5, O=Corporation Service Company, L=Wilmington, S=DE, C=US', not_before: -400d, "
    "not_after: +20d"
)

MOODS = (
    # Keys of CNG providers, and twins of which one is bound, stand among the readings.
    left_alone(
        "key access",
        "lost, SMTP shown",
        "other_cause",
        "enabled for SMTP",
        f"{CERTIFICATE}.key=denied",
        f"{CERTIFICATE}.network_service=true",
    ),
    left_alone(
        "key access",
        "lost, SMTP shown, log speaks",
        "other_cause",
        "its key could not be used",
        f"{CERTIFICATE}.key=denied",
        f"{CERTIFICATE}.network_service=true",
        scenario="log-already-speaks",
    ),
    Case(
        "key access",
        "denied, not bound",
        "bound_not_proven",
        (f"{CERTIFICATE}.key=denied",),
        says="TLS fails with UnknownCredentials all the same",
        bound=THIRD_PARTY,
    ),
    left_alone(
        "RPC error",
        "ACL of the key read-only",
        "failed",
        "A special Rpc error occurs on server MBX01: Insufficient",
        f"{CERTIFICATE}.key_acl=read_only",
    ),
    left_alone(
        "RPC error",
        "Service Host stopped",
        "failed",
        "A connection couldn't be made",
        f"{MBX01}.service_host=stopped",
    ),
    left_alone(
        "RPC error",
        "Service Host failing",
        "failed",
        "has failed with an exception on server",
        f"{MBX01}.service_host=failing",
    ),
    repaired("certificate", "RevocationCheckFailure", f"{CERTIFICATE}.revocation_reachable=false"),
    repaired(
        "certificate",
        "twins, none bound, Set refused",
        f"{MBX01}.certificates.older={{{SAME_NAME}}}",
        "readings.set_send_connector=refused",
        f"{MBX01}.transport_reload_s=5",
        bound=(*THIRD_PARTY, "mbx01.contoso.test/older"),
    ),
    # Who may do what.
    left_alone(
        "RBAC", "Server Management", "failed", "Get-SendConnector is not visible", account(groups="Server Management")
    ),
    left_alone(
        "RBAC", "no Send Connectors", "failed", "Set-SendConnector is not visible", account(roles=WITHOUT_CONNECTORS)
    ),
    Case(
        "RBAC",
        "no Send Connectors, log speaks",
        "bound_not_proven",
        (account(roles=WITHOUT_CONNECTORS),),
        scenario="log-already-speaks",
        says="does not show how the 25 messages left",
        bound=THIRD_PARTY,
    ),
    left_alone(
        "RBAC",
        "Enable with -Identity alone",
        "failed",
        "Enable-ExchangeCertificate lacks a parameter",
        account(roles=IDENTITY_ONLY),
    ),
    # How many may do it.
    left_alone(
        "throttling",
        "no session left",
        "failed",
        "too many sessions",
        account(groups=EVERYTHING, more=", other_sessions: 18"),
    ),
    repaired("throttling", "one session left", account(groups=EVERYTHING, more=", other_sessions: 17")),
    left_alone("throttling", "none for a while after the raise", "failed", "too many sessions", others_connect(300)),
    left_alone(
        "throttling",
        "none any more after the raise",
        "failed",
        "ProtocolLoggingLevel None",
        others_connect(10**6),
        level="Verbose",
    ),
    # What takes its time, or lies elsewhere.
    repaired(
        "time",
        "stale domain controllers",
        scenario="stale-directory",
        bound=(*THIRD_PARTY, "mbx02.contoso.test/third-party"),
    ),
    repaired(
        "time",
        "reload in 5, flush in 2 minutes",
        f"{MBX01}.transport_reload_s=300",
        f"{MBX01}.log_flush_s=120",
    ),
    repaired("log", "daily files, over midnight", "clock=2026-03-02T23:50:00Z", f"{MBX01}.log_flush_s=0.5"),
    Case(
        "log",
        "a session in two hourly files",
        "bound_not_proven",
        (account(roles=WITHOUT_CONNECTORS),),
        "over-midnight",
        says=r"SEND2026030300-1\.LOG, line \d+: 2026-03-03T00:00:00",
        bound=THIRD_PARTY,
    ),
    repaired(
        "log", "hourly files", "clock=2026-03-02T02:50:00Z", "readings.log_names=hourly", f"{MBX01}.log_flush_s=0.5"
    ),
    repaired("log", "sessions over many small files", f"{MBX01}.send_log_max_file_size=1024"),
    Case(
        "log",
        "a kept connection stays silent",
        "bound_not_proven",
        (
            "time_scale=20",
            "readings.set_send_connector=refused",
            f"{MBX01}.transport_reload_s=300",
            f"{MBX01}.connections_kept_s=3600",
        ),
        # The connection is opened after the raise, and before the transport service has loaded it.
        variables=("outbound_tls_repair_reload_wait=0",),
        says="does not show how the 25 messages left",
        bound=THIRD_PARTY,
    ),
    left_alone(
        "log", "SendProtocolLogPath empty", "no_evidence", "SendProtocolLogPath is empty", f"{MBX01}.send_log_path=null"
    ),
    # What does not run.
    left_alone(
        "out of service",
        "HubTransport",
        "other_cause",
        "HubTransport is Inactive",
        f"{MBX01}.components={{HubTransport: Inactive}}",
    ),
    left_alone(
        "out of service",
        "ServerWideOffline",
        "other_cause",
        "ServerWideOffline is Inactive",
        f"{MBX01}.components={{ServerWideOffline: Inactive}}",
    ),
    repaired("out of service", "draining", f"{MBX01}.components={{HubTransport: Draining}}"),
    left_alone(
        "out of service",
        "transport stopped",
        "failed",
        "Verify that the service is started",
        f"{MBX01}.transport=stopped",
    ),
    # Queues.
    left_alone(
        "queues",
        "suspended",
        "no_evidence",
        "1 of its queues is suspended",
        f"mail=[{mail(', suspended_at: -5m')}]",
    ),
    Case(
        "queues",
        "suspended beside stuck",
        "repaired",
        (
            *BY_DNS,
            f"mail=[{mail()}, {{server: mbx01.contoso.test, domain: contoso.example, count: 5, queued_at: -40m, "
            "suspended_at: -5m}]",
        ),
        says="25 of 25 messages left",
        bound=THIRD_PARTY,
    ),
    repaired(
        "queues",
        "shadow of another server",
        "domain_controllers.dc02.contoso.test.replication_delay_s=0",
        scenario="stale-directory",
        bound=(*THIRD_PARTY, "mbx02.contoso.test/third-party"),
    ),
    repaired(
        "queues",
        "refill while they drain",
        f"mail=[{mail()}, {{server: mbx01.contoso.test, domain: fabrikam.com, count: 1, queued_at: +1s, "
        "times: 5000, every_s: 2}]",
    ),
    repaired(
        "queues",
        "more than a thousand",
        *BY_DNS,
        "mail=[{server: mbx01.contoso.test, domain: fabrikam.com, domains: 1100, count: 1, queued_at: -10m}]",
    ),
    # What a session lacks, and who else is there.
    left_alone(
        "session",
        "no Select-Object, log speaks",
        "no_evidence",
        "whose services are unknown",
        "readings.select_object=hidden",
        scenario="log-already-speaks",
    ),
    repaired("session", "signing broken (Auth expired)", f"{MBX01}.certificates.auth.not_after=-3d"),
    repaired("level", "Verbose already", f"{CONNECTOR}.protocol_logging_level=Verbose", level="Verbose"),
    repaired(
        "level",
        "no settings have been modified",
        "faults=[{connector_changed: {cmdlet: Set-SendConnector, connector: Outbound to Office 365, "
        "protocol_logging_level: Verbose}}]",
        level="Verbose",
    ),
)
