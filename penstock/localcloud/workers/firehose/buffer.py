"""A buffer that is due when it is full or when its oldest item has waited long enough."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from penstock.localcloud.clock import Clock, Timer

Item = TypeVar("Item")


class Buffer(Generic[Item]):
    """Items with their sizes. Only its owner's thread may use it.

    `due` is called on the clock's thread, with the generation that was waiting: pass it to
    `current` from the owner's thread, because a full buffer may have been taken meanwhile.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        limit_bytes: float,
        limit_seconds: float,
        due: Callable[[Buffer[Item], int], None],
    ) -> None:
        self._clock = clock
        self._limit_bytes = limit_bytes
        self._limit_seconds = limit_seconds
        self._due = due
        self._items: list[Item] = []
        self._size = 0
        self._generation = 0
        self._timer: Timer | None = None

    def __len__(self) -> int:
        return len(self._items)

    def add(self, item: Item, size: int) -> bool:
        """Put `item` in; True when the buffer is full now and must be taken."""
        if not self._items:
            generation = self._generation
            self._timer = self._clock.call_later(
                self._limit_seconds, lambda: self._due(self, generation)
            )
        self._items.append(item)
        self._size += size
        return self._size >= self._limit_bytes

    def current(self, generation: int) -> bool:
        """Whether the items of that generation are still in here."""
        return generation == self._generation and bool(self._items)

    def take(self) -> list[Item]:
        """Everything in it; the buffer is empty afterwards."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        items, self._items, self._size = self._items, [], 0
        self._generation += 1
        return items
