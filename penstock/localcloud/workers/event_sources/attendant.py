"""A thread that works when it is woken, while time goes at its real pace."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from penstock.localcloud.clock import Clock, Timer

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Again:
    """Work is wanted again in so many seconds; nobody waits for a background wish."""

    seconds: float
    background: bool = False


class Attendant:
    """Calls `work` after every `wake`, until there is nothing to do at the moment.

    From the wake to the end of the work the clock is busy, so that no time is skipped under
    records on their way. What `work` returns is when it wants to be called without being woken.
    """

    def __init__(self, clock: Clock, name: str, work: Callable[[], Again | None]) -> None:
        self._clock = clock
        self._work = work
        self._changed = threading.Condition()
        self._woken = False
        self._stopped = False
        self._held = False
        self._hold = ExitStack()
        self._timer: Timer | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """There may be something to do."""
        with self._changed:
            if self._stopped:
                return
            self._woken = True
            if not self._held:
                self._held = True
                self._hold.enter_context(self._clock.busy())
            self._changed.notify()

    def stop(self) -> None:
        """Work under way ends, no more begins."""
        with self._changed:
            self._stopped = True
            if self._timer is not None:
                self._timer.cancel()
            self._changed.notify()

    def join(self, seconds: float) -> None:
        """Wait for the end of the thread, at most so long."""
        self._thread.join(seconds)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._woken and not self._stopped:
                    self._changed.wait()
                if self._stopped:
                    self._release()
                    return
                self._woken = False
                if self._timer is not None:
                    self._timer.cancel()
                    self._timer = None
            try:
                again = self._work()
            except Exception:
                log.exception("%s: a step failed and is tried again", self._thread.name)
                again = Again(1.0, background=True)
            with self._changed:
                if self._woken or self._stopped:
                    continue
                if again is not None:
                    self._timer = self._clock.call_later(
                        again.seconds, self.wake, background=again.background
                    )
                self._release()

    def _release(self) -> None:
        self._held = False
        self._hold.close()
