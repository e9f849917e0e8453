"""A whole data set in batches: every object by its own format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import IO, Any

import pyarrow as pa

from penstock.monitor.errors import MonitorError
from penstock.monitor.readers.capture import Parts, capture_rows, is_capture
from penstock.monitor.readers.reading import Reading
from penstock.monitor.readers.records import recordio_batches
from penstock.monitor.readers.rows import batches_of
from penstock.monitor.readers.sources import Source, find_captures, find_sources
from penstock.monitor.readers.tables import csv_batches, json_batches, parquet_batches
from penstock.monitor.window import Window

_JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")


class Format(StrEnum):
    """How an object is read; `auto` looks at its beginning and, for text, at its name.

    RecordIO is read when it is asked for: its columns must be named, see `Reader.names`.
    """

    AUTO = "auto"
    CSV = "csv"
    JSON_LINES = "jsonl"
    PARQUET = "parquet"
    CAPTURE = "capture"
    RECORDIO = "recordio"


@dataclass(frozen=True)
class Reader:
    """How to read a data set.

    Attributes:
        format: of every object.
        parts: of capture files.
        columns: if given, only these are read, by name; RecordIO and CSV bodies have no names.
        names: of the columns of CSV bodies in capture files, and of RecordIO's, by place.
        s3: a boto3 S3 client, for s3:// prefixes.
        window: of time; capture records outside of it are left out and counted, and the data are
            an endpoint's captures on S3: only the hour folders that it touches are listed.
    """

    format: Format = Format.AUTO
    parts: Parts = Parts.INPUT
    columns: Sequence[str] = ()
    names: Sequence[str] = ()
    s3: Any = None
    window: Window | None = None

    def batches(self, data: str, reading: Reading) -> Iterator[pa.RecordBatch]:
        """All rows of a file, a folder or an s3:// prefix, one batch in memory at a time.

        Raises:
            MonitorError: there is no such path, or an object does not have its format.
        """
        for source in self.sources(data):
            yield from self.source_batches(source, reading)

    def sources(self, data: str) -> list[Source]:
        """The objects of a data set, in order of their names."""
        if self.window is not None:
            return find_captures(data, self.window, self.s3)
        return find_sources(data, self.s3)

    def source_batches(self, source: Source, reading: Reading) -> Iterator[pa.RecordBatch]:
        """All rows of one object; MonitorError if it does not have its format."""
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
                return self._chosen(parquet_batches(file, name), name)
            case Format.CSV:
                return self._chosen(csv_batches(file, name), name)
            case Format.CAPTURE:
                rows = capture_rows(
                    file,
                    reading,
                    parts=self.parts,
                    names=self.names,
                    columns=self.columns,
                    window=self.window,
                )
                return batches_of(rows)
            case Format.RECORDIO:
                return recordio_batches(file, name, self.names)
            case _:
                return self._chosen(json_batches(file, name), name)

    def _chosen(self, batches: Iterator[pa.RecordBatch], name: str) -> Iterator[pa.RecordBatch]:
        """The columns that are read, of every batch."""
        for batch in batches:
            absent = [column for column in self.columns if column not in batch.schema.names]
            if absent:
                raise MonitorError(
                    f"{name} has no column {absent[0]}; it has {', '.join(batch.schema.names)}"
                )
            yield batch.select(list(self.columns)) if self.columns else batch

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
