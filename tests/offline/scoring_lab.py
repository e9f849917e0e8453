"""The stream's scorer in a bare local cloud: its mapping, its package, the services around it."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.firehose.models import FirehoseBackend

from penstock.localcloud.shims import dynamodb, sagemaker_runtime
from penstock.localcloud.workers.hosting import Answer, ModelError, Request
from tests.offline.event_sources_lab import EventSourcesLab, event_sources_lab

FOLDER = Path(__file__).parents[2] / "lambda" / "score_stream"
WINDOW = 4
SERIES = ("cpu", "disk", "network")
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
    "row": "points",
    "score_mean": 10.0,
    "score_sd": 1.0,
    "series": {name: {"grid_seconds": 300, "mean": 1.0, "sd": 2.0} for name in SERIES},
}


@dataclass
class Endpoint:
    """Answers with the sum of each row; fails until a time when it is told to."""

    lab: EventSourcesLab
    called: Callable[[str], None]
    fails_until: datetime | None = None
    requests: int = 0
    rows: list[str] = field(default_factory=list)

    def __call__(self, name: str, request: Request) -> Answer:
        assert name == "anomaly-dev"
        self.requests += 1
        self.called("asked")
        if self.fails_until is not None and self.lab.cloud.context.clock.now() < self.fails_until:
            raise ModelError(status=500, message="down", original="down", log_stream_arn="arn")
        rows = request.body.decode().splitlines()
        self.rows += rows
        lines = [json.dumps({"score": sum(map(float, row.split(",")))}) for row in rows]
        return Answer("\n".join(lines).encode(), "application/jsonlines", "main")


class ScoringLab:
    """A stream that is scored, and what comes of it.

    `on_call` is told where the function is while it waits for an answer, with a number that
    counts: "asked" (the endpoint has a request), "decided" (the table has a full outbox), "told"
    (Firehose has lines), "emptied" (the table has the outbox empty). `lines` are what Firehose
    took, in order.
    """

    def __init__(self, lab: EventSourcesLab) -> None:
        self.lab = lab
        self.client = lab.client
        self.on_call: Callable[[str, int], None] = lambda place, number: None
        self.lines: list[bytes] = []
        self._calls: Counter[str] = Counter()
        self._counting = threading.Lock()
        dynamodb.install(lab.cloud.patches)
        self._tap(DynamoDBBackend, "put_item", self._written)
        self._tap(FirehoseBackend, "put_record_batch", self._told)
        self.endpoint = Endpoint(lab, self._called)
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

    def _tap(self, owner: Any, name: str, then: Callable[[Any], None]) -> None:
        def call(backend: Any, *arguments: Any, **options: Any) -> Any:
            answer = stock(backend, *arguments, **options)
            then([*arguments, *options.values()][1])
            return answer

        stock = self.lab.cloud.patches.replace(owner, name, call)

    def _written(self, item: dict[str, Any]) -> None:
        self._called("emptied" if item["outbox"]["S"] == "{}" else "decided")

    def _told(self, records: list[dict[str, bytes]]) -> None:
        self.lines += [record["Data"] for record in records]
        self._called("told")

    def _called(self, place: str) -> None:
        with self._counting:
            self._calls[place] += 1
            number = self._calls[place]
        self.on_call(place, number)

    def kill(self) -> None:
        """End the function's processes that work on a batch, as a failing host would."""
        for environment in list(self.lab.functions._busy):
            environment.kill()

    @property
    def is_working(self) -> bool:
        """Whether the function has a batch."""
        return bool(self.lab.functions._busy)

    @contextmanager
    def held_at(self, place: str) -> Iterator[threading.Event]:
        """From the next call there, which the event tells, the function waits until the end."""
        reached, go_on = threading.Event(), threading.Event()

        def hold(called: str, _number: int) -> None:
            if called == place:
                reached.set()
                assert go_on.wait(20)

        self.on_call = hold
        try:
            yield reached
        finally:
            go_on.set()
            self.on_call = lambda place, number: None

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


@contextmanager
def scoring_lab(workdir: Path, faults: Iterable[str] = ()) -> Iterator[ScoringLab]:
    """A lab on a server of its own."""
    with event_sources_lab(workdir, faults) as lab:
        yield ScoringLab(lab)
