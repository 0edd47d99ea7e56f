# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP below a session, bounded in time and able to start afresh; pypsrp's own stands here, pywinrm's in ``pywinrm``.

pypsrp repeats a Receive that got no answer five times, with growing pauses and no message, and it resends a request
that was sealed for a lost connection over a new one, where nobody can open it. So every request gets its own time out
of one deadline, nothing is repeated here, and ``renew`` drops connection and seal together.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from .._libraries import installed_version, require


@dataclass(frozen=True)
class Deadline:
    """A moment of the monotonic clock, in seconds."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """Return the moment that many seconds from now."""
        return cls(time.monotonic() + seconds)

    def left(self) -> float:
        """Return the seconds that remain, at least 0."""
        return max(0.0, self.at - time.monotonic())


@dataclass(frozen=True)
class Carrier:
    """What carries a session: the library's name and version, and the mechanism that both sides agreed on.

    ``mechanism`` is one of pypsrp's words, as ``kerberos``; what ``negotiate`` has led to is ``kerberos`` or ``ntlm``,
    and empty as long as nobody knows.
    """

    library: str
    version: str
    mechanism: str


class Connection(Protocol):
    """An authenticated HTTP connection to one endpoint, by whichever library."""

    @property
    def endpoint(self) -> str:
        """Return the URL that messages are addressed to."""

    def send(self, message: bytes, *, connection_timeout: float, read_timeout: float) -> bytes:
        """Post one WSMan message and return the answer's; connect and authenticate when there is no connection yet."""

    def renew(self) -> None:
        """Forget connection, authentication and encryption; the next ``send`` starts afresh.

        Cookies stay: by one a load balancer finds the server that holds our session.
        """

    def close(self) -> None:
        """Forget them for good, and remove what was made for them."""

    def carrier(self) -> Carrier:
        """Return what carries the messages."""


class PypsrpConnection:
    """pypsrp's own HTTP client.

    ``session``, ``encryption`` and ``_build_session`` are not documented by pypsrp; tests hold the oldest supported
    release and the newest to them. Time-outs are set on the object, because ``send`` takes none before 0.9.
    """

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self._cookies: Any = {}
        self._build_session = transport._build_session
        # pypsrp seals its messages only over a session that it has made itself.
        transport._build_session = self._build_session_with_cookies

    @property
    def endpoint(self) -> str:
        """Return the URL that messages are addressed to."""
        return str(self._transport.endpoint)

    def send(self, message: bytes, *, connection_timeout: float, read_timeout: float) -> bytes:
        """Post one message; see ``Connection.send``."""
        self._transport.connection_timeout = connection_timeout
        self._transport.read_timeout = read_timeout
        try:
            answer: bytes = self._transport.send(message)
        except KeyError as error:
            # pypsrp seals with the security context that a 401 has started; an ordinary web page asks for none.
            if self._contexts():
                raise
            raise require("pypsrp.exceptions").WinRMError("the server did not ask who we are") from error
        return answer

    def renew(self) -> None:
        """Drop the HTTP session and the security context that sealed its messages; see ``Connection.renew``."""
        if self._transport.session is not None:
            self._cookies = self._transport.session.cookies
        self._transport.close()
        self._transport.session = None
        self._transport.encryption = None

    def close(self) -> None:
        """Drop them, and the cookies."""
        self.renew()
        self._cookies = {}

    def carrier(self) -> Carrier:
        """Return what carries the messages; the mechanism is that of the context which pyspnego has negotiated."""
        mechanism = str(self._transport.auth)
        if mechanism in ("negotiate", "kerberos", "ntlm"):
            mechanism = next((str(each.negotiated_protocol or "") for each in self._contexts().values()), "")
        return Carrier("pypsrp", installed_version("pypsrp"), mechanism)

    def _contexts(self) -> Mapping[str, Any]:
        """Return the security contexts of pyspnego, by host; none as long as nobody has asked who we are."""
        contexts: Mapping[str, Any] = getattr(getattr(self._transport.session, "auth", None), "contexts", {})
        return contexts

    def _build_session_with_cookies(self) -> Any:
        session = self._build_session()
        session.cookies.update(self._cookies)
        return session


class BoundedTransport:
    """What ``pypsrp.wsman.WSMan`` needs as its ``transport``: a connection under a deadline.

    ``deadline`` is set anew by the session for each piece of work. ``answered`` tells that the server has answered a
    message since the connection was last renewed, hence accepted who we are.
    """

    def __init__(self, connection: Connection, *, connection_timeout: float, read_timeout: float) -> None:
        self._connection = connection
        self._connection_timeout = connection_timeout
        self._read_timeout = read_timeout
        self.deadline = Deadline.after(0)
        self.answered = False

    @property
    def endpoint(self) -> str:
        """Return the URL that messages are addressed to."""
        return self._connection.endpoint

    def send(self, message: bytes, *, retries_on_read_timeout: int = 0, timeout: Any = None) -> bytes:
        """Send within what is left of the deadline. pypsrp's own wishes about retries and time are not followed.

        Raises:
            TimeoutError: nothing is left; nothing was sent.
        """
        del retries_on_read_timeout, timeout
        left = self.deadline.left()
        if not left:
            raise TimeoutError("no time is left for another request")
        answer = self._connection.send(
            message,
            connection_timeout=min(self._connection_timeout, left),
            read_timeout=min(self._read_timeout, left),
        )
        self.answered = True
        return answer

    def carrier(self) -> Carrier:
        """Return what carries the messages."""
        return self._connection.carrier()

    def renew(self) -> None:
        """Start afresh with the next message."""
        self.answered = False
        self._connection.renew()

    def close(self) -> None:
        """Close the connection; called by pypsrp's ``WSMan.close`` as well."""
        self.answered = False
        self._connection.close()
