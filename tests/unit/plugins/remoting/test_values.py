# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values on their way out and in, held against psrpcore, which shares no code with pypsrp."""

from __future__ import annotations

from enum import Enum, IntEnum
from queue import Queue
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import psrpcore
import pytest
from ansible.parsing.dataloader import DataLoader
from ansible_collections.mailops.exchange.plugins.module_utils._plain import plain
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import SWITCH, RemoteObject, Value
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.clixml import make_reader
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.values import from_wire, to_wire
from hypothesis import given
from hypothesis import strategies as st
from psrpcore import types as powershell
from pypsrp.serializer import Serializer

LETTERS = st.characters(codec="utf-8", exclude_characters="\ufffe\uffff")
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.text(LETTERS)
    | st.text("_xX0D5F")  # what looks like an escape
    | st.binary(min_size=1),
    lambda children: (
        st.lists(children, max_size=4) | st.dictionaries(st.text(LETTERS, min_size=1), children, min_size=1, max_size=4)
    ),
    max_leaves=12,
)


def as_a_server_reads(value: Any) -> Any:
    """Serialize with pypsrp, as a session does, and read with psrpcore, as a server does."""
    element = Serializer().serialize(to_wire(value))
    return in_python(powershell.deserialize(element, psrpcore._crypto.PSRemotingCrypto()))


def in_python(value: Any) -> Any:
    if isinstance(value, powershell.PSListBase):
        return [in_python(item) for item in value]
    if isinstance(value, powershell.PSDictBase):
        return {str(key): in_python(item) for key, item in value.items()}
    if isinstance(value, powershell.PSByteArray):
        return bytes(value)
    if isinstance(value, powershell.PSString):
        return str(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    return value


def as_we_read(value: Any) -> Any:
    """Serialize with psrpcore, as the simulated server does, and read as a session does."""
    element = powershell.serialize(value, psrpcore._crypto.PSRemotingCrypto())
    return from_wire(make_reader().deserialize(element))


def items(value: Any) -> Any:
    if not isinstance(value, RemoteObject):
        return value
    if value.properties:
        return {name: items(item) for name, item in value.properties.items()}
    return [items(item) for item in value.items]


@given(VALUES)
def test_what_we_send_is_what_a_server_reads(value: Any) -> None:
    assert as_a_server_reads(value) == value


@given(VALUES)
def test_what_a_server_sends_is_what_we_read(value: Any) -> None:
    assert items(as_we_read(value)) == value


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (2**31 - 1, powershell.PSInt),
        (2**31, powershell.PSInt64),
        (-(2**31), powershell.PSInt),
        (-(2**63), powershell.PSInt64),
    ],
)
def test_an_integer_travels_in_the_smallest_type_that_holds_it(number: int, kind: type) -> None:
    sent = powershell.deserialize(Serializer().serialize(to_wire(number)), psrpcore._crypto.PSRemotingCrypto())
    assert sent.__class__ is kind
    assert sent == number


def test_a_switch_is_sent_as_true_because_null_would_mean_off() -> None:
    assert to_wire(SWITCH) is True


class Level(Enum):
    VERBOSE = "Verbose"


@pytest.mark.parametrize("value", [1.5, {"a": 1.5}, {"a"}, object(), Level.VERBOSE, ["fine", 1.5]])
def test_types_outside_the_list_are_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="has no form on the wire"):
        to_wire(value)


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, "\ud800", "\ufffe", ["\uffff"]])
def test_values_that_no_message_can_carry_are_refused(value: Value) -> None:
    with pytest.raises(ValueError, match=r"can carry|fit into"):
        to_wire(value)


def test_keys_are_text() -> None:
    with pytest.raises(TypeError, match="is no key of a hashtable"):
        to_wire({1: "a"})  # type: ignore[dict-item]


def test_a_mapping_is_a_hashtable() -> None:
    element = Serializer().serialize(to_wire([{"logname": "System", "id": 36870}]))
    (hashtable,) = element.findall(".//DCT/..")
    assert [each.text for each in hashtable.findall("TN/T")] == ["System.Collections.Hashtable", "System.Object"]


def test_a_tuple_is_a_list() -> None:
    assert to_wire(("a", ("b",))) == ["a", ["b"]]


class TaggedText(str):
    __slots__ = ()


class TaggedNumber(int):
    pass


class TaggedFloat(float):
    pass


class TaggedList(list[Any]):
    pass


class TaggedDict(dict[Any, Any]):
    pass


class Port(IntEnum):
    HTTP = 80


def test_plain_rebuilds_every_level_from_exact_types() -> None:
    tagged = TaggedDict({TaggedText("a"): TaggedList([TaggedNumber(1), TaggedFloat(1.5), True, None, TaggedText("")])})
    bare = plain(tagged)
    assert bare == {"a": [1, 1.5, True, None, ""]}
    found = [bare, *bare, *bare.values(), *bare["a"]]
    assert [type(value) for value in found] == [dict, str, list, int, float, bool, type(None), str]


def test_ansible_s_own_tags_are_taken_off() -> None:
    loaded = DataLoader().load("{text: a, number: 7, float: 1.5, list: [a, {b: c}]}")
    assert loaded.__class__ is not dict
    bare = plain(loaded)
    assert bare == {"text": "a", "number": 7, "float": 1.5, "list": ["a", {"b": "c"}]}
    found = [bare, *bare, *bare.values(), *bare["list"]]
    assert {type(value) for value in found} == {dict, str, int, float, list}


def test_tagged_parameters_are_sent_by_their_value() -> None:
    assert to_wire(TaggedText("a")).__class__ is str
    assert to_wire(TaggedNumber(7)).__class__ is int
    assert to_wire(Port.HTTP) == 80


def test_other_kinds_of_values_come_in_as_text_or_objects() -> None:
    queue: Queue[str] = Queue()
    queue.put("a")
    assert from_wire(UUID(int=1)) == "00000000-0000-0000-0000-000000000001"
    assert from_wire(queue) == RemoteObject(items=("a",))
    assert from_wire({"a": [1]}) == RemoteObject(properties={"a": RemoteObject(items=(1,))})


def test_what_is_no_value_is_refused() -> None:
    with pytest.raises(ValueError, match="SimpleNamespace"):
        from_wire(SimpleNamespace())


def test_an_object_that_contains_itself_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(ValueError, match="contains itself"):
        from_wire(endless)


def test_shared_references_do_not_blow_up() -> None:
    shared: list[Any] = ["leaf"]
    for __ in range(60):
        shared = [shared, shared]
    value = from_wire(shared)
    assert isinstance(value, RemoteObject)
    assert value.items[0] is value.items[1]
