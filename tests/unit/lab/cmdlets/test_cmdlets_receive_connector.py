# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Get-ReceiveConnector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from exchange_lab.world import ReceiveConnector, connectors_of_setup

if TYPE_CHECKING:
    from .conftest import Lab

NAME = "<I>CN=Example CA, O=Example, C=US<S>CN=*.contoso.com, OU=IT, O=Contoso"


@pytest.fixture(autouse=True)
def connectors(lab: Lab) -> None:
    """Those of setup on every server, and one more on the first."""
    for server in lab.world.servers.values():
        server.receive_connectors = connectors_of_setup(server.name, "mailbox")
    relay = ReceiveConnector(
        "From the scanners",
        bindings=("10.0.0.21:2526",),
        fqdn="relay.contoso.com",
        tls_certificate_name=NAME,
        auth_mechanism=("Tls", "ExternalAuthoritative"),
    )
    lab.server.receive_connectors = (*lab.server.receive_connectors, relay)


def names(lab: Lab, user: str = "CONTOSO\\exadmin", **parameters: Any) -> list[str]:
    return [str(each) for each in lab.open(user=user).output("Get-ReceiveConnector", **parameters)]


def test_all_servers_have_those_of_setup(lab: Lab) -> None:
    found = names(lab)
    assert found[:6] == [
        rf"MBX01\{name}"
        for name in (
            "Default MBX01",
            "Client Proxy MBX01",
            "Default Frontend MBX01",
            "Outbound Proxy Frontend MBX01",
            "Client Frontend MBX01",
            "From the scanners",
        )
    ]
    # The directory is asked, not the server: one that is down has its connectors too.
    assert len(found) == 16
    assert r"MBX03\Default Frontend MBX03" in found


def test_a_connector_tells_what_certificate_it_names(lab: Lab) -> None:
    (relay,) = lab.open().output("Get-ReceiveConnector", Identity=r"MBX01\From the scanners")
    shown = relay.adapted_properties
    assert [shown[name] for name in ("Fqdn", "TlsCertificateName", "AuthMechanism", "TransportRole", "Server")] == [
        "relay.contoso.com",
        NAME,
        "Tls, ExternalAuthoritative",
        "FrontendTransport",
        "MBX01",
    ]
    assert shown["Bindings"].property_sets == ["<LST><S>10.0.0.21:2526</S></LST>"]
    assert "SerializationData" not in relay.extended_properties
    (default,) = lab.open().output("Get-ReceiveConnector", Identity=r"MBX01\Default MBX01")
    assert default.adapted_properties["Fqdn"] == "mbx01.contoso.test"
    assert default.adapted_properties["TlsCertificateName"] is None


@pytest.mark.parametrize("server", ["MBX02", "mbx02.contoso.test"])
def test_a_server_has_its_own(lab: Lab, server: str) -> None:
    assert [each.partition("\\")[0] for each in names(lab, Server=server)] == ["MBX02"] * 5


def test_an_identity_is_a_name_on_any_server_or_on_one(lab: Lab) -> None:
    assert names(lab, Identity="default frontend mbx02") == [r"MBX02\Default Frontend MBX02"]
    assert names(lab, Identity=r"mbx01\default *") == [r"MBX01\Default MBX01", r"MBX01\Default Frontend MBX01"]
    (guid,) = [
        str(each.adapted_properties["Guid"])
        for each in lab.open().output("Get-ReceiveConnector", Identity="From the scanners")
    ]
    assert names(lab, Identity=guid) == [r"MBX01\From the scanners"]


def test_what_is_not_there(lab: Lab) -> None:
    error = lab.open().error("Get-ReceiveConnector", Identity=r"MBX02\From the scanners")
    assert str(error) == (
        r"The operation couldn't be performed because object 'MBX02\From the scanners' couldn't be found on "
        "'dc01.contoso.test'."
    )
    error = lab.open().error("Get-ReceiveConnector", Server="MBX77")
    assert str(error) == 'Exchange server "MBX77" was not found. Please make sure you typed the name correctly.'


def test_server_and_identity_exclude_each_other(lab: Lab) -> None:
    error = lab.open().error("Get-ReceiveConnector", Identity="x", Server="MBX01")
    assert error.fq_error == "AmbiguousParameterSet,Get-ReceiveConnector"


@pytest.mark.parametrize("user", ["CONTOSO\\srvadmin", "CONTOSO\\viewer"])
def test_roles_that_show_it(lab: Lab, user: str) -> None:
    assert len(names(lab, user=user)) == 16


def test_get_command_shows_it_with_its_parameters(lab: Lab) -> None:
    (command,) = lab.open().output("Get-Command", Name="Get-ReceiveConnector")
    assert {"Identity", "Server", "DomainController"} <= set(command.adapted_properties["Parameters"])
