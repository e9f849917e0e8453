"""Sparse records: values, keys and the mandatory shape of each row of a CSR matrix."""

from __future__ import annotations

from typing import Any, BinaryIO, Protocol

import numpy as np
import numpy.typing as npt

from penstock.recordio.dense import KEY, checked_dtype, checked_labels, encode_label
from penstock.recordio.frame import frame
from penstock.recordio.tensor import FIELD_OF_DTYPE
from penstock.recordio.wire import encode_field, encode_varint, encode_varints

CHUNK_ROWS = 4096


class CSRMatrix(Protocol):
    """What is needed of a compressed sparse row matrix; scipy's have it."""

    indptr: npt.NDArray[Any]
    indices: npt.NDArray[Any]
    data: npt.NDArray[Any]
    shape: tuple[int, int]


def write_csr(file: BinaryIO, X: CSRMatrix, y: npt.ArrayLike | None = None) -> int:  # noqa: N803
    """Append one sparse record for each row of X; returns the bytes written.

    Explicit zeros stay. An empty row has neither values nor keys, only the shape; some readers
    (the xgboost container's) stumble over it, so store an explicit zero for those.
    ValueError for other types than float32, float64 and int32, or indices outside the shape.
    """
    rows, columns = X.shape
    dtype = checked_dtype(X.data.dtype)
    labels = checked_labels(y, rows)
    indptr = np.asarray(X.indptr, np.int64)
    if len(indptr) != rows + 1 or indptr[-1] > len(X.indices) or len(X.indices) != len(X.data):
        raise ValueError(
            f"{rows} rows need {rows + 1} row pointers (there are {len(indptr)}) and as many "
            f"indices ({len(X.indices)}) as values ({len(X.data)})"
        )
    if len(X.indices) and not 0 <= X.indices.min() <= X.indices.max() < columns:
        raise ValueError(f"indices must lie in 0..{columns - 1}, the matrix has shape {X.shape}")
    shape = encode_field(3, encode_varint(columns))
    written = 0
    for first in range(0, rows, CHUNK_ROWS):
        pointers = indptr[first : first + CHUNK_ROWS + 1]
        chosen = slice(int(pointers[0]), int(pointers[-1]))
        values, value_ends = _packed_values(np.ascontiguousarray(X.data[chosen], dtype))
        keys, key_lengths = encode_varints(X.indices[chosen].astype(np.uint64))
        key_ends = np.concatenate([[0], np.cumsum(key_lengths)])
        key_bytes = keys.tobytes()
        records = []
        for index, (start, end) in enumerate(
            zip(
                (pointers[:-1] - chosen.start).tolist(),
                (pointers[1:] - chosen.start).tolist(),
                strict=True,
            )
        ):
            tensor = shape
            if end > start:
                tensor = (
                    encode_field(1, values[value_ends[start] : value_ends[end]])
                    + encode_field(2, key_bytes[key_ends[start] : key_ends[end]])
                    + shape
                )
            value = encode_field(2, encode_field(FIELD_OF_DTYPE[dtype], tensor))
            payload = encode_field(1, KEY + value)
            if labels is not None:
                payload += encode_label(labels[first + index])
            records.append(frame(payload))
        encoded = b"".join(records)
        file.write(encoded)
        written += len(encoded)
    return written


def _packed_values(data: npt.NDArray[Any]) -> tuple[bytes, npt.NDArray[np.int64]]:
    """All values packed, and where each begins (one more entry for the end)."""
    if data.dtype.kind == "f":
        return data.tobytes(), np.arange(len(data) + 1, dtype=np.int64) * data.dtype.itemsize
    packed, lengths = encode_varints(data.astype(np.int64).view(np.uint64))
    return packed.tobytes(), np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
