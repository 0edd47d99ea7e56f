# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the connection of an Ansible host to the options of our own sessions on it.

Only ``get_option`` is asked: this is how the credentials of AWX, vaults and ``--ask-pass`` arrive. Nothing connects,
and task variables are never read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from ..module_utils._plain import plain
from ..module_utils._remoting.endpoint import Lent, exchange_session, is_edge
from ..module_utils._remoting.errors import UnusableOptions
from ..module_utils._remoting.options import SessionOptions

_HTTP_PORT: Final = 5985
_HTTPS_PORT: Final = 5986


class ConnectionPlugin(Protocol):
    """What we ask of an Ansible connection plugin."""

    @property
    def transport(self) -> str:
        """Return the plugin's name."""

    def get_option(self, option: str) -> Any:
        """Return the option's value for this host and task."""


def exchange_endpoint(connection: ConnectionPlugin, options: Mapping[str, Any], called: str = "") -> SessionOptions:
    """Return the way to Exchange's cmdlets on the host, from a module's resolved session options.

    It leads to Exchange's ``/PowerShell/``, but on an Edge Transport server where the connection itself goes.
    ``called`` is the host's name in the inventory, which error messages say.

    Raises:
        UnusableOptions: a connection that cannot lend its options, or options that cannot work.
    """
    if is_edge(options):
        return host_endpoint(connection, options, called)
    return exchange_session(options, _lent(connection, called))


def host_endpoint(connection: ConnectionPlugin, options: Mapping[str, Any], called: str = "") -> SessionOptions:
    """Return the way to the host's own PowerShell, exactly as its connection goes there.

    Of the module's options only the budgets (``exchange_timeout``, ``exchange_idle_timeout``) matter here.

    Raises:
        UnusableOptions: as ``exchange_endpoint``.
    """
    lent, get = _lent(connection, called), _reader(connection)
    scheme, port = _scheme_and_port(get("protocol"), get("port"))
    return SessionOptions(
        host=lent.host or "",
        port=port,
        scheme=scheme,
        path=get("path"),
        configuration=get("configuration_name"),
        authentication=lent.authentication,
        username=lent.username,
        password=lent.password,
        validate_certificates=lent.validate_certificates,
        ca_certificate=lent.ca_certificate,
        client_certificate=lent.client_certificate,
        client_certificate_key=lent.client_certificate_key,
        message_encryption=get("message_encryption"),
        kerberos_service=get("negotiate_service"),
        hostname_override=lent.hostname_override,
        send_cbt=lent.send_cbt,
        delegate=lent.delegate,
        credssp_mechanism=lent.credssp_mechanism,
        credssp_disable_tlsv1_2=lent.credssp_disable_tlsv1_2,
        credssp_minimum_version=lent.credssp_minimum_version,
        proxy=lent.proxy,
        no_proxy=lent.no_proxy,
        connection_timeout=lent.connection_timeout,
        read_timeout=lent.read_timeout,
        operation_timeout=lent.operation_timeout,
        command_timeout=_or_default(options.get("exchange_timeout"), 300),
        idle_timeout=_or_default(options.get("exchange_idle_timeout"), 120),
        option_prefix="ansible_psrp_",
        called=lent.called,
    )


def _lent(connection: ConnectionPlugin, called: str) -> Lent:
    get = _reader(connection)
    if connection.transport != "psrp":
        # The place for winrm hosts: their options have other names, and half of them stand in ``_extras``.
        raise UnusableOptions(
            called or (get("remote_addr") if connection.transport == "winrm" else "this host"),
            f"ansible_connection is {connection.transport}, whose options cannot be used yet. "
            f"Set ansible_connection: psrp",
        )
    return Lent(
        host=get("remote_addr"),
        username=get("remote_user"),
        password=get("remote_password"),
        authentication=get("auth"),
        validate_certificates=get("cert_validation") != "ignore",
        ca_certificate=get("ca_cert"),
        client_certificate=get("certificate_pem"),
        client_certificate_key=get("certificate_key_pem"),
        hostname_override=get("negotiate_hostname_override"),
        send_cbt=get("negotiate_send_cbt"),
        delegate=bool(get("negotiate_delegate")),
        credssp_mechanism=get("credssp_auth_mechanism"),
        credssp_disable_tlsv1_2=get("credssp_disable_tlsv1_2"),
        credssp_minimum_version=get("credssp_minimum_version"),
        proxy=get("proxy"),
        no_proxy=get("ignore_proxy"),
        connection_timeout=get("connection_timeout"),
        read_timeout=get("read_timeout"),
        operation_timeout=get("operation_timeout"),
        called=called,
    )


def _reader(connection: ConnectionPlugin) -> Callable[[str], Any]:
    """Return ``get_option`` without ansible-core's tags, which pypsrp cannot bear."""
    return lambda name: plain(connection.get_option(name))


def _scheme_and_port(scheme: str | None, port: int | None) -> tuple[str, int]:
    """Derive one from the other, as the psrp plugin does (its documentation of ``port`` and ``protocol``)."""
    if scheme is None:
        scheme = "http" if port == _HTTP_PORT else "https"
    return scheme, port or (_HTTP_PORT if scheme == "http" else _HTTPS_PORT)


def _or_default(value: int | None, default: int) -> int:
    return default if value is None else int(value)
