"""CSV, JSON lines and Parquet in batches."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import IO, Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from penstock.monitor.errors import MonitorError
from penstock.monitor.readers.rows import batches_of

BATCH_ROWS = 65_536


def csv_batches(file: IO[bytes], name: str) -> Iterator[pa.RecordBatch]:
    """Every column as text, an empty cell as missing; the first line names the columns.

    Raises:
        MonitorError: not UTF-8, or a line with more or fewer cells than the first.
    """
    try:
        header = next(csv.reader(io.StringIO(file.readline().decode("utf-8-sig"))), None)
    except UnicodeDecodeError as error:
        raise MonitorError(f"{name} is not UTF-8 text: {error.reason}") from error
    if not header:
        return
    try:
        yield from pyarrow.csv.open_csv(
            file,
            read_options=pyarrow.csv.ReadOptions(column_names=header, block_size=4 << 20),
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types={column: pa.string() for column in header},
                strings_can_be_null=True,
                null_values=[""],
            ),
        )
    except pa.ArrowInvalid as error:
        if "Empty CSV file" in str(error):
            return  # a header alone
        raise MonitorError(f"{name} is no CSV with {len(header)} columns: {error}") from error


def json_batches(file: IO[bytes], name: str) -> Iterator[pa.RecordBatch]:
    """One flat object a line; every value as text.

    Raises:
        MonitorError: a line that is no JSON object, or an object that is not flat.
    """
    return batches_of(_objects(file, name))


def _objects(file: IO[bytes], name: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except ValueError as error:
            raise MonitorError(f"{name}, line {number}: not JSON ({error})") from error
        if not isinstance(found, dict):
            raise MonitorError(
                f"{name}, line {number}: a JSON {type(found).__name__}; JSON lines must be objects"
            )
        yield found


def parquet_batches(file: IO[bytes], name: str) -> Iterator[pa.RecordBatch]:
    """Columns as they are typed.

    Raises:
        MonitorError: not a Parquet file.
    """
    try:
        # pre-buffering would hold the whole file's compressed columns in memory
        schema = pyarrow.parquet.read_schema(file)
        texts = [field.name for field in schema if pa.types.is_string(field.type)]
        file.seek(0)
        opened = pyarrow.parquet.ParquetFile(file, pre_buffer=False, read_dictionary=texts)
        yield from opened.iter_batches(batch_size=BATCH_ROWS)
    except (pa.ArrowException, OSError) as error:  # OSError is what damaged pages raise
        raise MonitorError(f"{name} is no Parquet file that can be read: {error}") from error
