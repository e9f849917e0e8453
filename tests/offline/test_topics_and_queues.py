"""SNS subscriptions and SQS queues: what arrives where, and where it goes when it cannot."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from penstock.scenario.queues import peek, take
from tests.offline.event_sources_lab import EventSourcesLab, event_sources_lab

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("topics-and-queues")]

NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventSourcesLab]:
    with event_sources_lab(tmp_path_factory.mktemp("cloud")) as lab:
        yield lab


@pytest.fixture
def topic(lab: EventSourcesLab) -> str:
    return str(lab.client("sns").create_topic(Name=f"topic-{next(NUMBERS)}")["TopicArn"])


def subscribe(lab: EventSourcesLab, topic: str, queue: str, **attributes: str) -> None:
    lab.client("sns").subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes=attributes
    )


def text(value: str) -> dict[str, str]:
    return {"DataType": "String", "StringValue": value}


def test_raw_messages_and_envelopes(lab: EventSourcesLab, topic: str) -> None:
    raw, wrapped, not_raw = lab.queue(), lab.queue(), lab.queue()
    subscribe(lab, topic, raw, RawMessageDelivery="true")
    subscribe(lab, topic, wrapped)
    subscribe(lab, topic, not_raw, RawMessageDelivery="false")
    lab.client("sns").publish(TopicArn=topic, Message="41.5 is too much", Subject="alert")
    assert lab.messages(raw, 1) == ["41.5 is too much"]
    for queue in (wrapped, not_raw):
        (body,) = lab.messages(queue, 1)
        envelope = json.loads(body)
        assert (envelope["Message"], envelope["Subject"]) == ("41.5 is too much", "alert")
        assert (envelope["Type"], envelope["TopicArn"]) == ("Notification", topic)


@pytest.mark.parametrize("scope", ["MessageAttributes", "MessageBody"])
def test_a_filter_policy_lets_through_what_matches(
    lab: EventSourcesLab, topic: str, scope: str
) -> None:
    queue = lab.queue()
    subscribe(
        lab,
        topic,
        queue,
        FilterPolicy=json.dumps({"series": [{"prefix": "cpu"}]}),
        FilterPolicyScope=scope,
        RawMessageDelivery="true",
    )
    for series in ("disk", "cpu-1", "cpu-2"):
        message = json.dumps({"series": series})
        attributes = {"series": text(series)} if scope == "MessageAttributes" else {}
        lab.client("sns").publish(TopicArn=topic, Message=message, MessageAttributes=attributes)
    bodies = lab.messages(queue, 2)
    assert [json.loads(body)["series"] for body in bodies] == ["cpu-1", "cpu-2"]
    assert lab.messages(queue, 0) == []


def test_a_filter_policy_can_change_its_scope_and_go(lab: EventSourcesLab, topic: str) -> None:
    queue, sns = lab.queue(), lab.client("sns")
    subscription = sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=queue,
        Attributes={
            "FilterPolicy": json.dumps({"series": ["cpu"]}),
            "RawMessageDelivery": "true",
        },
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]

    def change(name: str, value: str) -> None:
        sns.set_subscription_attributes(
            SubscriptionArn=subscription, AttributeName=name, AttributeValue=value
        )

    message = json.dumps({"series": "cpu"})
    sns.publish(TopicArn=topic, Message=message)
    change("FilterPolicyScope", "MessageBody")
    sns.publish(TopicArn=topic, Message=message)
    sns.publish(TopicArn=topic, Message=json.dumps({"series": "disk"}))
    change("FilterPolicy", "{}")
    sns.publish(TopicArn=topic, Message="anything")
    assert lab.messages(queue, 2) == [message, "anything"]


def test_a_function_gets_the_message_that_was_published(lab: EventSourcesLab, topic: str) -> None:
    source = """
import json, os
def handler(event, context):
    with open(os.environ["NOTES"], "a") as notes:
        notes.write(json.dumps({"event": event}) + "\\n")
"""
    name = lab.function(source=source)
    sns = lab.client("sns")
    subscription = sns.subscribe(
        TopicArn=topic,
        Protocol="lambda",
        Endpoint=f"arn:aws:lambda:us-east-1:123456789012:function:{name}",
        Attributes={"FilterPolicy": json.dumps({"kind": ["alert"]})},
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    sns.publish(TopicArn=topic, Message="nothing", MessageAttributes={"kind": text("news")})
    sent = sns.publish(
        TopicArn=topic, Message="hot", Subject="s", MessageAttributes={"kind": text("alert")}
    )
    lab.until(lambda: bool(lab.notes(name, "event")))
    (event,) = lab.notes(name, "event")
    (record,) = event["Records"]
    assert record["EventSource"] == "aws:sns"
    assert record["EventSubscriptionArn"] == subscription
    told = record["Sns"]
    assert (told["Message"], told["Subject"], told["TopicArn"]) == ("hot", "s", topic)
    assert told["MessageId"] == sent["MessageId"]
    assert told["MessageAttributes"] == {"kind": {"Type": "String", "Value": "alert"}}


def test_a_function_that_fails_is_tried_again_and_the_publisher_does_not_wait(
    lab: EventSourcesLab, topic: str
) -> None:
    dead = lab.queue()
    name = lab.function(
        source="def handler(event, context):\n    raise ValueError('no')\n",
        DeadLetterConfig={"TargetArn": dead},
    )
    lab.client("sns").subscribe(
        TopicArn=topic,
        Protocol="lambda",
        Endpoint=f"arn:aws:lambda:us-east-1:123456789012:function:{name}",
    )
    lab.client("sns").publish(TopicArn=topic, Message="hot")
    (body,) = lab.messages(dead, 1)
    assert json.loads(body)["Records"][0]["Sns"]["Message"] == "hot"


@pytest.mark.parametrize("raw", ["true", "false"])
def test_what_cannot_be_delivered_goes_to_the_subscriptions_queue(
    lab: EventSourcesLab, topic: str, raw: str
) -> None:
    gone, dead, other = lab.queue(), lab.queue(), lab.queue()
    redrive = json.dumps({"deadLetterTargetArn": dead})
    subscribe(lab, topic, gone, RedrivePolicy=redrive, RawMessageDelivery=raw)
    subscribe(lab, topic, other, RawMessageDelivery="true")
    lab.client("sqs").delete_queue(QueueUrl=lab.url(gone))
    lab.client("sns").publish(TopicArn=topic, Message="hello")
    (body,) = lab.messages(dead, 1)
    assert (body if raw == "true" else json.loads(body)["Message"]) == "hello"
    assert lab.messages(other, 1) == ["hello"], "one lost endpoint is no matter of the others"


def test_a_message_is_hidden_for_the_clouds_seconds_and_redriven(lab: EventSourcesLab) -> None:
    """A consumer of its own, without a mapping."""
    clock, sqs = lab.cloud.context.clock, lab.client("sqs")
    dead = lab.queue()
    queue = lab.queue(
        VisibilityTimeout="3600",
        RedrivePolicy=json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 2}),
    )
    lab.send(queue, "bad")

    def receive() -> list[Any]:
        messages: list[Any] = sqs.receive_message(
            QueueUrl=lab.url(queue), MessageSystemAttributeNames=["ApproximateReceiveCount"]
        ).get("Messages", [])
        return messages

    for count in ("1", "2"):
        (message,) = receive()
        assert message["Attributes"]["ApproximateReceiveCount"] == count
        assert receive() == []
        clock.sleep(3601)
    assert receive() == []
    assert lab.messages(dead, 1) == ["bad"]


def test_a_queue_counts_what_waits_what_is_hidden_and_what_is_delayed(lab: EventSourcesLab) -> None:
    clock, sqs, queue = lab.cloud.context.clock, lab.client("sqs"), lab.queue()
    prefix = "ApproximateNumberOfMessages"

    def counts() -> list[str]:
        names = [f"{prefix}{name}" for name in ("", "NotVisible", "Delayed")]
        answer = sqs.get_queue_attributes(QueueUrl=lab.url(queue), AttributeNames=names)
        return [answer["Attributes"][name] for name in names]

    with clock.busy():  # no time is skipped
        lab.send(queue, "one", "two", "three")
        lab.send(queue, "later", DelaySeconds=600)
        sqs.receive_message(QueueUrl=lab.url(queue), VisibilityTimeout=300)
        assert counts() == ["2", "1", "1"]
    clock.sleep(601)
    assert counts() == ["4", "0", "0"]


def test_a_message_is_deleted_by_any_of_its_handles_and_only_once(lab: EventSourcesLab) -> None:
    clock, sqs, queue = lab.cloud.context.clock, lab.client("sqs"), lab.queue()
    url = lab.url(queue)
    lab.send(queue, "kept", "gone")
    first = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    clock.sleep(31)
    again = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert {m["Body"] for m in first} == {m["Body"] for m in again} == {"kept", "gone"}
    (old,) = (m["ReceiptHandle"] for m in first if m["Body"] == "gone")
    for _ in range(2):
        sqs.delete_message(QueueUrl=url, ReceiptHandle=old)
    with pytest.raises(ClientError, match="ReceiptHandleIsInvalid"):
        sqs.delete_message(QueueUrl=url, ReceiptHandle="nobody's")
    clock.sleep(31)
    assert lab.messages(queue, 1) == ["kept"]


def test_a_message_is_kept_for_the_clouds_days(lab: EventSourcesLab) -> None:
    queue = lab.queue(MessageRetentionPeriod="86400")
    lab.send(queue, "young")
    lab.cloud.context.clock.sleep(86_000)
    sqs, url = lab.client("sqs"), lab.url(queue)
    hidden = sqs.receive_message(QueueUrl=url, VisibilityTimeout=1)["Messages"]
    assert [message["Body"] for message in hidden] == ["young"]
    lab.cloud.context.clock.sleep(500)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_a_queue_is_read_without_and_with_taking(lab: EventSourcesLab) -> None:
    queue = lab.queue()
    sqs, url = lab.client("sqs"), lab.url(queue)
    bodies = {f"message {number}" for number in range(23)}
    lab.send(queue, *bodies)
    for read in (peek, peek, take):
        found = read(sqs, url)
        assert (len(found), set(found)) == (23, bodies)
    assert take(sqs, url) == []


def test_a_long_poll_ends_when_a_message_comes(lab: EventSourcesLab) -> None:
    queue = lab.queue()
    lab.cloud.context.clock.call_later(0.4, lambda: lab.send(queue, "now"))
    began = time.monotonic()
    answer = lab.client("sqs").receive_message(QueueUrl=lab.url(queue), WaitTimeSeconds=20)
    assert [message["Body"] for message in answer["Messages"]] == ["now"]
    assert time.monotonic() - began < 15
