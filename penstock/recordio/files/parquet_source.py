"""Parquet read row group by row group: a column for each feature, or lists of numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from penstock.recordio.arrow import COLUMNS, KEYS, VALUES
from penstock.recordio.files.batch import LABEL_WORDS, Batch, rows_of_bytes
from penstock.recordio.files.columns import Columns, choose
from penstock.recordio.files.errors import FilesError
from penstock.recordio.files.forms import check_keys
from penstock.recordio.files.numbers import FLOAT64
from penstock.recordio.rows import DenseRows, SparseRows, index_dtype

LIST_VALUES = 128  # taken for a row's length before the lists are seen


class ParquetSource:
    """Rows of numbers from a file that can be sought in.

    Features are columns of numbers or booleans, or a single column of lists (of one length), or
    the two columns `keys` and `values` of lists with the number of columns in the schema's
    metadata, as penstock.recordio.arrow gives them. Without a label asked for it is the column
    named "label", if there is one.
    """

    def __init__(
        self,
        file: BinaryIO,
        *,
        label: str | None,
        features: Sequence[str],
        columns: int | None,
    ) -> None:
        try:
            self._file = pq.ParquetFile(file)
        except (pa.ArrowInvalid, OSError) as error:
            raise FilesError(f"not whole as Parquet: {str(error).splitlines()[0]}") from error
        names = self._file.schema_arrow.names
        self.left_out: Sequence[str] = ()
        self._columns = choose(
            len(names), names, label=label, features=features, first_is_label=False
        )
        fields = [self._file.schema_arrow.field(at) for at in self._columns.features]
        self._is_sparse = [field.name for field in fields] == [KEYS, VALUES] and all(
            _is_list(field.type) for field in fields
        )
        self._is_list = len(fields) == 1 and _is_list(fields[0].type)
        stated = (self._file.schema_arrow.metadata or {}).get(COLUMNS)
        self._width = columns or (int(stated) if stated else None)
        if self._is_sparse and self._width is None:
            raise FilesError(
                "the sparse rows do not say how many columns there are: give --columns"
            )
        if not self._is_sparse and not self._is_list:
            for at in self._columns.chosen:
                self._check_type(at)

    @property
    def feature_names(self) -> Sequence[str] | None:
        """In order; None for lists."""
        return None if self._is_list or self._is_sparse else self._columns.feature_names

    @property
    def label_name(self) -> str | None:
        """None if no label is taken."""
        return self._columns.label_name

    def batches(self) -> Iterator[Batch]:
        """Some megabytes at a time. FilesError names row (from 0), column and value."""
        names = self._columns.names
        assert names is not None
        count = LIST_VALUES if self._is_list or self._is_sparse else len(self._columns.chosen)
        first = 0
        try:
            for found in self._file.iter_batches(
                rows_of_bytes(8 * count), columns=sorted({names[at] for at in self._columns.chosen})
            ):
                if len(found):
                    yield self._batch(found, first)
                first += len(found)
        except (pa.ArrowInvalid, OSError) as error:
            raise FilesError(
                f"from row {first} on not whole as Parquet: {str(error).splitlines()[0]}"
            ) from error

    def _batch(self, found: Any, first: int) -> Batch:
        columns = self._columns
        names = columns.names
        assert names is not None
        labels = None if columns.label is None else self._numbers(found, columns.label, first)
        rows: DenseRows | SparseRows
        row_words = partial(_row_words, first)
        if self._is_sparse:
            rows = self._sparse(found, labels, first)
            check_keys(rows, row_words)
        elif self._is_list:
            rows = DenseRows(self._lists(found.column(names[columns.features[0]]), first), labels)
        else:
            parts = [self._numbers(found, at, first) for at in columns.features]
            values: npt.NDArray[Any] = np.empty((len(found), len(parts)), _common(parts))
            for place, part in enumerate(parts):
                values[:, place] = part
            rows = DenseRows(values, labels)
        column_words = partial(_column_words, columns, self._is_list or self._is_sparse)
        return Batch(rows, row_words, column_words)

    def _check_type(self, at: int) -> None:
        field = self._file.schema_arrow.field(at)
        kind = field.type
        if not (
            pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
        ):
            raise FilesError(
                f"{self._columns.words(at)} has type {kind}, expected numbers: number its values "
                "first, or leave the column out (--features)"
            )

    def _numbers(self, found: Any, at: int, first: int) -> npt.NDArray[Any]:
        assert self._columns.names is not None
        self._check_type(at)
        column = found.column(self._columns.names[at])
        _refuse_nulls(column, self._columns.words(at), first)
        numbers: npt.NDArray[Any] = column.to_numpy(zero_copy_only=False)
        return numbers.astype(np.int8) if numbers.dtype.kind == "b" else numbers

    def _lists(self, column: Any, first: int) -> npt.NDArray[Any]:
        words = self._columns.words(self._columns.features[0])
        _refuse_nulls(column, words, first)
        lengths = np.asarray(column.value_lengths())
        if self._width is None:
            self._width = int(lengths[0])
        wrong = lengths != self._width
        if wrong.any() or not self._width:
            row = int(np.argmax(wrong))
            raise FilesError(
                f"row {first + row}, {words}: {lengths[row]} values, {self._width} are expected"
            )
        return _flat(column, words, first).reshape(len(column), self._width)

    def _sparse(self, found: Any, labels: Any, first: int) -> SparseRows:
        assert self._width is not None
        for name in (KEYS, VALUES):
            _refuse_nulls(found.column(name), name, first)
        keys, values = found.column(KEYS), found.column(VALUES)
        lengths = np.asarray(keys.value_lengths())
        differ = lengths != np.asarray(values.value_lengths())
        if differ.any():
            raise FilesError(f"row {first + int(np.argmax(differ))}: more keys or more values")
        pointers = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        indices = _flat(keys, KEYS, first)
        if indices.dtype.kind not in "iu":
            raise FilesError(f"column {KEYS} has type {indices.dtype}, expected whole numbers")
        return SparseRows(
            pointers,
            indices.astype(index_dtype(self._width)),
            _flat(values, VALUES, first),
            self._width,
            labels,
        )


def _is_list(kind: Any) -> bool:
    return bool(
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )


def _common(parts: list[npt.NDArray[Any]]) -> np.dtype[Any]:
    """Of columns of one type that type; of several ones float64, or int64 of whole numbers."""
    kinds = {part.dtype for part in parts}
    if len(kinds) == 1:
        return kinds.pop()
    found = np.result_type(*kinds)
    return found if found.kind == "i" else FLOAT64


def _refuse_nulls(column: Any, words: str, first: int) -> None:
    if column.null_count:
        row = first + int(np.argmax(np.asarray(column.is_null())))
        raise FilesError(
            f"row {row}, {words}: the value is missing: fill it in first, or leave the row or the "
            "column out"
        )


def _flat(column: Any, words: str, first: int) -> npt.NDArray[Any]:
    numbers = column.flatten()
    if numbers.null_count:
        raise FilesError(f"{words} has missing values inside its lists, from row {first} on")
    if not (pa.types.is_integer(numbers.type) or pa.types.is_floating(numbers.type)):
        raise FilesError(f"{words} has lists of {numbers.type}, expected numbers")
    found: npt.NDArray[Any] = numbers.to_numpy(zero_copy_only=False)
    return found


def _row_words(first: int, row: int) -> str:
    return f"row {first + row}"


def _column_words(columns: Columns, in_list: bool, feature: int | None) -> str:
    if feature is None:
        assert columns.label is not None
        return f"{columns.words(columns.label)}, {LABEL_WORDS}"
    if in_list:
        return f"value {feature} of its list"
    return columns.words(columns.features[feature])
