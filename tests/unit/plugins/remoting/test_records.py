# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Error records as servers write them, read with the message that Exchange meant for people."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import RemoteError
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.clixml import make_reader
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.records import read_error
from pypsrp.complex_objects import ObjectMeta
from pypsrp.messages import ErrorRecordMessage

EXCEPTION = (
    '<Obj N="Exception" RefId="1"><TN RefId="1"><T>Deserialized.System.InvalidOperationException</T>'
    "<T>Deserialized.System.Exception</T><T>Deserialized.System.Object</T></TN><ToString>wrapped text</ToString>"
    '<Props><S N="Message">A special Rpc error occurs on server MBX01. </S></Props></Obj>'
)
TYPES = '<TN RefId="0"><T>System.Management.Automation.ErrorRecord</T><T>System.Object</T></TN>'
ERROR = RemoteError(
    "A special Rpc error occurs on server MBX01.",
    "ABC,EnableCertificate",
    "InvalidOperation",
    "System.InvalidOperationException",
)


def record(*parts: str, types: str = TYPES, category: int = 7) -> str:
    return (
        f'<Obj RefId="0">{types}<ToString>the record</ToString><MS>{"".join(parts)}'
        f'<S N="FullyQualifiedErrorId">ABC,EnableCertificate</S><I32 N="ErrorCategory_Category">{category}</I32>'
        '<B N="SerializeExtendedInfo">false</B></MS></Obj>'
    )


def read(text: str, meta: Any = None) -> RemoteError:
    return read_error(make_reader().deserialize(text, meta))


@pytest.fixture(params=["typed", "generic"])
def meta(request: pytest.FixtureRequest) -> Any:
    """Error records arrive as pypsrp's own class, or as any object when a server leaves their type out."""
    return ObjectMeta("Obj", object=ErrorRecordMessage) if request.param == "typed" else None


def test_a_record_has_exchange_s_message_identifier_category_and_exception(meta: Any) -> None:
    assert read(record(EXCEPTION), meta) == ERROR


def test_details_are_meant_for_people_and_come_first(meta: Any) -> None:
    details = '<S N="ErrorDetails_Message">Say it plainly.</S>'
    assert read(record(EXCEPTION, details), meta).message == "Say it plainly."


def test_without_an_exception_the_record_s_own_text_is_the_message(meta: Any) -> None:
    assert read(record(), meta).message == "the record"


def test_a_category_that_nobody_knows_is_none(meta: Any) -> None:
    assert read(record(EXCEPTION, category=99), meta).category == ""


def test_text_instead_of_a_record_is_the_message() -> None:
    assert read_error("something went wrong") == RemoteError("something went wrong")
