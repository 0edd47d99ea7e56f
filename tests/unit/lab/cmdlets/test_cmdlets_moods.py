# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Days on which Exchange's cmdlets do not answer as usual: services that are down, quotas, roles, other people."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from exchange_lab.cmdlets import exchange_endpoint
from exchange_lab.transport import TransportService
from exchange_lab.wire import Caller, Fault
from exchange_lab.world import Account, ConnectorChanged, Mail, OthersConnect
from pypsrp.exceptions import WSManFaultError

if TYPE_CHECKING:
    from .conftest import Lab, MakeLab

MBX01 = "mbx01.contoso.test"
CONNECTOR = "Outbound to Office 365"


def become(lab: Lab, **facts: Any) -> None:
    """Let the administrator's account be of another kind."""
    password = lab.world.accounts[0].password
    lab.world.accounts[0] = Account("CONTOSO\\exadmin", password, **facts)


class TestServiceHost:
    def test_that_is_stopped_is_an_rpc_error(self, lab: Lab) -> None:
        lab.server.service_host = "stopped"
        error = lab.open().error("Get-ExchangeCertificate")
        assert str(error) == (
            "A connection couldn't be made to the Exchange server named MBX01. Verify that the Microsoft Exchange "
            "Service Host service is started."
        )
        assert error.reason == "LocalizedException"
        assert "[FailureCategory=Cmdlet-LocalizedException]" in error.fq_error

    @pytest.mark.parametrize("state", ["stopped", "failing"])
    def test_without_which_nothing_is_bound(self, lab: Lab, state: Any) -> None:
        lab.server.service_host = state
        lab.open().error("Enable-ExchangeCertificate", Thumbprint=lab.third_party.thumbprint, Services="SMTP")
        assert lab.services(lab.third_party) == "POP, IIS"

    def test_that_fails_wraps_what_failed(self, lab: Lab) -> None:
        lab.other.service_host = "failing"
        error = lab.open().error("Get-ExchangeCertificate", Server="mbx02")
        assert str(error).startswith(
            "The Exchange Certificate operation has failed with an exception on server MBX02.  The error message is: "
        )

    def test_that_does_not_answer_is_not_asked_by_set_send_connector(self, make_lab: MakeLab) -> None:
        lab = make_lab({"set_send_connector": "refused"})
        lab.server.service_host = "stopped"
        lab.open().output("Set-SendConnector", Identity=CONNECTOR, ProtocolLoggingLevel="Verbose")
        assert lab.connector().protocol_logging_level == "Verbose"


@pytest.mark.fact("protocol-log 7.5")
def test_a_key_whose_acl_cannot_be_changed_is_not_bound(lab: Lab) -> None:
    lab.third_party.key_acl = "read_only"
    error = lab.open().error(
        "Enable-ExchangeCertificate", Thumbprint=lab.third_party.thumbprint, Services="SMTP", Server=MBX01
    )
    assert str(error) == (
        "A special Rpc error occurs on server MBX01: Insufficient rights to grant Network Service access to the "
        f"certificate with thumbprint {lab.third_party.thumbprint}."
    )
    assert lab.services(lab.third_party) == "POP, IIS"


@pytest.mark.fact("cmdlets 10.5")
def test_a_key_that_network_service_is_denied_is_listed_with_smtp_all_the_same(lab: Lab) -> None:
    lab.third_party.key, lab.third_party.network_service = "denied", True
    found = lab.open().output("Get-ExchangeCertificate", ["Thumbprint", "Services"])
    shown = {each.extended_properties["Thumbprint"]: str(each.extended_properties["Services"]) for each in found}
    assert shown[lab.third_party.thumbprint] == "POP, IIS, SMTP"


def test_nobody_asks_a_transport_service_that_is_stopped(lab: Lab) -> None:
    lab.server.transport_runs = False
    error = lab.open().error("Get-Queue")
    assert str(error) == (
        "Exchange can't connect to the Microsoft Exchange Transport service on computer "
        f'"{MBX01}". Verify that the service is started.'
    )


def test_the_states_of_components_are_those_that_an_administrator_has_set(lab: Lab) -> None:
    lab.server.components = {"HubTransport": "Draining", "ServerWideOffline": "Inactive"}
    found = [each.adapted_properties for each in lab.open().output("Get-ServerComponentState", Identity="mbx01")]
    states = {each["Component"]: str(each["State"]) for each in found}
    assert (states["HubTransport"], states["ServerWideOffline"]) == ("Draining", "Inactive")
    assert states["FrontendTransport"] == "Active"
    assert all(each["ServerWideOfflineIsOffline"] for each in found)


class TestRoles:
    def test_of_a_role_group_of_ones_own_are_those_that_it_has(self, lab: Lab) -> None:
        become(lab, role_groups=(), roles=("Send Connectors", "Transport Queues"))
        session = lab.open()
        assert session.output("Get-SendConnector")
        assert session.output("Get-Queue")
        assert "'Get-ExchangeCertificate' is not recognized" in str(session.error("Get-ExchangeCertificate"))

    def test_that_only_show_enable_do_not_let_it_do_anything(self, lab: Lab) -> None:
        become(lab, role_groups=(), roles=("Send Connectors", "View-Only Configuration"))
        error = lab.open().error("Enable-ExchangeCertificate", Thumbprint=lab.third_party.thumbprint, Services="SMTP")
        assert str(error) == "A parameter cannot be found that matches parameter name 'Thumbprint'."
        assert lab.services(lab.third_party) == "POP, IIS"


class TestThrottling:
    def test_the_nineteenth_session_is_refused(self, lab: Lab) -> None:
        become(lab, other_sessions=16)
        lab.open()
        become(lab, other_sessions=18)
        with pytest.raises(WSManFaultError, match="exceeded the maximum number of connections allowed : 18"):
            lab.open()

    def test_ones_own_sessions_count(self, lab: Lab) -> None:
        become(lab, other_sessions=17)
        caller = Caller("CONTOSO\\exadmin", "ntlm", "Negotiate", encrypted=True, endpoint="/powershell", query={})
        admit = exchange_endpoint(lab.world, lab.server).admit
        admit(caller, 0)
        with pytest.raises(Fault, match="Please close existing runspace and try again"):
            admit(caller, 1)

    def test_ends_when_the_others_do(self, lab: Lab) -> None:
        become(lab, other_sessions=18, other_sessions_end=lab.world.clock.now())
        lab.open()

    def test_may_begin_in_the_middle(self, lab: Lab) -> None:
        lab.world.faults.append(OthersConnect("Get-Queue", 18, 60.0))
        session = lab.open()
        session.output("Get-SendConnector")
        lab.open()
        session.output("Get-Queue")
        with pytest.raises(WSManFaultError, match="exceeded the maximum number"):
            lab.open()
        lab.after(seconds=60)
        lab.open().output("Get-Queue")
        lab.open()


def test_a_session_may_have_no_select_object(make_lab: MakeLab) -> None:
    lab = make_lab({"select_object": "hidden"})
    (error,) = lab.open().run("Get-ExchangeCertificate", ["Services"]).streams.error
    assert str(error).startswith("The term 'Select-Object' is not recognized")
    assert len(lab.open().output("Get-ExchangeCertificate")) == 2


def test_another_administrator_may_be_faster(lab: Lab) -> None:
    lab.world.faults.append(ConnectorChanged("Set-SendConnector", CONNECTOR, "Verbose"))
    session = lab.open()
    shell = session.run("Set-SendConnector", Identity=CONNECTOR, ProtocolLoggingLevel="Verbose")
    (warning,) = shell.streams.warning
    assert warning.message.endswith(f"no settings of '{CONNECTOR}' have been modified.")
    session.output("Set-SendConnector", Identity=CONNECTOR, ProtocolLoggingLevel="None")
    assert lab.connector().protocol_logging_level == "None"


def test_of_more_than_a_thousand_queues_only_a_thousand_come_unasked(lab: Lab) -> None:
    now = lab.world.clock.now()
    lab.world.connectors.set(lab.connector().guid, {"smart_hosts": ()}, "dc01.contoso.test", now)
    lab.world.mail[:] = [Mail(MBX01, "fabrikam.com", 1, now + timedelta(minutes=10), domains=1100)]
    lab.server.transport = TransportService(lab.world, lab.server)
    lab.after(minutes=11)
    session = lab.open()
    assert len(session.output("Get-Queue")) == 1000
    assert len(session.output("Get-Queue", ResultSize="Unlimited")) > 1100
