# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Edge Transport servers: standalone, or subscribed to an Active Directory site whose EdgeSync fills their directory.

On a subscribed Edge the Send connectors are copies, which EdgeSync renews every three minutes from those of the
organisation (documentation page "Edge Subscriptions in Exchange Server").
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from .._powershell import Pipeline, RemoteObject
from .cmdlets import start_edge_synchronization
from .connector import SendConnector
from .fields import Fields
from .server import Server

SYNCHRONISED_EVERY: Final = "3 minutes"
_MADE_BY_EDGESYNC: Final = "edgesync - "
_SUCCESS: Final = "Success"


@dataclass(frozen=True)
class EdgeStanding:
    """What an Edge's own directory tells of a subscription.

    ``subscribed`` is None when it cannot be told: no sign was seen, and not every sign could be looked for. ``signs``
    are what speaks for a subscription, else what could not be looked at.
    """

    subscribed: bool | None
    signs: tuple[str, ...] = ()


def edge_standing(
    servers: Iterable[Server],
    connectors: Iterable[SendConnector],
    subscriptions: int | None,
    problem: str = "",
) -> EdgeStanding:
    """Judge what an Edge holds: any sign of a subscription is one, and only the absence of all of them is none.

    ``subscriptions`` is how many Get-EdgeSubscription returned on the Edge, None when it failed, as ``problem`` says.
    """
    signs = []
    if subscriptions:
        signs.append("Get-EdgeSubscription returns its subscription")
    mailbox = sorted(each.name for each in servers if not each.is_edge)
    if mailbox:
        signs.append(f"its directory lists the Mailbox server {mailbox[0]}")
    made = sorted(each.name for each in connectors if each.name.lower().startswith(_MADE_BY_EDGESYNC))
    if made:
        signs.append(f'EdgeSync has made its connector "{made[0]}"')
    if signs:
        return EdgeStanding(True, tuple(signs))
    return EdgeStanding(False) if subscriptions is not None else EdgeStanding(None, (problem,))


def edge_standing_result(standing: EdgeStanding | None) -> dict[str, Any] | None:
    """Return a standing as modules return it; None for a server that is no Edge."""
    return None if standing is None else {"subscribed": standing.subscribed, "signs": list(standing.signs)}


@dataclass(frozen=True)
class EdgeSync:
    """The Edges that get a connector by EdgeSync, by name, and the commands that hurry it.

    There is one command for each site that they are subscribed to, since EdgeSync runs on the Mailbox servers of that
    site (documentation page "Start-EdgeSynchronization").
    """

    edges: tuple[str, ...] = ()
    commands: tuple[Pipeline, ...] = ()


NO_EDGES: Final = EdgeSync()


def edge_sync_of(connector: SendConnector, servers: Sequence[Server]) -> EdgeSync:
    """Return what brings a change of a connector to the Edges among its source servers."""
    edges = [each for each in servers if each.is_edge and any(map(each.is_called, connector.source_servers))]
    sites = dict.fromkeys(each.site for each in edges)
    runners = [next((each.fqdn for each in servers if not each.is_edge and each.site == site), None) for site in sites]
    return EdgeSync(tuple(each.name for each in edges), tuple(map(start_edge_synchronization, runners)))


@dataclass(frozen=True)
class Synchronization:
    """One line of Start-EdgeSynchronization: which Edge, and what became of it, like ``CouldNotConnect``."""

    edge: str
    result: str
    details: str

    @property
    def succeeded(self) -> bool:
        """Tell whether the Edge has got what it lacked."""
        return self.result == _SUCCESS


def synchronizations_from(sources: Sequence[RemoteObject]) -> tuple[Synchronization, ...]:
    """Read what Start-EdgeSynchronization returned.

    Raises:
        Unreadable: a property is missing.
    """
    return tuple(_synchronization(Fields(each, "the result of Start-EdgeSynchronization")) for each in sources)


def _synchronization(fields: Fields) -> Synchronization:
    details = fields.optional_text("FailureDetails") if fields.source.has("FailureDetails") else None
    return Synchronization(fields.text("Name"), fields.text("Result"), details or "")
