# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects as servers write them. The shapes are those of recorded Exchange objects and of PowerShell's serializer."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import ParseError

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import RemoteObject
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.clixml import make_reader
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.values import from_wire
from pypsrp.serializer import Serializer

SERVICES = """
<Obj RefId="0"><TN RefId="0">
    <T>Selected.Microsoft.Exchange.Management.SystemConfigurationTasks.ExchangeCertificate</T>
    <T>System.Management.Automation.PSCustomObject</T><T>System.Object</T></TN>
  <MS><S N="Thumbprint">823884AA</S>
    <Obj N="Services" RefId="1"><TN RefId="1">
        <T>Deserialized.Microsoft.Exchange.Management.SystemConfigurationTasks.AllowedServices</T>
        <T>Deserialized.System.Enum</T><T>Deserialized.System.ValueType</T><T>Deserialized.System.Object</T></TN>
      <ToString>IIS, SMTP</ToString><I32>24</I32></Obj></MS></Obj>
"""

CONNECTOR = """
<Obj RefId="0"><TN RefId="0"><T>Microsoft.Exchange.Data.SmtpSendConnectorConfig</T><T>System.Object</T></TN>
  <ToString>Mail to O365</ToString>
  <Props>
    <Nil N="TlsAuthLevel"/><S N="Comment"></S><B N="Enabled">true</B><I32 N="Port">25</I32>
    <DT N="WhenChanged">2022-03-23T18:00:30+01:00</DT><G N="Guid">0292c782-9804-4d8b-ae0e-e1c7ab90852b</G>
    <TS N="TimeOut">PT10M</TS><Version N="Version">15.2.986.5</Version><BA N="RawData">AAH/</BA><BA N="Nothing"/>
    <S N="Text">a_x000D__x000A_b_xD834__xDD1E_</S>
    <Obj N="SourceTransportServers" RefId="1"><TN RefId="1">
        <T>Microsoft.Exchange.Data.MultiValuedProperty`1[[Microsoft.Exchange.Data.Directory.ADObjectId, X]]</T>
        <T>Microsoft.Exchange.Data.MultiValuedPropertyBase</T><T>System.Object</T></TN>
      <LST>
        <Obj RefId="2"><TN RefId="2"><T>Microsoft.Exchange.Data.Directory.ADObjectId</T><T>System.Object</T></TN>
          <ToString>MBX01</ToString><Props><S N="Name">MBX01</S></Props></Obj>
        <Obj RefId="3"><TNRef RefId="2"/><ToString>MBX02</ToString></Obj>
      </LST></Obj>
    <Obj N="SmartHosts" RefId="4"><TNRef RefId="1"/><LST/></Obj>
    <Obj N="Identity" RefId="5"><TNRef RefId="2"/><ToString>Mail to O365</ToString></Obj>
    <Ref N="Id" RefId="5"/>
  </Props>
  <MS><S N="Comment">note</S></MS></Obj>
"""


def read(text: str) -> Any:
    return from_wire(make_reader().deserialize(text))


@pytest.fixture
def connector() -> RemoteObject:
    value = read(CONNECTOR)
    assert isinstance(value, RemoteObject)
    return value


def test_a_selected_object_has_its_enum_as_number_and_text() -> None:
    selected = read(SERVICES)
    assert selected.type_names[0].startswith("Selected.Microsoft.Exchange")
    assert selected.text is None
    assert selected.get("Thumbprint") == "823884AA"
    services = selected.get("services")
    assert (services.number, services.text) == (24, "IIS, SMTP")
    assert services.type_names == (
        "Microsoft.Exchange.Management.SystemConfigurationTasks.AllowedServices",
        "System.Enum",
        "System.ValueType",
        "System.Object",
    )


def test_a_list_of_a_type_that_only_exchange_knows_keeps_its_items(connector: RemoteObject) -> None:
    servers = connector.get("SourceTransportServers")
    assert isinstance(servers, RemoteObject)
    assert [server.text for server in servers.items if isinstance(server, RemoteObject)] == ["MBX01", "MBX02"]
    empty = connector.get("SmartHosts")
    assert isinstance(empty, RemoteObject)
    assert empty.items == ()
    assert empty.type_names == servers.type_names


def test_pypsrp_alone_breaks_on_such_a_list() -> None:
    """The reason for a reader of our own; when this fails, pypsrp has learned it and ``clixml`` can go."""
    with pytest.raises(KeyError):
        Serializer().deserialize(CONNECTOR.replace('<BA N="Nothing"/>', ""))


def test_a_reference_is_the_object_that_it_refers_to(connector: RemoteObject) -> None:
    assert connector.get("Id") is connector.get("Identity")
    identity = connector.get("Identity")
    assert isinstance(identity, RemoteObject)
    assert identity.type_names == ("Microsoft.Exchange.Data.Directory.ADObjectId", "System.Object")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TlsAuthLevel", None),
        ("Enabled", True),
        ("Port", 25),
        ("WhenChanged", "2022-03-23T18:00:30+01:00"),
        ("Guid", "0292c782-9804-4d8b-ae0e-e1c7ab90852b"),
        ("TimeOut", "PT10M"),
        ("Version", "15.2.986.5"),
        ("RawData", b"\x00\x01\xff"),
        ("Nothing", b""),
        ("Text", "a\r\nb𝄞"),
        ("Comment", "note"),
    ],
)
def test_primitive_values_are_python_s_or_text(connector: RemoteObject, name: str, value: object) -> None:
    assert connector.get(name) == value


def test_null_is_sent_and_a_missing_property_is_unknown(connector: RemoteObject) -> None:
    assert connector.has("tlsauthlevel")
    assert not connector.has("TlsCertificateName")
    with pytest.raises(KeyError):
        connector.get("TlsCertificateName")


@pytest.mark.parametrize("types", ["", '<TN RefId="0"><T>System.String</T><T>System.Object</T></TN>'])
def test_a_line_of_a_file_keeps_its_text_beside_its_notes(types: str) -> None:
    line = read(f'<Obj RefId="0">{types}<S>a line</S><MS><S N="PSPath">C:\\log</S></MS></Obj>')
    assert (line.text, line.get("PSPath")) == ("a line", "C:\\log")


def test_a_dictionary_is_an_object_with_properties() -> None:
    table = read(
        '<Obj RefId="0"><TN RefId="0"><T>System.Collections.Hashtable</T><T>System.Object</T></TN><DCT>'
        '<En><S N="Key">Name</S><S N="Value">MBX01</S></En><En><I32 N="Key">2</I32><Nil N="Value"/></En></DCT></Obj>'
    )
    assert table.properties == {"Name": "MBX01", "2": None}


@pytest.mark.parametrize("tag", ["LST", "IE", "QUE", "STK"])
def test_every_kind_of_list_has_items(tag: str) -> None:
    assert read(f'<Obj RefId="0"><{tag}><I32>1</I32><Nil/></{tag}></Obj>').items == (1, None)


def test_an_empty_text_is_not_no_text() -> None:
    assert read('<Obj RefId="0"><ToString></ToString></Obj>').text == ""


def test_broken_xml_is_an_error_and_no_text() -> None:
    with pytest.raises(ParseError):
        read("<Obj")
