"""Time in the local cloud: waiting passes at once when nothing is going on."""

from __future__ import annotations

import heapq
import itertools
import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

log = logging.getLogger(__name__)


class Clock(Protocol):
    """What workers know about time. Seconds everywhere; `now` is timezone-aware UTC."""

    def now(self) -> datetime:
        """The current time of the local cloud."""

    def call_later(
        self, seconds: float, callback: Callable[[], None], *, background: bool = False
    ) -> Timer:
        """Run `callback` on a thread of its own once `seconds` have passed.

        Nobody waits for a background timer: no time is skipped for its sake. It fires when time
        passes it, on its own or because somebody else waits for longer.
        """

    def sleep(self, seconds: float) -> None:
        """Block the calling thread for `seconds` of the cloud's time."""

    def elapse(self, seconds: float) -> None:
        """Let that much time have passed, of which nobody needs to see anything."""

    def activity(self) -> None:
        """Say that something has just happened: waiting time does not pass right now."""

    @contextmanager
    def busy(self) -> Iterator[None]:
        """While the block runs, time goes at its real pace: no waiting is skipped."""
        yield


@dataclass(order=True)
class Timer:
    """A callback that waits for its time."""

    due: datetime
    order: int
    callback: Callable[[], None] = field(compare=False)
    background: bool = field(default=False, compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        """The callback does not run, unless it already has."""
        self.cancelled = True


class SkippingClock:
    """A clock for runs: when everything has been quiet for a moment, it jumps to the next timer.

    A 300-second buffer or a polling state thus costs `quiet_seconds` of real time, while
    buffers still fill by size as long as records keep coming. While somebody waits, the clock
    stops at the background timers on the way; with background timers alone it does not jump, or
    an idle cloud with an hourly schedule would race through the years.
    """

    def __init__(self, quiet_seconds: float = 0.25) -> None:
        self._quiet_seconds = quiet_seconds
        self._skipped = timedelta()
        self._timers: list[Timer] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._last_activity = time.monotonic()
        self._busy = 0
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="clock", daemon=True)
        self._thread.start()

    @classmethod
    def from_a_full_hour(cls) -> SkippingClock:
        """Its time begins at the next full hour.

        What a schedule says comes at the same point of every run then, whenever that is started.
        """
        clock = cls()
        now = clock.now()
        hour = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        clock.elapse((hour - now).total_seconds())
        return clock

    def now(self) -> datetime:
        """Real UTC time plus all the time that was skipped."""
        return datetime.now(UTC) + self._skipped

    def call_later(
        self, seconds: float, callback: Callable[[], None], *, background: bool = False
    ) -> Timer:
        """Run `callback` on a thread of its own once `seconds` have passed or were skipped."""
        with self._changed:
            due = self.now() + timedelta(seconds=seconds)
            timer = Timer(due, next(self._order), callback, background)
            heapq.heappush(self._timers, timer)
            self._changed.notify_all()
        return timer

    def sleep(self, seconds: float) -> None:
        """Block for `seconds` of this clock's time; returns at once when the clock is closed."""
        if seconds <= 0:
            return
        woken = threading.Event()
        self.call_later(seconds, woken.set)
        while not woken.wait(0.5):
            if self._closed:
                return

    def elapse(self, seconds: float) -> None:
        """Skip `seconds` at once, busy or not; what is due in them comes afterwards."""
        with self._changed:
            self._skipped += timedelta(seconds=seconds)
            self._changed.notify_all()

    def activity(self) -> None:
        """Start the quiet period anew."""
        self._last_activity = time.monotonic()

    @contextmanager
    def busy(self) -> Iterator[None]:
        """No time is skipped while the block runs."""
        with self._changed:
            self._busy += 1
        try:
            yield
        finally:
            self._done()

    def close(self) -> None:
        """Stop the clock; timers that are still pending never fire."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        with self._changed:
            while not self._closed:
                while self._timers and self._timers[0].cancelled:
                    heapq.heappop(self._timers)
                if not self._timers:
                    self._changed.wait()
                    continue
                real_wait = (self._timers[0].due - self.now()).total_seconds()
                quiet_wait = self._last_activity + self._quiet_seconds - time.monotonic()
                if real_wait <= 0:
                    timer = heapq.heappop(self._timers)
                    # from now on: its thread may begin late, and time must not be skipped before
                    self._busy += 1
                    threading.Thread(
                        target=self._fire, args=(timer,), name="timer", daemon=True
                    ).start()
                elif not self._somebody_waits():
                    self._changed.wait(real_wait)
                elif self._busy == 0 and quiet_wait <= 0:
                    self._skipped += timedelta(seconds=real_wait)
                else:
                    self._changed.wait(min(real_wait, max(quiet_wait, 0.01)))

    def _somebody_waits(self) -> bool:
        return any(not timer.background and not timer.cancelled for timer in self._timers)

    def _fire(self, timer: Timer) -> None:
        try:
            if not (timer.cancelled or self._closed):
                timer.callback()
        except Exception:
            log.exception("a timer's callback failed")
            raise
        finally:
            self._done()

    def _done(self) -> None:
        with self._changed:
            self._busy -= 1
            self._last_activity = time.monotonic()
            self._changed.notify_all()


class RealClock(SkippingClock):
    """A clock for a cloud that stays up: nothing is ever quiet enough to skip time."""

    def __init__(self) -> None:
        super().__init__(quiet_seconds=math.inf)
