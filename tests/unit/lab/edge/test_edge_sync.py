# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the organisation knows of a subscribed Edge, and how its connectors come to the Edge."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Lab, MakeLab, Session

EDGE, MBX = "edge01.contoso.test", "mbx01.contoso.test"
CONNECTOR = "Outbound to Office 365"
AT_ONCE = "readings.edge_smtp_check=skipped_at_once"


def raise_level(session: Session) -> None:
    session.output("Set-SendConnector", Identity=CONNECTOR, ProtocolLoggingLevel="Verbose")


def synchronise(session: Session, **parameters: str) -> list[tuple[str, str, int]]:
    found = session.output("Start-EdgeSynchronization", "Result Type Updated", **parameters)
    values = [each.extended_properties for each in found]
    return [(str(each["Result"]), str(each["Type"]), each["Updated"]) for each in values]


class TestEdgeSync:
    def test_comes_by_itself_within_three_minutes(self, subscribed: Lab) -> None:
        raise_level(subscribed.mailbox())
        subscribed.after(seconds=170)
        assert subscribed.level_on_edge() == "None"
        subscribed.after(seconds=11)
        assert subscribed.level_on_edge() == "Verbose"

    def test_comes_at_once_when_it_is_started(self, subscribed: Lab) -> None:
        session = subscribed.mailbox()
        raise_level(session)
        assert synchronise(session) == [("Success", "Recipients", 0), ("Success", "Configuration", 1)]
        assert subscribed.level_on_edge() == "Verbose"
        assert synchronise(session, Server="mbx01", TargetServer=EDGE)[1] == ("Success", "Configuration", 0)

    def test_is_followed_by_the_reload_of_the_edges_own_service(self, subscribed: Lab) -> None:
        session = subscribed.mailbox()
        raise_level(session)
        synchronise(session)
        edge = subscribed.edge()
        edge.output("Retry-Queue", Identity=subscribed.queue["identity"])
        subscribed.after(seconds=20)
        assert subscribed.log == ""
        subscribed.after(seconds=50)
        edge.output("Retry-Queue", Identity=subscribed.queue["identity"])
        subscribed.after(seconds=20)
        assert "TLS negotiation failed with error UnknownCredentials" in subscribed.log

    def test_does_not_come_by_itself_where_the_service_is_stopped(self, make_lab: MakeLab) -> None:
        lab = make_lab("edge-subscribed", AT_ONCE, f"servers.{MBX}.edgesync=stopped")
        session = lab.mailbox()
        raise_level(session)
        lab.after(minutes=10)
        assert lab.level_on_edge() == "None"
        assert str(session.error("Start-EdgeSynchronization")) == (
            "Couldn't communicate with the EdgeSync service. Make sure the service is running."
        )

    @pytest.mark.fact("cmdlets 10.3", "protocol-log 7.10")
    def test_ends_when_the_edge_takes_another_default_certificate(self, subscribed: Lab) -> None:
        before = subscribed.thumbprint("setup")
        subscribed.edge(answer=0).output(
            "Enable-ExchangeCertificate", Thumbprint=subscribed.thumbprint(), Services="SMTP"
        )
        session = subscribed.mailbox()
        raise_level(session)
        assert synchronise(session)[1] == ("CouldNotConnect", "Configuration", 0)
        subscribed.after(minutes=10)
        assert subscribed.level_on_edge() == "None"
        known = session.values("Get-TransportService", "InternalTransportCertificateThumbprint", Identity="edge01")
        assert known == [before]

    @pytest.mark.fact("cmdlets 10.3")
    def test_goes_on_where_the_default_certificate_was_kept(self, subscribed: Lab) -> None:
        subscribed.edge(answer=2).output(
            "Enable-ExchangeCertificate", Thumbprint=subscribed.thumbprint(), Services="SMTP"
        )
        session = subscribed.mailbox()
        raise_level(session)
        assert synchronise(session)[1] == ("Success", "Configuration", 1)

    def test_runs_on_a_mailbox_server_only(self, subscribed: Lab) -> None:
        error = subscribed.mailbox().error("Start-EdgeSynchronization", Server="edge01")
        assert str(error).startswith("The Start-EdgeSynchronization cmdlet can only be run against a Mailbox server.")

    def test_does_nothing_from_another_site(self, make_lab: MakeLab) -> None:
        other = "servers: {mbx02.contoso.test: {site: Branch, default_certificate: null, certificates: {}}}"
        lab = make_lab("edge-subscribed", AT_ONCE, more=other)
        session = lab.mailbox()
        raise_level(session)
        assert synchronise(session, Server="mbx02") == []
        assert lab.level_on_edge() == "None"

    @pytest.mark.parametrize(("reading", "same"), [("same", True), ("other", False)])
    def test_may_keep_the_guid_of_a_connector(self, make_lab: MakeLab, reading: str, same: bool) -> None:
        lab = make_lab("edge-subscribed", f"readings.edge_connector_guid={reading}")
        state = lab.state()
        on_edge, inside = state["servers"][EDGE]["connectors"][CONNECTOR], state["connectors"][CONNECTOR]
        assert (on_edge["guid"] == inside["guid"]) is same
        assert lab.queue["next_hop_connector"] == on_edge["guid"]
        differing = {key for key, value in inside.items() if on_edge[key] != value}
        assert differing <= {"guid"}

    def test_brings_only_what_names_the_edge(self, make_lab: MakeLab) -> None:
        lab = make_lab("edge-subscribed", f"connectors.Internal={{source_servers: [{MBX}]}}")
        assert list(lab.state()["servers"][EDGE]["connectors"]) == [CONNECTOR]


class TestOrganisation:
    def test_lists_a_subscribed_edge_with_its_site(self, subscribed: Lab) -> None:
        session = subscribed.mailbox()
        name, site, is_edge = session.values("Get-ExchangeServer", "Name Site IsEdgeServer", Identity="edge01")
        assert (name, str(site), is_edge) == ("EDGE01", "contoso.test/Configuration/Sites/HQ", True)
        assert [str(each) for each in session.output("Get-TransportService")] == ["MBX01", "EDGE01"]
        name, site, domain = session.values("Get-EdgeSubscription", "Name Site Domain")
        assert (name, str(site), domain) == ("EDGE01", "contoso.test/Configuration/Sites/HQ", "contoso.test")

    def test_does_not_know_an_edge_that_stands_alone(self, make_lab: MakeLab) -> None:
        mailbox = f"servers: {{{MBX}: {{default_certificate: null, certificates: {{}}}}}}"
        session = make_lab("edge-standalone", more=mailbox).mailbox()
        assert [str(each) for each in session.output("Get-ExchangeServer")] == ["MBX01"]
        assert session.output("Get-SendConnector") == []
        assert str(session.error("Get-ExchangeCertificate", Server="edge01")) == (
            'Exchange server "edge01" was not found. Please make sure you typed the name correctly.'
        )

    def test_does_not_get_through_to_an_edge(self, subscribed: Lab) -> None:
        session = subscribed.mailbox()
        assert str(session.error("Get-ExchangeCertificate", Server=EDGE)) == (
            "Cannot connect to the remote procedure call service on the server named EDGE01. Verify that a valid "
            "computer name was used and the Microsoft Exchange Service Host service is started."
        )
        assert str(session.error("Get-Queue", Server=EDGE)) == (
            f'Exchange can\'t connect to the Microsoft Exchange Transport service on computer "{EDGE}". Verify that '
            "the service is started."
        )

    def test_is_not_reached_from_an_edge(self, subscribed: Lab) -> None:
        error = subscribed.edge().error("Get-Queue", Server="mbx01")
        assert str(error).startswith("Exchange can't connect to the Microsoft Exchange Transport service")

    @pytest.mark.fact("cmdlets 0.4", "cmdlets 10.1")
    def test_changes_a_connector_unchecked_after_an_edge_has_not_answered(self, make_lab: MakeLab) -> None:
        """The certificate lacks SMTP on the Edge, the first source server, which cannot be asked."""
        lab = make_lab("edge-subscribed", "readings.edge_smtp_check=skipped_after_timeout")
        session = lab.mailbox()
        changing = threading.Thread(target=raise_level, args=(session,))
        changing.start()
        changing.join(0.5)
        assert changing.is_alive()
        assert lab.state()["connectors"][CONNECTOR]["protocol_logging_level"] == "None"
        lab.after(seconds=22)
        changing.join(5)
        assert not changing.is_alive()
        assert lab.state()["connectors"][CONNECTOR]["protocol_logging_level"] == "Verbose"
