# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tickets: a real KDC, real clients. What gets in, and what does not."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import requests
import spnego
from exchange_lab.certificates import TlsAuthority, TlsChannel
from exchange_lab.kdc import SERVICES, Realm
from exchange_lab.wire import Account, Accounts, Caller, Listener, ReceivedCommand, Run, ServiceKeys
from exchange_lab.wire.sealing import MalformedMessage, unseal
from pypsrp.exceptions import AuthenticationError
from pypsrp.powershell import PowerShell, RunspacePool
from spnego.exceptions import SpnegoError

Serve = Callable[..., Listener]
Connect = Callable[..., RunspacePool]

UPN = "exadmin@LAB.TEST"
PASSWORD = "Passw0rd! \"'ü"
MBX01, MBX02 = "mbx01.lab.test", "mbx02.lab.test"


class Witness:
    """Remembers who called."""

    def __init__(self) -> None:
        self.callers: list[Caller] = []

    def __call__(self, run: Run, commands: Sequence[ReceivedCommand]) -> None:
        del commands
        self.callers.append(run.caller)
        run.write("done")


@pytest.fixture(scope="module")
def realm() -> Iterator[Realm]:
    with Realm("LAB.TEST", passwords={"exadmin": PASSWORD, "nobody": "x"}, hosts=[MBX01, MBX02]) as started:
        yield started


@pytest.fixture
def accounts() -> Accounts:
    return Accounts([Account("LAB\\exadmin", PASSWORD, upn=UPN)])


@pytest.fixture(autouse=True)
def client_of(realm: Realm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KRB5_CONFIG", str(realm.config))


@pytest.fixture
def keys(realm: Realm) -> ServiceKeys:
    """Those of mbx01 for Exchange's own service."""
    return ServiceKeys(realm.config, realm.keytab(MBX01, ["HTTP"]))


@pytest.fixture(scope="module")
def channel() -> TlsChannel:
    return TlsAuthority().channel(MBX01, "127.0.0.1")


def ticket(**more: Any) -> dict[str, Any]:
    """The options of a client that uses a ticket for mbx01's HTTP."""
    service = {"negotiate_service": "HTTP", "negotiate_hostname_override": MBX01}
    return {"auth": "kerberos", "username": UPN, "password": PASSWORD} | service | more


def call(pool: RunspacePool) -> list[Any]:
    with pool, PowerShell(pool) as pipeline:
        return list(pipeline.add_cmdlet("Get-Anything").invoke())


@pytest.mark.parametrize(
    ("scheme", "sealed"),
    [
        ("Kerberos", "application/HTTP-Kerberos-session-encrypted"),
        ("Negotiate", "application/HTTP-SPNEGO-session-encrypted"),
    ],
)
def test_a_ticket_over_http_is_sealed_as_its_scheme_says(
    serve: Serve, connect: Connect, keys: ServiceKeys, scheme: str, sealed: str
) -> None:
    witness = Witness()
    types: list[str] = []

    def hook(response: requests.Response, **__: object) -> None:
        types.append(response.headers["Content-Type"])

    with connect(serve(witness, authentication=[scheme], keys=keys), **ticket()) as pool:
        pool.connection.transport.session.hooks["response"].append(hook)
        with PowerShell(pool) as pipeline:
            assert pipeline.add_cmdlet("Get-Anything").invoke() == ["done"]
    assert witness.callers == [Caller("LAB\\exadmin", "kerberos", scheme, True, "/powershell", {})]
    assert types
    assert all(f'protocol="{sealed}"' in each for each in types)


def test_negotiate_prefers_the_ticket(serve: Serve, connect: Connect, keys: ServiceKeys) -> None:
    witness = Witness()
    call(connect(serve(witness, keys=keys), **ticket(auth="negotiate")))
    assert [caller.authentication for caller in witness.callers] == ["kerberos"]


def test_negotiate_without_a_ticket_falls_back_to_ntlm(serve: Serve, connect: Connect, keys: ServiceKeys) -> None:
    witness = Witness()
    call(connect(serve(witness, keys=keys), **ticket(auth="negotiate", negotiate_hostname_override="alias.lab.test")))
    assert [(caller.user, caller.authentication) for caller in witness.callers] == [("LAB\\exadmin", "ntlm")]


def test_kerberos_alone_is_offered_and_ntlm_is_refused(
    serve: Serve, connect: Connect, keys: ServiceKeys, accounts: Accounts
) -> None:
    witness = Witness()
    listener = serve(witness, authentication=["Kerberos"], keys=keys)
    answer = requests.post(f"{listener.url}/powershell", timeout=5)
    assert answer.raw.headers.getlist("WWW-Authenticate") == ["Kerberos"]
    with pytest.raises(ValueError, match="incompatible"):  # the client's word for: no NTLM here
        call(connect(listener, **ticket(auth="ntlm")))
    with pytest.raises(SpnegoError, match="not found in Kerberos database"):
        call(connect(listener, **ticket(auth="negotiate", negotiate_hostname_override="alias.lab.test")))
    assert (witness.callers, accounts.rejections) == ([], {})


@pytest.mark.parametrize("scheme", ["Kerberos", "Negotiate", "NTLM"])
@pytest.mark.parametrize("keyed", [True, False])
def test_where_kerberos_is_offered_no_header_lets_ntlm_in(
    serve: Serve, keys: ServiceKeys, keyed: bool, scheme: str
) -> None:
    listener = serve(Witness(), authentication=["Kerberos"], keys=keys if keyed else None)
    token = spnego.client("LAB\\exadmin", PASSWORD, protocol="ntlm").step()
    assert token is not None
    header = {"Authorization": f"{scheme} {base64.b64encode(token).decode()}"}
    answer = requests.post(f"{listener.url}/powershell", headers=header, timeout=5)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Kerberos")


@pytest.mark.parametrize("authentication", ["Kerberos", "Negotiate"])
def test_without_keys_no_ticket_is_taken(serve: Serve, connect: Connect, authentication: str) -> None:
    with pytest.raises(AuthenticationError):
        call(connect(serve(Witness(), authentication=[authentication]), **ticket()))


def test_a_wrong_password_does_not_get_past_the_kdc(
    serve: Serve, connect: Connect, realm: Realm, keys: ServiceKeys, accounts: Accounts
) -> None:
    before = realm.rejections.get("exadmin", 0)
    witness = Witness()
    with pytest.raises(Exception, match="Preauthentication failed"):
        call(connect(serve(witness, keys=keys), **ticket(password="wrong")))
    assert realm.rejections["exadmin"] == before + 1
    assert (witness.callers, accounts.rejections) == ([], {})


def test_a_ticket_for_another_server_is_refused(serve: Serve, connect: Connect, keys: ServiceKeys) -> None:
    witness = Witness()
    with pytest.raises(AuthenticationError):
        call(connect(serve(witness, keys=keys), **ticket(negotiate_hostname_override=MBX02)))
    assert witness.callers == []


@pytest.mark.parametrize("service", ["WSMAN", "host"])
def test_a_ticket_for_another_service_needs_its_key(
    serve: Serve, connect: Connect, realm: Realm, keys: ServiceKeys, service: str
) -> None:
    with pytest.raises(AuthenticationError):
        call(connect(serve(Witness(), keys=keys), **ticket(negotiate_service=service)))
    every = ServiceKeys(realm.config, realm.keytab(MBX01, SERVICES))
    assert call(connect(serve(Witness(), keys=every), **ticket(negotiate_service=service))) == ["done"]


def test_a_ticket_of_an_account_that_the_servers_do_not_know_is_refused(
    serve: Serve, connect: Connect, keys: ServiceKeys
) -> None:
    witness = Witness()
    with pytest.raises(AuthenticationError):
        call(connect(serve(witness, keys=keys), **ticket(username="nobody@LAB.TEST", password="x")))
    assert witness.callers == []


@pytest.mark.parametrize("protocol", ["kerberos", "ntlm"])
def test_extended_protection_takes_who_bound_to_the_channel_and_nobody_else(
    serve: Serve, connect: Connect, keys: ServiceKeys, channel: TlsChannel, protocol: str
) -> None:
    listener = serve(Witness(), scheme="https", tls=channel.context, bindings=channel.bindings, keys=keys)
    assert call(connect(listener, **ticket(auth=protocol))) == ["done"]
    with pytest.raises(AuthenticationError):
        call(connect(listener, **ticket(auth=protocol, negotiate_send_cbt=False)))
    elsewhere = TlsAuthority().channel(MBX01, "127.0.0.1").bindings
    relayed = serve(Witness(), scheme="https", tls=channel.context, bindings=elsewhere, keys=keys)
    with pytest.raises(AuthenticationError):
        call(connect(relayed, **ticket(auth=protocol)))


def test_without_extended_protection_nobody_need_bind(
    serve: Serve, connect: Connect, keys: ServiceKeys, channel: TlsChannel
) -> None:
    listener = serve(Witness(), scheme="https", tls=channel.context, keys=keys, authentication=["Kerberos"])
    assert call(connect(listener, **ticket(negotiate_send_cbt=False))) == ["done"]
    assert call(connect(listener, **ticket())) == ["done"]


def test_a_message_sealed_for_another_scheme_is_refused() -> None:
    context = spnego.client("LAB\\exadmin", PASSWORD, protocol="ntlm")
    with pytest.raises(MalformedMessage, match="another scheme than Kerberos"):
        unseal(context, "Kerberos", 'multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted"', b"")


def test_the_keys_are_in_the_environment_only_while_a_ticket_is_read(
    serve: Serve, connect: Connect, keys: ServiceKeys, realm: Realm
) -> None:
    call(connect(serve(Witness(), keys=keys), **ticket()))
    assert "KRB5_KTNAME" not in os.environ
    assert os.environ["KRB5_CONFIG"] == str(realm.config)


def test_where_the_kdc_is_silent_kerberos_ends_and_says_so(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    witness = Witness()
    with Realm("LAB.TEST", passwords={"exadmin": PASSWORD}, hosts=[MBX01], answering=False) as down:
        monkeypatch.setenv("KRB5_CONFIG", str(down.config))
        keys = ServiceKeys(down.config, down.keytab(MBX01, ["HTTP"]))
        with pytest.raises(Exception, match="Cannot contact any KDC"):
            call(connect(serve(witness, authentication=["Kerberos"], keys=keys), **ticket()))
    assert witness.callers == []


def test_tls_alone_authenticates_nobody(serve: Serve, keys: ServiceKeys, tmp_path: Path) -> None:
    authority, trusted = TlsAuthority(), tmp_path / "ca.pem"
    trusted.write_text(authority.certificate)
    context = authority.channel(MBX01, "127.0.0.1").context
    listener = serve(Witness(), scheme="https", tls=context, keys=keys, authentication=["Kerberos"])
    answer = requests.post(f"{listener.url}/powershell", data=b"<x/>", verify=str(trusted), timeout=5)
    assert answer.status_code == 401


def test_a_damaged_ticket_is_refused(serve: Serve, keys: ServiceKeys) -> None:
    listener = serve(Witness(), authentication=["Kerberos"], keys=keys)
    token = spnego.client(UPN, PASSWORD, hostname=MBX01, service="HTTP", protocol="kerberos").step()
    assert token is not None
    for damaged in (token[:-1] + bytes([token[-1] ^ 1]), token[: len(token) // 2], b"\x60\x00", b"nonsense"):
        header = {"Authorization": f"Kerberos {base64.b64encode(damaged).decode()}"}
        assert requests.post(f"{listener.url}/powershell", headers=header, timeout=5).status_code == 401


def test_a_ticket_is_taken_once(serve: Serve, keys: ServiceKeys) -> None:
    listener = serve(Witness(), authentication=["Kerberos"], keys=keys)
    token = spnego.client(UPN, PASSWORD, hostname=MBX01, service="HTTP", protocol="kerberos").step()
    assert token is not None
    header = {"Authorization": f"Kerberos {base64.b64encode(token).decode()}"}
    statuses = [requests.post(f"{listener.url}/powershell", headers=header, timeout=5).status_code for __ in range(2)]
    assert statuses == [200, 401]
