"""What a shard of a Kinesis stream takes in a second."""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from penstock.localcloud.clock import Clock

# Kinesis developer guide, "Quotas and limits": of each shard, sustained
RECORDS_PER_SECOND = 1000
BYTES_PER_SECOND = 1_000_000


@dataclass
class _Left:
    """What a shard still takes at a moment."""

    at: datetime | None = None
    records: float = RECORDS_PER_SECOND
    size: float = BYTES_PER_SECOND


class ShardLimits:
    """Counts by the cloud's clock; how far AWS lets a shard save up is unconfirmed, here 1 s."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._left: defaultdict[tuple[str, str], _Left] = defaultdict(_Left)

    def take(self, stream_arn: str, shard_id: str, size_bytes: int) -> bool:
        """Whether the shard takes one more record of that size (data and key) now."""
        now = self._clock.now()
        with self._lock:
            left = self._left[stream_arn, shard_id]
            seconds = (now - left.at).total_seconds() if left.at else 0
            left.at = now
            left.records = min(RECORDS_PER_SECOND, left.records + seconds * RECORDS_PER_SECOND)
            left.size = min(BYTES_PER_SECOND, left.size + seconds * BYTES_PER_SECOND)
            # a record larger than what is left of the second goes if the second is untouched
            fits = left.size >= size_bytes or left.size == BYTES_PER_SECOND
            if left.records < 1 or not fits:
                return False
            left.records -= 1
            left.size -= size_bytes
            return True
