"""A bare local cloud whose streams and queues invoke functions, and what tests ask of it."""

from __future__ import annotations

import io
import itertools
import json
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from penstock.localcloud.record_store.store import RecordStore
from penstock.localcloud.shims import event_sources, functions, kinesis, sns, sqs
from penstock.localcloud.workers.event_sources import EventSourcesWorker
from penstock.localcloud.workers.functions import FunctionsWorker
from tests.offline.bare_cloud import BareCloud, admitted, patched, running_server

# Notes what it is given in a file beside the tests, one line for each invocation.
RECORDER = """
import base64, json, os

def items(event):
    for record in event["Records"]:
        if "kinesis" in record:
            text = base64.b64decode(record["kinesis"]["data"]).decode()
            yield record["kinesis"]["sequenceNumber"], text
        else:
            yield record["messageId"], record["body"]

def note(what):
    with open(os.environ["NOTES"], "a") as notes:
        notes.write(json.dumps(what) + "\\n")

def failing():
    return os.path.exists(os.environ["NOTES"] + ".failing")

def handler(event, context):
    note({"event": event})
    if failing():
        raise RuntimeError("the endpoint does not answer")
    good, bad = [], []
    for identifier, text in items(event):
        if bad and os.environ.get("MODE") == "stream":
            break
        (bad if text.startswith("poison") else good).append((identifier, text))
    if os.environ["ON_POISON"] == "raise" and bad:
        raise ValueError(bad[0][1] + " cannot be read")
    note({"processed": [text for _, text in good]})
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier, _ in bad]}
"""


class EventSourcesLab:
    """Functions that note what they process; streams, queues and mappings by name."""

    def __init__(self, cloud: BareCloud, folder: Path) -> None:
        self.cloud = cloud
        self.folder = folder
        self._numbers = itertools.count()
        context = cloud.context
        self.functions = FunctionsWorker(context)
        functions.install(cloud.patches, invoker=self.functions)
        self.worker = EventSourcesWorker(
            context,
            event_sources.DeployedFunctions(
                invoker=self.functions, account_id=context.account_id, region=context.region
            ),
        )
        event_sources.install(cloud.patches, mappings=self.worker)
        store = RecordStore(context.workdir / "streams")
        kinesis.install(
            cloud.patches, clock=context.clock, written=self.worker.written, store=store
        )
        sqs.install(cloud.patches, clock=context.clock, written=self.worker.written)
        sns.install(cloud.patches, refusal=admitted)
        self.functions.start()
        self.client = cloud.client

    def close(self) -> None:
        self.worker.stop()
        self.functions.stop()

    def stream(self, shards: int = 1) -> str:
        """A new stream's ARN."""
        name = f"stream-{next(self._numbers)}"
        self.client("kinesis").create_stream(StreamName=name, ShardCount=shards)
        summary = self.client("kinesis").describe_stream_summary(StreamName=name)
        return str(summary["StreamDescriptionSummary"]["StreamARN"])

    def queue(self, **attributes: str) -> str:
        """A new queue's ARN."""
        name = f"queue-{next(self._numbers)}"
        self.client("sqs").create_queue(QueueName=name, Attributes=attributes)
        return f"arn:aws:sqs:us-east-1:123456789012:{name}"

    def url(self, queue_arn: str) -> str:
        name = queue_arn.rsplit(":", 1)[1]
        return str(self.client("sqs").get_queue_url(QueueName=name)["QueueUrl"])

    def messages(self, queue_arn: str, count: int, seconds: float = 60) -> list[str]:
        """The bodies of the queue's messages, once there are as many; they are taken out."""
        url, found = self.url(queue_arn), []
        deadline = time.monotonic() + seconds
        while len(found) < count:
            assert time.monotonic() < deadline, f"{len(found)} of {count} messages: {found}"
            answer = self.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
            for message in answer.get("Messages", []):
                found.append(message["Body"])
                self.client("sqs").delete_message(
                    QueueUrl=url, ReceiptHandle=message["ReceiptHandle"]
                )
            time.sleep(0.02)
        return found

    def function(self, *, on_poison: str = "raise", mode: str = "stream", **more: Any) -> str:
        """A new function's name; what it was given and what it processed are in its notes."""
        name = f"function-{next(self._numbers)}"
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr("handler.py", more.pop("source", RECORDER))
        variables = {
            "NOTES": str(self.folder / name),
            "ON_POISON": on_poison,
            "MODE": mode,
        }
        self.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=self.cloud.role_arn,
            Handler="handler.handler",
            Code={"ZipFile": content.getvalue()},
            Environment={"Variables": variables},
            Timeout=10,
            **more,
        )
        return name

    def fail(self, name: str, failing: bool) -> None:
        """Whether the function raises on everything from now on."""
        path = self.folder / f"{name}.failing"
        if failing:
            path.touch()
        else:
            path.unlink()

    def notes(self, name: str, what: str) -> list[Any]:
        """What the function noted under `what`: event or processed."""
        path = self.folder / name
        lines = path.read_text().splitlines() if path.exists() else []
        return [note[what] for note in map(json.loads, lines) if what in note]

    def processed(self, name: str) -> list[str]:
        """The texts of all records that the function processed, in its order."""
        return [text for batch in self.notes(name, "processed") for text in batch]

    def map(self, source_arn: str, name: str, **more: Any) -> str:
        """A new mapping's UUID."""
        if ":kinesis:" in source_arn:
            more.setdefault("StartingPosition", "TRIM_HORIZON")
        answer = self.client("lambda").create_event_source_mapping(
            EventSourceArn=source_arn, FunctionName=name, **more
        )
        return str(answer["UUID"])

    def put(self, stream_arn: str, *records: tuple[str, str]) -> None:
        """Records by partition key and text."""
        for start in range(0, len(records), 500):
            self.client("kinesis").put_records(
                StreamARN=stream_arn,
                Records=[
                    {"PartitionKey": key, "Data": text.encode()}
                    for key, text in records[start : start + 500]
                ],
            )

    def send(self, queue_arn: str, *bodies: str, **more: Any) -> None:
        for body in bodies:
            self.client("sqs").send_message(QueueUrl=self.url(queue_arn), MessageBody=body, **more)

    def until(
        self, done: Callable[[], bool], state: Callable[[], Any] = str, seconds: float = 60
    ) -> None:
        deadline = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < deadline, state()
            time.sleep(0.02)

    def settled(self, uuid: str, records: int, seconds: float = 60) -> None:
        """Wait until the mapping has read so many records and none is pending."""

        def done() -> bool:
            counts = self.worker.counts(uuid)
            return counts.read >= records and counts.pending == 0

        self.until(done, lambda: self.worker.counts(uuid), seconds)


@contextmanager
def event_sources_lab(workdir: Path, faults: Iterable[str] = ()) -> Iterator[EventSourcesLab]:
    """A lab on a server of its own."""
    notes = workdir / "notes"
    notes.mkdir()
    with running_server(workdir, faults) as context, patched(context) as cloud:
        lab = EventSourcesLab(cloud, notes)
        try:
            yield lab
        finally:
            lab.close()
