"""How many records of a source are where."""

from __future__ import annotations

import threading
from dataclasses import dataclass


@dataclass(frozen=True)
class Counts:
    """read = processed + discarded + pending; `undelivered`: discarded without a trace.

    Messages of a queue that fail go back to it: they are neither processed nor discarded.
    """

    read: int = 0
    processed: int = 0
    discarded: int = 0
    undelivered: int = 0
    invocations: int = 0

    @property
    def pending(self) -> int:
        """Records that wait for the function."""
        return self.read - self.processed - self.discarded


class Account:
    """Counts that several threads add to."""

    def __init__(self) -> None:
        self._counts = Counts()
        self._lock = threading.Lock()

    def add(self, **counts: int) -> None:
        """Add to the named counts."""
        with self._lock:
            old = self._counts
            self._counts = Counts(
                **{
                    name: getattr(old, name) + counts.get(name, 0)
                    for name in ("read", "processed", "discarded", "undelivered", "invocations")
                }
            )

    def counts(self) -> Counts:
        """The counts of this moment."""
        with self._lock:
            return self._counts
