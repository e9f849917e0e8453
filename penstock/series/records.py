"""Records of many series as Arrow holds them, to the points of each: for executors of Spark."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from penstock.channels import PrepareError, runs
from penstock.series.arrays import Floats, Integers
from penstock.series.points import Points, distinct


@dataclass(frozen=True)
class Columns:
    """What the columns time, label and values of the records are called in the lake."""

    time: str
    label: str | None
    values: tuple[str, ...]


def series_of(batches: Iterator[pa.RecordBatch]) -> Iterator[tuple[str, pa.Table]]:
    """The records of each series, of batches in which they are side by side.

    The first column is the series' name. PrepareError for a record without one.
    """
    name: str | None = None
    parts: list[pa.RecordBatch] = []
    for batch in batches:
        if batch.column(0).null_count:
            raise PrepareError(f"{batch.column(0).null_count} records name no series")
        for found, part in runs(batch):
            if name is not None and found != name:
                yield name, pa.Table.from_batches(parts)
                parts = []
            name = found
            parts.append(part)
    if name is not None:
        yield name, pa.Table.from_batches(parts)


def points_of(name: str, records: pa.Table, columns: Columns) -> Points:
    """The points of a series' records (series, time, label, values). PrepareError for a bad one."""
    texts = records.column(1)
    times = _microseconds(name, texts, columns)
    labels = records.column(2).to_numpy()  # a null becomes NaN, here and below
    values = _flat(records.column(3)).reshape(len(times), len(columns.values))
    for column, numbers in zip(columns.values, values.T, strict=True):
        _refuse(name, texts, ~np.isfinite(numbers), f"has no finite number in column {column}")
    wrong = ~np.isnan(labels) & (labels != 0) & (labels != 1)
    _refuse(name, texts, wrong, f"has neither 1, an anomaly, nor 0 in column {columns.label}")
    return distinct(times, values, labels)


def _flat(column: pa.ChunkedArray) -> Floats:
    return np.concatenate([c.flatten().to_numpy(zero_copy_only=False) for c in column.chunks])


def _refuse(name: str, times: pa.ChunkedArray, bad: npt.NDArray[np.bool_], problem: str) -> None:
    if bad.any():
        first = min(str(times[int(row)]) for row in np.flatnonzero(bad))
        raise PrepareError(
            f"record {name}/{first} {problem} ({int(bad.sum())} records of this series)"
        )


def _microseconds(name: str, texts: pa.ChunkedArray, columns: Columns) -> Integers:
    if texts.null_count:
        raise PrepareError(f"{texts.null_count} records of series {name} have no {columns.time}")
    try:
        times = texts.cast(pa.timestamp("us", tz="UTC"))
    except pa.ArrowInvalid as error:
        raise PrepareError(
            f"series {name}: column {columns.time} must hold ISO 8601 times with a zone, "
            f"such as 2026-01-31T12:00:00Z: {error}"
        ) from error
    found: Integers = times.cast(pa.int64()).to_numpy()
    return found
