"""Reads one shard of a Kinesis stream from where it was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from penstock.localcloud.workers.event_sources.records import StreamRecord


class ShardReader:
    """The place in a shard. Use it from one thread; the client is the caller's."""

    def __init__(self, stream_arn: str, shard_id: str, parents: frozenset[str]) -> None:
        self.shard_id = shard_id
        self.parents = parents
        self._stream_arn = stream_arn
        self._iterator: str | None = None
        self._last = ""

    def open(self, kinesis: Any, position: str, timestamp: float | None = None) -> None:
        """Take a place: TRIM_HORIZON, LATEST or AT_TIMESTAMP (seconds since the epoch)."""
        extra = {} if timestamp is None else {"Timestamp": datetime.fromtimestamp(timestamp, UTC)}
        self._iterator = self._ask(kinesis, ShardIteratorType=position, **extra)

    def read(self, kinesis: Any) -> Iterator[list[StreamRecord]]:
        """What came since the last call. What was handed over counts as read."""
        while records := self._next(kinesis):
            self._last = records[-1].sequence_number
            yield records

    def _next(self, kinesis: Any) -> list[StreamRecord]:
        if self._iterator is None:
            return []
        try:
            answer = self._get(kinesis)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExpiredIteratorException" or not self._last:
                raise
            self._iterator = self._ask(
                kinesis,
                ShardIteratorType="AFTER_SEQUENCE_NUMBER",
                StartingSequenceNumber=self._last,
            )
            answer = self._get(kinesis)
        self._iterator = answer.get("NextShardIterator")  # none after the end of a closed shard
        return [
            StreamRecord(
                shard_id=self.shard_id,
                sequence_number=record["SequenceNumber"],
                partition_key=record["PartitionKey"],
                data=record["Data"],
                arrival=record["ApproximateArrivalTimestamp"],
            )
            for record in answer["Records"]
        ]

    def _get(self, kinesis: Any) -> Any:
        return kinesis.get_records(
            StreamARN=self._stream_arn, ShardIterator=self._iterator, Limit=10_000
        )

    def _ask(self, kinesis: Any, **where: Any) -> str:
        answer = kinesis.get_shard_iterator(
            StreamARN=self._stream_arn, ShardId=self.shard_id, **where
        )
        return str(answer["ShardIterator"])
