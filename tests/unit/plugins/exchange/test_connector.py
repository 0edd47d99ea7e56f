# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Send connectors as recorded from Exchange 2019."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.connector import (
    CertificateName,
    LoggingLevel,
    connector_result,
    directory_name,
    send_connector_from,
)
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.fields import Unreadable
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import RemoteObject, WireValue

HYBRID = "E19-exlab-GetSendConnector"
RELAY = "E19-exlab-GetSendConnectorConfiguredToRelayToM365"

Recorded = Callable[[str], list[RemoteObject]]
Flatten = Callable[[RemoteObject], RemoteObject]


def changed(source: RemoteObject, **properties: WireValue) -> RemoteObject:
    return replace(source, properties={**source.properties, **properties})


def test_reads_a_hybrid_connector(recorded: Recorded) -> None:
    (source,) = recorded(HYBRID)
    assert connector_result(send_connector_from(source)) == {
        "name": "Mail to O365",
        "guid": "0292c782-9804-4d8b-ae0e-e1c7ab90852b",
        "distinguished_name": (
            "CN=Mail to O365,CN=Connections,CN=Exchange Routing Group (DWBGZMFD01QNBJR),CN=Routing Groups,"
            "CN=Exchange Administrative Group (FYDIBOHF23SPDLT),CN=Administrative Groups,CN=First Organization,"
            "CN=Microsoft Exchange,CN=Services,CN=Configuration,DC=exlab,DC=dom"
        ),
        "enabled": True,
        "protocol_logging_level": "None",
        "tls_certificate_name": "<I>CN=localhost<S>CN=localhost",
        "fqdn": None,
        "require_tls": False,
        "ignore_starttls": False,
        "domain_secure_enabled": False,
        "tls_auth_level": None,
        "tls_domain": None,
        "dns_routing_enabled": False,
        "smart_hosts": ["microsoft-com.mail.protection.outlook.com"],
        "smart_host_auth_mechanism": "None",
        "address_spaces": ["SMTP:*;1"],
        "source_transport_servers": ["WIN-CTD3L0RGEN4"],
        "frontend_proxy_enabled": False,
        "originating_server": "WIN-CTD3L0RGEN4.exlab.dom",
    }


@pytest.mark.fact("cmdlets 10.6", "wire 2.5", "wire 2.14")
@pytest.mark.parametrize("recording", [HYBRID, RELAY])
def test_objects_and_the_text_that_the_wire_makes_of_them_read_the_same(
    recorded: Recorded, over_the_wire: Flatten, recording: str
) -> None:
    (source,) = recorded(recording)
    assert send_connector_from(over_the_wire(source)) == send_connector_from(source)


def test_reads_null_as_not_set(recorded: Recorded) -> None:
    (source,) = recorded(RELAY)
    connector = send_connector_from(source)
    assert connector.tls_certificate_name is None
    assert connector.fqdn == "mail.contoso.com"
    assert connector.tls_auth_level == "CertificateValidation"


def test_a_name_without_issuer_is_kept_apart(recorded: Recorded, over_the_wire: Flatten) -> None:
    (source,) = recorded(HYBRID)
    connector = send_connector_from(changed(over_the_wire(source), TlsCertificateName="<S>CN=mail.contoso.com"))
    assert connector.tls_certificate_name == CertificateName(None, "CN=mail.contoso.com")


@pytest.mark.fact("wire 2.4")
def test_the_level_is_a_word_on_the_wire(recorded: Recorded, over_the_wire: Flatten) -> None:
    (source,) = recorded(HYBRID)
    connector = send_connector_from(changed(over_the_wire(source), ProtocolLoggingLevel="Verbose"))
    assert connector.logging_level is LoggingLevel.VERBOSE


@pytest.mark.parametrize("name", ["Guid", "ProtocolLoggingLevel", "TlsCertificateName", "SourceTransportServers"])
def test_a_property_that_was_not_sent_makes_the_connector_unreadable(recorded: Recorded, name: str) -> None:
    (source,) = recorded(HYBRID)
    properties = {key: value for key, value in source.properties.items() if key != name}
    with pytest.raises(Unreadable, match=f"the Send connector came without its property {name}"):
        send_connector_from(replace(source, properties=properties))


def test_a_certificate_name_that_names_nothing_is_refused(recorded: Recorded) -> None:
    (source,) = recorded(HYBRID)
    with pytest.raises(Unreadable, match="as its TlsCertificateName"):
        send_connector_from(changed(source, TlsCertificateName="CN=mail.contoso.com"))


@pytest.mark.fact("cmdlets 0.8", "protocol-log 0.8")
@pytest.mark.parametrize(
    ("properties", "insists"),
    [
        ({}, False),
        ({"RequireTLS": True}, True),
        ({"DomainSecureEnabled": True}, True),
        ({"SmartHostAuthMechanism": "BasicAuthRequireTLS"}, True),
        ({"SmartHostAuthMechanism": "BasicAuth"}, False),
    ],
)
def test_only_some_connectors_hold_mail_back_when_tls_fails(
    recorded: Recorded, properties: dict[str, WireValue], insists: bool
) -> None:
    (source,) = recorded(HYBRID)
    assert send_connector_from(changed(source, **properties)).insists_on_tls is insists


def test_a_directory_objects_name_is_the_last_part_of_its_path() -> None:
    assert directory_name("Solo.com/Configuration/Sites/Default-First-Site-Name") == "Default-First-Site-Name"
    assert directory_name("MBX01") == "MBX01"
    assert directory_name(None) == ""
