"""Reading and writing shards of a Kinesis stream, long ones too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from moto.kinesis.models import kinesis_backends

from penstock.localcloud.shims import kinesis
from tests.offline.bare_cloud import ACCOUNT_ID, REGION, BareCloud, patched, running_server

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("kinesis")]

SHARD = "shardId-000000000000"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BareCloud]:
    with running_server(tmp_path_factory.mktemp("cloud")) as context, patched(context) as cloud:
        kinesis.install(cloud.patches, clock=context.clock, written=lambda _: None)
        client = cloud.client("kinesis")
        for name in ("stream", "other"):
            client.create_stream(StreamName=name, ShardCount=1)
        put(cloud, 1, 7)
        context.clock.sleep(60)
        put(cloud, 8, 9)
        yield cloud


def put(cloud: BareCloud, first: int, last: int) -> Any:
    return cloud.client("kinesis").put_records(
        StreamName="stream",
        Records=[
            {"PartitionKey": "k", "Data": str(number).encode()} for number in range(first, last + 1)
        ],
    )


def read(cloud: BareCloud, **where: Any) -> Any:
    """Answers from there on, three records at a time, until one is empty."""
    client = cloud.client("kinesis")
    iterator = client.get_shard_iterator(StreamName="stream", ShardId=SHARD, **where)
    position = iterator["ShardIterator"]
    while True:
        answer = client.get_records(ShardIterator=position, Limit=3)
        yield answer
        if not answer["Records"]:
            return
        position = answer["NextShardIterator"]


@pytest.mark.parametrize(
    ("where", "pages"),
    [
        ({"ShardIteratorType": "TRIM_HORIZON"}, ["123", "456", "789", ""]),
        (
            {"ShardIteratorType": "AT_SEQUENCE_NUMBER", "StartingSequenceNumber": "6"},
            ["678", "9", ""],
        ),
        (
            {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": "6"},
            ["789", ""],
        ),
        ({"ShardIteratorType": "LATEST"}, [""]),
    ],
)
def test_a_shard_is_read_page_by_page(
    cloud: BareCloud, where: dict[str, str], pages: list[str]
) -> None:
    answers = list(read(cloud, **where))
    found = ["".join(record["Data"].decode() for record in a["Records"]) for a in answers]
    assert found == pages
    records = [record for answer in answers for record in answer["Records"]]
    assert [r["SequenceNumber"] for r in records] == [r["Data"].decode() for r in records]


def test_a_reader_knows_how_far_behind_it_is(cloud: BareCloud) -> None:
    answers = list(read(cloud, ShardIteratorType="TRIM_HORIZON"))
    behind = [answer["MillisBehindLatest"] / 1000 for answer in answers]
    assert behind == [pytest.approx(60, abs=5), pytest.approx(60, abs=5), 0, 0]


def test_a_record_comes_as_it_was_put_with_the_clouds_time(cloud: BareCloud) -> None:
    now = cloud.context.clock.now()
    body = bytes(range(256))
    put = cloud.client("kinesis").put_record(StreamName="other", PartitionKey="ключ", Data=body)
    iterator = cloud.client("kinesis").get_shard_iterator(
        StreamName="other",
        ShardId=put["ShardId"],
        ShardIteratorType="AT_TIMESTAMP",
        Timestamp=now - timedelta(seconds=1),
    )["ShardIterator"]
    answer = cloud.client("kinesis").get_records(ShardIterator=iterator)
    (record,) = answer["Records"]
    arrival = record.pop("ApproximateArrivalTimestamp")
    assert timedelta() <= arrival - now < timedelta(seconds=20)
    assert record == {"Data": body, "PartitionKey": "ключ", "SequenceNumber": "1"}
    assert answer["ResponseMetadata"]["HTTPHeaders"]["content-type"] == "application/x-amz-json-1.1"


def test_a_long_shard_is_not_walked_through(cloud: BareCloud) -> None:
    class Counted(dict[int, Any]):
        walks = 0
        looked_at = 0

        def __iter__(self) -> Iterator[int]:
            for number in super().__iter__():
                self.looked_at += 1
                yield number

        def items(self) -> Any:
            self.walks += 1
            return super().items()

        def keys(self) -> Any:
            self.walks += 1
            return super().keys()

    backend = kinesis_backends[ACCOUNT_ID][REGION]
    shard = backend.describe_stream(stream_arn=None, stream_name="stream").shards[SHARD]
    before = shard.records
    shard.records = Counted(before)
    try:
        answer = put(cloud, 10, 12)
        *_, last, _ = read(cloud, ShardIteratorType="TRIM_HORIZON")
        assert shard.records.walks == 0
        assert shard.records.looked_at <= 8  # the first one, once for each request
    finally:
        shard.records = before
    assert [record["SequenceNumber"] for record in answer["Records"]] == ["10", "11", "12"]
    assert [record["Data"] for record in last["Records"]] == [b"10", b"11", b"12"]


def test_records_go_when_the_streams_retention_is_over(cloud: BareCloud) -> None:
    client = cloud.client("kinesis")
    client.create_stream(StreamName="short", ShardCount=1)
    client.increase_stream_retention_period(StreamName="short", RetentionPeriodHours=25)

    def numbers(**where: Any) -> str:
        position = client.get_shard_iterator(StreamName="short", ShardId=SHARD, **where)
        records = client.get_records(ShardIterator=position["ShardIterator"])["Records"]
        return " ".join(record["SequenceNumber"] for record in records)

    for hours in (0, 13, 13):
        cloud.context.clock.sleep(hours * 3600)
        client.put_record(StreamName="short", PartitionKey="k", Data=b"one")
    assert numbers(ShardIteratorType="TRIM_HORIZON") == "2 3"
    after = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": "2"}
    assert numbers(**after) == "3"
    cloud.context.clock.sleep(48 * 3600)
    client.put_record(StreamName="short", PartitionKey="k", Data=b"one")
    assert numbers(ShardIteratorType="TRIM_HORIZON") == "4"
