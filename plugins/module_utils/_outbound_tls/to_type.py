# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an administrator would type about a root cause. It is never sent: a line may name tools that are no cmdlets."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from .._exchange.cmdlets import get_server_component_state, retry_queue, set_send_connector_logging
from .._exchange.connector import LoggingLevel
from .._powershell import Command
from .case import Case
from .finding import Finding, FindingId, FindingKind
from .telling import on_its_server

_SMTP_PORT: Final = 25

_ON_THE_WAY: Final = frozenset(
    {
        FindingId.PORT_CLOSED,
        FindingId.CONNECTION_REFUSED,
        FindingId.NO_ROUTE,
        FindingId.IPV6_ROUTE,
        FindingId.SMTP_INSPECTION,
    }
)


def with_lines(case: Case, finding: Finding) -> Finding:
    """Return a root cause with the lines to type, unless it has its own."""
    return finding if finding.lines else replace(finding, lines=_lines(case, finding))


def _lines(case: Case, finding: Finding) -> tuple[str, ...]:
    match finding.id:
        case found if found in _ON_THE_WAY:
            return _each_hop(case, "Test-NetConnection", "ComputerName", Port=_SMTP_PORT)
        case FindingId.DNS:
            return _each_hop(case, "Resolve-DnsName", "Name")
        case FindingId.KEY_UNUSABLE | FindingId.NO_PRIVATE_KEY | FindingId.CERTIFICATE_GONE:
            return tuple(f"certutil -store My {each}" for each in finding.thumbprints)
        case FindingId.STARTTLS_IGNORED:
            change = Command("Set-SendConnector", {"Identity": case.identity, "IgnoreSTARTTLS": False})
            return (on_its_server(case, change),)
        case FindingId.MAINTENANCE:
            return (str(get_server_component_state(case.reading.server.fqdn)),)
        case _ if finding.kind is FindingKind.NO_EVIDENCE and case.stuck and case.is_source:
            return (*_let_it_log(case), *_retries(case))
        case FindingId.HEALTHY:
            return _retries(case)
        case _:
            return ()


def _let_it_log(case: Case) -> tuple[str, ...]:
    if case.connector.logging_level is LoggingLevel.VERBOSE:
        return ()
    return (on_its_server(case, set_send_connector_logging(case.identity, LoggingLevel.VERBOSE)),)


def _retries(case: Case) -> tuple[str, ...]:
    return tuple(str(retry_queue(queue.identity)) for queue in case.stuck)


def _each_hop(case: Case, command: str, parameter: str, **others: int) -> tuple[str, ...]:
    hops = dict.fromkeys(queue.next_hop_domain for queue in case.stuck)
    names = case.connector.smart_hosts or tuple(hops)
    return tuple(str(Command(command, {parameter: name, **others})) for name in names)
