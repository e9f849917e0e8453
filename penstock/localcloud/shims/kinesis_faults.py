"""Kinesis refuses what was put, when a fault says so. Install it before the shim of Kinesis."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.kinesis.models import KinesisBackend, Stream

from penstock.localcloud.clock import Clock
from penstock.localcloud.faults.faults import Faults
from penstock.localcloud.shims.kinesis_limits import ShardLimits
from penstock.localcloud.shims.patches import Patches

THROTTLING, FAILURES, HOT_SHARD = FAULTS = (
    "kinesis-throttling",
    "kinesis-partial-failures",
    "hot-shard",
)
THROTTLED = "ProvisionedThroughputExceededException"


@dataclass(frozen=True)
class Refusal:
    """Why a record is not taken: the fault, the service's code, and its text."""

    fault: str
    code: str
    message: str

    @property
    def entry(self) -> dict[str, str]:
        """The record's part of the answer of PutRecords."""
        return {"ErrorCode": self.code, "ErrorMessage": self.message}


class RefusedError(JsonRESTError):  # type: ignore[misc]
    """A PutRecord call that is refused."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code, refusal.message)


class Gate:
    """Says of each record that is put whether it is refused, and watches it come again.

    Codes and texts: Kinesis API reference, PutRecords and PutRecordsResultEntry.
    """

    def __init__(self, faults: Faults, clock: Clock) -> None:
        self._faults = faults
        self._limits = ShardLimits(clock)

    def refusal(
        self, stream: Any, record: dict[str, Any], *, is_one_of_many: bool
    ) -> Refusal | None:
        """Why that record is refused now, if it is."""
        refusal = self._judge(stream, record, is_one_of_many)
        thing = ("put", record["PartitionKey"], record["Data"])
        if refusal is None:
            self._faults.came_of([thing], "accepted when it was sent again")
            if self._is_hot(record):
                self._faults.happened(HOT_SHARD, "record hashed to the one shard")
            return None
        call = "entry of PutRecords" if is_one_of_many else "PutRecord"
        # a hot shard is the fault, what it refuses comes of that
        tell = self._faults.followed if refusal.fault == HOT_SHARD else self._faults.happened
        tell(refusal.fault, f"{call} refused with {refusal.code}", to=[thing])
        return refusal

    def _is_hot(self, record: dict[str, Any]) -> bool:
        share = self._faults.value(HOT_SHARD)
        return share is not None and is_hot(record["PartitionKey"], share)

    def _judge(self, stream: Any, record: dict[str, Any], is_one_of_many: bool) -> Refusal | None:
        shard_id = stream.get_shard_for_key(
            record["PartitionKey"], record.get("ExplicitHashKey")
        ).shard_id
        throttled = (
            f"Rate exceeded for shard {shard_id} in stream {stream.stream_name} under account "
            f"{stream.account_id}."
        )
        if self._faults.due(THROTTLING) is not None:
            return Refusal(THROTTLING, THROTTLED, throttled)
        if is_one_of_many and self._faults.due(FAILURES) is not None:
            return Refusal(FAILURES, "InternalFailure", "Internal service failure.")
        if self._faults.value(HOT_SHARD) is not None:
            size = len(record["Data"]) * 3 // 4 + len(record["PartitionKey"].encode())
            if not self._limits.take(stream.arn, shard_id, size):
                return Refusal(HOT_SHARD, THROTTLED, throttled)
        return None


def install(patches: Patches, *, faults: Faults, clock: Clock) -> None:
    """Refuse entries of PutRecords, and PutRecord calls, as the chosen faults say."""
    if all(faults.value(name) is None for name in FAULTS):
        return
    gate = Gate(faults, clock)

    def put_record(
        self: Any,
        stream_arn: str,
        stream_name: str,
        partition_key: str,
        explicit_hash_key: str,
        data: str,
    ) -> tuple[str, str]:
        stream = self.describe_stream(stream_arn=stream_arn, stream_name=stream_name)
        record = {
            "PartitionKey": partition_key,
            "ExplicitHashKey": explicit_hash_key,
            "Data": data,
        }
        refusal = gate.refusal(stream, record, is_one_of_many=False)
        if refusal is not None:
            raise RefusedError(refusal)
        answer: tuple[str, str] = stock_one(
            self, stream_arn, stream_name, partition_key, explicit_hash_key, data
        )
        return answer

    def put_records(
        self: Any, stream_arn: str, stream_name: str, records: list[dict[str, Any]]
    ) -> dict[str, Any]:
        stream = self.describe_stream(stream_arn=stream_arn, stream_name=stream_name)
        refusals = [gate.refusal(stream, record, is_one_of_many=True) for record in records]
        taken = [r for r, refusal in zip(records, refusals, strict=True) if refusal is None]
        answer: dict[str, Any] = {"Records": []}
        if taken:
            answer = stock_many(self, stream_arn, stream_name, taken)
        results = iter(answer["Records"])
        entries = [next(results) if one is None else one.entry for one in refusals]
        return {
            **answer,
            "FailedRecordCount": sum("ErrorCode" in entry for entry in entries),
            "Records": entries,
        }

    stock_one = patches.replace(KinesisBackend, "put_record", put_record)
    stock_many = patches.replace(KinesisBackend, "put_records", put_records)
    share = faults.value(HOT_SHARD)
    if share is not None:
        _heat(patches, share)


def is_hot(partition_key: str, share: float) -> bool:
    """Whether that key is among the share of all keys that hash to one shard."""
    return hashlib.sha256(partition_key.encode()).digest()[0] / 256 < share


def _heat(patches: Patches, share: float) -> None:
    """Let a share of all partition keys hash to the first open shard."""

    def shard_for_key(self: Any, partition_key: str, explicit_hash_key: str) -> Any:
        found = stock(self, partition_key, explicit_hash_key)
        if found is None or explicit_hash_key or not is_hot(partition_key, share):
            return found
        return next(shard for shard in self.shards.values() if shard.is_open)

    stock = patches.replace(Stream, "get_shard_for_key", shard_for_key)
