# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Ansible inventory of a running organisation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .world import Account, Endpoint, Server, World


def inventory_of(world: World, authority: Path) -> dict[str, Any]:
    """Every server under its FQDN in the groups ``exchange`` and ``mailbox`` or ``edge``, reached as the first account.

    ``authority`` is the file with the certificate of the authority behind the HTTPS listeners.
    """
    groups: dict[str, Any] = {"mailbox": {"hosts": {}}, "edge": {"hosts": {}}}
    for fqdn, server in world.servers.items():
        groups[server.role]["hosts"][fqdn] = _host(server, authority)
    return {"exchange": {"children": groups, "vars": _everywhere(world.accounts[0])}}


def _everywhere(account: Account) -> dict[str, Any]:
    return {
        "ansible_connection": "ansible.builtin.psrp",
        "ansible_user": account.user,
        "ansible_password": account.password,
    }


def _host(server: Server, authority: Path) -> dict[str, Any]:
    wsman, powershell = server.wsman, server.powershell
    host: dict[str, Any] = {
        "ansible_host": server.address,
        "ansible_port": wsman.port,
        "ansible_psrp_protocol": wsman.scheme,
        "ansible_psrp_auth": _authentication(wsman),
    }
    if wsman.scheme == "https":
        host |= {"ansible_psrp_cert_validation": "validate", "ansible_psrp_ca_cert": str(authority)}
    return host | (_exchange(powershell, authority) if powershell is not None else {"exchange_role": "edge"})


def _exchange(powershell: Endpoint, authority: Path) -> dict[str, Any]:
    """Where Exchange itself answers; on an Edge it does not, its cmdlets run in the server's own PowerShell."""
    variables: dict[str, Any] = {
        "exchange_port": powershell.port,
        "exchange_scheme": powershell.scheme,
        "exchange_auth": _authentication(powershell),
    }
    if powershell.scheme == "https":
        variables |= {"exchange_validate_certs": True, "exchange_ca_cert": str(authority)}
    return variables


def _authentication(endpoint: Endpoint) -> str:
    """A client's word for the best that is offered. There is no Kerberos realm, so Negotiate means NTLM."""
    return "ntlm" if "Negotiate" in endpoint.authentication else "basic"
