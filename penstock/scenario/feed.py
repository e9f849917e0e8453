"""Puts records on a Kinesis stream as a careful producer does: batches, retries, an account."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

# PutRecords: at most 500 records and 10 MiB per request (botocore 1.44.5, kinesis model). A
# smaller batch keeps one shard's 1 MB/s in reach and shows progress.
MAX_RECORDS_PER_REQUEST = 500
MAX_BYTES_PER_REQUEST = 1_000_000
ATTEMPTS = 8


PartitionKey = Callable[[bytes], str]


@dataclass(frozen=True)
class Fed:
    """What became of the records: `arrived` are those that were taken, in that order."""

    sent: int
    arrived: list[bytes]

    @property
    def failed(self) -> int:
        """Refused at the source, again and again."""
        return self.sent - len(self.arrived)


def digest_of(record: bytes) -> str:
    """A partition key that spreads records over the shards."""
    return hashlib.sha256(record).hexdigest()[:32]


def partition_key(field: str | None) -> PartitionKey:
    """The value of a field, so that records of one value stay in order; without one, the digest.

    A record that has no such text, being broken, goes by its digest too.
    """

    def key(record: bytes) -> str:
        try:
            value = json.loads(record)[field]
        except (ValueError, KeyError, TypeError):
            return digest_of(record)
        return value if isinstance(value, str) and value else digest_of(record)

    return digest_of if field is None else key


def feed(
    kinesis: Any,
    *,
    stream_name: str,
    records: Iterable[bytes],
    sent_so_far: Callable[[int], None],
    key_of: PartitionKey = digest_of,
    pause_seconds: float = 0.2,
) -> Fed:
    """Send all records.

    PutRecords is not atomic: records that the answer marks with an ErrorCode are sent again, up
    to ATTEMPTS times with growing pauses; what still fails is counted, never dropped silently.
    Records of one partition key arrive in the order in which they were given, as long as none of
    them has to be sent again; such a one comes after those that were behind it.
    """
    sent = 0
    arrived: list[bytes] = []
    for batch in _batches(records):
        sent += len(batch)
        waiting: list[dict[str, Any]] = [
            {"Data": data, "PartitionKey": key_of(data)} for data in batch
        ]
        for attempt in range(ATTEMPTS):
            answer = kinesis.put_records(StreamName=stream_name, Records=waiting)
            refused = []
            for entry, result in zip(waiting, answer["Records"], strict=True):
                if result.get("ErrorCode"):
                    refused.append(entry)
                else:
                    arrived.append(entry["Data"])
            waiting = refused
            if not waiting:
                break
            time.sleep(pause_seconds * 2**attempt)
        sent_so_far(sent)
    return Fed(sent, arrived)


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
