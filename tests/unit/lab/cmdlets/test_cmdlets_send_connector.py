# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Get-SendConnector and Set-SendConnector, and the refusal that hides in the latter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Lab, MakeLab

DC, OTHER_DC = "dc01.contoso.test", "dc02.contoso.test"
MBX01, MBX02, MBX03 = "mbx01.contoso.test", "mbx02.contoso.test", "mbx03.contoso.test"
CONNECTOR = "Outbound to Office 365"
GUID = "6d1d31f2-7d6f-5b4a-8d0c-0b7e3c0f9a11"
REFUSAL = (
    "The given certificate is not enabled for SMTP protocol. Only certificates enabled for SMTP protocol can be set on "
    "Send Connectors. To enable a certificate for SMTP, please use 'Enable-ExchangeCertificate' cmdlet."
)
UNCHANGED = f"The command completed successfully but no settings of '{CONNECTOR}' have been modified."


def change(lab: Lab, **parameters: Any) -> Any:
    """Set something, by default the logging level."""
    wanted = parameters or {"ProtocolLoggingLevel": "Verbose"}
    return lab.open().run("Set-SendConnector", **({"Identity": CONNECTOR} | wanted))


def refusing(make_lab: MakeLab, **connector: Any) -> Lab:
    return make_lab(readings={"set_send_connector": "refused"}, connector=connector)


@pytest.mark.fact("cmdlets 10.6", "wire 2.4", "wire 2.5", "wire 2.15")
def test_what_is_nested_arrives_as_text(lab: Lab) -> None:
    (found,) = lab.open().output("Get-SendConnector")
    shown = found.adapted_properties
    assert found.types[0] == "Microsoft.Exchange.Data.Directory.SystemConfiguration.SmtpSendConnectorConfig"
    assert str(found) == CONNECTOR
    assert {
        name: shown[name]
        for name in ("Name", "ProtocolLoggingLevel", "TlsAuthLevel", "TlsCertificateName", "Fqdn", "Identity")
    } == {
        "Name": CONNECTOR,
        "ProtocolLoggingLevel": "None",
        "TlsAuthLevel": "CertificateValidation",
        "TlsCertificateName": "<I>CN=Example CA, O=Example, C=US<S>CN=*.contoso.com, OU=IT, O=Contoso",
        "Fqdn": "mail.contoso.com",
        "Identity": CONNECTOR,
    }
    assert (shown["RequireTLS"], shown["Enabled"], shown["TlsDomain"]) == (True, True, None)
    assert shown["SourceTransportServers"].property_sets == ["<LST><S>MBX01</S><S>MBX02</S></LST>"]
    assert shown["AddressSpaces"].property_sets == ["<LST><S>SMTP:*;1</S></LST>"]
    assert str(shown["Guid"]) == GUID
    assert shown["OriginatingServer"] == DC


def test_tls_certificate_name_as_an_object_is_a_reading(make_lab: MakeLab) -> None:
    lab = make_lab(readings={"tls_certificate_name_value": "object"})
    (found,) = lab.open().output("Get-SendConnector")
    name = found.adapted_properties["TlsCertificateName"]
    assert str(name) == "<I>CN=Example CA, O=Example, C=US<S>CN=*.contoso.com, OU=IT, O=Contoso"
    assert name.adapted_properties == {
        "CertificateSubject": "CN=*.contoso.com, OU=IT, O=Contoso",
        "CertificateIssuer": "CN=Example CA, O=Example, C=US",
        "SubjectCommonName": "*.contoso.com",
    }


@pytest.mark.parametrize(
    "identity",
    [
        CONNECTOR,
        CONNECTOR.upper(),
        GUID,
        "Outbound*",
        f"CN={CONNECTOR},CN=Connections,CN=Exchange Routing Group (DWBGZMFD01QNBJR),CN=Routing Groups,CN=Exchange "
        "Administrative Group (FYDIBOHF23SPDLT),CN=Administrative Groups,CN=Contoso,CN=Microsoft Exchange,CN=Services,"
        "CN=Configuration,DC=contoso,DC=test",
    ],
)
def test_a_connector_has_several_names(lab: Lab, identity: str) -> None:
    (found,) = lab.open().output("Get-SendConnector", Identity=identity)
    assert str(found) == CONNECTOR
    assert list(change(lab, Identity=identity, ProtocolLoggingLevel="Verbose").streams.error) == []
    assert lab.connector().protocol_logging_level == "Verbose"


@pytest.mark.parametrize("cmdlet", ["Get-SendConnector", "Set-SendConnector"])
def test_a_connector_that_does_not_exist(lab: Lab, cmdlet: str) -> None:
    error = lab.open().error(cmdlet, Identity="Outbound to Office 366", DomainController=OTHER_DC)
    assert str(error) == (
        "The operation couldn't be performed because object 'Outbound to Office 366' couldn't be found on "
        f"'{OTHER_DC}'."
    )
    assert error.reason == "ManagementObjectNotFoundException"


def test_a_change_shows_on_its_domain_controller_first(lab: Lab) -> None:
    shell = change(lab)
    assert (list(shell.output), list(shell.streams.error), list(shell.streams.warning)) == ([], [], [])
    assert lab.connector(DC).protocol_logging_level == "Verbose"
    assert lab.connector(OTHER_DC).protocol_logging_level == "None"
    lab.after(seconds=61)
    assert lab.connector(OTHER_DC).protocol_logging_level == "Verbose"


def test_the_domain_controller_can_be_chosen(lab: Lab) -> None:
    change(lab, ProtocolLoggingLevel="Verbose", DomainController=OTHER_DC)
    assert lab.connector(OTHER_DC).protocol_logging_level == "Verbose"
    assert lab.connector(DC).protocol_logging_level == "None"
    (found,) = lab.open().output("Get-SendConnector", DomainController="dc02")
    assert found.adapted_properties["OriginatingServer"] == OTHER_DC


def test_an_unknown_domain_controller_is_an_error(lab: Lab) -> None:
    error = lab.open().error("Get-SendConnector", DomainController="dc09.contoso.test")
    assert "dc09.contoso.test" in str(error)
    assert error.reason == "SuitabilityDirectoryException"


def test_a_change_that_changes_nothing_is_a_warning(lab: Lab) -> None:
    shell = change(lab, ProtocolLoggingLevel="None")
    assert [warning.message for warning in shell.streams.warning] == [UNCHANGED]


def test_what_if_says_so_and_does_nothing(make_lab: MakeLab) -> None:
    lab = refusing(make_lab)
    session = lab.open(answer=0)
    shell = session.run("Set-SendConnector", Identity=CONNECTOR, ProtocolLoggingLevel="Verbose", WhatIf=True)
    # It does not tell that the change would be refused.
    assert list(shell.streams.error) == []
    assert session.user is not None
    assert len(session.user.lines) == 1
    assert lab.connector().protocol_logging_level == "None"


@pytest.mark.fact("cmdlets 0.4", "cmdlets 10.1")
def test_every_change_is_refused_while_the_named_certificate_lacks_smtp(make_lab: MakeLab) -> None:
    lab = refusing(make_lab)
    for parameters in ({"ProtocolLoggingLevel": "Verbose"}, {"Comment": "x"}, {"ProtocolLoggingLevel": "None"}):
        (error,) = change(lab, **parameters).streams.error
        assert str(error) == REFUSAL
        assert error.category == 7  # InvalidOperation
        assert "[FailureCategory=Cmdlet-InvalidOperationException]" in error.fq_error
        assert error.fq_error.endswith(",Microsoft.Exchange.Management.SystemConfigurationTasks.SetSendConnector")
    assert lab.connector().protocol_logging_level == "None"
    lab.third_party.network_service = True
    assert list(change(lab).streams.error) == []
    assert lab.connector().protocol_logging_level == "Verbose"


@pytest.mark.fact("cmdlets 0.4", "cmdlets 10.1")
def test_one_of_several_named_certificates_without_smtp_is_enough(make_lab: MakeLab) -> None:
    lab = refusing(make_lab)
    lab.third_party.network_service = True
    lab.add(lab.third_party.subject, issuer=lab.third_party.issuer)
    (error,) = change(lab).streams.error
    assert str(error) == REFUSAL


def test_only_the_first_source_server_is_asked(make_lab: MakeLab) -> None:
    lab = refusing(make_lab, source_servers=(MBX02, MBX01))
    assert list(change(lab).streams.error) == []


def test_a_first_source_server_that_is_down_is_not_asked(make_lab: MakeLab) -> None:
    lab = refusing(make_lab, source_servers=(MBX03, MBX01))
    lab.down.store = [lab.third_party]
    assert list(change(lab).streams.error) == []


def test_the_check_compares_names_letter_by_letter(make_lab: MakeLab) -> None:
    lab = refusing(
        make_lab, tls_certificate_name="<I>cn=Example CA, O=Example, C=US<S>CN=*.contoso.com, OU=IT, O=Contoso"
    )
    assert list(change(lab).streams.error) == []


def test_a_certificate_without_key_is_not_looked_at(make_lab: MakeLab) -> None:
    lab = refusing(make_lab)
    lab.third_party.key = "missing"
    assert list(change(lab).streams.error) == []


def test_a_connector_without_certificate_is_never_refused(make_lab: MakeLab) -> None:
    lab = refusing(make_lab, tls_certificate_name=None)
    assert list(change(lab).streams.error) == []


@pytest.mark.fact("cmdlets 0.4", "cmdlets 10.1")
def test_the_name_is_what_the_change_makes_it(make_lab: MakeLab) -> None:
    lab = refusing(make_lab)
    assert list(change(lab, TlsCertificateName="").streams.error) == []
    assert lab.connector().tls_certificate_name is None
    (error,) = change(lab, TlsCertificateName=lab.third_party.identifier).streams.error
    assert str(error) == REFUSAL


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"IgnoreSTARTTLS": True}, "RequireTLS and IgnoreTLS can't both be set."),
        (
            {"RequireTLS": False},
            "The TLSAuthLevel parameter can't be set if the RequireTLS parameter is set to $false.",
        ),
        (
            {"TlsDomain": "contoso.com"},
            "The TLSDomain parameter can only be set if the TLSAuthLevel parameter is set to DomainValidation.",
        ),
    ],
)
def test_properties_that_exclude_one_another(lab: Lab, parameters: dict[str, Any], message: str) -> None:
    (error,) = change(lab, **parameters).streams.error
    assert str(error) == message


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<I><S>", '"<I><S>" isn\'t a valid Certificate Identifier.'),
        ("mail.contoso.com", '"mail.contoso.com" isn\'t a valid Certificate Identifier.'),
        (
            "<I>CN=CA<S>O=Contoso",
            '"<I>CN=CA<S>O=Contoso" isn\'t a supported Certificate Identifier. The common name in the subject needs to '
            "be a valid domain name. ",
        ),
    ],
)
def test_a_name_that_names_no_certificate(lab: Lab, text: str, reason: str) -> None:
    (error,) = change(lab, TlsCertificateName=text).streams.error
    assert str(error) == (
        f"Cannot process argument transformation on parameter 'TlsCertificateName'. Cannot convert value \"{text}\" to "
        f'type "Microsoft.Exchange.Data.SmtpX509Identifier". Error: "{reason}"'
    )
    assert error.fq_error == "ParameterArgumentTransformationError,Set-SendConnector"


def test_a_boolean_is_not_made_of_text(lab: Lab) -> None:
    (error,) = change(lab, Enabled="true").streams.error
    assert "Boolean parameters accept only Boolean values and numbers" in str(error)


def test_source_servers_are_named_in_order(lab: Lab) -> None:
    change(lab, SourceTransportServers=["mbx02", MBX01])
    assert lab.connector().source_servers == (MBX02, MBX01)


def test_what_is_not_simulated_is_said(lab: Lab) -> None:
    (error,) = change(lab, SmartHosts=["mx2.example.com"]).streams.error
    assert str(error) == "The lab does not simulate -SmartHosts of Set-SendConnector."
    assert lab.connector().smart_hosts == ("mx.example.com",)


def test_a_connector_keeps_a_source_server(lab: Lab) -> None:
    (error,) = change(lab, SourceTransportServers=[]).streams.error
    assert str(error) == "The lab does not simulate a Send connector without source servers."
    assert lab.connector().source_servers == (MBX01, MBX02)
