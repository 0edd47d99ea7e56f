# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be answered when Enable-ExchangeCertificate asks, recognised by shape, in any language.

Exchange asks with ShouldContinue: four choices in a remote session (Yes, Yes to All, No, No to All), five in a local
one (Suspend), Yes the default. The prompt about the default SMTP certificate names two thumbprints, the current one
first. Everything else is unforeseen: a policy returns None and the pipeline is stopped.
"""

from __future__ import annotations

import re
from typing import Final

from .._powershell import Choice, Prompt, PromptPolicy

_THUMBPRINT: Final = re.compile(r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{40}(?![0-9A-Fa-f])")
_YES: Final = 0
_NO: Final = 2


def keep_default_certificate(thumbprint: str, default_thumbprint: str) -> PromptPolicy:
    """Answer No to "Overwrite the existing default SMTP certificate?"; SMTP is bound all the same.

    Exchange binds before it asks (published analysis of Exchange 2013 CU23), and the default certificate stays.
    """

    def policy(prompt: Prompt) -> int | None:
        return _no(prompt) if _asks_about_default(prompt, thumbprint, default_thumbprint) else None

    return policy


def replace_default_certificate(thumbprint: str, default_thumbprint: str) -> PromptPolicy:
    """Answer Yes to "Overwrite the existing default SMTP certificate?"."""

    def policy(prompt: Prompt) -> int | None:
        return _yes(prompt) if _asks_about_default(prompt, thumbprint, default_thumbprint) else None

    return policy


def require_ssl() -> PromptPolicy:
    """Answer Yes to the one prompt without thumbprints that enabling IIS, in a call of its own, may ask."""
    asked: list[Prompt] = []

    def policy(prompt: Prompt) -> int | None:
        asked.append(prompt)
        if len(asked) > 1 or not _is_should_continue(prompt) or _thumbprints(prompt):
            return None
        return _yes(prompt)

    return policy


def _asks_about_default(prompt: Prompt, thumbprint: str, default_thumbprint: str) -> bool:
    return _is_should_continue(prompt) and _thumbprints(prompt) == [default_thumbprint.upper(), thumbprint.upper()]


def _is_should_continue(prompt: Prompt) -> bool:
    return prompt.kind == "PromptForChoice" and len(prompt.choices) in (4, 5) and prompt.default == _YES


def _thumbprints(prompt: Prompt) -> list[str]:
    return [found.upper() for found in _THUMBPRINT.findall(prompt.message)]


def _no(prompt: Prompt) -> int | None:
    """Return where No is: at the letter N if one choice alone has it, else at its place, unless Yes stands there."""
    found = _with_hotkey("N", prompt.choices)
    if len(found) != 1:
        return _NO if _NO not in _with_hotkey("Y", prompt.choices) else None
    # The first choice is the default, Yes, whatever its letter stands for in the session's language.
    return found[0] if found[0] != _YES else None


def _yes(prompt: Prompt) -> int | None:
    """Return where Yes is: it is the default, unless the letters say that No is."""
    return _YES if _YES not in _with_hotkey("N", prompt.choices) else None


def _with_hotkey(letter: str, choices: tuple[Choice, ...]) -> list[int]:
    return [index for index, choice in enumerate(choices) if f"&{letter}" in choice.label.upper()]
