"""What the writers take: types that the format has, and files that take part of a write."""

from __future__ import annotations

import io
from os import PathLike
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from penstock.recordio.tensor import FIELD_OF_DTYPE

INT32 = np.iinfo(np.int32)
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


def refuse_masked(name: str, values: object) -> None:
    """ValueError for a masked array, whose masked numbers would be written as any others."""
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise ValueError(f"{name} has masked numbers, records have none: use {name}.filled(...)")


def refuse_path_and_text(file: object, mode: str) -> None:
    """TypeError for what is no binary file yet; `mode` is how to open it."""
    if isinstance(file, str | PathLike):
        raise TypeError(f"{file!r} is a path: open it, as open(path, {mode!r}) does")
    if isinstance(file, io.TextIOBase):
        raise TypeError(f"the file is open for text: open it in binary mode, {mode!r}")


def write_all(file: BinaryIO, data: bytes | memoryview) -> int:
    """Write all of `data`, also to a raw file, which may take a part of it at a time.

    TypeError for a path or a file that is open for text.
    """
    refuse_path_and_text(file, "wb")
    rest = memoryview(data)
    size = len(rest)
    while len(rest):
        taken = file.write(rest)
        if taken is None:
            raise BlockingIOError("the file takes no bytes now: open it in blocking mode")
        rest = rest[taken:]
    return size
