"""Reads a Kinesis stream for a delivery stream: every shard, each in its order, as its role.

Firehose starts reading at the LATEST position of the stream (developer guide, "Writing to
Firehose using Kinesis Data Streams"), so what was put before the delivery stream was created is
not delivered. Records that producers aggregated with the KPL are not taken apart here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from penstock.localcloud.faults.faults import Faults
from penstock.localcloud.workers.duplicates import as_delivered
from penstock.localcloud.workers.firehose.records import SourceRecord


class KinesisSource:
    """A reader that remembers its place in each shard. Use it from one thread."""

    def __init__(self, kinesis: Any, stream_arn: str, faults: Faults) -> None:
        self.stream_arn = stream_arn
        self._faults = faults
        self._kinesis = kinesis
        self._iterators: dict[str, str] = {}

    def open(self) -> None:
        """Take the position after the newest record of every shard."""
        for shard_id in self._shard_ids():
            self._iterators[shard_id] = self._iterator(shard_id, "LATEST")

    def read(self) -> Iterator[list[SourceRecord]]:
        """Batches of what came since the last call, shard by shard.

        A batch that was handed over counts as read, so an error later loses nothing.
        """
        for shard_id in self._shard_ids():
            if shard_id not in self._iterators:  # made by a split or merge: all of it is new
                self._iterators[shard_id] = self._iterator(shard_id, "TRIM_HORIZON")
            while batch := self._read_shard(shard_id):
                for turn, records in enumerate(as_delivered(self._faults, batch, "Firehose")):
                    yield [_again(record) for record in records] if turn else records

    def _read_shard(self, shard_id: str) -> list[SourceRecord]:
        answer = self._kinesis.get_records(
            StreamARN=self.stream_arn, ShardIterator=self._iterators[shard_id], Limit=10_000
        )
        self._iterators[shard_id] = answer["NextShardIterator"]
        return [
            SourceRecord(
                # unique in the delivery stream: sequence numbers are unique per shard only
                record_id=f"{shard_id.removeprefix('shardId-')}{record['SequenceNumber']:0>44}",
                data=record["Data"],
                arrival=record["ApproximateArrivalTimestamp"],
                sequence_number=record["SequenceNumber"],
                partition_key=record["PartitionKey"],
                shard_id=shard_id,
            )
            for record in answer["Records"]
        ]

    def _shard_ids(self) -> list[str]:
        shards: list[str] = []
        options = {"StreamARN": self.stream_arn}
        while True:
            answer = self._kinesis.list_shards(**options)
            shards += [shard["ShardId"] for shard in answer["Shards"]]
            if "NextToken" not in answer:
                return sorted(shards)
            options = {"NextToken": answer["NextToken"]}

    def _iterator(self, shard_id: str, kind: str) -> str:
        answer = self._kinesis.get_shard_iterator(
            StreamARN=self.stream_arn, ShardId=shard_id, ShardIteratorType=kind
        )
        return str(answer["ShardIterator"])


def _again(record: SourceRecord) -> SourceRecord:
    """Ids of records are unique in what the transform is asked: a copy has its own."""
    return replace(record, record_id=f"{record.record_id}2")
