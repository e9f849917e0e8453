"""An attendant: time stands still from the wake to the end of the work, then passes to the wish."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from penstock.localcloud.clock import SkippingClock
from penstock.localcloud.workers.event_sources.attendant import Again, Attendant


@pytest.fixture
def clock() -> Iterator[SkippingClock]:
    clock = SkippingClock(quiet_seconds=0.02)
    yield clock
    clock.close()


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_nothing_is_skipped_while_work_is_under_way(clock: SkippingClock) -> None:
    """Somebody else sleeps for an hour meanwhile."""
    release, working = threading.Event(), threading.Event()

    def work() -> None:
        working.set()
        release.wait(60)

    attendant = Attendant(clock, "a", work)
    attendant.wake()
    working.wait(60)
    began, rung = clock.now(), threading.Event()
    clock.call_later(3600, rung.set)
    time.sleep(0.2)
    assert not rung.is_set()
    assert clock.now() - began < timedelta(seconds=10)
    release.set()
    assert rung.wait(60)
    attendant.stop()


def test_a_wish_is_waited_for_and_a_background_wish_is_not(clock: SkippingClock) -> None:
    calls: list[float] = []
    wishes: list[Again | None] = [Again(600), Again(600, background=True)]
    began = clock.now()

    def work() -> Again | None:
        calls.append((clock.now() - began).total_seconds())
        return wishes.pop(0) if wishes else None

    attendant = Attendant(clock, "a", work)
    attendant.wake()
    until(lambda: len(calls) == 2)
    assert 600 <= calls[1] < 610
    time.sleep(0.2)
    assert len(calls) == 2
    clock.sleep(700)
    until(lambda: len(calls) == 3)
    attendant.stop()


def test_a_wake_during_the_work_is_not_lost(clock: SkippingClock) -> None:
    calls: list[int] = []

    def work() -> None:
        calls.append(1)
        if len(calls) == 1:
            attendant.wake()

    attendant = Attendant(clock, "a", work)
    attendant.wake()
    until(lambda: len(calls) == 2)
    attendant.stop()


def test_an_error_is_no_end(clock: SkippingClock, caplog: pytest.LogCaptureFixture) -> None:
    calls: list[int] = []

    def work() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("a bug")

    attendant = Attendant(clock, "a", work)
    attendant.wake()
    until(lambda: len(calls) == 1)
    clock.sleep(5)
    until(lambda: len(calls) == 2)
    assert "a bug" in caplog.text
    attendant.stop()


def test_after_the_stop_no_work_begins_and_time_passes(clock: SkippingClock) -> None:
    calls: list[int] = []
    attendant = Attendant(clock, "a", lambda: calls.append(1))
    attendant.stop()
    attendant.join(5)
    attendant.wake()
    began = time.monotonic()
    clock.sleep(3600)
    assert time.monotonic() - began < 5
    assert calls == []
