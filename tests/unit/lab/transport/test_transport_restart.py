# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A restart of the transport services: what they remembered of certificates until then is gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from exchange_lab.world import Mail

BEGIN = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
MBX = "mbx01.contoso.test"
DAILY = [Mail(MBX, "fabrikam.com", 1, BEGIN, times=6, every_s=86400)]


def delivered_until(here: Any, days: float) -> int:
    here.after(days=days, minutes=5)
    return len(here.world.delivered)


@pytest.mark.parametrize(("reading", "delivered"), [("not_found", 3), ("used", 6)])
def test_an_expired_certificate_is_missed_from_the_next_restart_on(
    bench: Any, make_certificate: Any, reading: str, delivered: int
) -> None:
    here = bench(
        store=[make_certificate(network_service=True, days=(-300, 1))],
        mail=DAILY,
        server={"transport_restarts": (BEGIN + timedelta(days=2, hours=12),)},
        readings={"expired_named_certificate": reading},
    )
    # The choice of the first day holds on the third, two days after the certificate has expired.
    assert delivered_until(here, 2) == 3
    assert delivered_until(here, 3) == delivered
    assert any(each.id == 12014 for each in here.server.event_log.events) == (reading == "not_found")


def test_without_a_restart_the_choice_holds(bench: Any, make_certificate: Any) -> None:
    here = bench(store=[make_certificate(network_service=True, days=(-300, 1))], mail=DAILY)
    assert delivered_until(here, 5) == 6


def test_a_binding_that_needs_a_restart_works_with_it(bench: Any) -> None:
    here = bench(
        server={"transport_restarts": (BEGIN + timedelta(hours=2),)},
        readings={"binding_takes_effect": "after_restart"},
    ).after(minutes=30)
    here.bind(here.third_party)
    here.after(minutes=85)
    assert here.world.delivered == []
    here.after(minutes=10)
    assert len(here.world.delivered) == 25


def test_a_queue_does_not_wait_for_its_time(bench: Any) -> None:
    here = bench(server={"transport_restarts": (BEGIN + timedelta(hours=2, minutes=1),)}).after(hours=2)
    failures = here.queue.retry_count
    assert here.after(minutes=1, seconds=5).queue.retry_count == failures + 1


def test_the_default_certificate_is_looked_at(bench: Any, make_certificate: Any) -> None:
    default = make_certificate("default", days=(-300, 10))
    here = bench(
        store=[default],
        mail=[],
        server={"default_certificate": default.thumbprint, "transport_restarts": (BEGIN + timedelta(hours=2),)},
    ).after(hours=3)
    assert [each.id for each in here.server.event_log.events] == [12017, 12017]
