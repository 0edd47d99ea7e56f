# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who gets in: Basic, NTLM and SPNEGO, encryption, refused passwords."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import requests
from exchange_lab.wire import Account, Accounts, Caller, Endpoint, Listener, ReceivedCommand, Run
from exchange_lab.wire.authentication import ntlm_user
from pypsrp.exceptions import AuthenticationError, WinRMTransportError
from pypsrp.powershell import PowerShell, RunspacePool

Serve = Callable[..., Listener]
Connect = Callable[..., RunspacePool]


class Witness:
    """Remembers who called."""

    def __init__(self) -> None:
        self.callers: list[Caller] = []

    def __call__(self, run: Run, commands: Sequence[ReceivedCommand]) -> None:
        del commands
        self.callers.append(run.caller)
        run.write("done")


def call(pool: RunspacePool) -> list[Any]:
    with pool, PowerShell(pool) as pipeline:
        return list(pipeline.add_cmdlet("Get-Anything").invoke())


def test_basic_over_https(serve: Serve, connect: Connect, tls: ssl.SSLContext) -> None:
    witness = Witness()
    listener = serve(witness, scheme="https", tls=tls)
    assert call(connect(listener, auth="basic")) == ["done"]
    assert witness.callers == [Caller("LAB\\exadmin", "basic", "Basic", True, "/powershell", {})]


def test_ntlm_over_http_is_sealed(serve: Serve, connect: Connect) -> None:
    witness = Witness()
    assert call(connect(serve(witness), auth="ntlm")) == ["done"]
    assert witness.callers == [Caller("LAB\\exadmin", "ntlm", "Negotiate", True, "/powershell", {})]


def test_ntlm_inside_spnego(serve: Serve, connect: Connect) -> None:
    witness = Witness()
    assert call(connect(serve(witness), auth="negotiate")) == ["done"]
    assert [caller.authentication for caller in witness.callers] == ["ntlm"]


def test_ntlm_over_https_with_and_without_message_encryption(
    serve: Serve, connect: Connect, tls: ssl.SSLContext
) -> None:
    listener = serve(Witness(), scheme="https", tls=tls)
    assert call(connect(listener, auth="ntlm")) == ["done"]
    assert call(connect(listener, auth="ntlm", encryption="always")) == ["done"]


@pytest.mark.parametrize("username", ["lab\\EXADMIN", "exadmin@lab.test", "EXADMIN@LAB.TEST"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_any_spelling_of_an_account_is_the_same_user(
    serve: Serve, connect: Connect, tls: ssl.SSLContext, username: str, scheme: str
) -> None:
    witness = Witness()
    listener = serve(witness, scheme=scheme, tls=tls if scheme == "https" else None)
    call(connect(listener, username=username))
    assert [caller.user for caller in witness.callers] == ["LAB\\exadmin"]


def test_the_query_of_the_url_reaches_the_cmdlets(serve: Serve, connect: Connect) -> None:
    witness = Witness()
    call(connect(serve(witness), path="PowerShell/?serializationLevel=Full;x=1&clientApplication=test"))
    assert witness.callers[0].query == {"serializationLevel": "Full;x=1", "clientApplication": "test"}


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_wrong_password_is_refused_and_counted_once(
    serve: Serve, connect: Connect, tls: ssl.SSLContext, accounts: Accounts, scheme: str
) -> None:
    witness = Witness()
    listener = serve(witness, scheme=scheme, tls=tls if scheme == "https" else None)
    with pytest.raises(AuthenticationError):
        call(connect(listener, password="wrong"))
    assert accounts.rejections == {"LAB\\exadmin": 1}
    assert witness.callers == []


def test_a_wrong_password_inside_spnego_is_counted_for_its_account(
    serve: Serve, connect: Connect, accounts: Accounts
) -> None:
    with pytest.raises(AuthenticationError):
        call(connect(serve(Witness()), auth="negotiate", password="wrong"))
    assert accounts.rejections == {"LAB\\exadmin": 1}


@pytest.mark.parametrize("username", ["lab\\EXADMIN", "exadmin@lab.test"])
def test_refusals_of_any_spelling_count_for_the_same_account(
    serve: Serve, connect: Connect, accounts: Accounts, username: str
) -> None:
    with pytest.raises(AuthenticationError):
        call(connect(serve(Witness()), username=username, password="wrong"))
    assert accounts.rejections == {"LAB\\exadmin": 1}


def test_an_unknown_account_is_refused_under_the_name_it_gave(
    serve: Serve, connect: Connect, accounts: Accounts
) -> None:
    with pytest.raises(AuthenticationError):
        call(connect(serve(Witness()), username="LAB\\nobody"))
    assert accounts.rejections == {"LAB\\nobody": 1}


def test_basic_is_not_offered_in_clear(serve: Serve, connect: Connect, accounts: Accounts) -> None:
    listener = serve(Witness())
    answer = requests.post(f"{listener.url}/powershell", auth=("LAB\\exadmin", "Passw0rd!"), timeout=5)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Negotiate"
    with pytest.raises(AuthenticationError):
        call(connect(listener, auth="basic", encryption="never"))
    assert accounts.rejections == {}


def test_basic_in_clear_where_that_is_allowed(serve: Serve, connect: Connect) -> None:
    witness = Witness()
    listener = serve(witness, require_encryption=False)
    assert call(connect(listener, auth="basic", encryption="never")) == ["done"]
    assert [caller.encrypted for caller in witness.callers] == [False]


def test_an_authenticated_but_unprotected_message_is_refused(serve: Serve, connect: Connect) -> None:
    witness = Witness()
    with pytest.raises(WinRMTransportError) as refused:
        call(connect(serve(witness), auth="ntlm", encryption="never"))
    assert refused.value.code == 500
    assert witness.callers == []


def test_every_offered_scheme_has_its_own_header(serve: Serve) -> None:
    listener = serve(Witness(), require_encryption=False)
    answer = requests.post(f"{listener.url}/powershell", timeout=5)
    assert answer.raw.headers.getlist("WWW-Authenticate") == ["Negotiate", 'Basic realm="127.0.0.1"']


def test_a_scheme_that_is_not_offered_is_refused(serve: Serve, connect: Connect, tls: ssl.SSLContext) -> None:
    with pytest.raises(AuthenticationError):
        call(connect(serve(Witness(), authentication=("Negotiate",), scheme="https", tls=tls), auth="basic"))


def test_a_message_sealed_by_nobody_is_a_bad_request(serve: Serve) -> None:
    listener = serve(Witness(), require_encryption=False)
    answer = requests.post(
        f"{listener.url}/powershell",
        data=b"--Encrypted Boundary\r\nnonsense",
        headers={"Content-Type": 'multipart/encrypted;boundary="Encrypted Boundary"'},
        auth=("LAB\\exadmin", "Passw0rd!"),
        timeout=5,
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(("stray_space", "boundary"), [(False, b"--Encrypted"), (True, b"-- Encrypted")])
def test_the_boundary_of_sealed_replies(serve: Serve, connect: Connect, stray_space: bool, boundary: bytes) -> None:
    bodies: list[bytes] = []

    def look(response: requests.Response, **_: Any) -> None:
        bodies.append(response.content)

    with connect(serve(Witness(), endpoint={"stray_space": stray_space})) as pool:
        pool.connection.transport.session.hooks["response"].append(look)
        with PowerShell(pool) as pipeline:
            assert pipeline.add_cmdlet("Get-Anything").invoke() == ["done"]
    assert bodies
    assert all(body.startswith(boundary) and body.endswith(boundary + b" Boundary--\r\n") for body in bodies)


def test_the_passwords_are_in_the_environment_only_while_ntlm_looks(serve: Serve, connect: Connect) -> None:
    call(connect(serve(Witness())))
    assert "NTLM_USER_FILE" not in os.environ


def test_two_listeners_keep_their_accounts_apart(connect: Connect, serve: Serve) -> None:
    serve(Witness())
    witness = Witness()
    other = Accounts([Account("MBX01\\Administrator", "Local-1")])
    with Listener(
        "127.0.0.1", endpoints=[Endpoint("/powershell", "Microsoft.Exchange", witness)], accounts=other
    ) as listener:
        assert call(connect(listener, username="MBX01\\Administrator", password="Local-1")) == ["done"]
        with pytest.raises(AuthenticationError):
            call(connect(listener, username="LAB\\exadmin", password="Passw0rd!"))
    assert [caller.user for caller in witness.callers] == ["MBX01\\Administrator"]


@pytest.mark.parametrize(
    ("user", "password"), [("exadmin", "x"), ("LAB\\", "x"), ("LAB\\a:b", "x"), ("LAB\\a", "x:y"), ("LAB\\a", "x\n")]
)
def test_an_account_that_ntlm_could_not_hold_is_refused_at_once(user: str, password: str) -> None:
    with pytest.raises(ValueError, match=r"DOMAIN|colon"):
        Account(user, password)


def test_a_password_does_not_show_in_an_account() -> None:
    assert "secret" not in repr(Account("LAB\\a", "secret"))


def test_no_user_is_read_from_what_is_no_ntlm_authenticate_message() -> None:
    assert ntlm_user(b"") is None
    assert ntlm_user(b"NTLMSSP\x00\x01\x00\x00\x00" + bytes(80)) is None
    assert ntlm_user(b"NTLMSSP\x00\x03\x00\x00\x00" + bytes(8)) is None


def test_https_and_a_tls_context_belong_together(tls: ssl.SSLContext) -> None:
    for scheme, context in (("https", None), ("http", tls)):
        with pytest.raises(ValueError, match="TLS"):
            Listener("127.0.0.1", scheme=scheme, tls=context, endpoints=[], accounts=Accounts())  # type: ignore[arg-type]
