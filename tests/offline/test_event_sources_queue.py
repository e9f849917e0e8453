"""SQS event source mappings, and what becomes of messages that nobody can process."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.callers import DEPLOYER, Callers
from tests.offline.event_sources_lab import EventSourcesLab, event_sources_lab

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("event-sources-queue")]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventSourcesLab]:
    with event_sources_lab(tmp_path_factory.mktemp("cloud")) as lab:
        yield lab


def left(lab: EventSourcesLab, queue: str) -> tuple[int, int]:
    """Messages that wait in the queue, and those that somebody holds."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    answer = lab.client("sqs").get_queue_attributes(QueueUrl=lab.url(queue), AttributeNames=names)
    return int(answer["Attributes"][names[0]]), int(answer["Attributes"][names[1]])


def redrive(dead: str, count: int) -> str:
    return json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": count})


def test_the_function_gets_the_documented_event_and_the_message_is_gone(
    lab: EventSourcesLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    callers = Callers("123456789012")
    callers.watch(monkeypatch)
    queue, name = lab.queue(), lab.function(mode="queue")
    lab.map(queue, name)
    lab.send(
        queue,
        "hello",
        MessageAttributes={"kind": {"DataType": "String", "StringValue": "greeting"}},
    )
    lab.until(lambda: lab.processed(name) == ["hello"])
    lab.until(lambda: left(lab, queue) == (0, 0), lambda: left(lab, queue))
    (event,) = lab.notes(name, "event")
    (record,) = event["Records"]
    assert record.pop("messageId")
    assert record.pop("receiptHandle")
    attributes = record.pop("attributes")
    assert attributes["ApproximateReceiveCount"] == "1"
    assert {"SentTimestamp", "SenderId", "ApproximateFirstReceiveTimestamp"} <= set(attributes)
    assert record == {
        "body": "hello",
        "messageAttributes": {
            "kind": {
                "stringValue": "greeting",
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": "String",
            }
        },
        "md5OfBody": "5d41402abc4b2a76b9719d911017c592",
        "eventSource": "aws:sqs",
        "eventSourceARN": queue,
        "awsRegion": "us-east-1",
    }
    made = callers.by_role()
    assert {"sqs ReceiveMessage", "sqs DeleteMessageBatch"} <= made["worker"]
    assert "sqs ReceiveMessage" not in made[DEPLOYER]


def test_a_message_that_always_fails_is_redriven_and_the_others_go_on(
    lab: EventSourcesLab,
) -> None:
    clock = lab.cloud.context.clock
    dead = lab.queue()
    queue = lab.queue(VisibilityTimeout="60", RedrivePolicy=redrive(dead, 3))
    name = lab.function(mode="queue")
    began = clock.now()
    lab.map(queue, name, BatchSize=1)
    lab.send(queue, "one", "poison", "two")
    assert lab.messages(dead, 1) == ["poison"]
    assert lab.processed(name) == ["one", "two"]
    bodies = [event["Records"][0]["body"] for event in lab.notes(name, "event")]
    assert sorted(bodies) == ["one", "poison", "poison", "poison", "two"]
    assert (clock.now() - began).total_seconds() > 170, "three visibility timeouts"
    assert left(lab, queue) == (0, 0)


def test_of_a_partial_failure_only_what_failed_comes_back(lab: EventSourcesLab) -> None:
    dead = lab.queue()
    queue = lab.queue(RedrivePolicy=redrive(dead, 2))
    name = lab.function(mode="queue", on_poison="report")
    lab.send(queue, "a", "poison 1", "b", "c", "poison 2")
    uuid = lab.map(queue, name, FunctionResponseTypes=["ReportBatchItemFailures"])
    assert sorted(lab.messages(dead, 2)) == ["poison 1", "poison 2"]
    assert sorted(lab.processed(name)) == ["a", "b", "c"]
    assert lab.worker.counts(uuid).processed == 3


def test_without_reporting_the_whole_batch_comes_back(lab: EventSourcesLab) -> None:
    dead = lab.queue()
    queue = lab.queue(RedrivePolicy=redrive(dead, 1))
    name = lab.function(mode="queue", on_poison="raise")
    lab.send(queue, "a", "poison", "b")
    lab.map(queue, name)
    assert sorted(lab.messages(dead, 3)) == ["a", "b", "poison"]
    assert lab.processed(name) == []


def test_a_window_gathers_more_than_ten(lab: EventSourcesLab) -> None:
    queue = lab.queue(VisibilityTimeout="600")
    name = lab.function(mode="queue")
    lab.map(queue, name, BatchSize=25, MaximumBatchingWindowInSeconds=60)
    lab.send(queue, *[str(number) for number in range(32)])
    lab.until(lambda: len(lab.processed(name)) == 32)
    assert [len(batch) for batch in lab.notes(name, "processed")] == [25, 7]


def test_a_failing_function_recovers_and_an_idle_mapping_sleeps(lab: EventSourcesLab) -> None:
    clock = lab.cloud.context.clock
    queue, name = lab.queue(VisibilityTimeout="120"), lab.function(mode="queue")
    lab.fail(name, True)
    lab.map(queue, name)
    began = clock.now()
    lab.send(queue, "a", "b")
    lab.until(lambda: (clock.now() - began).total_seconds() > 600)
    lab.fail(name, False)
    lab.until(lambda: sorted(lab.processed(name)) == ["a", "b"])
    lab.until(lambda: left(lab, queue) == (0, 0))
    idle = clock.now()
    time.sleep(1)
    assert (clock.now() - idle).total_seconds() < 5, "nobody waits: time is not skipped"


def test_a_delayed_message_comes_in_its_time(lab: EventSourcesLab) -> None:
    clock = lab.cloud.context.clock
    queue, name = lab.queue(), lab.function(mode="queue")
    lab.map(queue, name)
    began = clock.now()
    lab.send(queue, "later", DelaySeconds=300)
    lab.until(lambda: lab.processed(name) == ["later"])
    assert (clock.now() - began).total_seconds() >= 300


def test_a_group_of_a_fifo_queue_stays_in_order(lab: EventSourcesLab) -> None:
    sqs = lab.client("sqs")
    url = sqs.create_queue(
        QueueName="ordered.fifo",
        Attributes={"FifoQueue": "true", "ContentBasedDeduplication": "true"},
    )["QueueUrl"]
    name = lab.function(mode="queue")
    lab.map("arn:aws:sqs:us-east-1:123456789012:ordered.fifo", name, BatchSize=2)
    for number in range(5):
        for group in "xy":
            sqs.send_message(QueueUrl=url, MessageBody=f"{group} {number}", MessageGroupId=group)
    lab.until(lambda: len(lab.processed(name)) == 10, lambda: lab.processed(name))
    for group in "xy":
        own = [text for text in lab.processed(name) if text.startswith(group)]
        assert own == [f"{group} {number}" for number in range(5)]


def test_a_mapping_that_is_off_leaves_messages_alone(lab: EventSourcesLab) -> None:
    queue, name = lab.queue(), lab.function(mode="queue")
    uuid = lab.map(queue, name, Enabled=False)
    lab.send(queue, "wait")
    time.sleep(0.3)
    assert left(lab, queue) == (1, 0)
    lab.client("lambda").update_event_source_mapping(UUID=uuid, Enabled=True)
    lab.until(lambda: lab.processed(name) == ["wait"])


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"BisectBatchOnFunctionError": True}, "BisectBatchOnFunctionError is for streams only"),
        ({"BatchSize": 11}, "BatchSize 11: more than 10 need"),
        ({"ScalingConfig": {"MaximumConcurrency": 5}}, "ScalingConfig is not carried out"),
    ],
)
def test_what_does_not_go_with_a_queue_is_refused(
    lab: EventSourcesLab, given: dict[str, Any], says: str
) -> None:
    with pytest.raises(ClientError, match=says):
        lab.map(lab.queue(), lab.function(), **given)


def test_a_queue_must_hide_messages_for_as_long_as_the_function_may_run(
    lab: EventSourcesLab,
) -> None:
    queue = lab.queue(VisibilityTimeout="9")
    with pytest.raises(ClientError, match="9 seconds is less than Function timeout: 10 seconds"):
        lab.map(queue, lab.function())
    listed = lab.client("lambda").list_event_source_mappings(EventSourceArn=queue)
    assert listed["EventSourceMappings"] == []
