# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our objects have the properties, types and texts of recorded ones."""

from __future__ import annotations

import re
import warnings
from base64 import b64decode
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from exchange_lab.clock import Clock
from exchange_lab.objects import (
    Profile,
    Value,
    certificate_object,
    component_state_objects,
    exchange_server_object,
    send_connector_object,
)
from exchange_lab.world import (
    Connectors,
    DomainController,
    Readings,
    SendConnector,
    Server,
    StoredCertificate,
    World,
)

from .conftest import FIXTURES, Document, Facts

if TYPE_CHECKING:
    from collections.abc import Iterable

NOW = datetime(2022, 4, 8, 11, 2, 4, tzinfo=UTC)


def world(organisation: str, domain: str, server: str, controller: str) -> World:
    """An organisation as small as the one that was recorded."""
    controllers = {controller: DomainController(controller, "Default-First-Site-Name")}
    facts = Server(
        f"{server}.{domain}", server.upper(), "Default-First-Site-Name", controller, version="15.2 (Build 986.5)"
    )
    return World(
        clock=Clock(NOW),
        organisation=organisation,
        domain=domain,
        domain_controllers=controllers,
        servers={facts.fqdn: facts},
        connectors=Connectors(controllers, []),
        peers={},
        accounts=[],
    )


# One type goes deeper in the recordings than its place lets expect.
PROFILE = Profile("recorded", {"System.Net.IPAddress": 1})
EXPORT_DEPTH = 2


def facts_of(*values: Value) -> list[Facts]:
    """Ours, as deep as the recordings go."""
    written = Document.written(values, PROFILE, EXPORT_DEPTH)
    return [written.facts(number) for number in range(len(written.objects))]


def differences(recorded: Facts, ours: Facts, may_differ: Iterable[str]) -> dict[str, tuple[object, object]]:
    """By path, what is not the same; texts of paths that match one of ``may_differ`` do not count, types do."""
    pattern = re.compile("|".join(may_differ))
    found: dict[str, tuple[object, object]] = {}
    for path in recorded.keys() | ours.keys():
        theirs, mine = recorded.get(path), ours.get(path)
        same_kind = theirs is not None and mine is not None and theirs.types == mine.types
        if theirs != mine and not (same_kind and pattern.search(path)):
            found[path] = (theirs, mine)
    return found


# Guids, and the moments that the lab does not know.
OWN_FACTS = ("Guid$", "^/When(Changed|Created)", r"/Total\w+$")


def test_a_send_connector_with_a_smart_host() -> None:
    recorded = Document.recorded("E19-exlab-GetSendConnectorConfiguredToRelayToM365.xml").facts()
    lab = world(_organisation(recorded), "exlab.dom", "WIN-CTD3L0RGEN4", "WIN-CTD3L0RGEN4.exlab.dom")
    connector = SendConnector(
        guid="d8bbb707-a3d8-401f-8909-287fe2cc1fda",
        name="My company to Office 365",
        smart_hosts=("ThisTenantDoesntExists-com.mail.protection.outlook.com",),
        dns_routing_enabled=False,
        fqdn="mail.contoso.com",
        address_spaces=("smtp:*;1",),
        require_tls=True,
        tls_auth_level="CertificateValidation",
        cloud_services_mail_enabled=True,
        source_servers=tuple(lab.servers),
        when_created=NOW,
        when_changed=NOW,
    )
    (ours,) = facts_of(send_connector_object(lab, connector, "WIN-CTD3L0RGEN4.exlab.dom"))
    assert list(ours) == list(recorded)
    assert differences(recorded, ours, OWN_FACTS) == {}


def test_a_send_connector_with_a_certificate_name() -> None:
    recorded = Document.recorded("E19-exlab-GetSendConnector.xml").facts()
    lab = world(_organisation(recorded), "exlab.dom", "WIN-CTD3L0RGEN4", "WIN-CTD3L0RGEN4.exlab.dom")
    connector = SendConnector(
        guid="00000000-0000-0000-0000-000000000001",
        name=recorded["/Name"].text,
        smart_hosts=(recorded["/SmartHosts[0]"].text,),
        dns_routing_enabled=recorded["/DNSRoutingEnabled"].text == "true",
        cloud_services_mail_enabled=recorded["/CloudServicesMailEnabled"].text == "true",
        tls_certificate_name="<I>CN=localhost<S>CN=localhost",
        source_servers=tuple(lab.servers),
        when_created=NOW,
        when_changed=NOW,
    )
    (ours,) = facts_of(send_connector_object(lab, connector, "WIN-CTD3L0RGEN4.exlab.dom"))
    assert list(ours) == list(recorded)
    assert differences(recorded, ours, OWN_FACTS) == {}


def test_an_exchange_server() -> None:
    recorded = Document.recorded("E19-solo-GetExchangeServer.xml").facts()
    lab = world("SoloORG", "Solo.com", "Solo-E19A", "Solo-DC1.Solo.com")
    (server,) = lab.servers.values()
    server.store = list(certificates("E19-solo-GetExchangeCertificate.xml"))
    (ours,) = facts_of(
        exchange_server_object(
            lab, server, domain_controller="Solo-DC1.Solo.com", current_domain_controller="Solo-DC1.Solo.com"
        )
    )
    assert list(ours) == list(recorded)
    # The recorded server runs on a trial licence, and reports its errors.
    licence = ("^/Edition$", "TrialEdition$", "^/CustomerFeedbackEnabled$", "^/ErrorReportingEnabled$")
    assert differences(recorded, ours, (*OWN_FACTS, *licence)) == {}


def test_component_states() -> None:
    recording = Document.recorded("E19-solo-GetServerComponentState.xml")
    lab = world("SoloORG", "Solo.com", "Solo-E19A", "Solo-DC1.Solo.com")
    ours = facts_of(*component_state_objects(lab, next(iter(lab.servers.values()))))
    recorded = [recording.facts(number) for number in range(len(recording.objects))]
    assert [(each["/Component"], each["/State"]) for each in ours] == [
        (each["/Component"], each["/State"]) for each in recorded
    ]
    # Who asked for a state is not simulated.
    for mine, theirs in zip(ours, recorded, strict=True):
        found = differences(theirs, mine, OWN_FACTS)
        assert {path for path in found if not re.match(r"/(Local|Remote)States\[", path)} == set()


def certificates(name: str) -> Iterable[StoredCertificate]:
    """The certificates of a recording, with the facts of a store around them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for element in Document.recorded(name).objects:
            (raw,) = [each for each in element.iter("BA") if each.attrib["N"] == "RawData"]
            yield StoredCertificate("recorded", x509.load_der_x509_certificate(b64decode(raw.text or "")))


def _organisation(recorded: Facts) -> str:
    """The name of the recorded organisation, out of a distinguished name."""
    found = re.search(r"CN=Administrative Groups,CN=([^,]+),CN=Microsoft Exchange", recorded["/DistinguishedName"].text)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    "name",
    [each.name for each in sorted(FIXTURES.glob("*GetExchangeCertificate.xml"))],
)
def test_certificates(name: str) -> None:
    recording = Document.recorded(name)
    server = Server("solo-e19a.solo.com", "SOLO-E19A", "HQ", None)
    for number, stored in enumerate(certificates(name)):
        recorded = recording.facts(number)
        ours = certificate_object(server, stored, NOW, Readings())
        (written,) = facts_of(ours)
        assert list(written) == list(recorded) == ["", "/RawData"]
        assert "".join(recorded["/RawData"].text.split()) == written["/RawData"].text
        assert written[""].types == recorded[""].types
        # The recorded dates are in the language and the time zone of the server.
        assert _without_dates(written[""].text) == _without_dates(recorded[""].text)


def _without_dates(text: str) -> str:
    return re.sub(r"(\[Not (?:Before|After)\]\r\n  ).*", r"\1", text)
