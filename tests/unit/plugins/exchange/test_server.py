# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers as recorded from Exchange 2016 and 2019, and transport services as documented."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.fields import Unreadable
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.server import (
    ComponentState,
    FrontendTransportService,
    Server,
    TransportService,
    component_state_from,
    frontend_transport_service_from,
    server_from,
    server_result,
    stops_mail,
    transport_service_from,
)
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import RemoteObject, WireValue

THUMBPRINT = "D003810EBE1624145889D031FBB77ED2BD280FD3"
LOG_PATH = r"C:\Program Files\Microsoft\Exchange Server\V15\TransportRoles\Logs\Hub\ProtocolLog\SmtpSend"

Recorded = Callable[[str], list[RemoteObject]]
Flatten = Callable[[RemoteObject], RemoteObject]


def test_reads_a_server_with_the_domain_controllers_that_it_uses(recorded: Recorded) -> None:
    (source,) = recorded("E19-solo-GetExchangeServer")
    assert server_from(source) == Server(
        name="SOLO-E19A",
        fqdn="Solo-E19A.Solo.com",
        site="Default-First-Site-Name",
        version="15.2 (Build 986.5)",
        is_mailbox=True,
        is_edge=False,
        domain_controller="Solo-DC1.Solo.com",
        domain_controllers=("Solo-DC1.Solo.com",),
    )


def test_without_status_no_domain_controller_is_said(recorded: Recorded) -> None:
    servers = [server_from(source) for source in recorded("E16-contoso-GetExchangeServer")]
    assert [server.fqdn for server in servers] == ["E2k16-1.Contoso.lab", "E2k16-2.Contoso.lab"]
    assert all(server.domain_controller == "" and server.domain_controllers == () for server in servers)


@pytest.mark.fact("wire 2.5", "wire 2.9", "wire 2.14")
@pytest.mark.parametrize("recording", ["E16-contoso-GetExchangeServer", "E19-solo-GetExchangeServer"])
def test_objects_and_the_text_that_the_wire_makes_of_them_read_the_same(
    recorded: Recorded, over_the_wire: Flatten, recording: str
) -> None:
    for source in recorded(recording):
        assert server_from(over_the_wire(source)) == server_from(source)


@pytest.mark.parametrize("name", ["mbx01", "MBX01", "mbx01.contoso.test", "MBX01.Contoso.Test."])
def test_a_server_answers_to_both_its_names_in_any_case(name: str) -> None:
    assert Server("MBX01", "mbx01.contoso.test", "HQ", "15.2", is_mailbox=True, is_edge=False).is_called(name)


@pytest.mark.parametrize("name", ["mbx0", "mbx01.fabrikam.test", "", "."])
def test_a_server_does_not_answer_to_other_names(name: str) -> None:
    assert not Server("MBX01", "mbx01.contoso.test", "HQ", "15.2", is_mailbox=True, is_edge=False).is_called(name)


def test_results_are_plain() -> None:
    server = Server("MBX01", "mbx01.contoso.test", "HQ", "15.2 (Build 986.5)", is_mailbox=True, is_edge=False)
    assert server_result(server) == {
        "name": "MBX01",
        "fqdn": "mbx01.contoso.test",
        "site": "HQ",
        "version": "15.2 (Build 986.5)",
        "is_mailbox_server": True,
        "is_edge_server": False,
    }


def transport_service(**properties: WireValue) -> TransportService:
    known: dict[str, WireValue] = {
        "Name": "MBX01",
        "InternalTransportCertificateThumbprint": THUMBPRINT,
        "SendProtocolLogPath": LOG_PATH,
    }
    return transport_service_from(RemoteObject(properties=known | properties))


@pytest.mark.parametrize("path", [LOG_PATH, RemoteObject(text=LOG_PATH, properties={"PathName": LOG_PATH})])
def test_reads_the_default_certificate_and_the_path_of_the_log(path: WireValue) -> None:
    assert transport_service(SendProtocolLogPath=path) == TransportService("MBX01", THUMBPRINT, LOG_PATH)


def test_a_thumbprint_has_one_spelling() -> None:
    assert (
        transport_service(InternalTransportCertificateThumbprint=THUMBPRINT.lower()).default_certificate == THUMBPRINT
    )


@pytest.mark.fact("cmdlets 0.5")
@pytest.mark.parametrize("value", [None, "", " "])
def test_a_server_may_have_no_readable_default_certificate(value: WireValue) -> None:
    assert transport_service(InternalTransportCertificateThumbprint=value).default_certificate is None


def test_a_server_may_write_no_log_at_all() -> None:
    assert transport_service(SendProtocolLogPath=None).send_log_path is None


def test_a_default_certificate_that_is_no_thumbprint_is_refused() -> None:
    with pytest.raises(Unreadable, match="as its InternalTransportCertificateThumbprint"):
        transport_service(InternalTransportCertificateThumbprint="CN=mbx01")


def test_a_default_certificate_that_was_not_sent_is_not_none() -> None:
    with pytest.raises(Unreadable, match="without its property InternalTransportCertificateThumbprint"):
        transport_service_from(RemoteObject(properties={"Name": "MBX01", "SendProtocolLogPath": None}))


def test_reads_a_components_state() -> None:
    source = RemoteObject(properties={"Component": "HubTransport", "State": RemoteObject(text="Active", number=1)})
    assert component_state_from(source) == ComponentState("HubTransport", "Active")


def test_a_front_end_has_a_log_of_its_own() -> None:
    path = r"C:\Program Files\Microsoft\Exchange Server\V15\TransportRoles\Logs\FrontEnd\ProtocolLog\SmtpSend"
    source = RemoteObject(properties={"SendProtocolLogPath": path})
    assert frontend_transport_service_from(source, "mbx01.contoso.test") == FrontendTransportService(
        "mbx01.contoso.test", path
    )


def test_a_front_end_may_write_no_log_which_is_not_the_same_as_not_saying_so() -> None:
    assert frontend_transport_service_from(RemoteObject(properties={"SendProtocolLogPath": ""}), "mbx01") == (
        FrontendTransportService("mbx01", None)
    )
    with pytest.raises(Unreadable, match="SendProtocolLogPath"):
        frontend_transport_service_from(RemoteObject(), "mbx01")


def test_the_connectivity_log_has_a_path_only_where_it_is_switched_on() -> None:
    path = r"C:\Logs\Connectivity"
    on = transport_service(ConnectivityLogEnabled=True, ConnectivityLogPath=path)
    assert on.connectivity_log_path == path
    assert transport_service(ConnectivityLogEnabled=False, ConnectivityLogPath=path).connectivity_log_path is None
    assert transport_service(ConnectivityLogEnabled=True, ConnectivityLogPath="").connectivity_log_path is None


@pytest.mark.parametrize(
    "properties", [{}, {"ConnectivityLogEnabled": True}, {"ConnectivityLogPath": r"C:\Logs\Connectivity"}]
)
def test_where_nothing_was_sent_of_the_connectivity_log_there_is_none(properties: dict[str, WireValue]) -> None:
    assert transport_service(**properties).connectivity_log_path is None


def test_how_long_a_message_may_wait_is_known_only_when_it_was_sent() -> None:
    assert transport_service(MessageExpirationTimeout="2.00:00:00").message_expiration == timedelta(days=2)
    assert transport_service().message_expiration is None
    with pytest.raises(Unreadable, match="as its MessageExpirationTimeout"):
        transport_service(MessageExpirationTimeout="two days")


@pytest.mark.parametrize(
    ("component", "state", "is_edge", "stops"),
    [
        ("HubTransport", "Inactive", False, True),
        ("hubtransport", "INACTIVE", False, True),
        ("EdgeTransport", "Inactive", True, True),
        ("ServerWideOffline", "Inactive", False, True),
        ("ServerWideOffline", "Inactive", True, True),
        ("HubTransport", "Draining", False, False),
        ("HubTransport", "Active", False, False),
        ("HubTransport", "Inactive", True, False),
        ("EdgeTransport", "Inactive", False, False),
        ("UMCallRouter", "Inactive", False, False),
    ],
)
def test_only_its_own_transport_or_the_whole_server_being_inactive_stops_mail(
    component: str, state: str, is_edge: bool, stops: bool
) -> None:
    server = Server("MBX01", "mbx01.contoso.test", "HQ", "15.2", is_mailbox=not is_edge, is_edge=is_edge)
    assert stops_mail(ComponentState(component, state), server) is stops
