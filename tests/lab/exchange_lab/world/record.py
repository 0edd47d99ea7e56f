# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab remembers of what was done to it: the commands it was sent and the messages that left it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass
class CommandEntry:
    """One command of a pipeline, as it arrived and as it ended; entries of one pipeline share ``pipeline``.

    Attributes:
        n: Its number, from 1, in the order of arrival.
        server: The FQDN of the server that executed it.
        endpoint: The path it was sent to, in lower case.
        query: What the URL said behind the path, such as ``serializationLevel``.
        auth: ``ntlm``, ``basic`` or ``kerberos``.
        header: The scheme in the Authorization header that authenticated: ``Negotiate``, ``Kerberos`` or ``Basic``.
        encrypted: Whether its bytes were protected, by TLS or by message encryption.
        parameters: As sent, in values that JSON has; a parameter without name has its position as key.
        is_script: Whether it came as script text instead of a command.
        prompt: The message of the question it asked, if any; several are joined by an empty line.
        answer: The label of the choice that was answered, without ampersand; None when nobody answered.
        error: The text of its error, if it failed.
    """

    n: int
    pipeline: str
    server: str
    endpoint: str
    user: str
    auth: str
    header: str
    encrypted: bool
    name: str
    parameters: dict[str, Any]
    query: dict[str, str] = field(default_factory=dict)
    is_script: bool = False
    prompt: str | None = None
    answer: str | None = None
    error: str | None = None


@dataclass(frozen=True)
class Delivery:
    """One message that was handed to a peer: ``reply`` is the peer's answer after the data, ``tls`` whether in TLS.

    ``thumbprint`` is that of the certificate that we presented. ``front_end`` is the FQDN of the server whose Front End
    Transport service opened the connection and presented it; None where ``server`` did so itself.
    """

    at: datetime
    connector: str
    server: str
    peer: str
    tls: bool
    thumbprint: str | None
    reply: str
    front_end: str | None = None
