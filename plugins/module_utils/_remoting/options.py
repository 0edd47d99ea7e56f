# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a session goes, as whom, and how long it may take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final

from .errors import UnusableOptions

EXCHANGE_CONFIGURATION: Final = "Microsoft.Exchange"
# How the options of Ansible's connection plugins are called, where it is not their prefix and our word.
_CALLED_OTHERWISE: Final[Mapping[str, Mapping[str, str]]] = {
    "ansible_psrp_": {
        "host": "ansible_host",
        "password": "ansible_password",
        "username": "ansible_user",
        "hostname_override": "ansible_psrp_negotiate_hostname_override",
        "scheme": "ansible_psrp_protocol",
        "timeout": "exchange_timeout",
        "transport": "exchange_transport",
    },
    "ansible_winrm_": {
        "auth": "ansible_winrm_transport",
        "ca_cert": "ansible_winrm_ca_trust_path",
        "host": "ansible_host",
        "password": "ansible_password",
        "username": "ansible_user",
        "hostname_override": "ansible_winrm_kerberos_hostname_override",
        "operation_timeout": "ansible_winrm_operation_timeout_sec",
        "read_timeout": "ansible_winrm_read_timeout_sec",
        "timeout": "exchange_timeout",
        "transport": "exchange_transport",
    },
}


@dataclass(frozen=True, kw_only=True)
class Kinit:
    """How pywinrm gets a Kerberos ticket, which it cannot ask for by itself; pypsrp needs no kinit.

    ``arguments`` stand before the user's name. ``environment`` are the names of the variables that kinit sees besides
    PATH. ``mode`` is managed (always run it), manual (never: the ticket is in the cache) or empty: with a password.
    """

    command: str = "kinit"
    arguments: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    mode: str = ""


KINIT: Final = Kinit()


@dataclass(frozen=True, kw_only=True)
class SessionOptions:
    """Everything that a PSRP session needs; all times in whole seconds.

    ``scheme`` is http or https; ``path`` may carry a query; ``configuration`` is the PSRP session configuration;
    ``authentication`` is one of pypsrp's words: basic, certificate, credssp, kerberos, negotiate, ntlm;
    ``message_encryption`` is auto (without TLS), always or never; ``kerberos_service`` is the SPN's first half and
    ``hostname_override`` its second, when that is not ``host``; ``proxy`` None takes the environment's proxy unless
    ``no_proxy``.

    ``command_timeout`` is the budget of one pipeline, from its first to its last byte; ``connection_timeout`` and
    ``read_timeout`` bound one HTTP request, ``operation_timeout`` is how long the server holds back an empty answer,
    ``idle_timeout`` when the server ends a session that nobody closed.

    ``library`` carries the HTTP, pypsrp or pywinrm; ``library_chosen`` when the user named it, so that no other may
    stand in for it; ``kinit`` matters to pywinrm alone.

    ``option_prefix`` is how the user's options for this endpoint start, and ``called`` what the user calls the server
    that is dialled as ``host``; ``otherwise`` is what else to try where the endpoint does not exist. They are for error
    messages.

    Raises:
        UnusableOptions: they contradict each other, or would send a password in clear text.
    """

    host: str
    port: int
    scheme: str
    path: str
    configuration: str
    authentication: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    validate_certificates: bool = True
    ca_certificate: str | None = None
    client_certificate: str | None = None
    client_certificate_key: str | None = None
    message_encryption: str = "auto"
    kerberos_service: str = "HTTP"
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
    command_timeout: int = 300
    idle_timeout: int = 120
    library: str = "pypsrp"
    library_chosen: bool = False
    kinit: Kinit = KINIT
    option_prefix: str = "exchange_"
    called: str = ""
    otherwise: str = ""

    @property
    def server(self) -> str:
        """Return what error messages call the server."""
        return self.called or self.host

    @property
    def endpoint(self) -> str:
        """Return the URL, for people."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}/{self.path.lstrip('/')}"

    @property
    def service_principal(self) -> str:
        """Return the Kerberos service principal that the server is asked to be."""
        return f"{self.kerberos_service}/{self.hostname_override or self.host}"

    @property
    def encryption(self) -> tuple[str, ...]:
        """Return what keeps messages secret: ``tls``, ``message`` (sealed by the authentication), both, or nothing."""
        sealed = self.message_encryption == "always" or (self.message_encryption == "auto" and self.scheme == "http")
        return (*(["tls"] if self.scheme == "https" else []), *(["message"] if sealed else []))

    def option(self, name: str) -> str:
        """Return the name of the user's option, as in ``exchange_port``."""
        return _CALLED_OTHERWISE.get(self.option_prefix, {}).get(name, f"{self.option_prefix}{name}")

    @property
    def takes_ticket(self) -> bool:
        """Tell whether a ticket that is already in the cache speaks for the user, and no password."""
        return self.authentication == "kerberos" and (self.kinit.mode == "manual" or not self.password)

    def __post_init__(self) -> None:
        for check in _CHECKS:
            if problem := check(self):
                raise UnusableOptions(self.server, problem)


def _clear_text_password(options: SessionOptions) -> str | None:
    if options.authentication == "basic" and options.scheme == "http":
        return (
            f"Basic authentication over plain http would send the password in clear text. Set "
            f"{options.option('scheme')}: https, or authenticate with kerberos, negotiate or ntlm"
        )
    return None


def _impossible_encryption(options: SessionOptions) -> str | None:
    if options.authentication in ("basic", "certificate") and options.message_encryption == "always":
        return (
            f"{options.authentication} authentication cannot encrypt messages. Leave "
            f"{options.option('message_encryption')} out: over https TLS does"
        )
    clear = options.scheme == "http" and options.message_encryption == "never"
    if clear and options.configuration == EXCHANGE_CONFIGURATION:
        return (
            f"without encryption everything would travel in clear text over plain http. Leave "
            f"{options.option('message_encryption')} out, or set {options.option('scheme')}: https"
        )
    if options.authentication == "certificate" and options.scheme == "http":
        return f"certificate authentication is part of TLS. Set {options.option('scheme')}: https"
    return None


def _account_of_one_server(options: SessionOptions) -> str | None:
    """Exchange's own endpoint knows roles of accounts in Active Directory. (An Edge takes its local administrators.)"""
    domain, backslash, _name = (options.username or "").partition("\\")
    if options.configuration != EXCHANGE_CONFIGURATION or not backslash:
        return None
    names = {name.partition(".")[0].lower() for name in (options.host, options.called, options.hostname_override or "")}
    if domain != "." and domain.lower() not in names:
        return None
    return (
        f"{options.username} is a local account, and Exchange lets in accounts of the domain only. Set "
        f"{options.option('username')} to name@REALM, or exchange_role: edge if this is an Edge Transport server"
    )


def _missing_credentials(options: SessionOptions) -> str | None:
    # Kerberos and Negotiate may take a ticket that is already there, so only these need a password.
    if options.authentication in ("basic", "credssp", "ntlm") and not (options.username and options.password):
        own = options.option_prefix == "exchange_"
        return (
            f"{options.authentication} authentication needs a user and a password. Set {options.option('username')} "
            f"and {options.option('password')}{', or those of the connection' if own else ', or use --ask-pass'}"
        )
    if options.authentication == "basic" and not _is_latin1(f"{options.username}{options.password}"):
        return "basic authentication cannot carry letters outside Latin-1. Use kerberos, negotiate or ntlm"
    if options.authentication == "certificate" and not (options.client_certificate and options.client_certificate_key):
        return "certificate authentication needs the PEM files of the client's certificate and of its key"
    return None


def _kerberos_names(options: SessionOptions) -> str | None:
    if options.authentication != "kerberos":
        return None
    if options.username and "\\" in options.username:
        return f"Kerberos knows users as user@REALM, not as {options.username}. Give the user principal name"
    if _is_address(options.host) and not options.hostname_override:
        return (
            f"Kerberos needs the server's name, not its address. Set {options.option('host')} to its FQDN, or "
            f"{options.option('hostname_override')} to the name in its service principal"
        )
    return None


def _library(options: SessionOptions) -> str | None:
    # pywinrm has no SPNEGO of its own choice. To choose for the user could end in NTLM where Kerberos was meant.
    if options.library == "pywinrm" and options.authentication == "negotiate":
        return (
            f"pywinrm does not negotiate. Set {options.option('auth')} to kerberos or ntlm, or "
            f"{options.option('transport')}: pypsrp"
        )
    return None


def _times(options: SessionOptions) -> str | None:
    # The server holds back an empty answer for operation_timeout; a shorter read would give up on every slow cmdlet.
    if options.read_timeout <= options.operation_timeout:
        return (
            f"{options.option('read_timeout')} ({options.read_timeout} s) must be longer than "
            f"{options.option('operation_timeout')} ({options.operation_timeout} s)"
        )
    return None


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_latin1(text: str) -> bool:
    return all(ord(letter) < 256 for letter in text)


_CHECKS: Final = (
    _account_of_one_server,
    _clear_text_password,
    _missing_credentials,
    _impossible_encryption,
    _kerberos_names,
    _library,
    _times,
)
