"""Many sparse rows read at once: what their records have in common is compared, not decoded."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from penstock.recordio import core
from penstock.recordio.frame import HEADER_BYTES
from penstock.recordio.numpy_rows import read_rows
from penstock.recordio.rows import SparseRows, index_dtype
from penstock.recordio.sparse import row_format


class SparseLayout:
    """Sparse records of one type of values, number of columns and kind of label."""

    def __init__(
        self, dtype: np.dtype[Any], columns: int, label_dtype: np.dtype[Any] | None
    ) -> None:
        self.dtype = dtype
        self.label_dtype = label_dtype
        self._format = row_format(dtype, columns, label_dtype)
        # of an empty row: frame, map entry, key, value and tensor
        self._least = HEADER_BYTES + 14 + len(self._format.shape) + len(self._format.label_head)

    def bytes_of(self, rows: int) -> int:
        """What `rows` records take at least."""
        return rows * self._least

    def read(self, data: memoryview, rows: int) -> tuple[SparseRows, int]:
        """The records, `rows` at most, that have the layout from the first on, and their bytes.

        Empty as soon as the first has not: it is unusual, incomplete or wrong.
        """
        if core.compiled is None:
            return read_rows(self._format, data, rows, self.dtype, self.label_dtype)
        return self._compiled(core.compiled, np.frombuffer(data, np.uint8), rows)

    def _compiled(
        self, compiled: core.CompiledCore, data: npt.NDArray[np.uint8], rows: int
    ) -> tuple[SparseRows, int]:
        form = self._format
        count, stored = compiled.scan(form, data, rows)
        pointers = np.empty(count + 1, np.int64)
        indices = np.empty(stored, index_dtype(form.columns))
        values = np.empty(stored, self.dtype)
        labels = None if self.label_dtype is None else np.empty(count, self.label_dtype)
        found, used = compiled.decode(form, data, count, pointers, indices, values, labels)
        if found < count:  # its keys or numbers are wrong
            stored = int(pointers[found])
            pointers, indices, values = pointers[: found + 1], indices[:stored], values[:stored]
            labels = None if labels is None else labels[:found]
        return SparseRows(pointers, indices, values, form.columns, labels), used


@lru_cache(maxsize=16)
def sparse_layout_of(
    dtype: np.dtype[Any], columns: int, label_dtype: np.dtype[Any] | None
) -> SparseLayout:
    """The layout for sparse rows of `columns` columns."""
    return SparseLayout(dtype, columns, label_dtype)
