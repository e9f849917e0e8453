"""Reading and writing shards of a Kinesis stream, long ones too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from moto.cloudwatch.models import cloudwatch_backends
from moto.kinesis.models import kinesis_backends

from penstock.localcloud.record_store.store import RecordStore
from penstock.localcloud.shims import kinesis, kinesis_metrics
from tests.offline.bare_cloud import ACCOUNT_ID, REGION, BareCloud, patched, running_server

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("kinesis")]

SHARD = "shardId-000000000000"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BareCloud]:
    with running_server(tmp_path_factory.mktemp("cloud")) as context, patched(context) as cloud:
        store = RecordStore(
            context.workdir / "streams",
            segment_bytes=20_000,
            newest_bytes=100_000,
            read_bytes=100_000,
        )
        kinesis.install(cloud.patches, clock=context.clock, written=lambda _: None, store=store)
        kinesis_metrics.install(cloud.patches, clock=context.clock)
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


def test_records_that_are_out_of_memory_are_read_as_others(cloud: BareCloud) -> None:
    client = cloud.client("kinesis")
    client.create_stream(StreamName="long", ShardCount=1)
    since = cloud.context.clock.now()
    for _ in range(3):
        client.put_records(
            StreamName="long",
            Records=[{"PartitionKey": f"k{n}", "Data": b"x" * 1000} for n in range(100)],
        )
    assert len(files(cloud)) > 5

    def numbers(**where: Any) -> list[int]:
        position = client.get_shard_iterator(StreamName="long", ShardId=SHARD, **where)
        answer = client.get_records(ShardIterator=position["ShardIterator"], Limit=200)
        return [int(record["SequenceNumber"]) for record in answer["Records"]]

    assert numbers(ShardIteratorType="TRIM_HORIZON") == list(range(1, 201))
    assert numbers(ShardIteratorType="AT_TIMESTAMP", Timestamp=since) == list(range(1, 201))
    after = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": "250"}
    assert numbers(**after) == list(range(251, 301))
    client.split_shard(StreamName="long", ShardToSplit=SHARD, NewStartingHashKey=str(2**127))
    assert numbers(ShardIteratorType="TRIM_HORIZON") == list(range(1, 201))
    client.delete_stream(StreamName="long")
    assert len(files(cloud)) <= 2  # of the other two streams


def files(cloud: BareCloud) -> list[Path]:
    """Those that records lie in."""
    return [path for path in (cloud.context.workdir / "streams").rglob("*") if path.is_file()]


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
    cloud.context.clock.sleep(26 * 3600)
    assert numbers(ShardIteratorType="TRIM_HORIZON") == ""  # without another record too


def test_a_streams_metrics_come_once_a_minute(cloud: BareCloud) -> None:
    client, cloudwatch = cloud.client("kinesis"), cloud.client("cloudwatch")
    client.create_stream(StreamName="measured", ShardCount=1)
    cloud.context.clock.sleep(120)
    for records in (3, 1, 4):
        client.put_records(
            StreamName="measured",
            Records=[{"PartitionKey": "k", "Data": b"data"} for _ in range(records)],
        )
    client.put_record(StreamName="measured", PartitionKey="k", Data=b"data")

    def points(metric: str) -> list[dict[str, Any]]:
        now = cloud.context.clock.now()
        answer = cloudwatch.get_metric_statistics(
            Namespace="AWS/Kinesis",
            MetricName=metric,
            Dimensions=[{"Name": "StreamName", "Value": "measured"}],
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(hours=1),
            Period=3600,
            Statistics=["Sum", "Minimum", "Maximum", "SampleCount"],
        )
        found: list[dict[str, Any]] = answer["Datapoints"]
        return found

    assert points("IncomingRecords") == []
    cloud.context.clock.sleep(120)
    (calls,) = points("IncomingRecords")
    assert [calls[name] for name in ("Sum", "Minimum", "Maximum", "SampleCount")] == [9, 1, 4, 4]
    (sizes,) = points("IncomingBytes")
    assert (sizes["Sum"], sizes["Unit"]) == (9 * len("kdata"), "Bytes")
    assert len(kept_metrics("measured")) == 2


def kept_metrics(stream: str) -> list[Any]:
    backend = cloudwatch_backends[ACCOUNT_ID][REGION]
    return [d for d in backend.metric_data if any(one.value == stream for one in d.dimensions)]


def test_an_answer_ends_at_10_mb(cloud: BareCloud) -> None:
    client = cloud.client("kinesis")
    client.create_stream(StreamName="wide", ShardCount=1)
    for _ in range(11):
        client.put_record(StreamName="wide", PartitionKey="k", Data=b"x" * 1_000_000)
    iterator = client.get_shard_iterator(
        StreamName="wide", ShardId=SHARD, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    first = client.get_records(ShardIterator=iterator)
    second = client.get_records(ShardIterator=first["NextShardIterator"])
    assert [len(answer["Records"]) for answer in (first, second)] == [10, 1]
    assert files(cloud)
    kinesis_backends[ACCOUNT_ID][REGION].reset()
    assert not files(cloud)
