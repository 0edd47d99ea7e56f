# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory of an Edge Transport server (AD LDS): its own Send connectors, and who fills them.

Facts: documentation pages "Edge Subscriptions in Exchange Server" and "Set-SendConnector", and a published analysis of
Exchange 2013 CU23.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from .connector import Connectors, DomainController, SendConnector

SYNCHRONISED_EVERY = timedelta(minutes=3)
"""How often EdgeSync brings configuration by itself (documentation page "Edge Subscriptions in Exchange Server")."""


class StandaloneDirectory:
    """AD LDS of an Edge without a subscription: its connectors are changed there and nowhere else."""

    def __init__(self, edge: str, connectors: list[SendConnector]) -> None:
        self._edge = edge
        self._held = Connectors({edge: DomainController(edge, "")}, connectors)

    def view(self, now: datetime) -> list[SendConnector]:
        return self._held.view(self._edge, now)

    def set(self, guid: str, changes: dict[str, Any], now: datetime) -> None:
        self._held.set(guid, changes, self._edge, now)


@dataclass(frozen=True)
class Synchronization:
    """One run of EdgeSync: when, and the domain controller from which it took what it brought."""

    at: datetime
    domain_controller: str


class SubscribedDirectory:
    """AD LDS of a subscribed Edge: a copy of the organisation's connectors that name it as a source, one way.

    Attributes:
        certificate: Thumbprint of the Edge's default certificate as Active Directory knows it, since it subscribed.
            EdgeSync trusts that one: when the Edge takes another, nothing is synchronised any more.
    """

    def __init__(
        self,
        edge: str,
        organisation: Connectors,
        first: Synchronization,
        *,
        by_itself: bool,
        guids: Literal["same", "other"],
    ) -> None:
        """``first`` is the run that filled the copy; with ``by_itself`` another one follows every three minutes."""
        self.certificate: str | None = None
        self._edge = edge
        self._organisation = organisation
        self._first = first
        self._by_itself = by_itself
        self._hurried: list[Synchronization] = []
        self._guids = guids
        self._trusted_until: datetime | None = None

    @property
    def is_trusted(self) -> bool:
        """Whether the Edge still has the default certificate with which it subscribed."""
        return self._trusted_until is None

    def lose_trust(self, now: datetime) -> None:
        """The Edge has got another default certificate."""
        self._trusted_until = self._trusted_until or now

    def synchronise(self, domain_controller: str, now: datetime) -> None:
        """Start-EdgeSynchronization: a run at once."""
        self._hurried.append(Synchronization(now, domain_controller))

    def view(self, now: datetime) -> list[SendConnector]:
        """The Edge's connectors, in the organisation's order."""
        last = self._last_run(now)
        held = self._organisation.view(last.domain_controller, last.at)
        return [self._copied(each) for each in held if self._edge in each.source_servers]

    def _last_run(self, now: datetime) -> Synchronization:
        runs = [self._first, *(each for each in self._hurried if each.at <= now)]
        end = now if self._trusted_until is None else min(now, self._trusted_until)
        if self._by_itself and end > self._first.at:
            periods = (end - self._first.at) // SYNCHRONISED_EVERY
            runs.append(replace(self._first, at=self._first.at + periods * SYNCHRONISED_EVERY))
        return max(runs, key=lambda each: each.at)

    def _copied(self, connector: SendConnector) -> SendConnector:
        guid = connector.guid if self._guids == "same" else str(uuid.uuid5(uuid.UUID(connector.guid), self._edge))
        return replace(connector, guid=guid, source_servers=(self._edge,))


EdgeDirectory = StandaloneDirectory | SubscribedDirectory
