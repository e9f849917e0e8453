"""libsvm's text read: a label and the values of a sparse row, each with its column's number."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv as arrow_csv

from penstock.recordio.files.batch import LABEL_WORDS, Batch
from penstock.recordio.files.blocks import blocks
from penstock.recordio.files.errors import FilesError
from penstock.recordio.files.forms import check_keys
from penstock.recordio.files.numbers import LOST, loses_digits, may_have_lost_digits
from penstock.recordio.rows import SparseRows, index_dtype

COMMENT = re.compile(rb"#[^\n]*")
COLON, NEWLINE = 58, 10
ONE_EACH_LINE = bytes.maketrans(b": \t\r\v\f", b"\n" * 6)
LARGEST_INDEX = 1 << 53  # beyond it float64 has gaps
TOKEN = re.compile(rb"[^\s:]+:[^\s:]+")


class LibsvmSource:
    """Sparse rows: `label index:value ...`; what follows a # is a comment.

    Indices count from `first_index`: 1 is libsvm's own convention, XGBoost's files often begin at
    0. They may stand in any order. Every line has a label.
    """

    def __init__(
        self, stream: BinaryIO, *, with_label: bool, columns: int, first_index: int
    ) -> None:
        self._stream = stream
        self._with_label = with_label
        self._columns = columns
        self._first_index = first_index
        self.feature_names = None
        self.label_name = None
        self.left_out: Sequence[str] = ()

    def batches(self) -> Iterator[Batch]:
        """A batch for each block. FilesError names the line and what is wrong with it."""
        for line, text in blocks(self._stream):
            row_words = partial(_row_words, text, line)
            pointers, indices, values, labels = _parse(text, line)
            if not len(labels):
                continue
            indices -= self._first_index
            if len(indices) and indices.min() < 0:
                row = int(np.searchsorted(pointers, int(np.argmin(indices)), "right")) - 1
                raise FilesError(
                    f"{row_words(row)}: index {int(indices.min()) + self._first_index} lies below "
                    f"{self._first_index}: if the file counts from 0, give --first-index 0"
                )
            rows = SparseRows(
                pointers, indices, values, self._columns, labels if self._with_label else None
            )
            check_keys(rows, row_words)
            rows = SparseRows(
                pointers,
                indices.astype(index_dtype(self._columns)),
                values,
                self._columns,
                rows.labels,
            )
            yield Batch(rows, row_words, _column_words)


def count_columns(stream: BinaryIO, *, first_index: int) -> int:
    """How many columns there must be at least: the file is read to its end."""
    most = 0
    for line, text in blocks(stream):
        _, indices, _, _ = _parse(text, line)
        if len(indices):
            most = max(most, int(indices.max()) - first_index + 1)
    return most


Parsed = tuple[
    npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.float64]
]


def _parse(text: bytes, line: int) -> Parsed:
    """Pointers, indices as they stand there, values, labels."""
    plain = COMMENT.sub(b"", text) if b"#" in text else text
    data = np.frombuffer(plain, np.uint8)
    colon = data == COLON
    apart = (data <= 32) | colon
    begins = np.flatnonzero(~apart & np.concatenate([[True], apart[:-1]]))
    numbers = _numbers(plain)
    lines = np.searchsorted(np.flatnonzero(data == NEWLINE), begins)
    is_label = np.concatenate([[True], lines[1:] != lines[:-1]])[: len(begins)]
    places = np.arange(len(begins)) - np.flatnonzero(is_label)[np.cumsum(is_label) - 1]
    after_colon = np.concatenate([[False], colon[begins[1:] - 1]])[: len(begins)]
    if (
        numbers is None
        or len(numbers) != len(begins)
        or int(colon.sum()) * 2 + int(is_label.sum()) != len(begins)
        or not np.array_equal(after_colon, (places > 0) & (places % 2 == 0))
        or (data[np.flatnonzero(colon) - 1] <= 32).any()
    ):
        raise _explained(plain, line)
    if may_have_lost_digits(numbers):
        _refuse_lost_digits(plain, line)
    is_key = places % 2 == 1
    keys = numbers[is_key]
    if (keys != np.trunc(keys)).any() or (np.abs(keys) >= LARGEST_INDEX).any():
        raise _explained(plain, line)
    counts = np.diff(np.append(np.flatnonzero(is_label), len(begins))) // 2
    pointers = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    values = numbers[~is_key & ~is_label]
    return pointers, keys.astype(np.int64), values, numbers[is_label]


def _numbers(plain: bytes) -> npt.NDArray[np.float64] | None:
    """All numbers in order; None if something is none."""
    column = plain.translate(ONE_EACH_LINE)
    if not column.strip():
        return np.empty(0, np.float64)
    try:
        table = arrow_csv.read_csv(
            pa.py_buffer(column),
            arrow_csv.ReadOptions(column_names=["numbers"], block_size=len(column) + 1),
            arrow_csv.ParseOptions(quote_char=False),
            arrow_csv.ConvertOptions(column_types={"numbers": pa.float64()}, null_values=[]),
        )
    except pa.ArrowInvalid:
        return None
    numbers: npt.NDArray[np.float64] = table.column(0).to_numpy()
    return numbers


def _explained(plain: bytes, line: int) -> FilesError:
    """The first line that is wrong, and why."""
    for number, row in enumerate(plain.split(b"\n"), line):
        fields = row.split()
        for place, field in enumerate(fields):
            key, colon, value = field.partition(b":")
            wrong = (
                bool(colon) or not _is_number(field)
                if place == 0
                else not (TOKEN.fullmatch(field) and _is_index(key) and _is_number(value))
            )
            if wrong:
                shown = field.decode("utf-8", "replace")[:60]
                expected = "a number as label" if place == 0 else "index:value"
                return FilesError(f'line {number}: "{shown}" where {expected} is expected')
    return FilesError(f"from line {line} on: no lines of libsvm (label index:value ...)")


def _refuse_lost_digits(plain: bytes, line: int) -> None:
    for number, row in enumerate(plain.split(b"\n"), line):
        for field in row.replace(b":", b" ").split():
            if loses_digits(field):
                raise FilesError(f"line {number}: {field.decode()} {LOST}")


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _is_index(field: bytes) -> bool:
    return field.lstrip(b"-").isdigit() and int(field) < LARGEST_INDEX


def _row_words(text: bytes, line: int, row: int) -> str:
    there = (
        number
        for number, found in enumerate(text.split(b"\n"), line)
        if COMMENT.sub(b"", found).strip()
    )
    return f"line {next(islice(there, row, None))}"


def _column_words(feature: int | None) -> str:
    return LABEL_WORDS if feature is None else f"column {feature} (from 0)"
