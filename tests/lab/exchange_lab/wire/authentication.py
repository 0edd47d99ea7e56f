# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP authentication as a Windows server does it: Basic by request, Negotiate and Kerberos by TCP connection."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from spnego.exceptions import SpnegoError

from . import sealing
from .acceptor import NTLM_SIGNATURE, Acceptance, Acceptor

NTLM_AUTHENTICATE: Final = NTLM_SIGNATURE + struct.pack("<I", 3)
NTLM_UNICODE: Final = 0x00000001


@dataclass(frozen=True)
class Identity:
    """A request that passed.

    ``authentication`` is what was spoken (``basic``, ``ntlm``, ``kerberos``), ``scheme`` the word in the header that
    authenticated. ``reply_token`` is the context's last word, for the reply's WWW-Authenticate.
    """

    user: str
    authentication: str
    scheme: str
    reply_token: str | None = None


@dataclass(frozen=True)
class Challenge:
    """A request that did not pass: the values of the 401's WWW-Authenticate lines."""

    values: tuple[str, ...]


class Authenticator:
    """The authentication of one TCP connection.

    NTLM and Kerberos authenticate the connection: once their context is complete, requests need no header any more,
    and messages are sealed with that context. Basic authenticates nothing but its own request.

    ``schemes`` are the offered ones; a scheme that was not offered is refused. ``realm`` is Basic's.
    """

    def __init__(self, acceptance: Acceptance, schemes: Sequence[str], realm: str) -> None:
        self._acceptance = acceptance
        self._accounts = acceptance.accounts
        self._schemes = tuple(schemes)
        self._realm = realm
        self._acceptor: Acceptor | None = None
        self._identity: Identity | None = None

    def authenticate(self, authorization: str | None) -> Identity | Challenge:
        """Judge a request by its Authorization header, or by what the connection has shown before."""
        if authorization is None:
            return self._identity or self._challenge()
        scheme, __, credentials = authorization.partition(" ")
        offered = next((name for name in self._schemes if name.casefold() == scheme.casefold()), None)
        try:
            token = base64.b64decode(credentials.strip(), validate=True)
        except binascii.Error:
            return self._challenge()
        if offered is None or not token:
            return self._challenge()
        return self._basic(token) if offered == "Basic" else self._negotiate(offered, token)

    def unseal(self, content_type: str, body: bytes) -> bytes:
        """Open a sealed request; MalformedMessage or SpnegoError when that fails."""
        if self._acceptor is None or not self._acceptor.complete:
            raise sealing.MalformedMessage("sealed before this connection was authenticated")
        return sealing.unseal(self._acceptor.context, self._acceptor.scheme, content_type, body)

    def seal(self, message: bytes, *, stray_space: bool) -> tuple[str, bytes]:
        """Seal a reply; return its content type and body."""
        if self._acceptor is None:
            raise RuntimeError("there is no context to seal with")
        return sealing.seal(self._acceptor.context, self._acceptor.scheme, message, stray_space=stray_space)

    def _challenge(self) -> Challenge:
        return Challenge(tuple(f'Basic realm="{self._realm}"' if s == "Basic" else s for s in self._schemes))

    def _basic(self, token: bytes) -> Identity | Challenge:
        name, __, password = token.decode("utf-8", "replace").partition(":")
        user = self._accounts.verify(name, password)
        return self._challenge() if user is None else Identity(user, "basic", "Basic")

    def _negotiate(self, scheme: str, token: bytes) -> Identity | Challenge:
        try:
            if self._acceptor is None or self._acceptor.complete:
                self._identity = None
                self._acceptor = Acceptor(self._acceptance, scheme, token)
            answer = self._acceptor.step(token)
        except SpnegoError:
            if (name := ntlm_user(token)) is not None:
                self._accounts.reject(name)
            self._acceptor = None
            return self._challenge()
        reply = f"{scheme} {base64.b64encode(answer).decode()}" if answer else None
        if not self._acceptor.complete:
            return Challenge((reply,)) if reply else self._challenge()
        return self._accept(self._acceptor, reply)

    def _accept(self, acceptor: Acceptor, reply: str | None) -> Identity | Challenge:
        user = self._accounts.canonical(acceptor.principal)
        if user is None:  # a ticket of a realm that we trust, for an account that we do not know
            self._acceptor = None
            return self._challenge()
        self._identity = Identity(user, acceptor.protocol, acceptor.scheme)
        return replace(self._identity, reply_token=reply)


def ntlm_user(token: bytes) -> str | None:
    """Return ``DOMAIN\\name`` (or a bare name) of an NTLM authenticate message ([MS-NLMP] 2.2.1.3), wrapped or not."""
    start = token.find(NTLM_AUTHENTICATE)
    if start < 0:
        return None
    message = token[start:]
    if len(message) < 64:
        return None
    encoding = "utf-16-le" if struct.unpack_from("<I", message, 60)[0] & NTLM_UNICODE else "ascii"

    def field(position: int) -> str:
        length, __, offset = struct.unpack_from("<HHI", message, position)
        return message[offset : offset + length].decode(encoding, "replace")

    domain, name = field(28), field(36)
    return f"{domain}\\{name}" if domain else name
