# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Get-SendConnector and Set-SendConnector."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from fnmatch import fnmatchcase
from typing import Any

from ..objects import Directory, Value, send_connector_object
from ..objects.send_connector import AUTH_MECHANISMS, LOGGING_LEVELS, TLS_AUTH_LEVELS
from ..powershell import Command, Invocation, not_simulated, should_process
from ..powershell.parameters import (
    BOOLEAN,
    INT32,
    OBJECTS,
    SHOULD_PROCESS,
    STRING,
    SWITCH,
    Parameter,
    ParameterType,
    enum_type,
    list_type,
    nullable,
    text_type,
)
from ..world import SendConnector, StandaloneDirectory
from .connector_rules import (
    TLS_CERTIFICATE_NAME,
    refuse_contradictions,
    refuse_on_edge,
    refuse_without_smtp,
    wait_for_edge,
)
from .failures import object_ambiguous, object_not_found
from .identity import DOMAIN_CONTROLLER, domain_controller_of, servers_named
from .rbac import Granted

_TASKS = "Microsoft.Exchange.Management.SystemConfigurationTasks."
_DATA = "Microsoft.Exchange.Data."
_IDENTITY = text_type("Microsoft.Exchange.Configuration.Tasks.SendConnectorIdParameter")


def _get_send_connector(invocation: Invocation) -> Iterable[Value]:
    world, identity = invocation.world, invocation.arguments.get("Identity")
    with world.lock:
        controller = domain_controller_of(invocation)
        found = _held(invocation, controller)
        if identity is not None:
            found = [each for each in found if _is_named(invocation, each, identity)]
            if not found:
                raise object_not_found(invocation, identity, controller)
        return [send_connector_object(world, each, controller, invocation.server) for each in found]


def _held(invocation: Invocation, controller: str) -> list[SendConnector]:
    """The connectors in the directory that the cmdlet reads."""
    world, server, now = invocation.world, invocation.server, invocation.world.clock.now()
    return world.connectors.view(controller, now) if server.edge_directory is None else server.edge_directory.view(now)


def _is_named(invocation: Invocation, connector: SendConnector, identity: str) -> bool:
    wanted = identity.casefold()
    distinguished_name = Directory.of(invocation.world, invocation.server).connector_name(connector)
    names = (connector.guid, "{" + connector.guid + "}", distinguished_name.casefold())
    return wanted in names or fnmatchcase(connector.name.casefold(), wanted)


def _set_send_connector(invocation: Invocation) -> Iterable[Value]:
    world = invocation.world
    with world.lock:
        controller = domain_controller_of(invocation)
        refuse_on_edge(invocation)
        before = _connector_meant(invocation, controller)
        after = replace(before, **_wishes(invocation))
        refuse_contradictions(invocation, after)
    if not should_process(invocation, f'Setting Send connector "{before.name}".'):
        return ()
    wait_for_edge(invocation, after)
    with world.lock:
        refuse_without_smtp(invocation, after)
        changes = {
            name: getattr(after, name)
            for name in (each.name for each in fields(SendConnector))
            if getattr(after, name) != getattr(before, name)
        }
        if changes:
            for server in world.servers.values():
                if server.transport is not None:
                    server.transport.catch_up()
            _write(invocation, before.guid, changes, controller)
    if not changes:
        invocation.warning(f"The command completed successfully but no settings of '{before.name}' have been modified.")
    return ()


def _write(invocation: Invocation, guid: str, changes: dict[str, Any], controller: str) -> None:
    directory, now = invocation.server.edge_directory, invocation.world.clock.now()
    if isinstance(directory, StandaloneDirectory):
        directory.set(guid, changes, now)
    else:
        invocation.world.connectors.set(guid, changes, controller, now)


def _connector_meant(invocation: Invocation, controller: str) -> SendConnector:
    identity = invocation.arguments.get("Identity")
    found = [each for each in _held(invocation, controller) if _is_named(invocation, each, identity)]
    if not found:
        raise object_not_found(invocation, identity, controller)
    if len(found) > 1:
        raise object_ambiguous(invocation, identity)
    return found[0]


def _enum(type_name: str, members: Iterable[str]) -> ParameterType:
    return enum_type(_DATA + type_name, {each: each for each in members})


def _wishes(invocation: Invocation) -> dict[str, Any]:
    """What the connector's properties are to be, by the names of the dataclass."""
    arguments = invocation.arguments
    wishes = {field: arguments.get(name) for name, field, __ in _PROPERTIES if arguments.given(name)}
    if arguments.given("SourceTransportServers"):
        wishes["source_servers"] = tuple(_server(invocation, each) for each in arguments.get("SourceTransportServers"))
        if not wishes["source_servers"]:
            raise not_simulated("a Send connector without source servers")
    return wishes


def _server(invocation: Invocation, identity: str) -> str:
    found = servers_named(invocation, identity)
    if len(found) != 1:
        raise object_not_found(invocation, identity, domain_controller_of(invocation))
    return found[0].fqdn


_PROPERTIES: tuple[tuple[str, str, ParameterType], ...] = (
    ("CloudServicesMailEnabled", "cloud_services_mail_enabled", BOOLEAN),
    ("Comment", "comment", STRING),
    ("DomainSecureEnabled", "domain_secure_enabled", BOOLEAN),
    ("Enabled", "enabled", BOOLEAN),
    ("Fqdn", "fqdn", nullable(text_type(f"{_DATA}Fqdn"))),
    ("FrontendProxyEnabled", "frontend_proxy_enabled", BOOLEAN),
    ("IgnoreSTARTTLS", "ignore_starttls", BOOLEAN),
    ("Name", "name", STRING),
    ("Port", "port", INT32),
    ("ProtocolLoggingLevel", "protocol_logging_level", _enum("ProtocolLoggingLevel", LOGGING_LEVELS)),
    ("RequireTLS", "require_tls", BOOLEAN),
    (
        "SmartHostAuthMechanism",
        "smart_host_auth_mechanism",
        _enum("Directory.SystemConfiguration.SmtpSendConnectorConfig+AuthMechanisms", AUTH_MECHANISMS),
    ),
    ("TlsAuthLevel", "tls_auth_level", nullable(_enum("TlsAuthLevel", TLS_AUTH_LEVELS))),
    ("TlsCertificateName", "tls_certificate_name", nullable(TLS_CERTIFICATE_NAME)),
    ("TlsDomain", "tls_domain", nullable(text_type(f"{_DATA}SmtpDomainWithSubdomains"))),
)
_NOT_SIMULATED = (
    "AddressSpaces",
    "AuthenticationCredential",
    "ConnectionInactivityTimeOut",
    "DNSRoutingEnabled",
    "ErrorPolicies",
    "ForceHELO",
    "IsScopedConnector",
    "MaxMessageSize",
    "RequireOorg",
    "SmartHosts",
    "SmtpMaxMessagesPerConnection",
    "SourceIPAddress",
    "UseExternalDNSServersEnabled",
)

GET_SEND_CONNECTOR = Granted.to(
    Command(
        "Get-SendConnector",
        f"{_TASKS}GetSendConnector",
        (Parameter("Identity", _IDENTITY, position=0), DOMAIN_CONTROLLER),
        _get_send_connector,
        is_function=True,
    ),
    "Send Connectors",
    "View-Only Configuration",
)
SET_SEND_CONNECTOR = Granted.to(
    Command(
        "Set-SendConnector",
        f"{_TASKS}SetSendConnector",
        (
            Parameter("Identity", _IDENTITY, position=0, mandatory=True),
            *(Parameter(name, type_) for name, __, type_ in _PROPERTIES),
            *(Parameter(name, OBJECTS, simulated=False) for name in _NOT_SIMULATED),
            Parameter("SourceTransportServers", list_type(f"{_DATA}MultiValuedProperty`1")),
            Parameter("Force", SWITCH),
            DOMAIN_CONTROLLER,
            *SHOULD_PROCESS,
        ),
        _set_send_connector,
        is_function=True,
    ),
    "Send Connectors",
)
