# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""WS-Management envelopes as values: requests read, replies and faults written. [MS-WSMV], DSP0226."""

from __future__ import annotations

import base64
import binascii
import re
import uuid
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

NAMESPACES: Final = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "p": "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd",
    "x": "http://schemas.xmlsoap.org/ws/2004/09/transfer",
    "rsp": "http://schemas.microsoft.com/wbem/wsman/1/windows/shell",
    "pwsh": "http://schemas.microsoft.com/powershell",
}
TRANSFER: Final = "http://schemas.xmlsoap.org/ws/2004/09/transfer/"
SHELL: Final = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/"
FAULT_ACTION: Final = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"
COMMAND_STATE: Final = SHELL + "CommandState/"
RESOURCE: Final = "http://schemas.microsoft.com/powershell/"

_DECLARATIONS: Final = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
_DURATION = re.compile(r"-?P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")


class Fault(Exception):
    """An operation that failed: the WSManFault code and text, and the SOAP subcode that goes with them.

    Codes are those of Windows' wsmerror.h, or a Win32 error (5 is access denied).
    """

    def __init__(self, code: int, text: str, subcode: str = "w:InternalError") -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.subcode = subcode


def unreadable(reason: str) -> Fault:
    """The request is no envelope, or lacks a part."""
    return Fault(2150858817, f"The request cannot be read: {reason}.", "w:SchemaValidationError")


def invalid_parameter(reason: str) -> Fault:
    """A value in the request makes no sense."""
    return Fault(87, f"The parameter is incorrect: {reason}.")


def timed_out() -> Fault:
    """No output within OperationTimeout: a client asks again."""
    return Fault(
        2150858793,
        "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.",
        "w:TimedOut",
    )


def no_such_shell(shell_id: str | None) -> Fault:
    """The shell never was, is closed, or belongs to another user: a server tells them not apart."""
    return Fault(
        2150858843,
        f"The request for the Windows Remote Shell with ShellId {shell_id} failed because the shell was not found on "
        "the server. Possible causes are: the specified ShellId is incorrect or the shell no longer exists on the "
        "server. Provide the correct ShellId or create a new shell and retry the operation.",
        "w:InvalidSelectors",
    )


def wrong_configuration(resource_uri: str) -> Fault:
    """The path has no session configuration of that name."""
    return Fault(
        2150858811,
        "The WS-Management service cannot process the request. The resource URI is missing or it has an incorrect "
        f"format. Check the documentation or use the following command for information on how to construct a resource "
        f'URI: "winrm help uris". ({resource_uri})',
        "a:DestinationUnreachable",
    )


def unsupported(action: str) -> Fault:
    """The server does not know the operation."""
    return Fault(
        2150858752,
        f"The WS-Management service cannot process the request because the action {action} is not supported.",
        "a:ActionNotSupported",
    )


def too_many_shells(allowed: int) -> Fault:
    """The user's quota of shells is used up."""
    return Fault(
        2150859173,
        "The WS-Management service cannot process the request. This user is allowed a maximum number of "
        f"{allowed} concurrent shells, which has been exceeded. Close existing shells or raise the quota for this "
        "user.",
        "w:QuotaLimit",
    )


def aborted() -> Fault:
    """The shell was closed while the operation waited."""
    return Fault(995, "The I/O operation has been aborted because of either a thread exit or an application request.")


def access_denied() -> Fault:
    """The caller is known, but may not use this endpoint."""
    return Fault(5, "Access is denied.", "w:AccessDenied")


@dataclass(frozen=True)
class Request:
    """An envelope: ``action`` is the URI, ``body`` the content of the SOAP body (None when that is empty)."""

    action: str
    message_id: str
    resource_uri: str
    shell_id: str | None
    operation_timeout_s: float
    body: ET.Element | None

    @classmethod
    def parse(cls, document: bytes) -> Request:
        """Read an envelope; Fault when it is none."""
        try:
            envelope = ET.fromstring(document)
        except ET.ParseError as error:
            raise unreadable(str(error)) from error
        header, body = envelope.find("s:Header", NAMESPACES), envelope.find("s:Body", NAMESPACES)
        if header is None or body is None:
            raise unreadable("it is no SOAP envelope")
        shell_id = header.findtext("w:SelectorSet/w:Selector[@Name='ShellId']", None, NAMESPACES)
        return cls(
            action=header.findtext("a:Action", "", NAMESPACES),
            message_id=header.findtext("a:MessageID", "", NAMESPACES),
            resource_uri=header.findtext("w:ResourceURI", "", NAMESPACES),
            shell_id=None if shell_id is None else shell_id.upper(),
            operation_timeout_s=seconds(header.findtext("w:OperationTimeout", "PT60S", NAMESPACES)),
            body=next(iter(body), None),
        )

    def element(self, tag: str) -> ET.Element:
        """Return the body's element, which must have that tag (``rsp:Shell``)."""
        if self.body is None or self.body.tag != qualified(tag):
            raise unreadable(f"its body has no {tag}")
        return self.body


def qualified(tag: str) -> str:
    """Turn ``rsp:Shell`` into ElementTree's spelling."""
    prefix, __, name = tag.partition(":")
    return f"{{{NAMESPACES[prefix]}}}{name}"


def seconds(duration: str) -> float:
    """Read an xs:duration of days and below."""
    match = _DURATION.fullmatch(duration.strip())
    if match is None:
        raise unreadable(f"{duration!r} is no duration")
    days, hours, minutes, rest = (float(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + rest


def data_in(text: str | None) -> bytes:
    """Decode the base64 in which PSRP fragments travel."""
    try:
        return base64.b64decode(text or "", validate=True)
    except binascii.Error as error:
        raise unreadable(str(error)) from error


def uuid_in(text: str | None) -> uuid.UUID | None:
    """Read a ShellId or CommandId, which may be missing."""
    try:
        return uuid.UUID(text) if text else None
    except ValueError as error:
        raise invalid_parameter(f"{text!r} is no id") from error


def stream(fragments: bytes, command_id: str | None) -> str:
    """Write a piece of output."""
    of_command = f' CommandId="{command_id}"' if command_id else ""
    return f'<rsp:Stream Name="stdout"{of_command}>{base64.b64encode(fragments).decode()}</rsp:Stream>'


def reply(request: Request, content: str) -> bytes:
    """Write the reply to a request."""
    return _envelope(request.action + "Response", request.message_id, content)


def fault(message_id: str, error: Fault) -> bytes:
    """Write a fault, in the form in which clients look for code and text."""
    text = escape(error.text)
    return _envelope(
        FAULT_ACTION,
        message_id,
        f"<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>{error.subcode}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en-US">{text}</s:Text></s:Reason>'
        '<s:Detail><f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" '
        f'Code="{error.code}" Machine="localhost"><f:Message>{text}</f:Message></f:WSManFault></s:Detail></s:Fault>',
    )


def _envelope(action: str, relates_to: str, content: str) -> bytes:
    return (
        f'<s:Envelope xml:lang="en-US"{_DECLARATIONS}><s:Header>'
        f"<a:Action>{escape(action)}</a:Action>"
        f"<a:MessageID>uuid:{str(uuid.uuid4()).upper()}</a:MessageID>"
        "<a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To>"
        f"<a:RelatesTo>{escape(relates_to)}</a:RelatesTo>"
        f"</s:Header><s:Body>{content}</s:Body></s:Envelope>"
    ).encode()
