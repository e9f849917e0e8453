"""The stream scorer among services that are made of dictionaries and can crash at any call."""

from __future__ import annotations

import base64
import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

FOLDER = Path(__file__).parents[2] / "lambda" / "score_stream"
SCHEMA = json.dumps(
    {
        "identity_fields": ["series", "timestamp"],
        "record_kb": 4,
        "fields": [
            {"name": "series", "type": "string"},
            {"name": "timestamp", "type": "timestamp"},
            {"name": "value", "type": "number"},
            {"name": "label", "type": "integer", "minimum": 0, "maximum": 1, "optional": True},
        ],
    }
)
PACKAGE = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/anomaly-dev/1"
WINDOW = 3
GRID_SECONDS = 60
FIGURES = {
    "window_points": WINDOW,
    "row": "points",
    "score_mean": 2.0,
    "score_sd": 1.0,
    "series": {
        "cpu": {"grid_seconds": GRID_SECONDS, "mean": 10.0, "sd": 2.0},
        "disk": {"grid_seconds": GRID_SECONDS, "mean": 0.0, "sd": 1.0},
    },
}
ENVIRONMENT = {
    "RECORD_SCHEMA": SCHEMA,
    "SERIES_FIELD": "series",
    "TIME_FIELD": "timestamp",
    "VALUE_FIELD": "value",
    "WINDOW_POINTS": str(WINDOW),
    "ENDPOINT_NAME": "anomaly-dev",
    "MODEL_PARAMETER": "/penstock/anomaly/dev/model-package-arn",
    "ARTIFACTS_BUCKET": "artifacts",
    "SETTINGS_PREFIX": "scoring/",
    "TABLE_NAME": "windows",
    "KEEP_SECONDS": "1000",
    "DELIVERY_STREAM_NAME": "scores",
    "ALERTS_TOPIC_ARN": "arn:aws:sns:eu-west-1:123456789012:alerts",
    "DEAD_LETTER_QUEUE_URL": "https://queue",
    "ALERT_AT": "",
    "TIMEOUT_SECONDS": "60",
}


def load() -> Any:
    """The function's handler module; its folder is on the path, as it is in Lambda."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "RECORD_SCHEMA", SCHEMA)
        patch.setattr(sys, "path", [str(FOLDER), *sys.path])
        sys.modules.pop("handler", None)
        import handler  # type: ignore[import-not-found]

        return sys.modules.pop("handler", handler)


HANDLER = load()


class Crash(BaseException):
    """The execution environment is gone: nothing in the function may catch it."""


class CallError(ClientError):
    """A service's refusal."""

    def __init__(self, code: str, message: str = "", **more: Any) -> None:
        super().__init__({"Error": {"Code": code, "Message": message}, **more}, "Call")


class Services:
    """What the function's clients see; one object plays all of them.

    `crash_at` are the numbers of calls that crash before (even) or after (odd) they take effect:
    call n has the numbers 2n and 2n + 1. `endpoint` answers rows, or raises.
    """

    def __init__(self, crash_at: Sequence[int] = ()) -> None:
        self.items: dict[str, dict[str, Any]] = {}
        self.lines: list[bytes] = []
        self.alerts: list[dict[str, Any]] = []
        self.dead: list[dict[str, Any]] = []
        self.requests: list[list[list[float]]] = []
        self.package = PACKAGE
        self.run = "run1"
        self.objects = {"scoring/run1/settings.json": json.dumps(FIGURES).encode()}
        self.endpoint: Callable[[list[list[float]]], list[Any]] = scores_of
        self.between_lines = "\n"
        self.firehose_fails: list[set[int]] = []
        self.topic_fails: list[set[int]] = []
        self._crash_at = set(crash_at)
        self._calls = 0

    def __getattr__(self, name: str) -> Services:
        if name in ("ssm", "sagemaker", "s3", "dynamodb", "firehose", "sns", "sqs", "runtime"):
            return self
        raise AttributeError(name)

    def _call(self, effect: Callable[[], Any]) -> Any:
        number, self._calls = self._calls, self._calls + 1
        if 2 * number in self._crash_at:
            raise Crash
        answer = effect()
        if 2 * number + 1 in self._crash_at:
            raise Crash
        return answer

    def get_parameter(self, *, Name: str) -> Any:
        assert Name == ENVIRONMENT["MODEL_PARAMETER"]
        return self._call(lambda: {"Parameter": {"Value": self.package}})

    def describe_model_package(self, *, ModelPackageName: str) -> Any:
        assert ModelPackageName == self.package
        return self._call(lambda: {"CustomerMetadataProperties": {"run": self.run}})

    def get_object(self, *, Bucket: str, Key: str) -> Any:
        assert Bucket == "artifacts"
        if Key not in self.objects:
            raise CallError("NoSuchKey")
        return self._call(lambda: {"Body": io.BytesIO(self.objects[Key])})

    def batch_get_item(self, *, RequestItems: Any) -> Any:
        ((table, asked),) = RequestItems.items()
        assert asked["ConsistentRead"]
        names = [key["series"]["S"] for key in asked["Keys"]]
        assert len(names) == len(set(names)) <= 100
        found = [self.items[name] for name in names if name in self.items]
        return self._call(lambda: {"Responses": {table: found}, "UnprocessedKeys": {}})

    def put_item(
        self,
        *,
        TableName: str,
        Item: Any,
        ConditionExpression: str,
        ExpressionAttributeValues: Any = None,
    ) -> Any:
        name = Item["series"]["S"]
        assert len(json.dumps(Item)) < 400_000

        def put() -> None:
            there = self.items.get(name)
            if ConditionExpression == "attribute_not_exists(version)":
                fits = there is None
            else:
                assert ConditionExpression == "version = :read"
                read = ExpressionAttributeValues[":read"]
                fits = there is not None and there["version"] == read
            if not fits:
                raise CallError("ConditionalCheckFailedException")
            self.items[name] = Item

        return self._call(put)

    def put_record_batch(self, *, DeliveryStreamName: str, Records: list[Any]) -> Any:
        assert 1 <= len(Records) <= 500
        failing = self.firehose_fails.pop(0) if self.firehose_fails else set()

        def put() -> Any:
            results: list[dict[str, str]] = []
            for number, record in enumerate(Records):
                if number in failing:
                    results.append({"ErrorCode": "ServiceUnavailableException"})
                    continue
                self.lines.append(record["Data"])
                results.append({"RecordId": "1"})
            return {"FailedPutCount": len(failing), "RequestResponses": results}

        return self._call(put)

    def publish_batch(self, *, TopicArn: str, PublishBatchRequestEntries: list[Any]) -> Any:
        entries = PublishBatchRequestEntries
        assert len({entry["Id"] for entry in entries}) == len(entries) <= 10
        assert all(len(entry["Subject"]) < 100 for entry in entries)
        assert sum(len(entry["Message"]) for entry in entries) < 256 * 1024
        failing = self.topic_fails.pop(0) if self.topic_fails else set()

        def publish() -> Any:
            taken = [entry for number, entry in enumerate(entries) if number not in failing]
            self.alerts += [json.loads(entry["Message"]) for entry in taken]
            return {"Failed": [{"Id": entries[number]["Id"]} for number in failing]}

        return self._call(publish)

    def send_message(self, *, QueueUrl: str, MessageBody: str) -> Any:
        assert len(MessageBody) < 256 * 1024
        return self._call(lambda: self.dead.append(json.loads(MessageBody)))

    def invoke_endpoint(
        self, *, EndpointName: str, ContentType: str, Accept: str, Body: bytes
    ) -> Any:
        assert (ContentType, Accept) == ("text/csv", "application/jsonlines")
        rows = [[float(cell) for cell in line.split(",")] for line in Body.decode().splitlines()]
        self.requests.append(rows)

        def answer() -> Any:
            lines = [json.dumps({"score": score}) for score in self.endpoint(rows)]
            return {"Body": io.BytesIO(self.between_lines.join(lines).encode())}

        return self._call(answer)

    def scores(self) -> list[dict[str, Any]]:
        """What Firehose got, line by line."""
        assert all(line.endswith(b"\n") for line in self.lines)
        return [json.loads(line) for line in self.lines]


def scores_of(rows: list[list[float]]) -> list[Any]:
    """A score that tells every row from every other."""
    return [sum(abs(value) * (index + 1) for index, value in enumerate(row)) for row in rows]


class Lab:
    """One execution environment at a time; `restart` makes a new one."""

    def __init__(self, services: Services, **environment: str) -> None:
        self.services = services
        self.environment = {**ENVIRONMENT, **environment}
        self.now = 0.0
        self.restart()

    def restart(self) -> None:
        """As after a crash: everything in memory is gone, the breaker too."""
        scorer = HANDLER.build(self.environment, self.services, HANDLER.Breaker(lambda: self.now))
        scorer._endpoint._sleep = scorer._outlets._sleep = scorer._table._sleep = self.pause
        scorer._model._clock = scorer._table._clock = lambda: self.now
        self.scorer = scorer

    def pause(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds

    def send(self, records: list[dict[str, Any]]) -> str | None:
        """One invocation: the sequence number that it reports as failed."""
        failed_at: str | None = self.scorer.process(records, lambda: True)
        return failed_at


def at(minute: float) -> str:
    """A time on the grid, or between its places."""
    seconds = round(minute * 60)
    return f"2026-11-22T{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}Z"


def record(number: int, data: bytes, key: str = "cpu") -> dict[str, Any]:
    """A Kinesis record of an event."""
    return {
        "eventID": f"shardId-000000000000:{number}",
        "kinesis": {
            "sequenceNumber": str(number),
            "partitionKey": key,
            "data": base64.b64encode(data).decode(),
            "approximateArrivalTimestamp": 1.0,
        },
    }


def point(number: int, series: str, minute: float, value: float) -> dict[str, Any]:
    """A record with a point."""
    body = {"series": series, "timestamp": at(minute), "value": value}
    return record(number, json.dumps(body).encode(), series)
