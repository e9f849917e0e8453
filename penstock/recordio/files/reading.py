"""How a file is read as rows, whichever format it has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, cast

from penstock.recordio.files.batch import RowSource
from penstock.recordio.files.blocks import unpacked
from penstock.recordio.files.columns import NO_LABEL
from penstock.recordio.files.errors import FilesError
from penstock.recordio.files.formats import Format, is_gzip
from penstock.recordio.files.inputs import Input, opened, seekable


@dataclass(frozen=True)
class Reading:
    """What is to be known besides the bytes.

    Attributes:
        format: of the file's bytes.
        label: a column's name or number (from 0, negative ones count from the end), "none", or
            None for the format's own rule (see the sources).
        features: names, numbers and ranges of numbers of columns, in the order of the features;
            all but the label if empty.
        header: CSV's first line has the names.
        columns: how wide sparse rows are; None for what the file says (libsvm: its largest index).
        first_index: of libsvm's indices, 1 or 0.
    """

    format: Format
    label: str | None = None
    features: Sequence[str] = ()
    header: bool = False
    columns: int | None = None
    first_index: int = 1


@contextmanager
def rows_of(found: Input, reading: Reading) -> Iterator[RowSource]:
    """The rows of an open input. FilesError if it is not what `reading` says."""
    packed = is_gzip(found.place, reading.format)
    columns = reading.columns
    if reading.format is Format.LIBSVM and columns is None:
        columns = _libsvm_columns(found, reading)
    with unpacked(cast("BinaryIO", found.stream), packed=packed) as text:
        match reading.format:
            case Format.CSV:
                from penstock.recordio.files.csv_source import CsvSource

                yield CsvSource(
                    text, header=reading.header, label=reading.label, features=reading.features
                )
            case Format.JSON_LINES:
                from penstock.recordio.files.json_source import JsonSource

                yield JsonSource(
                    text, label=reading.label, features=reading.features, columns=columns
                )
            case Format.LIBSVM:
                from penstock.recordio.files.libsvm_source import LibsvmSource

                assert columns is not None
                yield LibsvmSource(
                    text,
                    with_label=_with_label(reading),
                    columns=columns,
                    first_index=reading.first_index,
                )
            case Format.PARQUET:
                from penstock.recordio.files.parquet_source import ParquetSource

                with seekable(found) as file:
                    yield ParquetSource(
                        file, label=reading.label, features=reading.features, columns=columns
                    )
            case Format.RECORDIO:
                from penstock.recordio.files.record_source import RecordSource

                yield RecordSource(found.stream, with_label=_with_label(reading))


def _with_label(reading: Reading) -> bool:
    """Of formats that have one label and no columns to choose from."""
    if reading.label not in (None, NO_LABEL):
        raise FilesError(f"{reading.format} has one label: --label none, or leave --label out")
    if reading.features:
        raise FilesError(f"{reading.format} has no columns to choose from: leave --features out")
    return reading.label is None


def _libsvm_columns(found: Input, reading: Reading) -> int:
    """The largest index of the file, which is read once for that."""
    from penstock.recordio.files.libsvm_source import count_columns

    if found.size_bytes is None:
        raise FilesError("libsvm's lines do not say how many columns there are: give --columns")
    packed = is_gzip(found.place, reading.format)
    with (
        opened(found.place) as again,
        unpacked(cast("BinaryIO", again.stream), packed=packed) as text,
    ):
        count = count_columns(text, first_index=reading.first_index)
    if not count:
        raise FilesError("no line has a value, so nobody knows the columns: give --columns")
    return count
