# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding what a parameter names: servers and domain controllers, in what the session's server has of a directory."""

from __future__ import annotations

from fnmatch import fnmatchcase

from ..objects import Directory
from ..powershell import CommandError, Invocation
from ..powershell.parameters import Parameter, text_type
from ..world import Server
from .failures import (
    failed,
    server_not_found,
    service_host_broken,
    service_host_stopped,
    service_host_unreachable,
)

SERVER_ID = text_type("Microsoft.Exchange.Configuration.Tasks.ServerIdParameter")
LOCAL_DIRECTORY = "localhost"
"""What an Edge calls its own directory (AD LDS). Not recorded; the directory listens to the local machine alone."""
DOMAIN_CONTROLLER = Parameter("DomainController", text_type("Microsoft.Exchange.Data.Fqdn"))


def domain_controller_of(invocation: Invocation) -> str:
    """The FQDN of the domain controller that a cmdlet reads and writes: -DomainController, else the server's own.

    An Edge has none, and its cmdlets no -DomainController.
    """
    if invocation.server.role == "edge":
        return LOCAL_DIRECTORY
    wanted = invocation.arguments.get("DomainController")
    controllers = invocation.world.domain_controllers
    if wanted is None:
        return invocation.server.domain_controller or next(iter(controllers))
    for fqdn in controllers:
        if wanted.casefold() in (fqdn.casefold(), fqdn.partition(".")[0].casefold()):
            return fqdn
    raise _domain_controller_not_found(invocation, wanted)


def known_servers(invocation: Invocation) -> list[Server]:
    """The servers in the directory: Active Directory has the subscribed Edges, an Edge the Mailbox servers of its site.

    Documentation page "Edge Subscriptions in Exchange Server".
    """
    own = invocation.server
    servers = invocation.world.servers.values()
    if own.role == "mailbox":
        return [each for each in servers if each.role == "mailbox" or each.subscribed_to is not None]
    return [
        each for each in servers if each is own or (own.subscribed_to is not None and each.site == own.subscribed_to)
    ]


def server_called(invocation: Invocation, name: str) -> Server | None:
    """The server with this FQDN or NetBIOS name, if the directory has it."""
    return next((each for each in known_servers(invocation) if each.answers_to(name)), None)


def servers_named(invocation: Invocation, identity: str) -> list[Server]:
    """The servers that an identity means: name, FQDN, distinguished name or Guid, or a name with wildcards."""
    directory = Directory.of(invocation.world, invocation.server)
    wanted = identity.casefold()
    return [
        server
        for server in known_servers(invocation)
        if wanted
        in (
            server.fqdn.casefold(),
            directory.server_name(server).casefold(),
            str(directory.server_guid(server)),
        )
        or fnmatchcase(server.name.casefold(), wanted)
    ]


def server_meant(invocation: Invocation, parameter: str = "Server") -> Server:
    """The server that a cmdlet has to talk to: the one named, else the session's own."""
    name = invocation.arguments.get(parameter)
    if name is None:
        return invocation.server
    found = servers_named(invocation, name)
    if len(found) != 1:
        raise server_not_found(invocation, name)
    return found[0]


def is_reachable(invocation: Invocation, server: Server) -> bool:
    """Whether the session's server gets through to another one by RPC. No RPC crosses the border to an Edge."""
    return server is invocation.server or (server.reachable and server.role == invocation.server.role)


def service_host_of(invocation: Invocation, server: Server) -> None:
    """Raise unless the server's Service Host answers as it should."""
    if not is_reachable(invocation, server):
        raise service_host_unreachable(invocation, server)
    if server.service_host == "stopped":
        raise service_host_stopped(invocation, server)
    if server.service_host == "failing":
        raise service_host_broken(invocation, server)


def _domain_controller_not_found(invocation: Invocation, name: str) -> CommandError:
    return failed(
        invocation,
        f"Unable to find '{name}' computer information in domain controller "
        f"'{invocation.server.domain_controller}' to perform the suitability check. Verify the fully qualified domain "
        "name of the computer.",
        "ResourceUnavailable",
        "Microsoft.Exchange.Data.Directory.SuitabilityDirectoryException",
    )
