# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Enable-ExchangeCertificate: what is done, what is asked, and in which order."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from exchange_lab.transport import TransportService
from exchange_lab.world import Mail

if TYPE_CHECKING:
    from .conftest import Lab, MakeLab, Session

MBX02 = "mbx02.contoso.test"
YES, YES_TO_ALL, NO, NO_TO_ALL = range(4)


def enable(session: Session, lab: Lab, **parameters: Any) -> Any:
    wanted = {"Server": lab.server.fqdn, "Thumbprint": lab.third_party.thumbprint, "Services": "SMTP"}
    return session.run("Enable-ExchangeCertificate", **(wanted | parameters))


@pytest.mark.fact("cmdlets 10.3", "cmdlets 10.4", "cmdlets 10.11")
def test_the_question_is_exchanges_own_byte_for_byte(lab: Lab) -> None:
    session = lab.open(answer=NO)
    enable(session, lab)
    assert session.user is not None
    assert session.user.questions == [
        {
            "caption": "Confirm",
            "message": "Overwrite the existing default SMTP certificate?\r\n\r\n"
            f"Current certificate: '{lab.setup.thumbprint}' (expires 3/31/2029 2:15:00 AM)\r\n"
            f"Replace it with certificate: '{lab.third_party.thumbprint}' (expires 2/10/2027 2:15:00 AM)",
            "choices": [
                ("&Yes", "Continue with only the next step of the operation."),
                ("Yes to &All", "Continue with all the steps of the operation."),
                ("&No", "Skip this operation and proceed with the next operation."),
                ("No to A&ll", "Skip this operation and all subsequent operations."),
            ],
            "default": 0,
        }
    ]


@pytest.mark.fact("cmdlets 0.2", "cmdlets 10.3", "protocol-log 7.5")
def test_the_key_is_open_before_the_question_is_asked(lab: Lab) -> None:
    class Look(Exception):
        """Raised at the client instead of an answer, once it has seen what is true."""

    session = lab.open(answer=Look())
    with pytest.raises(Look):
        enable(session, lab)
    assert lab.services(lab.third_party) == "POP, IIS, SMTP"
    assert lab.server.default_certificate == lab.setup.thumbprint
    assert lab.entry.prompt is not None
    assert lab.entry.answer is None


@pytest.mark.fact("cmdlets 0.2", "cmdlets 10.3", "protocol-log 0.2", "protocol-log 7.5")
@pytest.mark.parametrize("answer", [NO, NO_TO_ALL])
def test_no_keeps_the_default_and_binds_all_the_same(lab: Lab, answer: int) -> None:
    shell = enable(lab.open(answer=answer), lab)
    assert (shell.output, list(shell.streams.error)) == ([], [])
    assert lab.services(lab.third_party) == "POP, IIS, SMTP"
    assert lab.server.default_certificate == lab.setup.thumbprint


@pytest.mark.fact("cmdlets 10.3")
@pytest.mark.parametrize("answer", [YES, YES_TO_ALL])
def test_yes_replaces_the_default_on_this_server_alone(lab: Lab, answer: int) -> None:
    other = lab.other.default_certificate
    enable(lab.open(answer=answer), lab)
    assert lab.server.default_certificate == lab.third_party.thumbprint
    assert lab.other.default_certificate == other


@pytest.mark.fact("protocol-log 7.5")
def test_force_replaces_the_default_without_a_question(lab: Lab) -> None:
    session = lab.open(answer=NO)
    enable(session, lab, Force=True)
    assert session.user is not None
    assert session.user.questions == []
    assert lab.server.default_certificate == lab.third_party.thumbprint
    assert lab.services(lab.third_party) == "POP, IIS, SMTP"


@pytest.mark.fact("cmdlets 10.3")
def test_confirm_false_does_not_answer_it(lab: Lab) -> None:
    session = lab.open(answer=NO)
    enable(session, lab, Confirm=False)
    assert session.user is not None
    assert len(session.user.questions) == 1


@pytest.mark.fact("cmdlets 0.5")
def test_a_default_that_cannot_be_read_is_replaced_without_a_question(lab: Lab) -> None:
    lab.server.default_certificate = None
    session = lab.open(answer=NO)
    enable(session, lab)
    assert session.user is not None
    assert session.user.questions == []
    assert lab.server.default_certificate == lab.third_party.thumbprint


@pytest.mark.fact("cmdlets 0.5")
def test_nothing_is_asked_about_the_default_itself(lab: Lab) -> None:
    session = lab.open(answer=YES)
    enable(session, lab, Thumbprint=lab.setup.thumbprint)
    assert session.user is not None
    assert session.user.questions == []


@pytest.mark.fact("cmdlets 0.2", "cmdlets 10.3", "cmdlets 10.11", "protocol-log 7.5")
def test_a_client_without_a_host_gets_an_error_and_smtp_is_bound(lab: Lab) -> None:
    shell = enable(lab.open(), lab)
    (error,) = shell.streams.error
    assert str(error).startswith(
        "A command that prompts the user failed because the host program or the command type does not support user "
        "interaction. The host was attempting to request confirmation with the following message: Overwrite the"
    )
    assert lab.services(lab.third_party) == "POP, IIS, SMTP"
    assert lab.server.default_certificate == lab.setup.thumbprint
    assert lab.entry.error == str(error)


@pytest.mark.fact("cmdlets 10.3", "cmdlets 10.11")
def test_five_choices_are_a_reading(make_lab: MakeLab) -> None:
    lab = make_lab(readings={"prompt_choices": 5})
    session = lab.open(answer=NO)
    enable(session, lab)
    assert session.user is not None
    assert [label for label, __ in session.user.questions[0]["choices"]][4:] == ["&Suspend"]


@pytest.mark.fact("cmdlets 10.3", "cmdlets 10.11")
def test_the_prompt_and_its_answer_are_remembered(lab: Lab) -> None:
    session = lab.open(answer=NO)
    enable(session, lab)
    assert session.user is not None
    entry = lab.entry
    assert entry.name == "Enable-ExchangeCertificate"
    assert entry.parameters == {
        "Server": lab.server.fqdn,
        "Thumbprint": lab.third_party.thumbprint,
        "Services": "SMTP",
    }
    assert (entry.prompt, entry.answer, entry.error) == (session.user.questions[0]["message"], "No", None)
    assert (entry.user, entry.auth, entry.encrypted) == ("CONTOSO\\exadmin", "ntlm", True)
    assert (entry.server, entry.endpoint, entry.is_script) == (lab.server.fqdn, "/powershell", False)


@pytest.mark.fact("cmdlets 10.7", "protocol-log 7.7")
def test_the_bound_certificate_works_without_a_restart(lab: Lab) -> None:
    assert lab.server.transport is not None
    lab.after(minutes=5)
    assert lab.world.delivered == []
    enable(lab.open(answer=NO), lab)
    queue = lab.server.transport.queues()[0]
    lab.server.transport.retry(queue.identity, lab.world.clock.now())
    lab.after(minutes=1)
    assert len(lab.world.delivered) == 25
    assert {each.thumbprint for each in lab.world.delivered} == {lab.third_party.thumbprint}


def test_what_failed_before_the_binding_stays_failed(lab: Lab) -> None:
    """Mail that was due before the binding, and that nobody has looked at yet, still meets the closed key."""
    begin = lab.world.clock.now()
    lab.world.mail[:] = [Mail(lab.server.fqdn, "fabrikam.com", 1, begin + timedelta(minutes=1))]
    lab.server.transport = TransportService(lab.world, lab.server)
    lab.world.clock.advance(timedelta(minutes=1, seconds=30))
    enable(lab.open(answer=NO), lab)
    (queue, *__) = lab.server.transport.queues()
    assert (queue.status, queue.retry_count, lab.world.delivered) == ("Retry", 1, [])


def test_the_certificate_cache_is_emptied_only_when_the_key_is_really_opened(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    emptied: list[datetime] = []
    monkeypatch.setattr(lab.server.transport, "store_changed", emptied.append)
    session = lab.open(answer=NO)
    for __ in range(2):
        enable(session, lab)
    assert emptied == [lab.world.clock.now()]


@pytest.mark.parametrize("services", ["SMTP", "smtp", "IMAP,SMTP", ["SMTP", "IMAP"]])
def test_services_come_as_text_or_as_a_list(lab: Lab, services: Any) -> None:
    enable(lab.open(answer=NO), lab, Services=services)
    assert lab.third_party.network_service


@pytest.mark.fact("protocol-log 0.2")
@pytest.mark.parametrize("service", ["POP", "IMAP"])
def test_pop_and_imap_bring_smtp_and_ask_nothing(lab: Lab, service: str) -> None:
    session = lab.open(answer=NO)
    plain = lab.add("CN=post.contoso.com", domains=("post.contoso.com",))
    enable(session, lab, Thumbprint=plain.thumbprint, Services=service)
    assert session.user is not None
    assert session.user.questions == []
    assert lab.services(plain) == f"{service}, SMTP"
    # The former holder of POP has lost it, without a word.
    assert lab.services(lab.third_party) == ("IIS" if service == "POP" else "POP, IIS")


@pytest.mark.fact("cmdlets 0.3")
def test_a_wildcard_is_no_name_for_pop(lab: Lab) -> None:
    shell = enable(lab.open(answer=NO), lab, Services="POP")
    assert [warning.message for warning in shell.streams.warning] == [
        f"This certificate with thumbprint {lab.third_party.thumbprint} and subject '*.contoso.com' cannot used for "
        "POP SSL/TLS connections because the subject is not a Fully Qualified Domain Name (FQDN). Use command "
        "Set-POPSettings to set X509CertificateName to the FQDN of the service."
    ]
    assert lab.server.pop_name == "mail.contoso.com"


@pytest.mark.fact("cmdlets 10.3")
def test_a_yes_does_the_rest_and_not_all_of_it_again(lab: Lab) -> None:
    shell = enable(lab.open(answer=YES), lab, Services="POP, SMTP")
    assert lab.server.default_certificate == lab.third_party.thumbprint
    assert len(shell.streams.warning) == 1


@pytest.mark.fact("cmdlets 0.3", "cmdlets 10.3", "cmdlets 10.11")
def test_iis_asks_first_and_no_leaves_it_unbound(lab: Lab) -> None:
    plain = lab.add("CN=post.contoso.com", domains=("post.contoso.com",))
    session = lab.open(answer=NO)
    enable(session, lab, Thumbprint=plain.thumbprint, Services="IIS,SMTP")
    assert session.user is not None
    first, second = session.user.questions
    assert first["message"] == (
        "Do you want to enforce SSL communication on the root web site? If not, rerun the cmdlet with the "
        "-DoNotRequireSSL parameter."
    )
    assert second["message"].startswith("Overwrite the existing default SMTP certificate?")
    assert lab.services(plain) == "SMTP"


@pytest.mark.fact("protocol-log 7.5")
def test_iis_moves_to_the_certificate_that_is_enabled_for_it(lab: Lab) -> None:
    plain = lab.add("CN=post.contoso.com", domains=("post.contoso.com",))
    session = lab.open(answer=YES)
    enable(session, lab, Thumbprint=plain.thumbprint, Services="IIS", DoNotRequireSsl=True)
    assert session.user is not None
    assert session.user.questions == []
    assert (lab.services(plain), lab.services(lab.third_party)) == ("IIS", "POP")
    enable(session, lab, Services="IIS")
    assert len(session.user.questions) == 1
    assert (lab.services(plain), lab.services(lab.third_party)) == ("None", "POP, IIS")
    enable(session, lab, Services="IIS")
    assert len(session.user.questions) == 1  # the web site requires SSL by now


def test_an_expired_certificate_is_bound_without_complaint(lab: Lab) -> None:
    old = lab.add("CN=old.contoso.com", domains=("old.contoso.com",), days=(-400, -5))
    shell = enable(lab.open(answer=NO), lab, Thumbprint=old.thumbprint)
    assert (list(shell.streams.error), list(shell.streams.warning)) == ([], [])
    assert lab.services(old) == "SMTP"


@pytest.mark.fact("cmdlets 10.10")
@pytest.mark.parametrize(
    ("key", "reason"), [("missing", "PrivateKeyMissing"), ("unreadable", "PrivateKeyNotAccessible")]
)
def test_a_certificate_that_exchange_cannot_use_is_refused_with_the_reason(lab: Lab, key: str, reason: str) -> None:
    lab.third_party.key = key  # type: ignore[assignment]
    (error,) = enable(lab.open(answer=NO), lab).streams.error
    assert str(error) == (
        f"A special Rpc error occurs on server MBX01: The certificate with thumbprint {lab.third_party.thumbprint} was "
        f"found but is not valid for use with Exchange Server (reason: {reason})."
    )
    assert (error.category, error.reason) == (0, "InvalidOperationException")
    assert re.fullmatch(
        r"\[Server=MBX01,RequestId=[0-9a-f-]{36},TimeStamp=3/2/2026 2:15:00 AM\] "
        r"\[FailureCategory=Cmdlet-InvalidOperationException\] [0-9A-F]+,"
        r"Microsoft\.Exchange\.Management\.SystemConfigurationTasks\.EnableExchangeCertificate",
        error.fq_error,
    )
    assert not lab.third_party.network_service


def test_a_key_of_a_cng_provider_is_bound_like_any_other(lab: Lab) -> None:
    lab.third_party.key = "cng"
    assert list(enable(lab.open(answer=NO), lab).streams.error) == []
    assert lab.third_party.network_service


@pytest.mark.fact("cmdlets 10.10")
def test_a_thumbprint_that_is_not_there_is_not_found(lab: Lab) -> None:
    (error,) = enable(lab.open(answer=NO), lab, Thumbprint="A" * 40).streams.error
    assert str(error) == (
        f"A special Rpc error occurs on server MBX01: The certificate with thumbprint {'A' * 40} was not found."
    )
    assert error.category == 13  # ObjectNotFound


def test_spaces_are_understood_between_pairs_of_digits(lab: Lab) -> None:
    thumbprint = lab.third_party.thumbprint
    pairs = " ".join(thumbprint[index : index + 2] for index in range(0, 40, 2)).lower()
    assert list(enable(lab.open(answer=NO), lab, Thumbprint=pairs).streams.error) == []
    lab.third_party.network_service = False
    assert enable(lab.open(answer=NO), lab, Thumbprint=f"{thumbprint[:8]} {thumbprint[8:]}").streams.error


@pytest.mark.fact("protocol-log 0.2", "protocol-log 7.5")
def test_network_service_allowed_opens_the_key_and_touches_nothing_else(lab: Lab) -> None:
    session = lab.open(answer=YES)
    enable(session, lab, Services="None", NetworkServiceAllowed=True)
    assert session.user is not None
    assert session.user.questions == []
    assert lab.services(lab.third_party) == "POP, IIS, SMTP"
    assert lab.server.default_certificate == lab.setup.thumbprint


def test_what_if_says_so_and_does_nothing(lab: Lab) -> None:
    session = lab.open(answer=YES)
    shell = enable(session, lab, Thumbprint="A" * 40, WhatIf=True)
    assert session.user is not None
    assert list(shell.streams.error) == []
    assert session.user.lines == [f"What if: Enable certificate with thumbprint {'A' * 40}?"]
    assert list(enable(lab.open(), lab, WhatIf=True).streams.error) == []
    assert not lab.third_party.network_service


def test_confirm_asks_before_anything_is_done(lab: Lab) -> None:
    session = lab.open(answer=NO)
    enable(session, lab, Confirm=True)
    assert session.user is not None
    (question,) = session.user.questions
    assert question["message"].endswith(f"Enable certificate with thumbprint {lab.third_party.thumbprint}?")
    assert not lab.third_party.network_service


def test_another_server_can_be_told_through_this_one(lab: Lab) -> None:
    other = lab.other.store[0]
    other.network_service = False
    shell = enable(lab.open(answer=NO), lab, Server=MBX02, Thumbprint=other.thumbprint)
    assert list(shell.streams.error) == []
    assert other.network_service
    assert lab.entry.server == lab.server.fqdn


def test_a_server_that_does_not_answer_is_an_rpc_error(lab: Lab) -> None:
    (error,) = enable(lab.open(answer=NO), lab, Server="MBX03").streams.error
    assert str(error) == (
        "Cannot connect to the remote procedure call service on the server named MBX03. Verify that a valid computer "
        "name was used and the Microsoft Exchange Service Host service is started."
    )
    assert "[FailureCategory=Cmdlet-LocalizedException]" in error.fq_error


def test_an_identity_names_server_and_certificate(lab: Lab) -> None:
    session = lab.open(answer=NO)
    identity = rf"{lab.server.fqdn}\{lab.third_party.thumbprint}"
    assert list(session.run("Enable-ExchangeCertificate", Identity=identity, Services="SMTP").streams.error) == []
    assert lab.third_party.network_service


def test_certificates_come_through_the_pipeline(lab: Lab) -> None:
    session = lab.open(answer=NO)
    session.pipeline(
        ("Get-ExchangeCertificate", {"Thumbprint": lab.third_party.thumbprint}),
        ("Enable-ExchangeCertificate", {"Services": "SMTP"}),
    )
    assert lab.third_party.network_service


@pytest.mark.parametrize(
    ("services", "message"),
    [
        ("Federation", "Federation certificates can only be managed through the FederationTrust tasks."),
        ("UM", "One of the services you've selected (IMAP4, POP3, SMTP, IIS, UM) isn't installed on this server."),
    ],
)
def test_services_that_cannot_be_had(lab: Lab, services: str, message: str) -> None:
    (error,) = enable(lab.open(answer=NO), lab, Services=services).streams.error
    assert str(error) == f"A special Rpc error occurs on server MBX01: {message}"
    assert error.category == 5  # InvalidArgument


def test_a_service_that_does_not_exist_is_not_converted(lab: Lab) -> None:
    (error,) = enable(lab.open(answer=NO), lab, Services="SNTP").streams.error
    assert str(error) == (
        "Cannot process argument transformation on parameter 'Services'. Cannot convert value \"SNTP\" to type "
        '"Microsoft.Exchange.Management.SystemConfigurationTasks.AllowedServices". Error: "Unable to match the '
        "identifier name SNTP to a valid enumerator name. Specify one of the following enumerator names and try again: "
        'None, IMAP, POP, UM, IIS, SMTP, Federation, UMCallRouter"'
    )
    assert error.fq_error == "ParameterArgumentTransformationError,Enable-ExchangeCertificate"


def test_services_are_mandatory(lab: Lab) -> None:
    error = lab.open(answer=NO).error("Enable-ExchangeCertificate", Thumbprint=lab.third_party.thumbprint)
    assert str(error) == "Cannot process command because of one or more missing mandatory parameters: Services."
    assert error.fq_error == "MissingMandatoryParameter,Enable-ExchangeCertificate"
