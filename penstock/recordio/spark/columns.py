"""Which columns are features and label, and how a batch of them becomes arrays to write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from penstock.recordio.dense_layout import layout_of
from penstock.recordio.label import EXACT_IN_FLOAT32, FLOAT32
from penstock.recordio.spark.errors import SparkWriteError

INT32 = np.iinfo(np.int32)
DTYPES = ("float32", "float64", "int32")
Where = Callable[[int], str]


def is_number(kind: Any) -> bool:
    """Whether an Arrow type is one that numpy can cast."""
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    )


def is_list(kind: Any) -> bool:
    """Whether an Arrow type is a list of any form."""
    return bool(
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )


@dataclass(frozen=True)
class Columns:
    """The columns of a source: `features` in order, or one of lists, which have `width` numbers.

    Every row becomes `width` numbers of `dtype`, and a float32 label where there is one.
    """

    features: tuple[str, ...]
    label: str | None
    dtype: str
    width: int
    of_lists: bool

    @property
    def names(self) -> list[str]:
        """What is read of the source."""
        return [*self.features, *([self.label] if self.label is not None else [])]

    @property
    def record_bytes(self) -> int:
        """What a record takes; of int32, whose numbers differ in length, about."""
        dtype = np.dtype(self.dtype).newbyteorder("<")
        return layout_of(dtype, self.width, None if self.label is None else FLOAT32).stride

    def schema(self) -> dict[str, Any]:
        """What a manifest says of the rows."""
        return {
            "features": self.features[0] if self.of_lists else list(self.features),
            "width": self.width,
            "dtype": self.dtype,
            "label": self.label,
        }

    def arrays(
        self, batch: pa.RecordBatch, where: Where
    ) -> tuple[npt.NDArray[Any], npt.NDArray[Any] | None]:
        """A batch's features and labels; `where` tells of a row's number in it where it is.

        Raises:
            SparkWriteError: a null, a list of another length, a number that `dtype` cannot hold.
        """
        if self.of_lists:
            rows = self._lists(self.features[0], batch.column(self.features[0]), where)
        else:
            rows = np.empty((batch.num_rows, self.width), self.dtype)
            for index, name in enumerate(self.features):
                numbers = _numbers(name, batch.column(name), where)
                rows[:, index] = _fitting(numbers, self.dtype, name, where)
        labels = None
        if self.label is not None:
            labels = _labels(self.label, batch.column(self.label), where)
        return rows, labels

    def _lists(self, name: str, column: Any, where: Where) -> npt.NDArray[Any]:
        _no_nulls(name, column, where)
        lengths = pc.list_value_length(column).to_numpy(zero_copy_only=False)
        if (lengths != self.width).any():
            row = int(np.argmax(lengths != self.width))
            raise SparkWriteError(
                f"column {name} has {lengths[row]} numbers in {where(row)}, others have "
                f"{self.width}: records have one width"
            )

        def place(value: int) -> str:
            return f"{where(value // self.width)} (number {value % self.width} of its list)"

        numbers = _fitting(_numbers(name, column.flatten(), place), self.dtype, name, place)
        return numbers.reshape(-1, self.width)


def _fitting(numbers: npt.NDArray[Any], dtype: str, name: str, where: Where) -> npt.NDArray[Any]:
    """The numbers as `dtype`. Rounding is its nature; what it cannot hold at all is refused."""
    if numbers.dtype == dtype:
        return numbers
    if dtype == "int32":
        kept = (numbers >= INT32.min) & (numbers <= INT32.max)  # NaN is in no range
        if numbers.dtype.kind == "f":
            kept &= numbers == np.trunc(numbers)
        rule = "int32 holds whole numbers from -2^31 to 2^31 - 1"
        cast = numbers
    else:
        with np.errstate(over="ignore"):
            cast = numbers.astype(dtype)
        if dtype == "float64" or numbers.dtype.kind != "f":
            return cast
        kept = np.isfinite(cast) | ~np.isfinite(numbers)
        rule = "it is beyond float32"
    _all_kept(kept, numbers, name, where, rule)
    return cast.astype(dtype, copy=False)


def _labels(name: str, column: Any, where: Where) -> npt.NDArray[Any]:
    """Labels become float32; a class that it cannot hold exactly would become another one."""
    labels = _numbers(name, column, where)
    if labels.dtype.kind not in "iu":
        return _fitting(labels, "float32", name, where)
    kept = (labels >= -EXACT_IN_FLOAT32) & (labels <= EXACT_IN_FLOAT32)
    rule = f"a float32 label holds integers up to {EXACT_IN_FLOAT32}, number the classes from 0"
    _all_kept(kept, labels, name, where, rule)
    return labels


def _all_kept(
    kept: npt.NDArray[np.bool_], numbers: npt.NDArray[Any], name: str, where: Where, rule: str
) -> None:
    if not kept.all():
        row = int(np.argmin(kept))
        raise SparkWriteError(f"column {name} is {numbers[row]} in {where(row)}: {rule}")


def _numbers(name: str, column: Any, where: Where) -> npt.NDArray[Any]:
    _no_nulls(name, column, where)
    numbers: npt.NDArray[Any] = column.to_numpy(zero_copy_only=False)
    return numbers


def _no_nulls(name: str, column: Any, where: Where) -> None:
    if column.null_count:
        row = int(np.argmax(column.is_null().to_numpy(zero_copy_only=False)))
        raise SparkWriteError(f"column {name} is null in {where(row)}: records have no nulls")


def chosen_columns(
    types: Sequence[tuple[str, Any]],
    features: str | Sequence[str] | None,
    label: str | None,
    dtype: str,
    origin: str,
) -> tuple[tuple[str, ...], bool]:
    """The names of the feature columns, and whether it is one of lists; `types` are Arrow's.

    All columns but the label, in order, where `features` is None.

    Raises:
        SparkWriteError: a column is missing, named twice, or of a type that cannot be written.
    """
    if dtype not in DTYPES:
        raise SparkWriteError(f"dtype is {dtype!r}: expected {', '.join(DTYPES)}")
    known = dict(types)
    if isinstance(features, str):
        names: tuple[str, ...] = (features,)
    elif features is None:
        names = tuple(name for name, _ in types if name != label)
    else:
        names = tuple(features)
    wanted = [*names, *([label] if label is not None else [])]
    missing = [name for name in wanted if name not in known]
    if missing:
        raise SparkWriteError(
            f"{origin} has no column {', '.join(missing)}; it has {', '.join(known)}"
        )
    twice = {name for name, _ in types if [name for name, _ in types].count(name) > 1} & {*wanted}
    twice |= {name for name in wanted if wanted.count(name) > 1}
    if twice:
        raise SparkWriteError(f"{origin}: named more than once: {', '.join(sorted(twice))}")
    if not names:
        raise SparkWriteError(f"{origin} has no column of features")
    of_lists = len(names) == 1 and is_list(known[names[0]])
    for name in wanted:
        kind = known[name].value_type if of_lists and name == names[0] else known[name]
        if not is_number(kind):
            raise SparkWriteError(
                f"{origin}: column {name} is {known[name]}: expected numbers"
                + (", or one column of lists of numbers" if name != label else "")
            )
    return names, of_lists
