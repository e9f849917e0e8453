"""Reading a Kinesis stream: where it begins in each shard, and that it reads to the end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from penstock.localcloud.faults.faults import Faults
from penstock.localcloud.workers.firehose.source import KinesisSource

STREAM_ARN = "arn:aws:kinesis:us-east-1:123456789012:stream/s"
ARRIVAL = datetime(2026, 1, 2, tzinfo=UTC)
AT_ONCE = 3


class Kinesis:
    """Shards of records; one answer holds three of them, an iterator is `<shard>:<position>`."""

    def __init__(self, **shards: int) -> None:
        self.shards = shards

    def list_shards(self, **_options: Any) -> dict[str, Any]:
        return {"Shards": [{"ShardId": name} for name in self.shards]}

    def get_shard_iterator(
        self, *, StreamARN: str, ShardId: str, ShardIteratorType: str
    ) -> dict[str, Any]:
        position = {"LATEST": self.shards[ShardId], "TRIM_HORIZON": 0}[ShardIteratorType]
        return {"ShardIterator": f"{ShardId}:{position}"}

    def get_records(self, *, ShardIterator: str, **_options: Any) -> dict[str, Any]:
        shard, start = ShardIterator.split(":")
        end = min(int(start) + AT_ONCE, self.shards[shard])
        records = [
            {
                "SequenceNumber": str(number),
                "PartitionKey": "k",
                "Data": f"{shard}{number}".encode(),
                "ApproximateArrivalTimestamp": ARRIVAL,
            }
            for number in range(int(start), end)
        ]
        return {"Records": records, "NextShardIterator": f"{shard}:{end}"}


def read(source: KinesisSource) -> list[bytes]:
    return [record.data for batch in source.read() for record in batch]


def test_one_look_reads_every_shard_to_its_end_and_nothing_twice() -> None:
    kinesis = Kinesis(a=0, b=0)
    source = KinesisSource(kinesis, STREAM_ARN, Faults())
    source.open()
    kinesis.shards.update(a=10, b=2)
    assert read(source) == [*(b"a%d" % n for n in range(10)), b"b0", b"b1"]
    assert read(source) == []


def test_what_was_there_before_is_left_out() -> None:
    kinesis = Kinesis(a=4)
    source = KinesisSource(kinesis, STREAM_ARN, Faults())
    source.open()
    kinesis.shards["a"] = 5
    assert read(source) == [b"a4"]


def test_a_shard_that_appears_later_is_read_from_its_beginning() -> None:
    kinesis = Kinesis(a=1)
    source = KinesisSource(kinesis, STREAM_ARN, Faults())
    source.open()
    kinesis.shards["b"] = 2  # with records already, before anybody has looked
    assert read(source) == [b"b0", b"b1"]


def test_a_batch_that_was_handed_over_is_not_read_again_after_an_error() -> None:
    kinesis = Kinesis(a=0)
    source = KinesisSource(kinesis, STREAM_ARN, Faults())
    source.open()
    kinesis.shards["a"] = 5
    assert [record.data for record in next(source.read())] == [b"a0", b"a1", b"a2"]
    assert read(source) == [b"a3", b"a4"]


def test_ids_are_unique_though_sequence_numbers_are_so_in_a_shard_only() -> None:
    kinesis = Kinesis(a=0, b=0)
    source = KinesisSource(kinesis, STREAM_ARN, Faults())
    source.open()
    kinesis.shards.update(a=2, b=2)
    ids = [record.record_id for batch in source.read() for record in batch]
    assert len(set(ids)) == 4
