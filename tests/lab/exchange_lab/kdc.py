# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Kerberos realm with a real KDC (MIT's) on loopback, in a directory of its own; nothing under /etc takes part."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

PACKAGES: Final = {"kdb5_util": "krb5-kdc", "krb5kdc": "krb5-kdc", "kadmin.local": "krb5-admin-server"}
"""Programs that a realm is made of, and the Debian packages that hold them."""

SERVICES: Final = ("HTTP", "WSMAN", "host")
"""What tickets are issued for on every host: HTTP for Exchange's endpoint, the others are WinRM clients' habit."""

START_PATIENCE_S: Final = 10.0

_REFUSED = re.compile(r"AS_REQ .*: PREAUTH_FAILED: (?P<principal>\S+) for ")

_CLIENT_SETTINGS = """\
[libdefaults]
 default_realm = {realm}
 dns_lookup_kdc = false
 dns_lookup_realm = false
 dns_canonicalize_hostname = false
 rdns = false
 udp_preference_limit = 1
 default_ccache_name = FILE:{directory}/ccache
 default_keytab_name = FILE:{directory}/none.keytab
 default_rcache_name = file2:{directory}/replays
[realms]
 {realm} = {{
  kdc = 127.0.0.1:{port}
 }}
[domain_realm]
{hosts}
"""

# As in Active Directory, a ticket is only given to who proves the password; so wrong ones show in the log.
_KDC_SETTINGS = """\
[kdcdefaults]
 kdc_listen = ""
 kdc_tcp_listen = 127.0.0.1:{port}
[realms]
 {realm} = {{
  database_name = {directory}/principal
  key_stash_file = {directory}/stash
  default_principal_flags = +preauth
 }}
[logging]
 kdc = FILE:{directory}/kdc.log
"""


class RealmError(Exception):
    """The realm cannot be set up; the text says why, and what helps."""


class Realm:
    """A realm with its users and hosts; a context manager.

    ``passwords`` are those of the users, by name without realm; ``hosts`` are FQDNs. A KDC that is not ``answering``
    leaves everything as it is but the port, where connections are refused: what an outage looks like.
    """

    def __init__(
        self, name: str, *, passwords: Mapping[str, str], hosts: Iterable[str], answering: bool = True
    ) -> None:
        self.name = name
        self._passwords = dict(passwords)
        self._hosts = tuple(hosts)
        self._answering = answering
        self._temporary = tempfile.TemporaryDirectory(prefix="exchange-lab-realm-")
        self._directory = Path(self._temporary.name)
        self._kdc: subprocess.Popen[bytes] | None = None
        # Bound while nobody answers, so that nobody else takes the port.
        self._port = socket.socket()

    @property
    def config(self) -> Path:
        """The krb5.conf of the realm's clients and servers, for KRB5_CONFIG."""
        return self._directory / "krb5.conf"

    def keytab(self, host: str, services: Iterable[str]) -> Path:
        """The keys by which a host accepts tickets for these services, and for no others."""
        file = self._directory / f"{host}-{'-'.join(services)}.keytab"
        if not file.exists():
            self._administer("ktadd", "-norandkey", "-k", str(file), *(f"{service}/{host}" for service in services))
        return file

    @property
    def rejections(self) -> Mapping[str, int]:
        """How often the KDC refused a password, by user without realm."""
        log = self._directory / "kdc.log"
        text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        return Counter(match["principal"].partition("@")[0] for match in _REFUSED.finditer(text))

    def start(self) -> None:
        """Create the realm and start its KDC; RealmError when that fails."""
        for program, package in PACKAGES.items():
            if shutil.which(program, path=_PATH) is None:
                raise RealmError(
                    f"A Kerberos realm needs {program}, which this machine lacks; install the Debian package {package}"
                )
        if importlib.util.find_spec("gssapi") is None:
            raise RealmError("A Kerberos realm needs the Python package gssapi; make test installs it")
        self._port.bind(("127.0.0.1", 0))
        self._configure(self._port.getsockname()[1])
        self._run("kdb5_util", "create", "-s", "-r", self.name, "-P", "the lab's own")
        for user, password in self._passwords.items():
            self._administer("addprinc", "-pw", password, user)
        for host in self._hosts:
            for service in SERVICES:
                self._administer("addprinc", "-randkey", f"{service}/{host}")
        if self._answering:
            self._answer()

    def stop(self) -> None:
        """End the KDC and forget everything."""
        if self._kdc is not None:
            self._kdc.terminate()
            self._kdc.wait()
        self._port.close()
        self._temporary.cleanup()

    def __enter__(self) -> Realm:
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def _configure(self, port: int) -> None:
        facts = {"realm": self.name, "directory": self._directory, "port": port}
        hosts = "\n".join(f" {host} = {self.name}" for host in self._hosts)
        self.config.write_text(_CLIENT_SETTINGS.format(**facts, hosts=hosts), encoding="utf-8")
        (self._directory / "kdc.conf").write_text(_KDC_SETTINGS.format(**facts), encoding="utf-8")

    def _answer(self) -> None:
        address = self._port.getsockname()
        self._port.close()
        # The KDC ends with us, however we end: pdeathsig holds where no cleaning up is possible any more.
        self._kdc = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", "--", "krb5kdc", "-n", "-r", self.name],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + START_PATIENCE_S
        while not _listens(address):
            if self._kdc.poll() is not None or time.monotonic() > deadline:
                log = (self._directory / "kdc.log").read_text(encoding="utf-8", errors="replace")
                raise RealmError(f"The KDC of {self.name} does not start: {log.strip().splitlines()[-1:]}")
            time.sleep(0.01)

    def _administer(self, *command: str) -> None:
        self._run("kadmin.local", "-r", self.name, *command)

    def _run(self, *command: str) -> None:
        done = subprocess.run(
            command, env=self._environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        if done.returncode:
            reason = next(iter(done.stderr.splitlines()), f"exit status {done.returncode}")
            raise RealmError(f"{command[0]} failed for {self.name}: {reason}")

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "PATH": _PATH,
            "KRB5_CONFIG": str(self.config),
            "KRB5_KDC_PROFILE": str(self._directory / "kdc.conf"),
        }


_PATH: Final = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
"""Debian keeps what administers a realm where only root looks."""


def _listens(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=1).close()
    except OSError:
        return False
    return True
