"""Rows that were read together, dense or sparse, and what makes rows of one kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[Any] | None
LARGEST_INT32 = (1 << 31) - 1
MOST_COLUMNS = (1 << 63) - 1  # numpy's and scipy's index types end there


@dataclass(frozen=True, eq=False)
class Kind:
    """What all rows of a batch have in common; `width` counts values, or a sparse row's columns.

    Compare the words: to numpy a label of float64 and None are the same type.
    """

    sparse: bool
    dtype: np.dtype[Any]
    width: int
    label_dtype: np.dtype[Any] | None

    def words(self) -> str:
        """For messages; those of two kinds differ."""
        what = "columns of sparse" if self.sparse else ""
        label = self.label_dtype.name if self.label_dtype is not None else "no"
        return (
            f"{self.width} {what + ' ' if what else ''}{self.dtype.name} values and {label} label"
        )


@dataclass(frozen=True, eq=False)
class DenseRows:
    """(n, D) values and n labels."""

    values: npt.NDArray[Any]
    labels: Labels

    @property
    def kind(self) -> Kind:
        """What its rows have in common."""
        return Kind(False, self.values.dtype, self.values.shape[1], _label_dtype(self.labels))

    def __len__(self) -> int:
        return len(self.values)

    @staticmethod
    def joined(parts: Sequence[DenseRows]) -> DenseRows:
        """One after the other; a single one is not copied."""
        if len(parts) == 1:
            return parts[0]
        return DenseRows(np.concatenate([part.values for part in parts]), _labels(parts))

    @property
    def matrix(self) -> npt.NDArray[Any]:
        """As batches have it."""
        return self.values


@dataclass(frozen=True, eq=False)
class SparseRows:
    """A CSR matrix of n rows and n labels."""

    pointers: npt.NDArray[np.int64]
    indices: npt.NDArray[Any]
    values: npt.NDArray[Any]
    columns: int
    labels: Labels

    @property
    def kind(self) -> Kind:
        """What its rows have in common."""
        return Kind(True, self.values.dtype, self.columns, _label_dtype(self.labels))

    def __len__(self) -> int:
        return len(self.pointers) - 1

    @staticmethod
    def joined(parts: Sequence[SparseRows]) -> SparseRows:
        """One after the other; a single one is not copied."""
        if len(parts) == 1:
            return parts[0]
        pointers = [np.zeros(1, np.int64)]
        for part in parts:
            pointers.append(part.pointers[1:] + pointers[-1][-1])
        return SparseRows(
            np.concatenate(pointers),
            np.concatenate([part.indices for part in parts]),
            np.concatenate([part.values for part in parts]),
            parts[0].columns,
            _labels(parts),
        )

    @property
    def matrix(self) -> Any:
        """As batches have it: scipy's csr_matrix. ImportError without scipy."""
        from scipy.sparse import csr_matrix

        return csr_matrix(
            (self.values, self.indices, self.pointers), shape=(len(self), self.columns), copy=False
        )


Rows = DenseRows | SparseRows


def index_dtype(columns: int) -> np.dtype[Any]:
    """As scipy chooses it: int32 while the column numbers fit."""
    return np.dtype(np.int32 if columns <= LARGEST_INT32 else np.int64)


def joined(parts: Sequence[Any]) -> Rows:
    """Parts of one kind as one."""
    rows: Rows = type(parts[0]).joined(parts)
    return rows


def _label_dtype(labels: Labels) -> np.dtype[Any] | None:
    return None if labels is None else labels.dtype


def _labels(parts: Sequence[Rows]) -> Labels:
    found = [part.labels for part in parts if part.labels is not None]
    return np.concatenate(found) if found else None
