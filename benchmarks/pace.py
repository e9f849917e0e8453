"""Bytes at a set speed, by sleeping: a source or a trainer that is only so fast."""

from __future__ import annotations

import threading
import time

_CATCH_UP_SECONDS = 0.02  # what a sleep that was too long may be made up for


class Pace:
    """At most `mb_per_second` through all threads together; 0 is no limit."""

    def __init__(self, mb_per_second: float) -> None:
        self._seconds_per_byte = 1e-6 / mb_per_second if mb_per_second else 0.0
        self._due = 0.0
        self._lock = threading.Lock()

    def take(self, count: int) -> None:
        """Return when `count` more bytes may have passed."""
        if not self._seconds_per_byte:
            return
        with self._lock:
            now = time.monotonic()
            self._due = max(self._due, now - _CATCH_UP_SECONDS) + count * self._seconds_per_byte
            pause = self._due - now
        if pause > 0:
            time.sleep(pause)
