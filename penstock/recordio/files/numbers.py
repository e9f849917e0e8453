"""Numbers into the type that is written; what does not fit is refused, roundings are counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from penstock.recordio.files.batch import Batch
from penstock.recordio.files.errors import FilesError
from penstock.recordio.rows import DenseRows, Labels, Rows, SparseRows

FLOAT32 = np.dtype("<f4")
FLOAT64 = np.dtype("<f8")
INT32 = np.dtype("<i4")
INT32_RANGE = np.iinfo(np.int32)
EXACT_IN_FLOAT64 = 1 << 53
LONGEST_WHOLE = 1e22  # beyond it people write exponents
LOST = "has more digits than float64 holds: cut it, or leave the column out"
Place = Callable[[int], str]


class Caster:
    """Gives rows their types: `dtype` of the values and `label_dtype`; None keeps what there is.

    `rounded` counts the whole numbers that the type could not hold exactly (from 2^24 on in
    float32, 2^53 in float64), `first_rounded` tells where the first one stands. Fractions are
    rounded to the nearest number of the type without being counted.
    """

    def __init__(self, dtype: np.dtype[Any] | None, label_dtype: np.dtype[Any] | None) -> None:
        self._dtype = dtype
        self._label_dtype = label_dtype
        self.rounded = 0
        self.first_rounded = ""

    def cast(self, batch: Batch) -> Rows:
        """The rows in the types; FilesError for a value that the type cannot hold."""
        rows = batch.rows
        values = self._values(rows.values, batch.value_words)
        labels = self._labels(rows.labels, batch.label_words)
        if isinstance(rows, DenseRows):
            return DenseRows(values, labels)
        return SparseRows(rows.pointers, rows.indices, values, rows.columns, labels)

    def _values(self, values: npt.NDArray[Any], place: Place) -> npt.NDArray[Any]:
        dtype = self._dtype or kept(values.dtype)
        if values.dtype == dtype:
            return values
        narrow = _narrowed(values, dtype, place, "--dtype float64 holds it")
        changed = _rounded(values, narrow)
        if changed.any():
            if not self.rounded:
                self.first_rounded = place(int(np.argmax(changed.reshape(-1))))
            self.rounded += int(changed.sum())
        return narrow

    def _labels(self, labels: Labels, place: Place) -> Labels:
        if labels is None:
            return None
        dtype = self._label_dtype or kept(labels.dtype)
        if labels.dtype == dtype:
            return labels

        narrow = _narrowed(labels, dtype, place, f"a label here is {dtype.name}")
        changed = _rounded(labels, narrow)
        if changed.any():
            at = int(np.argmax(changed))
            raise FilesError(
                f"{place(at)}: {labels[at]:.17g} has no exact {dtype.name}, which the label is: "
                "number the classes from 0"
            )
        return narrow


def kept(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The type of the format that holds all numbers of `dtype`, int64 as near as can be."""
    if dtype.kind == "f":
        return FLOAT32 if dtype.itemsize <= 4 else FLOAT64
    fits = dtype.kind == "b" or dtype.itemsize < 4 or dtype == INT32
    return INT32 if fits else FLOAT64


def may_have_lost_digits(numbers: npt.NDArray[Any]) -> bool:
    """Whether a whole number that was read as float64 can have been another one."""
    if numbers.dtype != FLOAT64:
        return False
    size = np.abs(numbers)
    return bool(((size >= EXACT_IN_FLOAT64) & (size < LONGEST_WHOLE)).any())


def loses_digits(number: str | bytes | int) -> bool:
    """Whether it is a whole number that float64 does not have."""
    try:
        whole = int(number)
        return int(float(whole)) != whole
    except ValueError:
        return False  # a fraction or with an exponent
    except OverflowError:
        return True


def _narrowed(
    values: npt.NDArray[Any], dtype: np.dtype[Any], place: Place, advice: str
) -> npt.NDArray[Any]:
    if dtype.kind == "i":
        _check_int32(values, place)
        return values.astype(dtype)
    with np.errstate(over="ignore"):
        narrow = values.astype(dtype)
    lost = np.isinf(narrow) & np.isfinite(values)
    if lost.any():
        at = int(np.argmax(lost.reshape(-1)))
        raise FilesError(
            f"{place(at)}: {values.reshape(-1)[at]:.9g} is beyond {dtype.name}: {advice}"
        )
    return narrow


def _check_int32(values: npt.NDArray[Any], place: Place) -> None:
    if values.dtype.kind == "f":
        with np.errstate(invalid="ignore"):
            wrong = ~((values >= INT32_RANGE.min) & (values <= INT32_RANGE.max))  # NaN as well
            wrong |= values != np.trunc(values)
    else:
        wrong = (values < INT32_RANGE.min) | (values > INT32_RANGE.max)
    if wrong.any():
        at = int(np.argmax(wrong.reshape(-1)))
        raise FilesError(
            f"{place(at)}: {values.reshape(-1)[at]:.17g} is no int32 (a whole number from "
            f"{INT32_RANGE.min} to {INT32_RANGE.max}): use --dtype float32 or float64"
        )


def _rounded(values: npt.NDArray[Any], narrow: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Which whole numbers have become others.

    Not those that the new number's shortest digits give back: 94584290 for float32's 94584288.
    """
    if values.dtype.kind in "iu" and values.dtype.itemsize == 8 and narrow.dtype == FLOAT64:
        low = values < -EXACT_IN_FLOAT64 if values.dtype.kind == "i" else np.False_
        return np.asarray((values > EXACT_IN_FLOAT64) | low)
    changed = np.asarray(narrow.astype(np.float64) != values)
    if values.dtype.kind == "f" and changed.any():
        changed &= np.isfinite(values) & (values == np.trunc(values))
    if changed.any():
        changed[changed] = narrow[changed].astype("U32").astype(np.float64) != values[changed]
    return changed
