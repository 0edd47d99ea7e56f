# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP below a session by pywinrm 0.4.3 or newer, the library of Ansible's winrm connection.

Only pywinrm's HTTP is used. What it says about a failure is said in pypsrp's words, so that everybody above reads one
language; a WSMan fault travels in the body of the answer and is pypsrp's own to read.
"""

from __future__ import annotations

import logging
import os
import re
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Final

from .._libraries import installed_version, require
from .options import SessionOptions
from .ticket import Ticket
from .transport import Carrier

# Every failure is raised; without a handler Python would print what the vendored requests_kerberos logs as well.
logging.getLogger("winrm").addHandler(logging.NullHandler())

# A pair of GSSAPI's error list as pykerberos gives it: ('Clock skew too great', -1765328347).
_GSS_PAIR: Final = re.compile(r"""\((['"])(?P<words>.*?)\1, -?\d+\)""")


class PywinrmConnection:
    """pywinrm's HTTP client; see ``transport.Connection``."""

    def __init__(self, options: SessionOptions) -> None:
        """Load the libraries; nothing is sent, and no ticket is asked for.

        Raises:
            MissingLibrary: pywinrm, or what it needs for this authentication, is not installed.
        """
        require("winrm.transport")
        if options.authentication in _NEEDED:
            require(_NEEDED[options.authentication])
        self._options = options
        self._transport: Any = None
        self._cookies = ""
        asks = options.authentication == "kerberos" and (options.kinit.mode == "managed" or not options.takes_ticket)
        self._ticket = Ticket(options) if asks else None

    @property
    def endpoint(self) -> str:
        """Return the URL that messages are addressed to."""
        return self._options.endpoint

    def send(self, message: bytes, *, connection_timeout: float, read_timeout: float) -> bytes:
        """Post one message; see ``Connection.send``."""
        with self._with_ticket(connection_timeout):
            try:
                if self._transport is None:
                    self._transport = _make_transport(self._options, self._cookies)
                # What pywinrm calls its read time-out goes to requests as it is, which takes a pair.
                self._transport.read_timeout_sec = (connection_timeout, read_timeout)
                answer: bytes = self._transport.send_message(message)
            except _failures() as error:
                meaning = self._in_words_of_pypsrp(error)
                if meaning is error:
                    raise
                raise meaning from error
        return answer

    def renew(self) -> None:
        """Drop connection, authentication and seal; the ticket stays, too, since it belongs to no connection."""
        transport, self._transport = self._transport, None
        if transport is not None and transport.session is not None:
            # pywinrm authenticates while it makes its session, so these cannot be put into the next one's jar in time.
            kept = transport.session.cookies.get_dict()
            self._cookies = "; ".join(f"{name}={value}" for name, value in kept.items()) or self._cookies
            transport.close_session()

    def close(self) -> None:
        """Drop everything, the ticket too."""
        self.renew()
        self._cookies = ""
        if self._ticket is not None:
            self._ticket.discard()

    def carrier(self) -> Carrier:
        """Return what carries the messages; pywinrm never negotiates another mechanism than the one it is told."""
        return Carrier("pywinrm", installed_version("pywinrm"), self._options.authentication)

    def _with_ticket(self, seconds: float) -> AbstractContextManager[None]:
        return nullcontext() if self._ticket is None else self._ticket.in_use(seconds=seconds)

    def _in_words_of_pypsrp(self, error: Exception) -> Exception:
        theirs, ours = require("winrm.exceptions"), require("pypsrp.exceptions")
        meaning = error
        if isinstance(error, theirs.WinRMTransportError):
            meaning = ours.WinRMTransportError("http", error.code, _text(error.response_text))
        elif isinstance(error, theirs.InvalidCredentialsError) or _is_ntlm_refused(error):
            # Of a refused answer it says only this; the answer itself stands in the chain of causes.
            meaning = ours.AuthenticationError(f"Failed to authenticate the user {self._options.username}: {error}")
        elif isinstance(error, theirs.WinRMError):
            meaning = ours.WinRMError(str(error))
        elif type(error).__name__ == "KerberosExchangeError":
            found = [each["words"] for each in _GSS_PAIR.finditer(str(error))]
            meaning = ours.AuthenticationError(found[-1] if found else str(error))
        elif type(error).__name__ == "MutualAuthenticationError":
            # Kerberos proves the server as well. This one answered like somebody who was not asked who we are.
            meaning = ours.WinRMError("the server did not prove who it is")
        return meaning


# What pywinrm needs in addition; named by the extras of its distribution.
_NEEDED: Final = {"kerberos": "kerberos", "credssp": "requests_credssp"}


def _failures() -> tuple[type[Exception], ...]:
    winrm = require("winrm.exceptions")
    requests = require("requests.exceptions")
    return winrm.WinRMError, winrm.WinRMTransportError, requests.RequestException, PermissionError


def _text(page: str | bytes) -> str:
    """Return a page as text; before 0.5 pywinrm gives it as it came."""
    return page.decode(errors="replace") if isinstance(page, bytes) else page


def _is_ntlm_refused(error: Exception) -> bool:
    """Tell whether requests_ntlm says that the server did not go on with NTLM; those of files have a number."""
    return isinstance(error, PermissionError) and error.errno is None


@dataclass(frozen=True)
class _Answer:
    """What pywinrm reads of an answer in order to open it."""

    headers: Any
    request: Any
    content: bytes


def _make_transport(options: SessionOptions, cookies: str) -> Any:
    """Return pywinrm's transport, which seals its messages as Exchange's web server seals its own."""
    encryption, transport = require("winrm.encryption"), require("winrm.transport")

    class Encryption(encryption.Encryption):  # type: ignore[misc, name-defined]
        def parse_encrypted_response(self, response: Any) -> Any:
            if not response.headers.get("Content-Type", "").startswith("multipart/"):
                return response.content
            # Exchange writes the boundary with a space in it (pypsrp's encryption.py knows that too).
            content = response.content.replace(b"-- Encrypted Boundary", b"--Encrypted Boundary")
            return super().parse_encrypted_response(_Answer(response.headers, response.request, content))

    class Transport(transport.Transport):  # type: ignore[misc, name-defined]
        def setup_encryption(self, *session: Any) -> None:
            # Before 0.5 pywinrm gives no session: it is its own.
            try:
                super().setup_encryption(*session)
                if _is_sealed_by_nobody(self.session.auth):
                    raise require("pypsrp.exceptions").WinRMError("the server did not ask who we are")
            except BaseException:
                # pywinrm would send the next message over this session in clear text.
                self.close_session()
                raise
            self.encryption = Encryption(self.session, self.auth_method)

    made = Transport(
        endpoint=options.endpoint,
        auth_method=options.authentication,
        username=options.username,
        # None is refused where a password is needed, and a ticket needs none.
        password=None if options.takes_ticket else options.password,
        service=options.kerberos_service,
        kerberos_hostname_override=options.hostname_override,
        kerberos_delegation=options.delegate,
        send_cbt=options.send_cbt,
        server_cert_validation="validate" if options.validate_certificates else "ignore",
        ca_trust_path=options.ca_certificate or _authorities_of_the_environment(),
        cert_pem=options.client_certificate,
        cert_key_pem=options.client_certificate_key,
        message_encryption=options.message_encryption,
        credssp_auth_mechanism=options.credssp_mechanism,
        credssp_disable_tlsv1_2=options.credssp_disable_tlsv1_2,
        credssp_minimum_version=options.credssp_minimum_version,
        proxy=options.proxy or (None if options.no_proxy else "legacy_requests"),
    )
    # IIS would compress what is sealed, and it cannot be opened then.
    made.default_headers["Accept-Encoding"] = "identity"
    if cookies:
        made.default_headers["Cookie"] = cookies
    return made


def _authorities_of_the_environment() -> str | None:
    """Return the file that requests itself takes; pywinrm takes it, too, with a warning that it will not for long."""
    return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")


def _is_sealed_by_nobody(authentication: Any) -> bool:
    """Tell whether a server let us in without asking: NTLM and CredSSP have no context then to seal with."""
    if hasattr(authentication, "session_security"):
        return authentication.session_security is None
    return getattr(authentication, "contexts", True) == {}
