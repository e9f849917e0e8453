"""Dense records written: float32 and float64 as fixed layouts, int32 as varints."""

from __future__ import annotations

from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from penstock.recordio.checks import checked_dtype, refuse_masked, write_all
from penstock.recordio.dense_layout import feature_head, layout_of
from penstock.recordio.frame import frame
from penstock.recordio.label import FLOAT32, checked_labels, encode_label
from penstock.recordio.wire import encode_varints

CHUNK_BYTES = 1 << 19  # fits the cache: measured fastest


def write_dense(
    file: BinaryIO,
    X: npt.ArrayLike,  # noqa: N803
    y: npt.ArrayLike | None = None,
    *,
    label_dtype: npt.DTypeLike = FLOAT32,
) -> int:
    """Append one record for each row of X, (n, D) float32, float64 or int32; returns bytes written.

    y, (n,), becomes the label of each record, as float32 unless `label_dtype` says float64 or
    int32. The bytes are those of the SageMaker SDK 2's write_numpy_to_dense_tensor, whose labels
    have y's own type; it refuses numpy's int32 and takes int64, which here is written as int32 too
    if it fits. Records are never split at the magic, as the SDK's are not.
    ValueError for another type or shape.
    """
    if hasattr(X, "tocsr"):
        raise ValueError("X is a sparse matrix: use write_csr")
    refuse_masked("X", X)
    rows = np.asarray(X)
    if rows.ndim != 2 or rows.shape[1] == 0:
        raise ValueError(f"X has shape {rows.shape}, expected (records, features)")
    dtype = checked_dtype(rows)
    labels = checked_labels(y, len(rows), label_dtype)
    chunk = max(1, CHUNK_BYTES // (rows.shape[1] * dtype.itemsize))
    layout = None
    if dtype.kind == "f" and (labels is None or labels.dtype.kind == "f"):
        layout = layout_of(dtype, rows.shape[1], None if labels is None else labels.dtype)
        blank = layout.blank(min(chunk, len(rows)))  # its constant bytes serve every chunk
    written = 0
    for start in range(0, len(rows), chunk):
        part = np.ascontiguousarray(rows[start : start + chunk], dtype)
        part_labels = None if labels is None else labels[start : start + chunk]
        encoded = layout.encode(part, part_labels, blank) if layout else _encode(part, part_labels)
        written += write_all(file, encoded)
    return written


def _encode(rows: npt.NDArray[Any], labels: npt.NDArray[Any] | None) -> bytes:
    """Varints make the records' lengths differ: numbers all at once, frames one by one."""
    if rows.dtype.kind == "f":
        ends = np.arange(1, len(rows) + 1) * (rows.shape[1] * rows.itemsize)
        data = rows.tobytes()
    else:
        numbers = rows.astype(np.int64).view(np.uint64).reshape(-1)  # negatives take ten bytes
        packed, begins = encode_varints(numbers)
        ends = begins[rows.shape[1] :: rows.shape[1]]
        data = packed.tobytes()
    records = []
    start = 0
    for index, end in enumerate(ends.tolist()):
        payload = feature_head(rows.dtype, end - start) + data[start:end]
        records.append(frame(payload + (b"" if labels is None else encode_label(labels[index]))))
        start = end
    return b"".join(records)
