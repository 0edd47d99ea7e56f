# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong between us and a server, each with a word for programs and one sentence for people.

The sentence says server, operation, the server's own words and the next step, in at most 300 characters: when it grows
too long, the server's words are cut, never the advice.
"""

from __future__ import annotations

from typing import ClassVar, Final

from .._powershell import Prompt, RemoteError, Result

LONGEST: Final = 300


class RemotingError(Exception):
    """Base of all. ``reason`` is the machine word that modules return."""

    reason: ClassVar[str] = "remoting"

    def __init__(self, server: str, what: str, *, words: str = "", advice: str = "") -> None:
        self.server = server
        super().__init__(sentence(server, what, words=words, advice=advice))


class UnusableOptions(RemotingError):
    """The options contradict each other or are unsafe; nothing was sent."""

    reason = "unusable_options"


class UnsendableValue(RemotingError):
    """A parameter holds a value that cannot travel; nothing was sent."""

    reason = "unsendable_value"


class CannotConnect(RemotingError):
    """No HTTP connection: name, port, firewall, proxy, or not the protocol that was expected."""

    reason = "unreachable"


class CertificateNotTrusted(RemotingError):
    """The server's TLS certificate was refused by us."""

    reason = "certificate_not_trusted"


class Unauthenticated(RemotingError):
    """The server refused who we are, or we could not say it in a way that it offers. Tried once: accounts lock."""

    reason = "unauthenticated"


class OnlyKerberosOffered(Unauthenticated):
    """The endpoint offers Kerberos in the one form that pywinrm does not speak. Nobody was judged."""

    reason = "only_kerberos_offered"


class NotAllowed(RemotingError):
    """The server knows the account and does not let it in."""

    reason = "not_allowed"


class WrongPath(RemotingError):
    """An HTTP server answers there, but no WS-Management service."""

    reason = "wrong_path"


class WrongConfiguration(RemotingError):
    """WS-Management answers there, but does not know the session configuration."""

    reason = "wrong_configuration"


class QuotaReached(RemotingError):
    """Too many sessions of this account."""

    reason = "quota_reached"


class MayHaveActed(RemotingError):
    """The command was on its way when it failed: look at the server's state before you decide anything."""

    reason = "may_have_acted"


class SessionLost(MayHaveActed):
    """The connection or the session ended under a running command."""

    reason = "session_lost"


class Silent(MayHaveActed):
    """The server did not answer within its time; the command was stopped and the session ended."""

    reason = "silent"


class UnexpectedAnswer(MayHaveActed):
    """The server answered something that we do not understand."""

    reason = "unexpected_answer"


class UnforeseenPrompt(MayHaveActed):
    """The server asked what nobody foresaw; nothing was answered, the command was stopped.

    Exchange may have acted before it asked (it binds SMTP to a certificate before it asks about the default one).
    """

    reason = "unforeseen_prompt"

    def __init__(self, server: str, operation: str, prompt: Prompt) -> None:
        self.prompt = prompt
        choices = ", ".join(choice.label.replace("&", "") for choice in prompt.choices)
        offered = f" (choices: {choices})" if choices else ""
        super().__init__(
            server,
            f"{operation} asked a question that was not foreseen, {prompt.kind}{offered}",
            words=prompt.message or prompt.caption,
            advice="It was not answered, the command was stopped. Look at the state before you run it again",
        )


class CmdletFailed(MayHaveActed):
    """The pipeline wrote error records. ``errors`` are Exchange's own, ``result`` is what came besides them."""

    reason = "cmdlet_failed"
    what: ClassVar[str] = "{operation} failed"
    advice: ClassVar[str] = ""

    def __init__(self, server: str, operation: str, errors: tuple[RemoteError, ...], result: Result) -> None:
        self.operation = operation
        self.errors = errors
        self.result = result
        more = f" (and {len(errors) - 1} more errors)" if len(errors) > 1 else ""
        super().__init__(
            server, self.what.format(operation=operation) + more, words=errors[0].message, advice=self.advice
        )


class CmdletNotVisible(CmdletFailed):
    """The session does not know the cmdlet: RBAC hides what an account may not use."""

    reason = "cmdlet_not_visible"
    what = "{operation} is not visible to this account"
    advice = "Add the account to a role group that contains the cmdlet"


class ParameterNotVisible(CmdletFailed):
    """The session knows the cmdlet without that parameter: RBAC cuts parameters too."""

    reason = "parameter_not_visible"
    what = "{operation} lacks a parameter for this account"
    advice = "Add the account to a role group that contains the cmdlet with this parameter"


def sentence(server: str, what: str, *, words: str = "", advice: str = "") -> str:
    """Join the parts; cut the server's words, and nothing else if that suffices, to keep ``LONGEST`` characters."""
    head = f"{server}: {what}"
    tail = f". {advice}." if advice else "."
    words = " ".join(words.split()).rstrip(".")
    if not words:
        return _cut(head, LONGEST - len(tail)) + tail
    room = LONGEST - len(head) - len(tail) - len(': ""')
    if room < len("…"):
        return _cut(head, LONGEST - len(tail)) + tail
    return f'{head}: "{_cut(words, room)}"{tail}'


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"
