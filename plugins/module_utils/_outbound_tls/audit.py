# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit of a fleet: what was seen of every host, and of every host that could not be looked at, why.

    audit_document(hosts, generated=..., warn_days=...)

``hosts`` are pictures, one a host, as ``host_picture`` makes them of looks (results of exchange_outbound_tls_info) or
of the failure that took their place:

    host, server          inventory name; fully qualified name, empty where the host never told it
    state                 audited, unreachable or failed
    reason, message       the failure's word; one sentence: the gravest finding, or why there is none
    severity              of the gravest finding: error, warning, notice or info; unknown where nothing was seen
    clock, version, edge, default_certificate, certificates, unobserved   of the last look
    connectors            guid, name, tls_certificate_name, require_tls, insists_on_tls, frontend_proxy, logging_level,
                          source_servers, source_server, messages, stuck_queues, finding (id of the primary one),
                          named (thumbprints), presented, side_effects (what a binding would change besides): each of
                          the last look that had the connector
    findings              all, the gravest first

and the document, whose JSON Schema is shipped with the role outbound_tls_audit, is

    schema_version        ``1.0``; the first number grows when a key is taken away or changes its meaning
    generated, clock      when it was made; the latest of the servers' own clocks
    warn_days             how many days before an expiry the warning begins
    summary               severity, states (hosts by state), findings (by severity), and servers: of each host its
                          state, severity, findings and message
    absent                source servers that no host of the run is: server, connectors
    hosts                 the pictures
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

Result = Mapping[str, Any]
Picture = dict[str, Any]

SCHEMA_VERSION: Final = "1.0"
STATES: Final = ("audited", "unreachable", "failed")
SEVERITIES: Final = ("error", "warning", "notice", "info")
_NOTHING_SEEN: Final[Result] = {
    "server": "",
    "clock": None,
    "version": "",
    "edge": None,
    "default_certificate": None,
    "certificates": (),
    "unobserved": (),
}
# A server that nobody has seen is worse than one that will break some day.
_WORST_FIRST: Final = ("error", "unknown", "warning", "notice", "info")


def audit_document(hosts: Sequence[Picture], *, generated: str, warn_days: int) -> dict[str, Any]:
    """Return the document of an audit."""
    return {
        "schema_version": SCHEMA_VERSION,
        "generated": generated,
        "clock": max((host["clock"] for host in hosts if host["clock"]), default=None),
        "warn_days": warn_days,
        "summary": {
            "severity": worst(host["severity"] for host in hosts) if hosts else "unknown",
            "states": {state: sum(host["state"] == state for host in hosts) for state in STATES},
            "findings": _counted(finding for host in hosts for finding in host["findings"]),
            "servers": {
                host["host"]: {
                    "state": host["state"],
                    "severity": host["severity"],
                    "findings": _counted(host["findings"]),
                    "message": host["message"],
                }
                for host in hosts
            },
        },
        "absent": [{"server": name, "connectors": connectors} for name, connectors in absent_servers(hosts).items()],
        "hosts": list(hosts),
    }


def host_picture(host: str, looks: Sequence[Result], failure: Result | None) -> Picture:
    """Return what was seen of a host. A later look replaces of an earlier one what it has looked at.

    A failure counts although there are looks: what came after it was not seen. Its looks are kept.
    """
    findings = _latest_findings(looks)
    last: Result = looks[-1] if looks else _NOTHING_SEEN
    state = "audited" if failure is None and looks else _state(failure)
    return {
        "host": host,
        "server": last["server"],
        "state": state,
        "reason": "" if failure is None else str(failure.get("reason", "")),
        "message": _message(host, findings) if state == "audited" else _said(host, failure),
        "severity": worst(each["severity"] for each in findings) if state == "audited" else "unknown",
        "clock": last["clock"],
        "version": last["version"] or "",
        "edge": last["edge"],
        "default_certificate": last["default_certificate"],
        "certificates": [dict(each) for each in last["certificates"]],
        "connectors": [_connector(each) for each in _latest_connectors(looks)],
        "findings": findings,
        "unobserved": [dict(each) for each in last["unobserved"]],
    }


def worst(severities: Iterable[str]) -> str:
    """Return the worst of some severities; info where there are none."""
    return min(severities, key=_WORST_FIRST.index, default="info")


def absent_servers(hosts: Sequence[Picture]) -> dict[str, list[str]]:
    """Return the source servers that no host is, each with the names of its connectors."""
    absent: dict[str, list[str]] = {}
    for by, connector in ((host, each) for host in hosts for each in host["connectors"]):
        for name in connector["source_servers"]:
            if not any(_is_meant(name, other, by, connector) for other in hosts):
                connectors = absent.setdefault(name.upper(), [])
                connectors += [connector["name"]] if connector["name"] not in connectors else []
    return dict(sorted(absent.items()))


def same_server(one: str, other: str) -> bool:
    """Compare names, either of which may lack its domain."""
    one, other = one.lower().rstrip("."), other.lower().rstrip(".")
    if "." in one and "." in other:
        return one == other
    return one.partition(".")[0] == other.partition(".")[0]


def _is_meant(name: str, host: Picture, by: Picture, connector: Result) -> bool:
    """Tell whether a host is the source server that another host, or itself, calls by a name.

    A short name is meant within the domain of who says it, since two organisations may both have an MBX01. A server of
    another domain is meant as well if it has the connector itself; the copies of an Edge have Guids of their own. Of
    one that never told its name nobody knows better.
    """
    called, domain = str(host["server"] or host["host"]), _domain(str(by["server"] or by["host"]))
    if not same_server(name, called):
        return False
    if "." in name or not host["server"] or not domain or _domain(called) in ("", domain):
        return True
    what = "guid" if host["edge"] is None and by["edge"] is None else "name"
    return any(each[what] == connector[what] for each in host["connectors"])


def _domain(name: str) -> str:
    return name.lower().rstrip(".").partition(".")[2]


def _counted(findings: Iterable[Result]) -> dict[str, int]:
    counted = Counter(each["severity"] for each in findings)
    return {severity: counted[severity] for severity in SEVERITIES}


def _state(failure: Result | None) -> str:
    failure = failure or {}
    return "unreachable" if failure.get("reason") == "unreachable" or failure.get("unreachable") else "failed"


def _said(host: str, failure: Result | None) -> str:
    message = f"{host}: nothing was looked at." if failure is None else str(failure.get("msg", ""))
    # An error may know only the address that was dialled.
    return message if host in message else f"{host}: {message}"


def _message(host: str, findings: Sequence[Result]) -> str:
    return str(findings[0]["message"]) if findings else f"{host}: no Send connector sends from here."


def _latest_connectors(looks: Sequence[Result]) -> list[Result]:
    return list({each["guid"]: each for look in looks for each in look["connectors"]}.values())


def _latest_findings(looks: Sequence[Result]) -> list[Result]:
    """Return the findings of each connector's last look, and those about the server alone of the last of all."""
    latest: dict[str, list[Result]] = {}
    for look in looks:
        latest.update({str(each["guid"]): [] for each in look["connectors"]} | {"": []})
        for finding in look["findings"]:
            latest.setdefault(str(finding["guid"]), []).append(finding)
    found = [dict(each) for findings in latest.values() for each in findings]
    return sorted(found, key=lambda each: (SEVERITIES.index(each["severity"]), not each["primary"]))


def _connector(entry: Result) -> dict[str, Any]:
    told = (
        "guid",
        "name",
        "tls_certificate_name",
        "require_tls",
        "insists_on_tls",
        "frontend_proxy",
        "logging_level",
        "source_servers",
        "source_server",
        "messages",
        "stuck_queues",
    )
    return {
        **{name: entry[name] for name in told},
        "finding": entry["finding"]["id"],
        "named": [each["thumbprint"] for each in entry["named_certificates"]],
        "presented": [dict(each) for each in entry["presented"]],
        "side_effects": [dict(each) for each in entry["repair"]["bind"]["side_effects"]],
    }
