# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Things that go wrong at a chosen moment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class UnforeseenPrompt:
    """A cmdlet asks a question that nobody documented, after it has done its work.

    ``choices`` are PowerShell labels such as ``&Yes``; ``default`` is an index into them.
    """

    cmdlet: str
    message: str
    caption: str = "Confirm"
    choices: tuple[str, ...] = ("&Yes", "Yes to &All", "&No", "No to A&ll")
    default: int = 0


@dataclass(frozen=True)
class PeerGoesDown:
    """A peer stops listening when a cmdlet begins."""

    peer: str
    cmdlet: str


Fault = UnforeseenPrompt | PeerGoesDown
