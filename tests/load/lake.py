"""How many rows have come into the lake: counted, and none remembered."""

from __future__ import annotations

import io
import time

import pyarrow.parquet as pq

from tests.faults.ingestion import Ingestion

PATIENCE_SECONDS = 300


class LakeRows:
    """Rows of the objects that come from now on."""

    def __init__(self, ingestion: Ingestion) -> None:
        self._s3 = ingestion.client("s3")
        self._bucket = ingestion.stage["LakeBucketName"]
        self._prefix = ingestion.stage["RecordsPrefix"]
        self._seen = set(self._keys())
        self._count = 0

    def wait_for(self, rows: int) -> float:
        """The seconds that it took until they were there. AssertionError if they never are."""
        started = time.monotonic()
        while self._counted() < rows:
            assert time.monotonic() - started < PATIENCE_SECONDS, f"{self._count} of {rows} rows"
            time.sleep(0.5)
        return time.monotonic() - started

    def _counted(self) -> int:
        for key in self._keys():
            if key not in self._seen:
                body = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
                self._count += pq.read_metadata(io.BytesIO(body)).num_rows
                self._seen.add(key)
        return self._count

    def _keys(self) -> list[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix
        )
        return [one["Key"] for page in pages for one in page.get("Contents", [])]
