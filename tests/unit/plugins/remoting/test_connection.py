# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible's own connection plugins, loaded but never connected, and what we make of their options."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader
from ansible_collections.mailops.exchange.plugins.plugin_utils._connection import exchange_endpoint, host_endpoint

HOST = {
    "inventory_hostname": "mbx01",
    "ansible_host": "mbx01.lab.test",
    "ansible_user": "LAB\\exadmin",
    "ansible_password": "secret",
}


def connection(plugin: str = "psrp", **variables: Any) -> Any:
    loaded = connection_loader.get(plugin, PlayContext(), "/dev/null")
    loaded.set_options(var_options=HOST | variables)
    return loaded


def test_the_defaults_of_both_endpoints() -> None:
    exchange, host = exchange_endpoint(connection(), {}), host_endpoint(connection(), {})
    assert exchange.endpoint == "http://mbx01.lab.test:80/PowerShell/"
    assert exchange.configuration == "Microsoft.Exchange"
    assert exchange.kerberos_service == "HTTP"
    assert host.endpoint == "https://mbx01.lab.test:5986/wsman"
    assert host.configuration == "Microsoft.PowerShell"
    assert host.kerberos_service != "HTTP"
    for options in (exchange, host):
        assert (options.username, options.password) == ("LAB\\exadmin", "secret")
    # Kerberos knows no user by this name: with Exchange's endpoint it is said which mechanism that means.
    assert (exchange.authentication, host.authentication) == ("ntlm", "negotiate")


@pytest.mark.parametrize(
    ("variables", "endpoint"),
    [
        ({"ansible_port": 5985}, "http://mbx01.lab.test:5985/wsman"),
        ({"ansible_port": 45986}, "https://mbx01.lab.test:45986/wsman"),
        ({"ansible_psrp_protocol": "http"}, "http://mbx01.lab.test:5985/wsman"),
        ({"ansible_psrp_protocol": "https"}, "https://mbx01.lab.test:5986/wsman"),
        ({"ansible_psrp_protocol": "http", "ansible_port": 80}, "http://mbx01.lab.test:80/wsman"),
        ({"ansible_psrp_path": "winrm"}, "https://mbx01.lab.test:5986/winrm"),
    ],
)
def test_the_host_s_own_endpoint_is_where_its_connection_goes(variables: dict[str, Any], endpoint: str) -> None:
    plugin = connection(**variables)
    assert host_endpoint(plugin, {}).endpoint == endpoint
    # None of it leads to Exchange.
    assert exchange_endpoint(plugin, {}).endpoint == "http://mbx01.lab.test:80/PowerShell/"


def test_settings_of_the_connection_reach_both_endpoints() -> None:
    plugin = connection(
        ansible_psrp_auth="ntlm",
        ansible_psrp_cert_validation="ignore",
        ansible_psrp_ca_cert="/ca.pem",
        ansible_psrp_proxy="http://proxy.lab.test",
        ansible_psrp_ignore_proxy=True,
        ansible_psrp_connection_timeout=11,
        ansible_psrp_read_timeout=13,
        ansible_psrp_operation_timeout=12,
        ansible_psrp_negotiate_send_cbt=False,
        ansible_psrp_negotiate_delegate=True,
        ansible_psrp_negotiate_hostname_override="owa.lab.test",
    )
    for options in (exchange_endpoint(plugin, {}), host_endpoint(plugin, {})):
        assert options.authentication == "ntlm"
        assert (options.validate_certificates, options.ca_certificate) == (False, "/ca.pem")
        assert (options.proxy, options.no_proxy) == ("http://proxy.lab.test", True)
        assert (options.connection_timeout, options.read_timeout, options.operation_timeout) == (11, 13, 12)
        assert (options.send_cbt, options.delegate, options.hostname_override) == (False, True, "owa.lab.test")


def test_certificate_and_credssp_settings_are_kept() -> None:
    pems = {"ansible_psrp_certificate_pem": "/client.pem", "ansible_psrp_certificate_key_pem": "/client.key"}
    certificate = host_endpoint(connection(ansible_psrp_auth="certificate", **pems), {})
    assert (certificate.client_certificate, certificate.client_certificate_key) == ("/client.pem", "/client.key")
    credssp = host_endpoint(
        connection(
            ansible_psrp_auth="credssp",
            ansible_psrp_credssp_auth_mechanism="ntlm",
            ansible_psrp_credssp_minimum_version=5,
            ansible_psrp_credssp_disable_tlsv1_2=True,
        ),
        {},
    )
    assert (credssp.credssp_mechanism, credssp.credssp_minimum_version) == ("ntlm", 5)
    assert credssp.credssp_disable_tlsv1_2 is True


def test_options_of_the_module_reach_only_exchange_but_for_the_budgets() -> None:
    given = {"exchange_port": 8080, "exchange_timeout": 7, "exchange_idle_timeout": 8, "exchange_username": None}
    exchange, host = exchange_endpoint(connection(), given), host_endpoint(connection(), given)
    assert (exchange.port, host.port) == (8080, 5986)
    for options in (exchange, host):
        assert (options.command_timeout, options.idle_timeout) == (7, 8)


def test_advice_names_the_options_of_its_endpoint() -> None:
    assert exchange_endpoint(connection(), {}).option("port") == "exchange_port"
    assert host_endpoint(connection(), {}).option("port") == "ansible_psrp_port"


@pytest.mark.parametrize("endpoint", [exchange_endpoint, host_endpoint])
def test_error_messages_say_the_name_in_the_inventory(endpoint):
    named = endpoint(connection(ansible_host="10.0.0.21"), {}, "mbx01.contoso.test")
    assert (named.server, named.host) == ("mbx01.contoso.test", "10.0.0.21")
    assert endpoint(connection(ansible_host="10.0.0.21"), {}).server == "10.0.0.21"


def test_another_host_is_called_by_its_own_name():
    assert exchange_endpoint(connection(), {"exchange_host": "mbx02.lab.test"}, "mbx01").server == "mbx02.lab.test"


def test_values_lose_ansible_s_tags() -> None:
    tagged = DataLoader().load("{host: mbx01.lab.test, password: secret, path: /PowerShell/, port: 8080}")
    assert tagged["password"].__class__ is not str
    options = exchange_endpoint(
        connection(ansible_host=tagged["host"], ansible_password=tagged["password"]),
        {"exchange_port": tagged["port"], "exchange_path": tagged["path"]},
    )
    for value, kind in ((options.host, str), (options.password, str), (options.path, str), (options.port, int)):
        assert value.__class__ is kind


def test_nothing_connects() -> None:
    plugin = connection()
    exchange_endpoint(plugin, {})
    host_endpoint(plugin, {})
    assert plugin.connected is False


def test_an_edges_cmdlets_go_where_its_connection_goes() -> None:
    plugin = connection(ansible_port=5985, exchange_role="edge")
    options = {"exchange_role": "edge", "exchange_port": 80, "exchange_username": "CONTOSO\\other"}
    assert exchange_endpoint(plugin, options) == host_endpoint(plugin, options)
