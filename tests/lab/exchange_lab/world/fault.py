# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Things that go wrong at a chosen moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .connector import ProtocolLoggingLevel


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


@dataclass(frozen=True)
class OthersConnect:
    """Once, when a cmdlet begins, others open so many sessions of Exchange with each account, for so many seconds."""

    cmdlet: str
    sessions: int
    seconds: float


@dataclass(frozen=True)
class ConnectorChanged:
    """Once, when a cmdlet begins, an administrator has just set the level of a connector, by its name."""

    cmdlet: str
    connector: str
    protocol_logging_level: ProtocolLoggingLevel


@dataclass(frozen=True)
class ConnectionLost:
    """Once, the TCP connection ends when a cmdlet has arrived, which runs all the same.

    ``at`` is the request that stays unanswered: the one that brings the cmdlet, or the first that asks for its output.
    """

    cmdlet: str
    at: Literal["command", "receive"] = "command"


@dataclass(frozen=True)
class Silent:
    """Whenever a cmdlet runs, requests for its output stay without an answer for so many real seconds."""

    cmdlet: str
    seconds: float


@dataclass(frozen=True)
class RecycledShells:
    """Once, all sessions at a server's endpoint are gone when a cmdlet arrives there, which does not run."""

    cmdlet: str


WireFault = ConnectionLost | Silent | RecycledShells
Fault = UnforeseenPrompt | PeerGoesDown | OthersConnect | ConnectorChanged | WireFault
