# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A name that does not lead to one thing."""

from __future__ import annotations

from typing import Final

_LONGEST: Final = 300


class Unknown(Exception):
    """One sentence that says what was looked for, and what there is."""

    reason = "not_found"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence if len(sentence) <= _LONGEST else sentence[: _LONGEST - 1].rstrip() + "…")
