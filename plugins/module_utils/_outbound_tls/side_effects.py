# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What else a binding changes: connectors without a TlsCertificateName may present the certificate from then on.

A certificate that has just been bound can be the newest that fits a connector's Fqdn, and wins over the one that was
presented until then. That is harmless as a rule, and nobody should be surprised by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .._exchange.certificate import Certificate
from .._exchange.services import Service
from .presented import presented, presented_to_senders, thumbprints
from .reading import Reading


@dataclass(frozen=True)
class SideEffect:
    """A connector that presents something else, or may, once a certificate is bound.

    ``kind`` is ``receive_connector`` or ``send_connector``; ``before`` and ``after`` are thumbprints, none where no
    certificate is presented.
    """

    kind: str
    name: str
    before: tuple[str, ...]
    after: tuple[str, ...]


def side_effects(reading: Reading, bound: Iterable[str]) -> tuple[SideEffect, ...]:
    """Return what binding certificates, by their thumbprints, to SMTP changes on this server.

    Receive connectors are left out where they are unknown (``reading.receive_connectors`` is None).
    """
    wanted = frozenset(bound)
    if not wanted:
        return ()
    before, after = reading.certificates, _with_smtp(reading.certificates, wanted)
    server, clock, default = reading.server, reading.clock, reading.transport.default_certificate
    receiving = (
        SideEffect(
            "receive_connector",
            each.name,
            thumbprints(presented_to_senders(before, each, server, clock)),
            thumbprints(presented_to_senders(after, each, server, clock)),
        )
        for each in reading.receive_connectors or ()
        if each.enabled
    )
    sending = (
        SideEffect(
            "send_connector",
            each.name,
            thumbprints(presented(before, each, server, clock, default)),
            thumbprints(presented(after, each, server, clock, default)),
        )
        for each in (*reading.connectors, *reading.bystanders)
        if each.enabled
    )
    return tuple(each for each in (*receiving, *sending) if set(each.before) != set(each.after))


def _with_smtp(certificates: Sequence[Certificate], bound: frozenset[str]) -> tuple[Certificate, ...]:
    return tuple(
        replace(each, services=(each.services or frozenset()) | {Service.SMTP}) if each.thumbprint in bound else each
        for each in certificates
    )


def side_effect_result(effect: SideEffect) -> dict[str, Any]:
    """Return a side effect as modules return it."""
    return {
        "kind": effect.kind,
        "name": effect.name,
        "before": list(effect.before),
        "after": list(effect.after),
    }
