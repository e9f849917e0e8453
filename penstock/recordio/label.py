"""The one number that a record's label holds, before and behind which the bytes are constant."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from penstock.recordio.checks import INT32, refuse_masked
from penstock.recordio.tensor import FIELD_OF_DTYPE
from penstock.recordio.wire import encode_field, encode_varint

KEY = encode_field(1, b"values")
FLOAT32 = np.dtype("<f4")
EXACT_IN_FLOAT32 = 1 << 24


@lru_cache(maxsize=32)
def label_head(dtype: np.dtype[Any], number_bytes: int) -> bytes:
    """What stands before a label's number of `number_bytes` bytes; nothing stands behind it."""
    number = encode_field(1, bytes(number_bytes))
    entry = KEY + encode_field(2, encode_field(FIELD_OF_DTYPE[dtype], number))
    return encode_field(2, entry)[:-number_bytes]


def encode_label(label: np.generic) -> bytes:
    """A label's bytes: 20 of them for float32, which nearly all labels are."""
    if label.dtype.kind == "f":
        number = label.tobytes()
    else:
        number = encode_varint(int(label) & (1 << 64) - 1)
    return label_head(label.dtype, len(number)) + number


def checked_labels(
    y: npt.ArrayLike | None, rows: int, label_dtype: npt.DTypeLike
) -> npt.NDArray[Any] | None:
    """`y` as `label_dtype`, one for each row. ValueError for another shape, or what it cannot hold.

    Labels are float32 on the wire unless asked otherwise, whatever the features are:
    linear-learner reads nothing else.
    """
    wanted = np.dtype(label_dtype).newbyteorder("<")
    refuse_masked("y", y)
    if wanted not in FIELD_OF_DTYPE:
        raise ValueError(f"label_dtype is {wanted}, the format has float32, float64 and int32")
    if y is None:
        return None
    labels = np.asarray(y)
    if labels.shape != (rows,):
        raise ValueError(f"y has shape {labels.shape}, expected one label for each of {rows} rows")
    if labels.dtype.kind not in "fiub":
        raise ValueError(f"y has type {labels.dtype}, expected numbers")
    if wanted.kind == "i":
        if rows and not (INT32.min <= labels.min() and labels.max() <= INT32.max):
            raise ValueError("y holds numbers beyond 32 bits, which an int32 label cannot hold")
        if (labels != np.trunc(labels)).any():
            raise ValueError("y holds fractions, which an int32 label cannot hold")
    elif (
        wanted == FLOAT32
        and labels.dtype.kind in "iu"
        and rows
        and max(int(labels.max()), -int(labels.min())) > EXACT_IN_FLOAT32
    ):
        raise ValueError(
            f"y holds an integer beyond {EXACT_IN_FLOAT32}, which a float32 label cannot hold: "
            "number the classes from 0"
        )
    return to_floats("y", labels, wanted) if wanted.kind == "f" else labels.astype(wanted)


def to_floats(
    name: str, numbers: npt.NDArray[Any], dtype: np.dtype[Any]
) -> npt.NDArray[np.floating[Any]]:
    """The numbers as `dtype`, contiguous. ValueError for a finite one that would be infinite."""
    with np.errstate(over="ignore"):
        floats = np.ascontiguousarray(numbers, dtype)
    if (np.isinf(floats) & np.isfinite(numbers)).any():
        raise ValueError(f"{name} holds a number beyond {np.finfo(dtype).max}, as {dtype} has none")
    return floats
