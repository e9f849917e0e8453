"""A data set's profile: item count and one profile per column; parts merge to the whole."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any

import pyarrow as pa

from penstock.monitor.column import ColumnProfile
from penstock.monitor.errors import MonitorError


class Profile:
    """Of no row at first.

    One process and many parts give the same result: counts, minimum and maximum exactly, mean and
    standard deviation to rounding, quantiles within the sketch's error. A column that a part does
    not have counts as missing in all of that part's rows.
    """

    def __init__(self, categories: Collection[str] = ()) -> None:
        """`categories` are the columns whose numbers are names, such as those of classes."""
        self._categories = frozenset(categories)
        self.item_count = 0
        self.columns: dict[str, ColumnProfile] = {}

    @classmethod
    def of(cls, batches: Iterable[pa.RecordBatch]) -> Profile:
        """Of all the rows; holds one batch at a time."""
        profile = cls()
        for batch in batches:
            profile.update(batch)
        return profile

    def update(self, batch: pa.RecordBatch) -> None:
        """Add rows.

        Raises:
            MonitorError: a column that is not flat, or two columns of one name.
        """
        names = batch.schema.names
        if len(set(names)) != len(names):
            twice = sorted({name for name in names if names.count(name) > 1})
            raise MonitorError(f"more than one column is named {twice[0]!r}: names must differ")
        for name, values in zip(names, batch.columns, strict=True):
            self._column(name).update(values, name, category=name in self._categories)
        self._count(batch.num_rows, names)

    def merge(self, other: Profile) -> None:
        """Add another part's rows."""
        for name, column in other.columns.items():
            self._column(name).merge(column)
        self._count(other.item_count, other.columns)

    def to_bytes(self) -> bytes:
        """For another process; JSON."""
        document = {
            "item_count": self.item_count,
            "columns": {name: column.document() for name, column in self.columns.items()},
        }
        return json.dumps(document).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Profile:
        """The inverse of `to_bytes`."""
        document: dict[str, Any] = json.loads(content)
        profile = cls()
        profile.item_count = document["item_count"]
        profile.columns = {
            name: ColumnProfile.from_document(column)
            for name, column in document["columns"].items()
        }
        return profile

    def _column(self, name: str) -> ColumnProfile:
        column = self.columns.get(name)
        if column is None:
            column = self.columns[name] = ColumnProfile()
            column.missing = self.item_count
        return column

    def _count(self, rows: int, names: Iterable[str]) -> None:
        self.item_count += rows
        for name in self.columns.keys() - set(names):
            self.columns[name].missing += rows
