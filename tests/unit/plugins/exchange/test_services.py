# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate's services: every form is read, and what is not understood is unknown, never "none"."""

from __future__ import annotations

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.services import (
    USER_SERVICES,
    Service,
    Services,
    parse_services,
    service_words,
    services_text,
)
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import RemoteObject, WireValue
from hypothesis import given
from hypothesis import strategies as st

ALLOWED_SERVICES = ("Microsoft.Exchange.Management.SystemConfigurationTasks.AllowedServices", "System.Enum")

any_services = st.frozensets(st.sampled_from(Service))


def enum_object(number: int, text: str | None) -> RemoteObject:
    return RemoteObject(type_names=ALLOWED_SERVICES, text=text, number=number)


@pytest.mark.fact("cmdlets 10.5", "wire 2.13", "wire 2.14")
@pytest.mark.parametrize(
    ("value", "services"),
    [
        (enum_object(27, "IMAP, POP, IIS, SMTP"), {Service.IMAP, Service.POP, Service.IIS, Service.SMTP}),
        (enum_object(17, None), {Service.IMAP, Service.SMTP}),
        ("IMAP, POP, IIS, SMTP", {Service.IMAP, Service.POP, Service.IIS, Service.SMTP}),
        ("Federation, UMCallRouter", {Service.FEDERATION, Service.UM_CALL_ROUTER}),
        ("IP.WS..", {Service.IMAP, Service.POP, Service.IIS, Service.SMTP}),
        ("IP.WS.", {Service.IMAP, Service.POP, Service.IIS, Service.SMTP}),
        ("IPUWSFC", set(Service)),
        (24, {Service.IIS, Service.SMTP}),
        ("24", {Service.IIS, Service.SMTP}),
    ],
)
def test_reads_objects_words_letters_and_numbers(value: WireValue, services: set[Service]) -> None:
    assert parse_services(value) == services


@pytest.mark.parametrize("value", ["None", "none", 0, "0", enum_object(0, "None"), ".......", "......"])
def test_no_service_is_said_in_words(value: WireValue) -> None:
    assert parse_services(value) == frozenset()


@pytest.mark.fact("cmdlets 10.5", "wire 2.8")
@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        " ",
        "SMTP, Teleportation",
        "SMTP,",
        128,
        -1,
        "152",
        "XP.WS..",
        "IP.WS...",
        True,
        1.0,
        b"\x10",
        RemoteObject(),
        RemoteObject(items=("SMTP",)),
        enum_object(128, "128"),
        enum_object(16, "IIS"),
        enum_object(24, "IIS, SMTP, Teleportation"),
    ],
)
def test_what_is_not_understood_is_unknown(value: WireValue) -> None:
    assert parse_services(value) is None


@given(any_services)
def test_the_text_that_exchange_prints_is_read_back(services: Services) -> None:
    number = sum(service.value for service in services)
    assert parse_services(services_text(services)) == services
    assert parse_services(enum_object(number, services_text(services))) == services
    assert parse_services(number) == services


@given(st.text() | st.integers())
def test_never_invents_a_service(value: str | int) -> None:
    services = parse_services(value)
    if services is not None and isinstance(value, int):
        assert sum(service.value for service in services) == value
    elif services is not None:
        letters = {"IMAP": "I", "POP": "P", "UM": "U", "IIS": "W", "SMTP": "S", "Federation": "F", "UMCallRouter": "C"}
        for word in service_words(services):
            assert word.lower() in value.lower() or letters[word] in value or value.strip().isdecimal()


def test_prints_in_the_order_of_the_flags() -> None:
    assert services_text(frozenset({Service.SMTP, Service.IIS, Service.IMAP, Service.POP})) == "IMAP, POP, IIS, SMTP"
    assert services_text(frozenset()) == "None"


def test_users_ask_for_services_by_their_short_names() -> None:
    assert USER_SERVICES == {
        "SMTP": Service.SMTP,
        "POP": Service.POP,
        "IMAP": Service.IMAP,
        "IIS": Service.IIS,
    }
