# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time: jumps are lived through in order, runs are alike, and the service's own thread keeps up."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from exchange_lab.agenda import Agenda, Steps
from exchange_lab.clock import Clock
from exchange_lab.world import Mail

BEGIN = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def seconds(amount: float) -> datetime:
    return BEGIN + timedelta(seconds=amount)


class TestAgenda:
    def test_does_what_is_due_in_the_order_of_the_times(self) -> None:
        agenda, done = Agenda(BEGIN), []
        for amount in (3, 1, 2, 1):
            agenda.after(amount, lambda: done.append(agenda.now))
        agenda.live_until(seconds(2))
        assert done == [seconds(1), seconds(1), seconds(2)]
        assert (agenda.now, agenda.next_due) == (seconds(2), seconds(3))

    def test_keeps_the_order_of_entry_at_the_same_time(self) -> None:
        agenda, done = Agenda(BEGIN), []
        for name in "abc":
            agenda.at(seconds(1), lambda name=name: done.append(name))
        agenda.live_until(seconds(1))
        assert done == ["a", "b", "c"]

    def test_does_what_is_entered_on_the_way(self) -> None:
        agenda, done = Agenda(BEGIN), []
        agenda.after(1, lambda: agenda.after(1, lambda: done.append(agenda.now)))
        agenda.live_until(seconds(10))
        assert done == [seconds(2)]
        assert agenda.next_due is None

    def test_what_is_late_is_due_at_once_and_time_never_runs_backwards(self) -> None:
        agenda, done = Agenda(BEGIN), []
        agenda.live_until(seconds(5))
        agenda.at(seconds(1), lambda: done.append(agenda.now))
        agenda.live_until(seconds(3))
        agenda.live_until(seconds(5))
        assert done == [seconds(5)]

    def test_runs_what_takes_time_and_hands_on_its_result(self) -> None:
        agenda, done = Agenda(BEGIN), []

        def steps() -> Steps[str]:
            done.append(agenda.now)
            yield 2.0
            done.append(agenda.now)
            return "end"

        agenda.run(steps(), done.append)
        agenda.live_until(seconds(10))
        assert done == [BEGIN, seconds(2), "end"]


class TestJumps:
    def alike(self, here: Any) -> Any:
        """What a run leaves behind, without what makes certificates differ."""
        unlike = {each.thumbprint for each in here.server.store} | {each.serial_number for each in here.server.store}
        peers = [each.certificate for each in here.world.peers.values()]
        unlike |= {each.thumbprint for each in peers} | {each.serial_number for each in peers}
        rows = [["…" if field in unlike else field for field in row] for row in here.rows()]
        delivered = [(each.at, each.reply) for each in here.world.delivered]
        return rows, delivered, [(each.identity, each.status, each.message_count) for each in here.service.queues()]

    @pytest.mark.fact("protocol-log 0.4")
    def test_of_hours_equal_many_small_steps(self, bench: Any) -> None:
        # Whole rows: where a buffer is cut depends on what has been asked of chance, never what it holds.
        jump, steps = bench(), bench()
        jump.after(minutes=90)
        for __ in range(540):
            steps.after(seconds=10)
        assert self.alike(jump) == self.alike(steps)

    @pytest.mark.fact("cmdlets 10.7", "protocol-log 7.7")
    def test_over_a_cure_deliver_at_the_time_of_the_retry(self, bench: Any) -> None:
        here = bench().after(minutes=40)
        due = here.queue.next_retry_time
        here.bind(here.third_party)
        here.after(hours=5)
        assert due < here.world.delivered[0].at < due + timedelta(seconds=5)

    def test_over_the_arrival_of_mail_begin_with_the_first(self, bench: Any) -> None:
        mail = [Mail("mbx01.contoso.test", "fabrikam.com", 1, BEGIN - timedelta(minutes=each)) for each in (10, 30)]
        here = bench(mail=mail)
        here.service.catch_up()
        first = here.queue.first_retry_time
        assert timedelta() < first - (BEGIN - timedelta(minutes=30)) < timedelta(seconds=2)
        assert here.queue.message_count == 2

    @pytest.mark.fact("protocol-log 0.4")
    def test_two_runs_are_alike(self, bench: Any) -> None:
        assert self.alike(bench().after(hours=3)) == self.alike(bench().after(hours=3))


class TestThread:
    @pytest.mark.parametrize("time_scale", [20, 600])
    def test_keeps_up_with_a_fast_clock(self, bench: Any, time_scale: float) -> None:
        here = bench(clock=Clock(BEGIN, time_scale))
        here.bind(here.third_party)
        here.world.clock.start()
        here.service.start()
        deadline = time.monotonic() + 20
        while len(here.world.delivered) < 25 and time.monotonic() < deadline:
            time.sleep(0.01)
        here.service.stop()
        assert len(here.world.delivered) == 25
        assert here.world.delivered[-1].at < BEGIN + timedelta(seconds=60)

    def test_wakes_when_the_clock_jumps(self, bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("exchange_lab.transport.service._LONGEST_SLEEP_S", 60.0)
        here = bench(clock=Clock(BEGIN, 0.001))
        here.world.clock.start()
        here.service.start()
        time.sleep(0.1)
        here.world.clock.advance(timedelta(hours=1))
        deadline = time.monotonic() + 5
        while not here.text() and time.monotonic() < deadline:
            time.sleep(0.01)
        here.service.stop()
        assert here.text()

    def test_stops_and_leaves_nothing_running(self, bench: Any) -> None:
        here = bench(clock=Clock(BEGIN, 600))
        here.world.clock.start()
        here.service.start()
        here.service.stop()
        seen = here.text()
        time.sleep(0.1)
        assert here.text() == seen

    @pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
    def test_that_crashed_is_reported_to_whoever_asks(self, bench: Any) -> None:
        here = bench(connector={"source_servers": ("mbx09.contoso.test",)}, clock=Clock(BEGIN, 600))
        here.service.start()
        here.service._thread.join(5)
        with pytest.raises(RuntimeError, match=r"the transport service of mbx01\.contoso\.test has crashed"):
            here.service.queues()
        here.service.stop()
