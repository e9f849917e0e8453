"""Reads records one by one, or dense ones as numpy batches, from anything that can be read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from penstock.recordio.dense import DenseLayout, layout_of
from penstock.recordio.errors import RecordIOError, WireError
from penstock.recordio.frame import HEADER_BYTES, Frame, FrameReader
from penstock.recordio.payload import decode_record
from penstock.recordio.tensor import BytesTensor, Record, Tensor

Batch = tuple[npt.NDArray[Any], npt.NDArray[Any] | None]


class Reader:
    """Records from a binary file object: a file, a FIFO, an HTTP body.

    Iterating and `batches` take records off the same stream. Memory stays bounded by one batch
    (or one record) whatever the stream's length. RecordIOError says which record and byte.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._frames = FrameReader(file)

    def __iter__(self) -> Iterator[Record]:
        for found in self._frames:
            yield _decode(found)

    def batches(self, rows: int) -> Iterator[Batch]:
        """(X, y) of up to `rows` dense records at a time.

        X is (n, D) in the records' own type, y is (n,) or None when records have no label. All
        records must have the same D, type and kind of label; sparse ones, and other features than
        the single one named "values", raise RecordIOError.
        """
        if rows < 1:
            raise ValueError(f"rows is {rows}, expected 1 or more")
        batch = _DenseBatch()
        layout: DenseLayout | None = None
        ahead = 1  # rows to try with the layout: doubles while records have it
        while True:
            if layout is not None:
                table = self._rows_ahead(layout, min(ahead, rows - batch.rows))
                count = layout.matching(table) if len(table) else 0
                if count:
                    batch.add(*layout.decode(table[:count]))
                    self._frames.take(count * layout.stride, count)
                ahead = min(ahead * 2, rows) if count == len(table) else 1
            if layout is None or not count:
                found = self._frames.next_frame()
                if found is None:
                    break
                values, label = _dense_row(found)
                if batch.differs(values, label):
                    raise _error(found, batch.difference(values, label))
                batch.add(values, label)
                layout = (
                    layout_of(values.dtype, values.shape[1], label is not None)
                    if values.dtype.kind == "f" and (label is None or label.dtype == "<f4")
                    else None
                )
            if batch.rows >= rows:
                yield batch.take()
        if batch.rows:
            yield batch.take()

    def _rows_ahead(self, layout: DenseLayout, rows: int) -> npt.NDArray[np.uint8]:
        """What the stream has next, cut into the layout's rows; empty at its end."""
        data = self._frames.peek(rows * layout.stride)
        count = min(rows, len(data) // layout.stride)
        return np.frombuffer(data[: count * layout.stride], np.uint8).reshape(count, layout.stride)


class _DenseBatch:
    """Rows of one type and width that wait for their batch to be full."""

    def __init__(self) -> None:
        self.rows = 0
        self._values: list[npt.NDArray[Any]] = []
        self._labels: list[npt.NDArray[Any]] = []
        self._like: tuple[np.dtype[Any], int, np.dtype[Any] | None] | None = None

    def differs(self, values: npt.NDArray[Any], label: npt.NDArray[Any] | None) -> bool:
        """Whether the row cannot stand with those that came before it, in any batch."""
        return self._like not in (None, _kind(values, label))

    def difference(self, values: npt.NDArray[Any], label: npt.NDArray[Any] | None) -> str:
        """The row's kind against that of the earlier ones, in words."""
        before = self._like or _kind(values, label)
        return f"{_words(_kind(values, label))}, but earlier records have {_words(before)}"

    def add(self, values: npt.NDArray[Any], labels: npt.NDArray[Any] | None) -> None:
        self._like = _kind(values, labels)
        self._values.append(values)
        if labels is not None:
            self._labels.append(labels)
        self.rows += len(values)

    def take(self) -> Batch:
        """What has come together; the next batch starts empty."""
        values = np.concatenate(self._values)
        labels = np.concatenate(self._labels) if self._labels else None
        self._values, self._labels, self.rows = [], [], 0
        return values, labels


def _kind(
    values: npt.NDArray[Any], labels: npt.NDArray[Any] | None
) -> tuple[np.dtype[Any], int, np.dtype[Any] | None]:
    return values.dtype, values.shape[1], None if labels is None else labels.dtype


def _words(kind: tuple[np.dtype[Any], int, np.dtype[Any] | None]) -> str:
    dtype, width, label = kind
    return f"{width} {dtype.name} values and {label.name if label else 'no'} label"


def _dense_row(found: Frame) -> tuple[npt.NDArray[Any], npt.NDArray[Any] | None]:
    """(1, D) values and the (1,) label of a record; RecordIOError unless it is dense."""
    record = _decode(found)
    values = record.features.get("values")
    if values is None or len(record.features) != 1:
        names = sorted(record.features)
        raise _error(found, f'batches need the single feature "values", found {names}')
    if isinstance(values, BytesTensor):
        raise _error(found, "the record holds bytes: iterate over the Reader instead of batches")
    if values.is_sparse:
        raise _error(
            found,
            "the record is sparse (it has keys), batches are for dense ones: "
            "iterate over the Reader instead",
        )
    return values.values.reshape(1, -1), _label(found, record)


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
