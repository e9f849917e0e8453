"""Many rows with varints in them read at once: what they have in common is compared, not decoded.

Sparse rows (keys are varints), and dense ones of int32.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from penstock.recordio import core
from penstock.recordio.core import CompiledCore, RowFormat
from penstock.recordio.frame import HEADER_BYTES, length_of
from penstock.recordio.numpy_rows import read_dense_rows, read_rows
from penstock.recordio.rows import DenseRows, Rows, SparseRows, index_dtype
from penstock.recordio.sparse import row_format

FIRST_BYTES = 1 << 14  # numpy looks at all that it gets, a few rows cost as much as one
AROUND_TENSOR = 14  # bytes of an empty row: map entry, key, value and tensor


class VarintLayout:
    """Records of one type of values, number of columns and kind of label."""

    def __init__(
        self, sparse: bool, dtype: np.dtype[Any], columns: int, label_dtype: np.dtype[Any] | None
    ) -> None:
        self.sparse = sparse
        self._dtype = dtype
        self._label_dtype = label_dtype
        self._format = form = row_format(dtype, columns, label_dtype, sparse=sparse)
        self._tail = form.shape + form.label_head
        least = len(self._tail) + form.label_bytes + (0 if sparse else columns)
        self._least = HEADER_BYTES + AROUND_TENSOR + least

    def begins(self, record: memoryview) -> bool:
        """Whether the record ends as its shape and label must."""
        end = HEADER_BYTES + length_of(record) - self._format.label_bytes
        return record[max(0, end - len(self._tail)) : end] == self._tail

    def bytes_of(self, rows: int) -> int:
        """What `rows` records take at least."""
        return rows * self._least

    @property
    def first_bytes(self) -> int | None:
        """Where looking at all of the data takes long: a part of it."""
        return FIRST_BYTES if core.compiled is None else None

    def read(self, data: memoryview, rows: int) -> tuple[Rows, int]:
        """The records, `rows` at most, that have the layout from the first on, and their bytes.

        Empty as soon as the first has not: it is unusual, incomplete or wrong.
        """
        compiled, form = core.compiled, self._format
        if compiled is None and self.sparse:
            return read_rows(form, data, rows, self._dtype, self._label_dtype)
        if compiled is None:
            return read_dense_rows(form, data, rows, self._label_dtype)
        if self.sparse:
            return self._sparse(compiled, form, data, rows)
        return self._dense(compiled, form, data, rows)

    def _sparse(
        self, compiled: CompiledCore, form: RowFormat, buffer: memoryview, rows: int
    ) -> tuple[SparseRows, int]:
        data = np.frombuffer(buffer, np.uint8)
        count, stored = compiled.scan(form, data, rows)
        pointers = np.empty(count + 1, np.int64)
        indices = np.empty(stored, index_dtype(form.columns))
        values = np.empty(stored, self._dtype)
        labels = None if self._label_dtype is None else np.empty(count, self._label_dtype)
        found, used = compiled.decode(form, data, count, pointers, indices, values, labels)
        if found < count:  # its keys or numbers are wrong
            stored = int(pointers[found])
            pointers, indices, values = pointers[: found + 1], indices[:stored], values[:stored]
            labels = None if labels is None else labels[:found]
        return SparseRows(pointers, indices, values, form.columns, labels), used

    def _dense(
        self, compiled: CompiledCore, form: RowFormat, buffer: memoryview, rows: int
    ) -> tuple[DenseRows, int]:
        data = np.frombuffer(buffer, np.uint8)
        most = min(rows, len(data) // self._least)
        values = np.empty((most, form.columns), np.int32)
        labels = None if self._label_dtype is None else np.empty(most, self._label_dtype)
        found, used = compiled.decode_dense(form, data, values, labels)
        return DenseRows(values[:found], None if labels is None else labels[:found]), used


@lru_cache(maxsize=16)
def varint_layout_of(
    sparse: bool, dtype: np.dtype[Any], columns: int, label_dtype: np.dtype[Any] | None
) -> VarintLayout:
    """The layout for rows of `columns` columns."""
    return VarintLayout(sparse, dtype, columns, label_dtype)
