# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A listener around any ``execute``, and pypsrp as the client that knows nothing of it."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from exchange_lab.wire import Account, Accounts, Endpoint, Execute, Listener
from pypsrp.powershell import RunspacePool
from pypsrp.wsman import WSMan

USER = "LAB\\exadmin"
PASSWORD = "Passw0rd!"
SECOND_USER = "LAB\\other"

Serve = Callable[..., Listener]
Connect = Callable[..., RunspacePool]


@pytest.fixture
def accounts() -> Accounts:
    return Accounts([Account(USER, PASSWORD, upn="exadmin@lab.test"), Account(SECOND_USER, "Other-1")])


@pytest.fixture
def serve(accounts: Accounts) -> Iterator[Serve]:
    """Start listeners; afterwards no shell may be open, no thread hang and the lab itself not have failed."""
    listeners: list[Listener] = []

    def start(execute: Execute, *, endpoint: dict[str, Any] | None = None, **options: Any) -> Listener:
        endpoints = [
            Endpoint("/powershell", "Microsoft.Exchange", execute, **(endpoint or {})),
            Endpoint("/wsman", "Microsoft.PowerShell", execute),
        ]
        listener = Listener("127.0.0.1", endpoints=endpoints, accounts=accounts, **options)
        listeners.append(listener)
        listener.start()
        return listener

    yield start
    for listener in listeners:
        listener.stop()
        assert listener.traffic.open_shells == 0
        assert listener.traffic.crashes == ()


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Build (not open) runspace pools on a listener; what a test leaves open is closed."""
    pools: list[RunspacePool] = []

    def build(
        listener: Listener,
        *,
        configuration: str = "Microsoft.Exchange",
        host: Any = None,
        idle_timeout: int | None = None,
        **options: Any,
    ) -> RunspacePool:
        defaults: dict[str, Any] = {
            "port": listener.port,
            "ssl": listener.scheme == "https",
            "path": "PowerShell/",
            "username": USER,
            "password": PASSWORD,
            "auth": "ntlm" if listener.scheme == "http" else "basic",
            "cert_validation": False,
            "no_proxy": True,
            "operation_timeout": 5,
        }
        wsman = WSMan(listener.address, **(defaults | options))
        pool = RunspacePool(wsman, configuration_name=configuration, host=host, idle_timeout=idle_timeout)
        pools.append(pool)
        return pool

    yield build
    for pool in pools:
        pool.connection.close()


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A server's context with a certificate that nobody trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path: Path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
