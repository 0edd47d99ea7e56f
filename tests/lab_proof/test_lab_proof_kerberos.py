# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is the lab's Kerberos a toy? Who has no ticket for this very server stays outside; a ticket opens the same door."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests
from krb5 import Krb5Error
from pypsrp.exceptions import AuthenticationError
from requests_ntlm import HttpNtlmAuth
from spnego.exceptions import SpnegoError

from .conftest import Lab

Start = Callable[..., Lab]
StartWithRealm = Callable[..., Lab]

MBX01 = "mbx01.contoso.test"
KERBEROS_ONLY = f"servers.{MBX01}.powershell={{authentication: [Kerberos]}}"


@pytest.fixture
def start_with_realm(start: Start, monkeypatch: pytest.MonkeyPatch) -> StartWithRealm:
    """Start KB 4051498 behind an endpoint that offers Kerberos alone, as an untouched Exchange server does."""

    def started(*changes: str) -> Lab:
        lab = start("kb4051498", KERBEROS_ONLY, *changes)
        monkeypatch.delenv("KRB5CCNAME", raising=False)
        monkeypatch.setenv("KRB5_CONFIG", str(lab.organisation.kerberos_config))
        return lab

    return started


def ticket(**more: Any) -> dict[str, Any]:
    """The options of a client that uses a ticket for Exchange on mbx01."""
    options = {"auth": "kerberos", "username": "exadmin@CONTOSO.TEST", "negotiate_service": "HTTP"}
    return options | {"negotiate_hostname_override": MBX01} | more


def assert_only_a_ticket_opens(lab: Lab) -> None:
    """Nobody was let in so far; a ticket is."""
    assert lab.world.commands == []
    with lab.exchange(**ticket()) as client:
        assert client.run(("Get-ExchangeServer", {})).errors == []
    (entry,) = lab.world.commands
    assert (entry.user, entry.auth, entry.header, entry.encrypted) == ("CONTOSO\\exadmin", "kerberos", "Kerberos", True)


def test_a_client_without_a_ticket_does_not_get_in(start_with_realm: StartWithRealm) -> None:
    lab = start_with_realm()
    with (
        pytest.raises(SpnegoError, match="No Kerberos credentials available"),
        lab.exchange(**ticket(username=None, password=None)),
    ):
        pass
    assert_only_a_ticket_opens(lab)


def test_where_kerberos_alone_is_offered_ntlm_is_refused_with_the_right_password(
    start_with_realm: StartWithRealm,
) -> None:
    lab = start_with_realm()
    assert lab.server.powershell is not None
    account = lab.world.accounts[0]
    url = f"http://{lab.server.address}:{lab.server.powershell.port}/PowerShell/"
    answer = requests.post(url, auth=HttpNtlmAuth(account.user, account.password), timeout=5)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Kerberos")
    with pytest.raises(ValueError, match="incompatible"), lab.exchange(auth="ntlm"):
        pass
    assert_only_a_ticket_opens(lab)


def test_a_wrong_password_gets_no_ticket_and_is_counted(start_with_realm: StartWithRealm) -> None:
    lab = start_with_realm()
    with pytest.raises(Krb5Error, match="Preauthentication failed"), lab.exchange(**ticket(password="wrong")):
        pass
    assert lab.organisation.state()["rejections"] == {"CONTOSO\\exadmin": 1}
    assert_only_a_ticket_opens(lab)


@pytest.mark.parametrize("service", ["WSMAN", "host"])
def test_a_ticket_for_another_service_of_the_server_is_refused(start_with_realm: StartWithRealm, service: str) -> None:
    lab = start_with_realm()
    with pytest.raises(AuthenticationError), lab.exchange(**ticket(negotiate_service=service)):
        pass
    assert_only_a_ticket_opens(lab)


def test_an_address_is_no_name_for_a_ticket(start_with_realm: StartWithRealm) -> None:
    lab = start_with_realm()
    with (
        pytest.raises(SpnegoError, match=r"HTTP/127\.0\.1\.1@CONTOSO.TEST not found"),
        lab.exchange(**ticket(negotiate_hostname_override=None)),
    ):
        pass
    assert_only_a_ticket_opens(lab)


def test_a_down_level_name_is_no_principal(start_with_realm: StartWithRealm) -> None:
    lab = start_with_realm()
    with (
        pytest.raises(Krb5Error, match="not found in Kerberos database"),
        lab.exchange(**ticket(username="CONTOSO\\exadmin")),
    ):
        pass
    assert_only_a_ticket_opens(lab)


def test_where_the_kdc_is_down_nobody_gets_in(start_with_realm: StartWithRealm) -> None:
    lab = start_with_realm("realm={kdc: stopped}")
    with pytest.raises(Krb5Error, match="Cannot contact any KDC"), lab.exchange(**ticket()):
        pass
    assert lab.world.commands == []
