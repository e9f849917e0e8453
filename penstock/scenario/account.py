"""The record account: where every record that was sent has got to."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow.parquet as pq

from penstock.scenario.arrivals import Arrivals, Copies
from penstock.scenario.aws import Aws, Stage

# What Firehose calls the two kinds of failure in the error prefix (Firehose developer guide,
# "Custom prefixes").
_ERROR_TYPES = {"processing-failed": "transform", "format-conversion-failed": "conversion"}


@dataclass
class RecordAccount:
    """sent = delivered + dropped + sum(failed); `unique` counts distinct ids in the lake.

    What arrived more often than it was sent is in `copies` and in no other count.
    """

    sent: int = 0
    delivered: int = 0
    dropped: int = 0
    failed: dict[str, int] = field(
        default_factory=lambda: {"source": 0, "transform": 0, "conversion": 0}
    )
    unique: int | None = None
    copies: int = 0
    failures: list[dict[str, str]] = field(default_factory=list)

    @property
    def accounted(self) -> int:
        """Records whose end is known."""
        return self.delivered + self.dropped + sum(self.failed.values())

    @property
    def balanced(self) -> bool:
        """Every record that was sent has been found."""
        return self.sent == self.accounted


class Bookkeeper:
    """Looks into the lake, the error prefix and the transform's log, each object once."""

    def __init__(self, aws: Aws, stage: Stage, *, since_ms: int) -> None:
        self.account = RecordAccount()
        self._arrivals = Arrivals()
        self._copies = Copies(0, 0, 0)
        self._stage = stage
        self._s3 = aws.client("s3")
        self._logs = aws.client("logs")
        self._bucket = stage["LakeBucketName"]
        self._since_ms = since_ms
        self._seen = set(self._keys(stage["RecordsPrefix"])) | set(
            self._keys(stage["ErrorsPrefix"])
        )

    def look(self) -> RecordAccount:
        """Bring the account up to date."""
        for key in self._new_keys(self._stage["RecordsPrefix"]):
            file = pq.ParquetFile(io.BytesIO(self._body(key)))
            self.account.delivered += file.metadata.num_rows
            self._arrivals.rows(file)
        for key in self._new_keys(self._stage["ErrorsPrefix"]):
            self._read_errors(key)
        self.account.dropped = len(
            {event["record_id"] for event in self._transform_log("record_dropped")}
        )
        return self.account

    def sent(self, records: Sequence[bytes]) -> None:
        """These are on their way."""
        self._arrivals.sent(records)

    def take_out_copies(self) -> None:
        """Count what arrived more often than it was sent as copies, and as nothing else."""
        before, now = self._copies, self._arrivals.copies()
        self.account.delivered -= now.rows - before.rows
        self.account.failed["transform"] -= now.transform - before.transform
        self.account.failed["conversion"] -= now.conversion - before.conversion
        self.account.copies, self._copies = now.total, now

    def explain_failures(self) -> None:
        """Add to each failed record the reason that the transform logged for it."""
        reasons = {event["sha256"]: event for event in self._transform_log("record_failed")}
        for failure in self.account.failures:
            logged = reasons.get(failure["sha256"])
            if logged:
                failure["record_id"] = logged["record_id"]
                failure["reason"] = logged["reason"]

    def _read_errors(self, key: str) -> None:
        error_type = key.removeprefix(self._stage["ErrorsPrefix"]).split("/", 1)[0]
        where = _ERROR_TYPES.get(error_type, error_type)
        for line in self._body(key).splitlines():
            error = json.loads(line)
            raw = base64.b64decode(error["rawData"])
            self.account.failed[where] = self.account.failed.get(where, 0) + 1
            digest = hashlib.sha256(raw).hexdigest()
            if where == "transform":
                self._arrivals.failed(digest)
            elif where == "conversion":
                self._arrivals.unfit(raw)
            self.account.failures.append(
                {
                    "where": where,
                    "sha256": digest,
                    "code": error.get("errorCode") or error.get("lastErrorCode", ""),
                    "reason": error.get("errorMessage") or error.get("lastErrorMessage", ""),
                    "object": f"s3://{self._bucket}/{key}",
                }
            )

    def _transform_log(self, kind: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        pages = self._logs.get_paginator("filter_log_events").paginate(
            logGroupName=self._stage["TransformLogGroupName"],
            startTime=self._since_ms,
            filterPattern=f'"{kind}"',
        )
        for page in pages:
            for entry in page["events"]:
                text = entry["message"].strip()
                if text.startswith("{"):
                    event = json.loads(text)
                    if event.get("event") == kind:
                        found.append(event)
        return found

    def _new_keys(self, prefix: str) -> list[str]:
        new = [key for key in self._keys(prefix) if key not in self._seen]
        self._seen.update(new)
        return new

    def _keys(self, prefix: str) -> list[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def _body(self, key: str) -> bytes:
        body: bytes = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        return body
