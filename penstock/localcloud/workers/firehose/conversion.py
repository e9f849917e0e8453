"""Turns records with JSON into one Parquet file by the columns of a Glue table.

Source: Amazon Data Firehose developer guide, "Converting input record format". Codes of the
errors (DataFormatConversion.ParseError for what is not JSON, .MalformedData for values that do
not fit the columns, .InvalidSchema for the table) are not on that page: unconfirmed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from penstock.localcloud.workers.firehose.hivetypes import (
    Dialect,
    HiveType,
    ValueMismatchError,
    hive_type,
)
from penstock.localcloud.workers.firehose.settings import Conversion

PARSE_ERROR = "DataFormatConversion.ParseError"
MALFORMED_DATA = "DataFormatConversion.MalformedData"
INVALID_SCHEMA = "DataFormatConversion.InvalidSchema"

_BLANKS = " \t\r\n"
_ROWS_AT_ONCE = 10_000  # as Python's objects, which take several times what Arrow's arrays do


class RecordMismatchError(ValueError):
    """A record that cannot become rows; `code` is Firehose's for the reason."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Column:
    """A column of the table: its name, the JSON key it reads, its type."""

    name: str
    key: str
    type: HiveType


@dataclass
class Converted:
    """One file's content. `failed`: index of the record, code, message."""

    parquet: bytes
    rows: int
    records: list[int] = field(default_factory=list)
    failed: list[tuple[int, str, str]] = field(default_factory=list)


def refuse_constant(name: str) -> Any:
    """Python's parser takes NaN and Infinity, JSON has neither."""
    raise ValueError(f"{name} is not JSON")


class Converter:
    """Reads JSON by a table's columns. SettingsError for a column type that cannot be."""

    def __init__(self, columns: Sequence[Mapping[str, str]], conversion: Conversion) -> None:
        """`columns` are a Glue table's StorageDescriptor.Columns."""
        self._conversion = conversion
        dialect = Dialect(
            openx=conversion.deserializer == "OpenX",
            case_insensitive=conversion.deserializer == "Hive" or conversion.case_insensitive,
            timestamp_formats=conversion.timestamp_formats,
        )
        self._lower = dialect.case_insensitive
        keys = dict(conversion.key_of_column)
        self._columns = [
            Column(
                name=column["Name"],
                key=self._key(keys.get(column["Name"], column["Name"])),
                type=hive_type(column["Type"], dialect),
            )
            for column in columns
        ]
        self._schema = pa.schema([pa.field(c.name, c.type.arrow) for c in self._columns])
        self._decoder = json.JSONDecoder(parse_constant=refuse_constant)

    def convert(self, records: Sequence[bytes]) -> Converted:
        """The Parquet file of all records that fit, and those that do not."""
        rows: list[list[Any]] = []
        batches: list[pa.RecordBatch] = []
        good: list[int] = []
        failed: list[tuple[int, str, str]] = []
        for index, record in enumerate(records):
            try:
                rows += self._rows(record)
            except RecordMismatchError as error:
                failed.append((index, error.code, error.message))
            else:
                good.append(index)
            if len(rows) >= _ROWS_AT_ONCE:
                batches.append(self._batch(rows))
                rows = []
        if not good:
            return Converted(b"", 0, good, failed)
        table = pa.Table.from_batches([*batches, self._batch(rows)])
        return Converted(self._write(table), table.num_rows, good, failed)

    def _rows(self, record: bytes) -> list[list[Any]]:
        """One row per JSON document: a record may hold several, one after the other."""
        try:
            text = record.decode("utf-8").strip(_BLANKS)
        except UnicodeDecodeError as error:
            raise RecordMismatchError(PARSE_ERROR, "The record is not UTF-8 text") from error
        if not text:
            raise RecordMismatchError(PARSE_ERROR, "The record is empty")
        rows = []
        position = 0
        while position < len(text):
            try:
                document, position = self._decoder.raw_decode(text, position)
            except (ValueError, RecursionError) as error:
                raise RecordMismatchError(
                    PARSE_ERROR, f"Encountered malformed JSON: {str(error)[:120]}"
                ) from error
            rows.append(self._row(document))
            while position < len(text) and text[position] in _BLANKS:
                position += 1
        return rows

    def _row(self, document: Any) -> list[Any]:
        if not isinstance(document, dict):
            raise RecordMismatchError(MALFORMED_DATA, "The record is not a JSON object")
        given = {self._key(key): value for key, value in document.items()}
        row = []
        for column in self._columns:
            value = given.get(column.key)
            if value is not None:
                try:
                    value = column.type.read(value)
                except ValueMismatchError as error:
                    raise RecordMismatchError(
                        MALFORMED_DATA,
                        f"Data does not match the schema: column {column.name}: {error}",
                    ) from error
            row.append(value)
        return row

    def _key(self, key: str) -> str:
        if self._conversion.dots_to_underscores:
            key = key.replace(".", "_")
        return key.lower() if self._lower else key

    def _batch(self, rows: list[list[Any]]) -> pa.RecordBatch:
        arrays = [
            pa.array([row[i] for row in rows], type=column.type.arrow)
            for i, column in enumerate(self._columns)
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=self._schema)

    def _write(self, table: pa.Table) -> bytes:
        sink = BytesIO()
        pq.write_table(
            table,
            sink,
            compression={"UNCOMPRESSED": "none"}.get(
                self._conversion.compression, self._conversion.compression
            ),
            use_dictionary=self._conversion.dictionary,
            # Hive's Parquet writer stores timestamps as INT96; that Firehose does is unconfirmed
            use_deprecated_int96_timestamps=True,
        )
        return sink.getvalue()
