# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What failed and warning cmdlets mean, in the session's language and in the target server's."""

from __future__ import annotations

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.failures import (
    Failure,
    FailureKind,
    answering_server,
    classify_failure,
    warns_of_no_change,
    warns_of_replaced_default,
)
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import RemoteError

THUMBPRINT = "3F9C1A7E5B2D4C6F8A9B0C1D2E3F4A5B6C7D8E9F"
WRAPPER = "A special Rpc error occurs on server MBX01: "
TASKS = "Microsoft.Exchange.Management.SystemConfigurationTasks."


def error(
    message: str, cmdlet: str = "", category: str = "NotSpecified", exception: str = "InvalidOperationException"
) -> RemoteError:
    identifier = (
        "[Server=MBX01,RequestId=7e7b2e9c-6d4f-4a4b-8b0e-0a1b2c3d4e5f,TimeStamp=3/2/2026 2:15:00 AM] "
        f"[FailureCategory=Cmdlet-{exception}] DA6D9EA1,{TASKS}{cmdlet}"
    )
    return RemoteError(message, identifier, category, f"System.{exception}")


def kind_of(*errors: RemoteError) -> FailureKind:
    return classify_failure(errors).kind


@pytest.mark.parametrize(
    "record",
    [
        error(f"{WRAPPER}The certificate with thumbprint {THUMBPRINT} was not found.", "GetExchangeCertificate"),
        error(
            f"{WRAPPER}The certificate with thumbprint {THUMBPRINT} was not found.",
            "EnableExchangeCertificate",
            "ObjectNotFound",
        ),
        error(f"{WRAPPER}Das Zertifikat mit dem Fingerabdruck {THUMBPRINT} fehlt.", "GetExchangeCertificate"),
        error(f"{WRAPPER}{THUMBPRINT} introuvable.", "EnableExchangeCertificate", "ObjectNotFound"),
    ],
)
def test_a_certificate_is_not_there(record: RemoteError) -> None:
    failure = classify_failure([record])
    assert failure == Failure(FailureKind.CERTIFICATE_NOT_FOUND, record, thumbprint=THUMBPRINT)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (
            f"The certificate with thumbprint {THUMBPRINT} was found but is not valid for use with Exchange Server "
            "(reason: PrivateKeyMissing).",
            "PrivateKeyMissing",
        ),
        (
            f"The certificate with thumbprint {THUMBPRINT} was found but is not valid for use with Exchange Server "
            "(reason: SomethingNew).",
            "SomethingNew",
        ),
        (
            f"Das Zertifikat mit dem Fingerabdruck {THUMBPRINT} kann nicht verwendet werden "
            "(Grund: PublicKeyUnsupportedSize).",
            "PublicKeyUnsupportedSize",
        ),
    ],
)
@pytest.mark.parametrize("cmdlet", ["GetExchangeCertificate", "EnableExchangeCertificate"])
def test_a_certificate_is_there_and_exchange_says_why_it_cannot_be_used(message: str, reason: str, cmdlet: str) -> None:
    record = error(WRAPPER + message, cmdlet)
    assert classify_failure([record]) == Failure(FailureKind.CERTIFICATE_NOT_USABLE, record, THUMBPRINT, reason)


def test_a_reason_is_believed_with_a_thumbprint_or_from_a_cmdlet_of_certificates() -> None:
    told = "is not valid for use with Exchange Server (reason: PrivateKeyMissing)."
    assert kind_of(error(f"It {told}", "EnableExchangeCertificate")) is FailureKind.CERTIFICATE_NOT_USABLE
    assert kind_of(error(f"{THUMBPRINT} {told}", "SetTransportService")) is FailureKind.CERTIFICATE_NOT_USABLE
    assert kind_of(error(f"It {told}", "SetTransportService")) is FailureKind.OTHER


@pytest.mark.fact("cmdlets 0.4")
@pytest.mark.parametrize(
    "message",
    [
        "The given certificate is not enabled for SMTP protocol. Only certificates enabled for SMTP protocol can be "
        "set on Send Connectors. To enable a certificate for SMTP, please use 'Enable-ExchangeCertificate' cmdlet.",
        "Das angegebene Zertifikat ist nicht aktiviert. Verwenden Sie das Cmdlet 'Enable-ExchangeCertificate'.",
    ],
)
def test_set_sendconnector_refuses_because_the_certificate_lacks_smtp(message: str) -> None:
    record = error(message, "SetSendConnector", "InvalidOperation")
    assert kind_of(record) is FailureKind.CONNECTOR_CERTIFICATE_LACKS_SMTP


def test_a_domain_controller_does_not_know_the_object() -> None:
    message = "The operation couldn't be performed because object 'Outbound' couldn't be found on 'dc02.contoso.test'."
    failure = classify_failure([error(message, "SetSendConnector", exception="ManagementObjectNotFoundException")])
    assert failure.kind is FailureKind.OBJECT_NOT_FOUND
    assert failure.domain_controller == "dc02.contoso.test"


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        (
            error("Objekt fehlt.", "GetSendConnector", exception="ManagementObjectNotFoundException"),
            FailureKind.OBJECT_NOT_FOUND,
        ),
        (error("The object with identity MBX01\\7 wasn't found.", "RetryQueue"), FailureKind.OBJECT_NOT_FOUND),
        (
            error("The operation couldn't be performed because 'Out' matches multiple entries.", "GetSendConnector"),
            FailureKind.OBJECT_AMBIGUOUS,
        ),
        (
            RemoteError(
                "The term 'Set-SendConnector' is not recognized as the name of a cmdlet, function, script file, or "
                "operable program.",
                "CommandNotFoundException",
                "ObjectNotFound",
                "System.Management.Automation.CommandNotFoundException",
            ),
            FailureKind.NOT_VISIBLE,
        ),
        (
            RemoteError(
                "A parameter cannot be found that matches parameter name 'Server'.",
                "NamedParameterNotFound,Enable-ExchangeCertificate",
                "InvalidArgument",
                "System.Management.Automation.ParameterBindingException",
            ),
            FailureKind.NOT_VISIBLE,
        ),
        (
            error(
                'The "Server" parameter can\'t be used on the "Enable-ExchangeCertificate" cmdlet because it isn\'t '
                "present in the role definition for the current user. Check the management roles assigned to this "
                "user, and try again.",
                "EnableExchangeCertificate",
            ),
            FailureKind.NOT_VISIBLE,
        ),
        (
            error(
                f"{WRAPPER}One of the services you've selected (IMAP4, POP3, SMTP, IIS, UM) isn't installed on this "
                "server.",
                "EnableExchangeCertificate",
                "InvalidArgument",
            ),
            FailureKind.SERVICE_NOT_INSTALLED,
        ),
        (
            error(f"{WRAPPER}IIS is not installed.", "EnableExchangeCertificate", "InvalidArgument"),
            FailureKind.SERVICE_NOT_INSTALLED,
        ),
        (
            error(
                f"{WRAPPER}Insufficient rights to grant Network Service access to the certificate with thumbprint "
                f"{THUMBPRINT}.",
                "EnableExchangeCertificate",
            ),
            FailureKind.KEY_ACCESS_NOT_GRANTED,
        ),
        (
            error(
                "A connection couldn't be made to the Exchange server named MBX01. Verify that the Microsoft Exchange "
                "Service Host service is started.",
                "GetExchangeCertificate",
                "ResourceUnavailable",
                "LocalizedException",
            ),
            FailureKind.RPC_FAILED,
        ),
        (
            error("Keine Verbindung.", "GetExchangeCertificate", "InvalidOperation", "LocalizedException"),
            FailureKind.RPC_FAILED,
        ),
        (
            error(
                'Exchange can\'t connect to the Microsoft Exchange Transport service on computer "MBX01". Verify that '
                "the service is started.",
                "GetQueueInfo",
            ),
            FailureKind.RPC_FAILED,
        ),
        (
            error('Exchange server "mbx09" was not found. Please make sure you typed the name correctly.'),
            FailureKind.SERVER_NOT_FOUND,
        ),
        (
            error('The operation on server "MBX01" failed because it\'s not within your authorized scope.'),
            FailureKind.OUT_OF_SCOPE,
        ),
        (
            error(
                "You can't run this task on an Edge Transport server that is subscribed to an Active Directory site. "
                "You must either perform this operation using the management console on a Hub Transport server, or "
                "remove the Edge Subscription by using the Remove-EdgeSubscription command.",
                "SetSendConnector",
                "InvalidOperation",
            ),
            FailureKind.EDGE_IS_SUBSCRIBED,
        ),
        (
            RemoteError("Nichts.", "X", "NotSpecified", "Microsoft.Exchange.ManagementObjectNotFoundException"),
            FailureKind.OBJECT_NOT_FOUND,
        ),
        (
            error(f"The certificate with thumbprint {THUMBPRINT} was not found.", "SetTransportService"),
            FailureKind.CERTIFICATE_NOT_FOUND,
        ),
        (error("Something else.", "EnableExchangeCertificate"), FailureKind.OTHER),
        (error("The object with identity MBX01\\7 is in use.", "RetryQueue"), FailureKind.OTHER),
        (error("The mailbox database wasn't found.", "RetryQueue"), FailureKind.OTHER),
        (error('Exchange server "mbx09" is in maintenance.', "RetryQueue"), FailureKind.OTHER),
        (error("The mailbox was not found.", "RetryQueue"), FailureKind.OTHER),
        (error(f"The certificate with thumbprint {THUMBPRINT} is in use.", "RetryQueue"), FailureKind.OTHER),
        # What is told of a certificate by another cmdlet, or of something else by theirs.
        (error(f"{THUMBPRINT} introuvable.", "SetSendConnector", "ObjectNotFound"), FailureKind.OTHER),
        (error("Keine Verbindung.", "GetQueueInfo", "ResourceUnavailable"), FailureKind.OTHER),
        (error("Introuvable.", "EnableExchangeCertificate", "ObjectNotFound"), FailureKind.OTHER),
    ],
)
def test_tells_the_documented_failures_apart(record: RemoteError, kind: FailureKind) -> None:
    assert classify_failure([record]) == Failure(
        kind, record, THUMBPRINT if THUMBPRINT in record.message else "", "", ""
    )


@pytest.mark.parametrize(
    "message",
    [
        f"{WRAPPER}The new internal Transport certificate with thumbprint {THUMBPRINT} isn't a Cryptographic API "
        "certificate.",
        f"{WRAPPER}The internal transport certificate for the local server was damaged or missing in Active Directory.",
    ],
)
def test_a_default_certificate_that_cannot_be_replaced_is_not_a_missing_certificate(message: str) -> None:
    assert kind_of(error(message, "EnableExchangeCertificate", "ObjectNotFound")) is FailureKind.OTHER


@pytest.mark.fact("cmdlets 10.10")
def test_a_reason_that_is_not_known_is_no_absence() -> None:
    message = f"{WRAPPER}Das Zertifikat {THUMBPRINT} kann nicht verwendet werden (Grund: EtwasNeues)."
    assert kind_of(error(message, "GetExchangeCertificate")) is FailureKind.OTHER


def test_the_hash_in_the_identifier_means_nothing() -> None:
    record = error(f"{WRAPPER}The certificate with thumbprint {THUMBPRINT} was not found.", "GetExchangeCertificate")
    other = RemoteError(
        record.message,
        record.fully_qualified_error_id.replace("DA6D9EA1", "1B2C3D4E"),
        record.category,
        record.exception_type,
    )
    assert kind_of(record) is kind_of(other)


def test_the_first_record_that_is_understood_is_the_meaning() -> None:
    missing = error(f"The certificate with thumbprint {THUMBPRINT} was not found.", "GetExchangeCertificate")
    assert classify_failure([error("Something."), missing]).error == missing
    assert classify_failure([error("Something."), error("Else.")]).error.message == "Something."


def test_an_edge_says_when_its_default_certificate_was_replaced() -> None:
    warning = (
        "The internal transport certificate attribute for the local Edge Transport server has been updated. If this "
        "Edge Transport server is subscribed to an Active Directory site, you must  subscribe it again by using the "
        "New-EdgeSubscription cmdlet in the Shell, and then restart AD LDS."
    )
    assert warns_of_replaced_default(["Something.", warning])
    assert not warns_of_replaced_default(["Something."])
    assert not warns_of_replaced_default([])


def test_a_set_cmdlet_says_when_it_changed_nothing() -> None:
    warning = "The command completed successfully but no settings of 'Outbound to Office 365' have been modified."
    assert warns_of_no_change([warning])
    assert not warns_of_no_change(["The source Transport servers aren't in the same Active Directory site."])
    assert not warns_of_no_change(["All settings have been modified."])
    assert not warns_of_no_change(["There are no settings of that kind."])


@pytest.mark.parametrize(
    ("identifiers", "server"),
    [
        (
            ["[Server=MBX03,RequestId=0c1f,TimeStamp=3/2/2026 2:15:00 AM] [FailureCategory=Cmdlet-X] 95A5F6A0,Y"],
            "MBX03",
        ),
        (["CommandNotFoundException", "[Server=MBX03] 95A5F6A0,Y"], "MBX03"),
        (["CommandNotFoundException"], ""),
        ([], ""),
    ],
)
def test_an_error_of_exchange_names_the_server_that_ran_the_cmdlet(identifiers: list[str], server: str) -> None:
    assert answering_server([RemoteError("No.", each) for each in identifiers]) == server
