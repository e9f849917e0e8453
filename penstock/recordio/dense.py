"""Dense records: a fixed layout for floats, so that numpy writes and checks many rows at once."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from penstock.recordio.frame import HEADER_BYTES, frame, header
from penstock.recordio.tensor import FIELD_OF_DTYPE
from penstock.recordio.wire import encode_field, encode_varint, encode_varints

KEY = encode_field(1, b"values")
LABEL_BYTES = 20
LABEL_HEAD = encode_field(2, KEY + encode_field(2, encode_field(2, encode_field(1, bytes(4)))))[:-4]
CHUNK_BYTES = 1 << 19  # fits the cache: measured fastest
EXACT_IN_FLOAT32 = 1 << 24


class DenseLayout:
    """Where the bytes of a float record stand, when every record has D values of one type.

    `head` (frame header and everything before the values), values, `tail_head` (the label's
    constant bytes or nothing), the float32 label, zero padding; `stride` bytes in all.
    """

    def __init__(self, dtype: np.dtype[Any], width: int, labelled: bool) -> None:
        self.dtype = dtype
        self.width = width
        self.labelled = labelled
        self.value_bytes = width * dtype.itemsize
        feature = feature_head(dtype, self.value_bytes)
        body = len(feature) + self.value_bytes + (LABEL_BYTES if labelled else 0)
        self.head = header(body) + feature
        self.stride = HEADER_BYTES + body + -body % 4
        self.label_at = len(self.head) + self.value_bytes
        self.padding_at = self.label_at + (LABEL_BYTES if labelled else 0)

    def encode(
        self, rows: npt.NDArray[Any], labels: npt.NDArray[np.float32] | None
    ) -> npt.NDArray[np.uint8]:
        """(n, D) values and n labels as (n, stride) bytes."""
        out = np.zeros((len(rows), self.stride), np.uint8)
        out[:, : len(self.head)] = np.frombuffer(self.head, np.uint8)
        out[:, len(self.head) : self.label_at] = rows.view(np.uint8)
        if labels is not None:
            number_at = self.label_at + len(LABEL_HEAD)
            out[:, self.label_at : number_at] = np.frombuffer(LABEL_HEAD, np.uint8)
            out[:, number_at : self.padding_at] = labels.view(np.uint8).reshape(-1, 4)
        return out

    def matching(self, table: npt.NDArray[np.uint8]) -> int:
        """How many rows from the first on have exactly this layout; `table` is (n, stride)."""
        same = (table[:, : len(self.head)] == np.frombuffer(self.head, np.uint8)).all(1)
        if self.labelled:
            label_head = table[:, self.label_at : self.label_at + len(LABEL_HEAD)]
            same &= (label_head == np.frombuffer(LABEL_HEAD, np.uint8)).all(1)
        same &= ~table[:, self.padding_at :].any(1)
        return len(same) if same.all() else int(np.argmin(same))

    def decode(
        self, table: npt.NDArray[np.uint8]
    ) -> tuple[npt.NDArray[Any], npt.NDArray[np.float32] | None]:
        """Copies of the values, (n, D), and of the labels, (n,), of rows that match."""
        values = np.ascontiguousarray(table[:, len(self.head) : self.label_at])
        rows = values.view(self.dtype).reshape(len(table), self.width)
        if not self.labelled:
            return rows, None
        number_at = self.label_at + len(LABEL_HEAD)
        labels = np.ascontiguousarray(table[:, number_at : self.padding_at])
        return rows, labels.view("<f4").reshape(-1)


@lru_cache(maxsize=16)
def layout_of(dtype: np.dtype[Any], width: int, labelled: bool) -> DenseLayout:
    """The layout for float rows of `width` values."""
    return DenseLayout(dtype, width, labelled)


@lru_cache(maxsize=1024)
def feature_head(dtype: np.dtype[Any], value_bytes: int) -> bytes:
    """The bytes of a dense feature map before its `value_bytes` bytes of packed values."""
    values = b"\x0a" + encode_varint(value_bytes) if value_bytes else b""
    tensor_bytes = len(values) + value_bytes
    tensor = encode_varint(FIELD_OF_DTYPE[dtype] << 3 | 2) + encode_varint(tensor_bytes) + values
    value = b"\x12" + encode_varint(len(tensor) + value_bytes) + tensor
    return b"\x0a" + encode_varint(len(KEY) + len(value) + value_bytes) + KEY + value


def encode_label(label: np.float32) -> bytes:
    """The 20 bytes of a label, always float32."""
    return LABEL_HEAD + label.tobytes()


def checked_labels(y: npt.ArrayLike | None, rows: int) -> npt.NDArray[np.float32] | None:
    """`y` as float32, one for each row. ValueError for another shape, or integers it cannot hold.

    The label is float32 on the wire, whatever the features are: linear-learner reads nothing else.
    """
    if y is None:
        return None
    labels = np.asarray(y)
    if labels.shape != (rows,):
        raise ValueError(f"y has shape {labels.shape}, expected one label for each of {rows} rows")
    if labels.dtype.kind not in "fiub":
        raise ValueError(f"y has type {labels.dtype}, expected numbers")
    if labels.dtype.kind in "iu" and rows and int(np.abs(labels).max()) > EXACT_IN_FLOAT32:
        raise ValueError(
            f"y holds an integer beyond {EXACT_IN_FLOAT32}, which a float32 label cannot hold: "
            "number the classes from 0"
        )
    return np.ascontiguousarray(labels, "<f4")


def checked_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """`dtype` in little-endian order. ValueError unless float32, float64 or int32."""
    little = dtype.newbyteorder("<")
    if little not in FIELD_OF_DTYPE:
        raise ValueError(
            f"X has type {dtype}, the format has float32, float64 and int32: use X.astype(...) "
            "(linear-learner takes float32 only)"
        )
    return little


def write_dense(file: BinaryIO, X: npt.ArrayLike, y: npt.ArrayLike | None = None) -> int:  # noqa: N803
    """Append one record for each row of X, (n, D) float32, float64 or int32; returns bytes written.

    y, (n,), becomes the float32 label of each record. ValueError for another type or shape.
    """
    rows = np.asarray(X)
    if rows.ndim != 2 or rows.shape[1] == 0:
        raise ValueError(f"X has shape {rows.shape}, expected (records, features)")
    dtype = checked_dtype(rows.dtype)
    labels = checked_labels(y, len(rows))
    chunk = max(1, CHUNK_BYTES // (rows.shape[1] * dtype.itemsize))
    written = 0
    for start in range(0, len(rows), chunk):
        part = np.ascontiguousarray(rows[start : start + chunk], dtype)
        part_labels = None if labels is None else labels[start : start + chunk]
        if dtype.kind == "f":
            layout = layout_of(dtype, rows.shape[1], labels is not None)
            encoded = layout.encode(part, part_labels).tobytes()
        else:
            encoded = _encode_int32(part, part_labels)
        file.write(encoded)
        written += len(encoded)
    return written


def _encode_int32(rows: npt.NDArray[np.int32], labels: npt.NDArray[np.float32] | None) -> bytes:
    """Varints make the records' lengths differ: numbers all at once, frames one by one."""
    numbers = rows.astype(np.int64).view(np.uint64).reshape(-1)  # negative ones take ten bytes
    packed, lengths = encode_varints(numbers)
    ends = np.cumsum(lengths.reshape(rows.shape).sum(1))
    data = packed.tobytes()
    records = []
    start = 0
    for index, end in enumerate(ends.tolist()):
        payload = feature_head(rows.dtype, end - start) + data[start:end]
        records.append(frame(payload + (b"" if labels is None else encode_label(labels[index]))))
        start = end
    return b"".join(records)
