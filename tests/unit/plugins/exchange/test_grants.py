# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a session shows, against what a pipeline needs."""

from __future__ import annotations

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.cmdlets import (
    enable_exchange_certificate,
    get_exchange_certificates,
    get_queues,
    retry_queue,
)
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.fields import Unreadable
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.grants import Grants, granted_from
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.services import Service
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import RemoteObject, foresee_no_prompt

BIND = enable_exchange_certificate("any", "any", frozenset({Service.SMTP}), policy=foresee_no_prompt)


def test_what_is_shown_in_any_case_is_not_lacking() -> None:
    grants = Grants({"get-queue": frozenset({"server", "RESULTSIZE"})})
    assert grants.lacks([get_queues("mbx01")]) == ()
    assert grants.is_sure_of([get_queues("mbx01")])


def test_a_command_that_is_hidden_is_named_once_and_without_its_parameters() -> None:
    assert Grants({}).lacks([get_queues("mbx01"), get_queues("mbx02"), retry_queue("MBX01\\1")]) == (
        "Get-Queue",
        "Retry-Queue",
    )


def test_a_command_that_is_shown_without_what_is_needed_is_lacking() -> None:
    grants = Grants({"Enable-ExchangeCertificate": frozenset({"Identity", "Services"})})
    assert grants.lacks([BIND]) == ("Enable-ExchangeCertificate -Server", "Enable-ExchangeCertificate -Thumbprint")


def test_what_everybody_has_is_not_asked_about() -> None:
    projected = get_exchange_certificates("mbx01")
    assert [each.name for each in projected.commands][-1] == "Select-Object"
    assert Grants({"Get-ExchangeCertificate": frozenset({"Server"})}).lacks([projected]) == ()


def test_parameters_that_were_not_told_are_unknown_and_not_lacking() -> None:
    grants = Grants({"Get-Queue": None, "Retry-Queue": frozenset({"Identity"})})
    assert grants.lacks([get_queues("mbx01")]) == ()
    assert not grants.is_sure_of([get_queues("mbx01")])
    assert grants.is_sure_of([retry_queue("MBX01\\1")])


@pytest.mark.parametrize(
    "parameters",
    [{}, {"Parameters": None}, {"Parameters": "System.Collections.Generic.Dictionary"}, {"Parameters": RemoteObject()}],
    ids=["not sent", "null", "a text", "empty"],
)
def test_a_command_that_came_without_parameters_has_unknown_ones(parameters: dict[str, object]) -> None:
    assert granted_from(RemoteObject(properties={"Name": "Get-Queue", **parameters})) == ("Get-Queue", None)  # type: ignore[arg-type]


def test_a_command_has_a_name_and_parameters() -> None:
    shown = RemoteObject(properties={"Server": "System.Management.Automation.ParameterMetadata", "Filter": None})
    source = RemoteObject(properties={"Name": "Get-Queue", "Parameters": shown})
    assert granted_from(source) == ("Get-Queue", frozenset({"Server", "Filter"}))


def test_a_command_without_a_name_is_none() -> None:
    with pytest.raises(Unreadable, match="the command came without its property Name"):
        granted_from(RemoteObject())
