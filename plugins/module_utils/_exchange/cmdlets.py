# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pipelines that we send, as typed values. No text of a user or of a server ever becomes code.

The first part is for Exchange's own endpoint, the second for ``/wsman`` of the server that holds the log files. On an
Edge both are for its ``/wsman``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from .._powershell import SWITCH, Command, Pipeline, PromptPolicy, Value
from .certificate import CERTIFICATE_PROPERTIES
from .connector import LoggingLevel
from .message import MESSAGE_PROPERTIES
from .moments import moment_text
from .services import Services, services_text


def get_exchange_servers(identity: str | None = None, *, status: bool = False) -> Pipeline:
    """All servers of the organisation, or one; with ``status`` also the domain controllers that each one uses."""
    return _read("Get-ExchangeServer", {"Identity": identity, "Status": SWITCH if status else None})


def get_transport_service(server: str | None, *, domain_controller: str | None = None) -> Pipeline:
    """One server's transport service: its default certificate and the path of its Send protocol log.

    On an Edge name none: there the cmdlet has no -Identity (documentation page "Get-TransportService").
    """
    return _read("Get-TransportService", {"Identity": server, "DomainController": domain_controller})


def get_frontend_transport_service(server: str, *, domain_controller: str | None = None) -> Pipeline:
    """One server's front end transport service: the path of its own Send protocol log. An Edge does not know it."""
    return _read("Get-FrontendTransportService", {"Identity": server, "DomainController": domain_controller})


def get_server_component_state(server: str) -> Pipeline:
    """All components of one server and whether they are active."""
    return _read("Get-ServerComponentState", {"Identity": server})


def get_send_connectors(identity: str | None = None, *, domain_controller: str | None = None) -> Pipeline:
    """All Send connectors of the organisation, or one by name, Guid or distinguished name."""
    return _read("Get-SendConnector", {"Identity": identity, "DomainController": domain_controller})


def set_send_connector_logging(guid: str, level: LoggingLevel, *, domain_controller: str | None = None) -> Pipeline:
    """Set a connector's protocol logging level, on one domain controller if named: read it back from the same one."""
    return _change(
        "Set-SendConnector",
        {"Identity": guid, "ProtocolLoggingLevel": level.value, "DomainController": domain_controller},
    )


def set_send_connector_certificate(identity: str, certificate_name: str) -> Pipeline:
    """Let a connector name another certificate. A line for people to type: nothing of ours sends it."""
    return _change("Set-SendConnector", {"Identity": identity, "TlsCertificateName": certificate_name})


def get_receive_connectors(server: str) -> Pipeline:
    """The Receive connectors of one server."""
    return _read("Get-ReceiveConnector", {"Server": server})


def get_edge_subscriptions() -> Pipeline:
    """The subscriptions of Edge Transport servers; an Edge may know its own."""
    return _read("Get-EdgeSubscription", {})


def start_edge_synchronization(server: str | None) -> Pipeline:
    """Let the EdgeSync service of a Mailbox server, by default the session's own, run at once."""
    return _change("Start-EdgeSynchronization", {"Server": server})


def get_exchange_certificates(server: str, *, projected: bool = True) -> Pipeline:
    """All certificates that Exchange can use on a server; the list hides every other one.

    Without Select-Object (``projected``) only the certificates themselves arrive, and none of their services.
    """
    return _certificates({"Server": server}, projected=projected)


def get_exchange_certificate(server: str, thumbprint: str, *, projected: bool = True) -> Pipeline:
    """One certificate by thumbprint. Unlike the list it fails with the reason why a certificate cannot be used."""
    return _certificates({"Server": server, "Thumbprint": thumbprint}, projected=projected)


def enable_exchange_certificate(
    server: str,
    thumbprint: str,
    services: Services,
    *,
    policy: PromptPolicy,
    do_not_require_ssl: bool = False,
) -> Pipeline:
    """Add services to a certificate; ``policy`` answers what Exchange asks on the way. Never with ``-Force``."""
    return _change(
        "Enable-ExchangeCertificate",
        {
            "Server": server,
            "Thumbprint": thumbprint,
            "Services": services_text(services),
            "DoNotRequireSsl": SWITCH if do_not_require_ssl else None,
        },
        policy,
    )


def get_queues(server: str, *, where: str | None = None) -> Pipeline:
    """All queues of a server, or those that a filter of ``queue.queue_filter`` lets pass.

    Without ResultSize Exchange stops at 1000.
    """
    return _read("Get-Queue", {"Server": server, "Filter": where, "ResultSize": "Unlimited"})


def retry_queue(identity: str) -> Pipeline:
    r"""Try a queue's messages at once; ``identity`` is ``SERVER\number``."""
    return _change("Retry-Queue", {"Identity": identity})


def get_messages(queue: str, most: int) -> Pipeline:
    r"""Some messages of a queue, ``SERVER\number``."""
    return _read("Get-Message", {"Queue": queue, "ResultSize": str(most)})


def get_every_message(queue: str, *, projected: bool = True) -> Pipeline:
    r"""All messages of a queue, ``SERVER\number`` (documentation page "Get-Message"), without their content.

    Without ResultSize Exchange stops at 1000.
    """
    parameters = {"Queue": queue, "ResultSize": "Unlimited"}
    return _projected("Get-Message", parameters, MESSAGE_PROPERTIES) if projected else _read("Get-Message", parameters)


def suspend_queue(identity: str) -> Pipeline:
    """Let no further message leave a queue; what is in a session is finished ("Suspend-Queue").

    Whether this cmdlet and its three sisters ask before they act is documented nowhere, so each is told not to; should
    one ask all the same, that is a prompt that nobody foresaw.
    """
    return _change("Suspend-Queue", {"Identity": identity, "Confirm": False})


def resume_queue(identity: str) -> Pipeline:
    """Let a suspended queue work again (documentation page "Resume-Queue")."""
    return _change("Resume-Queue", {"Identity": identity, "Confirm": False})


def suspend_message(identity: str) -> Pipeline:
    r"""Keep one message, ``SERVER\queue\number``, in its queue (documentation page "Suspend-Message").

    One that is in a session already is delivered all the same, as PendingSuspend; where that fails it is suspended.
    """
    return _change("Suspend-Message", {"Identity": identity, "Confirm": False})


def resume_message(identity: str) -> Pipeline:
    """Let a suspended message go (documentation page "Resume-Message")."""
    return _change("Resume-Message", {"Identity": identity, "Confirm": False})


def get_commands(names: Sequence[str]) -> Pipeline:
    """Which of some commands the session shows, and with which parameters; each that it hides is an error record."""
    return _read("Get-Command", {"Name": list(names)})


def add_exchange_snap_in() -> Pipeline:
    """Make Exchange's cmdlets known in an Edge's Windows PowerShell. Its name has stayed that of Exchange 2010."""
    return _read("Add-PSSnapin", {"Name": "Microsoft.Exchange.Management.PowerShell.E2010"})


_FILE_PROPERTIES: Final = ("Name", "FullName", "Length")
_EVENT_PROPERTIES: Final = ("ProviderName", "Id", "TimeCreated", "Message")
_MATCH_PROPERTIES: Final = ("Path", "LineNumber", "Line")


def get_child_item(directory: str, name_filter: str) -> Pipeline:
    """The files of a directory whose names fit a filter like ``SEND*.LOG``."""
    return _projected("Get-ChildItem", {"LiteralPath": directory, "Filter": name_filter}, _FILE_PROPERTIES)


def get_content(path: str) -> Pipeline:
    """A whole file as one text. The log is UTF-8, which Windows PowerShell reads as ANSI unless told."""
    return _read("Get-Content", {"LiteralPath": path, "Encoding": "UTF8", "Raw": SWITCH})


def get_content_tail(path: str, lines: int) -> Pipeline:
    """A file's last lines, one text a line. Never evidence: it may begin in the middle of a quoted field."""
    return _read("Get-Content", {"LiteralPath": path, "Encoding": "UTF8", "Tail": lines})


def select_string(path: str, text: str) -> Pipeline:
    """The lines of a file that contain a text. They tell which sessions to read, and are never evidence themselves."""
    return _projected(
        "Select-String",
        {"LiteralPath": path, "Pattern": text, "SimpleMatch": SWITCH, "Encoding": "UTF8"},
        _MATCH_PROPERTIES,
    )


def get_events(log: str, provider: str, numbers: Sequence[int], since: datetime, most: int) -> Pipeline:
    """The newest events of some numbers that a provider has written to a log.

    Each number has a hashtable of its own, since the cmdlet reads a list in one only if it is an array, and over the
    wire it is none. Keys are in lower case, as it looks them up, and the time is text with its zone: of a DateTime it
    would take the text without (PowerShell's source, GetEventCommand).
    """
    filters = [
        {"logname": log, "providername": provider, "id": number, "starttime": moment_text(since)} for number in numbers
    ]
    return _projected("Get-WinEvent", {"FilterHashtable": filters, "MaxEvents": most}, _EVENT_PROPERTIES)


def get_computer_name() -> Pipeline:
    """The host's own NetBIOS name, whatever it is called elsewhere."""
    return _read("Get-Item", {"LiteralPath": "Env:COMPUTERNAME"})


def get_date() -> Pipeline:
    """The server's own clock."""
    return _read("Get-Date", {})


def _read(name: str, parameters: Mapping[str, Value]) -> Pipeline:
    return Pipeline((_command(name, parameters),))


def _change(name: str, parameters: Mapping[str, Value], policy: PromptPolicy | None = None) -> Pipeline:
    command = _command(name, parameters)
    if policy is None:
        return Pipeline((command,), changes=True)
    return Pipeline((command,), changes=True, policy=policy)


def _certificates(parameters: Mapping[str, Value], *, projected: bool) -> Pipeline:
    if not projected:
        return _read("Get-ExchangeCertificate", parameters)
    return _projected("Get-ExchangeCertificate", parameters, CERTIFICATE_PROPERTIES)


def _projected(name: str, parameters: Mapping[str, Value], properties: tuple[str, ...]) -> Pipeline:
    return Pipeline((_command(name, parameters), Command("Select-Object", {"Property": list(properties)})))


def _command(name: str, parameters: Mapping[str, Value]) -> Command:
    """Leave out what is None: a parameter that is not given is not sent as null."""
    return Command(name, {key: value for key, value in parameters.items() if value is not None})
