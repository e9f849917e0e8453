"""Rows on their way from one format to another, and how the place of a value is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from penstock.recordio.rows import DenseRows, Rows

BATCH_BYTES = 4 << 20
LABEL_WORDS = "the label"  # of a format where it is no column


@dataclass(frozen=True, eq=False)
class Batch:
    """Some rows, in the numbers' own type.

    `row_words` names a row by its number in the batch ("line 7"), `column_words` a feature by its
    number, and the label by None.
    """

    rows: Rows
    row_words: Callable[[int], str]
    column_words: Callable[[int | None], str]

    def value_words(self, at: int) -> str:
        """The place of one of the rows' values, all of them counted through."""
        rows = self.rows
        if isinstance(rows, DenseRows):
            row, feature = divmod(at, rows.values.shape[1])
        else:
            row = int(np.searchsorted(rows.pointers, at, "right")) - 1
            feature = int(rows.indices[at])
        return f"{self.row_words(row)}, {self.column_words(feature)}"

    def label_words(self, row: int) -> str:
        """The place of a row's label."""
        return f"{self.row_words(row)}, {self.column_words(None)}"


class RowSource(Protocol):
    """A file that is read. The names are known when the first batch is."""

    @property
    def feature_names(self) -> Sequence[str] | None:
        """In order; None if the format has none."""

    @property
    def label_name(self) -> str | None:
        """None if the format has no names, or no label is taken."""

    @property
    def left_out(self) -> Sequence[str]:
        """What the batches so far do not have of the file, a line each."""

    def batches(self) -> Iterator[Batch]:
        """All rows in order, some megabytes at a time; FilesError names line, column and value."""


def rows_of_bytes(row_bytes: int) -> int:
    """How many rows make a batch."""
    return max(1, BATCH_BYTES // max(1, row_bytes))
