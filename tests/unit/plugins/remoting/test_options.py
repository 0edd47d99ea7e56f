# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that contradict each other, or would give a password away, are refused before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.errors import UnusableOptions
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.options import SessionOptions


def options(**changes: Any) -> SessionOptions:
    usable: dict[str, Any] = {
        "host": "mbx01.lab.test",
        "port": 80,
        "scheme": "http",
        "path": "/PowerShell/",
        "configuration": "Microsoft.Exchange",
        "authentication": "kerberos",
        "username": "exadmin@LAB.TEST",
        "password": "secret",
    }
    return SessionOptions(**(usable | changes))


def test_a_password_is_in_no_representation() -> None:
    assert "secret" not in repr(options())


@pytest.mark.parametrize(
    ("changes", "endpoint"),
    [
        ({}, "http://mbx01.lab.test:80/PowerShell/"),
        ({"path": "wsman", "scheme": "https", "port": 5986}, "https://mbx01.lab.test:5986/wsman"),
        ({"host": "::1", "authentication": "ntlm"}, "http://[::1]:80/PowerShell/"),
    ],
)
def test_the_endpoint_reads_as_a_url(changes: dict[str, Any], endpoint: str) -> None:
    assert options(**changes).endpoint == endpoint


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"authentication": "basic"},
            "mbx01.lab.test: Basic authentication over plain http would send the password in clear text. Set "
            "exchange_scheme: https, or authenticate with kerberos, negotiate or ntlm.",
        ),
        (
            {"authentication": "basic", "message_encryption": "never"},
            "mbx01.lab.test: Basic authentication over plain http would send the password in clear text. Set "
            "exchange_scheme: https, or authenticate with kerberos, negotiate or ntlm.",
        ),
        (
            {"authentication": "basic", "scheme": "https", "password": "пароль"},
            "mbx01.lab.test: basic authentication cannot carry letters outside Latin-1. Use kerberos, negotiate or "
            "ntlm.",
        ),
        (
            {"authentication": "ntlm", "password": None},
            "mbx01.lab.test: ntlm authentication needs a user and a password. Set exchange_username and "
            "exchange_password, or those of the connection.",
        ),
        (
            {"authentication": "basic", "scheme": "https", "username": None},
            "mbx01.lab.test: basic authentication needs a user and a password. Set exchange_username and "
            "exchange_password, or those of the connection.",
        ),
        (
            {"authentication": "certificate", "client_certificate": "client.pem"},
            "mbx01.lab.test: certificate authentication needs the PEM files of the client's certificate and of its "
            "key.",
        ),
        (
            {"username": "LAB\\exadmin"},
            "mbx01.lab.test: Kerberos knows users as user@REALM, not as LAB\\exadmin. Give the user principal name.",
        ),
        (
            {"host": "192.0.2.1"},
            "192.0.2.1: Kerberos needs the server's name, not its address. Set exchange_host to its FQDN, or "
            "exchange_hostname_override to the name in its service principal.",
        ),
        (
            {"operation_timeout": 30},
            "mbx01.lab.test: exchange_read_timeout (30 s) must be longer than exchange_operation_timeout (30 s).",
        ),
    ],
)
def test_unusable_options_are_refused_with_the_way_out(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(UnusableOptions) as caught:
        options(**changes)
    assert str(caught.value) == problem


@pytest.mark.parametrize(
    "changes",
    [
        {"username": None, "password": None},  # a ticket in the cache
        {"host": "192.0.2.1", "hostname_override": "mbx01.lab.test"},
        {"host": "192.0.2.1", "authentication": "negotiate"},
        {"authentication": "ntlm", "username": "LAB\\exadmin"},
        {"authentication": "basic", "scheme": "https", "password": "pässwörd"},
    ],
)
def test_usable_options_are_taken(changes: dict[str, Any]) -> None:
    options(**changes)


def test_the_service_principal_follows_the_override() -> None:
    assert options().service_principal == "HTTP/mbx01.lab.test"
    assert options(hostname_override="owa.lab.test").service_principal == "HTTP/owa.lab.test"
