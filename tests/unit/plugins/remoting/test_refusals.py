# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions that do not come about: one sentence each, the next step named, and a password tried once."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.errors import (
    CannotConnect,
    NotAllowed,
    QuotaReached,
    RemotingError,
    Unauthenticated,
    UnusableOptions,
    WrongConfiguration,
    WrongPath,
)
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.session import open_session
from exchange_lab.wire import Accounts, Caller, Fault, Listener, Run, access_denied

Serve = Callable[..., Any]
OptionsFor = Callable[..., Any]

EXCHANGE_QUOTA = (
    "Fail to create a runspace because you have exceeded the maximum number of connections allowed : 18 for the policy "
    "party : MaxConcurrency. Please close existing runspace and try again."
)
NO_REMOTE_POWERSHELL = "[FailureCategory=AuthZ-RpsNotEnabled] Unauthorized. RemotePowerShell not enabled user."


def nothing(_run: Run, _commands: object) -> None:
    """Run no command: these sessions never open."""


@pytest.fixture
def server(serve: Serve) -> Listener:
    listener: Listener = serve(nothing)
    return listener


@pytest.fixture
def free_port() -> Iterator[int]:
    """Hold a port on which nobody listens."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield int(holder.getsockname()[1])


def refusal(options: Any) -> RemotingError:
    with pytest.raises(RemotingError) as caught:
        open_session(options)
    assert len(str(caught.value)) <= 300
    assert str(caught.value).startswith("127.0.0.1: ")
    return caught.value


def test_a_port_without_a_server(server: Listener, options_for: OptionsFor, free_port: int) -> None:
    failure = refusal(options_for(server, port=free_port))
    assert isinstance(failure, CannotConnect)
    assert failure.reason == "unreachable"
    assert str(failure) == (
        f"127.0.0.1: no connection to http://127.0.0.1:{free_port}/PowerShell/ while opening a session: "
        '"Failed to establish a new connection: [Errno 111] Connection refused". Check the name, exchange_port and the '
        "firewall."
    )


def test_the_address_is_dialled_and_the_name_is_said(server: Listener, options_for: OptionsFor) -> None:
    with pytest.raises(Unauthenticated, match=r"^mbx01\.invalid: ntlm authentication"):
        open_session(options_for(server, called="mbx01.invalid", password="wrong"))


def test_a_name_that_nobody_knows(server: Listener, options_for: OptionsFor) -> None:
    with pytest.raises(CannotConnect) as caught:
        open_session(options_for(server, host="mbx01.invalid"))
    assert "Failed to resolve 'mbx01.invalid'" in str(caught.value)


def test_a_path_without_powershell(server: Listener, options_for: OptionsFor) -> None:
    failure = refusal(options_for(server, path="/ecp/"))
    assert isinstance(failure, WrongPath)
    assert str(failure) == (
        f'127.0.0.1: no WS-Management service at http://127.0.0.1:{server.port}/ecp/: "404 - File or directory not '
        "found. The resource you are looking for might have been removed, had its name changed, or is temporarily "
        'unavailable". Check exchange_path and exchange_port.'
    )


@pytest.fixture(params=["<html><p>Sign in</html>", "<html><p>Sign in</p></html>"], ids=["HTML", "well-formed HTML"])
def web_site(request: pytest.FixtureRequest) -> Iterator[int]:
    """Run an ordinary web server, as behind a redirection to Outlook on the web, and return its port."""
    page = request.param.encode()

    class Page(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"] or 0))
            self.send_response(200)
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, format: str, *args: Any) -> None:
            """Print nothing."""

    with HTTPServer(("127.0.0.1", 0), Page) as site:
        thread = threading.Thread(target=site.serve_forever, args=(0.05,))
        thread.start()
        yield site.server_port
        site.shutdown()
        thread.join()


@pytest.mark.parametrize("encryption", ["auto", "never"])
def test_a_web_site_instead_of_powershell(
    server: Listener, options_for: OptionsFor, web_site: int, encryption: str
) -> None:
    failure = refusal(options_for(server, port=web_site, message_encryption=encryption, configuration="Some"))
    assert isinstance(failure, WrongPath)
    assert str(failure) == (
        f"127.0.0.1: no WS-Management service at http://127.0.0.1:{web_site}/PowerShell/. Check exchange_path and "
        "exchange_port."
    )


def test_a_configuration_that_the_server_does_not_have(server: Listener, options_for: OptionsFor) -> None:
    failure = refusal(options_for(server, configuration="Microsoft.PowerShell"))
    assert isinstance(failure, WrongConfiguration)
    assert "has no session configuration Microsoft.PowerShell" in str(failure)
    assert str(failure).endswith("Check exchange_path: Exchange's own is /PowerShell/.")


@pytest.mark.parametrize(
    ("library", "authentication"),
    [("pypsrp", "ntlm"), ("pypsrp", "negotiate"), ("pywinrm", "ntlm")],
    indirect=["library"],
)
def test_a_wrong_password_is_tried_once(
    server: Listener, options_for: OptionsFor, accounts: Accounts, authentication: str
) -> None:
    failure = refusal(options_for(server, password="wrong", authentication=authentication))
    assert isinstance(failure, Unauthenticated)
    assert dict(accounts.rejections) == {"LAB\\exadmin": 1}
    assert f"{authentication} authentication of LAB\\exadmin at /PowerShell/ failed" in str(failure)
    assert str(failure).endswith("Check user and password; tried once, because accounts lock.")
    assert "wrong" not in str(failure)


@pytest.mark.parametrize(
    ("offered", "advice"),
    [
        (
            "Kerberos",
            "ntlm authentication of LAB\\exadmin at /PowerShell/ failed. The endpoint offers Kerberos only, as an "
            "untouched Exchange server does: set exchange_auth: kerberos and write the user as name@REALM.",
        ),
        (
            'Basic realm="WSMAN"',
            "ntlm authentication of LAB\\exadmin at /PowerShell/ failed. Set exchange_auth to what the server offers "
            "(Basic).",
        ),
    ],
    ids=["Kerberos only", "Basic only"],
)
def test_a_scheme_that_the_server_does_not_offer(
    serve: Serve, options_for: OptionsFor, offered: str, advice: str
) -> None:
    failure = refusal(options_for(serve(nothing, authentication=(offered,))))
    assert isinstance(failure, Unauthenticated)
    assert str(failure) == f"127.0.0.1: {advice}"


def test_kerberos_that_fails_is_no_mystery(server: Listener, options_for: OptionsFor) -> None:
    options = options_for(server, authentication="kerberos", username="exadmin@LAB.TEST", host="localhost")
    with pytest.raises(Unauthenticated) as caught:
        open_session(options)
    assert "kerberos authentication of exadmin@LAB.TEST at /PowerShell/ failed" in str(caught.value)


def admits_nobody(fault: Fault) -> Callable[[Caller, int], None]:
    def refuse(_caller: Caller, _open_shells: int) -> None:
        raise fault

    return refuse


@pytest.mark.parametrize(
    ("fault", "kind", "advice"),
    [
        (access_denied(), NotAllowed, "Enable remote PowerShell for the account and add it to a role group."),
        (
            Fault(2147500037, NO_REMOTE_POWERSHELL),
            NotAllowed,
            "Enable remote PowerShell for the account and add it to a role group.",
        ),
        (Fault(2147500037, EXCHANGE_QUOTA), QuotaReached, "Those of interrupted runs end by themselves after 120 s."),
        (Fault(0x803381A6, "Quota."), QuotaReached, "Those of interrupted runs end by themselves after 120 s."),
    ],
    ids=["access denied", "no remote PowerShell", "Exchange's quota", "WinRM's quota"],
)
def test_an_account_that_is_not_let_in(
    serve: Serve, options_for: OptionsFor, fault: Fault, kind: type[RemotingError], advice: str
) -> None:
    failure = refusal(options_for(serve(nothing, endpoint={"admit": admits_nobody(fault)})))
    assert isinstance(failure, kind)
    assert str(failure).endswith(advice)


def test_https_to_a_port_that_speaks_http(server: Listener, options_for: OptionsFor) -> None:
    failure = refusal(options_for(server, scheme="https"))
    assert isinstance(failure, CannotConnect)
    assert str(failure).endswith("Check exchange_port and exchange_scheme.")


def test_a_ca_file_that_is_not_there(server: Listener, options_for: OptionsFor) -> None:
    failure = refusal(options_for(server, scheme="https", ca_certificate="/nowhere/ca.pem"))
    assert isinstance(failure, UnusableOptions)
    assert "exchange_ca_cert cannot be read" in str(failure)
    assert "/nowhere/ca.pem" in str(failure)


def test_a_proxy_that_is_not_there(server: Listener, options_for: OptionsFor, free_port: int) -> None:
    failure = refusal(options_for(server, proxy=f"http://127.0.0.1:{free_port}"))
    assert isinstance(failure, CannotConnect)


def test_failures_print_nothing(server: Listener) -> None:
    """pypsrp logs some failures as errors, with a traceback; without a handler Python would print them."""
    program = f"""
import sys
sys.path[:0] = {sys.path!r}
from ansible_collections.mailops.exchange.plugins.module_utils._remoting import errors, options, session
try:
    session.open_session(options.SessionOptions(
        host="127.0.0.1", port={server.port}, scheme="http", path="/ecp/", configuration="Microsoft.Exchange",
        authentication="ntlm", username="LAB\\\\exadmin", password="x", no_proxy=True))
except errors.WrongPath:
    sys.exit(7)
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (7, "", "")


def test_where_exchange_has_no_endpoint_other_ways_are_told(server: Listener, options_for: OptionsFor) -> None:
    otherwise = "An Edge Transport server needs exchange_role: edge"
    for error in (
        refusal(options_for(server, path="/elsewhere", otherwise=otherwise)),
        refusal(options_for(server, configuration="Else.Where", otherwise=otherwise)),
    ):
        assert otherwise in str(error)
        assert len(str(error)) <= 300


def test_where_nobody_answers_other_ways_are_told(free_port: int, server: Listener, options_for: OptionsFor) -> None:
    error = refusal(options_for(server, port=free_port, otherwise="An Edge Transport server needs exchange_role: edge"))
    assert isinstance(error, CannotConnect)
    assert "exchange_role: edge" in str(error)
