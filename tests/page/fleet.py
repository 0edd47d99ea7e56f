# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fleets as an audit sees them: looks in the form of exchange_outbound_tls_info, put together by the shipped filter."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from typing import Any, Final

from ansible_collections.mailops.exchange.plugins.filter.outbound_tls_audit import outbound_tls_audit
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.moments import moment_text

Look = dict[str, Any]

CLOCK: Final = datetime(2026, 3, 2, 2, 15, tzinfo=UTC)
OFFICE: Final = "Outbound to Office 365"
WILDCARD: Final = "CN=*.contoso.com, O=Contoso Corporation, C=US"
ISSUER: Final = "CN=GeoTrust TLS RSA CA G1, OU=www.digicert.com, O=DigiCert Inc, C=US"
QUEUE_ERROR: Final = (
    '451 4.4.0 Primary target IP address responded with: "421 4.4.1 Connection timed out." Attempted failover to '
    "alternate host, but that did not succeed."
)


def thumbprint(word: str) -> str:
    return sha1(word.encode(), usedforsecurity=False).hexdigest().upper()


def certificate(word: str, subject: str = WILDCARD, days: float = 300, services: tuple[str, ...] = ("SMTP",)) -> Look:
    return {
        "thumbprint": thumbprint(word),
        "subject": subject,
        "issuer": ISSUER,
        "serial_number": "0A1B",
        "not_before": moment_text(CLOCK - timedelta(days=60)),
        "not_after": moment_text(CLOCK + timedelta(days=days)),
        "services": list(services),
        "status": "Valid" if days > 0 else "DateInvalid",
        "has_private_key": True,
        "self_signed": False,
        "domains": ["contoso.com"],
        "friendly_name": word,
        "server": "",
    }


def presented(told: Look, usable: str = "yes", problem: str = "", reason: str = "") -> Look:
    return {
        **{name: told[name] for name in ("thumbprint", "subject", "not_after", "services")},
        "reasons": [reason or "it is the only valid certificate that TlsCertificateName names"],
        "usable": usable,
        "problem": problem,
    }


def finding(server: str, connector: str, what: str = "healthy", severity: str = "info", **told: Any) -> Look:
    kinds = {"healthy": "healthy", "certificate_not_bound": "certificate_not_bound", "expires": "prediction"}
    return {
        "id": what,
        "kind": kinds.get(what, "other_cause"),
        "severity": severity,
        "primary": True,
        "server": server,
        "connector": connector,
        "guid": guid(connector),
        "message": f'{server}, "{connector}": no mail is stuck, and nothing speaks of a certificate that is not bound.',
        "qualifiers": [],
        "word": "",
        "thumbprints": [],
        "when": None,
        "confidence": "certain",
        "evidence": {"grade": "", "thumbprints": [], "lines": [], "where": ""},
        "remedy": "",
        "lines": [],
        "repairable_by_role": False,
        **told,
    }


def guid(connector: str) -> str:
    return f"{sha1(connector.encode(), usedforsecurity=False).hexdigest()[:8]}-4a5b-4c6d-8e7f-0123456789ab"


def entry(name: str, sources: list[str], several: list[Look], primary: Look, **told: Any) -> Look:
    """Return a connector of a look, as far as an audit reads it."""
    return {
        "guid": guid(name),
        "name": name,
        "tls_certificate_name": f"<I>{ISSUER}<S>{WILDCARD}",
        "require_tls": True,
        "insists_on_tls": True,
        "frontend_proxy": False,
        "logging_level": "Verbose",
        "source_servers": sources,
        "source_server": True,
        "messages": 0,
        "stuck_queues": [],
        "named_certificates": [{"thumbprint": each["thumbprint"]} for each in several if each["thumbprint"]],
        "presented": several,
        "finding": primary,
        "repair": {"bind": {"side_effects": []}},
        **told,
    }


def look(server: str, connectors: list[Look], findings: list[Look], **told: Any) -> Look:
    return {
        "server": server,
        "clock": moment_text(CLOCK),
        "version": "15.2 (Build 1544.4)",
        "edge": None,
        "default_certificate": thumbprint(f"setup {server}"),
        "certificates": [],
        "connectors": connectors,
        "proxied": [],
        "findings": findings,
        "unobserved": [],
        **told,
    }


def not_bound(server: str, connector: str, told: Look) -> Look:
    print_ = told["thumbprint"]
    line = "SEND20260302-1.LOG, line"
    return finding(
        server,
        connector,
        "certificate_not_bound",
        "error",
        message=f'{server}, "{connector}": it presents certificate {print_} ({WILDCARD}), which is not enabled for '
        f"SMTP, so the transport service may not use its key.",
        thumbprints=[print_],
        word="UnknownCredentials",
        evidence={
            "grade": "marked",
            "thumbprints": [print_],
            "where": f"{line} 17 to 23, session 08DE7814C5A2B301",
            "lines": [
                f"2026-03-02T02:10:04.114Z,{connector},08DE7814C5A2B301,{number},10.0.0.5:40112,203.0.113.7:25,*,,{text}"
                for number, text in enumerate(
                    (
                        f"Sending certificate CN=*.contoso.com {print_}",
                        "TLS negotiation failed with error UnknownCredentials",
                    )
                )
            ],
        },
        remedy="enable the certificate for SMTP, and answer No to the question about the default certificate.",
        lines=[
            f"Enable-ExchangeCertificate -Server '{server}' -Thumbprint {print_} -Services SMTP",
            f"Retry-Queue -Identity '{server}\\17'",
        ],
        repairable_by_role=True,
    )


def expires(server: str, connector: str, told: Look, **more: Any) -> Look:
    return finding(
        server,
        connector,
        "expires",
        "warning",
        **{
            "message": f'{server}, "{connector}": certificate {told["thumbprint"]} expires, and there is no other.',
            "thumbprints": [told["thumbprint"]],
            "when": told["not_after"],
            "confidence": "probable",
            "remedy": "import the renewed certificate with its key, and enable it for SMTP.",
            "lines": [f"Set-SendConnector -Identity '{guid(connector)}' -TlsCertificateName '<I>…<S>…'"],
            **more,
        },
    )


def stuck_queue(server: str, count: int) -> Look:
    return {
        "identity": f"{server.partition('.')[0].upper()}\\17",
        "next_hop_domain": "contoso.mail.onmicrosoft.com",
        "message_count": count,
        "status": "Retry",
        "last_error": QUEUE_ERROR,
    }


RECEIVE: Final = {
    "kind": "receive_connector",
    "name": "Default Frontend MBX01",
    "before": [thumbprint("setup mbx01.contoso.test")],
    "after": [thumbprint("wildcard")],
}
NONE: Final = {
    "thumbprint": None,
    "reasons": ["no certificate of the store bears the name"],
    "usable": "no",
    "problem": "mail waits with 454 4.7.5",
    "subject": None,
    "not_after": None,
    "services": None,
}


def small() -> list[Look]:
    """Four hosts: one fails, one will, one is unreachable, one is well; a fifth source server is in no run."""
    shared = certificate("wildcard", services=("IIS",))
    twin = certificate("renewed", days=700)
    old = certificate("old", days=12)
    internal = certificate("internal", subject="CN=relay.contoso.test", days=4000)
    sources = ["MBX01", "MBX02", "MBX03", "MBX09"]
    first = not_bound("mbx01.contoso.test", OFFICE, shared)
    second = expires("mbx02.contoso.test", OFFICE, old)
    partner = "Partner Fabrikam"
    quiet = finding("mbx02.contoso.test", partner)
    edge = finding("edge01.contoso.test", "By the Edge")
    hosts = [
        {
            "host": "mbx01.contoso.test",
            "looks": [
                look(
                    "mbx01.contoso.test",
                    [
                        entry(
                            OFFICE,
                            sources,
                            [
                                presented(
                                    shared,
                                    "no",
                                    "it is not enabled for SMTP",
                                    "it is the first of its name in the store",
                                ),
                                presented(twin, reason="it is the newest of its name, if Exchange goes by that"),
                            ],
                            first,
                            messages=25,
                            repair={"bind": {"side_effects": [RECEIVE]}},
                            stuck_queues=[stuck_queue("mbx01.contoso.test", 25)],
                        )
                    ],
                    [first],
                    certificates=[shared, twin],
                    unobserved=[
                        {
                            "what": "why port 25 does not answer",
                            "needs": "the connectivity log, which this server does not write",
                        }
                    ],
                )
            ],
        },
        {
            "host": "mbx02.contoso.test",
            "looks": [
                look(
                    "mbx02.contoso.test",
                    [
                        entry(OFFICE, sources, [presented(old)], second),
                        entry(partner, ["MBX02"], [presented(internal)], quiet, insists_on_tls=False),
                    ],
                    [second, quiet],
                    certificates=[old, internal],
                )
            ],
        },
        {
            "host": "mbx03.contoso.test",
            "failure": {
                "failed": True,
                "reason": "unreachable",
                "msg": "mbx03.contoso.test: no connection to port 80; see whether the server runs.",
            },
        },
        {
            "host": "edge01",
            "looks": [
                look(
                    "edge01.contoso.test",
                    [entry("By the Edge", ["EDGE01"], [presented(twin)], edge)],
                    [edge],
                    edge={"subscribed": True, "signs": ["its directory lists the Mailbox server MBX01"]},
                    certificates=[twin],
                )
            ],
        },
    ]
    return copy.deepcopy(hosts)


def big(servers: int = 50, connectors: int = 8) -> list[Look]:
    """Fifty servers that all send for eight connectors; a few of them fail, some will, one is unreachable."""
    names = [OFFICE, *(f"Partner {number} Northwind Traders" for number in range(1, connectors))]
    shared = certificate("wildcard")
    sources = [f"MBX{number:02}" for number in range(1, servers + 1)]
    hosts: list[Look] = []
    for number in range(1, servers + 1):
        server = f"mbx{number:02}.emea.contoso.test"
        if number == 7:
            said = f"{server}: no connection to port 80; see whether the server runs and the firewall lets you in."
            hosts.append({"host": server, "failure": {"failed": True, "reason": "unreachable", "msg": said}})
            continue
        own = certificate(f"own {number}", subject=f"CN=mail{number:02}.contoso.com, O=Contoso", days=20 + number * 7)
        findings: list[Look] = []
        entries: list[Look] = []
        for place, name in enumerate(names):
            if number == 44 and place == 4:
                primary, several = finding(server, name), [NONE]
            elif number in (3, 11, 30, 31) and place == 0:
                primary, several = (
                    not_bound(server, name, shared),
                    [presented(shared, "no", "it is not enabled for SMTP")],
                )
            elif place == 5 and number < 3:
                primary, several = expires(server, name, own), [presented(own)]
            elif place == 5:
                primary, several = finding(server, name), [presented(own)]
            elif place == 6 and number % 9 == 0:
                primary, several = finding(server, name), [presented(shared), presented(own, "unknown")]
            else:
                primary, several = finding(server, name), [presented(shared)]
            findings.append(primary)
            entries.append(entry(name, sources, several, primary))
        findings.sort(key=lambda each: ("error", "warning", "notice", "info").index(each["severity"]))
        hosts.append({"host": server, "looks": [look(server, entries, findings, certificates=[shared, own])]})
    return hosts


RIGHT_TO_LEFT: Final = "\u202egnp.exe\u202c \u05e9\u05dc\u05d5\u05dd"
HOSTILE: Final = (
    "</pre></style></svg><script>window.harmed=1</script><img src=http://127.0.0.1:9/x onerror=window.harmed=2>"
    "<svg onload=window.harmed=3><style>@import 'http://127.0.0.1:9/y'</style>\"'><a href=javascript:alert(1)>"
    "{{ 6 * 7 }}{% include '/etc/passwd' %}" + RIGHT_TO_LEFT
)
_OURS: Final = (
    "id",
    "kind",
    "severity",
    "usable",
    "grade",
    "confidence",
    "guid",
    "reason",
    "clock",
    "when",
    "thumbprint",
)
_DATES: Final = ("not_after", "not_before", "thumbprints", "default_certificate", "before", "after")


def hostile() -> list[Look]:
    """The small fleet, in which everything that a stranger can write is an attack."""
    poisoned: list[Look] = [{**_poison(host), "host": f"h{number}"} for number, host in enumerate(small())]
    return poisoned


def _poison(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: item if name in _OURS + _DATES else _poison(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_poison(item) for item in value]
    return HOSTILE if isinstance(value, str) else value


def document(hosts: list[Look]) -> dict[str, Any]:
    return outbound_tls_audit(hosts, generated="2026-03-02T02:16:00.000Z")
