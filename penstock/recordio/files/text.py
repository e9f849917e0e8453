"""Numbers as text, many at once: the shortest digits that give the same number back."""

from __future__ import annotations

from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from penstock.recordio.checks import write_all


def digits(numbers: npt.NDArray[Any]) -> Any:
    """Each number as a string; at most 9 significant digits for float32, 17 for float64."""
    return pa.array(np.ascontiguousarray(numbers).reshape(-1)).cast(pa.string())


def json_digits(numbers: npt.NDArray[Any]) -> Any:
    """As digits, but -0.0 for what JSON would read as the whole number 0."""
    strings = digits(numbers)
    return pc.if_else(pc.equal(strings, "-0"), "-0.0", strings)


def joined(pointers: npt.NDArray[Any], strings: Any, separator: str) -> Any:
    """The strings from each pointer to the next one as one string."""
    lists = pa.ListArray.from_arrays(pa.array(pointers, pa.int32()), strings)
    return pc.binary_join(lists, separator)


def row_pointers(table: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The pointers of (n, D) numbers that follow each other."""
    rows, width = table.shape
    pointers: npt.NDArray[Any] = np.arange(rows + 1) * width
    return pointers


def write_lines(file: BinaryIO, *parts: Any) -> None:
    """Each row's parts, one after the other (constants for all rows as str), and a line end."""
    rows = pc.binary_join_element_wise(*parts, "\n", "")
    whole = joined(np.array([0, len(rows)]), rows, "")
    write_all(file, whole.buffers()[2])
