"""A whole data set in batches: every object by its own format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import IO, Any

import pyarrow as pa

from penstock.monitor.readers.capture import Parts, capture_rows, is_capture
from penstock.monitor.readers.reading import Reading
from penstock.monitor.readers.rows import batches_of
from penstock.monitor.readers.sources import find_sources
from penstock.monitor.readers.tables import csv_batches, json_batches, parquet_batches

_JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")


class Format(StrEnum):
    """How an object is read; `auto` looks at its beginning and, for text, at its name."""

    AUTO = "auto"
    CSV = "csv"
    JSON_LINES = "jsonl"
    PARQUET = "parquet"
    CAPTURE = "capture"


@dataclass(frozen=True)
class Reader:
    """How to read a data set.

    Attributes:
        format: of every object.
        parts: of capture files.
        names: of the columns of CSV bodies in capture files, by place.
        s3: a boto3 S3 client, for s3:// prefixes.
    """

    format: Format = Format.AUTO
    parts: Parts = Parts.INPUT
    names: Sequence[str] = ()
    s3: Any = None

    def batches(self, data: str, reading: Reading) -> Iterator[pa.RecordBatch]:
        """All rows of a file, a folder or an s3:// prefix, one batch in memory at a time.

        Raises:
            MonitorError: there is no such path, or an object does not have its format.
        """
        for source in find_sources(data, self.s3):
            reading.objects += 1
            with source.open() as file:
                for batch in self._object_batches(file, source.name, reading):
                    reading.rows += batch.num_rows
                    yield batch

    def _object_batches(
        self, file: IO[bytes], name: str, reading: Reading
    ) -> Iterator[pa.RecordBatch]:
        match self._format(file, name):
            case Format.PARQUET:
                return parquet_batches(file, name)
            case Format.CSV:
                return csv_batches(file, name)
            case Format.CAPTURE:
                return batches_of(capture_rows(file, reading, parts=self.parts, names=self.names))
            case _:
                return json_batches(file, name)

    def _format(self, file: IO[bytes], name: str) -> Format:
        if self.format is not Format.AUTO:
            return self.format
        start = file.read(4)
        file.seek(0)
        if start == b"PAR1" or name.endswith(".parquet"):
            return Format.PARQUET
        suffix = PurePosixPath(name).suffix
        braced = start.lstrip().startswith(b"{") or suffix in _JSON_SUFFIXES
        if suffix == ".csv" or not braced:
            return Format.CSV
        capture = is_capture(next((line for line in file if line.strip()), b""))
        file.seek(0)
        return Format.CAPTURE if capture else Format.JSON_LINES
