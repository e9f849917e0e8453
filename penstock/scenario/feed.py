"""Puts records on a Kinesis stream as a careful producer does: batches, retries, an account."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

# PutRecords: at most 500 records and 10 MiB per request (botocore 1.44.5, kinesis model). A
# smaller batch keeps one shard's 1 MB/s in reach and shows progress.
MAX_RECORDS_PER_REQUEST = 500
MAX_BYTES_PER_REQUEST = 1_000_000
ATTEMPTS = 8


def feed(
    kinesis: Any,
    *,
    stream_name: str,
    records: Iterable[bytes],
    sent_so_far: Callable[[int], None],
    pause_seconds: float = 0.2,
) -> tuple[int, int]:
    """Send all records; returns (sent, failed at the source).

    PutRecords is not atomic: records that the answer marks with an ErrorCode are sent again, up
    to ATTEMPTS times with growing pauses; what still fails is counted, never dropped silently.
    The partition key is a digest of the record, so that load spreads over the shards.
    """
    sent = failed = 0
    for batch in _batches(records):
        sent += len(batch)
        waiting = [
            {"Data": data, "PartitionKey": hashlib.sha256(data).hexdigest()[:32]} for data in batch
        ]
        for attempt in range(ATTEMPTS):
            answer = kinesis.put_records(StreamName=stream_name, Records=waiting)
            waiting = [
                entry
                for entry, result in zip(waiting, answer["Records"], strict=True)
                if result.get("ErrorCode")
            ]
            if not waiting:
                break
            time.sleep(pause_seconds * 2**attempt)
        failed += len(waiting)
        sent_so_far(sent)
    return sent, failed


def _batches(records: Iterable[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for data in records:
        if batch and (
            len(batch) == MAX_RECORDS_PER_REQUEST or size + len(data) > MAX_BYTES_PER_REQUEST
        ):
            yield batch
            batch, size = [], 0
        batch.append(data)
        size += len(data)
    if batch:
        yield batch
