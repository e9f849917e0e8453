"""Who is called at which times, until told otherwise."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from penstock.localcloud.clock import Clock, Timer


@dataclass
class Entry:
    """What happens at some times; `ended` is called after the last of them."""

    next_time: Callable[[datetime], datetime | None]
    act: Callable[[datetime], None]
    ended: Callable[[], None] = lambda: None
    timers: list[Timer] = field(default_factory=list)


class Timetable:
    """Entries by key, each with a background timer for its next time.

    No time is skipped for their sake. When somebody waits for longer, every time on the way
    comes, one after the other, and the wait goes on once its work is done.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: dict[str, Entry] = {}
        self._lock = threading.Lock()

    def put(self, key: str, entry: Entry, *, after: datetime) -> None:
        """Call `entry.act(time)` at each of its times later than `after`, instead of before."""
        with self._lock:
            self._drop(key)
            self._plan(key, entry, after)

    def remove(self, key: str) -> None:
        """No more calls; one that has begun goes on."""
        with self._lock:
            self._drop(key)

    def clear(self) -> None:
        """Remove every entry."""
        with self._lock:
            for key in list(self._entries):
                self._drop(key)

    def _drop(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        for timer in entry.timers if entry else ():
            timer.cancel()

    def _plan(self, key: str, entry: Entry, after: datetime) -> bool:
        due = entry.next_time(after)
        if due is None:
            return False
        wait = max((due - self._clock.now()).total_seconds(), 0)
        timer = self._clock.call_later(wait, lambda: self._reach(key, entry, due), background=True)
        entry.timers = [timer]
        self._entries[key] = entry
        return True

    def _reach(self, key: str, entry: Entry, due: datetime) -> None:
        with self._lock:
            if self._entries.get(key) is not entry:
                return
            goes_on = self._plan(key, entry, due)
            if not goes_on:
                del self._entries[key]
        entry.act(due)
        if not goes_on:
            entry.ended()
