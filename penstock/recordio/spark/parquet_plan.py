"""Which rows of which Parquet files make which shard, by the files' footers alone."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from penstock.recordio.spark.columns import Columns, chosen_columns
from penstock.recordio.spark.errors import SparkWriteError
from penstock.recordio.spark.parquet_files import SourceFile

FOOTERS_AT_ONCE = 16
SNAP = 0.1  # of a shard: a cut this near to the end of a row group is made there


@dataclass(frozen=True)
class Footer:
    """What a file says of itself."""

    file: SourceFile
    group_rows: tuple[int, ...]
    types: tuple[tuple[str, Any], ...]

    @property
    def rows(self) -> int:
        """Of all row groups."""
        return sum(self.group_rows)


@dataclass(frozen=True)
class Piece:
    """`rows` consecutive rows of a file, of some row groups: the first `skip` of them are left out.

    `first_row` is the first row's number in the file.
    """

    file: SourceFile
    groups: tuple[int, ...]
    skip: int
    rows: int
    first_row: int


def read_footers(files: Sequence[SourceFile]) -> list[Footer]:
    """In the order of the files. SparkWriteError for one that is no Parquet file."""

    def read(file: SourceFile) -> Footer:
        try:
            with pq.ParquetFile(file.open()) as parquet:
                found = parquet.metadata
                groups = tuple(found.row_group(i).num_rows for i in range(found.num_row_groups))
                return Footer(file, groups, tuple((f.name, f.type) for f in parquet.schema_arrow))
        except (pa.ArrowInvalid, FileNotFoundError) as error:
            raise SparkWriteError(f"{file.uri} cannot be read as Parquet: {error}") from error

    with ThreadPoolExecutor(FOOTERS_AT_ONCE) as threads:
        return list(threads.map(read, files))


def columns_of(
    footers: Sequence[Footer], features: str | Sequence[str] | None, label: str | None, dtype: str
) -> Columns:
    """The columns that every file has. SparkWriteError for a file that has not."""
    names, of_lists = chosen_columns(footers[0].types, features, label, dtype, footers[0].file.uri)
    wanted = names[0] if of_lists else names
    for footer in footers[1:]:
        if chosen_columns(footer.types, wanted, label, dtype, footer.file.uri)[1] != of_lists:
            raise SparkWriteError(
                f"column {names[0]} is of lists in {footers[0].file.uri} or in "
                f"{footer.file.uri}, but not in both"
            )
    width = _list_width(footers, names[0]) if of_lists else len(names)
    return Columns(names, label, dtype, width, of_lists)


def _list_width(footers: Sequence[Footer], name: str) -> int:
    """The length of the first list."""
    for footer in footers:
        if footer.rows:
            with pq.ParquetFile(footer.file.open()) as parquet:
                batch = next(parquet.iter_batches(batch_size=1, columns=[name]))
            (first,) = batch.column(name).to_pylist()
            if not first:
                raise SparkWriteError(
                    f"column {name} is {'null' if first is None else 'an empty list'} "
                    f"in row 0 of {footer.file.uri}"
                )
            return len(first)
    raise SparkWriteError(f"column {name} has no rows")


def plan(footers: Sequence[Footer], shards: int) -> list[list[Piece]]:
    """The pieces of each shard: all rows, in order, in parts that are about alike.

    A cut within a row group makes two tasks decode it; so it is made at the group's end if that
    is near.
    """
    ends = list(itertools.accumulate(rows for footer in footers for rows in footer.group_rows))
    total = ends[-1]
    cuts = [
        0,
        *(
            _cut(ends, number * total / shards, SNAP * total / shards)
            for number in range(1, shards)
        ),
        total,
    ]
    return [list(_pieces(footers, start, end)) for start, end in itertools.pairwise(cuts)]


def _cut(ends: Sequence[int], wanted: float, reach: float) -> int:
    at = bisect.bisect_left(ends, wanted)
    nearest = min(ends[max(0, at - 1) : at + 1], key=lambda end: abs(end - wanted))
    return nearest if abs(nearest - wanted) <= reach else round(wanted)


def _pieces(footers: Sequence[Footer], start: int, end: int) -> Iterator[Piece]:
    """The rows from `start` to `end` of all rows."""
    file_start = 0
    for footer in footers:
        first = max(start - file_start, 0)
        last = min(end - file_start, footer.rows)
        if first < last:
            starts = np.cumsum([0, *footer.group_rows])
            groups = [
                index
                for index, rows in enumerate(footer.group_rows)
                if rows and starts[index] < last and starts[index + 1] > first
            ]
            skip = first - int(starts[groups[0]])
            yield Piece(footer.file, tuple(groups), skip, last - first, first)
        file_start += footer.rows
