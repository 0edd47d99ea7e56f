# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions that the server asks while a command runs.

They come as host calls (MS-PSRP 2.2.3.17). Whatever expects an answer is a prompt: the pipeline's policy may answer a
choice, and everything else stops the pipeline. Nothing is ever answered because it is the default.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from .._libraries import require
from .._powershell import AnsweredPrompt, Choice, Prompt, PromptPolicy, RemoteObject, WireValue
from .errors import UnforeseenPrompt
from .values import from_wire

CHOICE: Final = "PromptForChoice"

# Host calls without an answer: what a console would draw. The server goes on by itself.
_WITHOUT_ANSWER: Final = frozenset(
    {
        "SetShouldExit", "EnterNestedPrompt", "ExitNestedPrompt", "NotifyBeginApplication", "NotifyEndApplication",
        "Write1", "Write2", "WriteLine1", "WriteLine2", "WriteLine3", "WriteErrorLine", "WriteDebugLine",
        "WriteProgress", "WriteVerboseLine", "WriteWarningLine", "SetForegroundColor", "SetBackgroundColor",
        "SetCursorPosition", "SetWindowPosition", "SetCursorSize", "SetBufferSize", "SetWindowSize", "SetWindowTitle",
        "FlushInputBuffer", "SetBufferContents1", "SetBufferContents2", "ScrollBufferContents", "PushRunspace",
        "PopRunspace",
    }
)  # fmt: skip


def expects_answer(method: str) -> bool:
    """Tell whether the server waits after this host call; an unknown one is taken to wait."""
    return method not in _WITHOUT_ANSWER


def read_prompt(method: str, arguments: Sequence[WireValue]) -> Prompt:
    """Return a host call as a prompt, with as much as its arguments say; a shape we do not know has no choices."""
    caption, message = (text if isinstance(text, str) else "" for text in (*arguments, "", "")[:2])
    if method != CHOICE or len(arguments) != 4:
        return Prompt(method, caption, message)
    choices, default = arguments[2:]
    if not isinstance(choices, RemoteObject) or not isinstance(default, int):
        return Prompt(method, caption, message)
    return Prompt(method, caption, message, tuple(_read_choice(item) for item in choices.items), default)


def _read_choice(value: WireValue) -> Choice:
    if not isinstance(value, RemoteObject):
        return Choice(str(value))
    texts = {
        name.casefold(): text for name, text in value.properties.items() if isinstance(text, str)
    }  # Windows PowerShell writes the fields' names, label and helpMessage
    return Choice(texts.get("label", value.text or ""), texts.get("helpmessage", ""))


class Conversation:
    """What one pipeline was asked and answered."""

    def __init__(self, server: str, operation: str, policy: PromptPolicy) -> None:
        self._server = server
        self._operation = operation
        self._policy = policy
        self.answered: list[AnsweredPrompt] = []

    def answer(self, prompt: Prompt) -> int:
        """Return the index to send back.

        Raises:
            UnforeseenPrompt: the policy does not know the prompt, or chose what was not offered.
        """
        choice = self._policy(prompt)
        if choice is None or prompt.kind != CHOICE or choice not in range(len(prompt.choices)):
            raise UnforeseenPrompt(self._server, self._operation, prompt)
        self.answered.append(AnsweredPrompt(prompt, choice))
        return choice


def make_host(answer: Callable[[Prompt], int]) -> Any:
    """Return a new ``pypsrp.host.PSHost`` that asks ``answer`` for the index of a choice.

    It must have a user interface, although nothing of it is used: without one the server does not ask, but fails the
    command ("... does not support user interaction").
    """
    host = require("pypsrp.host")

    class Host(host.PSHost):  # type: ignore[misc, name-defined]
        def run_method(self, method_identifier: Any, args: Any, runspace: Any, pipeline: Any = None) -> int | None:
            del runspace, pipeline
            method = _method_name(method_identifier)
            if not expects_answer(method):
                return None
            return answer(read_prompt(method, [from_wire(argument) for argument in args or ()]))

    return Host(None, None, False, "mailops.exchange", None, host.PSHostUserInterface(), "1.0")


def _method_name(identifier: Any) -> str:
    try:
        return str(identifier)
    except KeyError:  # a number that pypsrp has no name for
        return f"host method {identifier.value}"
