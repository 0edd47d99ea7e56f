# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why nobody believed who we are, and the one thing to do about it.

A server says little more than 401, but it says what it offers. Kerberos says a lot, in the words of MIT's library,
which are the same whether kinit, pyspnego or pykerberos brings them.
"""

from __future__ import annotations

import re
from typing import Any, Final

from .._libraries import MissingLibrary, require
from .errors import OnlyKerberosOffered, Unauthenticated
from .options import EXCHANGE_CONFIGURATION, SessionOptions

# What the words of Kerberos mean to do: MIT krb5, lib/krb5/error_tables and lib/gssapi; Heimdal where it differs.
_KERBEROS: Final = tuple(
    (re.compile(words, re.IGNORECASE), advice)
    for words, advice in (
        (
            "cannot be run: ",
            "Install kinit on the controller (krb5-user, krb5-workstation), name it with ansible_winrm_kinit_cmd, or "
            "set exchange_transport: pypsrp",
        ),
        ("Clock skew", "Set the clock of the controller: Kerberos allows five minutes to the domain's"),
        (
            "Cannot (find|contact|resolve).*KDC|unable to (reach|locate) any KDC",
            "Check the realm in {user}, krb5.conf or the DNS behind it, and the way to a domain controller on port 88",
        ),
        ("password has expired|key expired", "Change the password of {user}; it has expired"),
        ("revoked|locked out", "Have the account of {user} enabled or unlocked"),
        (
            "Password incorrect|Preauthentication failed|integrity check failed",
            "Check the password of {user}; tried once, because accounts lock",
        ),
        ("Server .*not found in Kerberos database|unknown server", "{unknown_service}"),
        (
            "Client .*not found in Kerberos database|unknown client",
            "Check user and realm: Kerberos knows the user principal name, like name@REALM",
        ),
        ("KDC reply did not match", "Write the realm of {user} in upper case"),
        ("no support for encryption type|etype", "Let controller and domain agree on AES: see krb5.conf"),
        ("Ticket( has)? expired", "Get a new ticket with kinit"),
        ("(open|find|load).*configuration file|configuration file format", "Check krb5.conf on the controller"),
        (
            "No Kerberos credentials|No credentials (were supplied|cache)|credentials cache.* not found|"
            "No credential|Matching credential|in cache collection",
            "Give a password, or get a ticket with kinit first",
        ),
    )
)

# The schemes of HTTP by which an authentication can travel.
_SCHEMES: Final = {
    "basic": {"basic"},
    "credssp": {"credssp"},
    "kerberos": {"negotiate", "kerberos"},
    "negotiate": {"negotiate", "kerberos", "ntlm"},
    "ntlm": {"negotiate", "ntlm"},
}
# What pypsrp needs in addition; named by the extras of its distribution.
_EXTRAS: Final = {"credssp": "pypsrp[credssp]>=0.8.1", "kerberos": "pypsrp[kerberos]>=0.8.1"}


def refusal(error: BaseException, options: SessionOptions) -> Unauthenticated | MissingLibrary | None:
    """Return what an exception says about who we are; None when it says nothing about it."""
    words = str(error)
    exceptions, spnego = require("pypsrp.exceptions"), require("spnego.exceptions")
    if isinstance(error, ImportError):
        return MissingLibrary(_EXTRAS.get(options.authentication, "pypsrp>=0.8.1"), error)
    offered = _offered(error)
    if offered and not offered.keys() & _SCHEMES.get(options.authentication, offered.keys()):
        return _refused(options, "", _choose(options, offered))
    if not isinstance(error, exceptions.AuthenticationError | spnego.SpnegoError) and not _is_of_kerberos(error):
        return None
    if options.library == "pywinrm" and offered.keys() == {"kerberos"}:
        return OnlyKerberosOffered(
            options.server,
            f"{options.endpoint} offers authentication by the header Kerberos only, which pywinrm does not speak",
            advice=f"Set {options.option('transport')} to pypsrp or auto",
        )
    if isinstance(error, spnego.NoCredentialError):
        return _refused(options, words, "Give a password, or get a ticket with kinit first")
    return _refused(options, words, _advice(words, options))


def _refused(options: SessionOptions, words: str, advice: str) -> Unauthenticated:
    user = options.username or "the user of the ticket"
    return Unauthenticated(
        options.server,
        f"{options.authentication} authentication of {user} at {options.path} failed",
        words=words,
        advice=advice,
    )


def _advice(words: str, options: SessionOptions) -> str:
    if options.authentication in ("kerberos", "negotiate", "credssp"):
        for pattern, advice in _KERBEROS:
            if pattern.search(words):
                return advice.format(user=options.username or "the user", unknown_service=_unknown_service(options))
    if words.startswith("Failed to authenticate the user"):
        # The server itself has refused.
        if options.authentication == "kerberos":
            return (
                f"The server refused a valid ticket for {options.service_principal}: check that this name is its own, "
                f"and its clock"
            )
        if options.configuration == EXCHANGE_CONFIGURATION and not re.search(r"[\\@]", options.username or ""):
            return (
                f"The name has no domain: write it as name@REALM or DOMAIN\\name in {options.option('username')}; "
                f"tried once, because accounts lock"
            )
    return "Check user and password; tried once, because accounts lock"


def _unknown_service(options: SessionOptions) -> str:
    return (
        f"Nobody registered {options.service_principal}: give the FQDN as {options.option('host')}, or "
        f"{options.option('hostname_override')}"
    )


def _choose(options: SessionOptions, offered: dict[str, str]) -> str:
    """Say how to become somebody to a server that offers nothing of what was asked for."""
    if offered.keys() == {"kerberos"}:
        return (
            f"The endpoint offers Kerberos only, as an untouched Exchange server does: set {options.option('auth')}: "
            f"kerberos and write the user as name@REALM"
        )
    names = ", ".join(offered.values())
    return f"Set {options.option('auth')} to what the server offers ({names})"


def _is_of_kerberos(error: BaseException) -> bool:
    # krb5.Krb5Error, which pypsrp lets through, can be named only where pypsrp[kerberos] is installed.
    return type(error).__module__.partition(".")[0] == "krb5"


def _offered(error: BaseException) -> dict[str, str]:
    """Return the schemes of a 401 as they were written, by their lower-case names; empty when nobody knows.

    Both libraries raise while they handle the HTTPError that holds the answer. Where pypsrp gives up before it answers,
    only its text tells.
    """
    header = ""
    cause: BaseException | None = error
    while cause is not None and not header:
        response: Any = getattr(cause, "response", None)
        header = response.headers.get("www-authenticate", "") if response is not None else ""
        cause = cause.__cause__ or cause.__context__
    if not header and (told := re.search("- actual: '(.*)'|responded with the auth protocol '(.*?)'", str(error))):
        header = told[1] or told[2] or ""
    return {name.lower(): name for name in re.findall(r"(?:^|,)\s*([A-Za-z]+)(?=\s|,|$)", header)}
