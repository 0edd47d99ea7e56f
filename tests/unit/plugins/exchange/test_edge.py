# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an Edge is subscribed, and which EdgeSync brings a connector to it."""

from __future__ import annotations

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.edge import (
    EdgeStanding,
    edge_standing,
    edge_sync_of,
    synchronizations_from,
)
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.fields import Unreadable
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.server import Server
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import RemoteObject


def server(name: str, site: str = "", *, edge: bool = False) -> Server:
    return Server(name, f"{name.lower()}.contoso.test", site, "15.2", is_mailbox=not edge, is_edge=edge)


EDGE, OTHER_EDGE = server("EDGE01", "HQ", edge=True), server("EDGE02", "Branch", edge=True)
MAILBOX, OTHER_MAILBOX = server("MBX01", "HQ"), server("MBX02", "HQ")


def test_an_edge_without_any_sign_stands_alone(make) -> None:
    assert edge_standing([EDGE], [make.connector()], 0) == EdgeStanding(False)


@pytest.mark.parametrize(
    ("servers", "others", "subscriptions", "sign"),
    [
        ([EDGE], [], 1, "Get-EdgeSubscription"),
        ([EDGE, OTHER_MAILBOX, MAILBOX], [], 0, "lists the Mailbox server MBX01"),
        ([EDGE], ["EdgeSync - Inbound to HQ"], 0, '"EdgeSync - Inbound to HQ"'),
        ([EDGE], ["edgesync - HQ to Internet", "EdgeSync - Inbound to HQ"], 0, '"EdgeSync - Inbound to HQ"'),
        ([EDGE, MAILBOX], [], None, "lists the Mailbox server MBX01"),
    ],
)
def test_any_sign_of_a_subscription_is_one(make, servers, others, subscriptions, sign) -> None:
    connectors = [make.connector(), *(make.connector(name=each) for each in others)]
    standing = edge_standing(servers, connectors, subscriptions, "" if subscriptions is not None else "refused")
    assert standing.subscribed is True
    assert sign in standing.signs[0]


def test_an_edge_is_not_taken_for_standalone_while_a_sign_could_not_be_looked_for(make) -> None:
    assert edge_standing([EDGE], [make.connector()], None, "it failed") == EdgeStanding(None, ("it failed",))


def test_edgesync_is_hurried_on_a_mailbox_server_of_each_edges_site(make) -> None:
    ours = make.connector(source_servers=("EDGE01", "MBX02", "edge02"))
    sync = edge_sync_of(ours, [MAILBOX, OTHER_MAILBOX, EDGE, OTHER_EDGE])
    assert sync.edges == ("EDGE01", "EDGE02")
    assert [str(each) for each in sync.commands] == [
        "Start-EdgeSynchronization -Server 'mbx01.contoso.test'",
        "Start-EdgeSynchronization",
    ]


def test_two_edges_of_one_site_are_served_at_once(make) -> None:
    twin = server("EDGE03", "HQ", edge=True)
    sync = edge_sync_of(make.connector(source_servers=("EDGE01", "EDGE03")), [MAILBOX, EDGE, twin])
    assert (sync.edges, len(sync.commands)) == (("EDGE01", "EDGE03"), 1)


def test_a_connector_without_an_edge_needs_no_edgesync(make) -> None:
    sync = edge_sync_of(make.connector(), [MAILBOX, EDGE])
    assert (sync.edges, sync.commands) == ((), ())


def test_what_edgesync_says_of_an_edge_is_read() -> None:
    said = {"Name": "EDGE01", "Result": "CouldNotConnect", "FailureDetails": "The LDAP server is unavailable."}
    (done,) = synchronizations_from([RemoteObject(properties=said)])
    assert (done.edge, done.succeeded, done.details) == ("EDGE01", False, "The LDAP server is unavailable.")


def test_a_result_that_is_not_sent_is_unknown() -> None:
    with pytest.raises(Unreadable, match="Result"):
        synchronizations_from([RemoteObject(properties={"Name": "EDGE01"})])
