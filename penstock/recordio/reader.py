"""Reads records one by one or in batches, from bytes in memory and from anything to read from."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from penstock.recordio.ahead import RowsAhead
from penstock.recordio.errors import RecordIOError, WireError
from penstock.recordio.frame import HEADER_BYTES, Frame, FrameReader
from penstock.recordio.payload import decode_record
from penstock.recordio.rows import (
    MOST_COLUMNS,
    DenseRows,
    Rows,
    SparseRows,
    index_dtype,
    joined,
)
from penstock.recordio.source import Source
from penstock.recordio.tensor import BytesTensor, Record, Tensor, shape_words

DenseBatch = tuple[npt.NDArray[Any], npt.NDArray[Any] | None]
Batch = tuple[Any, npt.NDArray[Any] | None]  # X is an array or scipy's csr_matrix


class Reader:
    """Records from bytes (also a memoryview, an mmap, an array) or from a binary file object.

    A file object is a file, a FIFO, an HTTP or S3 body: whatever has readinto or read. Iterating
    and the batches take records off the same stream. Memory stays bounded by one batch (or one
    record) whatever the stream's length. RecordIOError says which record and byte.
    """

    def __init__(self, source: Source) -> None:
        self._frames = FrameReader(source)
        self.texts_left_out = 0  # records whose uid, metadata or configuration no batch has

    def __iter__(self) -> Iterator[Record]:
        for found in self._frames:
            yield _decode(found)

    def batches(self, rows: int) -> Iterator[Batch]:
        """(X, y) of up to `rows` records at a time.

        X is (n, D) in the records' own type, or a scipy.sparse.csr_matrix of sparse records; y is
        (n,) or None when records have no label. Where dense and sparse records follow each other
        a batch ends. All records of a kind must have the same D, type and kind of label; others,
        and other features than the single one named "values", raise RecordIOError.

        Dense float rows are not copied where they lie in one piece: X and y are then views, with
        the records' headers between the rows, read-only if the source is. numpy.ascontiguousarray
        makes them compact. NaN and infinite values come as they are.
        """
        return ((batch.matrix, batch.labels) for batch in self.row_batches(rows))

    def row_batches(self, rows: int) -> Iterator[Rows]:
        """As `batches`, with sparse rows as three arrays: scipy is not needed."""
        return self._batches(_checked(rows), sparse=True)

    def dense_batches(self, rows: int) -> Iterator[DenseBatch]:
        """As `batches`, but a sparse record raises RecordIOError."""
        found = self._batches(_checked(rows), sparse=False)
        return ((batch.values, batch.labels) for batch in found if isinstance(batch, DenseRows))

    def pieces(self, rows: int) -> Iterator[DenseRows | SparseRows | Record]:
        """Everything there is: up to `rows` rows at a time, and what is no such row by itself.

        Other than in batches, the rows of a piece need not be like those of the piece before.
        """
        ahead = RowsAhead(self._frames)
        while True:
            part = ahead.take(rows)
            if part is not None:
                yield part
                continue
            found = self._frames.next_frame()
            if found is None:
                return
            record = _decode(found)
            try:
                row = _row(found, record, sparse=True)
            except RecordIOError:
                yield record
                continue
            yield ahead.learn(found, row.kind, rows) or row

    @property
    def position(self) -> tuple[int, int]:
        """(records, bytes) that were taken so far."""
        return self._frames.record, self._frames.offset

    def _batches(self, rows: int, *, sparse: bool) -> Iterator[Rows]:
        waiting: list[Rows] = []
        count = 0
        kinds: dict[bool, str] = {}  # of dense and of sparse rows
        ahead = RowsAhead(self._frames)
        while True:
            part = ahead.take(rows - count)
            if part is None:
                found = self._frames.next_frame()
                if found is None:
                    break
                record = _decode(found)
                part = _row(found, record, sparse=sparse)
                self.texts_left_out += record.has_texts
                kind = part.kind
                if (before := kinds.setdefault(kind.sparse, kind.words())) != kind.words():
                    raise _error(found, f"{kind.words()}, but earlier records have {before}")
                part = ahead.learn(found, kind, rows - count) or part
            if waiting and type(waiting[-1]) is not type(part):
                yield joined(waiting)
                waiting, count = [], 0
            waiting.append(part)
            count += len(part)
            if count >= rows:
                yield joined(waiting)
                waiting, count = [], 0
        if waiting:
            yield joined(waiting)


def _checked(rows: int) -> int:
    """Said at once, not when the first batch is asked for."""
    if operator.index(rows) < 1:
        raise ValueError(f"rows is {rows}, expected 1 or more")
    return rows


def _row(found: Frame, record: Record, *, sparse: bool) -> Rows:
    """A record as one row; RecordIOError unless it is one, and dense unless `sparse`."""
    values = record.features.get("values")
    if values is None or len(record.features) != 1:
        names = sorted(record.features)
        raise _error(found, f'batches need the single feature "values", found {names}')
    if isinstance(values, BytesTensor):
        raise _error(found, "the record holds bytes: iterate over the Reader instead of batches")
    label = _label(found, record)
    if not values.is_sparse:
        return DenseRows(values.values.reshape(1, -1), label)
    if not sparse:
        raise _error(
            found,
            "the record is sparse (it has keys), here are dense ones needed: "
            "use batches(), or iterate over the Reader",
        )
    if values.shape is None or len(values.shape) != 1:
        words = None if values.shape is None else shape_words(values.shape)
        raise _error(found, f"a sparse row has one dimension, the record's shape is {words}")
    if values.shape[0] > MOST_COLUMNS:
        raise _error(
            found,
            f"a sparse row of a batch has at most 2^63 - 1 columns, the record's shape is "
            f"{values.shape}: iterate over the Reader instead of batches",
        )
    keys = np.empty(0, np.uint64) if values.keys is None else values.keys
    columns = values.shape[0]
    pointers = np.array([0, len(keys)], np.int64)
    return SparseRows(pointers, keys.astype(index_dtype(columns)), values.values, columns, label)


def _label(found: Frame, record: Record) -> npt.NDArray[Any] | None:
    if not record.label:
        return None
    label = record.label.get("values")
    if not isinstance(label, Tensor) or len(record.label) != 1:
        raise _error(found, f'batches need the single label "values", found {sorted(record.label)}')
    if label.is_sparse or label.values.shape != (1,):
        raise _error(found, f"the label has {label.values.size} values, batches need one")
    return label.values


def _decode(found: Frame) -> Record:
    try:
        return decode_record(found.payload)
    except WireError as error:
        # the parts of a split record lie apart: only its start is known
        inside = HEADER_BYTES + error.position if found.whole else 0
        raise RecordIOError(
            error.message, record=found.record, offset=found.offset + inside
        ) from error


def _error(found: Frame, message: str) -> RecordIOError:
    return RecordIOError(message, record=found.record, offset=found.offset)
