"""Dense rows made sparse and sparse ones dense, some megabytes at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from penstock.recordio.files.batch import rows_of_bytes
from penstock.recordio.files.errors import FilesError
from penstock.recordio.rows import DenseRows, Rows, SparseRows, index_dtype

LARGEST_DENSE_ROW_BYTES = 256 << 20


def as_dense(rows: Rows) -> Iterator[DenseRows]:
    """Zeros where a sparse row has no value. FilesError for rows too wide to be written out."""
    if isinstance(rows, DenseRows):
        yield rows
        return
    row_bytes = rows.columns * rows.values.itemsize
    if row_bytes > LARGEST_DENSE_ROW_BYTES:
        raise FilesError(
            f"a dense row of {rows.columns} columns takes {row_bytes} bytes: "
            "choose a sparse form (--sparse; libsvm, JSON lines or RecordIO)"
        )
    step = rows_of_bytes(row_bytes)
    for start in range(0, len(rows), step):
        part = sparse_slice(rows, start, min(start + step, len(rows)))
        values = np.zeros((len(part), part.columns), part.values.dtype)
        values[np.repeat(np.arange(len(part)), np.diff(part.pointers)), part.indices] = part.values
        yield DenseRows(values, part.labels)


def as_sparse(rows: Rows) -> SparseRows:
    """The values of a dense row that are not zero (NaN is none)."""
    if isinstance(rows, SparseRows):
        return rows
    there = rows.values != 0
    _, indices = np.nonzero(there)
    pointers = np.zeros(len(rows) + 1, np.int64)
    np.cumsum(np.count_nonzero(there, axis=1), out=pointers[1:])
    columns = rows.values.shape[1]
    return SparseRows(
        pointers, indices.astype(index_dtype(columns)), rows.values[there], columns, rows.labels
    )


def sparse_slice(rows: SparseRows, start: int, end: int) -> SparseRows:
    """Rows `start` to `end` - 1."""
    first, last = int(rows.pointers[start]), int(rows.pointers[end])
    return SparseRows(
        rows.pointers[start : end + 1] - first,
        rows.indices[first:last],
        rows.values[first:last],
        rows.columns,
        None if rows.labels is None else rows.labels[start:end],
    )


def check_keys(rows: SparseRows, row_words: Callable[[int], str]) -> None:
    """FilesError for a key outside the columns, or twice in a row; the order does not matter."""
    indices = rows.indices
    if not len(indices):
        return
    outside = (indices < 0) | (indices >= rows.columns)
    row_of_entry = np.repeat(np.arange(len(rows)), np.diff(rows.pointers))
    if outside.any():
        at = int(np.argmax(outside))
        raise FilesError(
            f"{row_words(int(row_of_entry[at]))}: column {int(indices[at])} (from 0) lies outside "
            f"of 0 to {rows.columns - 1}: give --columns"
        )
    falls = (indices[1:] <= indices[:-1]) & (row_of_entry[1:] == row_of_entry[:-1])
    if not falls.any():
        return
    order = np.lexsort((indices, row_of_entry))
    keys, owners = indices[order], row_of_entry[order]
    twice = (keys[1:] == keys[:-1]) & (owners[1:] == owners[:-1])
    if twice.any():
        at = int(np.argmax(twice))
        raise FilesError(
            f"{row_words(int(owners[at]))}: column {int(keys[at])} (from 0) stands there twice"
        )
