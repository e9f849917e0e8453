"""The record account: each object once, failures by kind with the logged reason, no guessing."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from penstock.scenario.account import Bookkeeper
from penstock.scenario.aws import Aws, Stage, StepFailedError
from penstock.scenario.progress import Step, Timeline
from penstock.scenario.run import Scenario

OUTPUTS = {
    "LakeBucketName": "lake",
    "RecordsPrefix": "records/",
    "ErrorsPrefix": "errors/",
    "TransformLogGroupName": "log",
    "StreamName": "s",
}
STAGE = Stage("digits", "dev", OUTPUTS)


class Cloud:
    """A lake, a log and a stream; `arriving` appears in the lake when records are sent."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.log: list[str] = []
        self.arriving: dict[str, bytes] = {}
        self.refused = 0

    def get_paginator(self, operation: str) -> Any:
        return {"list_objects_v2": Listing, "filter_log_events": Log}[operation](self)

    def get_object(self, *, Key: str, **_request: Any) -> dict[str, Any]:
        return {"Body": io.BytesIO(self.objects[Key])}

    def put_records(self, *, Records: Sequence[Any], **_request: Any) -> dict[str, Any]:
        self.objects.update(self.arriving)
        return {"Records": [{"SequenceNumber": "1"} for _ in Records]}


class Listing:
    """Two keys a page."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def paginate(self, *, Prefix: str, **_request: Any) -> Iterator[dict[str, Any]]:
        keys = sorted(key for key in self._cloud.objects if key.startswith(Prefix))
        for start in range(0, len(keys), 2):
            yield {"Contents": [{"Key": key} for key in keys[start : start + 2]]}
        yield {}


class Log:
    """All events in one page."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def paginate(self, **_request: Any) -> Iterator[dict[str, Any]]:
        yield {"events": [{"message": message} for message in self._cloud.log]}


def parquet(rows: int) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table({"id": list(range(rows))}), file)
    return file.getvalue()


def errors(*raws: bytes, **fields: str) -> bytes:
    lines = [json.dumps({"rawData": base64.b64encode(raw).decode(), **fields}) for raw in raws]
    return "\n".join(lines).encode() + b"\n"


def aws(cloud: Cloud) -> Aws:
    return Aws(client=lambda _service: cloud, poll_seconds=0.01, patience_seconds=0.3)


def keeper(cloud: Cloud) -> Bookkeeper:
    return Bookkeeper(aws(cloud), STAGE, since_ms=0)


def test_every_object_counts_once_however_often_one_looks() -> None:
    cloud = Cloud()
    book = keeper(cloud)
    cloud.objects = {f"records/{n}": parquet(n) for n in range(1, 6)}
    assert book.look().delivered == book.look().delivered == 15
    cloud.objects["records/late"] = parquet(2)
    assert book.look().delivered == 17


def test_what_an_earlier_run_left_is_not_this_runs() -> None:
    cloud = Cloud()
    cloud.objects = {"records/old": parquet(9), "errors/processing-failed/old": errors(b"x")}
    book = keeper(cloud)
    assert book.look().accounted == 0


def test_failures_are_counted_by_kind_with_the_reason_of_the_same_bytes() -> None:
    cloud = Cloud()
    book = keeper(cloud)
    cloud.objects = {
        "errors/processing-failed/year=2026/a": errors(b"one", b"two", errorMessage="general"),
        "errors/format-conversion-failed/year=2026/b": errors(b"3", lastErrorMessage="no double"),
    }
    cloud.log = [
        "START RequestId: 1",
        json.dumps({"event": "batch", "records": 2}),
        *(
            json.dumps(
                {
                    "event": "record_failed",
                    "record_id": f"id of {raw.decode()}",
                    "sha256": hashlib.sha256(raw).hexdigest(),
                    "reason": f"{raw.decode()} is wrong",
                }
            )
            for raw in (b"two", b"one")
        ),
    ]
    account = book.look()
    book.explain_failures()
    assert account.failed == {"source": 0, "transform": 2, "conversion": 1}
    assert [f["reason"] for f in account.failures] == ["no double", "one is wrong", "two is wrong"]
    assert [f.get("record_id") for f in account.failures] == [None, "id of one", "id of two"]


def test_dropped_records_are_those_that_the_log_names_each_once() -> None:
    cloud = Cloud()
    line = json.dumps({"event": "record_dropped", "record_id": "a"})
    cloud.log = [line, line, json.dumps({"event": "record_dropped", "record_id": "b"})]
    assert keeper(cloud).look().dropped == 2


class Nobody:
    """Watches nothing."""

    def changed(self, step: Step) -> None:
        """No news is shown."""


def ingested(cloud: Cloud, records: int, *, alone: bool = True) -> dict[str, Any]:
    scenario = Scenario(aws(cloud), STAGE, Timeline(Nobody()), alone=alone)
    try:
        scenario.ingest([b"record %d" % number for number in range(records)])
    finally:
        cloud.log.clear()
    found: dict[str, Any] = scenario.findings["records"]
    return found


def test_ingest_ends_when_everything_that_was_sent_is_found() -> None:
    cloud = Cloud()
    cloud.arriving = {
        "records/a": parquet(4),
        "errors/processing-failed/b": errors(b"x"),
    }
    found = ingested(cloud, 5)
    assert (found["sent"], found["delivered"], found["failed"]["transform"]) == (5, 4, 1)


def test_a_record_that_is_lost_fails_the_step() -> None:
    cloud = Cloud()
    cloud.arriving = {"records/a": parquet(4)}
    with pytest.raises(StepFailedError, match="the 5 records that were sent, in vain"):
        ingested(cloud, 5)


def test_a_record_too_many_fails_the_step() -> None:
    cloud = Cloud()
    cloud.arriving = {"records/a": parquet(6)}
    with pytest.raises(StepFailedError, match="6 records accounted for, but only 5 were sent"):
        ingested(cloud, 5)


def test_beside_other_producers_a_record_too_many_is_theirs() -> None:
    cloud = Cloud()
    cloud.arriving = {"records/a": parquet(6)}
    assert ingested(cloud, 5, alone=False)["delivered"] == 6


def test_a_second_delivery_is_added_to_the_account_of_the_first() -> None:
    cloud = Cloud()
    scenario = Scenario(aws(cloud), STAGE, Timeline(Nobody()))
    cloud.arriving = {"records/a": parquet(3)}
    scenario.ingest([b"1", b"2", b"3"])
    scenario.findings["records"]["unique"] = 2
    cloud.arriving = {"records/b": parquet(1), "errors/processing-failed/c": errors(b"5")}
    scenario.ingest([b"4", b"5"])
    found = scenario.findings["records"]
    assert (found["sent"], found["delivered"], found["failed"]["transform"]) == (5, 4, 1)
    assert found["unique"] == 2
