# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Get-ExchangeCertificate and Enable-ExchangeCertificate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from ..objects import Value, certificate_object
from ..powershell import Command, Invocation, for_each_input, should_continue, should_process
from ..powershell.parameters import SHOULD_PROCESS, STRING, SWITCH, Parameter, flags_type, list_type, text_type
from ..world import Server, Services
from . import service_host
from .failures import server_not_found, service_host_failed
from .identity import DOMAIN_CONTROLLER, SERVER_ID, domain_controller_of, server_called, server_meant, service_host_of
from .rbac import EVERYTHING, Granted
from .service_host import Key, Request, ServiceHostError

_TASKS = "Microsoft.Exchange.Management.SystemConfigurationTasks."
_IDENTITY = text_type(f"{_TASKS}ExchangeCertificateIdParameter")
_SERVICES = {
    "IMAP": Services.IMAP,
    "POP": Services.POP,
    "UM": Services.UM,
    "IIS": Services.IIS,
    "SMTP": Services.SMTP,
    "Federation": Services.FEDERATION,
    "UMCallRouter": Services.UM_CALL_ROUTER,
}
_ALLOWED_SERVICES = flags_type(f"{_TASKS}AllowedServices", _SERVICES, Services(0))


def _certificates(invocation: Invocation) -> Iterable[Value]:
    world = invocation.world
    with world.lock:
        server, thumbprint = _target(invocation)
        try:
            found = (
                service_host.listed_certificates(server)
                if thumbprint is None
                else [service_host.find_certificate(server, thumbprint, "NotSpecified")]
            )
        except ServiceHostError as error:
            raise service_host_failed(invocation, server, error.told(world.readings), error.category) from error
        now = world.clock.now()
        return [certificate_object(server, each, now, world.readings) for each in found]


def _enable(invocation: Invocation) -> Iterable[Value]:
    arguments = invocation.arguments
    with invocation.world.lock:
        server, thumbprint = _target(invocation)
    if not should_process(invocation, f"Enable certificate with thumbprint {thumbprint}?"):
        return ()  # nothing was asked of the server: it may not even have the certificate
    forced: frozenset[Key] = frozenset({"IIS", "SMTP"}) if arguments.flag("Force") else frozenset()
    request = Request(
        thumbprint=thumbprint or "",
        services=arguments.get("Services"),
        do_not_require_ssl=arguments.flag("DoNotRequireSsl"),
        network_service_allowed=arguments.flag("NetworkServiceAllowed"),
        confirmed=forced,
    )
    questions = _ask_service_host(invocation, server, request)
    confirmed = frozenset(key for key, message in questions.items() if should_continue(invocation, key, message))
    if confirmed:
        # Only what was confirmed is asked again: the rest is done already.
        services = Services(0)
        for key in confirmed:
            services |= _SERVICES[key]
        _ask_service_host(invocation, server, replace(request, services=services, confirmed=confirmed))
    return ()


def _ask_service_host(invocation: Invocation, server: Server, request: Request) -> dict[Key, str]:
    """One RPC; returns the questions that have to be asked."""
    world = invocation.world
    with world.lock:
        try:
            answer = service_host.enable(server, request, world.clock.now(), world.readings)
        except ServiceHostError as error:
            raise service_host_failed(invocation, server, error.told(world.readings), error.category) from error
    for warning in answer.warnings:
        invocation.warning(warning)
    return answer.questions


def _target(invocation: Invocation) -> tuple[Server, str | None]:
    r"""The server to talk to and the thumbprint, from -Server and -Thumbprint or from -Identity ``SERVER\HEX``."""
    domain_controller_of(invocation)  # it only matters for the look-up of the server, but it has to exist
    arguments = invocation.arguments
    identity = arguments.get("Identity")
    if identity is None:
        server, thumbprint = server_meant(invocation), arguments.get("Thumbprint")
    else:
        name, separator, thumbprint = identity.rpartition("\\")
        server = invocation.server
        if separator:
            found = server_called(invocation, name)
            if found is None:
                raise server_not_found(invocation, name)
            server = found
    service_host_of(invocation, server)
    return server, thumbprint


GET_EXCHANGE_CERTIFICATE = Granted.to(
    Command(
        "Get-ExchangeCertificate",
        f"{_TASKS}GetExchangeCertificate",
        (
            Parameter("Thumbprint", STRING, position=0, sets=("Thumbprint",), from_property=True),
            Parameter("Identity", _IDENTITY, position=0, sets=("Identity",)),
            Parameter(
                "Instance",
                text_type("System.Security.Cryptography.X509Certificates.X509Certificate2"),
                sets=("Instance",),
                simulated=False,
            ),
            Parameter("Server", SERVER_ID, sets=("Thumbprint", "Instance")),
            Parameter("DomainName", list_type("Microsoft.Exchange.Data.MultiValuedProperty`1"), simulated=False),
            DOMAIN_CONTROLLER,
        ),
        partial(for_each_input, _certificates),
        is_function=True,
        default_set="Thumbprint",
    ),
    "Exchange Server Certificates",
    "View-Only Configuration",
    "Unified Messaging",
)
ENABLE_EXCHANGE_CERTIFICATE = Granted(
    Command(
        "Enable-ExchangeCertificate",
        f"{_TASKS}EnableExchangeCertificate",
        (
            Parameter("Thumbprint", STRING, position=0, mandatory=True, sets=("Thumbprint",), from_property=True),
            Parameter("Identity", _IDENTITY, position=0, mandatory=True, sets=("Identity",)),
            Parameter("Services", _ALLOWED_SERVICES, mandatory=True),
            Parameter("Server", SERVER_ID, sets=("Thumbprint",)),
            Parameter("DoNotRequireSsl", SWITCH),
            Parameter("NetworkServiceAllowed", SWITCH),
            Parameter("Force", SWITCH),
            DOMAIN_CONTROLLER,
            *SHOULD_PROCESS,
        ),
        partial(for_each_input, _enable),
        is_function=True,
        default_set="Thumbprint",
    ),
    {
        "Exchange Server Certificates": EVERYTHING,
        # These two show the command, and nothing of it that would do anything.
        "View-Only Configuration": frozenset({"Identity"}),
        "Unified Messaging": frozenset({"Identity"}),
    },
)
