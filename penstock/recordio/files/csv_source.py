"""CSV read in blocks: numbers by pyarrow, and the place of what is none by the csv module."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv as arrow_csv

from penstock.recordio.files.batch import LABEL_WORDS, Batch
from penstock.recordio.files.blocks import blocks
from penstock.recordio.files.columns import Columns, choose
from penstock.recordio.files.errors import FilesError
from penstock.recordio.files.numbers import LOST, loses_digits, may_have_lost_digits
from penstock.recordio.rows import DenseRows

MISSING = ("", "NA", "N/A", "null", "NULL", "None", "?")


class CsvSource:
    """Rows of numbers; what is not selected may be text.

    Without a header the columns have no names. Without a label asked for it is the column named
    "label", else the first one, as SageMaker's built-in algorithms take CSV (developer guide,
    cdf-training). Commas separate, quotation marks protect, empty lines are skipped.
    """

    def __init__(
        self, stream: BinaryIO, *, header: bool, label: str | None, features: Sequence[str]
    ) -> None:
        self._stream = stream
        self._header = header
        self._label = label
        self._features = features
        self._columns: Columns | None = None
        self.left_out: Sequence[str] = ()

    @property
    def feature_names(self) -> Sequence[str] | None:
        """In order, with a header."""
        return self._columns.feature_names if self._columns else None

    @property
    def label_name(self) -> str | None:
        """With a header."""
        return self._columns.label_name if self._columns else None

    def batches(self) -> Iterator[Batch]:
        """A batch for each block. FilesError names line, column and value."""
        for first_line, block in blocks(self._stream, quoted=True):
            text, line = block, first_line
            if self._columns is None:
                start = self._begin(text)
                text, line = text[start:], line + text.count(b"\n", 0, start)
            if text.strip():
                yield self._batch(text, line)

    def _begin(self, text: bytes) -> int:
        """Find out about the columns; how many bytes the header takes."""
        reader = csv.reader(io.StringIO(text.decode("utf-8", "replace"), newline=""))
        fields = next((fields for fields in reader if fields), None)
        if fields is None:
            return len(text)
        names = [name.strip() for name in fields] if self._header else None
        self._columns = choose(
            len(fields), names, label=self._label, features=self._features, first_is_label=True
        )
        if not self._header:
            return 0
        used = io.BytesIO(text)
        for _ in range(reader.line_num):
            used.readline()
        return used.tell()

    def _batch(self, text: bytes, line: int) -> Batch:
        columns = self._columns
        assert columns is not None
        table = self._parsed(text, line, columns)
        row_words = partial(_row_words, text, line)
        values: npt.NDArray[Any] = np.empty((len(table), len(columns.features)), np.float64)
        for place, column in enumerate(columns.features):
            values[:, place] = self._numbers(table, column, text, line)
        labels = None if columns.label is None else self._numbers(table, columns.label, text, line)
        return Batch(DenseRows(values, labels), row_words, partial(_column_words, columns))

    def _parsed(self, text: bytes, line: int, columns: Columns) -> Any:
        chosen = [f"{column}" for column in columns.chosen]
        try:
            return arrow_csv.read_csv(
                pa.py_buffer(text),
                arrow_csv.ReadOptions(
                    column_names=[f"{column}" for column in range(columns.count)],
                    block_size=len(text) + 1,
                ),
                arrow_csv.ParseOptions(newlines_in_values=b'"' in text),
                arrow_csv.ConvertOptions(
                    include_columns=chosen,
                    column_types=dict.fromkeys(chosen, pa.float64()),
                    null_values=MISSING,
                    check_utf8=False,
                ),
            ).combine_chunks()
        except pa.ArrowInvalid as error:
            self._explain(text, line, columns)
            raise FilesError(f"from line {line} on: {str(error).splitlines()[0]}") from error

    def _numbers(self, table: Any, column: int, text: bytes, line: int) -> npt.NDArray[Any]:
        found = table.column(f"{column}")
        numbers: npt.NDArray[Any] = found.to_numpy()
        if found.null_count or np.isinf(numbers).any() or may_have_lost_digits(numbers):
            assert self._columns is not None
            self._explain(text, line, self._columns)
        return numbers

    def _explain(self, text: bytes, line: int, columns: Columns) -> None:
        """FilesError at the first field that is wrong, if there is one."""
        for number, fields in _rows(text, line):
            if len(fields) != columns.count:
                raise FilesError(
                    f"line {number} has {len(fields)} columns, the first has {columns.count}"
                )
            for column in columns.chosen:
                wrong = _wrong(fields[column].strip(), is_label=column == columns.label)
                if wrong is not None:
                    hint = (
                        " (a line of names? then give --header)"
                        if number == 1 and not self._header and not any(map(_is_number, fields))
                        else ""
                    )
                    raise FilesError(f"line {number}, {columns.words(column)}: {wrong}{hint}")


def _is_number(field: str) -> bool:
    return _wrong(field.strip()) is None


def _wrong(field: str, *, is_label: bool = False) -> str | None:
    """Why a field is no number that can be carried over; None if it is one."""
    if field in MISSING:
        shown = f' ("{field}")' if field else ""
        return f"the value is missing{shown}: fill it in first, or leave the row or the column out"
    try:
        number = float(field)
    except ValueError:
        advice = (
            "the label: number the classes from 0 first, or choose another column (--label)"
            if is_label
            else "number its values first, or leave the column out (--features)"
        )
        return f'"{field}" is no number, {advice}'
    if np.isinf(number) and "inf" not in field.lower():
        return f"{field} is beyond float64"
    if loses_digits(field):
        return f"{field} {LOST}"
    return None


def _rows(text: bytes, line: int) -> Iterator[tuple[int, list[str]]]:
    """(line, fields) of rows that are not empty."""
    reader = csv.reader(io.StringIO(text.decode("utf-8", "replace"), newline=""))
    before = 0
    for fields in reader:
        number, before = line + before, reader.line_num
        if fields:
            yield number, fields


def _row_words(text: bytes, line: int, row: int) -> str:
    number, _ = next(found for at, found in enumerate(_rows(text, line)) if at == row)
    return f"line {number}"


def _column_words(columns: Columns, feature: int | None) -> str:
    if feature is None:
        assert columns.label is not None
        return f"{columns.words(columns.label)}, {LABEL_WORDS}"
    return columns.words(columns.features[feature])
