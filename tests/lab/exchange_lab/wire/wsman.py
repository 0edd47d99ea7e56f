# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""WS-Management without a socket: an envelope and its caller go in, a status and an envelope come out."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from . import soap
from .commands import Caller
from .shell import ClientGone, Endpoint, Recycled, Shell, Shells
from .traffic import Operation, Traffic

STOP_PATIENCE_S: Final = 5.0
"""How long Signal and a stopping listener wait for a cmdlet that does not notice."""


@dataclass(frozen=True)
class Reply:
    """An HTTP status and the envelope that goes with it."""

    status: int
    envelope: bytes


@dataclass(frozen=True)
class _Operation:
    """A request with what every operation needs."""

    request: soap.Request
    endpoint: Endpoint
    caller: Caller
    client_gone: Callable[[], bool]
    misrouted: bool


class Service:
    """All endpoints of one server."""

    def __init__(self, endpoints: Sequence[Endpoint], traffic: Traffic) -> None:
        self.shells = Shells(traffic)
        self._endpoints = {normal_path(endpoint.path): endpoint for endpoint in endpoints}
        self._traffic = traffic

    def endpoint(self, path: str) -> Endpoint | None:
        """Return the endpoint of a URL's path, in any case and with or without a slash at its end."""
        return self._endpoints.get(normal_path(path))

    def handle(
        self, document: bytes, caller: Caller, client_gone: Callable[[], bool], *, misrouted: bool = False
    ) -> Reply:
        """Carry out one request. ClientGone passes through; everything else becomes a reply.

        A request that a load balancer has ``misrouted`` reaches a server which knows none of the shells.
        """
        message_id, name, fault = "", "unreadable", None
        try:
            request = soap.Request.parse(document)
            message_id, name = request.message_id, _name(request)
            endpoint = self._endpoints[caller.endpoint]
            content = self._carry_out(_Operation(request, endpoint, caller, client_gone, misrouted))
            return Reply(200, soap.reply(request, content))
        except soap.Fault as error:
            fault = error
        except ClientGone:
            raise
        except Exception as error:  # noqa: BLE001 - said to the client, and to the run as a crash
            # A dropped connection would show up at the client as a broken signature on its next request.
            self._traffic.crashed(error, f"the operation {name} failed")
            fault = soap.Fault(1359, f"An internal error occurred: {error!r}")
        finally:
            self._traffic.operated(Operation(name, caller.endpoint, caller.user, fault.code if fault else None))
        return Reply(500, soap.fault(message_id, fault))

    def _carry_out(self, operation: _Operation) -> str:
        request = operation.request
        if request.resource_uri != operation.endpoint.resource_uri:
            raise soap.wrong_configuration(request.resource_uri)
        if request.action == soap.TRANSFER + "Create":
            return self._create(operation)
        carry_out = {
            soap.TRANSFER + "Delete": self._delete,
            soap.SHELL + "Command": _command,
            soap.SHELL + "Send": _send,
            soap.SHELL + "Receive": _receive,
            soap.SHELL + "Signal": _signal,
        }.get(request.action)
        if carry_out is None:
            raise soap.unsupported(request.action)
        if operation.misrouted:
            raise soap.no_such_shell(request.shell_id)
        shell = self.shells.find(request.shell_id, operation.endpoint, operation.caller)
        try:
            with shell.operation():
                return carry_out(shell, operation)
        except Recycled:
            self.shells.recycle(operation.endpoint)
            raise soap.no_such_shell(request.shell_id) from None

    def _create(self, operation: _Operation) -> str:
        operation.endpoint.admit(operation.caller, self.shells.owned(operation.endpoint, operation.caller))
        wanted = operation.request.element("rsp:Shell")
        shell_id = _written(soap.uuid_in(wanted.get("ShellId")) or uuid.uuid4())
        idle_timeout = wanted.findtext("rsp:IdleTimeOut", None, soap.NAMESPACES)
        shell = self.shells.create(
            shell_id,
            operation.endpoint,
            operation.caller,
            operation.endpoint.idle_timeout_s if idle_timeout is None else soap.seconds(idle_timeout),
        )
        try:
            with shell.operation():
                shell.hear(soap.data_in(wanted.findtext("pwsh:creationXml", "", soap.NAMESPACES)), None)
        except soap.Fault:
            self.shells.close(shell)
            raise
        uri = operation.endpoint.resource_uri
        return (
            "<x:ResourceCreated><a:Address>http://localhost/</a:Address><a:ReferenceParameters>"
            f"<w:ResourceURI>{uri}</w:ResourceURI>"
            f'<w:SelectorSet><w:Selector Name="ShellId">{shell_id}</w:Selector></w:SelectorSet>'
            "</a:ReferenceParameters></x:ResourceCreated>"
            f"<rsp:Shell><rsp:ShellId>{shell_id}</rsp:ShellId><rsp:ResourceUri>{uri}</rsp:ResourceUri>"
            f"<rsp:Owner>{escape(operation.caller.user)}</rsp:Owner><rsp:ClientIP>127.0.0.1</rsp:ClientIP>"
            f"<rsp:IdleTimeOut>PT{shell.idle_timeout_s:.3f}S</rsp:IdleTimeOut>"
            "<rsp:InputStreams>stdin pr</rsp:InputStreams><rsp:OutputStreams>stdout</rsp:OutputStreams></rsp:Shell>"
        )

    def _delete(self, shell: Shell, operation: _Operation) -> str:
        del operation
        self.shells.close(shell)
        return ""


def _command(shell: Shell, operation: _Operation) -> str:
    line = operation.request.element("rsp:CommandLine")
    pipeline_id = soap.uuid_in(line.get("CommandId")) or uuid.uuid4()
    shell.command(pipeline_id, soap.data_in(line.findtext("rsp:Arguments", "", soap.NAMESPACES)))
    return f"<rsp:CommandResponse><rsp:CommandId>{_written(pipeline_id)}</rsp:CommandId></rsp:CommandResponse>"


def _send(shell: Shell, operation: _Operation) -> str:
    for stream in operation.request.element("rsp:Send").findall("rsp:Stream", soap.NAMESPACES):
        shell.hear(soap.data_in(stream.text), soap.uuid_in(stream.get("CommandId")))
    return "<rsp:SendResponse/>"


def _receive(shell: Shell, operation: _Operation) -> str:
    desired = operation.request.element("rsp:Receive").find("rsp:DesiredStream", soap.NAMESPACES)
    pipeline_id = None if desired is None else soap.uuid_in(desired.get("CommandId"))
    output, ended = shell.receive(pipeline_id, operation.request.operation_timeout_s, operation.client_gone)
    command_id = None if pipeline_id is None else _written(pipeline_id)
    content = "".join(soap.stream(piece, command_id) for piece in output)
    if command_id:
        state = soap.COMMAND_STATE + ("Done" if ended else "Running")
        content += f'<rsp:CommandState CommandId="{command_id}" State="{state}"/>'
    return f"<rsp:ReceiveResponse>{content}</rsp:ReceiveResponse>"


def _signal(shell: Shell, operation: _Operation) -> str:
    pipeline_id = soap.uuid_in(operation.request.element("rsp:Signal").get("CommandId"))
    if pipeline_id is not None:
        shell.stop(pipeline_id, STOP_PATIENCE_S)
        if _signal_code(operation.request) == "terminate":
            shell.release(pipeline_id)
    return "<rsp:SignalResponse/>"


def _signal_code(request: soap.Request) -> str:
    # http://…/shell/signal/Terminate, and powershell/signal/ctrl_c: only the last part tells them apart.
    code = request.element("rsp:Signal").findtext("rsp:Code", "", soap.NAMESPACES)
    return code.rpartition("/")[2].lower()


def _name(request: soap.Request) -> str:
    name = request.action.rpartition("/")[2]
    return f"Signal:{_signal_code(request)}" if name == "Signal" else name


def _written(identity: uuid.UUID) -> str:
    return str(identity).upper()


def normal_path(path: str) -> str:
    """Write a path as IIS compares it: in lower case, one slash in front, none behind."""
    return "/" + path.strip("/").lower()
