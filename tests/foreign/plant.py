"""The deployed foreign stack as its owner's programs see it: boto3 and the stack's outputs."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from penstock.localcloud.cloud import LocalCloud
from tests.foreign.assembly import STACK

PATIENCE_SECONDS = 120
BATCH = 500
ENDPOINT = "defect-grader"
JOB_LOGS = "/aws/sagemaker/TrainingJobs"

T = TypeVar("T")


@dataclass(frozen=True)
class Plant:
    """One deployment of the stack."""

    cloud: LocalCloud
    outputs: dict[str, str]

    def client(self, service: str) -> Any:
        """A boto3 client with the deployer's credentials."""
        return self.cloud.context.clients.deployer(service)

    # -- in

    def send_readings(self, records: Sequence[bytes]) -> None:
        """Put raw records on the sensor feed."""
        kinesis = self.client("kinesis")
        for start in range(0, len(records), BATCH):
            answer = kinesis.put_records(
                StreamName=self.outputs["Feed"],
                Records=[
                    {"Data": data, "PartitionKey": str(number)}
                    for number, data in enumerate(records[start : start + BATCH])
                ],
            )
            assert answer["FailedRecordCount"] == 0

    def put_directly(self, output: str, records: Sequence[bytes]) -> None:
        """Put raw records into the delivery stream that the stack's output names."""
        answer = self.client("firehose").put_record_batch(
            DeliveryStreamName=self.outputs[output], Records=[{"Data": data} for data in records]
        )
        assert answer["FailedPutCount"] == 0

    def place(self, key: str, body: bytes) -> None:
        """Put an object into the landing bucket, past all streams."""
        self.client("s3").put_object(Bucket=self.outputs["Bucket"], Key=key, Body=body)

    # -- out

    def objects(self, prefix: str) -> dict[str, bytes]:
        """Key and content of what is below `prefix` in the landing bucket."""
        s3, bucket = self.client("s3"), self.outputs["Bucket"]
        listed = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
        return {
            item["Key"]: s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
            for item in listed
        }

    def lines(self, prefix: str) -> list[str]:
        """All lines of the objects below `prefix`."""
        return [line for body in self.objects(prefix).values() for line in decoded(body)]

    def rejected(self) -> list[dict[str, Any]]:
        """The error records of the readings."""
        return [json.loads(line) for line in self.lines("telemetry/rejected/")]

    def writer_said(self) -> list[dict[str, Any]]:
        """What the line writer printed, as it is JSON by line."""
        return [
            json.loads(message)
            for _, message in self.log(self.outputs["WriterLogs"])
            if message.startswith("{")
        ]

    def log(self, group: str) -> list[tuple[str, str]]:
        """(stream, message) of a log group; empty when it does not exist yet."""
        logs = self.client("logs")
        if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
            return []
        found: list[tuple[str, str]] = []
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group):
            found += [(e["logStreamName"], e["message"].rstrip("\n")) for e in page["events"]]
        return found

    # -- training

    def start_training(self, run: str) -> str:
        """Start the training machine; `run` names job, model and configuration."""
        answer = self.client("stepfunctions").start_execution(
            stateMachineArn=self.outputs["TrainingMachine"],
            input=json.dumps({"grade_run": run}),
        )
        return str(answer["executionArn"])

    def finished(self, execution: str) -> dict[str, Any]:
        """DescribeExecution's answer once the execution is over."""

        def look() -> dict[str, Any] | None:
            described: dict[str, Any] = self.client("stepfunctions").describe_execution(
                executionArn=execution
            )
            return None if described["status"] == "RUNNING" else described

        return until(look, "the training machine ends")

    def trained(self, run: str) -> dict[str, Any]:
        """DescribeTrainingJob's answer once the job has ended, or AssertionError if it failed."""

        def look() -> dict[str, Any] | None:
            sagemaker = self.client("sagemaker")
            jobs = sagemaker.list_training_jobs()["TrainingJobSummaries"]
            if run not in [job["TrainingJobName"] for job in jobs]:
                return None
            job: dict[str, Any] = sagemaker.describe_training_job(TrainingJobName=run)
            return None if job["TrainingJobStatus"] == "InProgress" else job

        job = until(look, f"training job {run} ends")
        assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
        return job

    def job_log(self, run: str) -> list[tuple[str, str]]:
        """(stream, message) of one training job."""
        return [entry for entry in self.log(JOB_LOGS) if entry[0].startswith(f"{run}/")]

    def grade(self, rows: Sequence[Sequence[float]]) -> list[int]:
        """The endpoint's answer for rows of measurements."""
        body = "\n".join(",".join(f"{value:.6g}" for value in row) for row in rows)
        answer = self.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=ENDPOINT, ContentType="text/csv", Accept="application/json", Body=body
        )
        predictions = json.loads(answer["Body"].read())["predictions"]
        return [int(one["predicted_label"]) for one in predictions]


@contextmanager
def deployed(assembly: Path, workdir: Path) -> Iterator[Plant]:
    """The stack of `assembly` in a local cloud of its own."""
    with LocalCloud.for_assembly(assembly, workdir=workdir) as cloud:
        yield Plant(cloud, cloud.deploy(assembly)[STACK])


def until(look: Callable[[], T | None], what: str) -> T:
    """The first answer of `look` that is true or not empty; fails after two minutes."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        answer = look()
        if answer:
            return answer
        time.sleep(0.1)
    raise AssertionError(f"waited {PATIENCE_SECONDS} s in vain until {what}")


def decoded(body: bytes) -> list[str]:
    """Lines of an object, gzip or not."""
    plain = gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
    return plain.decode().splitlines()
