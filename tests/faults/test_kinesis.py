"""A stream that refuses what is put: whoever feeds it sends it again, and counts the rest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from penstock.localcloud.record_store.store import RecordStore
from penstock.localcloud.shims import kinesis, kinesis_faults
from penstock.scenario.feed import feed
from tests.offline.bare_cloud import BareCloud, patched, running_server

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("faults-kinesis")]

SHARDS = ("shardId-000000000000", "shardId-000000000001")


def records(count: int) -> list[bytes]:
    return [f"record {number}".encode() for number in range(count)]


@contextmanager
def stream_with(tmp_path: Path, *faults: str) -> Iterator[BareCloud]:
    """A cloud with these faults and a stream of two shards."""
    with running_server(tmp_path, faults) as context, patched(context) as cloud:
        kinesis_faults.install(cloud.patches, faults=context.faults, clock=context.clock)
        store = RecordStore(tmp_path / "streams")
        kinesis.install(cloud.patches, clock=context.clock, written=lambda _: None, store=store)
        cloud.client("kinesis").create_stream(StreamName="stream", ShardCount=2)
        yield cloud


def fed(cloud: BareCloud, count: int, *, pause_seconds: float = 0.001) -> tuple[int, int]:
    """How many were sent, and how many of them failed."""
    done = feed(
        cloud.client("kinesis"),
        stream_name="stream",
        records=records(count),
        sent_so_far=lambda _: None,
        pause_seconds=pause_seconds,
    )
    return done.sent, done.failed


def shard(cloud: BareCloud, shard_id: str) -> list[bytes]:
    client = cloud.client("kinesis")
    start = client.get_shard_iterator(
        StreamName="stream", ShardId=shard_id, ShardIteratorType="TRIM_HORIZON"
    )
    answer = client.get_records(ShardIterator=start["ShardIterator"])
    return [record["Data"] for record in answer["Records"]]


def arrived(cloud: BareCloud) -> list[bytes]:
    return sorted(data for shard_id in SHARDS for data in shard(cloud, shard_id))


def told(cloud: BareCloud) -> tuple[int, str]:
    (entry,) = cloud.context.faults.entries()
    return entry["happened"], entry["line"]


def test_throttled_entries_are_sent_again(tmp_path: Path) -> None:
    with stream_with(tmp_path, "kinesis-throttling=0.2") as cloud:
        assert fed(cloud, 100) == (100, 0)
        assert arrived(cloud) == sorted(records(100))
        happened, line = told(cloud)
        # 20 of 100 entries, 4 of those 20, the first of those 4
        assert happened == 25
        assert "refused with ProvisionedThroughputExceededException (25 times)" in line
        assert "then accepted when it was sent again (20 times)" in line


def test_what_is_throttled_without_end_counts_as_failed_at_the_source(tmp_path: Path) -> None:
    with stream_with(tmp_path, "kinesis-throttling=1") as cloud:
        assert fed(cloud, 100) == (100, 100)
        assert arrived(cloud) == []


def test_a_throttled_put_record_is_refused_as_a_whole(tmp_path: Path) -> None:
    with stream_with(tmp_path, "kinesis-throttling") as cloud:
        client = cloud.client("kinesis")
        put = {"StreamName": "stream", "PartitionKey": "a", "Data": b"1"}
        with pytest.raises(
            client.exceptions.ProvisionedThroughputExceededException,
            match=r"Rate exceeded for shard shardId-\d+ in stream stream under account \d+\.",
        ):
            client.put_record(**put)
        client.put_record(**put)
        assert arrived(cloud) == [b"1"]
        assert "PutRecord refused" in told(cloud)[1]


def test_only_the_failed_entries_of_a_call_are_sent_again(tmp_path: Path) -> None:
    with stream_with(tmp_path, "kinesis-partial-failures=0.5") as cloud:
        entries: list[dict[str, Any]] = [
            {"PartitionKey": "one", "Data": data} for data in records(4)
        ]
        answer = cloud.client("kinesis").put_records(StreamName="stream", Records=entries)
        assert answer["FailedRecordCount"] == 2
        refused = {"ErrorCode": "InternalFailure", "ErrorMessage": "Internal service failure."}
        assert answer["Records"][0] == answer["Records"][2] == refused
        assert "SequenceNumber" in answer["Records"][1]
        assert arrived(cloud) == [b"record 1", b"record 3"]
        cloud.client("kinesis").put_records(StreamName="stream", Records=[entries[0], entries[2]])
        assert told(cloud)[0] == 3


def test_a_partial_failure_takes_more_than_one_record(tmp_path: Path) -> None:
    with stream_with(tmp_path, "kinesis-partial-failures=1") as cloud:
        cloud.client("kinesis").put_record(StreamName="stream", PartitionKey="a", Data=b"1")
        assert told(cloud)[0] == 0


def test_records_that_fail_inside_aws_arrive_once_each(tmp_path: Path) -> None:
    with stream_with(tmp_path, "kinesis-partial-failures=0.3") as cloud:
        assert fed(cloud, 100) == (100, 0)
        assert arrived(cloud) == sorted(records(100))


def test_a_hot_shard_refuses_what_is_over_its_limit_and_the_feed_slows_down(
    tmp_path: Path,
) -> None:
    with stream_with(tmp_path, "hot-shard") as cloud:
        assert fed(cloud, 1600, pause_seconds=0.1) == (1600, 0)
        assert sorted(shard(cloud, SHARDS[0])) == sorted(records(1600))
        assert shard(cloud, SHARDS[1]) == []
        happened, line = told(cloud)
        assert happened == 1600
        assert "then entry of PutRecords refused with ProvisionedThroughput" in line
        assert "accepted when it was sent again" in line
        assert "--key-skew" in line


def test_a_shard_takes_a_megabyte_a_second(tmp_path: Path) -> None:
    with stream_with(tmp_path, "hot-shard") as cloud:
        entries = [{"PartitionKey": "one", "Data": bytes(300_000)} for _ in range(5)]
        answer = cloud.client("kinesis").put_records(StreamName="stream", Records=entries)
        refused = ["ErrorCode" in record for record in answer["Records"]]
        assert refused == [False, False, False, True, True]


def test_a_share_of_the_keys_is_hot(tmp_path: Path) -> None:
    with stream_with(tmp_path, "hot-shard=0.5") as cloud:
        assert fed(cloud, 400) == (400, 0)
        assert 270 < len(shard(cloud, SHARDS[0])) < 330
