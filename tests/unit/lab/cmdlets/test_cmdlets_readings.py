# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Readings of cmdlets: the question about the default, what Enable takes away, cases of names, languages of errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Lab, MakeLab, Session

YES, NO = 0, 2


def enable(session: Session, lab: Lab, services: str = "SMTP") -> list[str]:
    shell = session.run("Enable-ExchangeCertificate", Thumbprint=lab.third_party.thumbprint, Services=services)
    return [str(error) for error in shell.streams.error]


def question(session: Session) -> dict[str, Any]:
    assert session.user is not None
    (asked,) = session.user.questions
    return dict(asked)


@pytest.mark.fact("cmdlets 10.3", "cmdlets 10.4", "cmdlets 10.11")
@pytest.mark.parametrize(
    ("readings", "labels", "default", "no"),
    [
        ({"prompt_language": "de"}, ["&Ja", "Ja, &alle", "&Nein", "N&ein, keine"], 0, 2),
        ({"prompt_order": "no_second"}, ["&Yes", "&No", "Yes to &All", "No to A&ll"], 0, 1),
        ({"prompt_order": "no_first"}, ["&No", "No to A&ll", "&Yes", "Yes to &All"], 2, 0),
        (
            {"prompt_order": "no_first", "prompt_choices": 5},
            ["&No", "No to A&ll", "&Yes", "Yes to &All", "&Suspend"],
            2,
            0,
        ),
    ],
)
def test_the_choices(make_lab: MakeLab, readings: dict[str, Any], labels: list[str], default: int, no: int) -> None:
    lab = make_lab(readings=readings)
    session = lab.open(answer=no)
    assert enable(session, lab) == []
    asked = question(session)
    assert ([label for label, __ in asked["choices"]], asked["default"]) == (labels, default)
    assert lab.server.default_certificate == lab.setup.thumbprint
    assert "SMTP" in lab.services(lab.third_party)


@pytest.mark.fact("cmdlets 10.3", "cmdlets 10.11")
def test_the_default_of_another_order_still_replaces(make_lab: MakeLab) -> None:
    lab = make_lab(readings={"prompt_order": "no_first"})
    enable(lab.open(answer=2), lab)
    assert lab.server.default_certificate == lab.third_party.thumbprint
    assert lab.entry.answer == "Yes"


@pytest.mark.fact("cmdlets 10.3")
def test_the_question_in_german_still_names_both(make_lab: MakeLab) -> None:
    lab = make_lab(readings={"prompt_language": "de"})
    session = lab.open(answer=NO)
    enable(session, lab)
    message = question(session)["message"]
    assert message.startswith("Möchten Sie")
    assert message.index(lab.setup.thumbprint) < message.index(lab.third_party.thumbprint)


@pytest.mark.fact("cmdlets 10.3")
def test_the_question_may_name_others(make_lab: MakeLab) -> None:
    lab = make_lab(readings={"prompt_thumbprints": "others"})
    session = lab.open(answer=NO)
    enable(session, lab)
    message = question(session)["message"]
    assert lab.setup.thumbprint not in message
    assert lab.third_party.thumbprint not in message


@pytest.mark.parametrize(("reading", "replaced"), [("skipped", False), ("replaced", True)])
def test_no_question_at_all(make_lab: MakeLab, reading: str, replaced: bool) -> None:
    lab = make_lab(readings={"default_question": reading})
    session = lab.open(answer=NO)
    assert enable(session, lab) == []
    assert session.user is not None
    assert session.user.questions == []
    assert lab.server.default_certificate == (lab.third_party if replaced else lab.setup).thumbprint
    assert "SMTP" in lab.services(lab.third_party)


@pytest.mark.parametrize(
    ("services", "left"),
    [("SMTP", "SMTP"), ("POP,SMTP", "SMTP"), ("IIS,SMTP", "IIS, SMTP")],  # POP takes no name of a wildcard
)
def test_enabling_may_take_what_is_not_named(make_lab: MakeLab, services: str, left: str) -> None:
    lab = make_lab(readings={"enable_services": "resets"})
    lab.server.pop_name = "mail.contoso.com"
    enable(lab.open(answer=NO), lab, services)
    assert lab.services(lab.third_party).replace("POP, ", "") == left
    assert ("POP" in lab.services(lab.third_party)) == ("POP" in services)
    assert lab.services(lab.setup) == "SMTP"


@pytest.mark.fact("cmdlets 0.4", "cmdlets 10.1")
@pytest.mark.parametrize(("reading", "refused"), [("matched", False), ("ignored", True)])
def test_the_case_of_names_before_a_refusal(make_lab: MakeLab, reading: str, refused: bool) -> None:
    name = make_lab().third_party.identifier
    lab = make_lab(
        readings={"set_send_connector": "refused", "smtp_check_case": reading},
        connector={"tls_certificate_name": name.replace("Contoso", "CONTOSO")},
    )
    parameters = {"Identity": "Outbound to Office 365", "ProtocolLoggingLevel": "Verbose"}
    errors = [str(each) for each in lab.open().run("Set-SendConnector", **parameters).streams.error]
    assert ["not enabled for SMTP" in each for each in errors] == ([True] if refused else [])


@pytest.mark.fact("cmdlets 10.10")
@pytest.mark.parametrize(
    ("reading", "words"), [("session", "was found but is not valid"), ("german", "wurde gefunden")]
)
def test_the_language_of_what_a_server_answers(make_lab: MakeLab, reading: str, words: str) -> None:
    lab = make_lab(readings={"wrapped_errors": reading})
    lab.third_party.key = "missing"
    error = str(lab.open().error("Get-ExchangeCertificate", Thumbprint=lab.third_party.thumbprint))
    assert words in error
    assert "PrivateKeyMissing" in error
