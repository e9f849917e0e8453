"""The ingestion of digits in a local cloud with faults: send records, look at the account."""

from __future__ import annotations

import base64
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from penstock.localcloud.assembly import read_assembly
from penstock.localcloud.cloud import LocalCloud
from penstock.localcloud.deploy import deploy
from penstock.scenario.aws import Aws, Stage
from penstock.scenario.deliveries import Deliveries
from penstock.scenario.progress import Step, Timeline

LAYERS = ("foundation", "lake", "ingestion")


class Nobody:
    """Watches nothing."""

    def changed(self, step: Step) -> None:
        """Look away."""


def digit(number: int, **changes: Any) -> bytes:
    """A record that fits the pipeline's schema."""
    record = {"id": f"d{number}", "pixels": [number % 17] * 64, "label": number % 10}
    return json.dumps(record | changes).encode()


def digits(count: int) -> list[bytes]:
    """Records that fit."""
    return [digit(number) for number in range(count)]


@dataclass
class Ingestion:
    """The deployed part of the pipeline, and what has become of the records that were sent."""

    cloud: LocalCloud
    stage: Stage
    findings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        aws = Aws(self.client, poll_seconds=0.05, patience_seconds=60)
        timeline = Timeline(Nobody())
        self._deliveries = Deliveries(aws, self.stage, timeline, self.findings, alone=True)

    def client(self, service: str) -> Any:
        """A client of whoever deployed."""
        return self.cloud.context.clients.deployer(service)

    def send(self, records: list[bytes]) -> dict[str, Any]:
        """Send them as a run does; the account of all records so far, which balances."""
        self._deliveries.send(records, "ingest")
        account: dict[str, Any] = self.findings["records"]
        failed = sum(account["failed"].values())
        assert account["sent"] == account["delivered"] + account["dropped"] + failed
        return account

    def rows(self) -> Counter[str]:
        """How often each id is in the lake."""
        found: Counter[str] = Counter()
        for body in self._bodies(self.stage["RecordsPrefix"]):
            found.update(pq.read_table(io.BytesIO(body)).column("id").to_pylist())
        return found

    def errors(self, kind: str) -> list[dict[str, Any]]:
        """The error lines below processing-failed or format-conversion-failed, data decoded."""
        lines = [
            json.loads(line)
            for body in self._bodies(f"{self.stage['ErrorsPrefix']}{kind}/")
            for line in body.splitlines()
        ]
        return [{**line, "rawData": base64.b64decode(line["rawData"])} for line in lines]

    def delivery_log(self, pattern: str) -> list[str]:
        """What Firehose wrote into its log group that fits the pattern."""
        answer = self.client("firehose").describe_delivery_stream(
            DeliveryStreamName=self.stage["DeliveryStreamName"]
        )
        (destination,) = answer["DeliveryStreamDescription"]["Destinations"]
        logging = destination["ExtendedS3DestinationDescription"]["CloudWatchLoggingOptions"]
        found = self.client("logs").filter_log_events(
            logGroupName=logging["LogGroupName"], filterPattern=pattern
        )
        return [event["message"] for event in found["events"]]

    def fault(self) -> tuple[int, str]:
        """How often the one fault happened, and its line."""
        (entry,) = self.cloud.context.faults.entries()
        return entry["happened"], entry["line"]

    def _bodies(self, prefix: str) -> list[bytes]:
        s3, bucket = self.client("s3"), self.stage["LakeBucketName"]
        listed = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
        return [s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read() for one in listed]


@contextmanager
def ingesting(assembly: Path, workdir: Path, faults: Iterable[str]) -> Iterator[Ingestion]:
    """Deploy stream, transform, delivery and lake."""
    whole = read_assembly(assembly)
    part = replace(
        whole, stacks=tuple(s for s in whole.stacks if s.name.rsplit("-", 1)[1] in LAYERS)
    )
    with LocalCloud(workdir=workdir / "cloud", faults=faults) as cloud:
        outputs = {
            name: value
            for found in deploy(part, cloud.context).values()
            for name, value in found.items()
        }
        yield Ingestion(cloud, Stage("digits", "dev", outputs))
