"""One lane of a shard: its records wait for their batch, failed batches for their next try."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from penstock.localcloud.workers.event_sources.batches import Batch, Verdict
from penstock.localcloud.workers.event_sources.records import StreamRecord

# Lambda developer guide, "Polling and batching streams": a batch is sent when its payload reaches
# 6 MB, whatever its size and window. The envelope of a record is about 700 bytes.
PAYLOAD_BYTES = 6 * 1024 * 1024
_ENVELOPE_BYTES = 1024
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 60.0


@dataclass(frozen=True)
class Batching:
    """BatchSize and MaximumBatchingWindowInSeconds."""

    size: int
    window_seconds: float


class Lane:
    """Records in their order. A failed batch is tried again before any record behind it.

    Lanes know no threads: whoever uses one keeps others out.
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[datetime, StreamRecord]] = deque()
        self._unfinished: deque[Batch[StreamRecord]] = deque()
        self._resume_at: datetime | None = None
        self._retries = 0
        self.payload_bytes = 0  # of all records that are not finished

    def __len__(self) -> int:
        """Records that are not finished, those on their way to the function included."""
        return len(self._waiting) + sum(len(batch.records) for batch in self._unfinished)

    def add(self, records: list[StreamRecord], now: datetime) -> None:
        """Records came at `now`."""
        self._waiting.extend((now, record) for record in records)
        self.payload_bytes += _payload_bytes(records)

    def look(self, now: datetime, batching: Batching) -> Batch[StreamRecord] | datetime | None:
        """The batch to send now, or when there will be one; None while nothing waits.

        A batch stays in the lane until `settle` says what came of it.
        """
        if self._resume_at is not None and now < self._resume_at:
            return self._resume_at
        if self._unfinished:
            return self._unfinished[0]
        if not self._waiting:
            return None
        count, full = self._filled(batching.size)
        due = self._waiting[0][0] + timedelta(seconds=batching.window_seconds)
        if not full and now < due:
            return due
        self._unfinished.append(Batch(tuple(self._waiting.popleft()[1] for _ in range(count))))
        return self._unfinished[0]

    def settle(self, verdict: Verdict[StreamRecord], now: datetime) -> None:
        """The batch that `look` gave has been sent.

        Parts of a split batch are sent at once, a retry waits, longer with every one in a row:
        the service's own pauses are not published.
        """
        sent = self._unfinished.popleft()
        self._unfinished.extendleft(reversed(verdict.again))
        self.payload_bytes -= _payload_bytes(verdict.done)
        if verdict.discarded is not None:
            self.payload_bytes -= _payload_bytes(verdict.discarded.records)
        if verdict.again and verdict.again[0].retries > sent.retries:
            seconds = min(_FIRST_PAUSE_SECONDS * 2.0**self._retries, _LONGEST_PAUSE_SECONDS)
            self._retries = min(self._retries + 1, 10)
            self._resume_at = now + timedelta(seconds=seconds)
        else:
            self._retries = 0
            self._resume_at = None

    def replace(self, batch: Batch[StreamRecord] | None) -> None:
        """The batch that `look` gave has lost records (None: all of them)."""
        self.payload_bytes -= _payload_bytes(self._unfinished.popleft().records)
        if batch is not None:
            self._unfinished.appendleft(batch)
            self.payload_bytes += _payload_bytes(batch.records)

    def drain(self) -> list[StreamRecord]:
        """Take out every record that is not finished."""
        records = [record for batch in self._unfinished for record in batch.records]
        records += [record for _, record in self._waiting]
        self._unfinished.clear()
        self._waiting.clear()
        self.payload_bytes = 0
        return records

    def _filled(self, size: int) -> tuple[int, bool]:
        """How many waiting records fit into one batch, and whether it needs no more."""
        payload = 0
        for count, (_, record) in enumerate(self._waiting):
            payload += _payload_bytes((record,))
            if count == size or (count and payload > PAYLOAD_BYTES):
                return count, True
        return len(self._waiting), len(self._waiting) == size


def _payload_bytes(records: Iterable[StreamRecord]) -> int:
    """What they take in the event of an invocation, about."""
    return sum(len(record.data) * 4 // 3 + _ENVELOPE_BYTES for record in records)
