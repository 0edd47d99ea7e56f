# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of strangers: what would not be seen is made visible, and long names get a short form."""

from __future__ import annotations

import re
from typing import Final

from markupsafe import Markup

# Characters that would vanish, or turn what stands beside them around; those of ASCII have a picture.
_UNSEEN: Final = {
    **{code: 0x2400 + code for code in range(0x20) if chr(code) not in "\n\t"},
    **dict.fromkeys((*range(0x7F, 0xA0), 0x061C, *range(0x200B, 0x2010), *range(0x2028, 0x202F)), 0xFFFD),
    **dict.fromkeys((*range(0x2060, 0x2070), *range(0xD800, 0xE000), 0xFEFF, 0xFFFE, 0xFFFF), 0xFFFD),
}
_COMMON_NAME: Final = re.compile(r'(?:^|[,+])\s*CN=("(?:[^"]|"")*"|[^,+]*)', re.IGNORECASE)


def seen(text: str) -> str:
    """Make unseen characters visible."""
    return text.translate(_UNSEEN)


def seen_value(value: object) -> object:
    """Make unseen characters of a value visible; markup of the templates themselves is left alone."""
    return seen(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def short_subject(subject: str) -> str:
    """Return the common name of a subject, or all of it where there is none."""
    found = _COMMON_NAME.search(subject)
    return (found[1].strip('"').replace('""', '"').strip() if found else "") or subject


def short_thumbprint(thumbprint: str) -> str:
    """Return as much of a thumbprint as people compare."""
    return thumbprint[:8]


def cut(text: str, longest: int) -> str:
    """Cut a text that would need more room than there is."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
