"""What a record holds: named tensors of numbers or bytes, and three texts."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

# protobuf field numbers of aialgs.data.Value (record.proto), by numpy type
FIELD_OF_DTYPE: dict[np.dtype[Any], int] = {
    np.dtype("<f4"): 2,
    np.dtype("<f8"): 3,
    np.dtype("<i4"): 7,
}
DTYPE_OF_FIELD = {number: dtype for dtype, number in FIELD_OF_DTYPE.items()}
BYTES_FIELD = 9
BEYOND_KEYS = 1 << 64  # keys have 64 bits


def places(shape: tuple[int, ...]) -> int:
    """How many places a shape has; 2^64 for that many and more, whose product may take hours."""
    if 0 in shape:
        return 0
    count = 1
    for size in shape:
        count *= size
        if count >= BEYOND_KEYS:
            return BEYOND_KEYS
    return count


def shape_words(shape: tuple[int, ...]) -> str:
    """For messages, which stay short."""
    return str(shape) if len(shape) <= 8 else f"of {len(shape)} sizes"


@dataclass(frozen=True, eq=False)
class Tensor:
    """Numbers: `values` (float32, float64 or int32), `keys` (uint64) if sparse, `shape` if given.

    Keys count along the flattened shape.
    """

    values: npt.NDArray[Any]
    keys: npt.NDArray[np.uint64] | None = None
    shape: tuple[int, ...] | None = None

    @property
    def is_sparse(self) -> bool:
        """Keys are given, or nothing is given where the shape promises values (an empty row)."""
        if self.keys is not None:
            return True
        return self.shape is not None and not len(self.values) and places(self.shape) > 0

    def to_dense(self) -> npt.NDArray[Any]:
        """All values in the tensor's shape; zeros where a sparse tensor has no key."""
        if not self.is_sparse:
            return self.values.reshape(self.shape) if self.shape is not None else self.values
        shape = self.shape or ()
        dense = np.zeros(math.prod(shape), self.values.dtype)
        if self.keys is not None:
            dense[self.keys.astype(np.int64)] = self.values
        return dense.reshape(shape)


@dataclass(frozen=True)
class BytesTensor:
    """Binary values (for example images) and their content type."""

    values: tuple[bytes, ...]
    content_type: str | None = None


@dataclass(frozen=True, eq=False)
class Record:
    """One record. Features and labels are maps; the algorithms use the key "values"."""

    features: dict[str, Tensor | BytesTensor] = field(default_factory=dict)
    label: dict[str, Tensor | BytesTensor] = field(default_factory=dict)
    uid: str | None = None
    metadata: str | None = None
    configuration: str | None = None

    @property
    def has_texts(self) -> bool:
        """Whether there is something that no row of numbers has."""
        return not (self.uid is None and self.metadata is None and self.configuration is None)
