# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What could not be told, and what telling it needs. Nothing that was not read is taken for nothing that was there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from .._exchange.connector import LoggingLevel
from .candidates import named_certificates
from .finding import Confidence, Finding, FindingId
from .reading import Reading
from .stuck import stuck_queues


@dataclass(frozen=True)
class Unobserved:
    """``what`` could not be told; ``needs`` is what it takes."""

    what: str
    needs: str


def unobserved(reading: Reading, findings: Iterable[Finding]) -> tuple[Unobserved, ...]:
    """Return what remains unknown of a server, each once."""
    found = (*_sources(reading), *_certificates(reading), *_silent_connectors(reading), *_beyond(findings))
    return tuple(dict.fromkeys(found))


def _sources(reading: Reading) -> Iterator[Unobserved]:
    """What was asked for and could not be read."""
    log = reading.log
    stuck = any(stuck_queues(each, reading.queues) for each in reading.connectors)
    # Where TLS is opportunistic nothing waits, and the log alone knows what left in clear.
    if log.problem or (log.read_until is None and stuck):
        why = "a Send log" if log.path is None else "the Send log"
        yield Unobserved("how sessions end, and with which certificate", f"{why}: {log.problem}")
    if reading.front_end is not None and reading.front_end.problem:
        needs = f"the Send log of the Front End Transport service: {reading.front_end.problem}"
        yield Unobserved("how sessions of the front end end, and with which certificate", needs)
    if reading.connectivity is not None and reading.connectivity.problem:
        needs = f"the connectivity log: {reading.connectivity.problem}"
        yield Unobserved("whether connections come about, and why not", needs)
    if reading.events is not None and reading.events.problem:
        needs = f"the right to read the event logs: {reading.events.problem}"
        yield Unobserved("what Exchange and Schannel have written to the event logs", needs)
    if reading.messages is not None and reading.messages.problem:
        yield Unobserved("what single messages wait for", f"a role with Get-Message: {reading.messages.problem}")
    if reading.receive_connectors is None:
        needs = f"a role with Get-ReceiveConnector: {reading.receive_problem}"
        yield Unobserved("which Receive connectors a binding would let present something else", needs)
    for store in reading.other_stores:
        if store.certificates is None:
            yield Unobserved(f"the certificates of {store.server}", f"its store to be readable: {store.problem}")


def _certificates(reading: Reading) -> Iterator[Unobserved]:
    """Of certificates that connectors name: whether they can be used at all."""
    named = (named_certificates(reading.certificates, each) for each in reading.connectors)
    for each in (one for several in named for one in several):
        if each.services is None:
            yield Unobserved(
                f"whether certificate {each.thumbprint} is enabled for SMTP",
                f"Get-ExchangeCertificate {each.thumbprint} | Format-List Services on {reading.server.fqdn}",
            )
        if each.has_private_key is None:
            yield Unobserved(
                f"whether certificate {each.thumbprint} has its private key",
                f"certutil -store My {each.thumbprint} on {reading.server.fqdn}",
            )


def _silent_connectors(reading: Reading) -> Iterator[Unobserved]:
    """Of connectors that do not log: why mail waits, or what became of what has left."""
    idle = []
    for each in reading.connectors:
        if each.logging_level is LoggingLevel.VERBOSE or reading.log.read_until is None:
            continue
        if not stuck_queues(each, reading.queues):
            idle.append(f'"{each.name}"')
        elif not reading.negotiated_for(each):
            yield Unobserved(
                f'how sessions of "{each.name}" end, and with which certificate',
                "its ProtocolLoggingLevel to be Verbose, and one more attempt",
            )
    if idle:
        yield Unobserved(
            f"whether what left by {', '.join(idle)} went over TLS, and was accepted",
            "ProtocolLoggingLevel to be Verbose there",
        )


def _beyond(findings: Iterable[Finding]) -> Iterator[Unobserved]:
    """What no cmdlet that only reads would tell."""
    for each in findings:
        certificates = " and ".join(each.thumbprints)
        match each.id:
            case FindingId.KEY_UNUSABLE:
                yield Unobserved(
                    f"why the key of {certificates} cannot be used",
                    f"certutil -store My {each.thumbprints[0]} on {each.server}: its provider, its file, and who may "
                    f"read it",
                )
            case FindingId.TLS_MISMATCH:
                yield Unobserved(
                    "which TLS versions and ciphers the two ends have in common",
                    f"the Schannel settings of {each.server}, and a look at the other end",
                )
            case FindingId.PORT_CLOSED | FindingId.CONNECTION_REFUSED | FindingId.NO_ROUTE | FindingId.IPV6_ROUTE:
                yield Unobserved("where on the way connections end", f"Test-NetConnection -Port 25 on {each.server}")
            case FindingId.RELAYED:
                yield Unobserved("why the next hop does not take mail", "the same look at that server")
            case FindingId.UNKNOWN_ERROR if each.confidence is Confidence.PROBABLE:
                yield Unobserved("what the error means", "somebody who reads it; it is quoted under evidence")
            case _:
                pass


def unobserved_result(unobserved: Unobserved) -> dict[str, Any]:
    """Return what could not be told as modules return it."""
    return {"what": unobserved.what, "needs": unobserved.needs}
