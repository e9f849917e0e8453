"""A stream that refuses what is put: whoever feeds it sends it again, and counts the rest."""

from __future__ import annotations

from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from penstock.localcloud.shims import kinesis, kinesis_faults
from penstock.scenario.feed import feed
from tests.offline.bare_cloud import BareCloud, patched, running_server

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("faults-kinesis")]

RECORDS = [f"record {number}".encode() for number in range(100)]


def fed(cloud: BareCloud) -> tuple[int, int]:
    kinesis_faults.install(cloud.patches, faults=cloud.context.faults)
    kinesis.install(cloud.patches, clock=cloud.context.clock, written=lambda _: None)
    client = cloud.client("kinesis")
    client.create_stream(StreamName="stream", ShardCount=2)
    return feed(
        client,
        stream_name="stream",
        records=RECORDS,
        sent_so_far=lambda _: None,
        pause_seconds=0.001,
    )


def arrived(cloud: BareCloud) -> list[bytes]:
    client = cloud.client("kinesis")
    found = []
    for shard in client.list_shards(StreamName="stream")["Shards"]:
        start = client.get_shard_iterator(
            StreamName="stream", ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )
        answer = client.get_records(ShardIterator=start["ShardIterator"])
        found += [record["Data"] for record in answer["Records"]]
    return sorted(found)


def test_throttled_entries_are_sent_again(tmp_path: Path) -> None:
    with (
        running_server(tmp_path, ["kinesis-throttling=0.2"]) as context,
        patched(context) as cloud,
    ):
        assert fed(cloud) == (100, 0)
        assert arrived(cloud) == sorted(RECORDS)
        (entry,) = context.faults.entries()
        # 20 of 100 entries, 4 of those 20, the last one of those 4
        assert entry["happened"] == 25
        assert "then accepted when it was sent again (20 times)" in entry["line"]


def test_what_is_throttled_without_end_counts_as_failed_at_the_source(tmp_path: Path) -> None:
    with running_server(tmp_path, ["kinesis-throttling=1"]) as context, patched(context) as cloud:
        assert fed(cloud) == (100, 100)
        assert arrived(cloud) == []


def test_a_throttled_put_record_is_refused_as_a_whole(tmp_path: Path) -> None:
    with running_server(tmp_path, ["kinesis-throttling"]) as context, patched(context) as cloud:
        kinesis_faults.install(cloud.patches, faults=context.faults)
        client = cloud.client("kinesis")
        client.create_stream(StreamName="stream", ShardCount=1)
        put = {"StreamName": "stream", "PartitionKey": "a", "Data": b"1"}
        with pytest.raises(client.exceptions.ProvisionedThroughputExceededException) as refused:
            client.put_record(**put)
        assert isinstance(refused.value, ClientError)
        client.put_record(**put)
        assert arrived(cloud) == [b"1"]
