# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state document and the inventory."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest
from exchange_lab.inventory import inventory_of
from exchange_lab.scenario import load
from exchange_lab.state import State, state_of
from exchange_lab.world import CommandEntry, Delivery, World

LAB = Path(__file__).resolve().parents[2] / "lab"
NOW = datetime(2026, 3, 2, 2, 15, tzinfo=UTC)
VALIDATOR = jsonschema.Draft202012Validator(
    json.loads((LAB / "state.schema.json").read_text()), format_checker=jsonschema.FormatChecker()
)


@pytest.fixture
def world() -> World:
    return load(LAB / "scenarios" / "four-servers.yml")


def state(world: World) -> State:
    document: State = json.loads(json.dumps(state_of(world, open_shells=0, rejections={})))
    VALIDATOR.validate(document)
    return document


def test_certificates_show_their_derived_services(world: World) -> None:
    servers = state(world)["servers"]
    assert {fqdn: server["certificates"]["wildcard"]["services"] for fqdn, server in servers.items()} == {
        "mbx01.contoso.test": ["IIS"],
        "mbx02.contoso.test": ["IMAP", "POP", "IIS"],
        "mbx03.contoso.test": ["IIS"],
        "mbx04.contoso.test": [],
    }
    world.servers["mbx02.contoso.test"].store[1].network_service = True
    assert state(world)["servers"]["mbx02.contoso.test"]["certificates"]["wildcard"]["services"][-1] == "SMTP"


def test_the_default_certificate_is_a_thumbprint(world: World) -> None:
    mbx04 = state(world)["servers"]["mbx04.contoso.test"]
    assert mbx04["default_certificate"] == mbx04["certificates"]["setup"]["thumbprint"]


def test_connectors_are_seen_from_the_first_domain_controller(world: World) -> None:
    (connector,) = world.connectors.view("dc01.contoso.test", NOW)
    world.connectors.set(connector.guid, {"protocol_logging_level": "Verbose"}, "dc02.contoso.test", NOW)
    assert state(world)["connectors"]["Outbound to Office 365"]["protocol_logging_level"] == "Verbose"
    assert "name" not in state(world)["connectors"]["Outbound to Office 365"]
    assert state(world)["connectors"]["Outbound to Office 365"]["source_servers"][0] == "mbx02.contoso.test"


def test_commands_and_deliveries_are_told_as_they_happened(world: World) -> None:
    thumbprint = world.servers["mbx02.contoso.test"].store[1].thumbprint
    world.commands.append(
        CommandEntry(
            n=1,
            pipeline="p",
            server="mbx02.contoso.test",
            endpoint="/powershell",
            user="CONTOSO\\exadmin",
            auth="ntlm",
            header="Negotiate",
            encrypted=True,
            name="Enable-ExchangeCertificate",
            parameters={"Thumbprint": thumbprint, "Services": "SMTP"},
            prompt="Overwrite the existing default SMTP certificate?",
            answer="No",
        )
    )
    world.delivered.append(
        Delivery(NOW, "Outbound to Office 365", "mbx02.contoso.test", "mx", True, thumbprint, "250 2.6.0 Queued")
    )
    document = state(world)
    assert document["commands"][0]["answer"] == "No"
    assert document["commands"][0]["is_script"] is False
    assert document["delivered"][0]["time"] == "2026-03-02T02:15:00.000Z"
    assert document["delivered"][0]["tls"] is True


def test_queues_of_all_servers_stand_in_one_list(world: World) -> None:
    @dataclass(frozen=True)
    class WaitingQueue:
        identity: str
        delivery_type: str = "DnsConnectorDelivery"
        next_hop_domain: str = "contoso.mail.onmicrosoft.com"
        next_hop_connector: str = "bf90abb9-6a54-5873-944b-e1daa37001ef"
        tls_domain: str = ""
        status: str = "Retry"
        message_count: int = 12
        last_error: str = "421 4.4.1"
        retry_count: int = 3
        first_retry_time: datetime | None = NOW
        last_retry_time: datetime | None = NOW
        next_retry_time: datetime | None = None

    class Waiting:
        def __init__(self, name: str) -> None:
            self._queue = WaitingQueue(f"{name}\\3")

        def queues(self) -> list[WaitingQueue]:
            return [self._queue]

        def retry(self, identity: str, now: datetime) -> None: ...
        def store_changed(self, now: datetime) -> None: ...
        def catch_up(self) -> None: ...

    for server in list(world.servers.values())[1:3]:
        server.transport = Waiting(server.name)
    queues = state(world)["queues"]
    assert [(each["server"], each["identity"]) for each in queues] == [
        ("mbx02.contoso.test", "MBX02\\3"),
        ("mbx03.contoso.test", "MBX03\\3"),
    ]
    assert queues[0]["first_retry_time"] == "2026-03-02T02:15:00.000Z"
    assert queues[0]["next_retry_time"] is None


def test_a_server_without_a_key_for_its_default_is_still_a_valid_state(world: World) -> None:
    world.servers["mbx01.contoso.test"].default_certificate = None
    assert state(world)["servers"]["mbx01.contoso.test"]["default_certificate"] is None


def test_the_inventory_names_servers_by_fqdn_and_says_how_to_reach_them(world: World) -> None:
    for number, server in enumerate(world.servers.values(), start=1):
        server.address = f"127.0.1.{number}"
        server.powershell = replace(server.powershell, port=8000 + number)
        server.wsman = replace(server.wsman, port=9000 + number)
    exchange = inventory_of(world, Path("/run/ca.pem"))["exchange"]
    hosts = exchange["children"]["mailbox"]["hosts"]
    assert list(hosts) == list(world.servers)
    assert exchange["children"]["edge"]["hosts"] == {}
    assert exchange["vars"]["ansible_user"] == "CONTOSO\\exadmin"
    assert hosts["mbx02.contoso.test"] == {
        "ansible_host": "127.0.1.2",
        "ansible_port": 9002,
        "ansible_psrp_protocol": "http",
        "ansible_psrp_auth": "ntlm",
        "exchange_port": 8002,
        "exchange_scheme": "http",
        "exchange_auth": "ntlm",
    }
    assert hosts["mbx03.contoso.test"] == {
        "ansible_host": "127.0.1.3",
        "ansible_port": 9003,
        "ansible_psrp_protocol": "https",
        "ansible_psrp_auth": "ntlm",
        "ansible_psrp_cert_validation": "validate",
        "ansible_psrp_ca_cert": "/run/ca.pem",
        "exchange_port": 8003,
        "exchange_scheme": "https",
        "exchange_auth": "basic",
        "exchange_validate_certs": True,
        "exchange_ca_cert": "/run/ca.pem",
    }
