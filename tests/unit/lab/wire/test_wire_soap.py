# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Envelopes as values."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from exchange_lab.wire import Fault, soap


@pytest.mark.parametrize(
    ("text", "expected"),
    [("PT20S", 20), ("PT60.000S", 60), ("PT0.5S", 0.5), ("PT15M", 900), ("P1DT2H3M4S", 93784), (" PT1S ", 1)],
)
def test_durations(text: str, expected: float) -> None:
    assert soap.seconds(text) == expected


@pytest.mark.parametrize("text", ["", "20", "PT20", "P1Y", "PTXS"])
def test_what_is_no_duration_is_a_fault(text: str) -> None:
    with pytest.raises(Fault, match="duration"):
        soap.seconds(text)


def test_ids_and_data_are_checked() -> None:
    assert soap.uuid_in(None) is None
    with pytest.raises(Fault, match="'me' is no id"):
        soap.uuid_in("me")
    assert soap.data_in(None) == b""
    with pytest.raises(Fault, match="cannot be read"):
        soap.data_in("***")


def test_a_fault_carries_code_and_text_where_clients_look() -> None:
    document = ET.fromstring(soap.fault("uuid:1", Fault(5, 'no <access> & "more"', "w:AccessDenied")))
    assert document.findtext("s:Header/a:RelatesTo", None, soap.NAMESPACES) == "uuid:1"
    fault = document.find("s:Body/s:Fault", soap.NAMESPACES)
    assert fault is not None
    assert fault.findtext("s:Code/s:Subcode/s:Value", None, soap.NAMESPACES) == "w:AccessDenied"
    assert fault.findtext("s:Reason/s:Text", None, soap.NAMESPACES) == 'no <access> & "more"'
    details = {"f": "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"} | soap.NAMESPACES
    detail = fault.find("s:Detail/f:WSManFault", details)
    assert detail is not None
    assert detail.get("Code") == "5"
    assert detail.findtext("f:Message", None, details) == 'no <access> & "more"'
