"""The stream's scorer for real: a mapping, the function's own package, boto3 and the services."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from penstock.localcloud.shims import dynamodb, sagemaker_runtime
from penstock.localcloud.workers.hosting import Answer, ModelError, Request
from tests.offline.event_sources_lab import EventSourcesLab, event_sources_lab

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("stream-scoring")]

FOLDER = Path(__file__).parents[2] / "lambda" / "score_stream"
WINDOW = 4
SERIES = ("cpu", "disk", "network")
POINTS = 30
SCHEMA = {
    "identity_fields": ["series", "timestamp"],
    "record_kb": 4,
    "fields": [
        {"name": "series", "type": "string"},
        {"name": "timestamp", "type": "timestamp"},
        {"name": "value", "type": "number"},
    ],
}
FIGURES = {
    "window_points": WINDOW,
    "score_mean": 10.0,
    "score_sd": 1.0,
    "series": {name: {"grid_seconds": 300, "mean": 1.0, "sd": 2.0} for name in SERIES},
}


@dataclass
class Endpoint:
    """Answers with the sum of each row; fails until a time when it is told to."""

    lab: EventSourcesLab
    fails_until: datetime | None = None
    requests: int = 0
    rows: list[str] = field(default_factory=list)

    def __call__(self, name: str, request: Request) -> Answer:
        assert name == "anomaly-dev"
        self.requests += 1
        if self.fails_until is not None and self.lab.cloud.context.clock.now() < self.fails_until:
            raise ModelError(status=500, message="down", original="down", log_stream_arn="arn")
        rows = request.body.decode().splitlines()
        self.rows += rows
        lines = [json.dumps({"score": sum(map(float, row.split(",")))}) for row in rows]
        return Answer("\n".join(lines).encode(), "application/jsonlines", "main")


class ScoringLab:
    """A stream that is scored, and what comes of it."""

    def __init__(self, lab: EventSourcesLab) -> None:
        self.lab = lab
        self.client = lab.client
        dynamodb.install(lab.cloud.patches)
        self.endpoint = Endpoint(lab)
        sagemaker_runtime.install(lab.cloud.patches, invoke=self.endpoint)
        self.stream, self.dead, self.alerts = lab.stream(shards=2), lab.queue(), lab.queue()
        topic = self.client("sns").create_topic(Name="alerts")["TopicArn"]
        self.client("sns").subscribe(
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=self.alerts,
            Attributes={"RawMessageDelivery": "true"},
        )
        for bucket in ("lake", "artifacts"):
            self.client("s3").create_bucket(Bucket=bucket)
        self.client("firehose").create_delivery_stream(
            DeliveryStreamName="scores",
            ExtendedS3DestinationConfiguration={
                "RoleARN": lab.cloud.role_arn,
                "BucketARN": "arn:aws:s3:::lake",
                "Prefix": "scores/",
            },
        )
        self.client("dynamodb").create_table(
            TableName="windows",
            KeySchema=[{"AttributeName": "series", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "series", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        self.client("ssm").put_parameter(Name="/model", Value="none", Type="String")
        self.mapping = self._map(topic)

    def _map(self, topic: str) -> str:
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            for path in FOLDER.glob("*.py"):
                archive.writestr(path.name, path.read_bytes())
        variables = {
            "RECORD_SCHEMA": json.dumps(SCHEMA),
            "SERIES_FIELD": "series",
            "TIME_FIELD": "timestamp",
            "VALUE_FIELD": "value",
            "WINDOW_POINTS": str(WINDOW),
            "ENDPOINT_NAME": "anomaly-dev",
            "MODEL_PARAMETER": "/model",
            "ARTIFACTS_BUCKET": "artifacts",
            "SETTINGS_PREFIX": "scoring/",
            "TABLE_NAME": "windows",
            "KEEP_SECONDS": "100000",
            "DELIVERY_STREAM_NAME": "scores",
            "ALERTS_TOPIC_ARN": topic,
            "DEAD_LETTER_QUEUE_URL": self.lab.url(self.dead),
            "ALERT_AT": "",
            "TIMEOUT_SECONDS": "60",
        }
        self.client("lambda").create_function(
            FunctionName="score",
            Runtime="python3.13",
            Role=self.lab.cloud.role_arn,
            Handler="handler.handler",
            Code={"ZipFile": content.getvalue()},
            Environment={"Variables": variables},
            Timeout=60,
        )
        return self.lab.map(
            self.stream,
            "score",
            BatchSize=20,
            ParallelizationFactor=2,
            BisectBatchOnFunctionError=True,
            FunctionResponseTypes=["ReportBatchItemFailures"],
            MaximumRecordAgeInSeconds=21_600,
            DestinationConfig={"OnFailure": {"Destination": self.dead}},
        )

    def serve(self) -> None:
        """A model is approved; its figures lie where the function looks for them."""
        sagemaker = self.client("sagemaker")
        sagemaker.create_model_package_group(ModelPackageGroupName="anomaly-dev")
        package = sagemaker.create_model_package(
            ModelPackageGroupName="anomaly-dev",
            ModelApprovalStatus="Approved",
            CustomerMetadataProperties={"run": "run1"},
        )["ModelPackageArn"]
        self.client("s3").put_object(
            Bucket="artifacts", Key="scoring/run1/settings.json", Body=json.dumps(FIGURES).encode()
        )
        self.client("ssm").put_parameter(Name="/model", Value=package, Overwrite=True)

    def put(self, *points: tuple[str, int, float]) -> None:
        """Points by series, number and value."""
        began = datetime(2026, 11, 22)
        self.lab.put(
            self.stream,
            *(
                (
                    name,
                    json.dumps(
                        {
                            "series": name,
                            "timestamp": (began + timedelta(minutes=5 * number)).isoformat(),
                            "value": value,
                        }
                    ),
                )
                for name, number, value in points
            ),
        )

    def scores(self) -> list[dict[str, Any]]:
        """What Firehose wrote."""
        s3, found = self.client("s3"), []
        for listed in s3.list_objects_v2(Bucket="lake", Prefix="scores/").get("Contents", []):
            body = s3.get_object(Bucket="lake", Key=listed["Key"])["Body"].read()
            found += [json.loads(line) for line in body.splitlines()]
        return found


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScoringLab]:
    with event_sources_lab(tmp_path_factory.mktemp("cloud")) as lab:
        yield ScoringLab(lab)


def test_points_are_scored_once_and_in_order_through_ten_minutes_without_an_endpoint(
    lab: ScoringLab,
) -> None:
    clock = lab.lab.cloud.context.clock
    # before there is a model: nothing is scored, nothing waits
    lab.put(*((name, number, 1.0) for number in range(5) for name in SERIES))
    lab.lab.settled(lab.mapping, 15, seconds=60)
    assert lab.scores() == []
    assert lab.endpoint.requests == 0

    lab.serve()
    began = clock.now()
    lab.endpoint.fails_until = began + timedelta(minutes=10)
    points = [(name, number, float(number % 4)) for number in range(5, POINTS) for name in SERIES]
    lab.put(*points[:30])
    lab.lab.put(lab.stream, ("cpu", "{no json"), ("disk", "[]"))
    lab.put(*points[20:])  # ten of them again
    lab.put(("cpu", POINTS, 99.0), ("cpu", POINTS, 99.0))
    lab.lab.settled(lab.mapping, 15 + len(points) + 10 + 2 + 2, seconds=120)
    assert (clock.now() - began).total_seconds() >= 600
    assert lab.endpoint.requests < 100

    scores = lab.scores()
    assert len(scores) == len(points) + 1
    for name in SERIES:
        times = [score["timestamp"] for score in scores if score["series"] == name]
        assert len(times) == len(set(times)) == POINTS - 5 + (name == "cpu")
        (item,) = lab.client("dynamodb").query(
            TableName="windows",
            KeyConditionExpression="series = :name",
            ExpressionAttributeValues={":name": {"S": name}},
        )["Items"]
        assert (item["scored"]["N"], item["skipped"]["N"]) == (str(len(times)), "5")
        assert item["outbox"] == {"S": "{}"}

    dead = [json.loads(body) for body in lab.lab.messages(lab.dead, 2)]
    assert {letter["partition_key"] for letter in dead} == {"cpu", "disk"}
    assert all("JSON" in letter["reason"] for letter in dead)
    (alert,) = (json.loads(body) for body in lab.lab.messages(lab.alerts, 1))
    assert (alert["series"], alert["threshold"]) == ("cpu", 13.0)
    assert [value["value"] for value in alert["values"]] == [3.0, 0.0, 1.0, 99.0]
    assert lab.lab.messages(lab.dead, 0) == lab.lab.messages(lab.alerts, 0) == []
