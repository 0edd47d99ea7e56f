# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The states that a page knows, each with its label and how it is to be taken, and the words of findings."""

from __future__ import annotations

from enum import Enum
from typing import Final


class Tone(Enum):
    """How a state is to be taken; the style has a colour for each."""

    GOOD = "good"
    OPEN = "open"
    BAD = "bad"
    UNKNOWN = "unknown"


class State(Enum):
    """What became of a server, or how grave what was found on it is: label and tone, the most urgent first."""

    REJECTED = ("rejected", "Rejected", Tone.BAD)
    FAILED = ("failed", "Failed", Tone.BAD)
    BOUND_NOT_PROVEN = ("bound_not_proven", "Not proven", Tone.BAD)
    OTHER_CAUSE = ("other_cause", "Other cause", Tone.BAD)
    REFUSED = ("refused", "Refused", Tone.BAD)
    ERROR = ("error", "Error", Tone.BAD)
    NO_EVIDENCE = ("no_evidence", "No evidence", Tone.OPEN)
    WOULD_REPAIR = ("would_repair", "Would be repaired", Tone.OPEN)
    UNREACHABLE = ("unreachable", "Unreachable", Tone.UNKNOWN)
    ABSENT = ("absent", "Not in this run", Tone.UNKNOWN)
    WARNING = ("warning", "Warning", Tone.OPEN)
    NOTICE = ("notice", "Notice", Tone.UNKNOWN)
    REPAIRED = ("repaired", "Repaired", Tone.GOOD)
    HEALTHY = ("healthy", "Healthy", Tone.GOOD)

    def __init__(self, word: str, label: str, tone: Tone) -> None:
        self.word = word
        self.label = label
        self.tone = tone

    @property
    def counted(self) -> str:
        """Return what is said of several servers, after their number."""
        return _COUNTED.get(self.word, self.label.lower())

    @property
    def place(self) -> int:
        """Return the place among all, 0 for the most urgent."""
        return list(State).index(self)


_COUNTED: Final = {"error": "with errors", "warning": "with warnings", "notice": "with notices"}
STATES: Final = {state.word: state for state in State}
OF_SEVERITY: Final = {
    "error": State.ERROR,
    "warning": State.WARNING,
    "notice": State.NOTICE,
    "info": State.HEALTHY,
}
OF_HOST: Final = {"unreachable": State.UNREACHABLE, "failed": State.FAILED}

GRADES: Final = {
    "marked": "the log says that the server presented this very certificate and could not use it",
    "inferred": "the row that says whose certificate it is is missing; everything else agrees that it is the server's",
    "eliminated": "the log shows no certificate; of those that the connector names, all others are enabled for SMTP",
    "refusal": "Exchange itself refused to change the connector because of it",
}
USABLE: Final = {
    "yes": ("can be used", Tone.GOOD),
    "no": ("cannot be used", Tone.BAD),
    "unknown": ("use unknown", Tone.UNKNOWN),
}

_SPELT: Final = {
    "certificate_not_bound": "not bound to SMTP",
    "dns": "DNS",
    "frontend_hop": "hop to the front end",
    "frontend_proxy": "at the front end",
    "ipv6_route": "IPv6 route",
    "not_tls": "no TLS answer",
    "smtp_inspection": "SMTP inspection",
    "starttls_ignored": "STARTTLS ignored",
    "starttls_not_offered": "STARTTLS not offered",
    "tls_mismatch": "TLS mismatch",
}


def finding_label(word: str) -> str:
    """Return the id of a finding as people write it."""
    return _SPELT.get(word, word.replace("_", " "))
