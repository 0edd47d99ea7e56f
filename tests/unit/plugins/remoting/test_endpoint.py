# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the session options of a module mean, with and without a connection that lends the rest."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.endpoint import Lent, exchange_session
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.errors import UnusableOptions
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.options import Kinit

LENT = Lent(
    host="mbx01.lab.test",
    username="LAB\\exadmin",
    password="lent",
    ca_certificate="/ca.pem",
    validate_certificates=False,
    proxy="http://proxy.lab.test",
    hostname_override="mbx01.lab.test",
    connection_timeout=11,
    read_timeout=22,
    operation_timeout=21,
)


def test_everything_that_may_be_lent_is_lent() -> None:
    options = exchange_session({}, LENT)
    assert options.endpoint == "http://mbx01.lab.test:80/PowerShell/"
    assert (options.username, options.password) == ("LAB\\exadmin", "lent")
    assert (options.authentication, options.kerberos_service) == ("ntlm", "HTTP")
    assert (options.ca_certificate, options.validate_certificates) == ("/ca.pem", False)
    assert (options.connection_timeout, options.read_timeout, options.operation_timeout) == (11, 22, 21)
    assert (options.proxy, options.hostname_override) == ("http://proxy.lab.test", "mbx01.lab.test")
    assert (options.command_timeout, options.idle_timeout) == (300, 120)


def test_what_is_given_wins() -> None:
    options = exchange_session(
        {
            "server": "MBX02",
            "exchange_host": "mbx02.lab.test",
            "exchange_port": 8443,
            "exchange_scheme": "https",
            "exchange_path": "/PowerShell/?serializationLevel=Full",
            "exchange_auth": "basic",
            "exchange_username": "LAB\\other",
            "exchange_password": "given",
            "exchange_validate_certs": True,
            "exchange_ca_cert": "/other.pem",
            "exchange_message_encryption": "never",
            "exchange_kerberos_service": "HOST",
            "exchange_hostname_override": "owa.lab.test",
            "exchange_connection_timeout": 1,
            "exchange_read_timeout": 3,
            "exchange_operation_timeout": 2,
            "exchange_timeout": 4,
            "exchange_idle_timeout": 5,
            "exchange_transport": "auto",
        },
        LENT,
    )
    assert options.endpoint == "https://mbx02.lab.test:8443/PowerShell/?serializationLevel=Full"
    assert (options.authentication, options.username, options.password) == ("basic", "LAB\\other", "given")
    assert (options.validate_certificates, options.ca_certificate) == (True, "/other.pem")
    assert (options.message_encryption, options.service_principal) == ("never", "HOST/owa.lab.test")
    assert (options.connection_timeout, options.read_timeout, options.operation_timeout) == (1, 3, 2)
    assert (options.command_timeout, options.idle_timeout) == (4, 5)


def test_none_means_not_given() -> None:
    nothing = dict.fromkeys(("exchange_host", "exchange_port", "exchange_username", "exchange_password"))
    assert exchange_session(nothing, LENT) == exchange_session({}, LENT)


@pytest.mark.parametrize(("scheme", "port"), [("http", 80), ("https", 443)])
def test_the_port_follows_the_scheme(scheme: str, port: int) -> None:
    assert exchange_session({"exchange_scheme": scheme}, LENT).port == port


def test_another_machine_does_not_get_the_connection_s_kerberos_name() -> None:
    assert exchange_session({"exchange_host": "mbx02.lab.test"}, LENT).hostname_override is None


@pytest.mark.parametrize(
    ("asked", "lent", "username", "chosen"),
    [
        ("auto", "negotiate", "exadmin@LAB.TEST", "kerberos"),
        ("auto", "negotiate", None, "kerberos"),
        ("auto", "negotiate", "LAB\\exadmin", "ntlm"),
        ("auto", "negotiate", "exadmin", "ntlm"),
        ("auto", "ntlm", "exadmin@LAB.TEST", "ntlm"),
        ("auto", "kerberos", "exadmin@LAB.TEST", "kerberos"),
        ("negotiate", "kerberos", "exadmin@LAB.TEST", "negotiate"),
    ],
)
def test_auto_follows_the_connection_else_the_user_s_name(
    asked: str, lent: str, username: str | None, chosen: str
) -> None:
    connection = Lent(host="mbx01.lab.test", username=username, password="lent", authentication=lent)
    assert exchange_session({"exchange_auth": asked}, connection).authentication == chosen


def test_one_user_s_password_is_never_tried_for_another() -> None:
    with pytest.raises(UnusableOptions) as caught:
        exchange_session({"exchange_username": "LAB\\other"}, LENT)
    assert str(caught.value) == (
        "mbx01.lab.test: exchange_username is LAB\\other, another user than the connection's. Set exchange_password as "
        "well."
    )


def test_the_same_user_keeps_the_connection_s_password() -> None:
    assert exchange_session({"exchange_username": "LAB\\exadmin"}, LENT).password == "lent"


def test_a_ticket_needs_no_password() -> None:
    options = exchange_session({"exchange_username": "other@LAB.TEST", "exchange_auth": "kerberos"}, LENT)
    assert (options.username, options.password) == ("other@LAB.TEST", None)


def test_a_bastion_without_a_connection_names_the_host_itself() -> None:
    options = exchange_session(
        {"exchange_host": "mbx01.lab.test", "exchange_username": "exadmin@LAB.TEST", "exchange_password": "given"}
    )
    assert (options.host, options.authentication, options.password) == ("mbx01.lab.test", "kerberos", "given")
    with pytest.raises(UnusableOptions, match="Set exchange_host"):
        exchange_session({})


def test_an_edges_cmdlets_run_in_its_windows_powershell() -> None:
    options = exchange_session({"exchange_role": "edge"}, LENT)
    assert options.endpoint == "http://mbx01.lab.test:5985/wsman"
    assert (options.configuration, options.kerberos_service) == ("Microsoft.PowerShell", "WSMAN")
    assert exchange_session({"exchange_role": "edge", "exchange_scheme": "https"}, LENT).port == 5986


def test_only_who_asks_for_exchanges_own_endpoint_is_told_of_edges() -> None:
    assert "exchange_role: edge" in exchange_session({"exchange_role": "mailbox"}, LENT).otherwise
    assert exchange_session({"exchange_role": "edge"}, LENT).otherwise == ""


@pytest.mark.parametrize(
    ("asked", "lent", "library"),
    [
        (None, "pypsrp", ("pypsrp", False)),
        ("auto", "pywinrm", ("pywinrm", False)),
        ("pypsrp", "pywinrm", ("pypsrp", True)),
        ("pywinrm", "pypsrp", ("pywinrm", True)),
    ],
)
def test_the_library_is_the_connection_s_unless_one_is_named(
    asked: str | None, lent: str, library: tuple[str, bool]
) -> None:
    connection = replace(LENT, library=lent, kinit=Kinit(command="/opt/kinit"))
    options = exchange_session({"exchange_transport": asked}, connection)
    assert (options.library, options.library_chosen) == library
    assert options.kinit.command == "/opt/kinit"
