# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Kerberos ticket of one connection, got by kinit, in a cache that nobody else uses.

pywinrm can only use a ticket that is there. Ansible's winrm connection therefore runs kinit, and so does this, with the
same command, arguments and environment, so that a host which is reached there is reached here.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from .._libraries import require
from .options import SessionOptions

_CACHE: Final = "KRB5CCNAME"


class Ticket:
    """A ticket for the user of a session. kinit runs once at most: a password is tried once."""

    def __init__(self, options: SessionOptions) -> None:
        self._options = options
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._asked = False
        self._granted = False

    @contextmanager
    def in_use(self, *, seconds: float) -> Iterator[None]:
        """Let this process's Kerberos find the ticket, got within ``seconds``, for as long as the context lasts.

        The next host of the process must not find it: its user may be another.

        Raises:
            pypsrp.exceptions.AuthenticationError: there is no ticket; the words are kinit's.
        """
        cache = self._obtained(seconds)
        before = os.environ.get(_CACHE)
        os.environ[_CACHE] = cache
        try:
            yield
        finally:
            if before is None:
                del os.environ[_CACHE]
            else:
                os.environ[_CACHE] = before

    def discard(self) -> None:
        """Remove the ticket; the next use asks for a new one."""
        folder, self._folder = self._folder, None
        self._asked = self._granted = False
        if folder is not None:
            folder.cleanup()

    def _obtained(self, seconds: float) -> str:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="exchange-ticket-")
        cache = f"FILE:{Path(self._folder.name, 'ccache')}"
        if not self._granted:
            if self._asked:
                raise _no_ticket("kinit has failed before")
            self._asked = True
            self._ask(cache, seconds)
            self._granted = True
        return cache

    def _ask(self, cache: str, seconds: float) -> None:
        kinit, user = self._options.kinit, self._options.username or ""
        password = self._options.password or ""
        passed = {name: os.environ[name] for name in ("PATH", *kinit.environment) if name in os.environ}
        forwardable = ("-f",) if self._options.delegate and not kinit.arguments else ()
        try:
            run = subprocess.run(
                [kinit.command, *kinit.arguments, *forwardable, *([user] if user else [])],
                input=f"{password}\n".encode(),
                capture_output=True,
                check=False,
                env=passed | {_CACHE: cache},
                # Without a terminal of its own kinit reads the password from its input, on every system.
                start_new_session=True,
                timeout=seconds,
            )
        except OSError as error:
            raise _no_ticket(f"{kinit.command} cannot be run: {error.strerror}") from error
        except subprocess.TimeoutExpired as error:
            raise _no_ticket(f"Cannot contact any KDC: kinit got no answer within {seconds:.0f} s") from error
        if run.returncode:
            said = (run.stderr.strip() or run.stdout.strip()).decode(errors="replace")
            said = said.replace(password, "***") if password else said
            raise _no_ticket(said or f"{kinit.command} ended with status {run.returncode}")


def _no_ticket(words: str) -> Exception:
    failure: Exception = require("pypsrp.exceptions").AuthenticationError(words)
    return failure
