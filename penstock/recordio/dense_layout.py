"""Dense float records: a fixed layout, so that numpy writes and checks many rows at once."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from penstock.recordio.frame import HEADER_BYTES, header
from penstock.recordio.label import KEY, label_head
from penstock.recordio.rows import DenseRows
from penstock.recordio.tensor import FIELD_OF_DTYPE
from penstock.recordio.wire import encode_varint

CHECKED_ROWS = 1024  # their constant bytes stay in the cache while they are compared


class DenseLayout:
    """Where the bytes of a float record stand, when every record has D values of one type.

    `head` (frame header and everything before the values), values, the label's constant bytes
    and its number or nothing, zero padding; `stride` bytes in all.
    """

    first_bytes = None  # views cost nothing

    def __init__(self, dtype: np.dtype[Any], width: int, label_dtype: np.dtype[Any] | None) -> None:
        self.dtype = dtype
        self.width = width
        self.label_dtype = label_dtype
        value_bytes = width * dtype.itemsize
        feature = feature_head(dtype, value_bytes)
        self.label_head = (
            b"" if label_dtype is None else label_head(label_dtype, label_dtype.itemsize)
        )
        label_bytes = 0 if label_dtype is None else len(self.label_head) + label_dtype.itemsize
        body = len(feature) + value_bytes + label_bytes
        self.head = header(body) + feature
        self.stride = HEADER_BYTES + body + -body % 4
        self.label_at = len(self.head) + value_bytes
        self.number_at = self.label_at + len(self.label_head)
        self.padding_at = self.label_at + label_bytes
        constants = {
            "head": (0, self.head),
            "label_head": (self.label_at, self.label_head),
            "padding": (self.padding_at, bytes(self.stride - self.padding_at)),
        }
        # what is the same in all records, by its field's name: where it stands, and its bytes
        self._constants = {name: found for name, found in constants.items() if found[1]}
        names = ["head", "values", "label_head", "number", "padding"]
        sizes = [
            len(self.head),
            value_bytes,
            len(self.label_head),
            0,
            self.stride - self.padding_at,
        ]
        formats = [f"V{size}" for size in sizes]
        if label_dtype is not None:
            formats[3] = label_dtype.str
        self._record = np.dtype(
            [(name, form) for name, form in zip(names, formats, strict=True) if form != "V0"]
        )

    def blank(self, rows: int) -> npt.NDArray[Any]:
        """`rows` records, complete but for the values and the labels' numbers."""
        records = np.empty(rows, self._record)
        for name, (_, constant) in self._constants.items():
            records[name] = np.void(constant)
        return records

    def encode(
        self, rows: npt.NDArray[Any], labels: npt.NDArray[Any] | None, blank: npt.NDArray[Any]
    ) -> memoryview:
        """(n, D) values, contiguous, and n labels as n records: the first of `blank` then."""
        records = blank[: len(rows)]
        if self.width:
            records["values"] = rows.reshape(-1).view(self._record["values"])
        if labels is not None:
            records["number"] = labels
        return memoryview(cast("Any", records.view(np.uint8))).toreadonly()

    def matching(self, data: memoryview, rows: int) -> int:
        """How many of the next `rows` rows, from the first on, have exactly this layout."""
        done = 0
        while done < rows:
            count = same = min(CHECKED_ROWS, rows - done)
            for name, (place, constant) in self._constants.items():
                every: npt.NDArray[Any] = np.ndarray(
                    (same,), self._record[name], data, done * self.stride + place, (self.stride,)
                )
                # gathered and compared as bytes: many times faster than word by word
                if (found := every.tobytes()) != constant * same:
                    table = np.frombuffer(found, np.uint8).reshape(same, -1)
                    wrong = (table != np.frombuffer(constant, np.uint8)).any(1)
                    same = int(np.argmax(wrong))
            done += same
            if same < count:
                break
        return done

    def begins(self, record: memoryview) -> bool:
        """Whether the record begins as all of them do."""
        return record[: len(self.head)] == self.head

    def bytes_of(self, rows: int) -> int:
        """What `rows` records take."""
        return rows * self.stride

    def read(self, data: memoryview, rows: int) -> tuple[DenseRows, int]:
        """The records, `rows` at most, that have the layout from the first on, and their bytes.

        Values and labels are views of `data`.
        """
        count = self.matching(data, min(rows, len(data) // self.stride))
        steps = (self.stride, self.dtype.itemsize)
        values: npt.NDArray[Any] = np.ndarray(
            (count, self.width), self.dtype, data, len(self.head) if count else 0, steps
        )
        labels: npt.NDArray[Any] | None = None
        if self.label_dtype is not None:
            place = self.number_at if count else 0
            labels = np.ndarray((count,), self.label_dtype, data, place, (self.stride,))
        return DenseRows(values, labels), count * self.stride


@lru_cache(maxsize=16)
def layout_of(dtype: np.dtype[Any], width: int, label_dtype: np.dtype[Any] | None) -> DenseLayout:
    """The layout for float rows of `width` values."""
    return DenseLayout(dtype, width, label_dtype)


@lru_cache(maxsize=1024)
def feature_head(dtype: np.dtype[Any], value_bytes: int) -> bytes:
    """The bytes of a dense feature map before its `value_bytes` bytes of packed values."""
    values = b"\x0a" + encode_varint(value_bytes) if value_bytes else b""
    tensor_bytes = len(values) + value_bytes
    tensor = encode_varint(FIELD_OF_DTYPE[dtype] << 3 | 2) + encode_varint(tensor_bytes) + values
    value = b"\x12" + encode_varint(len(tensor) + value_bytes) + tensor
    return b"\x0a" + encode_varint(len(KEY) + len(value) + value_bytes) + KEY + value
