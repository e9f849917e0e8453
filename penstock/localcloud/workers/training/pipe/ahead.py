"""S3 objects in order, their ranges fetched by a few threads ahead of whoever takes them."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any

from penstock.localcloud.workers.s3 import S3Address
from penstock.localcloud.workers.training.pipe.chunk import Chunk
from penstock.localcloud.workers.training.pipe.fifo import StoppedError
from penstock.localcloud.workers.training.pipe.ranges import RANGE_BYTES, RangeRead

THREADS = 3
WINDOW = 5  # ranges that are fetched or wait to be taken: 40 MiB, however large the objects are
_WAIT_SECONDS = 0.1
_JOIN_SECONDS = 10


class ObjectRead:
    """One object on its way: `size` and `chunks` wait for what has not come yet."""

    def __init__(self, ahead: Ahead, number: int, address: S3Address) -> None:
        self.address = address
        self.number = number
        self._ahead = ahead
        self._planned = 0  # the first byte that nobody has asked for
        self._first: RangeRead | None = None
        self.ranges: deque[RangeRead] = deque()

    @property
    def total(self) -> int | None:
        """The size, None until the first answer."""
        return self._first.total if self._first else None

    @property
    def size(self) -> int:
        """The size in bytes, waited for. StoppedError; what GetObject raises."""
        return self._ahead.size(self)

    def chunks(self) -> Iterator[Chunk]:
        """All bytes in order; to be taken once. StoppedError, ChangedError, OSError; S3's own."""
        return self._ahead.chunks(self)

    @property
    def has_more(self) -> bool:
        """Whether there is a range that can be asked for now."""
        first = self._first
        if first is None:
            return True
        return first.total is not None and not first.is_all and self._planned < first.total

    @property
    def may_have_more(self) -> bool:
        """Whether more than the first range may follow that nobody can ask for yet."""
        size = self.address.size
        return self.total is None and (size is None or size > RANGE_BYTES)

    def next_range(self, changed: threading.Condition) -> RangeRead:
        """The next one to ask for."""
        found = RangeRead(self.address, self._planned, changed)
        if self._first is None:
            self._first = found
        else:
            found.etag, found.total = self._first.etag, self._first.total
        self._planned += RANGE_BYTES
        self.ranges.append(found)
        return found


class Ahead:
    """`items` in their order: bytes as they are, objects as ObjectRead.

    At most WINDOW ranges are held in memory. Small objects are fetched side by side; behind an
    object that is not known to be small (by `S3Address.size`, or its first answer) only a few
    others are begun, so that its own ranges come first. A context manager: leaving it ends the
    threads, also in the middle.
    """

    def __init__(
        self,
        s3: Any,
        items: Iterable[S3Address | bytes],
        stop: threading.Event,
        name: str = "ahead",
    ) -> None:
        self._s3 = s3
        self._items = iter(items)
        self._stop = stop
        self._name = name
        self._changed = threading.Condition()
        self._window: deque[ObjectRead | bytes] = deque()
        self._asked: list[tuple[int, int, RangeRead]] = []  # a heap, in the order of the bytes
        self._held = 0
        self._numbers = itertools.count()
        self._is_closed = False
        self._idle = 0
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Ahead:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(_JOIN_SECONDS)
        for item in self._window:
            if isinstance(item, ObjectRead):
                for found in item.ranges:
                    found.close()

    def __iter__(self) -> Iterator[ObjectRead | bytes]:
        while True:
            with self._changed:
                self._ask()
                if not self._window:
                    return
                head = self._window[0]
            yield head
            self._window.popleft()

    def objects(self) -> Iterator[ObjectRead]:
        """The objects alone, where the items are nothing else."""
        for item in self:
            if isinstance(item, ObjectRead):
                yield item

    def size(self, read: ObjectRead) -> int:
        """See ObjectRead.size."""
        with self._changed:
            while (total := read.total) is None:
                if read.ranges[0].error is not None:
                    raise read.ranges[0].error
                self._wait()
            return total

    def chunks(self, read: ObjectRead) -> Iterator[Chunk]:
        """See ObjectRead.chunks."""
        while read.ranges:
            current = read.ranges[0]
            while (chunk := self._next(current)) is not None:
                yield chunk
            current.close()
            with self._changed:
                read.ranges.popleft()
                self._held -= 1
                if not read.ranges and read.has_more:
                    self._submit(read)  # it must go on, whatever else fills the window
                self._ask()

    def _next(self, current: RangeRead) -> Chunk | None:
        with self._changed:
            while (chunk := current.take()) is None and not current.is_whole:
                self._wait()
            self._ask()
            return chunk

    def _wait(self) -> None:
        if self._stop.is_set():
            raise StoppedError
        self._changed.wait(_WAIT_SECONDS)

    def _ask(self) -> None:
        """Fill the window: more of what has begun, then what comes after it."""
        unknown = 0
        for read in self._window:
            if isinstance(read, bytes):
                continue
            while self._held < WINDOW and read.has_more:
                self._submit(read)
            if read.may_have_more:
                unknown += 1
                if read.address.size is not None:
                    return  # it is large, and how large comes with the first answer
        while self._held < WINDOW and unknown < THREADS and len(self._window) < 2 * WINDOW:
            item = next(self._items, None)
            if item is None:
                return
            if isinstance(item, bytes):
                self._window.append(item)
                continue
            read = ObjectRead(self, next(self._numbers), item)
            self._window.append(read)
            self._submit(read)
            if read.may_have_more:
                unknown += 1
                if item.size is not None:
                    return

    def _submit(self, read: ObjectRead) -> None:
        found = read.next_range(self._changed)
        heapq.heappush(self._asked, (read.number, found.first, found))
        self._held += 1
        if len(self._asked) > self._idle and len(self._threads) < THREADS:
            thread = threading.Thread(
                target=self._fetch, name=f"{self._name}-{len(self._threads)}", daemon=True
            )
            self._threads.append(thread)
            thread.start()
        self._changed.notify_all()

    def _is_over(self) -> bool:
        return self._is_closed or self._stop.is_set()

    def _fetch(self) -> None:
        while True:
            with self._changed:
                self._idle += 1
                while not self._asked and not self._is_over():
                    self._changed.wait(_WAIT_SECONDS)
                self._idle -= 1
                if self._is_over():
                    return
                _, _, found = heapq.heappop(self._asked)
            found.fetch(self._s3, self._is_over)
