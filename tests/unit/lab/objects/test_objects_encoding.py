# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of a value crosses the wire: PowerShell's serializer at the depth of remoting."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from exchange_lab.objects import DotNetEnum, DotNetList, DotNetMap, DotNetObject, Long, Noted, Profile, Value, local
from exchange_lab.objects.encoding import REMOTING_DEPTH

from .conftest import Document, Fact

PLAIN = Profile("plain")
ENUM = DotNetEnum("Lab.Services", "IIS, SMTP", 24)
ENUM_TYPES = ("Lab.Services", "System.Enum", "System.ValueType", "System.Object")
ID = DotNetObject(("Lab.Id", "System.Object"), "the id", {"Name": "id", "Kind": ENUM})


def holder(**properties: Value) -> DotNetObject:
    return DotNetObject(("Lab.Holder", "System.Object"), "holder", properties)


def bag(**notes: Value) -> DotNetObject:
    return DotNetObject(("Lab.Bag", "System.Object"), notes=notes)


def written(value: Value, profile: Profile = PLAIN) -> dict[str, Fact]:
    return Document.written([value], profile, REMOTING_DEPTH).facts()


@pytest.mark.fact("wire 2.5", "wire 2.10", "wire 2.11")
def test_what_lies_deeper_than_a_property_is_text() -> None:
    assert written(holder(Kind=ENUM, Id=ID, Port=25, Nothing=None)) == {
        "": Fact(("Lab.Holder", "System.Object"), "holder"),
        "/Kind": Fact("S", "IIS, SMTP"),
        "/Id": Fact("S", "the id"),
        "/Port": Fact("I32", "25"),
        "/Nothing": Fact("Nil"),
    }


@pytest.mark.fact("wire 2.7", "wire 2.10")
def test_note_properties_keep_the_depth_of_their_object() -> None:
    assert written(bag(Kind=ENUM, Id=ID)) == {
        "": Fact(("Lab.Bag", "System.Object")),
        "/Kind": Fact(ENUM_TYPES, "IIS, SMTP", "24"),
        "/Id": Fact(("Lab.Id", "System.Object"), "the id"),
        "/Id/Name": Fact("S", "id"),
        "/Id/Kind": Fact("S", "IIS, SMTP"),
    }


@pytest.mark.fact("wire 2.6", "wire 2.10")
def test_lists_are_written_at_any_depth_with_their_own_for_the_items() -> None:
    names = DotNetList(("Lab.List", "System.Object"), ("a", ENUM, ID))
    assert written(holder(Names=names)) == {
        "": Fact(("Lab.Holder", "System.Object"), "holder"),
        "/Names": Fact(("Lab.List", "System.Object")),
        "/Names[0]": Fact("S", "a"),
        "/Names[1]": Fact("S", "IIS, SMTP"),
        "/Names[2]": Fact("S", "the id"),
    }
    assert written(bag(Names=names))["/Names[1]"] == Fact(ENUM_TYPES, "IIS, SMTP", "24")


def test_an_empty_list_is_not_a_null() -> None:
    assert written(holder(Names=DotNetList(("Lab.List",), ())))["/Names"] == Fact(("Lab.List",))


@pytest.mark.fact("wire 2.12")
def test_a_type_table_can_go_deeper() -> None:
    shown = written(holder(Id=ID), Profile("deep", {"Lab.Id": 1}))
    assert shown["/Id"] == Fact(("Lab.Id", "System.Object"), "the id")
    assert shown["/Id/Kind"] == Fact("S", "IIS, SMTP")


@pytest.mark.fact("wire 2.12")
def test_a_type_table_can_name_what_is_written() -> None:
    value = DotNetObject(
        ("Lab.Certificate",), "text", {"RawData": b"\x01", "Services": ENUM}, serialized_as=("RawData",)
    )
    assert written(value) == {"": Fact(("Lab.Certificate",), "text"), "/RawData": Fact("BA", "AQ==")}


def test_what_occurs_twice_is_the_same_object() -> None:
    document = Document.written([bag(Identity=ID, Id=ID)], PLAIN, REMOTING_DEPTH)
    assert [each.tag for each in document.objects[0].iter("Ref")] == ["Ref"]
    # An enum is a value: there is nothing to refer to.
    document = Document.written([bag(First=ENUM, Second=ENUM)], PLAIN, REMOTING_DEPTH)
    assert list(document.objects[0].iter("Ref")) == []


@pytest.mark.fact("wire 2.11")
@pytest.mark.parametrize(
    ("value", "fact"),
    [
        (True, Fact("B", "true")),
        (2**31 - 1, Fact("I32", "2147483647")),
        (Long(5), Fact("I64", "5")),
        (0.5, Fact("Db", "0.5")),
        ("a & b", Fact("S", "a & b")),
        (datetime(2026, 3, 2, 2, 15, tzinfo=UTC), Fact("DT", "2026-03-02T02:15:00Z")),
        # A local time never ends in Z, also where it equals UTC.
        (local(datetime(2026, 3, 2, 2, 15, tzinfo=UTC)), Fact("DT", "2026-03-02T02:15:00+00:00")),
        (DotNetEnum("Lab.Level", "None", 0), Fact(("Lab.Level", *ENUM_TYPES[1:]), "None", "0")),
    ],
)
def test_values(value: Value, fact: Fact) -> None:
    assert written(bag(Value=value))["/Value"] == fact


def test_line_ends_survive_in_texts_of_objects() -> None:
    assert written(DotNetObject(("Lab.Text",), "one\r\ntwo"))[""].text == "one\r\ntwo"


def test_a_line_carries_its_notes() -> None:
    document = Document.written([Noted("line", {"ReadCount": Long(1)})], PLAIN, REMOTING_DEPTH)
    (line,) = document.objects
    assert (line.findtext("S"), line.findtext("MS/I64")) == ("line", "1")


def test_a_dictionary_tells_its_keys() -> None:
    (written_,) = Document.written([DotNetMap(("Lab.Map",), {"Name": ID})], PLAIN, 0).objects
    assert [each.text for each in written_.iter("S")] == ["Name", "the id"]
