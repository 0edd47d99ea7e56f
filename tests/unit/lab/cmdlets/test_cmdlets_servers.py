# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers, their transport services and component states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Lab, MakeLab

DC = "dc01.contoso.test"
SEND_LOGS = r"TransportRoles\Logs\Hub\ProtocolLog\SmtpSend"


def properties(found: Any, *names: str) -> list[Any]:
    """Values by name; of a list the XML, which is what pypsrp makes of one whose type it does not know."""
    values = [found.adapted_properties[name] for name in names]
    return [value.property_sets[0] if hasattr(value, "property_sets") else value for value in values]


def test_all_servers_are_told_also_those_that_are_down(lab: Lab) -> None:
    found = lab.open().output("Get-ExchangeServer")
    assert [str(each) for each in found] == ["MBX01", "MBX02", "MBX03"]
    names = ("Name", "Fqdn", "Site", "AdminDisplayVersion", "ServerRole", "IsMailboxServer", "IsEdgeServer")
    assert properties(found[2], *names) == [
        "MBX03",
        "mbx03.contoso.test",
        "contoso.test/Configuration/Sites/HQ",
        "Version 15.2 (Build 1544.4)",
        "Mailbox",
        True,
        False,
    ]


@pytest.mark.parametrize("identity", ["mbx02", "MBX02.contoso.test", "mbx02*"])
def test_one_server_by_any_of_its_names(lab: Lab, identity: str) -> None:
    (found,) = lab.open().output("Get-ExchangeServer", Identity=identity)
    assert str(found) == "MBX02"


@pytest.mark.parametrize(
    "cmdlet",
    ["Get-ExchangeServer", "Get-TransportService", "Get-FrontendTransportService", "Get-ServerComponentState"],
)
def test_a_server_that_does_not_exist(lab: Lab, cmdlet: str) -> None:
    error = lab.open().error(cmdlet, Identity="mbx09")
    assert str(error) == f"The operation couldn't be performed because object 'mbx09' couldn't be found on '{DC}'."


def test_domain_controllers_are_told_when_asked_for_and_known(make_lab: MakeLab) -> None:
    names = ("CurrentDomainControllers", "CurrentConfigDomainController")
    knows, does_not = (
        make_lab(readings={"current_domain_controllers": reading}).open() for reading in ("filled", "empty")
    )
    for each in knows.output("Get-ExchangeServer", Status=True):
        assert properties(each, *names) == [f"<LST><S>{DC}</S></LST>", DC]
    (silent,) = knows.output("Get-ExchangeServer", Identity="mbx01")
    assert properties(silent, *names) == ["<LST />", ""]
    (unknown,) = does_not.output("Get-ExchangeServer", Identity="mbx01", Status=True)
    assert properties(unknown, *names) == ["<LST />", ""]


def test_the_transport_service_tells_its_default_certificate_and_its_logs(lab: Lab) -> None:
    (found,) = lab.open().output("Get-TransportService", Identity="mbx01")
    assert properties(found, "Name", "InternalTransportCertificateThumbprint") == ["MBX01", lab.setup.thumbprint]
    assert found.adapted_properties["SendProtocolLogPath"].endswith(SEND_LOGS)


def test_what_is_not_there_is_empty_or_null(lab: Lab) -> None:
    lab.server.default_certificate = None
    lab.server.send_log_path = None
    (found,) = lab.open().output("Get-TransportService", Identity="mbx01")
    assert properties(found, "InternalTransportCertificateThumbprint", "SendProtocolLogPath") == ["", None]


def test_the_front_end_has_logs_of_its_own_and_no_certificate(lab: Lab) -> None:
    (found,) = lab.open().output("Get-FrontendTransportService", Identity="mbx01")
    assert found.adapted_properties["SendProtocolLogPath"].endswith(r"FrontEnd\ProtocolLog\SmtpSend")
    assert "InternalTransportCertificateThumbprint" not in found.adapted_properties


def test_all_components_are_active_but_those_of_the_cloud(lab: Lab) -> None:
    found = lab.open().output("Get-ServerComponentState", Identity="mbx01")
    states = {each.adapted_properties["Component"]: each.adapted_properties["State"] for each in found}
    assert states["HubTransport"] == states["ServerWideOffline"] == "Active"
    assert {name for name, state in states.items() if state != "Active"} == {"ForwardSyncDaemon", "ProvisioningRps"}


def test_one_component(lab: Lab) -> None:
    (found,) = lab.open().output("Get-ServerComponentState", Identity="mbx01", Component="hubtransport")
    assert properties(found, "Component", "ServerFqdn") == ["HubTransport", "mbx01.contoso.test"]
