# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail of a server that is no source of its connector: where it queues, and how it reaches one that is."""

from __future__ import annotations

from typing import Any

import pytest
from exchange_lab.world import Network

from .test_transport_peers import PRIMARY

MBX01, MBX02, EDGE = "mbx01.contoso.test", "mbx02.contoso.test", "edge01.contoso.test"
GUID = "6d1d31f2-7d6f-5b4a-8d0c-0b7e3c0f9a11"
RELAY = "SmtpRelayToConnectorSourceServers"


@pytest.fixture
def relayed(bench: Any, make_certificate: Any, make_mail: Any) -> Any:
    """Makes an organisation of two sites: mbx02 hands its mail to mbx01, whose certificate is not bound."""

    def make(*, source: str = MBX01, bound: bool = False, **facts: Any) -> Any:
        connector = {"source_servers": (source,)}
        here = bench(servers=[MBX01, MBX02], connector=connector, mail=[make_mail(MBX02, 0)], **facts)
        for fqdn, server in here.world.servers.items():
            setup = make_certificate("setup", f"CN={server.name}", "self", (fqdn,), network_service=True)
            server.store, server.default_certificate = [setup, here.third_party], setup.thumbprint
            server.intra_org_connector_protocol_logging_level = "Verbose"
        here.world.servers[MBX02].site = "Branch"
        if bound:
            here.bind(here.third_party)
        return here

    return make


def queue_of(here: Any, fqdn: str) -> Any:
    return here.world.servers[fqdn].transport.queues()[0]


def facts(queue: Any) -> tuple[Any, ...]:
    return queue.delivery_type, queue.next_hop_domain, queue.next_hop_connector, queue.status, queue.message_count


def log_of(here: Any, fqdn: str) -> str:
    server = here.world.servers[fqdn]
    return "".join(each.content.decode() for each in server.disk.files(server.send_log_path))


class TestMailboxServers:
    @pytest.mark.fact("protocol-log 0.1", "protocol-log 7.9")
    def test_mail_passes_to_the_source_and_waits_there_for_the_fault_there(self, relayed: Any) -> None:
        here = relayed().after(minutes=2)
        assert facts(queue_of(here, MBX02)) == (RELAY, "Outbound to Office 365", GUID, "Ready", 0)
        assert facts(queue_of(here, MBX01))[3:] == ("Retry", 5)
        assert queue_of(here, MBX01).last_error == PRIMARY.format("421 4.4.1 Connection timed out")

    def test_leaves_from_there_once_it_is_cured(self, relayed: Any) -> None:
        here = relayed(bound=True).after(minutes=2)
        assert {(each.server, each.reply[:3]) for each in here.world.delivered} == {(MBX01, "250")}
        assert len(here.world.delivered) == 5

    def test_the_session_stands_under_the_implicit_connector_with_default_certificates(self, relayed: Any) -> None:
        text = log_of(relayed().after(minutes=2), MBX02)
        assert ",Intra-Organization SMTP Send Connector," in text
        assert "10.0.0.21:2525,>,X-ANONYMOUSTLS," in text
        assert "<,235 <authentication response>," in text
        assert "CN=*.contoso.com" not in text

    def test_says_nothing_at_its_own_level(self, relayed: Any) -> None:
        here = relayed()
        here.world.servers[MBX02].intra_org_connector_protocol_logging_level = "None"
        assert log_of(here.after(minutes=2), MBX02) == ""

    @pytest.mark.fact("protocol-log 0.1", "protocol-log 3.16", "protocol-log 7.9")
    @pytest.mark.parametrize(
        ("server", "state"),
        [(MBX01, "no_spn"), (MBX01, "clock_skewed"), (MBX02, "broken_trust"), (MBX02, "clock_skewed")],
    )
    def test_without_kerberos_mail_waits_where_it_is(self, relayed: Any, server: str, state: str) -> None:
        here = relayed()
        here.world.servers[server].kerberos = state
        here.after(minutes=1)
        queue = queue_of(here, MBX02)
        assert (queue.status, queue.message_count) == ("Retry", 5)
        assert queue.last_error == PRIMARY.format("454 4.7.0 Temporary authentication failure")
        assert "*,,Outbound Authentication failed with LogonDenied" in log_of(here, MBX02)
        assert "-,,Local" in log_of(here, MBX02)
        (event,) = {(each.id, each.message) for each in here.world.servers[MBX02].event_log.events}
        assert event[0] == 2017
        assert "LogonDenied for Send connector Intra-Organization SMTP Send Connector" in event[1]
        assert event[1].endswith("The target is SMTPSVC/mbx01.contoso.test.")

    def test_a_missing_name_of_its_own_keeps_no_server_from_others(self, relayed: Any) -> None:
        here = relayed()
        here.world.servers[MBX02].kerberos = "no_spn"
        assert queue_of(here.after(minutes=1), MBX01).message_count == 5

    @pytest.mark.fact("protocol-log 0.1", "protocol-log 7.9")
    def test_a_firewall_between_the_two_is_one_that_names_the_server(self, relayed: Any) -> None:
        here = relayed()
        here.world.servers[MBX02].network = Network(firewall={"*": "drops"})
        assert queue_of(here.after(minutes=1), MBX01).message_count == 5
        here = relayed()
        here.world.servers[MBX02].network = Network(firewall={MBX01: "drops"})
        assert queue_of(here.after(minutes=1), MBX02).last_error.endswith("SocketTimedout: Socket error code 10060")

    @pytest.mark.fact("protocol-log 0.1", "protocol-log 7.9")
    def test_a_server_in_maintenance_says_so(self, relayed: Any) -> None:
        here = relayed()
        here.world.servers[MBX01].components = {"HubTransport": "Inactive"}
        queue = queue_of(here.after(minutes=1), MBX02)
        assert queue.last_error == PRIMARY.format("421 4.3.2 Service not active")

    @pytest.mark.fact("protocol-log 0.1", "protocol-log 7.9")
    def test_a_service_that_is_stopped_refuses(self, relayed: Any) -> None:
        here = relayed()
        here.world.servers[MBX01].transport_runs = False
        assert queue_of(here.after(minutes=1), MBX02).last_error.endswith("Socket error code 10061")

    @pytest.mark.fact("protocol-log 0.1", "protocol-log 7.9")
    def test_a_default_certificate_without_its_key_stops_the_relay(self, relayed: Any) -> None:
        here = relayed()
        here.world.servers[MBX02].store[0].network_service = False
        queue = queue_of(here.after(minutes=1), MBX02)
        assert queue.last_error == PRIMARY.format("421 4.4.1 Connection timed out")
        assert [each.id for each in here.world.servers[MBX02].event_log.events] == [36870]


class TestEdges:
    @pytest.fixture
    def edge(self, lab: Any) -> Any:
        """Starts the subscribed Edge of the scenarios, with mail that begins on a Mailbox server."""

        def start(*changes: str) -> Any:
            mail = "mail=[{server: mbx01.contoso.test, domain: fabrikam.com, count: 3, queued_at: -40m}]"
            return lab("edge-subscribed", mail, *changes)

        return start

    def test_of_the_own_site_are_reached_directly(self, edge: Any) -> None:
        queues = {
            (each["server"], each["delivery_type"], each["message_count"])
            for each in edge("connectors.Outbound to Office 365.address_spaces=['SMTP:*;1']").state()["queues"]
            if each["delivery_type"] not in ("Undefined", "ShadowRedundancy")
        }
        assert (EDGE, "SmartHostConnectorDelivery", 3) in queues

    @pytest.mark.fact("protocol-log 3.22")
    def test_of_another_site_are_reached_through_a_server_there(self, bench: Any) -> None:
        here = bench(servers=[MBX01, MBX02, EDGE], connector={"source_servers": (EDGE,)})
        here.world.servers[MBX02].site = "Branch"
        server = here.world.servers[EDGE]
        server.role, server.subscribed_to, server.site = "edge", "Branch", ""
        here.world.servers[MBX02].kerberos = "no_spn"
        queue = queue_of(here.after(seconds=20), MBX01)
        assert (queue.delivery_type, queue.next_hop_domain) == ("SmtpRelayToRemoteAdSite", "Branch")
        assert queue.message_count == 25
        here.world.servers[MBX02].kerberos = "in_order"
        here.after(minutes=2)
        assert queue_of(here, MBX02).delivery_type == "SmtpRelayWithinAdSiteToEdge"
        assert queue_of(here, MBX02).message_count == 0
