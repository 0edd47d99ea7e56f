# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where Exchange's cmdlets run, from a module's session options, completed by what the host's own connection lends.

Lent are user, password, authentication, certificate validation, proxy and time-outs. Port, path, scheme and Kerberos
service never are: those of WinRM (5985, /wsman, WSMAN) lead elsewhere than Exchange's (80, /PowerShell/, HTTP).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from .._plain import plain
from .errors import UnusableOptions
from .options import EXCHANGE_CONFIGURATION, KINIT, Kinit, SessionOptions


@dataclass(frozen=True)
class Endpoint:
    """What is true of an endpoint unless a user says otherwise; ``ports`` by scheme, ``service`` of Kerberos."""

    path: str
    ports: Mapping[str, int]
    configuration: str
    service: str
    otherwise: str = ""


_OF_EXCHANGE: Final = Endpoint(
    "/PowerShell/",
    {"http": 80, "https": 443},
    EXCHANGE_CONFIGURATION,
    "HTTP",
    otherwise="An Edge Transport server needs exchange_role: edge",
)
_OF_WINDOWS: Final = Endpoint("/wsman", {"http": 5985, "https": 5986}, "Microsoft.PowerShell", "WSMAN")
"""An Edge Transport server has no endpoint of Exchange's own: its cmdlets run in Windows' PowerShell."""


@dataclass(frozen=True, kw_only=True)
class Lent:
    """What a host's connection lends to other sessions on that host; without a connection, nothing but defaults.

    ``authentication`` is one of pypsrp's words; ``negotiate`` also when nobody has chosen. ``library`` is that of the
    connection, pypsrp or pywinrm. ``called`` is the host's name in the inventory, for error messages; ``host`` may be a
    mere address.
    """

    host: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    authentication: str = "negotiate"
    validate_certificates: bool = True
    ca_certificate: str | None = None
    client_certificate: str | None = None
    client_certificate_key: str | None = None
    hostname_override: str | None = None
    send_cbt: bool = True
    delegate: bool = False
    credssp_mechanism: str = "auto"
    credssp_disable_tlsv1_2: bool = False
    credssp_minimum_version: int = 2
    proxy: str | None = None
    no_proxy: bool = False
    connection_timeout: int = 30
    read_timeout: int = 30
    operation_timeout: int = 20
    library: str = "pypsrp"
    kinit: Kinit = KINIT
    called: str = ""

    def taken_over(self) -> dict[str, Any]:
        """Return what a session on the host takes over as it is; SessionOptions bears the same names."""
        judged = ("host", "authentication", "library")
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name not in judged}


NOTHING_LENT: Final = Lent()


def exchange_session(options: Mapping[str, Any], lent: Lent = NOTHING_LENT) -> SessionOptions:
    """Return the way to Exchange's own endpoint, or with ``exchange_role: edge`` to the server's Windows PowerShell.

    ``options`` are a module's resolved values by name (``exchange_host`` and so on); a missing name is like None: what
    can be lent is taken from ``lent``, everything else has the default that the documentation names.

    Raises:
        UnusableOptions: no host, a user without a password of its own, or what ``SessionOptions`` refuses.
    """
    given = {name.removeprefix("exchange_"): plain(value) for name, value in options.items() if value is not None}
    host = given.get("host", lent.host)
    if not host:
        raise UnusableOptions("Exchange", "no server to open a session on. Set exchange_host")
    usual = endpoint_of(options)
    username, password = _credentials(given, lent, host)
    scheme = given.get("scheme", "http")
    library, chosen = library_of(options, lent)
    own: dict[str, Any] = {
        "host": host,
        "port": given.get("port", usual.ports[scheme]),
        "scheme": scheme,
        "path": given.get("path", usual.path),
        "configuration": usual.configuration,
        "authentication": _authentication(given.get("auth", "auto"), username, lent),
        "username": username,
        "password": password,
        "validate_certificates": given.get("validate_certs", lent.validate_certificates),
        "ca_certificate": given.get("ca_cert", lent.ca_certificate),
        "message_encryption": given.get("message_encryption", "auto"),
        "kerberos_service": given.get("kerberos_service", usual.service),
        # The name behind the connection's address is Exchange's too, unless another machine is dialled.
        "hostname_override": given.get("hostname_override", lent.hostname_override if host == lent.host else None),
        "connection_timeout": given.get("connection_timeout", lent.connection_timeout),
        "read_timeout": given.get("read_timeout", lent.read_timeout),
        "operation_timeout": given.get("operation_timeout", lent.operation_timeout),
        "command_timeout": given.get("timeout", 300),
        "idle_timeout": given.get("idle_timeout", 120),
        "library": library,
        "library_chosen": chosen,
        "called": lent.called if host == lent.host else "",
        "otherwise": usual.otherwise,
    }
    return SessionOptions(**lent.taken_over() | own)


def is_edge(options: Mapping[str, Any]) -> bool:
    """Tell whether a module's session options say that the host is an Edge Transport server."""
    return options.get("exchange_role") == "edge"


def endpoint_of(options: Mapping[str, Any]) -> Endpoint:
    """Return where the cmdlets of a server run."""
    return _OF_WINDOWS if is_edge(options) else _OF_EXCHANGE


def _credentials(given: Mapping[str, Any], lent: Lent, host: str) -> tuple[str | None, str | None]:
    """Pair user and password: one user's password is never tried for another, since wrong tries lock accounts."""
    username = given.get("username", lent.username)
    if "password" in given:
        return username, given["password"]
    if username == lent.username:
        return username, lent.password
    if given.get("auth") == "kerberos":
        return username, None  # a ticket in the cache
    raise UnusableOptions(
        host, f"exchange_username is {username}, another user than the connection's. Set exchange_password as well"
    )


def library_of(options: Mapping[str, Any], lent: Lent) -> tuple[str, bool]:
    """Return the library that carries a task's sessions, and whether the user named it: else it is the connection's."""
    asked = plain(options.get("exchange_transport")) or "auto"
    return (lent.library, False) if asked == "auto" else (asked, True)


def _authentication(asked: str, username: str | None, lent: Lent) -> str:
    """Choose what ``auto`` means: what the connection has chosen, else what the user's name says.

    An untouched Exchange server offers Kerberos only. pypsrp's negotiate, when Kerberos fails, goes on with NTLM
    without a word: the user would read "failed to authenticate" instead of what Kerberos lacked. A user principal name,
    or none and hence a ticket, says that Kerberos is meant. Kerberos knows a user by no other name, so to negotiate
    with one has always been NTLM.
    """
    if asked != "auto":
        return asked
    if lent.authentication != "negotiate":
        return lent.authentication
    return mechanism_for(username)


def mechanism_for(username: str | None) -> str:
    """Return the mechanism that a user's name asks for where nobody has chosen one."""
    return "kerberos" if not username or "@" in username else "ntlm"
