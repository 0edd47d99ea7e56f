# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions in a row, questions that were answered for good, and what the Service Host does only once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from exchange_lab.cmdlets.service_host import Request, enable
from exchange_lab.transport import Queue
from exchange_lab.world import Services

if TYPE_CHECKING:
    from .conftest import Lab, MakeLab

YES, YES_TO_ALL, NO, NO_TO_ALL, SUSPEND = range(5)


class Transport:
    """A transport service that only remembers what it was told."""

    def __init__(self, *queues: Queue) -> None:
        self.store_changes = 0
        self._queues = queues

    def queues(self) -> Sequence[Queue]:
        return self._queues

    def retry(self, identity: str, now: datetime) -> None:
        raise AssertionError(f"nobody retries {identity} at {now}")

    def store_changed(self, now: datetime) -> None:
        del now
        self.store_changes += 1

    def catch_up(self) -> None:
        pass


def test_a_key_that_is_open_already_is_not_touched_again(lab: Lab) -> None:
    lab.server.transport = transport = Transport()
    request = Request(lab.third_party.thumbprint, Services.SMTP)
    for __ in range(2):
        enable(lab.server, request, lab.world.clock.now(), lab.world.readings)
    assert transport.store_changes == 1


def test_network_service_allowed_asks_nothing_about_the_default(lab: Lab) -> None:
    request = Request(lab.third_party.thumbprint, Services.SMTP, network_service_allowed=True)
    assert enable(lab.server, request, lab.world.clock.now(), lab.world.readings).questions == {}
    assert lab.third_party.network_service


def test_force_answers_both_questions_with_yes(lab: Lab) -> None:
    plain = lab.add("CN=post.contoso.com", domains=("post.contoso.com",))
    session = lab.open(answer=NO)
    session.output("Enable-ExchangeCertificate", Thumbprint=plain.thumbprint, Services="IIS,SMTP", Force=True)
    assert session.user is not None
    assert session.user.questions == []
    assert lab.services(plain) == "IIS, SMTP"
    assert lab.server.web_root_requires_ssl
    assert lab.server.default_certificate == plain.thumbprint


@pytest.mark.fact("cmdlets 10.3")
def test_after_a_yes_only_what_was_asked_about_is_done(lab: Lab) -> None:
    shell = lab.open(answer=YES).run(
        "Enable-ExchangeCertificate", Thumbprint=lab.third_party.thumbprint, Services="POP,IIS,SMTP"
    )
    # POP was done before the questions, and its warning is not repeated.
    assert len(shell.streams.warning) == 1
    assert lab.server.default_certificate == lab.third_party.thumbprint


@pytest.mark.fact("cmdlets 10.3")
@pytest.mark.parametrize(("answer", "questions"), [(YES, 2), (YES_TO_ALL, 1), (NO, 2), (NO_TO_ALL, 1)])
def test_an_answer_to_all_holds_for_the_rest_of_the_pipeline(lab: Lab, answer: int, questions: int) -> None:
    plain = lab.add("CN=post.contoso.com", domains=("post.contoso.com",), days=(-10, 100))
    session = lab.open(answer=answer)
    two = ("Select-Object", {"First": 2})
    session.pipeline(("Get-ExchangeCertificate", {}), two, ("Enable-ExchangeCertificate", {"Services": "SMTP"}))
    assert session.user is not None
    assert len(session.user.questions) == questions
    replaced = answer in (YES, YES_TO_ALL)
    assert lab.server.default_certificate == (lab.third_party if replaced else lab.setup).thumbprint
    assert plain.network_service
    assert lab.third_party.network_service


@pytest.mark.fact("cmdlets 10.3", "cmdlets 10.11")
def test_suspend_leads_nowhere_in_a_remote_session(make_lab: MakeLab) -> None:
    lab = make_lab(readings={"prompt_choices": 5})
    session = lab.open(answer=[SUSPEND, NO])
    session.output("Enable-ExchangeCertificate", Thumbprint=lab.third_party.thumbprint, Services="SMTP")
    assert session.user is not None
    assert len(session.user.questions) == 2
    assert lab.entry.answer == "Suspend, No"


def test_a_domain_may_have_several_queues(lab: Lab) -> None:
    queues = [Queue(rf"MBX01\{number}", "SmartHostConnectorDelivery", "mx.example.com") for number in (3, 4)]
    lab.server.transport = Transport(*queues)
    error = lab.open().error("Get-Queue", Identity=r"MBX01\mx.example.com")
    assert str(error) == (
        r"The operation wasn't performed because more than one object matched identity MBX01\mx.example.com."
    )
