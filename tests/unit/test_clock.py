"""The skipping clock: waiting costs nothing when all is quiet, and nothing is skipped when not."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from penstock.localcloud.clock import RealClock, SkippingClock


@pytest.fixture
def clock() -> Iterator[SkippingClock]:
    clock = SkippingClock(quiet_seconds=0.05)
    yield clock
    clock.close()


def test_an_hour_passes_at_once_when_nothing_goes_on(clock: SkippingClock) -> None:
    before = clock.now()
    started = time.monotonic()
    clock.sleep(3600)
    assert time.monotonic() - started < 5
    assert (clock.now() - before).total_seconds() >= 3600


def test_timers_fire_in_the_order_of_their_time(clock: SkippingClock) -> None:
    fired: list[str] = []
    done = threading.Event()
    clock.call_later(300, lambda: (fired.append("late"), done.set()))  # type: ignore[func-returns-value, arg-type]
    clock.call_later(60, lambda: fired.append("early"))
    assert done.wait(60)
    assert fired == ["early", "late"]


def test_time_stands_still_for_waiters_while_someone_is_busy(clock: SkippingClock) -> None:
    fired = threading.Event()
    with clock.busy():
        clock.call_later(300, fired.set)
        assert not fired.wait(0.3)
    assert fired.wait(60)


def test_activity_keeps_time_from_being_skipped() -> None:
    clock = SkippingClock(quiet_seconds=1)
    try:
        fired = threading.Event()
        clock.call_later(300, fired.set)
        for _ in range(30):
            clock.activity()
            time.sleep(0.05)
            assert not fired.is_set()
        assert fired.wait(60)
    finally:
        clock.close()


def test_a_cancelled_timer_never_fires(clock: SkippingClock) -> None:
    fired = threading.Event()
    clock.call_later(10, fired.set).cancel()
    clock.sleep(60)
    assert not fired.is_set()


def test_a_short_wait_passes_in_real_time_even_while_busy(clock: SkippingClock) -> None:
    fired = threading.Event()
    with clock.busy():
        clock.call_later(0.05, fired.set)
        assert fired.wait(60)


def test_time_does_not_jump_for_background_timers(clock: SkippingClock) -> None:
    before = clock.now()
    fired = threading.Event()
    clock.call_later(3600, fired.set, background=True)
    assert not fired.wait(0.5)
    assert (clock.now() - before).total_seconds() < 60


def test_background_timers_fire_at_their_time_when_somebody_waits_for_longer(
    clock: SkippingClock,
) -> None:
    before = clock.now()
    minutes: list[int] = []

    def hourly() -> None:
        minutes.append(round((clock.now() - before).total_seconds() / 60))
        clock.call_later(3600, hourly, background=True)

    clock.call_later(3600, hourly, background=True)
    clock.sleep(3.5 * 3600)
    assert minutes == [60, 120, 180]
    clock.sleep(3600)
    assert minutes == [60, 120, 180, 240]


def test_time_stands_still_until_a_timers_thread_has_begun(
    clock: SkippingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Late(threading.Thread):
        def run(self) -> None:
            time.sleep(0.4)  # longer than the quiet time
            super().run()

    monkeypatch.setattr(threading, "Thread", Late)
    before = clock.now()
    seen: list[float] = []
    clock.call_later(
        60, lambda: seen.append((clock.now() - before).total_seconds()), background=True
    )
    clock.sleep(3600)
    assert seen == [pytest.approx(60, abs=10)]


def test_time_stands_still_while_the_callback_of_a_background_timer_runs(
    clock: SkippingClock,
) -> None:
    seen: list[float] = []

    def work() -> None:
        started = clock.now()
        time.sleep(0.3)  # longer than the quiet time
        seen.append((clock.now() - started).total_seconds())

    clock.call_later(60, work, background=True)
    clock.sleep(3600)
    assert len(seen) == 1
    assert seen[0] < 60


def test_a_wait_that_was_given_up_does_not_carry_background_timers_along(
    clock: SkippingClock,
) -> None:
    fired = threading.Event()
    with clock.busy():
        clock.call_later(60, fired.set, background=True)
        clock.call_later(3600, fired.set).cancel()
    assert not fired.wait(0.5)


def test_background_timers_of_the_real_clock_fire_in_real_time() -> None:
    clock = RealClock()
    fired = threading.Event()
    clock.call_later(0.05, fired.set, background=True)
    assert fired.wait(60)
    clock.close()


def test_a_run_begins_at_the_next_full_hour() -> None:
    clock = SkippingClock.from_a_full_hour()
    try:
        real, shown = datetime.now(UTC), clock.now()
        assert shown.minute == 0
        assert real < shown < real + timedelta(minutes=61)
    finally:
        clock.close()


def test_closing_releases_sleepers() -> None:
    clock = SkippingClock(quiet_seconds=3600)
    sleeper = threading.Thread(target=clock.sleep, args=(3600,))
    sleeper.start()
    clock.close()
    sleeper.join(5)
    assert not sleeper.is_alive()


def test_the_real_clock_skips_nothing() -> None:
    clock = RealClock()
    fired = threading.Event()
    late = threading.Event()
    clock.call_later(0.05, fired.set)
    clock.call_later(60, late.set)
    assert fired.wait(60)
    assert not late.wait(0.5)
    clock.close()


def test_time_can_be_let_pass_at_once_and_what_was_due_in_it_comes_afterwards() -> None:
    clock = SkippingClock(quiet_seconds=60)  # it would not skip by itself
    try:
        due = threading.Event()
        began = clock.now()
        clock.call_later(50, due.set)
        with clock.busy():
            clock.elapse(100)
            assert (clock.now() - began).total_seconds() >= 100
            assert due.wait(60)
    finally:
        clock.close()
