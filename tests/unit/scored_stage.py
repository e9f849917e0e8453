"""A stage that scores its stream, made of dictionaries: what a replay sees of its services."""

from __future__ import annotations

import base64
import hashlib
import io
import itertools
import json
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from penstock.scenario.aws import Aws, Stage
from penstock.scenario.points import moment
from penstock.scenario.progress import Step, Timeline

TOPIC = "arn:aws:sns:us-east-1:123456789012:alerts"
DEAD_LETTERS = "https://sqs/dead-letters"
STAGE = Stage(
    "anomaly",
    "dev",
    {
        "AlertsTopicArn": TOPIC,
        "LakeBucketName": "lake",
        "LabelField": "label",
        "ScoresPrefix": "stream-scores/",
        "ScoringDeadLetterQueueUrl": DEAD_LETTERS,
        "ScoringLogGroupName": "/scorer",
        "ScoringTableName": "windows",
        "SeriesField": "series",
        "StreamName": "metrics",
        "TimeField": "timestamp",
        "ValueField": "value",
    },
)
START = datetime(2026, 11, 22, 12, tzinfo=UTC)
THRESHOLD = 10.0


class Nobody:
    def changed(self, step: Step) -> None:
        """Nobody watches."""


class CallError(ClientError):
    """A service's refusal."""

    def __init__(self, code: str) -> None:
        super().__init__({"Error": {"Code": code, "Message": ""}}, "Call")


class Queue:
    """A received message is hidden, and only its last receipt handle is worth anything.

    With `hides` false a message comes again at once, as it does when its time is up. A receive
    gives at most `at_once` messages.
    """

    def __init__(self, *, hides: bool = True, at_once: int = 10) -> None:
        self._hides = hides
        self._at_once = at_once
        self._numbers = itertools.count()
        self._handles: dict[str, str] = {}
        self.bodies: dict[str, str] = {}
        self.hidden: set[str] = set()
        self.policy: dict[str, Any] = {}

    def send(self, body: str) -> None:
        self.bodies[f"m{next(self._numbers)}"] = body

    def receive(self, most: int) -> list[dict[str, str]]:
        found = [name for name in self.bodies if name not in self.hidden]
        # the oldest go to the end of the line
        self.bodies |= {name: self.bodies.pop(name) for name in found[: min(most, self._at_once)]}
        received = []
        for name in found[: min(most, self._at_once)]:
            self._handles[name] = f"{name}/{next(self._numbers)}"
            if self._hides:
                self.hidden.add(name)
            received.append(
                {
                    "MessageId": name,
                    "ReceiptHandle": self._handles[name],
                    "Body": self.bodies[name],
                }
            )
        return received

    def by_handle(self, handle: str) -> str:
        name = handle.split("/")[0]
        if self._handles.get(name) != handle:
            raise CallError("ReceiptHandleIsInvalid")
        return name

    def delete(self, handle: str) -> None:
        name = self.by_handle(handle)
        self.hidden.discard(name)
        del self.bodies[name]

    def show(self, handle: str) -> None:
        name = self.by_handle(handle)
        if name not in self.hidden:
            raise CallError("MessageNotInflight")
        self.hidden.remove(name)


class ScoredStage:
    """The stream's scorer and the services around it; one object plays all the clients.

    A point's score is its value, and more than THRESHOLD is an alert. The first point of a series
    is skipped; so are all before a model is in service. The model refuses values below 0.
    `spoil` is what goes wrong when a delivery has been scored. The log's clock is ahead of this
    machine's by `log_ahead_ms`.
    """

    def __init__(self, *, log_ahead_ms: float = 0) -> None:
        self.log_ahead_ms = log_ahead_ms
        self.items: dict[str, dict[str, Any]] = {}
        self.objects: dict[str, bytes] = {}
        self.log: list[tuple[float, str]] = []
        self.queues: dict[str, Queue] = {DEAD_LETTERS: Queue()}
        self.subscriptions: dict[str, str] = {}
        self.denied: set[str] = set()
        self.in_service = False
        self.spoil: Callable[[], None] = lambda: None
        self.findings: dict[str, Any] = {"records": {"failures": []}}
        self.timeline = Timeline(Nobody())

    def aws(self) -> Aws:
        return Aws(client=lambda _service: self, poll_seconds=0, patience_seconds=0.02)

    # what the pipeline does

    def send(self, records: Sequence[bytes], _step: str = "ingest") -> list[bytes]:
        """A delivery: the transform refuses what is no JSON, and the scorer buries it."""
        lines: list[dict[str, Any]] = []
        skipped: dict[str, int] = {}
        for body in records:
            if body.startswith(b"{"):
                self._decide(json.loads(body), lines, skipped)
                continue
            failure = {"where": "transform", "sha256": hashlib.sha256(body).hexdigest()}
            self.findings["records"]["failures"].append(failure)
            data = hashlib.sha256(base64.b64encode(body)).hexdigest()
            self.bury({"reason": "the record is not JSON", "sha256_of_data": data})
        self.store(lines)
        self.say(json.dumps({"event": "scored", "skipped": skipped}))
        self.spoil()
        return list(records)

    def _decide(
        self, record: dict[str, Any], lines: list[dict[str, Any]], skipped: dict[str, int]
    ) -> None:
        series, at, value = record["series"], moment(record["timestamp"]), record["value"]
        is_first = series not in self.items
        item = self.items.setdefault(
            series, {"at": at, "scored": 0, "skipped": 0, "refused": 0, "outbox": "{}"}
        )
        if at <= item["at"] and not is_first:
            return
        item["at"] = at
        told = {"series": series, "timestamp": text(at)}
        if not self.in_service or is_first:
            reason = "window_not_full" if self.in_service else "no_model"
            skipped[reason] = skipped.get(reason, 0) + 1
            item["skipped"] += 1
        elif value < 0:
            item["refused"] += 1
            self.bury({"reason": "the model refuses the row", **told, "value": value})
        else:
            item["scored"] += 1
            lines.append({**told, "value": value, "score": value, "threshold": THRESHOLD})
            if value > THRESHOLD:
                self.publish(json.dumps({**told, "score": value, "threshold": THRESHOLD}))

    def store(self, lines: Sequence[dict[str, Any]]) -> None:
        """An object of scores in the lake."""
        if lines:
            key = f"stream-scores/2026/11/22/{len(self.objects):03}"
            self.objects[key] = b"".join(json.dumps(line).encode() + b"\n" for line in lines)

    def say(self, line: str) -> None:
        """Into the scorer's log."""
        self.log.append((time.time() * 1000 + self.log_ahead_ms, line))

    def publish(self, message: str) -> None:
        for arn in self.subscriptions.values():
            self.queues[f"https://sqs/{arn.rpartition(':')[2]}"].send(message)

    def bury(self, letter: dict[str, Any]) -> None:
        self.queues[DEAD_LETTERS].send(json.dumps(letter))

    # what its services answer

    def get_paginator(self, operation: str) -> Any:
        self._operation = operation
        return self

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        if self._operation == "scan":
            assert request == {"TableName": "windows", "ConsistentRead": True}
            for name, item in self.items.items():
                numbers = {key: {"N": str(item[key])} for key in ("scored", "skipped", "refused")}
                last = {"S": text(item["at"])}
                yield {
                    "Items": [
                        {
                            "series": {"S": name},
                            "last": last,
                            "outbox": {"S": item["outbox"]},
                            **numbers,
                        }
                    ]
                }
        elif self._operation == "filter_log_events":
            assert request["logGroupName"] == "/scorer"
            words, since = request["filterPattern"].strip('"'), request["startTime"]
            found = [line for at_ms, line in self.log if at_ms >= since and words in line]
            yield {"events": [{"message": f"{line}\n"} for line in found]}
        else:
            for key in sorted(key for key in self.objects if key.startswith(request["Prefix"])):
                yield {"Contents": [{"Key": key}]}
            yield {}

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        assert Bucket == "lake"
        return {"Body": io.BytesIO(self.objects[Key])}

    def _allow(self, operation: str) -> None:
        if operation in self.denied:
            raise CallError("AccessDenied")

    def create_queue(self, *, QueueName: str, Attributes: dict[str, str]) -> dict[str, str]:
        self._allow("create_queue")
        url = f"https://sqs/{QueueName}"
        self.queues[url] = Queue()
        return {"QueueUrl": url}

    def get_queue_attributes(self, *, QueueUrl: str, AttributeNames: list[str]) -> dict[str, Any]:
        self._allow("get_queue_attributes")
        assert AttributeNames == ["QueueArn"]
        name = QueueUrl.rpartition("/")[2]
        return {"Attributes": {"QueueArn": f"arn:aws:sqs:us-east-1:123456789012:{name}"}}

    def set_queue_attributes(self, *, QueueUrl: str, Attributes: dict[str, str]) -> None:
        self._allow("set_queue_attributes")
        self.queues[QueueUrl].policy = json.loads(Attributes["Policy"])

    def delete_queue(self, *, QueueUrl: str) -> None:
        del self.queues[QueueUrl]

    def subscribe(self, *, TopicArn: str, Endpoint: str, **request: Any) -> dict[str, str]:
        self._allow("subscribe")
        assert TopicArn == TOPIC
        assert request["Attributes"] == {"RawMessageDelivery": "true"}
        arn = f"{TOPIC}:{len(self.subscriptions)}"
        self.subscriptions[arn] = Endpoint
        return {"SubscriptionArn": arn}

    def unsubscribe(self, *, SubscriptionArn: str) -> None:
        self._allow("unsubscribe")
        del self.subscriptions[SubscriptionArn]

    def receive_message(
        self, *, QueueUrl: str, MaxNumberOfMessages: int, VisibilityTimeout: int
    ) -> dict[str, Any]:
        assert MaxNumberOfMessages <= 10
        assert VisibilityTimeout > 0
        found = self.queues[QueueUrl].receive(MaxNumberOfMessages)
        return {"Messages": found} if found else {}

    def delete_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> Any:
        return batch(Entries, self.queues[QueueUrl].delete)

    def change_message_visibility_batch(
        self, *, QueueUrl: str, Entries: list[dict[str, Any]]
    ) -> Any:
        assert all(entry["VisibilityTimeout"] == 0 for entry in Entries)
        return batch(Entries, self.queues[QueueUrl].show)

    def change_message_visibility(
        self, *, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int
    ) -> None:
        assert VisibilityTimeout == 0
        self.queues[QueueUrl].show(ReceiptHandle)


def batch(entries: list[dict[str, Any]], act: Callable[[str], None]) -> dict[str, Any]:
    """SQS's batches: at most ten, each with an id of its own; the answer says which failed."""
    assert 0 < len({entry["Id"] for entry in entries}) == len(entries) <= 10
    failed = []
    for entry in entries:
        try:
            act(entry["ReceiptHandle"])
        except CallError as error:
            failed.append({"Id": entry["Id"], "Code": error.response["Error"]["Code"]})
    return {"Failed": failed}


def at(minute: float) -> datetime:
    """A time of the stream."""
    return START + timedelta(minutes=minute)


def text(moment: datetime) -> str:
    """A time as the pipeline writes it."""
    return moment.isoformat().replace("+00:00", "Z")


def record(series: str, minute: float, value: float = 1.0, label: int | None = None) -> bytes:
    """What a producer sends."""
    fields = {"series": series, "timestamp": text(at(minute)), "value": value}
    return json.dumps(fields if label is None else {**fields, "label": label}).encode()
