"""What the writers take: types that the format has, and files that take part of a write."""

from __future__ import annotations

from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from penstock.recordio.label import INT32
from penstock.recordio.tensor import FIELD_OF_DTYPE

INT64 = np.dtype("<i8")


def checked_dtype(values: npt.NDArray[Any]) -> np.dtype[Any]:
    """The type, little-endian, that `values` are written as: float32, float64 or int32.

    int64 is written as int32, as the SageMaker SDK 2 does. ValueError for another type, or for
    int64 values beyond 32 bits.
    """
    little = values.dtype.newbyteorder("<")
    if little == INT64:
        if values.size and not (INT32.min <= values.min() and values.max() <= INT32.max):
            raise ValueError(
                "X holds integers beyond 32 bits, the format has none: use X.astype('float64')"
            )
        return np.dtype("<i4")
    if little not in FIELD_OF_DTYPE:
        raise ValueError(
            f"X has type {values.dtype}, the format has float32, float64 and int32: use "
            "X.astype(...) (linear-learner takes float32 only)"
        )
    return little


def write_all(file: BinaryIO, data: bytes | memoryview) -> int:
    """Write all of `data`, also to a raw file, which may take a part of it at a time."""
    rest = memoryview(data)
    size = len(rest)
    while len(rest):
        taken = file.write(rest)
        if taken is None:
            raise BlockingIOError("the file takes no bytes now: open it in blocking mode")
        rest = rest[taken:]
    return size
