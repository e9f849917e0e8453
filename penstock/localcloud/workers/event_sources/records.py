"""A record of a Kinesis stream as an event source mapping reads it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """`arrival` is timezone-aware UTC."""

    shard_id: str
    sequence_number: str
    partition_key: str
    data: bytes
    arrival: datetime


def lane_of(partition_key: str, lanes: int) -> int:
    """Which of a shard's lanes takes a key: always the same one (ParallelizationFactor).

    Records of one key stay in order (Lambda developer guide, "Polling and batching streams");
    how the service spreads keys over lanes is not published.
    """
    return int.from_bytes(hashlib.sha256(partition_key.encode()).digest()[:8], "big") % lanes
