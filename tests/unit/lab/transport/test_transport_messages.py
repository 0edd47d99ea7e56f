# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages in a queue: their status, how they expire, and what suspending one does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from exchange_lab.world import Mail

BEGIN = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
MBX = "mbx01.contoso.test"


def statuses(here: Any) -> set[str]:
    return {here.queue.message_status(each) for each in here.queue.messages}


def test_a_message_waits_for_its_queue(bench: Any) -> None:
    here = bench().after(seconds=10)
    assert (here.queue.status, statuses(here)) == ("Retry", {"Retry"})


def test_a_message_in_a_session_is_active(bench: Any, make_certificate: Any) -> None:
    here = bench(store=[make_certificate(network_service=True)]).after(seconds=2)
    assert statuses(here) == {"Active", "Ready"}


def test_a_message_that_the_peer_put_off_keeps_the_peers_words(
    bench: Any, make_certificate: Any, make_peer: Any
) -> None:
    here = bench(
        store=[make_certificate(network_service=True)], peers=[make_peer(reply_to_data="451 4.3.2 Later")]
    ).after(minutes=2)
    assert {(each.last_error, each.retry_count) for each in here.queue.messages} == {("451 4.3.2 Later", 1)}
    assert statuses(here) == {"Retry"}
    here.after(minutes=17)
    assert {each.retry_count for each in here.queue.messages} == {2}


def test_the_subject_is_whatever_the_sender_wrote(bench: Any) -> None:
    here = bench(mail=[Mail(MBX, "fabrikam.com", 2, BEGIN, subject="<script>alert(1)</script>\r\nX")])
    here.after(seconds=10)
    assert {each.subject for each in here.queue.messages} == {"<script>alert(1)</script>\r\nX"}


@pytest.mark.fact("protocol-log 0.10")
def test_messages_expire_after_two_days(bench: Any) -> None:
    here = bench().after(days=1, hours=23, minutes=59)
    assert here.queue.message_count == 25
    assert {each.expires - each.arrived for each in here.queue.messages} == {timedelta(days=2)}
    here.after(minutes=2)
    assert here.queue.message_count == 0
    assert here.world.delivered == []


def test_how_long_is_the_servers_setting(bench: Any) -> None:
    here = bench(server={"message_expiration": timedelta(hours=4)}).after(hours=3, minutes=59)
    assert here.queue.message_count == 25
    assert here.after(minutes=2).queue.message_count == 0


def test_later_mail_lives_longer(bench: Any, make_mail: Any) -> None:
    here = bench(
        mail=[Mail(MBX, "fabrikam.com", 25, BEGIN), make_mail(MBX, 60)],
        server={"message_expiration": timedelta(hours=2)},
    ).after(hours=2, minutes=1)
    assert here.queue.message_count == 5


def test_a_suspended_message_stays_and_the_others_go(bench: Any, make_certificate: Any) -> None:
    here = bench(store=[make_certificate(), make_certificate("other", network_service=True)]).after(seconds=10)
    kept = here.queue.messages[3]
    kept.suspended = True
    here.bind(here.server.store[0])
    here.after(minutes=5)
    assert len(here.world.delivered) == 24
    assert here.queue.messages == [kept]
    assert (here.queue.status, here.queue.message_status(kept)) == ("Ready", "Suspended")


def test_a_queue_of_suspended_messages_is_not_removed(bench: Any) -> None:
    here = bench().after(seconds=10)
    for each in here.queue.messages:
        each.suspended = True
    here.bind(here.third_party)
    here.after(minutes=30)
    assert (here.queue.message_count, here.queue.connections) == (25, 0)
    assert here.world.delivered == []


def test_suspending_a_message_in_a_session_waits_for_its_end(bench: Any, make_certificate: Any) -> None:
    here = bench(store=[make_certificate(network_service=True)]).after(seconds=2)
    active = next(each for each in here.queue.messages if each.in_session)
    active.suspended = True
    assert here.queue.message_status(active) == "PendingSuspend"
