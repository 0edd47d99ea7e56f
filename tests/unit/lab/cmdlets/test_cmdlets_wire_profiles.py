# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What crosses in each of Exchange's three wire profiles, which the URL's serializationLevel chooses."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pypsrp.exceptions import WSManFaultError

from .conftest import AUTHORITY, MBX01, WILDCARD, Lab, MakeLab

LEVELS = ("None", "Partial", "Full")
DATA = "SerializationData"


def query(level: str) -> str:
    return f"?serializationLevel={level}"


def sent(lab: Lab, level: str, name: str, **options: Any) -> Any:
    """The first object that a cmdlet returns at a level."""
    return lab.open(query=query(level)).output(name, **options)[0]


def properties(value: Any) -> set[str]:
    return {*value.adapted_properties, *value.extended_properties}


@pytest.mark.fact("wire 2.1")
def test_without_a_level_it_is_partial(lab: Lab) -> None:
    (by_default, *__) = lab.open().output("Get-ExchangeCertificate")
    assert properties(by_default) == properties(sent(lab, "Partial", "Get-ExchangeCertificate")) == {"RawData"}


@pytest.mark.fact("wire 2.2", "wire 2.3")
@pytest.mark.parametrize(
    ("level", "crossing"), [("None", {"RawData"}), ("Partial", {"RawData"}), ("Full", {"RawData", DATA})]
)
def test_a_certificate(lab: Lab, level: str, crossing: set[str]) -> None:
    found = sent(lab, level, "Get-ExchangeCertificate")
    assert properties(found) == crossing
    assert list(found.adapted_properties) == ["RawData"]


def test_the_data_of_a_certificate_tells_its_services(lab: Lab) -> None:
    def told() -> list[bytes]:
        """Of the one that is not Exchange's own."""
        data = sent(lab, "Full", "Get-ExchangeCertificate", Thumbprint=lab.third_party.thumbprint)
        data = data.extended_properties[DATA]
        assert rf"{MBX01}\{lab.third_party.thumbprint}".encode() in data
        return list(re.findall(rb"AllowedServices\x01\0\0\0\x07value__\0\x08\x02\0\0\0(.)", data, re.DOTALL))

    assert told() == [bytes((2 + 8,))]
    lab.third_party.network_service = True
    assert told() == [bytes((2 + 8 + 16,))]


@pytest.mark.fact("wire 2.1", "wire 2.2")
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    "name", ["Get-SendConnector", "Get-ExchangeServer", "Get-TransportService", "Get-Queue", "Get-ServerComponentState"]
)
def test_serialization_data_crosses_at_full_alone(lab: Lab, level: str, name: str) -> None:
    options = {"Identity": MBX01} if name == "Get-ServerComponentState" else {}
    found = sent(lab, level, name, **options)
    assert (DATA in properties(found)) == (level == "Full")
    # An enum is text at every level, and an identity too: both lie deeper than the wire goes.
    assert found.adapted_properties["ObjectState"] in ("Unchanged", "New")
    assert isinstance(found.adapted_properties["Identity"], str)


@pytest.mark.fact("cmdlets 10.5", "wire 2.13")
@pytest.mark.parametrize("level", LEVELS)
def test_a_projection_is_the_same_at_every_level(lab: Lab, level: str) -> None:
    found = sent(lab, level, "Get-ExchangeCertificate", select=["Thumbprint", "Services"])
    assert properties(found) == {"Thumbprint", "Services"}
    assert str(found.extended_properties["Services"]) == "POP, IIS"


@pytest.mark.parametrize("level", LEVELS)
def test_a_certificate_name_may_come_as_an_object(make_lab: MakeLab, level: str) -> None:
    lab = make_lab(readings={"tls_certificate_name_value": "object"})
    name = sent(lab, level, "Get-SendConnector").adapted_properties["TlsCertificateName"]
    assert str(name) == f"<I>{AUTHORITY}<S>{WILDCARD}"
    assert isinstance(name, str) == (level == "None")
    assert (DATA in getattr(name, "extended_properties", {})) == (level == "Full")


def test_the_shell_of_exchange_writes_more_behind_the_level(lab: Lab) -> None:
    session = lab.open(query="?serializationLevel=Full;ExchClientVer=15.2.986.5;clientApplication=ManagementShell")
    (found, *__) = session.output("Get-ExchangeCertificate")
    assert DATA in properties(found)


def test_no_other_level_is_known(lab: Lab) -> None:
    with pytest.raises(WSManFaultError) as refused:
        lab.open(query=query("Most"))
    assert refused.value.reason == "Exchange knows no serializationLevel=most."
