"""A record on its way: as it came in, and as it goes on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

PartitionKeys = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """A record as Firehose got it. Kinesis fields are empty for DirectPut."""

    record_id: str
    data: bytes
    arrival: datetime
    sequence_number: str = ""
    partition_key: str = ""
    shard_id: str = ""

    @property
    def arrival_ms(self) -> int:
        """Arrival in milliseconds since the epoch."""
        return int(self.arrival.timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class OutputRecord:
    """A record that goes to the destination: what is known of its source, data after processing.

    The source's own data are not held: buffers are full of these.
    """

    record_id: str
    arrival: datetime
    sequence_number: str
    data: bytes
    keys: PartitionKeys = ()

    @classmethod
    def of(cls, source: SourceRecord, data: bytes, keys: PartitionKeys = ()) -> OutputRecord:
        """What a source record became; `keys` are sorted."""
        return cls(source.record_id, source.arrival, source.sequence_number, data, keys)


@dataclass(frozen=True, slots=True)
class FailedRecord:
    """A record that could not go on, and why. `ended_ms`: when the last attempt ended."""

    source: SourceRecord
    code: str
    message: str
    attempts: int
    ended_ms: int


@dataclass
class Account:
    """Where a delivery stream's records are; `pending` ones are still in buffers.

    `lost` counts what could not be written to S3 until Firehose gives up after 24 hours.
    """

    received: int = 0
    delivered: int = 0
    dropped: int = 0
    failed_transform: int = 0
    failed_conversion: int = 0
    lost: int = 0

    @property
    def pending(self) -> int:
        """Received, but neither delivered nor dropped, failed or lost."""
        return (
            self.received
            - self.delivered
            - self.dropped
            - self.failed_transform
            - self.failed_conversion
            - self.lost
        )
