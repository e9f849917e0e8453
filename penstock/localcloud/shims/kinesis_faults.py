"""Kinesis refuses what was put, when a fault says so. Install it before the shim of Kinesis."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.kinesis.models import KinesisBackend

from penstock.localcloud.faults.faults import Faults
from penstock.localcloud.shims.patches import Patches

THROTTLED = "ProvisionedThroughputExceededException"


class ThroughputExceededError(JsonRESTError):  # type: ignore[misc]
    """A PutRecord call that is refused."""

    def __init__(self, message: str) -> None:
        super().__init__(THROTTLED, message)


class _Refused:
    """Records that were refused and have not come again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fault: dict[tuple[str, str], Counter[str]] = {}

    def note(self, fault: str, key: str, data: str) -> None:
        with self._lock:
            self._fault.setdefault((key, data), Counter())[fault] += 1

    def accepted(self, key: str, data: str) -> list[str]:
        """The faults that had refused this record."""
        with self._lock:
            return list(self._fault.pop((key, data), ()))


def install(patches: Patches, *, faults: Faults) -> None:
    """Refuse entries of PutRecords, and PutRecord calls, as the chosen faults say.

    The texts of the refusals: Kinesis API reference, PutRecords, example of a partial failure.
    """
    if faults.value("kinesis-throttling") is None:
        return
    refused = _Refused()

    def told(record: dict[str, Any]) -> None:
        for fault in refused.accepted(record["PartitionKey"], record["Data"]):
            faults.followed(fault, "accepted when it was sent again")

    def put_record(
        self: Any,
        stream_arn: str,
        stream_name: str,
        partition_key: str,
        explicit_hash_key: str,
        data: str,
    ) -> tuple[str, str]:
        record = {"PartitionKey": partition_key, "Data": data}
        if faults.due("kinesis-throttling") is not None:
            faults.happened("kinesis-throttling", f"PutRecord answered {THROTTLED}")
            refused.note("kinesis-throttling", partition_key, data)
            name = self.describe_stream(stream_arn=stream_arn, stream_name=stream_name).stream_name
            raise ThroughputExceededError(_message(self, name))
        answer: tuple[str, str] = stock_one(
            self, stream_arn, stream_name, partition_key, explicit_hash_key, data
        )
        told(record)
        return answer

    def put_records(
        self: Any, stream_arn: str, stream_name: str, records: list[dict[str, Any]]
    ) -> dict[str, Any]:
        stream = self.describe_stream(stream_arn=stream_arn, stream_name=stream_name)
        turned_down = [faults.due("kinesis-throttling") is not None for _ in records]
        taken = [record for record, out in zip(records, turned_down, strict=True) if not out]
        answer: dict[str, Any] = {"FailedRecordCount": 0, "Records": []}
        if taken:
            answer = stock_many(self, stream_arn, stream_name, taken)
        for record in taken:
            told(record)
        results = iter(answer["Records"])
        refusal = {"ErrorCode": THROTTLED, "ErrorMessage": _message(self, stream.stream_name)}
        for record, out in zip(records, turned_down, strict=True):
            if out:
                faults.happened("kinesis-throttling", f"entry of PutRecords answered {THROTTLED}")
                refused.note("kinesis-throttling", record["PartitionKey"], record["Data"])
        return {
            **answer,
            "FailedRecordCount": answer["FailedRecordCount"] + sum(turned_down),
            "Records": [dict(refusal) if out else next(results) for out in turned_down],
        }

    stock_one = patches.replace(KinesisBackend, "put_record", put_record)
    stock_many = patches.replace(KinesisBackend, "put_records", put_records)


def _message(backend: Any, stream_name: str) -> str:
    return f"Rate exceeded for shard in stream {stream_name} under account {backend.account_id}."
