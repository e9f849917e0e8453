"""A stream whose points are scored as they flow: every service of the path, live, and one mapping.

PutRecords -> event source mapping -> lambda/score_stream in a process of its own -> endpoint with
the random cut forest's stand-in in another one -> DynamoDB -> Firehose -> S3.
"""

from __future__ import annotations

import io
import json
import threading
import time
import zipfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.cloud import BenchCloud
from benchmarks.endpoint import host, serve
from benchmarks.lambda_bill import billed_ms
from penstock.localcloud.engines.random_cut_forest.model import ForestModel
from penstock.localcloud.record_store.store import RecordStore
from penstock.localcloud.shims import dynamodb, event_sources, firehose, functions, kinesis, sns
from penstock.localcloud.workers.event_sources import EventSourcesWorker
from penstock.localcloud.workers.firehose import DeliveryWorker
from penstock.localcloud.workers.functions import FunctionsWorker
from penstock.localcloud.workers.functions.environment import InvocationResult
from penstock.series import Row

FOLDER = Path(__file__).resolve().parents[1] / "lambda" / "score_stream"
SCHEMA = {
    "identity_fields": ["series", "timestamp"],
    "record_kb": 4,
    "fields": [
        {"name": "series", "type": "string"},
        {"name": "timestamp", "type": "timestamp"},
        {"name": "value", "type": "number"},
    ],
}
STREAM, SCORES, TABLE, FUNCTION, ENDPOINT = "points", "scores", "windows", "score", "anomaly-bench"
LAKE, ARTIFACTS, RUN, PARAMETER = "lake", "artifacts", "run", "/model"
GRID_SECONDS = 300
MEMORY_MB = 256  # pipelines.spec.Scoring's
TIMEOUT_SECONDS = 60
PUT_RECORDS = 400  # a multiple of the batches, so that they are full; PutRecords takes 500
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


class BilledFunctions(event_sources.DeployedFunctions):
    """Functions whose logs are kept for their billed durations."""

    def __init__(self, **named: Any) -> None:
        super().__init__(**named)
        self._lock = threading.Lock()
        self._logs: list[str] = []
        self.failure = ""

    def invoke(self, function_arn: str, event: str) -> InvocationResult:
        """Run it, as a mapping asks."""
        result = super().invoke(function_arn, event)
        with self._lock:
            self._logs.append(result.log_text)
            if result.failed:
                self.failure = result.log_text
        return result

    def take(self) -> list[int]:
        """The billed milliseconds of the invocations since the last call."""
        with self._lock:
            taken, self._logs = self._logs, []
        return [billed_ms(log_text) for log_text in taken]


class ScoredStream:
    """The path, with `model` behind the endpoint; a threshold that no score reaches."""

    def __init__(
        self,
        cloud: BenchCloud,
        workers: ExitStack,
        *,
        model: ForestModel,
        window_points: int,
        row: Row,
        series: Sequence[str],
    ) -> None:
        self._client = cloud.client
        self._cloud = cloud
        self._window_points = window_points
        self._row = row
        self._delivery = self._start(workers)
        host(cloud, workers)
        serve(cloud, ENDPOINT, algorithm="randomcutforest", model=model)
        self._prepare(series)
        self._mapping = ""

    def map(self, batch_records: int) -> None:
        """Let the function get so many records at once; the mapping before is deleted."""
        if self._mapping:
            self._client("lambda").delete_event_source_mapping(UUID=self._mapping)
        found = self._client("kinesis").describe_stream_summary(StreamName=STREAM)
        answer = self._client("lambda").create_event_source_mapping(
            EventSourceArn=found["StreamDescriptionSummary"]["StreamARN"],
            FunctionName=FUNCTION,
            StartingPosition="LATEST",
            BatchSize=batch_records,
            BisectBatchOnFunctionError=True,
            FunctionResponseTypes=["ReportBatchItemFailures"],
        )
        self._mapping = str(answer["UUID"])

    def score(self, records: Sequence[tuple[str, bytes]], scored: int) -> tuple[float, list[int]]:
        """Put records (partition key, data), wait until they are processed and S3 has the scores.

        Args:
            records: with times after those of the last call.
            scored: how many of them will have a score: those with a complete window.

        Returns:
            Seconds, and each invocation's billed milliseconds.
        """
        kinesis = self._client("kinesis")
        self._billed.take()
        expected = self._delivery.account(SCORES).delivered + scored
        processed = self._sources.counts(self._mapping).processed + len(records)
        started = time.perf_counter()
        for start in range(0, len(records), PUT_RECORDS):
            kinesis.put_records(
                StreamName=STREAM,
                Records=[
                    {"PartitionKey": key, "Data": data}
                    for key, data in records[start : start + PUT_RECORDS]
                ],
            )
        while True:
            account = self._delivery.account(SCORES)
            counts = self._sources.counts(self._mapping)
            if account.delivered >= expected and counts.processed >= processed:
                break
            if self._billed.failure:
                raise RuntimeError(f"an invocation failed: {self._billed.failure}")
            time.sleep(0.01)
        taken = time.perf_counter() - started
        if account.delivered != expected or account.pending or counts.pending or counts.discarded:
            raise RuntimeError(f"not every point was scored once: {account}, {counts}")
        return taken, self._billed.take()

    def _start(self, workers: ExitStack) -> DeliveryWorker:
        context, patches = self._cloud.context, self._cloud.patches
        run, delivery = FunctionsWorker(context), DeliveryWorker(context)
        self._billed = BilledFunctions(
            invoker=run, account_id=context.account_id, region=context.region
        )
        self._sources = EventSourcesWorker(context, self._billed)
        functions.install(patches, invoker=run)
        firehose.install(patches, delivery=delivery)
        event_sources.install(patches, mappings=self._sources)
        store = RecordStore(context.workdir / "streams")
        kinesis.install(patches, clock=context.clock, written=self._sources.written, store=store)
        dynamodb.install(patches)
        sns.install(patches, refusal=lambda *_: None)
        for worker in (run, delivery, self._sources):
            worker.start()
            workers.callback(worker.stop)
        return delivery

    def _prepare(self, series: Sequence[str]) -> None:
        client = self._client
        for bucket in (LAKE, ARTIFACTS):
            client("s3").create_bucket(Bucket=bucket)
        client("kinesis").create_stream(StreamName=STREAM, ShardCount=1)
        client("firehose").create_delivery_stream(
            DeliveryStreamName=SCORES,
            ExtendedS3DestinationConfiguration={
                "RoleARN": self._cloud.role_arn,
                "BucketARN": f"arn:aws:s3:::{LAKE}",
                "Prefix": "scores/",
                "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 60},
            },
        )
        client("dynamodb").create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "series", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "series", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        self._approve(series)
        self._create_function()

    def _approve(self, series: Sequence[str]) -> None:
        """A model package is served, and its run's figures lie where the function looks."""
        client = self._client
        client("sagemaker").create_model_package_group(ModelPackageGroupName=ENDPOINT)
        package = client("sagemaker").create_model_package(
            ModelPackageGroupName=ENDPOINT,
            ModelApprovalStatus="Approved",
            CustomerMetadataProperties={"run": RUN},
        )["ModelPackageArn"]
        figures = {"grid_seconds": GRID_SECONDS, "mean": 0.0, "sd": 1.0}
        settings = {
            "window_points": self._window_points,
            "row": self._row,
            "score_mean": 0.0,
            "score_sd": 1.0,
            "series": dict.fromkeys(series, figures),
        }
        client("s3").put_object(
            Bucket=ARTIFACTS, Key=f"scoring/{RUN}/settings.json", Body=json.dumps(settings).encode()
        )
        client("ssm").put_parameter(Name=PARAMETER, Value=package, Type="String")

    def _create_function(self) -> None:
        client = self._client
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            for path in FOLDER.glob("*.py"):
                archive.write(path, path.name)
        client("sqs").create_queue(QueueName="dead")
        variables = {
            "RECORD_SCHEMA": json.dumps(SCHEMA),
            "SERIES_FIELD": "series",
            "TIME_FIELD": "timestamp",
            "VALUE_FIELD": "value",
            "WINDOW_POINTS": str(self._window_points),
            "ENDPOINT_NAME": ENDPOINT,
            "MODEL_PARAMETER": PARAMETER,
            "ARTIFACTS_BUCKET": ARTIFACTS,
            "SETTINGS_PREFIX": "scoring/",
            "TABLE_NAME": TABLE,
            "KEEP_SECONDS": "100000",
            "DELIVERY_STREAM_NAME": SCORES,
            "ALERTS_TOPIC_ARN": client("sns").create_topic(Name="alerts")["TopicArn"],
            "DEAD_LETTER_QUEUE_URL": client("sqs").get_queue_url(QueueName="dead")["QueueUrl"],
            "ALERT_AT": "1000000",
            "TIMEOUT_SECONDS": str(TIMEOUT_SECONDS),
        }
        client("lambda").create_function(
            FunctionName=FUNCTION,
            Runtime="python3.13",
            Role=self._cloud.role_arn,
            Handler="handler.handler",
            Code={"ZipFile": code.getvalue()},
            Environment={"Variables": variables},
            Timeout=TIMEOUT_SECONDS,
            MemorySize=MEMORY_MB,
        )


def record(series: str, number: int, value: float) -> tuple[str, bytes]:
    """The `number`th point of a series: partition key and data."""
    time_of_it = BEGAN + timedelta(seconds=number * GRID_SECONDS)
    point = {"series": series, "timestamp": time_of_it.isoformat(), "value": value}
    return series, json.dumps(point).encode()
