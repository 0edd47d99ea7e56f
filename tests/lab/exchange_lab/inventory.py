# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Ansible inventory of a running organisation."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from .world import Endpoint, Server, World

Connection = Literal["psrp", "winrm"]
"""The connection plugins of ansible-core by which servers are reached."""


def inventory_of(world: World, authority: Path, connection: Connection = "psrp") -> dict[str, Any]:
    """Every server under its FQDN in the groups ``exchange`` and ``mailbox`` or ``edge``, reached as the first account.

    ``authority`` is the file with the certificate of the authority behind the HTTPS listeners.
    """
    groups: dict[str, Any] = {"mailbox": {"hosts": {}}, "edge": {"hosts": {}}}
    for fqdn, server in world.servers.items():
        host = _Host(world, server, authority)
        own = host.psrp() if connection == "psrp" else host.winrm()
        groups[server.role]["hosts"][fqdn] = own | host.exchange()
    everywhere = {
        "ansible_connection": f"ansible.builtin.{connection}",
        "ansible_user": world.accounts[0].user,
        "ansible_password": world.accounts[0].password,
    }
    return {"exchange": {"children": groups, "vars": everywhere}}


class _Host:
    """The variables of one server, as an administrator would write them."""

    def __init__(self, world: World, server: Server, authority: Path) -> None:
        self._world = world
        self._server = server
        self._authority = str(authority)

    def psrp(self) -> dict[str, Any]:
        """How ansible.builtin.psrp reaches the server's own PowerShell."""
        wsman = self._server.wsman
        variables = self._reached() | {"ansible_psrp_protocol": wsman.scheme}
        if self._takes_tickets(wsman):
            variables |= {"ansible_psrp_negotiate_hostname_override": self._server.fqdn}
        if (authentication := self._authentication(wsman)) != "negotiate":  # the plugin's own default
            variables |= {"ansible_psrp_auth": authentication}
        if wsman.scheme == "https":
            variables |= {"ansible_psrp_cert_validation": "validate", "ansible_psrp_ca_cert": self._authority}
        return variables

    def winrm(self) -> dict[str, Any]:
        """How ansible.builtin.winrm does."""
        wsman = self._server.wsman
        variables = self._reached() | {"ansible_winrm_scheme": wsman.scheme}
        if self._takes_tickets(wsman):
            variables |= {
                "ansible_winrm_transport": "kerberos",
                "ansible_winrm_kerberos_hostname_override": self._server.fqdn,
                # kinit is given PATH and this, nothing else.
                "ansible_winrm_kinit_env_vars": ["KRB5_CONFIG"],
            }
        else:
            variables |= {"ansible_winrm_transport": self._authentication(wsman)}
        if wsman.scheme == "https":
            variables |= {
                "ansible_winrm_server_cert_validation": "validate",
                "ansible_winrm_ca_trust_path": self._authority,
            }
        return variables

    def exchange(self) -> dict[str, Any]:
        """Where Exchange itself answers; on an Edge it does not, its cmdlets run in the server's own PowerShell."""
        endpoint = self._server.powershell
        if endpoint is None:
            return {"exchange_role": "edge"}
        variables: dict[str, Any] = {"exchange_port": endpoint.port, "exchange_scheme": endpoint.scheme}
        if not self._takes_tickets(endpoint):
            variables |= {"exchange_auth": self._authentication(endpoint)}
        elif not self._takes_tickets(self._server.wsman):  # whose authentication would be lent
            variables |= {"exchange_auth": "kerberos"}
            variables |= {"exchange_hostname_override": self._server.fqdn, "exchange_username": self._user}
            variables |= {"exchange_password": self._world.accounts[0].password}
        if endpoint.scheme == "https":
            variables |= {"exchange_validate_certs": True, "exchange_ca_cert": self._authority}
        return variables

    def _reached(self) -> dict[str, Any]:
        variables: dict[str, Any] = {"ansible_host": self._server.address, "ansible_port": self._server.wsman.port}
        return variables | ({"ansible_user": self._user} if self._takes_tickets(self._server.wsman) else {})

    @property
    def _user(self) -> str:
        """The first account as Kerberos knows it."""
        return f"{self._world.accounts[0].name}@{self._world.realm.name if self._world.realm else self._world.domain}"

    def _takes_tickets(self, endpoint: Endpoint) -> bool:
        offered = {"Kerberos", "Negotiate"}.intersection(endpoint.authentication)
        return bool(offered) and self._world.knows_tickets(self._server)

    def _authentication(self, endpoint: Endpoint) -> str:
        """A client's word for the best that is offered. Where there is no ticket to be had, Negotiate means NTLM."""
        if self._takes_tickets(endpoint):
            return "negotiate" if "Negotiate" in endpoint.authentication else "kerberos"
        return "ntlm" if "Negotiate" in endpoint.authentication else "basic"
