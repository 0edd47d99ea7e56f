# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exchange's cmdlets on an Edge: how they come into a session, and what they do there."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Lab, MakeLab

EDGE = "edge01.contoso.test"
CONNECTOR = "Outbound to Office 365"
SNAP_IN = "Microsoft.Exchange.Management.PowerShell.E2010"
EDGE_LOGS = r"C:\Program Files\Microsoft\Exchange Server\V15\TransportRoles\Logs\Edge\ProtocolLog\SmtpSend"
SUBSCRIBE_AGAIN = (
    "The internal transport certificate attribute for the local Edge Transport server has been updated. If this Edge "
    "Transport server is subscribed to an Active Directory site, you must  subscribe it again by using the "
    "New-EdgeSubscription cmdlet in the Shell, and then restart AD LDS."
)
REFUSED_TO_EDGE = (
    "You can't run this task on an Edge Transport server that is subscribed to an Active Directory site. You must "
    "either perform this operation using the management console on a Hub Transport server, or remove the Edge "
    "Subscription by using the Remove-EdgeSubscription command."
)


def not_recognised(name: str) -> str:
    return (
        f"The term '{name}' is not recognized as the name of a cmdlet, function, script file, or operable program. "
        "Check the spelling of the name, or if a path was included, verify that the path is correct and try again."
    )


class TestSnapIn:
    def test_has_to_be_added_before_exchange_is_known(self, standalone: Lab) -> None:
        session = standalone.edge(snap_in=False)
        assert str(session.error("Get-Queue")) == not_recognised("Get-Queue")
        session.output("add-pssnapin", Name=SNAP_IN.lower())
        assert session.output("Get-Queue")

    def test_is_added_to_one_runspace_alone(self, standalone: Lab) -> None:
        standalone.edge()
        other = standalone.edge(snap_in=False)
        assert str(other.error("Get-Queue")) == not_recognised("Get-Queue")

    def test_is_not_added_twice(self, standalone: Lab) -> None:
        error = standalone.edge().error("Add-PSSnapin", Name=SNAP_IN)
        assert str(error) == (
            f"Cannot add Windows PowerShell snap-in {SNAP_IN} because it is already added. Verify the name of the "
            "snap-in and try again."
        )
        assert error.fq_error == "AddPSSnapInRead,Microsoft.PowerShell.Commands.AddPSSnapinCommand"

    def test_that_is_another_one_is_not_installed(self, standalone: Lab) -> None:
        error = standalone.edge(snap_in=False).error("Add-PSSnapin", Name="Microsoft.Exchange.Other")
        assert (
            str(error) == "The Windows PowerShell snap-in 'Microsoft.Exchange.Other' is not installed on this machine."
        )

    def test_needs_a_pool_of_one_runspace(self, standalone: Lab) -> None:
        session = standalone.edge(snap_in=False, runspaces=2)
        assert "does not simulate a snap-in in a pool of several" in str(session.error("Add-PSSnapin", Name=SNAP_IN))

    def test_on_a_mailbox_server_is_refused_aloud(self, subscribed: Lab) -> None:
        error = subscribed.windows().error("Add-PSSnapin", Name=SNAP_IN)
        assert "does not simulate the snap-in on a Mailbox server" in str(error)

    @pytest.mark.parametrize(
        "name", ["Get-FrontendTransportService", "Start-EdgeSynchronization", "Get-HybridConfiguration"]
    )
    def test_lacks_what_an_edge_lacks(self, subscribed: Lab, name: str) -> None:
        assert str(subscribed.edge().error(name)) == not_recognised(name)

    @pytest.mark.parametrize(
        ("cmdlet", "parameter"),
        [("Get-TransportService", "Identity"), ("Get-TransportService", "DomainController")]
        + [
            (name, "DomainController")
            for name in ("Get-ExchangeServer", "Get-SendConnector", "Get-ExchangeCertificate")
        ],
    )
    def test_lacks_parameters_that_do_not_work_on_an_edge(self, standalone: Lab, cmdlet: str, parameter: str) -> None:
        error = standalone.edge().error(cmdlet, **{parameter: "edge01"})
        assert str(error) == f"A parameter cannot be found that matches parameter name '{parameter}'."

    def test_brings_cmdlets_not_functions(self, standalone: Lab) -> None:
        assert [str(each) for each in standalone.edge().values("Get-Command", "CommandType", Name="Get-Queue")] == [
            "Cmdlet"
        ]

    def test_is_for_every_administrator(self, make_lab: MakeLab) -> None:
        lab = make_lab("edge-standalone", r"accounts=[{user: 'EDGE01\admin', password: Passw0rd!, role_groups: []}]")
        assert lab.edge().output("Get-SendConnector")

    def test_is_remembered_with_the_server_and_endpoint(self, standalone: Lab) -> None:
        standalone.edge().output("Get-Queue")
        entry = standalone.state()["commands"][-1]
        assert (entry["server"], entry["endpoint"], entry["name"]) == (EDGE, "/wsman", "Get-Queue")


class TestObjects:
    def test_an_edge_shows_itself_alone(self, standalone: Lab) -> None:
        session = standalone.edge()
        wanted = "Name Fqdn Site IsEdgeServer IsHubTransportServer OriginatingServer"
        assert session.values("Get-ExchangeServer", wanted) == ["EDGE01", EDGE, None, True, False, "localhost"]

    def test_a_subscribed_one_also_the_mailbox_servers_of_its_site(self, make_lab: MakeLab) -> None:
        other = "servers: {mbx02.contoso.test: {site: Branch, default_certificate: null, certificates: {}}}"
        session = make_lab("edge-subscribed", more=other).edge()
        assert [str(each) for each in session.output("Get-ExchangeServer")] == ["MBX01", "EDGE01"]
        assert len(session.output("Get-TransportService")) == 1

    def test_the_transport_service_is_that_of_an_edge(self, standalone: Lab) -> None:
        wanted = "InternalTransportCertificateThumbprint SendProtocolLogPath OutboundConnectionFailureRetryInterval"
        default, path, interval = standalone.edge().values("Get-TransportService", wanted)
        assert (default, str(path), str(interval)) == (standalone.thumbprint("setup"), EDGE_LOGS, "00:30:00")

    @pytest.mark.fact("wire 2.9")
    @pytest.mark.parametrize(("reading", "is_text"), [("text", True), ("object", False)])
    def test_what_is_nested_is_text_or_an_object(self, make_lab: MakeLab, reading: str, is_text: bool) -> None:
        session = make_lab("edge-standalone", f"readings.snap_in_values={reading}").edge()
        (found,) = session.output("Get-SendConnector")
        name = found.adapted_properties["TlsCertificateName"]
        assert isinstance(name, str) is is_text
        assert str(name).startswith("<I>CN=Trusted Secure")

    @pytest.mark.fact("wire 2.9")
    def test_the_source_of_a_connector_is_the_edge(self, standalone: Lab) -> None:
        (found,) = standalone.edge().output("Get-SendConnector")
        assert found.adapted_properties["SourceTransportServers"].property_sets == ["<LST><S>EDGE01</S></LST>"]
        assert "CN=First Organization,CN=Microsoft Exchange" in found.adapted_properties["DistinguishedName"]

    @pytest.mark.parametrize(("reading", "begins"), [("bare", False), ("prefixed", True)])
    def test_an_error_names_no_server(self, make_lab: MakeLab, reading: str, begins: bool) -> None:
        session = make_lab("edge-standalone", f"readings.snap_in_error_ids={reading}").edge()
        error = session.error("Get-SendConnector", Identity="Nothing")
        assert str(error) == (
            "The operation couldn't be performed because object 'Nothing' couldn't be found on 'localhost'."
        )
        assert error.fq_error.startswith("[Server=EDGE01,") is begins
        assert error.fq_error.endswith(",Microsoft.Exchange.Management.SystemConfigurationTasks.GetSendConnector")


class TestStandalone:
    @pytest.mark.fact("cmdlets 10.3", "cmdlets 10.4", "cmdlets 10.7", "cmdlets 10.11", "protocol-log 7.7")
    def test_cures_the_fault_and_keeps_the_default_certificate(self, standalone: Lab) -> None:
        session = standalone.edge()
        session.output("Set-SendConnector", Identity=CONNECTOR, ProtocolLoggingLevel="Verbose")
        assert standalone.level_on_edge() == "Verbose"
        standalone.after(seconds=70)  # the transport service loads the connector again
        session.output("Retry-Queue", Identity=standalone.queue["identity"])
        standalone.after(seconds=20)
        assert "TLS negotiation failed with error UnknownCredentials" in standalone.log
        thumbprint, default = standalone.thumbprint(), standalone.thumbprint("setup")
        shell = session.run("Enable-ExchangeCertificate", Thumbprint=thumbprint, Services="SMTP")
        assert (shell.streams.error, shell.streams.warning) == ([], [])
        ((question, choices),) = session.console.asked
        assert f"Current certificate: '{default}'" in question
        assert choices == 4
        session.output("Retry-Queue", Identity=standalone.queue["identity"])
        standalone.after(minutes=1)
        state = standalone.state()
        assert [each["thumbprint"] for each in state["delivered"]] == [thumbprint] * 25
        assert state["servers"][EDGE]["default_certificate"] == default

    def test_is_changed_for_the_service_only_after_a_reload(self, standalone: Lab) -> None:
        session = standalone.edge()
        session.output("Set-SendConnector", Identity=CONNECTOR, ProtocolLoggingLevel="Verbose")
        session.output("Retry-Queue", Identity=standalone.queue["identity"])
        standalone.after(seconds=20)
        assert standalone.log == ""

    @pytest.mark.fact("cmdlets 10.3", "protocol-log 7.10")
    def test_yes_replaces_the_default_certificate_and_warns_of_edgesync(self, standalone: Lab) -> None:
        session = standalone.edge(answer=0)
        shell = session.run("Enable-ExchangeCertificate", Thumbprint=standalone.thumbprint(), Services="SMTP")
        assert [each.message for each in shell.streams.warning] == [SUBSCRIBE_AGAIN]
        assert standalone.state()["servers"][EDGE]["default_certificate"] == standalone.thumbprint()

    @pytest.mark.parametrize(
        ("services", "told"), [("IIS", "IIS is not installed."), ("POP", "One of the services you've selected")]
    )
    def test_has_no_services_but_smtp(self, standalone: Lab, services: str, told: str) -> None:
        error = standalone.edge().error(
            "Enable-ExchangeCertificate", Thumbprint=standalone.thumbprint(), Services=services
        )
        assert str(error).startswith(f"A special Rpc error occurs on server EDGE01: {told}")

    def test_takes_no_source_servers(self, standalone: Lab) -> None:
        error = standalone.edge().error("Set-SendConnector", Identity=CONNECTOR, SourceTransportServers=["edge01"])
        assert str(error).startswith("You can't specify a value for the SourceTransportServers parameter")

    @pytest.mark.fact("cmdlets 0.4", "cmdlets 10.1")
    def test_refuses_to_log_while_the_named_certificate_lacks_smtp(self, make_lab: MakeLab) -> None:
        lab = make_lab("edge-standalone", "readings.set_send_connector=refused")
        error = lab.edge().error("Set-SendConnector", Identity=CONNECTOR, ProtocolLoggingLevel="Verbose")
        assert str(error).startswith("The given certificate is not enabled for SMTP protocol.")

    def test_waits_half_an_hour_between_retries_in_the_end(self, make_lab: MakeLab) -> None:
        lab = make_lab("edge-standalone", "mail.0.queued_at=-4h")
        last, following = (datetime.fromisoformat(lab.queue[f"{each}_retry_time"]) for each in ("last", "next"))
        assert timedelta(minutes=30) <= following - last < timedelta(minutes=31)


def test_on_a_subscribed_edge_a_connector_is_not_changed(subscribed: Lab) -> None:
    error = subscribed.edge().error("Set-SendConnector", Identity=CONNECTOR, ProtocolLoggingLevel="Verbose")
    assert str(error) == REFUSED_TO_EDGE
    assert subscribed.level_on_edge() == "None"


@pytest.mark.parametrize(("reading", "count"), [("hidden", 0), ("shown", 1)])
def test_whether_an_edge_shows_its_subscription_is_a_reading(make_lab: MakeLab, reading: str, count: int) -> None:
    lab = make_lab("edge-subscribed", f"readings.edge_shows_subscription={reading}")
    assert len(lab.edge().output("Get-EdgeSubscription")) == count


class TestWhatElseThereIs:
    def test_its_receive_connector_is_the_one_that_setup_makes(self, standalone: Lab) -> None:
        (found,) = standalone.edge().output("Get-ReceiveConnector")
        shown = found.adapted_properties
        assert str(found) == r"EDGE01\Default internal receive connector EDGE01"
        assert [
            shown[name] for name in ("AuthMechanism", "PermissionGroups", "TransportRole", "OriginatingServer")
        ] == [
            "Tls, ExchangeServer",
            "AnonymousUsers, ExchangeServers, Partners",
            "HubTransport",
            "localhost",
        ]

    def test_active_directory_does_not_know_the_receive_connectors_of_an_edge(self, subscribed: Lab) -> None:
        found = [str(each) for each in subscribed.mailbox().output("Get-ReceiveConnector")]
        assert found
        assert not any(each.startswith("EDGE01") for each in found)
        assert subscribed.mailbox().output("Get-ReceiveConnector", Server="EDGE01") == []

    def test_its_messages(self, standalone: Lab) -> None:
        found = standalone.edge().output("Get-Message", "Identity Status Subject", ResultSize="Unlimited")
        assert len(found) == 25
        assert {str(each.extended_properties["Status"]) for each in found} == {"Retry"}
        assert all(str(each.extended_properties["Identity"]).startswith("EDGE01\\3\\") for each in found)

    def test_its_events_and_its_connectivity_log(self, standalone: Lab) -> None:
        session = standalone.edge()
        found = session.output("Get-WinEvent", "Id Message", FilterHashtable={"LogName": "System", "Id": 36870})
        assert found
        (path, enabled) = session.values("Get-TransportService", "ConnectivityLogPath ConnectivityLogEnabled")
        assert (str(path), enabled) == (EDGE_LOGS.replace(r"ProtocolLog\SmtpSend", "Connectivity"), True)
        (file,) = session.output("Get-ChildItem", LiteralPath=str(path), Filter="CONNECTLOG*.LOG")
        assert str(file) == "CONNECTLOG20260302-1.LOG"

    def test_how_long_mail_waits(self, make_lab: MakeLab) -> None:
        lab = make_lab("edge-standalone", "servers.edge01.contoso.test.message_expiration_s=7200")
        (span,) = lab.edge().values("Get-TransportService", "MessageExpirationTimeout")
        assert str(span) == "02:00:00"
        lab.after(minutes=90)
        assert [each for each in lab.state()["queues"] if each["message_count"]] == []
        assert lab.state()["delivered"] == []
