"""Kinesis event source mappings: order, batches, poison records, ages, restarts, with functions."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from penstock.localcloud.workers.event_sources import stream_mapping
from tests.callers import DEPLOYER, Callers
from tests.offline.event_sources_lab import EventSourcesLab, event_sources_lab

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("event-sources-stream")]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventSourcesLab]:
    with event_sources_lab(tmp_path_factory.mktemp("cloud")) as lab:
        yield lab


def numbered(*keys: str, count: int) -> list[tuple[str, str]]:
    return [(key, f"{key} {number}") for number in range(count) for key in keys]


def test_the_function_gets_the_documented_event_as_its_role(
    lab: EventSourcesLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    callers = Callers("123456789012")
    callers.watch(monkeypatch)
    stream, name = lab.stream(), lab.function()
    before = lab.cloud.context.clock.now().timestamp()
    uuid = lab.map(stream, name)
    lab.put(stream, ("cpu", "41.5"))
    lab.settled(uuid, 1)
    (event,) = lab.notes(name, "event")
    (record,) = event["Records"]
    arrival = record["kinesis"].pop("approximateArrivalTimestamp")
    assert before - 1 < arrival < before + 30
    assert record == {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "cpu",
            "sequenceNumber": "1",
            "data": base64.b64encode(b"41.5").decode(),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": "shardId-000000000000:1",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": lab.cloud.role_arn,
        "awsRegion": "us-east-1",
        "eventSourceARN": stream,
    }
    made = callers.by_role()
    assert {"kinesis GetRecords", "kinesis GetShardIterator", "kinesis ListShards"} <= made[
        "worker"
    ]
    assert "kinesis GetRecords" not in made[DEPLOYER]


def test_a_batch_is_full_or_its_window_is_over(lab: EventSourcesLab) -> None:
    stream, name = lab.stream(), lab.function()
    uuid = lab.map(stream, name, BatchSize=4, MaximumBatchingWindowInSeconds=120)
    began = lab.cloud.context.clock.now()
    lab.put(stream, *numbered("k", count=10))
    lab.settled(uuid, 10)
    sizes = [len(batch) for batch in lab.notes(name, "processed")]
    assert sizes == [4, 4, 2]
    assert (lab.cloud.context.clock.now() - began).total_seconds() >= 120


def test_order_is_kept_per_key_in_parallel_lanes(lab: EventSourcesLab) -> None:
    stream, name = lab.stream(shards=2), lab.function()
    uuid = lab.map(stream, name, BatchSize=3, ParallelizationFactor=3)
    keys = [f"series-{n}" for n in range(10)]
    lab.put(stream, *numbered(*keys, count=12))
    lab.settled(uuid, 120, seconds=60)
    texts = lab.processed(name)
    assert len(texts) == 120
    for key in keys:
        assert [t for t in texts if t.startswith(f"{key} ")] == [f"{key} {n}" for n in range(12)]
    assert len({event["Records"][0]["eventID"][:20] for event in lab.notes(name, "event")}) == 2


def test_a_poison_record_ends_in_the_queue_and_the_others_go_on(lab: EventSourcesLab) -> None:
    stream, dead, name = lab.stream(), lab.queue(), lab.function()
    uuid = lab.map(
        stream,
        name,
        BatchSize=16,
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=2,
        DestinationConfig={"OnFailure": {"Destination": dead}},
    )
    records = [*numbered("a", count=11), ("a", "poison one"), *numbered("b", count=20)]
    lab.put(stream, *records)
    lab.settled(uuid, 32)
    assert lab.processed(name) == [text for _, text in records if not text.startswith("poison")]
    (body,) = lab.messages(dead, 1)
    document = json.loads(body)
    assert document["requestContext"].pop("requestId")
    invoked = document["requestContext"].pop("approximateInvokeCount")
    assert invoked >= 3  # the first time alone and two retries
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{name}"
    assert document["requestContext"] == {
        "functionArn": arn,
        "condition": "RetryAttemptsExhausted",
    }
    assert document["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }
    batch = document["KinesisBatchInfo"]
    assert (batch["batchSize"], batch["streamArn"]) == (1, stream)
    assert batch["startSequenceNumber"] == batch["endSequenceNumber"]
    kinesis = lab.client("kinesis")
    iterator = kinesis.get_shard_iterator(
        StreamARN=stream,
        ShardId=batch["shardId"],
        ShardIteratorType="AT_SEQUENCE_NUMBER",
        StartingSequenceNumber=batch["startSequenceNumber"],
    )["ShardIterator"]
    found = kinesis.get_records(StreamARN=stream, ShardIterator=iterator, Limit=1)["Records"]
    assert found[0]["Data"] == b"poison one"
    counts = lab.worker.counts(uuid)
    assert (counts.processed, counts.discarded, counts.undelivered) == (31, 1, 0)


def test_a_partial_response_is_retried_from_the_lowest_number(lab: EventSourcesLab) -> None:
    stream, topic_queue = lab.stream(), lab.queue()
    topic = lab.client("sns").create_topic(Name="dead-letters")["TopicArn"]
    lab.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=topic_queue)
    name = lab.function(on_poison="report")
    uuid = lab.map(
        stream,
        name,
        BatchSize=10,
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=1,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        DestinationConfig={"OnFailure": {"Destination": topic}},
    )
    records = [*numbered("k", count=6), ("k", "poison"), ("k", "after 1"), ("k", "after 2")]
    lab.put(stream, *records)
    lab.settled(uuid, 9)
    texts = [text for _, text in records if text != "poison"]
    assert lab.processed(name) == texts, "nothing that succeeded is sent again"
    (body,) = lab.messages(topic_queue, 1)
    document = json.loads(json.loads(body)["Message"])
    assert document["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert document["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST"}
    assert document["KinesisBatchInfo"]["batchSize"] == 1


def test_of_several_failures_in_a_response_none_is_passed_over(lab: EventSourcesLab) -> None:
    stream, dead = lab.stream(), lab.queue()
    name = lab.function(on_poison="report", mode="all")
    uuid = lab.map(
        stream,
        name,
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=1,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        DestinationConfig={"OnFailure": {"Destination": dead}},
    )
    lab.put(stream, *[("k", text) for text in ("a", "poison 1", "b", "c", "poison 2", "d")])
    lab.settled(uuid, 6)
    given_up = [json.loads(body)["KinesisBatchInfo"] for body in lab.messages(dead, 2)]
    assert [(one["startSequenceNumber"], one["batchSize"]) for one in given_up] == [
        ("2", 1),
        ("5", 1),
    ]
    assert lab.processed(name).count("a") == 1
    assert set(lab.processed(name)) == set("abcd"), "those behind a failure may come twice"


def test_a_failing_function_delays_and_loses_nothing(lab: EventSourcesLab) -> None:
    """Ten minutes of failures, in the cloud's time, without a limit of retries."""
    clock = lab.cloud.context.clock
    stream, name = lab.stream(), lab.function()
    uuid = lab.map(stream, name, BatchSize=5)
    lab.fail(name, True)
    began = clock.now()
    lab.put(stream, *numbered("k", count=8))
    lab.until(lambda: (clock.now() - began).total_seconds() > 600, seconds=60)
    assert lab.processed(name) == []
    lab.fail(name, False)
    lab.settled(uuid, 8)
    assert lab.processed(name) == [text for _, text in numbered("k", count=8)]
    events = lab.notes(name, "event")
    assert 10 < len(events) < 60, "pauses grow"


def test_what_the_function_cannot_keep_up_with_stays_in_the_stream(
    lab: EventSourcesLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_mapping, "_AHEAD_BYTES_PER_LANE", 30_000)
    stream, name = lab.stream(), lab.function()
    uuid = lab.map(stream, name, BatchSize=10, ParallelizationFactor=2)
    lab.fail(name, True)
    keys = ("a", "b", "c")
    records = numbered(*keys, count=200)
    lab.put(stream, *records[:100])
    lab.until(lambda: lab.worker.counts(uuid).read == 100)
    for start in range(100, 600, 100):
        lab.put(stream, *records[start : start + 100])
    tries = len(lab.notes(name, "event"))
    lab.until(lambda: len(lab.notes(name, "event")) > tries + 5)
    assert lab.worker.counts(uuid).read == 100
    lab.fail(name, False)
    lab.settled(uuid, 600)
    texts = lab.processed(name)
    for key in keys:
        assert [t for t in texts if t.startswith(key)] == [f"{key} {n}" for n in range(200)]
    assert len(texts) == 600


def test_records_that_are_too_old_are_given_up_with_that_reason(lab: EventSourcesLab) -> None:
    stream, dead, name = lab.stream(), lab.queue(), lab.function()
    lab.fail(name, True)
    uuid = lab.map(
        stream,
        name,
        MaximumRecordAgeInSeconds=300,
        DestinationConfig={"OnFailure": {"Destination": dead}},
    )
    lab.put(stream, *numbered("k", count=3))
    lab.settled(uuid, 3)
    (body,) = lab.messages(dead, 1)
    document = json.loads(body)
    assert document["requestContext"]["condition"] == "RecordAgeExceeded"
    assert document["requestContext"]["approximateInvokeCount"] > 3
    assert document["KinesisBatchInfo"]["batchSize"] == 3
    lab.fail(name, False)
    lab.put(stream, ("k", "later"))
    lab.settled(uuid, 4)
    assert lab.processed(name) == ["later"]


def test_a_mapping_keeps_its_place_when_it_is_changed_or_off_for_a_while(
    lab: EventSourcesLab,
) -> None:
    api = lab.client("lambda")
    stream, first, second = lab.stream(), lab.function(), lab.function()
    uuid = lab.map(stream, first, BatchSize=2)
    lab.put(stream, *numbered("a", "b", count=3))
    lab.settled(uuid, 6)
    assert api.update_event_source_mapping(UUID=uuid, Enabled=False)["State"] == "Disabled"
    lab.put(stream, *[(key, f"off {text}") for key, text in numbered("a", "b", count=3)])
    time.sleep(0.3)
    assert len(lab.processed(first)) == 6
    api.update_event_source_mapping(
        UUID=uuid, Enabled=True, FunctionName=second, ParallelizationFactor=4, BatchSize=10
    )
    lab.settled(uuid, 12)
    assert len(lab.processed(first)) == 6
    texts = lab.processed(second)
    for key in "ab":
        assert [t for t in texts if t.startswith(f"off {key}")] == [
            f"off {key} {n}" for n in range(3)
        ]
    assert len(texts) == 6


def test_more_lanes_in_the_middle_of_retries_keep_order(lab: EventSourcesLab) -> None:
    stream, name = lab.stream(), lab.function()
    uuid = lab.map(stream, name, BatchSize=2)
    lab.fail(name, True)
    lab.put(stream, *numbered("a", "b", "c", count=4))
    lab.until(lambda: len(lab.notes(name, "event")) > 2)
    lab.client("lambda").update_event_source_mapping(UUID=uuid, ParallelizationFactor=5)
    lab.fail(name, False)
    lab.settled(uuid, 12)
    texts = lab.processed(name)
    for key in "abc":
        assert [t for t in texts if t.startswith(key)] == [f"{key} {n}" for n in range(4)]


def test_a_killed_function_process_costs_no_record(lab: EventSourcesLab) -> None:
    source = """
import base64, json, os
def handler(event, context):
    texts = [base64.b64decode(r["kinesis"]["data"]).decode() for r in event["Records"]]
    marker = os.environ["NOTES"] + ".killed"
    if not os.path.exists(marker):
        open(marker, "w").close()
        os._exit(9)
    with open(os.environ["NOTES"], "a") as notes:
        notes.write(json.dumps({"processed": texts}) + "\\n")
"""
    stream, name = lab.stream(), lab.function(source=source)
    uuid = lab.map(stream, name, BatchSize=3)
    lab.put(stream, *numbered("k", count=7))
    lab.settled(uuid, 7)
    assert lab.processed(name) == [text for _, text in numbered("k", count=7)]
    assert lab.worker.counts(uuid).invocations == 4


@pytest.mark.parametrize("position", ["LATEST", "AT_TIMESTAMP"])
def test_where_reading_starts(lab: EventSourcesLab, position: str) -> None:
    stream, name = lab.stream(), lab.function()
    lab.put(stream, ("k", "before"))
    lab.cloud.context.clock.sleep(30)
    more: dict[str, Any] = {}
    if position == "AT_TIMESTAMP":
        now = lab.cloud.context.clock.now().timestamp()
        more["StartingPositionTimestamp"] = datetime.fromtimestamp(now - 10, UTC)
    uuid = lab.map(stream, name, StartingPosition=position, **more)
    lab.put(stream, ("k", "after"))
    lab.settled(uuid, 1)
    assert lab.processed(name) == ["after"]


def test_children_of_a_split_wait_for_their_parent(lab: EventSourcesLab) -> None:
    kinesis = lab.client("kinesis")
    stream, name = lab.stream(), lab.function()
    uuid = lab.map(stream, name, BatchSize=2)
    lab.fail(name, True)
    keys = [f"k{n}" for n in range(4)]
    lab.put(stream, *numbered(*keys, count=2))
    kinesis.split_shard(
        StreamName=stream.rsplit("/", 1)[1],
        ShardToSplit="shardId-000000000000",
        NewStartingHashKey=str(2**127),
    )
    lab.put(stream, *[(key, f"{key} {n}") for n in (2, 3) for key in keys])
    lab.until(lambda: len(lab.notes(name, "event")) > 3)
    tried = {r["eventID"] for event in lab.notes(name, "event") for r in event["Records"]}
    assert tried == {"shardId-000000000000:1", "shardId-000000000000:2"}
    lab.fail(name, False)
    lab.settled(uuid, 16)
    shards = {r["eventID"][:20] for event in lab.notes(name, "event") for r in event["Records"]}
    assert shards == {f"shardId-{number:012}" for number in range(3)}
    texts = lab.processed(name)
    for key in keys:
        assert [t for t in texts if t.startswith(key)] == [f"{key} {n}" for n in range(4)]


def test_a_deleted_mapping_reads_no_more(lab: EventSourcesLab) -> None:
    stream, name = lab.stream(), lab.function()
    uuid = lab.map(stream, name)
    lab.put(stream, ("k", "one"))
    lab.settled(uuid, 1)
    lab.client("lambda").delete_event_source_mapping(UUID=uuid)
    lab.put(stream, ("k", "two"))
    time.sleep(0.5)
    assert lab.processed(name) == ["one"]
    with pytest.raises(ClientError, match="ResourceNotFound"):
        lab.client("lambda").get_event_source_mapping(UUID=uuid)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"FilterCriteria": {"Filters": [{"Pattern": "{}"}]}}, "FilterCriteria is not carried out"),
        ({"TumblingWindowInSeconds": 60}, "TumblingWindowInSeconds is not carried out"),
        ({"BatchSize": 10_000, "MaximumBatchingWindowInSeconds": 301}, "Window.* 301"),
        ({"StartingPosition": "AT_TIMESTAMP"}, "StartingPositionTimestamp None"),
        ({"MaximumRecordAgeInSeconds": 59}, "MaximumRecordAgeInSeconds 59"),
        (
            {"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:s3:::bucket"}}},
            "buckets and Kafka topics are not",
        ),
    ],
)
def test_what_is_not_carried_out_is_refused_by_name(
    lab: EventSourcesLab, given: dict[str, Any], says: str
) -> None:
    stream, name = lab.stream(), lab.function()
    with pytest.raises(ClientError, match=says):
        lab.map(stream, name, **given)
    assert (
        lab.client("lambda").list_event_source_mappings(EventSourceArn=stream)[
            "EventSourceMappings"
        ]
        == []
    )
