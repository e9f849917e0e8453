"""Sparse records: values, keys and the mandatory shape of each row of a CSR matrix."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from typing import Any, BinaryIO, Protocol, cast

import numpy as np
import numpy.typing as npt

from penstock.recordio import core
from penstock.recordio.checks import checked_dtype, write_all
from penstock.recordio.core import CompiledCore, RowFormat
from penstock.recordio.frame import header
from penstock.recordio.label import FLOAT32, KEY, checked_labels, encode_label, label_head
from penstock.recordio.tensor import FIELD_OF_DTYPE
from penstock.recordio.wire import encode_field, encode_varint, encode_varints

CHUNK_ROWS = 4096
CHUNK_BYTES = 1 << 19  # fits the cache
KEY_LIMIT = 1 << 63
KNOWN_SIZES = 1 << 15


class CSRMatrix(Protocol):
    """What is needed of a compressed sparse row matrix; scipy's have it."""

    indptr: npt.NDArray[Any]
    indices: npt.NDArray[Any]
    data: npt.NDArray[Any]
    shape: tuple[int, int]


@dataclass
class CSRParts:
    """A CSRMatrix of arrays that are there already."""

    indptr: npt.NDArray[Any]
    indices: npt.NDArray[Any]
    data: npt.NDArray[Any]
    shape: tuple[int, int]


def write_csr(
    file: BinaryIO,
    X: CSRMatrix,  # noqa: N803
    y: npt.ArrayLike | None = None,
    *,
    label_dtype: npt.DTypeLike = FLOAT32,
) -> int:
    """Append one sparse record for each row of X; returns the bytes written.

    The bytes are those of the SageMaker SDK 2's write_spmatrix_to_sparse_tensor, whose labels have
    y's own type; here they are float32 unless `label_dtype` says float64 or int32. Explicit zeros
    stay. An empty row has neither values nor keys, only the shape; some readers (the xgboost
    container's) stumble over it, so store an explicit zero for those. Other formats of scipy than
    CSR are converted first.
    ValueError for other types than float32, float64, int32 and int64 that fits, or indices outside
    the shape; nothing is written then.
    """
    if not hasattr(X, "indptr") and not hasattr(X, "tocsr"):
        raise ValueError(
            f"X is no sparse matrix but of type {type(X).__name__}: use write_dense, or "
            "scipy.sparse.csr_matrix(X)"
        )
    matrix = X if getattr(X, "format", "csr") == "csr" else cast("Any", X).tocsr()
    rows, columns = matrix.shape
    dtype = checked_dtype(matrix.data)
    labels = checked_labels(y, rows, label_dtype)
    pointers = np.require(matrix.indptr, np.int64, ["C", "A"])
    _check(matrix, pointers)
    form = row_format(dtype, columns, None if labels is None else labels.dtype)
    # an int32 label has no fixed size
    fixed = labels is None or labels.dtype.kind == "f"
    encoded = (
        _compiled(core.compiled, form, matrix, pointers, dtype, labels)
        if core.compiled is not None and fixed
        else _with_numpy(form, matrix, pointers, dtype, labels)
    )
    return sum(write_all(file, part) for part in encoded)


@lru_cache(maxsize=64)
def row_format(
    dtype: np.dtype[Any],
    columns: int,
    label_dtype: np.dtype[Any] | None,
    *,
    sparse: bool = True,
) -> RowFormat:
    """The constants of rows of `columns` columns; an int32 label's size is not one of them."""
    size = 0 if label_dtype is None or label_dtype.kind != "f" else label_dtype.itemsize
    head = b"" if label_dtype is None or not size else label_head(label_dtype, size)
    shape = encode_field(3, encode_varint(columns)) if sparse else b""
    return RowFormat(FIELD_OF_DTYPE[dtype], columns, shape, head, size)


def _check(matrix: CSRMatrix, pointers: npt.NDArray[np.int64]) -> None:
    rows, columns = matrix.shape
    indices = matrix.indices
    if len(pointers) != rows + 1 or pointers[-1] > len(indices) or len(indices) != len(matrix.data):
        raise ValueError(
            f"{rows} rows need {rows + 1} row pointers (there are {len(pointers)}) and as many "
            f"indices ({len(indices)}) as values ({len(matrix.data)})"
        )
    if pointers[0] < 0 or (pointers[1:] < pointers[:-1]).any():
        raise ValueError("the row pointers must not fall, and not begin below 0")
    if indices.dtype.kind not in "iu":
        raise ValueError(f"the indices have type {indices.dtype}, expected integers")
    if not len(indices):
        return
    # a negative index is a huge one: one pass over them instead of two
    unsigned = indices.view(f"u{indices.itemsize}") if indices.flags.c_contiguous else indices
    if int(unsigned.max()) >= min(columns, KEY_LIMIT) or (
        unsigned is indices and indices.min() < 0
    ):
        raise ValueError(
            f"indices must lie in 0..{columns - 1}, the matrix has shape {matrix.shape}"
        )


def _compiled(
    compiled: CompiledCore,
    form: RowFormat,
    matrix: CSRMatrix,
    pointers: npt.NDArray[np.int64],
    dtype: np.dtype[Any],
    labels: npt.NDArray[Any] | None,
) -> Iterator[memoryview]:
    width = 4 if matrix.indices.itemsize == 4 else 8
    indices = np.require(matrix.indices, f"<u{width}" if width == 8 else None, ["C", "A"])
    values = np.require(matrix.data, dtype, ["C", "A"])
    out = np.empty(CHUNK_BYTES, np.uint8)
    done = 0
    while done < len(pointers) - 1:
        rest = None if labels is None else labels[done:]
        rows, size = compiled.encode(form, pointers[done:], indices, values, rest, out)
        if rows == 0:
            out = np.empty(2 * len(out), np.uint8)
        done += rows
        yield memoryview(cast("Any", out))[:size]


def _with_numpy(
    form: RowFormat,
    matrix: CSRMatrix,
    pointers: npt.NDArray[np.int64],
    dtype: np.dtype[Any],
    labels: npt.NDArray[Any] | None,
) -> Iterator[bytes]:
    """Numbers of many rows are encoded at once; a row is then put together from slices of them."""
    around = _Around(form)
    for first in range(0, len(pointers) - 1, CHUNK_ROWS):
        here = pointers[first : first + CHUNK_ROWS + 1]
        chosen = slice(int(here[0]), int(here[-1]))
        places = here - chosen.start
        values, value_begins = _packed_values(np.ascontiguousarray(matrix.data[chosen], dtype))
        keys, key_begins = encode_varints(matrix.indices[chosen])
        key_data = keys.tobytes()
        value_at = value_begins[places].tolist()
        key_at = key_begins[places].tolist()
        parts: list[bytes] = []
        for value, value_end, key, key_end, tail in zip(
            value_at, value_at[1:], key_at, key_at[1:], _tails(form, labels, first), strict=False
        ):
            head, middle, padding = around[value_end - value, key_end - key, len(tail)]
            parts += (
                head,
                values[value:value_end],
                middle,
                key_data[key:key_end],
                tail,
                padding,
            )
        yield b"".join(parts)


def _tails(form: RowFormat, labels: npt.NDArray[Any] | None, first: int) -> Iterable[bytes]:
    """What stands after the keys, for a chunk of rows: the shape and the label."""
    if labels is None:
        return repeat(form.shape)
    some = labels[first : first + CHUNK_ROWS]
    if labels.dtype.kind == "i":
        return [form.shape + encode_label(label) for label in some]
    constant = form.shape + form.label_head
    size = len(constant) + labels.itemsize
    table = np.empty((len(some), size), np.uint8)
    table[:, : len(constant)] = np.frombuffer(constant, np.uint8)
    table[:, len(constant) :] = some.view(np.uint8).reshape(len(some), -1)
    data = table.tobytes()
    return [data[at : at + size] for at in range(0, len(data), size)]


class _Around(dict[tuple[int, int, int], tuple[bytes, bytes, bytes]]):
    """What stands before a row's values, between them and its keys, and the zeros at the end.

    By the bytes of the values, of the keys and of what follows: shape and label.
    """

    def __init__(self, form: RowFormat) -> None:
        super().__init__()
        self._form = form

    def __missing__(self, sizes: tuple[int, int, int]) -> tuple[bytes, bytes, bytes]:
        value_bytes, key_bytes, tail_bytes = sizes
        form = self._form
        values = b"\x0a" + encode_varint(value_bytes) if value_bytes else b""
        keys = b"\x12" + encode_varint(key_bytes) if value_bytes else b""
        tensor = len(values) + value_bytes + len(keys) + key_bytes + len(form.shape)
        head = encode_varint(form.field << 3 | 2) + encode_varint(tensor)
        value = b"\x12" + encode_varint(len(head) + tensor) + head
        size = len(KEY) + len(value) + tensor
        entry = b"\x0a" + encode_varint(size)
        body = len(entry) + size + tail_bytes - len(form.shape)
        found = header(body) + entry + KEY + value + values, keys, bytes(-body % 4)
        if len(self) < KNOWN_SIZES:
            self[sizes] = found
        return found


def _packed_values(data: npt.NDArray[Any]) -> tuple[bytes, npt.NDArray[np.int64]]:
    """All values packed, and where each begins (one more entry for the end)."""
    if data.dtype.kind == "f":
        return data.tobytes(), np.arange(len(data) + 1, dtype=np.int64) * data.dtype.itemsize
    packed, begins = encode_varints(data.astype(np.int64).view(np.uint64))
    return packed.tobytes(), begins
