# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exceptions of pypsrp, requests and pyspnego read as ours; what pywinrm raises, ``pywinrm`` says in pypsrp's words.

What is not recognised here stays what it is: a mistake of the program must not look like one of the server.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import Any, Final
from xml.etree.ElementTree import ParseError

from .._libraries import MissingLibrary, require
from .errors import (
    CannotConnect,
    CertificateNotTrusted,
    MayHaveActed,
    NotAllowed,
    QuotaReached,
    RemotingError,
    SessionLost,
    Silent,
    UnexpectedAnswer,
    UnusableOptions,
    WrongConfiguration,
    WrongPath,
)
from .options import SessionOptions
from .refusals import refusal

# WS-Management fault codes: winerror.h and wsmerror.h of the Windows SDK.
OPERATION_TIMED_OUT: Final = 0x80338029
_ACCESS_DENIED: Final = 5
_OPERATION_ABORTED: Final = 995
_UNKNOWN_RESOURCE: Final = 0x8033803B
UNKNOWN_SHELL: Final = 0x8033805B
_QUOTAS: Final = frozenset((0x803381A5, 0x803381A6, 0x803381A7, 0x803381A8, 0x803381AB, *range(0x803381E4, 0x803381EB)))

# Exchange refuses sessions in texts of its own, whatever the code (published analysis of Exchange 2013 CU23).
_EXCHANGE_QUOTA: Final = re.compile("exceeded the maximum number of|reached the maximum number of", re.IGNORECASE)
_EXCHANGE_REFUSAL: Final = re.compile(
    r"FailureCategory=AuthZ|isn't enabled for Remote PowerShell|isn't assigned to any management roles", re.IGNORECASE
)


@dataclass(frozen=True)
class Circumstances:
    """When it happened: ``operation`` as people call it, ``started`` once the server may have begun to act.

    ``authenticated`` when the server had already accepted who we are, ``waited`` the seconds since the operation began,
    of ``budget`` that it might take.
    """

    options: SessionOptions
    operation: str
    budget: float
    started: bool = False
    authenticated: bool = False
    waited: float = 0


def library_failures() -> tuple[type[BaseException], ...]:
    """Return the exceptions by which the libraries tell that remote work failed, TimeoutError included (an OSError)."""
    spnego = require("spnego.exceptions")
    failures = [require("pypsrp.exceptions").WinRMError, OSError, ValueError, ParseError, ImportError]
    failures += [spnego.SpnegoError, spnego.FeatureMissingError, spnego.NativeError]
    if "krb5" in sys.modules:  # present only with pypsrp[kerberos]; pypsrp lets its errors through
        failures.append(require("krb5").Krb5Error)
    return tuple(failures)


def explain(error: BaseException, when: Circumstances) -> RemotingError | MissingLibrary | None:
    """Return what a library's exception means, None when it is not one of ``library_failures``."""
    if isinstance(error, RemotingError | MissingLibrary):
        return error
    if not isinstance(error, library_failures()):
        return None
    meaning = _read(error, when)
    if when.started and not isinstance(meaning, MayHaveActed):
        # Whatever refused us now, the command was on its way before.
        return _lost(when, str(error))
    return meaning


def _read(error: BaseException, when: Circumstances) -> RemotingError | MissingLibrary:
    for reader in (_silence, _connection, _http, _fault, _authentication, _protocol):
        if meaning := reader(error, when):
            return meaning
    return UnexpectedAnswer(when.options.server, f"{when.operation} failed", words=f"{type(error).__name__}: {error}")


def _silence(error: BaseException, when: Circumstances) -> RemotingError | None:
    requests = require("requests.exceptions")
    late = isinstance(error, TimeoutError | requests.ReadTimeout) or _code(error) == OPERATION_TIMED_OUT
    if not late:
        return None
    setting = "timeout" if when.waited >= when.budget else "read_timeout"
    look = "It was stopped: look at the state, then raise" if when.started else "Raise"
    return Silent(
        when.options.server,
        f"{when.operation} got no answer within {when.waited:.0f} s",
        advice=f"{look} {when.options.option(setting)} if the server is only slow",
    )


def _connection(error: BaseException, when: Circumstances) -> RemotingError | None:
    requests, options = require("requests.exceptions"), when.options
    if isinstance(error, requests.SSLError):
        return _tls(error, options)
    if isinstance(error, requests.ConnectionError):
        never_open = isinstance(error, requests.ConnectTimeout | requests.ProxyError) or _refused(error)
        if when.started or (when.authenticated and not never_open):
            return _lost(when, _innermost(error), "connection broke")
        return CannotConnect(
            options.server,
            f"no connection to {options.endpoint} while {when.operation}",
            words=_innermost(error),
            advice=_or_else(options, f"Check the name, {options.option('port')} and the firewall"),
        )
    # requests reports a CA file that is not there as a bare OSError.
    if (
        isinstance(error, OSError)
        and not isinstance(error, requests.RequestException)
        and "CA certificate" in str(error)
    ):
        return UnusableOptions(options.server, f"{options.option('ca_cert')} cannot be read", words=str(error))
    return None


def _tls(error: BaseException, options: SessionOptions) -> RemotingError:
    words = _innermost(error)
    if "CERTIFICATE_VERIFY_FAILED" in words or "doesn't match" in words:
        return CertificateNotTrusted(
            options.server,
            f"the TLS certificate of {options.endpoint} is not trusted",
            words=words,
            advice=f"Name its CA with {options.option('ca_cert')}, and the server as its certificate does",
        )
    return CannotConnect(
        options.server,
        f"no TLS connection to {options.endpoint}",
        words=words,
        advice=f"Check {options.option('port')} and {options.option('scheme')}",
    )


def _http(error: BaseException, when: Circumstances) -> RemotingError | None:
    exceptions, options = require("pypsrp.exceptions"), when.options
    if not isinstance(error, exceptions.WinRMTransportError):
        return None
    body = _text_of(str(error.response_text or ""))
    if error.code == 404:
        return _wrong_path(options, body)
    if error.code == 403 or _EXCHANGE_REFUSAL.search(body):
        return _not_allowed(options, body)
    if when.started:
        return _lost(when, f"HTTP {error.code} {body}")
    return UnexpectedAnswer(
        options.server,
        f"{options.endpoint} answered HTTP {error.code} to {when.operation}",
        words=body,
        advice="Check that Exchange's services and its PowerShell virtual directory are up",
    )


def _fault(error: BaseException, when: Circumstances) -> RemotingError | None:
    exceptions, options = require("pypsrp.exceptions"), when.options
    if not isinstance(error, exceptions.WSManFaultError):
        return None
    words = str(error.provider_fault or error.reason or "")
    if error.code is None and not words:
        # pypsrp takes an error page that happens to be well-formed XML for a fault without details.
        return _wrong_path(options, words)
    if error.code == _UNKNOWN_RESOURCE:
        return WrongConfiguration(
            options.server,
            f"{options.endpoint} has no session configuration {options.configuration}",
            words=words,
            advice=_or_else(options, f"Check {options.option('path')}: Exchange's own is /PowerShell/"),
        )
    if error.code in _QUOTAS or _EXCHANGE_QUOTA.search(words):
        return QuotaReached(
            options.server,
            "too many sessions of this account are open",
            words=words,
            advice=f"Those of interrupted runs end by themselves after {options.idle_timeout} s",
        )
    if error.code == _ACCESS_DENIED or _EXCHANGE_REFUSAL.search(words):
        return _not_allowed(options, words)
    if error.code in (UNKNOWN_SHELL, _OPERATION_ABORTED):
        return _lost(when, words)
    return UnexpectedAnswer(options.server, f"{when.operation} failed with WSMan fault {error.code}", words=words)


def _authentication(error: BaseException, when: Circumstances) -> RemotingError | MissingLibrary | None:
    if isinstance(error, require("pypsrp.exceptions").AuthenticationError) and when.authenticated:
        # A password that was good a moment ago: the message was sealed for a connection that is gone.
        return _lost(when, str(error))
    return refusal(error, when.options)


def _protocol(error: BaseException, when: Circumstances) -> RemotingError | None:
    exceptions = require("pypsrp.exceptions")
    if not when.started and (isinstance(error, ParseError) or error.__class__ is exceptions.WinRMError):
        return _wrong_path(when.options, "")
    if when.started and isinstance(error, exceptions.InvalidPSRPOperation):
        return _lost(when, str(error))
    return None


def _lost(when: Circumstances, words: str, what: str = "session ended") -> RemotingError:
    return SessionLost(
        when.options.server,
        f"the {what} during {when.operation}",
        words=words,
        advice="It may have acted or not: look at the state before you run it again"
        if when.started
        else "Run it again",
    )


def _wrong_path(options: SessionOptions, words: str) -> RemotingError:
    return WrongPath(
        options.server,
        f"no WS-Management service at {options.endpoint}",
        words=words,
        advice=_or_else(options, f"Check {options.option('path')} and {options.option('port')}"),
    )


def _or_else(options: SessionOptions, advice: str) -> str:
    return f"{advice}. {options.otherwise}" if options.otherwise else advice


def _not_allowed(options: SessionOptions, words: str) -> RemotingError:
    return NotAllowed(
        options.server,
        f"{options.username or 'the account'} may not open a session of {options.configuration}",
        words=words,
        advice="Enable remote PowerShell for the account and add it to a role group",
    )


def _code(error: BaseException) -> Any:
    exceptions = require("pypsrp.exceptions")
    return error.code if isinstance(error, exceptions.WSManFaultError) else None


def _refused(error: BaseException) -> bool:
    urllib3 = require("requests.packages.urllib3.exceptions")
    return any(isinstance(cause, urllib3.NewConnectionError) for cause in _chain(error))


def _innermost(error: BaseException) -> str:
    """Return the deepest cause's text: the system's words, without the libraries' wrapping."""
    return re.sub(r"^\w+\(host=.*?\): ", "", str(_chain(error)[-1]))


def _chain(error: BaseException) -> list[BaseException]:
    """Follow what an exception carries as ``reason`` or as argument, as urllib3 and requests nest them."""
    chain = [error]
    while True:
        carried = [getattr(chain[-1], "reason", None), *chain[-1].args]
        cause = next((item for item in carried if isinstance(item, BaseException) and item not in chain), None)
        if cause is None:
            return chain
        chain.append(cause)


def _text_of(html: str) -> str:
    """Return what a browser would show of an error page."""
    return " ".join(re.sub(r"<(head|title|script|style)\b.*?</\1>|<[^>]*>", " ", html, flags=re.DOTALL | re.I).split())
