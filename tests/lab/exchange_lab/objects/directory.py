# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Directory objects: their names in Active Directory, and the properties that all of them end in."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ..world import ReceiveConnector, SendConnector, Server, World
from .data_types import DATA, data_enum, multi_valued_text, object_version
from .times import local_or_null
from .values import DotNetObject, Value

ADMINISTRATIVE_GROUP = "Exchange Administrative Group (FYDIBOHF23SPDLT)"
ROUTING_GROUP = "Exchange Routing Group (DWBGZMFD01QNBJR)"
CONFIGURABLE = (f"{DATA}ConfigurableObject", "System.Object")
DIRECTORY_OBJECT = (f"{DATA}Directory.ADObject", f"{DATA}Directory.ADRawEntry", *CONFIGURABLE)

NO_GUID = uuid.UUID(int=0)
"""What Exchange shows for the Guid of an object that it knows by name alone, as a connector its source servers."""


@dataclass(frozen=True)
class Directory:
    """The organisation's part of the forest; ``domain`` is the forest's root domain.

    The directory of an Edge (AD LDS) has the same tree under a partition of its own, named by ``partition``.
    """

    organisation: str
    domain: str
    partition: str | None = None

    @classmethod
    def of(cls, world: World, reader: Server | None = None) -> Directory:
        """The directory as a server reads it, by default one inside the organisation."""
        inside = cls(world.organisation, world.domain)
        if reader is None or reader.role == "mailbox":
            return inside
        partition = str(inside._guid(f"directory {reader.fqdn}")).upper()
        return cls("First Organization", world.domain, f"CN={{{partition}}}")

    @property
    def configuration(self) -> str:
        components = self.partition or ",".join(f"DC={part}" for part in self.domain.split("."))
        return f"CN=Configuration,{components}"

    @property
    def administrative_group(self) -> str:
        return (
            f"CN={ADMINISTRATIVE_GROUP},CN=Administrative Groups,CN={self.organisation},"
            f"CN=Microsoft Exchange,CN=Services,{self.configuration}"
        )

    @property
    def routing_group(self) -> str:
        return f"CN={ROUTING_GROUP},CN=Routing Groups,{self.administrative_group}"

    def server_name(self, server: Server) -> str:
        """The distinguished name of a server's object."""
        return f"CN={server.name},CN=Servers,{self.administrative_group}"

    def connector_name(self, connector: SendConnector) -> str:
        """The distinguished name of a Send connector."""
        return f"CN={_escaped(connector.name)},CN=Connections,{self.routing_group}"

    def id_of(
        self, distinguished_name: str, *, text: str | None = None, parent: str | None = None, guid: uuid.UUID = NO_GUID
    ) -> DotNetObject:
        """An ADObjectId; ``text`` is what the object is called, by default its last name."""
        rdn, above, *__ = _parts(distinguished_name)
        name = re.sub(r"\\(.)", r"\1", rdn.partition("=")[2])
        properties: dict[str, Value] = {
            "OrgHierarchyToIgnore": None,
            "IsDeleted": False,
            "Rdn": rdn,
            "Parent": parent or above.partition("=")[2],
            "Depth": _depth(distinguished_name),
            "DistinguishedName": distinguished_name,
            "IsRelativeDn": False,
            "DomainId": self.domain,
            "PartitionGuid": NO_GUID if guid == NO_GUID else self._guid("partition"),
            "PartitionFQDN": self.domain,
            "ObjectGuid": guid,
            "Name": name,
        }
        type_names = (f"{DATA}Directory.ADObjectId", f"{DATA}ObjectId", "System.Object")
        return DotNetObject(type_names, name if text is None else text, properties)

    def server_id(self, server: Server) -> DotNetObject:
        return self.id_of(self.server_name(server), guid=self.server_guid(server))

    def server_guid(self, server: Server) -> uuid.UUID:
        return self._guid(server.fqdn)

    def named_server_id(self, server: Server) -> DotNetObject:
        """A server as another object refers to it: by its name alone."""
        return self.id_of(self.server_name(server))

    def message_transfer_agent_id(self, server: Server) -> DotNetObject:
        """HomeMTA of what a server owns, a relic of Exchange 2003."""
        return self.id_of(f"CN=Microsoft MTA,{self.server_name(server)}", guid=self._guid(f"MTA {server.fqdn}"))

    def connector_id(self, connector: SendConnector) -> DotNetObject:
        return self.id_of(self.connector_name(connector), guid=uuid.UUID(connector.guid))

    def receive_connector_name(self, server: Server, connector: ReceiveConnector) -> str:
        """The distinguished name of a Receive connector, which stands below its server's."""
        above = f"CN=SMTP Receive Connectors,CN=Protocols,{self.server_name(server)}"
        return f"CN={_escaped(connector.name)},{above}"

    def receive_connector_guid(self, server: Server, connector: ReceiveConnector) -> uuid.UUID:
        return self._guid(rf"{server.fqdn}\{connector.name}")

    def receive_connector_id(self, server: Server, connector: ReceiveConnector) -> DotNetObject:
        return self.id_of(
            self.receive_connector_name(server, connector),
            text=rf"{server.name}\{connector.name}",
            guid=self.receive_connector_guid(server, connector),
        )

    def site_id(self, site: str) -> DotNetObject:
        parent = f"{self.domain}/Configuration/Sites"
        name = f"CN={site},CN=Sites,{self.configuration}"
        return self.id_of(name, text=f"{parent}/{site}", parent=parent, guid=self._guid(f"site {site}"))

    def _class_id(self, name: str) -> DotNetObject:
        parent = f"{self.domain}/Configuration/Schema"
        distinguished_name = f"CN={name},CN=Schema,{self.configuration}"
        return self.id_of(distinguished_name, text=f"{parent}/{name}", parent=parent, guid=self._guid(f"class {name}"))

    def _guid(self, what: str) -> uuid.UUID:
        return uuid.uuid5(uuid.NAMESPACE_DNS, f"{what}.{self.domain}")

    def common_properties(
        self,
        identity: DotNetObject,
        *,
        category: str,
        object_class: tuple[str, ...],
        created: datetime | None,
        changed: datetime | None,
        domain_controller: str | None,
    ) -> Mapping[str, Value]:
        """What every object of the directory tells: ``domain_controller`` is the one that answered.

        ``category`` and ``object_class`` are the names of its classes in the schema, ``object_class`` the most
        general one first. The order is that of a Send connector; other classes order them differently.
        """
        return {
            "AdminDisplayName": "",
            "ExchangeVersion": object_version(),
            "Name": identity.properties["Name"],
            "DistinguishedName": identity.properties["DistinguishedName"],
            "Identity": identity,
            "Guid": identity.properties["ObjectGuid"],
            "ObjectCategory": self._class_id(category),
            "ObjectClass": multi_valued_text(object_class),
            "WhenChanged": local_or_null(changed),
            "WhenCreated": local_or_null(created),
            "WhenChangedUTC": changed,
            "WhenCreatedUTC": created,
            "OrganizationId": _organization_id(),
            "Id": identity,
            "OriginatingServer": domain_controller or "",
            "IsValid": True,
            "ObjectState": object_state("Unchanged"),
        }


def installed(server: Server) -> datetime | None:
    """When a server's object was made: setup also makes its first certificate."""
    return server.installation.created or min((each.not_before for each in server.store), default=None)


def last_changed(server: Server) -> datetime | None:
    return server.installation.changed or installed(server)


def object_state(text: str) -> Value:
    return data_enum("ObjectState", text, ("New", "Unchanged", "Changed", "Deleted").index(text))


def _depth(distinguished_name: str) -> int:
    """How many names stand above the object; the domain is one."""
    return sum(not part.startswith("DC=") for part in _parts(distinguished_name)) + 1


def _parts(distinguished_name: str) -> list[str]:
    return re.split(r"(?<!\\),", distinguished_name)


def _escaped(name: str) -> str:
    return re.sub(r'([,\\#+<>;"=])', r"\\\1", name)


def _organization_id() -> DotNetObject:
    """That of an organisation of its own, with no other one on the same servers."""
    properties: dict[str, Value] = {
        "OrganizationalUnit": None,
        "ConfigurationUnit": None,
        "IsConsumerOrganization": False,
        "IdForEventLog": "",
    }
    return DotNetObject((f"{DATA}Directory.OrganizationId", "System.Object"), "", properties)
