# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The accounts that a listener knows, and how often a wrong password was tried for each."""

from __future__ import annotations

import hmac
import tempfile
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Account:
    """A domain or local account: ``DOMAIN\\name`` (or ``SERVER\\name``), its password, and its UPN if it has one."""

    user: str
    password: str = field(repr=False)
    upn: str | None = None

    def __post_init__(self) -> None:
        domain, backslash, name = self.user.partition("\\")
        if not (domain and backslash and name):
            raise ValueError(f"write the account as DOMAIN\\name, not {self.user!r}")
        if any(character in self.user + self.password for character in ":\r\n"):
            raise ValueError(f"{self.user}: neither name nor password may hold a colon or a line break")

    @property
    def names(self) -> tuple[str, ...]:
        """The spellings that a client may use."""
        return (self.user,) if self.upn is None else (self.user, self.upn)


class Accounts:
    """Verifies passwords; shared by the listeners of one server or of many."""

    def __init__(self, accounts: Iterable[Account] = ()) -> None:
        self._lock = threading.Lock()
        self._file_in_use = threading.Lock()
        self._by_name: dict[str, Account] = {}
        self._rejections: Counter[str] = Counter()
        self._directory = tempfile.TemporaryDirectory(prefix="exchange-lab-accounts-")
        for account in accounts:
            self.add(account)

    def add(self, account: Account) -> None:
        """Register an account, or change the password of one."""
        with self._lock:
            for name in account.names:
                self._by_name[name.casefold()] = account

    @property
    def users(self) -> tuple[str, ...]:
        """All accounts as ``DOMAIN\\name``."""
        with self._lock:
            return tuple(dict.fromkeys(account.user for account in self._by_name.values()))

    @property
    def rejections(self) -> Mapping[str, int]:
        """How often a password was refused, by account (or by the name given, where no account has it)."""
        with self._lock:
            return dict(self._rejections)

    def canonical(self, name: str) -> str | None:
        """Return the account's ``DOMAIN\\name`` for any of its spellings, None when there is no such account."""
        with self._lock:
            account = self._by_name.get(name.casefold())
        return None if account is None else account.user

    def verify(self, name: str, password: str) -> str | None:
        """Return the account's ``DOMAIN\\name`` when the password is right; else count the attempt and return None."""
        with self._lock:
            account = self._by_name.get(name.casefold())
        if account is not None and hmac.compare_digest(account.password.encode(), password.encode()):
            return account.user
        self.reject(name)
        return None

    def reject(self, name: str) -> None:
        """Count a refused password."""
        user = self.canonical(name) or name
        with self._lock:
            self._rejections[user] += 1

    @contextmanager
    def ntlm_user_file(self) -> Iterator[Path]:
        """The accounts in a file as pyspnego's NTLM reads it; nobody else writes it meanwhile."""
        with self._file_in_use:
            path = Path(self._directory.name) / "ntlm"
            path.write_text(self._as_ntlm_user_file(), encoding="utf-8")
            yield path

    def _as_ntlm_user_file(self) -> str:
        with self._lock:
            accounts = list(self._by_name.values())
        lines = [f"{':'.join(account.user.split(chr(92), 1))}:{account.password}" for account in accounts]
        # A client that was given a UPN sends it whole, with an empty domain.
        lines += [f":{account.upn}:{account.password}" for account in accounts if account.upn is not None]
        return "\n".join(lines) + "\n"
