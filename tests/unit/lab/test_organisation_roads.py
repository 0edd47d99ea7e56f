# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole organisations by the roads that lead to them: realm, channel bindings, and what is lost on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from exchange_lab.disturbances import Disturbances
from exchange_lab.organisation import Organisation
from exchange_lab.wire import ReceiveUnanswered, RequestUnanswered, ShellsRecycled, Silence
from exchange_lab.world import Endpoint
from pypsrp.exceptions import AuthenticationError, WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

MBX01, MBX02 = "mbx01.contoso.test", "mbx02.contoso.test"
KERBEROS = {"auth": "kerberos", "username": "exadmin@CONTOSO.TEST"}

Lab = Callable[..., Organisation]


@pytest.fixture
def lab(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """Start organisations whose realm is the client's."""

    def start(scenario: str, *changes: str) -> Organisation:
        organisation = lab(scenario, *changes)
        monkeypatch.setenv("KRB5_CONFIG", str(organisation.kerberos_config))
        return organisation

    return start


@contextmanager
def session(organisation: Organisation, fqdn: str = MBX01, *, wsman: bool = False, **options: Any) -> Iterator[Any]:
    server = organisation.world.servers[fqdn]
    endpoint: Endpoint | None = server.wsman if wsman else server.powershell
    assert endpoint is not None
    usual: Mapping[str, Any] = {
        "ssl": endpoint.scheme == "https",
        "username": "CONTOSO\\exadmin",
        "password": organisation.world.accounts[0].password,
        "auth": "ntlm",
        "negotiate_service": "HTTP",
        "negotiate_hostname_override": fqdn,
        "cert_validation": False,
    }
    connection = WSMan(
        server.address, port=endpoint.port, path=endpoint.path.strip("/"), no_proxy=True, **{**usual, **options}
    )
    configuration = "Microsoft.PowerShell" if wsman else "Microsoft.Exchange"
    with connection, RunspacePool(connection, configuration_name=configuration) as pool:
        yield pool


def call(pool: RunspacePool, name: str) -> int:
    """Run a cmdlet; returns how many objects it wrote."""
    pipeline = PowerShell(pool).add_cmdlet(name)
    pipeline.invoke()
    assert [str(error) for error in pipeline.streams.error] == []
    return len(pipeline.output)


def test_every_member_of_the_domain_takes_tickets_for_itself_alone(lab: Lab) -> None:
    organisation = lab("four-servers", f"servers.{MBX02}.powershell={{authentication: [Kerberos]}}")
    with session(organisation, MBX02, **KERBEROS) as pool:
        call(pool, "Get-ExchangeServer")
    with (
        pytest.raises(AuthenticationError),
        session(organisation, MBX02, **KERBEROS, negotiate_hostname_override="mbx04.contoso.test"),
    ):
        pass
    entries = organisation.state()["commands"]
    assert [(each["server"], each["auth"], each["header"]) for each in entries] == [(MBX02, "kerberos", "Kerberos")]


def test_without_a_realm_there_is_no_kerberos_config(lab: Lab) -> None:
    assert lab("kb4051498").kerberos_config is None


def test_winrm_takes_tickets_for_its_own_services_and_exchange_does_not(lab: Lab) -> None:
    organisation = lab("kb4051498", "realm={kdc: running}")
    for service in ("WSMAN", "host", "HTTP"):
        with session(organisation, wsman=True, **KERBEROS, negotiate_service=service) as pool:
            assert call(pool, "Get-Date") == 1
    with pytest.raises(AuthenticationError), session(organisation, **KERBEROS, negotiate_service="WSMAN"):
        pass


@pytest.mark.parametrize(("wsman", "protected"), [(True, True), (False, False)])
def test_over_https_winrm_wants_the_channel_bound_and_exchanges_front_end_does_not(
    lab: Lab, wsman: bool, protected: bool
) -> None:
    https = "{scheme: https, authentication: [Negotiate]}"
    organisation = lab("kb4051498", f"servers.{MBX01}.wsman={https}", f"servers.{MBX01}.powershell={https}")
    with session(organisation, wsman=wsman):
        pass
    if protected:
        with pytest.raises(AuthenticationError), session(organisation, wsman=wsman, negotiate_send_cbt=False):
            pass
    else:
        with session(organisation, wsman=wsman, negotiate_send_cbt=False):
            pass


def test_wrong_passwords_at_servers_and_at_the_kdc_are_counted_together(lab: Lab) -> None:
    organisation = lab("kb4051498", "realm={kdc: running}")
    with (
        pytest.raises(Exception, match="Preauthentication failed"),
        session(organisation, **KERBEROS, password="wrong"),
    ):
        pass
    with pytest.raises(AuthenticationError), session(organisation, password="wrong"):
        pass
    assert organisation.state()["rejections"] == {"CONTOSO\\exadmin": 2}


def test_a_fault_of_the_wire_happens_at_its_cmdlet_and_only_once(lab: Lab) -> None:
    organisation = lab("kb4051498", "faults=[{recycled_shells: {cmdlet: get-queue}}]")
    with session(organisation) as pool:
        call(pool, "Get-ExchangeServer")
    with pytest.raises(WSManFaultError), session(organisation) as pool:
        call(pool, "Get-Queue")
    with session(organisation) as pool:
        assert call(pool, "Get-Queue") > 0
    assert [each["name"] for each in organisation.state()["commands"]] == ["Get-ExchangeServer", "Get-Queue"]


def test_disturbances_come_in_the_order_of_the_scenario(lab: Lab) -> None:
    faults = (
        "faults=[{connection_lost: {cmdlet: Get-Queue}}, {connection_lost: {cmdlet: Get-Queue, at: receive}},"
        " {recycled_shells: {cmdlet: Get-Queue}}, {silent: {cmdlet: Get-Queue, seconds: 1.5}},"
        " {unforeseen_prompt: {cmdlet: Retry-Queue, message: Sure}}]"
    )
    disturb = Disturbances(lab("kb4051498", faults).world)
    assert disturb(["Get-Date"]) is None
    assert [disturb(["Get-Queue", "Select-Object"]) for __ in range(5)] == [
        RequestUnanswered(),
        ReceiveUnanswered(),
        ShellsRecycled(),
        Silence(1.5),
        Silence(1.5),
    ]
    assert disturb(["Retry-Queue"]) is None
