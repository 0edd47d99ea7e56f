# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Message encryption: SOAP sealed by the security context, in the multipart form of [MS-WSMV] 2.2.9.1."""

from __future__ import annotations

import re
import struct

from spnego import ContextProxy

BOUNDARY = b"Encrypted Boundary"

_SEALED = re.compile(
    rb"--\s*Encrypted Boundary\r\n"
    rb"(?P<head>.*?)\r\n"
    rb"--\s*Encrypted Boundary\r\n"
    rb"\s*Content-Type:\s*application/octet-stream\r\n"
    rb"(?P<payload>.*)"
    rb"--\s*Encrypted Boundary--\s*",
    re.DOTALL,
)


class MalformedMessage(Exception):
    """What arrived is not a sealed message."""


def is_sealed(content_type: str) -> bool:
    """Tell whether a request announces a sealed message."""
    return content_type.lower().startswith("multipart/encrypted")


def unseal(context: ContextProxy, scheme: str, content_type: str, body: bytes) -> bytes:
    """Return the message inside; MalformedMessage or a SpnegoError when it is none, or was sealed for another."""
    if f'protocol="{protocol_of(scheme)}"'.lower() not in content_type.lower():
        raise MalformedMessage(f"sealed for another scheme than {scheme}: {content_type}")
    match = _SEALED.fullmatch(body)
    if match is None:
        raise MalformedMessage("not in the multipart form of an encrypted message")
    payload = match["payload"]
    if len(payload) < 4:
        raise MalformedMessage("no length before the signature")
    length = struct.unpack_from("<i", payload)[0]
    return context.unwrap_winrm(payload[4 : 4 + length], payload[4 + length :])


def protocol_of(scheme: str) -> str:
    """The protocol that a sealed message announces: Kerberos names itself, everything else is SPNEGO."""
    return f"application/HTTP-{'Kerberos' if scheme == 'Kerberos' else 'SPNEGO'}-session-encrypted"


def seal(context: ContextProxy, scheme: str, message: bytes, *, stray_space: bool) -> tuple[str, bytes]:
    """Return content type and body for a message.

    ``scheme`` is the HTTP scheme that authenticated; ``stray_space`` writes the boundary as Exchange does, with a space
    after the dashes (pypsrp's encryption.py: "Talking to Exchange endpoints gives a non-compliant boundary").
    """
    protocol = protocol_of(scheme)
    dashes = b"-- " if stray_space else b"--"
    wrapped = context.wrap_winrm(message)
    length = len(message) + wrapped.padding_length
    body = b"".join(
        [
            dashes + BOUNDARY + b"\r\n",
            f"\tContent-Type: {protocol}\r\n".encode(),
            f"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length={length}\r\n".encode(),
            dashes + BOUNDARY + b"\r\n",
            b"\tContent-Type: application/octet-stream\r\n",
            struct.pack("<i", len(wrapped.header)) + wrapped.header + wrapped.data,
            dashes + BOUNDARY + b"--\r\n",
        ]
    )
    return f'multipart/encrypted;protocol="{protocol}";boundary="{BOUNDARY.decode()}"', body
