# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The accepting side of NTLM and Kerberos: which of them a token may use, and by which passwords and keys."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import spnego
from spnego.channel_bindings import GssChannelBindings
from spnego.exceptions import BadBindingsError, InvalidTokenError

from .accounts import Accounts

NTLM_SIGNATURE: Final = b"NTLMSSP\x00"
KERBEROS_OID: Final = bytes.fromhex("06092a864886f712010202")
"""Of a token that is Kerberos' own (RFC 4121 4.1), not wrapped in SPNEGO."""

CHANNEL_BOUND: Final = 0x800
"""GSS_C_CHANNEL_BOUND_FLAG: the client bound its ticket to our channel. MIT accepts one that bound nothing as well."""

_environment = threading.Lock()
"""The libraries find passwords and keys by environment variables, which the whole process has once."""


@dataclass(frozen=True)
class ServiceKeys:
    """What a server needs for accepting tickets: the realm's krb5.conf, and a keytab."""

    config: Path
    keytab: Path


NO_KEYS: Final = ServiceKeys(Path(os.devnull), Path(os.devnull))


@dataclass(frozen=True)
class Acceptance:
    """Whom a listener accepts: by ``accounts`` (NTLM), by ``keys`` (Kerberos; None without a realm).

    With ``bindings`` a client must bind its authentication to our TLS channel (extended protection).
    """

    accounts: Accounts
    keys: ServiceKeys | None = None
    bindings: GssChannelBindings | None = None


class Acceptor:
    """One security context; SpnegoError when a token is refused."""

    def __init__(self, acceptance: Acceptance, scheme: str, first_token: bytes) -> None:
        self._acceptance = acceptance
        self.scheme = scheme
        with self._libraries():
            self.context = spnego.server(
                protocol=_protocol(scheme, first_token, acceptance.keys),
                service="HTTP",
                channel_bindings=acceptance.bindings,
                options=spnego.NegotiateOptions.wrapping_winrm,
            )

    def step(self, token: bytes) -> bytes | None:
        """Take in a token and return the answer to it, if any."""
        with self._libraries():
            try:
                answer = self.context.step(token)
            except AttributeError as error:
                # gssapi keeps the refusal of a ticket for later, and pyspnego asks it for flags before.
                raise InvalidTokenError(context_msg="the ticket is not for this server, or damaged") from error
        unbound = self._acceptance.bindings is not None and self.context.complete and not self._is_bound()
        if unbound:
            raise BadBindingsError(context_msg="the client did not bind its authentication to the TLS channel")
        return answer

    @property
    def complete(self) -> bool:
        return bool(self.context.complete)

    @property
    def principal(self) -> str:
        return str(self.context.client_principal)

    @property
    def protocol(self) -> str:
        """``ntlm`` or ``kerberos``: what was really spoken."""
        return str(self.context.negotiated_protocol)

    def _is_bound(self) -> bool:
        if self.protocol != "kerberos":
            return True  # the NTLM of pyspnego refuses by itself a client that bound nothing
        # Only the innermost context, that of GSSAPI, knows: pyspnego's public flags leave this one out.
        context: Any = self.context
        while not hasattr(context, "actual_flags"):
            context = context._context
        return bool(int(context.actual_flags) & CHANNEL_BOUND)

    @contextmanager
    def _libraries(self) -> Iterator[None]:
        keys = self._acceptance.keys or NO_KEYS
        with (
            self._acceptance.accounts.ntlm_user_file() as file,
            _lent_environment(
                {"NTLM_USER_FILE": str(file), "KRB5_CONFIG": str(keys.config), "KRB5_KTNAME": f"FILE:{keys.keytab}"}
            ),
        ):
            yield


def _protocol(scheme: str, token: bytes, keys: ServiceKeys | None) -> str:
    """Which protocol a scheme's first token may speak; SpnegoError for a ticket where there are no keys."""
    if scheme == "Kerberos" or KERBEROS_OID in token[:16]:
        if keys is None:
            raise InvalidTokenError(context_msg="there is no realm here whose tickets are taken")
        return "kerberos"
    return "ntlm" if token.startswith(NTLM_SIGNATURE) else "negotiate"


@contextmanager
def _lent_environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables, and put them back at once: a client in a child process must not find our passwords."""
    with _environment:
        before = {name: os.environ.get(name) for name in variables}
        os.environ.update(variables)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value
