# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Exchange server a host of the inventory is.

An inventory may call a server by an alias or an address, and behind the name of a load balancer there may be any of
them, not always the same one for Exchange's endpoint and for the host's own PowerShell. So a host is a server when its
PowerShell is dialled by that server's name, else when the computer at the other end says so itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .._exchange.cmdlets import get_computer_name
from .._exchange.fields import Fields
from .._exchange.server import Server
from .._powershell import Pipeline, Result
from .._remoting.errors import RemotingError


class ThisHost:
    """The computer that answers as the host's own PowerShell. It is asked for its name once, and only when needed."""

    def __init__(self, dialled: str, ask: Callable[[Pipeline], Result]) -> None:
        """``dialled`` is the name or address by which ``ask`` reaches it."""
        self.dialled = dialled
        self._ask = ask
        self._answer: str | RemotingError = ""

    @property
    def computer_name(self) -> str:
        """Return its own NetBIOS name.

        Raises:
            RemotingError: as ``Session.run``; nothing leads there, or nobody answers. Whoever asks again gets the same
                error, and the host no second knock: a rejected password must not be sent twice.
            Unreadable: it did not say.
        """
        if not self._answer:
            try:
                (found,) = self._ask(get_computer_name()).objects()
            except RemotingError as failure:
                self._answer = failure
                raise
            self._answer = Fields(found, "the environment variable COMPUTERNAME").text("Value")
        if isinstance(self._answer, RemotingError):
            raise self._answer
        return self._answer

    def server_among(self, servers: Sequence[Server]) -> Server | None:
        """Return the server that this host is; None when it is none of them, or several bear its name.

        Errors as ``computer_name``.
        """
        found = [server for server in servers if server.is_called(self.dialled)]
        if not found:
            found = [server for server in servers if server.is_called(self.computer_name)]
        return found[0] if len(found) == 1 else None
