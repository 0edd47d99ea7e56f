# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What exceptions of the libraries mean that no simulated server can bring about."""

from __future__ import annotations

from xml.etree.ElementTree import ParseError

import pytest
import requests
from ansible_collections.mailops.exchange.plugins.module_utils._libraries import MissingLibrary
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.errors import (
    CannotConnect,
    RemotingError,
    SessionLost,
    Silent,
    Unauthenticated,
    UnexpectedAnswer,
    WrongPath,
)
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.faults import (
    OPERATION_TIMED_OUT,
    Circumstances,
    explain,
)
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.options import SessionOptions
from pypsrp.exceptions import AuthenticationError, InvalidPSRPOperation, WinRMTransportError, WSManFaultError
from spnego.exceptions import BadNameError, NoCredentialError

OPTIONS = SessionOptions(
    host="mbx01.lab.test",
    port=80,
    scheme="http",
    path="/PowerShell/",
    configuration="Microsoft.Exchange",
    authentication="kerberos",
    username="exadmin@LAB.TEST",
    password="secret",
)
OPENING = Circumstances(OPTIONS, "opening a session", budget=300)
RUNNING = Circumstances(OPTIONS, "Get-Queue", budget=300, started=True, authenticated=True)


def fault(code: int | None, reason: str | None = None) -> WSManFaultError:
    return WSManFaultError(code, None, reason, None, None, None)


SPN = BadNameError(context_msg="Server HTTP/mbx01.lab.test@LAB.TEST not found in Kerberos database")


@pytest.mark.parametrize(
    ("error", "when", "kind", "advice"),
    [
        (NoCredentialError(), OPENING, Unauthenticated, "Give a password, or get a ticket with kinit first."),
        (SPN, OPENING, Unauthenticated, "give the FQDN as exchange_host, or exchange_hostname_override."),
        (
            ValueError("Server responded with the auth protocol 'NTLM' which is incompatible"),
            OPENING,
            Unauthenticated,
            "Set exchange_auth to what the server offers (NTLM).",
        ),
        (AuthenticationError("no"), RUNNING, SessionLost, "look at the state before you run it again."),
        (WinRMTransportError("http", 400, ""), RUNNING, SessionLost, "look at the state before you run it again."),
        (
            WinRMTransportError("http", 503, "<h1>Service Unavailable</h1>"),
            OPENING,
            UnexpectedAnswer,
            "Check that Exchange's services and its PowerShell virtual directory are up.",
        ),
        (fault(None), OPENING, WrongPath, "Check exchange_path and exchange_port."),
        (ParseError("no element"), OPENING, WrongPath, "Check exchange_path and exchange_port."),
        (fault(2150858843, "no shell"), RUNNING, SessionLost, "look at the state before you run it again."),
        (InvalidPSRPOperation("broken"), RUNNING, SessionLost, "look at the state before you run it again."),
        (fault(OPERATION_TIMED_OUT), OPENING, Silent, "Raise exchange_read_timeout if the server is only slow."),
        (requests.ConnectionError("gone"), RUNNING, SessionLost, "look at the state before you run it again."),
        (requests.ConnectionError("gone"), OPENING, CannotConnect, "Check the name, exchange_port and the firewall."),
        (WinRMTransportError("http", 403, "no"), RUNNING, SessionLost, "look at the state before you run it again."),
        (fault(5, "Access is denied"), RUNNING, SessionLost, "look at the state before you run it again."),
        (requests.exceptions.SSLError("x"), RUNNING, SessionLost, "look at the state before you run it again."),
        (fault(1234, "Strange"), RUNNING, UnexpectedAnswer, '"Strange".'),
        (ValueError("cannot be read"), RUNNING, UnexpectedAnswer, '"ValueError: cannot be read".'),
    ],
)
def test_each_has_its_meaning_and_its_next_step(
    error: Exception, when: Circumstances, kind: type[RemotingError], advice: str
) -> None:
    meaning = explain(error, when)
    assert meaning.__class__ is kind
    assert str(meaning).startswith("mbx01.lab.test: ")
    assert str(meaning).endswith(advice)


def test_the_missing_service_principal_is_named() -> None:
    assert "Nobody registered HTTP/mbx01.lab.test" in str(explain(SPN, OPENING))


@pytest.mark.parametrize("error", [KeyError("a mistake of ours"), KeyboardInterrupt(), AttributeError("x")])
def test_mistakes_and_interruptions_stay_what_they_are(error: BaseException) -> None:
    assert explain(error, RUNNING) is None


def test_what_is_ours_already_stays_too() -> None:
    ours = SessionLost("mbx01", "gone")
    assert explain(ours, OPENING) is ours


def test_a_missing_library_is_told_as_it_is() -> None:
    missing = MissingLibrary("pypsrp>=0.8.1", ImportError("No module named 'pypsrp'"))
    assert explain(missing, OPENING) is missing
