# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an inventory says of a server, by what the server offers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from exchange_lab.inventory import Connection, inventory_of
from exchange_lab.scenario import load

SCENARIO = Path(__file__).resolve().parents[2] / "lab" / "scenarios" / "kb4051498.yml"
MBX01 = "mbx01.contoso.test"
UPN = "exadmin@CONTOSO.TEST"


def host(connection: Connection, *, wsman: list[str], powershell: list[str], scheme: str = "http", **more: str) -> Any:
    """The variables of mbx01, those of its group included, without what is everywhere the same."""
    changes = [
        f"servers.{MBX01}.wsman={{scheme: {scheme}, authentication: [{', '.join(wsman)}]}}",
        f"servers.{MBX01}.powershell={{scheme: {scheme}, authentication: [{', '.join(powershell)}]}}",
        *(f"{key}={value}" for key, value in more.items()),
    ]
    inventory = inventory_of(load(SCENARIO, changes), Path("ca.pem"), connection)["exchange"]
    variables = inventory["vars"] | inventory["children"]["mailbox"]["hosts"][MBX01]
    assert variables.pop("ansible_host") == "127.0.0.1"
    assert variables.pop("ansible_connection") == f"ansible.builtin.{connection}"
    assert variables.pop("ansible_password") == "Lab-Passw0rd!"
    for name in ("ansible_port", "exchange_port"):
        assert variables.pop(name) == 0
    assert variables.pop(f"ansible_{'psrp_protocol' if connection == 'psrp' else 'winrm_scheme'}") == scheme
    assert variables.pop("exchange_scheme") == scheme
    return variables


@pytest.mark.parametrize(("scheme", "offered", "word"), [("http", "Negotiate", "ntlm"), ("https", "Basic", "basic")])
def test_without_a_realm_the_word_is_that_of_the_scheme(scheme: str, offered: str, word: str) -> None:
    psrp = host("psrp", wsman=[offered], powershell=[offered], scheme=scheme)
    winrm = host("winrm", wsman=[offered], powershell=[offered], scheme=scheme)
    for variables in (psrp, winrm):
        assert (variables["ansible_user"], variables["exchange_auth"]) == ("CONTOSO\\exadmin", word)
    assert (psrp["ansible_psrp_auth"], winrm["ansible_winrm_transport"]) == (word, word)


def test_over_https_the_private_authority_is_trusted_and_checked() -> None:
    exchange = {"exchange_validate_certs": True, "exchange_ca_cert": "ca.pem"}
    psrp = {"ansible_psrp_cert_validation": "validate", "ansible_psrp_ca_cert": "ca.pem"}
    winrm = {"ansible_winrm_server_cert_validation": "validate", "ansible_winrm_ca_trust_path": "ca.pem"}
    for connection, own in (("psrp", psrp), ("winrm", winrm)):
        variables = host(connection, wsman=["Basic"], powershell=["Basic"], scheme="https")  # type: ignore[arg-type]
        assert (own | exchange).items() <= variables.items()


@pytest.mark.parametrize("offered", ["Kerberos", "Negotiate"])
def test_with_a_realm_a_upn_and_the_name_behind_the_address_say_all(offered: str) -> None:
    more = {"realm": "{kdc: running}"}
    auth = {"ansible_psrp_auth": "kerberos"} if offered == "Kerberos" else {}
    assert host("psrp", wsman=[offered], powershell=[offered], **more) == {
        "ansible_user": UPN,
        "ansible_psrp_negotiate_hostname_override": MBX01,
        **auth,
    }
    assert host("winrm", wsman=[offered], powershell=[offered], **more) == {
        "ansible_user": UPN,
        "ansible_winrm_transport": "kerberos",
        "ansible_winrm_kerberos_hostname_override": MBX01,
        "ansible_winrm_kinit_env_vars": ["KRB5_CONFIG"],
    }


def test_an_endpoint_that_offers_kerberos_takes_a_realm_for_granted_and_its_name_may_be_another() -> None:
    assert host("psrp", wsman=["Negotiate"], powershell=["Kerberos"])["ansible_user"] == UPN
    named = host("psrp", wsman=["Negotiate"], powershell=["Kerberos"], realm="{name: AD.EXAMPLE}")
    assert named["ansible_user"] == "exadmin@AD.EXAMPLE"


def test_where_the_connection_has_no_ticket_to_lend_exchange_gets_its_own() -> None:
    assert (
        host("psrp", wsman=["Basic"], powershell=["Kerberos"], scheme="https").items()
        >= {
            "ansible_user": "CONTOSO\\exadmin",
            "ansible_psrp_auth": "basic",
            "exchange_auth": "kerberos",
            "exchange_username": UPN,
            "exchange_hostname_override": MBX01,
        }.items()
    )


def test_an_exchange_that_offers_basic_is_asked_by_basic_whatever_the_connection_does() -> None:
    assert host("psrp", wsman=["Kerberos"], powershell=["Basic"], scheme="https")["exchange_auth"] == "basic"
