# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times as Exchange's texts show them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from exchange_lab.objects import general_text, local
from exchange_lab.objects.data_types import byte_quantified_text


@pytest.mark.parametrize(
    ("hour", "minute", "text"),
    [
        (0, 5, "3/2/2026 12:05:09 AM"),
        (9, 0, "3/2/2026 9:00:09 AM"),
        (12, 0, "3/2/2026 12:00:09 PM"),
        (23, 59, "3/2/2026 11:59:09 PM"),
    ],
)
def test_the_general_format_of_the_culture(hour: int, minute: int, text: str) -> None:
    assert general_text(datetime(2026, 3, 2, hour, minute, 9, tzinfo=UTC)) == text


def test_a_local_time_is_the_same_moment() -> None:
    moment = datetime(2026, 3, 2, 4, 15, tzinfo=timezone(timedelta(hours=2)))
    assert local(moment) == moment
    assert local(moment).isoformat() == "2026-03-02T02:15:00+00:00"


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B (0 bytes)"),
        (262_144, "256 KB (262,144 bytes)"),
        (36_700_160, "35 MB (36,700,160 bytes)"),
        (10_737_418_240, "10 GB (10,737,418,240 bytes)"),
    ],
)
def test_sizes(size: int, text: str) -> None:
    assert byte_quantified_text(size) == text
