# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Properties of Exchange's objects: null is "not set", missing is "unknown"."""

from __future__ import annotations

from enum import Enum

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.fields import Fields, Unreadable, text_of
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import RemoteObject, WireValue


class Level(Enum):
    NONE = "None"
    VERBOSE = "Verbose"


def fields(**properties: WireValue) -> Fields:
    return Fields(RemoteObject(properties=properties), "the Send connector")


READERS = ["value", "optional_text", "text", "flag", "number", "moment", "guid", "texts"]


@pytest.mark.parametrize("reader", READERS)
def test_a_property_that_was_not_sent_is_never_guessed(reader: str) -> None:
    with pytest.raises(Unreadable, match=r"^the Send connector came without its property RequireTLS, so it is unknown"):
        getattr(fields(Name="a"), reader)("RequireTLS")


@pytest.mark.parametrize("reader", ["text", "flag", "number", "guid"])
def test_null_is_no_value_where_one_is_needed(reader: str) -> None:
    with pytest.raises(Unreadable, match='says "nothing" as its RequireTLS'):
        getattr(fields(RequireTLS=None), reader)("RequireTLS")


def test_null_and_empty_text_mean_not_set() -> None:
    assert fields(Fqdn=None).optional_text("Fqdn") is None
    assert fields(Fqdn="").optional_text("Fqdn") is None
    assert fields(Fqdn=None).moment("Fqdn") is None
    assert fields(SmartHosts=None).texts("SmartHosts") == ()


def test_names_of_properties_have_no_case() -> None:
    assert fields(requiretls=True).flag("RequireTLS") is True


@pytest.mark.parametrize(("value", "flag"), [(True, True), (False, False), ("True", True), ("false", False)])
def test_reads_booleans_and_their_text(value: WireValue, flag: bool) -> None:
    assert fields(Enabled=value).flag("Enabled") is flag


@pytest.mark.parametrize("value", ["", "yes", 1, RemoteObject(text="maybe")])
def test_refuses_what_is_no_boolean(value: WireValue) -> None:
    with pytest.raises(Unreadable, match="as its Enabled, which has no meaning here"):
        fields(Enabled=value).flag("Enabled")


@pytest.mark.parametrize("value", [25, "25", RemoteObject(text="25")])
def test_reads_numbers(value: WireValue) -> None:
    assert fields(MessageCount=value).number("MessageCount") == 25


@pytest.mark.parametrize("value", [True, "-1", "many", "²"])
def test_refuses_what_is_no_number(value: WireValue) -> None:
    with pytest.raises(Unreadable):
        fields(MessageCount=value).number("MessageCount")


@pytest.mark.parametrize("value", ["0292c782-9804-4d8b-ae0e-e1c7ab90852b", "{0292C782-9804-4D8B-AE0E-E1C7AB90852B}"])
def test_guids_have_one_spelling(value: str) -> None:
    assert fields(Guid=value).guid("Guid") == "0292c782-9804-4d8b-ae0e-e1c7ab90852b"


@pytest.mark.fact("wire 2.6")
def test_lists_hold_text_whatever_their_items_are() -> None:
    hosts = RemoteObject(items=("a.example", RemoteObject(text="b.example"), None))
    assert fields(SmartHosts=hosts).texts("SmartHosts") == ("a.example", "b.example")
    assert fields(SmartHosts=RemoteObject(items=(" a.example ", " ", ""))).texts("SmartHosts") == ("a.example",)
    assert fields(SmartHosts=RemoteObject()).texts("SmartHosts") == ()
    assert fields(SmartHosts="a.example").texts("SmartHosts") == ("a.example",)


def test_refuses_a_list_with_an_item_that_has_no_text() -> None:
    with pytest.raises(Unreadable):
        fields(SmartHosts=RemoteObject(items=(RemoteObject(),))).texts("SmartHosts")


def test_an_enum_without_text_is_its_number() -> None:
    assert text_of(RemoteObject(number=1)) == "1"
    assert text_of(RemoteObject(number=1, text="Verbose")) == "Verbose"
    assert text_of(None) is None


@pytest.mark.parametrize("value", [b"\x01", RemoteObject(), RemoteObject(items=("a",))])
def test_what_has_no_text_is_not_taken_for_not_set(value: WireValue) -> None:
    with pytest.raises(Unreadable, match='says "nothing" as its Fqdn'):
        fields(Fqdn=value).optional_text("Fqdn")


@pytest.mark.parametrize("value", ["Verbose", "verbose", RemoteObject(number=1, text="Verbose")])
def test_reads_members_of_an_enum_by_exchanges_word(value: WireValue) -> None:
    assert fields(ProtocolLoggingLevel=value).member("ProtocolLoggingLevel", Level) is Level.VERBOSE


@pytest.mark.fact("wire 2.14")
def test_the_word_none_is_not_null() -> None:
    assert fields(ProtocolLoggingLevel="None").member("ProtocolLoggingLevel", Level) is Level.NONE
    with pytest.raises(Unreadable):
        fields(ProtocolLoggingLevel=None).member("ProtocolLoggingLevel", Level)


def test_an_unknown_member_is_refused_with_its_word() -> None:
    with pytest.raises(Unreadable, match='says "Chatty" as its ProtocolLoggingLevel'):
        fields(ProtocolLoggingLevel="Chatty").member("ProtocolLoggingLevel", Level)


def test_messages_are_one_sentence_of_at_most_300_characters() -> None:
    with pytest.raises(Unreadable) as caught:
        fields(Guid="x" * 5000).guid("Guid")
    assert len(str(caught.value)) <= 300
