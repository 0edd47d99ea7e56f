# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions by Kerberos: a real KDC, both libraries, and whatever keeps a ticket from being had or taken."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import Command, Pipeline
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.errors import (
    OnlyKerberosOffered,
    RemotingError,
    Unauthenticated,
)
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.options import Kinit, SessionOptions
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.session import open_session
from exchange_lab.certificates import TlsAuthority
from exchange_lab.kdc import Realm
from exchange_lab.wire import Account, Accounts, Caller, Listener, ReceivedCommand, Run, ServiceKeys

Serve = Callable[..., Listener]
KerberosFor = Callable[..., SessionOptions]

UPN, PASSWORD = "exadmin@LAB.TEST", "Passw0rd! \"'ü"
MBX01 = "mbx01.lab.test"
KINIT = Kinit(environment=("KRB5_CONFIG",))


@pytest.fixture(scope="module")
def realm() -> Iterator[Realm]:
    with Realm("LAB.TEST", passwords={"exadmin": PASSWORD}, hosts=[MBX01]) as started:
        yield started


@pytest.fixture
def accounts() -> Accounts:
    return Accounts([Account("LAB\\exadmin", PASSWORD, upn=UPN)])


@pytest.fixture(autouse=True)
def controller(realm: Realm, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A controller that knows the realm. After a test no ticket may be left, and none may be in use."""
    monkeypatch.setenv("KRB5_CONFIG", str(realm.config))
    monkeypatch.delenv("KRB5CCNAME", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield
    assert "KRB5CCNAME" not in os.environ
    assert list(tmp_path.glob("exchange-ticket-*")) == []


@pytest.fixture
def server(serve: Serve, realm: Realm) -> Callable[..., Listener]:
    """Start a server that takes tickets; every command that arrives is answered by who sent it."""

    def answer(run: Run, _commands: Sequence[ReceivedCommand]) -> None:
        caller: Caller = run.caller
        run.write(f"{caller.user} {caller.authentication} {caller.header} {caller.encrypted}")

    def start(*offered: str, **options: Any) -> Listener:
        keys = ServiceKeys(realm.config, realm.keytab(MBX01, ["HTTP"]))
        return serve(answer, authentication=offered or ("Negotiate", "Kerberos"), keys=keys, **options)

    return start


@pytest.fixture
def kerberos_for(options_for: Callable[..., SessionOptions]) -> KerberosFor:
    def build(target: Any, **changes: Any) -> SessionOptions:
        wish = {"authentication": "kerberos", "username": UPN, "password": PASSWORD, "kinit": KINIT}
        return options_for(target, **(wish | {"hostname_override": MBX01} | changes))

    return build


def who_am_i(options: SessionOptions, **more: Any) -> str:
    with open_session(options, **more) as session:
        return str(session.run(Pipeline((Command("Get-Anything"),))).output[0])


def refusal(options: SessionOptions) -> RemotingError:
    with pytest.raises(RemotingError) as caught:
        open_session(options)
    assert len(str(caught.value)) <= 300
    assert PASSWORD not in str(caught.value)
    return caught.value


def test_a_password_becomes_a_ticket(server: Callable[..., Listener], kerberos_for: KerberosFor) -> None:
    assert who_am_i(kerberos_for(server())) == "LAB\\exadmin kerberos Negotiate True"


def test_a_ticket_over_https_is_bound_to_the_channel(
    server: Callable[..., Listener], kerberos_for: KerberosFor, tmp_path: Path
) -> None:
    authority = TlsAuthority()
    channel = authority.channel(MBX01, "127.0.0.1")
    listener = server(scheme="https", tls=channel.context, bindings=channel.bindings)
    (tmp_path / "ca.pem").write_text(authority.certificate)
    options = kerberos_for(listener, ca_certificate=str(tmp_path / "ca.pem"))
    assert who_am_i(options).startswith("LAB\\exadmin kerberos Negotiate")


@pytest.fixture
def ticket(realm: Realm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody has run kinit before."""
    cache = f"FILE:{tmp_path / 'ccache'}"
    environment = os.environ | {"KRB5_CONFIG": str(realm.config), "KRB5CCNAME": cache}
    subprocess.run(["kinit", UPN], input=f"{PASSWORD}\n".encode(), env=environment, check=True, capture_output=True)
    # The realm's own default cache is where libraries look when no variable says otherwise.
    (realm.config.parent / "ccache").write_bytes((tmp_path / "ccache").read_bytes())
    monkeypatch.undo()
    monkeypatch.setenv("KRB5_CONFIG", str(realm.config))


@pytest.mark.usefixtures("ticket")
@pytest.mark.parametrize(
    "wish",
    [
        {"password": None},
        {"password": None, "username": None},
        {"password": "wrong, and never looked at", "kinit": Kinit(mode="manual")},
    ],
    ids=["no password", "no user", "manual"],
)
def test_a_ticket_that_is_there_is_taken(
    realm: Realm, server: Callable[..., Listener], kerberos_for: KerberosFor, wish: dict[str, Any]
) -> None:
    before = dict(realm.rejections)
    try:
        assert who_am_i(kerberos_for(server(), **wish)).startswith("LAB\\exadmin kerberos")
    finally:
        (realm.config.parent / "ccache").unlink()
    assert dict(realm.rejections) == before


def test_without_ticket_and_password(server: Callable[..., Listener], kerberos_for: KerberosFor) -> None:
    failure = refusal(kerberos_for(server(), password=None))
    assert isinstance(failure, Unauthenticated)
    assert str(failure).endswith("Give a password, or get a ticket with kinit first.")


def test_a_wrong_password_is_tried_once(
    realm: Realm, server: Callable[..., Listener], kerberos_for: KerberosFor, library: str
) -> None:
    before = realm.rejections.get("exadmin", 0)
    failure = refusal(kerberos_for(server("Kerberos"), password="wrong"))
    assert isinstance(failure, Unauthenticated)
    assert str(failure).endswith(f"Check the password of {UPN}; tried once, because accounts lock.")
    assert realm.rejections["exadmin"] == before + 1
    assert "127.0.0.1: kerberos authentication of exadmin@LAB.TEST at /PowerShell/ failed" in str(failure), library


@pytest.mark.parametrize(
    ("wish", "advice"),
    [
        (
            {"username": "nobody@LAB.TEST"},
            "Check user and realm: Kerberos knows the user principal name, like name@REALM.",
        ),
        (
            {"username": "exadmin@NOWHERE.TEST"},
            "Check the realm in exadmin@NOWHERE.TEST, krb5.conf or the DNS behind it, and the way to a domain "
            "controller on port 88.",
        ),
        (
            {"hostname_override": "alias.lab.test"},
            "Nobody registered HTTP/alias.lab.test: give the FQDN as exchange_host, or exchange_hostname_override.",
        ),
    ],
    ids=["unknown user", "unknown realm", "unknown server"],
)
def test_what_the_kdc_does_not_know_is_named(
    server: Callable[..., Listener], kerberos_for: KerberosFor, wish: dict[str, Any], advice: str
) -> None:
    # Negotiate is offered as well, and the password is right for NTLM: Kerberos was wished, so NTLM is not tried.
    failure = refusal(kerberos_for(server(), **wish))
    assert isinstance(failure, Unauthenticated)
    assert str(failure).endswith(advice)


def test_a_kdc_that_is_down(
    server: Callable[..., Listener], kerberos_for: KerberosFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Realm("LAB.TEST", passwords={}, hosts=[MBX01], answering=False) as silent:
        monkeypatch.setenv("KRB5_CONFIG", str(silent.config))
        failure = refusal(kerberos_for(server()))
    assert isinstance(failure, Unauthenticated)
    assert str(failure).endswith("the way to a domain controller on port 88.")


def test_a_ticket_that_the_server_refuses(serve: Serve, kerberos_for: KerberosFor) -> None:
    listener = serve(lambda _run, _commands: None, authentication=("Negotiate",), keys=None)
    failure = refusal(kerberos_for(listener))
    assert isinstance(failure, Unauthenticated)
    assert "The server refused a valid ticket for HTTP/mbx01.lab.test" in str(failure)


def test_an_endpoint_that_offers_only_kerberos(
    realm: Realm, server: Callable[..., Listener], kerberos_for: KerberosFor, library: str
) -> None:
    said: list[str] = []
    listener = server("Kerberos")
    with open_session(kerberos_for(listener), say=said.append) as session:
        result = session.run(Pipeline((Command("Get-Anything"),)))
        assert result.output == ("LAB\\exadmin kerberos Kerberos True",)
        assert session.carrier().library == session.options.library == "pypsrp"
    reopened = [
        f"127.0.0.1: http://127.0.0.1:{listener.port}/PowerShell/ offers authentication by the header Kerberos only, "
        f"which pywinrm does not speak. Set exchange_transport to pypsrp or auto. Opening it with pypsrp."
    ]
    assert said == (reopened if library == "pywinrm" else [])
    assert realm.rejections.get("nobody", 0) == 0


@pytest.mark.parametrize("library", ["pywinrm"], indirect=True)
def test_a_library_that_was_named_is_not_replaced(server: Callable[..., Listener], kerberos_for: KerberosFor) -> None:
    failure = refusal(kerberos_for(server("Kerberos"), library_chosen=True))
    assert isinstance(failure, OnlyKerberosOffered)
    assert str(failure).endswith("which pywinrm does not speak. Set exchange_transport to pypsrp or auto.")


def write_program(file: Path, *lines: str) -> str:
    """Write a program in place of kinit."""
    file.write_text("\n".join(("#!/bin/sh", *lines, "")))
    file.chmod(0o700)
    return str(file)


@pytest.mark.parametrize("library", ["pywinrm"], indirect=True)
class TestKinit:
    """pywinrm's ticket, as Ansible's winrm connection gets it."""

    def test_a_command_that_is_not_there(self, server: Callable[..., Listener], kerberos_for: KerberosFor) -> None:
        options = kerberos_for(server(), kinit=Kinit(command="/nowhere/kinit"))
        assert str(refusal(options)) == (
            "127.0.0.1: kerberos authentication of exadmin@LAB.TEST at /PowerShell/ failed: "
            '"/nowhere/kinit cannot be run: No such file or directory". Install kinit on the controller (krb5-user, '
            "krb5-workstation), name it with "
            "ansible_winrm_kinit_cmd, or set exchange_transport: pypsrp."
        )

    def test_a_command_that_never_ends(
        self, server: Callable[..., Listener], kerberos_for: KerberosFor, tmp_path: Path
    ) -> None:
        kinit = Kinit(command=write_program(tmp_path / "kinit", "exec sleep 60"))
        failure = refusal(kerberos_for(server(), kinit=kinit, connection_timeout=1))
        assert "Cannot contact any KDC: kinit got no answer within 1 s" in str(failure)

    def test_a_password_in_its_words_is_blotted_out(
        self, server: Callable[..., Listener], kerberos_for: KerberosFor, tmp_path: Path
    ) -> None:
        kinit = Kinit(command=write_program(tmp_path / "kinit", 'read line; echo "no: $line" >&2; exit 1'))
        failure = refusal(kerberos_for(server(), kinit=kinit, password="secret"))
        assert '"no: ***"' in str(failure)

    def test_arguments_and_environment_are_the_connection_s(
        self,
        server: Callable[..., Listener],
        kerberos_for: KerberosFor,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("UNASKED", "1")
        told = tmp_path / "told"
        command = write_program(
            tmp_path / "kinit", f'{{ echo "$@"; env; }} >{shlex.quote(str(told))}', 'exec kinit "$@"'
        )
        arguments = Kinit(command=command, arguments=("-l", "1h"), environment=("KRB5_CONFIG", "ABSENT"))
        assert who_am_i(kerberos_for(server(), kinit=arguments, delegate=True)).startswith("LAB\\exadmin kerberos")
        said = told.read_text()
        assert said.startswith(f"-l 1h {UPN}\n")
        assert "\nKRB5_CONFIG=" in said
        assert "UNASKED" not in said
        assert re.search(r"^KRB5CCNAME=FILE:.*/exchange-ticket-\w+/ccache$", said, re.MULTILINE)

    def test_a_delegated_ticket_is_forwardable(
        self, server: Callable[..., Listener], kerberos_for: KerberosFor, tmp_path: Path
    ) -> None:
        told = tmp_path / "told"
        command = write_program(tmp_path / "kinit", f'echo "$@" >{shlex.quote(str(told))}', 'exec kinit "$@"')
        kinit = Kinit(command=command, environment=("KRB5_CONFIG",))
        assert who_am_i(kerberos_for(server(), kinit=kinit, delegate=True)).startswith("LAB\\exadmin kerberos")
        assert told.read_text() == f"-f {UPN}\n"

    def test_one_host_s_ticket_is_not_another_s(
        self, server: Callable[..., Listener], kerberos_for: KerberosFor
    ) -> None:
        first, second = kerberos_for(server()), kerberos_for(server(), password=None)
        with open_session(first):
            # While the first is open, the second has no ticket of its own and takes no other's.
            refusal(second)

    def test_an_interruption_leaves_no_ticket_and_sends_no_second_password(
        self, server: Callable[..., Listener], kerberos_for: KerberosFor, tmp_path: Path
    ) -> None:
        runs = tmp_path / "runs"
        command = write_program(
            tmp_path / "kinit", f"echo run >>{shlex.quote(str(runs))}", "kill -INT $PPID", "exec sleep 60"
        )
        # A shell lets what it starts in the background ignore interruptions.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            with pytest.raises(KeyboardInterrupt):
                open_session(kerberos_for(server(), kinit=Kinit(command=command)))
        finally:
            signal.signal(signal.SIGINT, before)
        assert runs.read_text() == "run\n"


def test_without_pykerberos_it_is_said_what_to_add(kerberos_for: KerberosFor) -> None:
    options = kerberos_for(type("Nowhere", (), {"port": 9})())
    missing = {"pywinrm": ("kerberos", "pywinrm[kerberos]>=0.4.3"), "pypsrp": ("gssapi", "pypsrp[kerberos]>=0.8.1")}
    module, requirement = missing[options.library]
    program = f"""
import sys
sys.path[:0] = {sys.path!r}
sys.modules[{module!r}] = None
from ansible_collections.mailops.exchange.plugins.module_utils import _libraries
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.options import *
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.session import open_session
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

class Asks(BaseHTTPRequestHandler):
    def do_POST(self):
        self.send_response(401)
        self.send_header("WWW-Authenticate", "Negotiate")
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *_): ...

with HTTPServer(("127.0.0.1", 0), Asks) as site:
    Thread(target=site.serve_forever, daemon=True).start()
    try:
        open_session(SessionOptions(
            host="127.0.0.1", port=site.server_port, scheme="http", path="/PowerShell/", configuration="x",
            authentication="kerberos", username="x@Y", password="x", hostname_override="x", no_proxy=True,
            library={options.library!r}, library_chosen=True))
    except _libraries.MissingLibrary as error:
        print(error)
    site.shutdown()
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert f"run python -m pip install '{requirement}' there" in run.stdout, run.stderr
    assert run.stderr == ""
