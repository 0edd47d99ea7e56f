# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a session of ``/PowerShell/`` understands, and who may do what in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from exchange_lab.world import PeerGoesDown, UnforeseenPrompt
from pypsrp.exceptions import WSManFaultError
from pypsrp.powershell import PowerShell

if TYPE_CHECKING:
    from .conftest import Lab, Session

NOT_RECOGNISED = (
    "The term '{}' is not recognized as the name of a cmdlet, function, script file, or operable program. Check the "
    "spelling of the name, or if a path was included, verify that the path is correct and try again."
)
PUBLIC = {"Get-Command", "Measure-Object", "Select-Object"}
READS = {
    "Get-EdgeSubscription",
    "Get-ExchangeCertificate",
    "Get-ExchangeServer",
    "Get-FrontendTransportService",
    "Get-Message",
    "Get-Queue",
    "Get-ReceiveConnector",
    "Get-SendConnector",
    "Get-ServerComponentState",
    "Get-TransportService",
}
CHANGES = {
    "Enable-ExchangeCertificate",
    "Resume-Message",
    "Resume-Queue",
    "Retry-Queue",
    "Set-SendConnector",
    "Start-EdgeSynchronization",
    "Suspend-Message",
    "Suspend-Queue",
}


def script(session: Session, text: str) -> Any:
    shell = PowerShell(session.pool)
    shell.add_script(text).invoke()
    (error,) = shell.streams.error
    return error


def commands(session: Session) -> dict[str, set[str]]:
    """Names and parameters of everything that a caller sees."""
    found = session.output("Get-Command")
    return {str(each): set(each.adapted_properties["Parameters"]) for each in found}


def test_there_is_no_language(lab: Lab) -> None:
    error = script(lab.open(), "Get-ExchangeCertificate | Where-Object { $_.Services }")
    assert str(error) == (
        "The syntax is not supported by this runspace. This can occur if the runspace is in no-language mode."
    )
    assert (error.fq_error, error.reason) == ("ScriptsNotAllowed", "ParseException")
    assert lab.entry.is_script
    assert lab.entry.error == str(error)


@pytest.mark.parametrize("name", ["Where-Object", "ForEach-Object", "Format-List", "Get-Content", "Get-Date"])
def test_what_is_not_exchanges_is_not_there(lab: Lab, name: str) -> None:
    error = lab.open().error(name)
    assert str(error) == NOT_RECOGNISED.format(name)
    assert (error.fq_error, error.reason) == ("CommandNotFoundException", "CommandNotFoundException")
    assert lab.entry.error == str(error)


def test_a_pipeline_runs_only_when_all_of_it_is_known(lab: Lab) -> None:
    lab.open(answer=0).pipeline(
        ("Enable-ExchangeCertificate", {"Thumbprint": lab.third_party.thumbprint, "Services": "SMTP"}),
        ("Where-Object", {"Property": "Services"}),
    )
    assert not lab.third_party.network_service
    first, second = lab.world.commands
    assert first.pipeline == second.pipeline
    assert (first.error, second.error) == (None, NOT_RECOGNISED.format("Where-Object"))
    assert (first.n, second.n) == (1, 2)


def test_names_are_not_case_sensitive_and_may_be_shortened(lab: Lab) -> None:
    session = lab.open()
    assert len(session.output("get-exchangeserver", identity="mbx01", stat=True)) == 1
    error = session.error("Get-ExchangeServer", D="x")
    assert str(error) == (
        "Parameter cannot be processed because the parameter name 'D' is ambiguous. Possible matches include: -Domain "
        "-DomainController -Debug."
    )


@pytest.mark.fact("cmdlets 10.3")
def test_null_turns_a_switch_of_exchange_off(lab: Lab) -> None:
    """Exchange's commands are functions, which convert a null; ``AddParameter("Force")`` of PowerShell sends true."""
    session = lab.open(answer=2)
    where = {"Server": "mbx01", "Thumbprint": lab.third_party.thumbprint, "Services": "SMTP"}
    session.output("Enable-ExchangeCertificate", **where, Force=None)
    assert session.user is not None
    assert len(session.user.questions) == 1
    assert lab.entry.parameters["Force"] is None
    session.output("Enable-ExchangeCertificate", **where, **{"-Force": None})  # as it is typed
    assert len(session.user.questions) == 1
    assert lab.server.default_certificate == lab.third_party.thumbprint


def test_null_turns_a_switch_of_powershells_own_on(lab: Lab) -> None:
    count = ("Measure-Object", {"Property": "MessageCount", "Sum": None})
    (measured,) = lab.open().pipeline(("Get-Queue", {}), count).output
    assert measured.adapted_properties["Sum"] == 25.0


@pytest.mark.parametrize(
    ("parameter", "message", "reason"),
    [
        (
            "Identity",
            "Cannot bind argument to parameter 'Identity' because it is null.",
            "ParameterBindingValidationException",
        ),
        (
            "Enabled",
            "Cannot process argument transformation on parameter 'Enabled'. Cannot convert value \"\" to type "
            '"System.Boolean". Boolean parameters accept only Boolean values and numbers, such as $True, $False, 1 or '
            "0.",
            "ParameterBindingArgumentTransformationException",
        ),
        (
            "ProtocolLoggingLevel",
            "Cannot process argument transformation on parameter 'ProtocolLoggingLevel'. Cannot convert null to type "
            '"Microsoft.Exchange.Data.ProtocolLoggingLevel" due to enumeration values that are not valid. Specify one '
            'of the following enumeration values and try again. The possible enumeration values are "None,Verbose".',
            "ParameterBindingArgumentTransformationException",
        ),
    ],
)
def test_null_where_a_value_is_needed(lab: Lab, parameter: str, message: str, reason: str) -> None:
    error = lab.open().error("Set-SendConnector", **{"Identity": "Outbound to Office 365", parameter: None})
    assert (str(error), error.reason) == (message, reason)


def test_null_takes_the_certificate_off_a_connector(lab: Lab) -> None:
    lab.open().output("Set-SendConnector", Identity="Outbound to Office 365", TlsCertificateName=None, Comment=None)
    assert (lab.connector().tls_certificate_name, lab.connector().comment) == (None, "")


def test_an_unknown_parameter_is_powershells_error(lab: Lab) -> None:
    error = lab.open().error("Get-SendConnector", Server="mbx01")
    assert str(error) == "A parameter cannot be found that matches parameter name 'Server'."
    assert (error.fq_error, error.reason) == (
        "NamedParameterNotFound,Get-SendConnector",
        "ParameterBindingException",
    )


def test_organization_management_sees_everything(lab: Lab) -> None:
    found = commands(lab.open())
    assert set(found) == PUBLIC | READS | CHANGES
    assert found["Enable-ExchangeCertificate"] > {"Thumbprint", "Services", "Force", "WhatIf", "Verbose"}


def test_server_management_has_no_send_connectors(lab: Lab) -> None:
    session = lab.open(user="CONTOSO\\srvadmin")
    assert {"Enable-ExchangeCertificate", "Retry-Queue"} < set(commands(session))
    assert str(session.error("Set-SendConnector", Identity="x")) == NOT_RECOGNISED.format("Set-SendConnector")
    assert str(session.error("Get-SendConnector")) == NOT_RECOGNISED.format("Get-SendConnector")


def test_a_viewer_sees_enable_exchange_certificate_and_cannot_use_it(lab: Lab) -> None:
    session = lab.open(user="CONTOSO\\viewer")
    found = commands(session)
    assert set(found) == PUBLIC | READS | {"Enable-ExchangeCertificate", "Retry-Queue"}
    common = found["Get-Command"] - {"Name", "Verb", "Noun", "Module", "CommandType", "TotalCount", "Syntax"}
    assert found["Enable-ExchangeCertificate"] - common == {"Identity"}
    error = session.error("Enable-ExchangeCertificate", Thumbprint="A" * 40, Services="SMTP")
    assert str(error) == "A parameter cannot be found that matches parameter name 'Thumbprint'."


def test_get_command_tells_what_is_not_there(lab: Lab) -> None:
    session = lab.open(user="CONTOSO\\srvadmin")
    shell = session.run("Get-Command", Name=["Set-SendConnector", "Get-Queue"])
    assert [str(each) for each in shell.output] == ["Get-Queue"]
    (error,) = shell.streams.error
    assert str(error) == NOT_RECOGNISED.format("Set-SendConnector")
    assert error.fq_error == "CommandNotFoundException,Microsoft.PowerShell.Commands.GetCommandCommand"


def test_nobody_gets_in_without_a_role(lab: Lab) -> None:
    with pytest.raises(WSManFaultError) as refused:
        lab.open(user="CONTOSO\\nobody")
    assert refused.value.code == 5
    assert refused.value.reason.endswith(
        '[FailureCategory=AuthZ-CmdletAccessDeniedException] The user "contoso.test/Users/nobody" isn\'t assigned to '
        "any management roles."
    )


@pytest.mark.fact("cmdlets 10.3", "cmdlets 10.11")
def test_a_question_that_nobody_foresaw_comes_after_the_work(lab: Lab) -> None:
    lab.world.faults = [UnforeseenPrompt("enable-exchangecertificate", "Restart the service now?")]
    session = lab.open(answer=2)
    session.output("Enable-ExchangeCertificate", Thumbprint=lab.third_party.thumbprint, Services="SMTP", Server="mbx01")
    assert session.user is not None
    assert [each["message"] for each in session.user.questions][1:] == ["Restart the service now?"]
    assert lab.third_party.network_service
    assert lab.entry.prompt is not None
    assert lab.entry.prompt.endswith("\n\nRestart the service now?")
    assert lab.entry.answer == "No, No"


def test_a_peer_may_go_down_as_a_cmdlet_begins(lab: Lab) -> None:
    lab.world.faults = [PeerGoesDown("mx.example.com", "Get-Queue")]
    lab.open().output("Get-Queue")
    assert not lab.world.peers["mx.example.com"].listens


def test_error_action_decides_what_becomes_of_an_error(lab: Lab) -> None:
    session = lab.open()
    silent = session.run("Get-Queue", Identity="99", ErrorAction="SilentlyContinue")
    assert list(silent.streams.error) == []
    assert lab.entry.error == "The object with identity 99 wasn't found."
    stopped = session.run("Get-Queue", Identity="99", ErrorAction="Stop")
    assert [str(error) for error in stopped.streams.error] == ["The object with identity 99 wasn't found."]
    assert stopped.had_errors


def test_statements_of_one_pipeline_run_one_after_the_other(lab: Lab) -> None:
    shell = PowerShell(lab.open().pool)
    shell.add_cmdlet("Get-Queue").add_cmdlet("Measure-Object").add_statement()
    shell.add_cmdlet("Get-ExchangeServer").add_cmdlet("Measure-Object").invoke()
    assert [each.adapted_properties["Count"] for each in shell.output] == [2, 3]
    names = [each.name for each in lab.world.commands]
    assert names == ["Get-Queue", "Measure-Object", "Get-ExchangeServer", "Measure-Object"]
