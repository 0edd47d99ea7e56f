# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our objects have the properties, types and texts of all recorded ones of the same class.

A world is made with the facts of the recorded organisation, and what the lab sends of it is compared. Only what
``conftest`` lists may differ.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from cryptography import x509
from exchange_lab.clock import Clock
from exchange_lab.objects import (
    Directory,
    Profile,
    Value,
    certificate_object,
    component_state_objects,
    exchange_server_object,
    receive_connector_object,
    send_connector_object,
)
from exchange_lab.world import (
    ComponentRequest,
    Connectors,
    DomainController,
    Installation,
    Mitigations,
    Readings,
    ReceiveConnector,
    SendConnector,
    Server,
    StoredCertificate,
    World,
    connectors_of_setup,
)

from .conftest import FIXTURES, Document, Fact, Facts

NOW = datetime(2022, 4, 8, 11, 2, 4, tzinfo=UTC)
# One type goes deeper in the recordings than its place lets expect.
PROFILE = Profile("recorded", {"System.Net.IPAddress": 1})
EXPORT_DEPTH = 2

Guids = Callable[[dict[str, str]], None]


@pytest.fixture
def guids(monkeypatch: pytest.MonkeyPatch) -> Guids:
    """Let the directory hand out recorded Guids, by what they are of."""

    def let(recorded: dict[str, str]) -> None:
        monkeypatch.setattr(Directory, "_guid", lambda _, what: UUID(recorded[what]))

    return let


def facts_of(*values: Value) -> list[Facts]:
    """Ours, as deep as the recordings go."""
    written = Document.written(values, PROFILE, EXPORT_DEPTH)
    return [written.facts(number) for number in range(len(written.objects))]


def recordings(cmdlet: str) -> list[tuple[str, int]]:
    """Every object that was recorded of a cmdlet, as file and number."""
    names = [each.name for each in sorted(FIXTURES.glob(f"*{cmdlet}*.xml"))]
    return [(name, number) for name in names for number in range(len(Document.recorded(name).objects))]


def _double(text: str) -> str:
    """.NET writes 17 digits, Python no more than it takes to tell a double from its neighbours."""
    return f"{float(text):.15g}"


def _moment(text: str) -> str:
    """The moment that a date means: in UTC, and without the tenth of a microsecond that Python cannot hold."""
    return datetime.fromisoformat(text).astimezone(UTC).isoformat(timespec="microseconds")


SPELLED: dict[str, Callable[[str], str]] = {"Db": _double, "DT": _moment, "BA": lambda text: "".join(text.split())}
"""What may be spelled in another way, by its tag in CLIXML. With what ``Document`` leaves out (what the client adds,
SerializationData, the numbers of references) these are all the differences that are allowed."""


def see_the_same(recorded: Facts, ours: Facts) -> None:
    recorded, ours = _spelled(recorded), _spelled(ours)
    found = {path: (recorded.get(path), ours.get(path)) for path in recorded.keys() | ours.keys()}
    assert {path: pair for path, pair in found.items() if pair[0] != pair[1]} == {}
    assert list(ours) == list(recorded)


def _spelled(facts: Facts) -> Facts:
    def respelled(fact: Fact) -> Fact:
        how = SPELLED.get(fact.types) if isinstance(fact.types, str) else None
        return fact if how is None else fact._replace(text=how(fact.text))

    return {path: respelled(fact) for path, fact in facts.items()}


def world(recorded: Facts, server: Server) -> World:
    """An organisation as small as the one that was recorded."""
    controllers = {server.domain_controller or "": DomainController(server.domain_controller or "", server.site)}
    organisation = re.search(
        r"CN=Administrative Groups,CN=([^,]+),CN=Microsoft Exchange", recorded["/Identity/DistinguishedName"].text
    )
    assert organisation is not None
    return World(
        clock=Clock(NOW),
        organisation=organisation[1],
        domain=recorded["/Identity/DomainId"].text,
        domain_controllers=controllers,
        servers={server.fqdn: server},
        connectors=Connectors(controllers, []),
        peers={},
        accounts=[],
    )


def moment(recorded: Facts, path: str) -> datetime:
    return datetime.fromisoformat(recorded[path].text)


def flag(recorded: Facts, path: str) -> bool:
    return recorded[path].text == "true"


@pytest.mark.parametrize(("name", "number"), recordings("GetSendConnector"))
def test_send_connectors(name: str, number: int, guids: Guids) -> None:
    recorded = Document.recorded(name).facts(number)
    home = recorded["/HomeMtaServerId/Name"].text
    controller = recorded["/OriginatingServer"].text
    domain = recorded["/Identity/DomainId"].text
    guids(
        {
            "partition": recorded["/Identity/PartitionGuid"].text,
            f"MTA {home}.{domain}": recorded["/HomeMTA/ObjectGuid"].text,
            "class ms-Exch-Routing-SMTP-Connector": recorded["/ObjectCategory/ObjectGuid"].text,
        }
    )
    lab = world(recorded, Server(f"{home}.{domain}", home, "Default-First-Site-Name", controller))
    certificate_name = recorded["/TlsCertificateName"].text or None
    connector = SendConnector(
        guid=recorded["/Guid"].text,
        name=recorded["/Name"].text,
        smart_hosts=(recorded["/SmartHosts[0]"].text,),
        dns_routing_enabled=flag(recorded, "/DNSRoutingEnabled"),
        fqdn=recorded["/Fqdn"].text or None,
        address_spaces=(recorded["/AddressSpaces[0]"].text,),
        require_tls=flag(recorded, "/RequireTLS"),
        tls_auth_level="CertificateValidation" if recorded["/TlsAuthLevel"].text else None,
        tls_certificate_name=certificate_name,
        cloud_services_mail_enabled=flag(recorded, "/CloudServicesMailEnabled"),
        source_servers=tuple(lab.servers),
        when_created=moment(recorded, "/WhenCreated"),
        when_changed=moment(recorded, "/WhenChanged"),
    )
    (ours,) = facts_of(send_connector_object(lab, connector, controller))
    see_the_same(recorded, ours)


@pytest.mark.parametrize(("name", "number"), recordings("GetReceiveConnector"))
def test_receive_connectors(name: str, number: int, guids: Guids) -> None:
    recorded = Document.recorded(name).facts(number)
    home, controller = recorded["/Server/Name"].text, recorded["/OriginatingServer"].text
    fqdn = recorded["/Fqdn"].text
    guids(
        {
            "partition": recorded["/Identity/PartitionGuid"].text,
            rf"{fqdn}\{recorded['/Name'].text}": recorded["/Guid"].text,
            "class ms-Exch-Smtp-Receive-Connector": recorded["/ObjectCategory/ObjectGuid"].text,
        }
    )
    installation = Installation(created=moment(recorded, "/WhenCreated"), changed=moment(recorded, "/WhenChanged"))
    server = Server(fqdn, home, "Default-First-Site-Name", controller, installation=installation)
    of_setup = connectors_of_setup(home, "mailbox")[number]
    # All else is as setup has made it.
    connector = replace(
        of_setup,
        tls_certificate_name=recorded["/TlsCertificateName"].text or None,
        tls_domain_capabilities=tuple(
            fact.text for path, fact in recorded.items() if re.fullmatch(r"/TlsDomainCapabilities\[\d+\]", path)
        ),
    )
    lab = world(recorded, server)
    (ours,) = facts_of(receive_connector_object(lab, server, connector, controller))
    see_the_same(recorded, ours)
    another = ReceiveConnector(of_setup.name)
    with pytest.raises(AssertionError):
        see_the_same(recorded, facts_of(receive_connector_object(lab, server, another, controller))[0])


def recorded_server(recorded: Facts) -> Server:
    """The server that a recording of Get-ExchangeServer shows."""
    applied = [fact.text for path, fact in recorded.items() if re.fullmatch(r"/MitigationsApplied\[\d+\]", path)]
    reports = recorded["/CustomerFeedbackEnabled"]
    return Server(
        recorded["/Fqdn"].text,
        recorded["/Name"].text,
        recorded["/Site/Name"].text,
        recorded["/OriginatingServer"].text,
        version=recorded["/AdminDisplayVersion"].text.removeprefix("Version "),
        installation=Installation(
            created=moment(recorded, "/WhenCreated"),
            changed=moment(recorded, "/WhenChanged"),
            data_path=recorded["/DataPath"].text,
            edition=recorded["/Edition"].text,  # type: ignore[arg-type]
            product_id=recorded["/ProductID"].text,
            reports=None if reports.types == "Nil" else reports.text == "true",
            collects_data=flag(recorded, "/DataCollectionEnabled"),
            mitigations=Mitigations(tuple(applied), moment(recorded, "/MitigationsAppliedTime"))
            if "/MitigationsAppliedTime" in recorded
            else None,
        ),
    )


@pytest.mark.parametrize(("name", "number"), recordings("GetExchangeServer"))
def test_exchange_servers(name: str, number: int, guids: Guids) -> None:
    recorded = Document.recorded(name).facts(number)
    server = recorded_server(recorded)
    guids(
        {
            "partition": recorded["/Identity/PartitionGuid"].text,
            "class ms-Exch-Exchange-Server": recorded["/ObjectCategory/ObjectGuid"].text,
            f"site {server.site}": recorded["/Site/ObjectGuid"].text,
            server.fqdn: recorded["/Guid"].text,
        }
    )
    (ours,) = facts_of(
        exchange_server_object(
            world(recorded, server),
            server,
            domain_controller=server.domain_controller,
            current_domain_controller=recorded["/CurrentConfigDomainController"].text or None,
        )
    )
    see_the_same(recorded, ours)


@pytest.mark.parametrize("name", [each.name for each in sorted(FIXTURES.glob("*GetServerComponentState.xml"))])
def test_component_states(name: str, guids: Guids) -> None:
    document = Document.recorded(name)
    recorded = [document.facts(number) for number in range(len(document.objects))]
    (shown,) = [Document.recorded(name.replace("ServerComponentState", "ExchangeServer")).facts()]
    server = recorded_server(shown)
    guids({"partition": shown["/Identity/PartitionGuid"].text, server.fqdn: shown["/Guid"].text})
    requests = tuple(request for each in recorded for request in recorded_requests(each))
    assert requests
    server.installation = replace(server.installation, requests=requests)
    ours = facts_of(*component_state_objects(world(shown, server), server))
    assert len(ours) == len(recorded)
    for mine, theirs in zip(ours, recorded, strict=True):
        see_the_same(theirs, mine)


def recorded_requests(recorded: Facts) -> Iterable[ComponentRequest]:
    for path in recorded:
        if found := re.fullmatch(r"/(Local|Remote)States\[\d+\]", path):
            yield ComponentRequest(
                "local" if found[1] == "Local" else "remote",
                recorded[f"{path}/Component"].text,
                recorded[f"{path}/Requester"].text,
                recorded[f"{path}/State"].text,
                moment(recorded, f"{path}/Timestamp"),
            )


@pytest.mark.filterwarnings("ignore:Attribute's length")
@pytest.mark.parametrize(("name", "number"), recordings("ExchangeCert"))
def test_certificates(name: str, number: int) -> None:
    recorded = Document.recorded(name).facts(number)
    stored = StoredCertificate("recorded", x509.load_der_x509_certificate(b64decode(recorded["/RawData"].text)))
    server = Server("solo-e19a.solo.com", "SOLO-E19A", "HQ", None)
    (ours,) = facts_of(certificate_object(server, stored, NOW, Readings()))
    text, dates = split_dates(recorded[""].text)
    our_text, our_dates = split_dates(ours[""].text)
    see_the_same({**recorded, "": recorded[""]._replace(text=text)}, {**ours, "": ours[""]._replace(text=our_text)})
    # The dates are in the language and the time zone of the server that was recorded.
    zone = {ours - theirs for ours, theirs in zip(our_dates, dates, strict=True)}
    assert all(abs(each) <= timedelta(hours=14) and not each % timedelta(minutes=15) for each in zone)


def split_dates(text: str) -> tuple[str, list[datetime]]:
    """A certificate's text without its dates, and those."""
    shown = r"(\[Not (?:Before|After)\]\r\n  )(.*)\r"
    formats = {True: "%m/%d/%Y %I:%M:%S %p", False: "%m/%d/%Y %H:%M:%S"}
    dates = [datetime.strptime(each, formats[each.endswith("M")]) for __, each in re.findall(shown, text)]
    assert len(dates) == 2
    return re.sub(shown, r"\1\r", text), dates


DIFFERENT: dict[str, tuple[str, dict[str, object]]] = {
    "another text": ("/Name", {"text": "Mail to Office 365"}),
    "another type": ("/Port", {"types": "S"}),
    "an enum of another class": ("/ObjectState", {"types": ("Lab.ObjectState", "System.Enum")}),
    "an enum's other number": ("/TlsAuthLevel", {"number": "3"}),
    "a date that means another moment": ("/WhenChanged", {"text": "2022-03-23T17:00:31Z"}),
    "another item of a list": ("/SmartHosts[0]", {"text": "mail.contoso.com"}),
}


@pytest.mark.parametrize("what", DIFFERENT)
def test_any_other_difference_is_red(what: str) -> None:
    recorded = Document.recorded("E19-exlab-GetSendConnectorConfiguredToRelayToM365.xml").facts()
    path, change = DIFFERENT[what]
    assert path in recorded
    with pytest.raises(AssertionError):
        see_the_same(recorded, recorded | {path: recorded[path]._replace(**change)})


def test_what_is_missing_or_added_is_red() -> None:
    recorded = Document.recorded("E19-exlab-GetSendConnectorConfiguredToRelayToM365.xml").facts()
    fewer = {path: fact for path, fact in recorded.items() if path != "/Comment"}
    for one, other in ((recorded, fewer), (fewer, recorded)):
        with pytest.raises(AssertionError):
            see_the_same(one, other)


def test_the_order_of_properties_is_compared() -> None:
    recorded = Document.recorded("E19-exlab-GetSendConnector.xml").facts()
    with pytest.raises(AssertionError):
        see_the_same(recorded, dict(reversed(recorded.items())))
