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
from ..module_utils._remoting.endpoint import exchange_session, is_edge, library_of, mechanism_for
from ..module_utils._remoting.options import SessionOptions
from ._host_connection import HostConnection, read_psrp, read_winrm


class ConnectionPlugin(Protocol):
    """What we ask of an Ansible connection plugin."""

    @property
    def transport(self) -> str:
        """Return the plugin's name."""

    def get_option(self, option: str) -> Any:
        """Return the option's value for this host and task."""


_READERS: Final[Mapping[str, Callable[[Callable[[str], Any], str], HostConnection]]] = {
    "psrp": read_psrp,
    "winrm": read_winrm,
}

WINDOWS_CONNECTIONS: Final = tuple(_READERS)


def exchange_endpoint(connection: ConnectionPlugin, options: Mapping[str, Any], called: str = "") -> SessionOptions:
    """Return the way to Exchange's cmdlets on the host, from a module's resolved session options.

    It leads to Exchange's ``/PowerShell/``, but on an Edge Transport server where the connection itself goes.
    ``connection`` is one of ``WINDOWS_CONNECTIONS``; ``called`` is the host's name in the inventory, which error
    messages say.

    Raises:
        UnusableOptions: options that cannot work.
    """
    if is_edge(options):
        return host_endpoint(connection, options, called)
    return exchange_session(options, _read(connection, called).lent)


def host_endpoint(connection: ConnectionPlugin, options: Mapping[str, Any], called: str = "") -> SessionOptions:
    """Return the way to the host's own PowerShell, exactly as its connection goes there.

    Of the module's options only the budgets (``exchange_timeout``, ``exchange_idle_timeout``) and
    ``exchange_transport`` matter here.

    Raises:
        UnusableOptions: as ``exchange_endpoint``.
    """
    host = _read(connection, called)
    lent = host.lent
    library, chosen = library_of(options, lent)
    authentication = host.authentication
    if authentication == "negotiate" and library == "pywinrm":
        authentication = mechanism_for(lent.username)
    return SessionOptions(
        host=lent.host or "",
        port=host.port,
        scheme=host.scheme,
        path=host.path,
        configuration=host.configuration,
        authentication=authentication,
        message_encryption=host.message_encryption,
        kerberos_service=host.kerberos_service,
        command_timeout=_or_default(options.get("exchange_timeout"), 300),
        idle_timeout=_or_default(options.get("exchange_idle_timeout"), 120),
        library=library,
        library_chosen=chosen,
        option_prefix=f"ansible_{connection.transport}_",
        **lent.taken_over(),
    )


def _read(connection: ConnectionPlugin, called: str) -> HostConnection:
    # Without ansible-core's tags, which pypsrp cannot bear.
    return _READERS[connection.transport](lambda name: plain(connection.get_option(name)), called)


def _or_default(value: int | None, default: int) -> int:
    return default if value is None else int(value)
