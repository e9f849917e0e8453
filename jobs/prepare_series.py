"""Glue job: turns a lake of points of many time series into windows to train on.

Reads every record below `--records_uri` (a series' name, an ISO 8601 time with its zone, one or
more values, perhaps a label) and writes below `--output_uri`:

    train/part-00000.rec ...    float32 windows, no labels, `--train_shards` parts at most
    test/part-00000.rec         float32 windows and labels; only if there are such windows
    holdout/test.csv            the test channel's rows once more: id, label, values
    holdout/test_features.csv   their values alone and no header, as a batch transform reads them
    series.json                 by which figures each series was normalised, and what it has
    summary.json                what was read, what each channel holds; last

What the job does with a series, step by step:

Points. Records of one series with the same time are one point. Which of them stays does not
depend on how they arrived, for the lake does not keep that: a labelled one before an unlabelled
one (labels may become known later), an anomaly before none, then the one with the least values.

Grid. Times are rounded down to whole multiples of `--grid_seconds` since 1970, the same for every
series. A grid time's value is the mean of its points, its label 1 if one of them has 1. A grid
time without a point is a gap: nothing is filled in, for a made-up value would be learned as normal.

Training window. The first `--train_percent` of the grid times from a series' first point to its
last. Mean and standard deviation (of the population) of its values normalise the whole series:
(value - mean) / sd. Nothing later is looked at. A series that is constant there has sd 1 in
series.json, so that whoever normalises divides without asking.

Windows. `--window_points` consecutive grid times, the oldest first; a window is known by
<series>/<grid time of its last point>. One with a gap is in no channel. train has those that lie
in the training window, test those that lie behind it and whose last point is labelled: no point
is in both. A window's label is its last point's: that is the point that a score is for when the
window is complete, and a label of any point would call the same anomaly late by up to a window.

Short series. A series without a complete window to train on is left out of both channels: its
name is printed and in series.json, and they are counted in summary.json.

series.json: {"window_points": n, "grid_seconds": n, "train_percent": n, "too_short": [names],
"series": {name: {"mean": m, "sd": s, "points": grid times with a value, "gaps": those without,
"gap_windows": windows that a gap keeps out, "train_windows": n, "test_windows": n}}}. With
several value columns mean and sd are lists in the columns' order.

Rows' order and parts are by a hash of their ids. Nothing depends on files, partitions or runs.
A series is worked on by one task, in memory.

Runs on Glue 5.1 as it stands: Spark, pyarrow, numpy and boto3 are there, penstock.recordio and
penstock.channels come by --extra-py-files. The role needs s3:GetObject and s3:ListBucket on the
records and s3:PutObject (with the bucket's KMS key) below the output.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import boto3
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql.types import StringType

from penstock.channels import (
    COUNTS_SCHEMA,
    Layout,
    PrepareError,
    channel_counts,
    named_once,
    runs,
    shard_writer,
    upload,
)
from penstock.channels.lake import read_lake
from penstock.channels.spread import PART_DIGITS, hash_part, spread

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

MICROSECONDS = 1_000_000
PORTION_VALUES = 1 << 20  # windows travel in batches of about so many values
NAMES_SHOWN = 10


@dataclass(frozen=True)
class Settings:
    """The job's arguments; column names are those of the Parquet files."""

    records_uri: str
    output_uri: str
    series_column: str
    time_column: str
    label_column: str | None
    feature_columns: tuple[str, ...]
    window_points: int
    grid_seconds: int
    train_percent: int
    train_shards: int

    @classmethod
    def parse(cls, arguments: list[str]) -> Settings:
        """From the command line; what else Glue passes (--JOB_NAME ...) is left alone."""
        parser = argparse.ArgumentParser(allow_abbrev=False)
        for name in ("records_uri", "output_uri", "series_column", "time_column"):
            parser.add_argument(f"--{name}", required=True)
        parser.add_argument("--label_column", help="0 or 1 (an anomaly); may be missing")
        parser.add_argument("--feature_columns", required=True, help="comma-separated, in order")
        parser.add_argument("--window_points", default="1", help="consecutive points of one row")
        parser.add_argument("--grid_seconds", required=True, help="from one point to the next")
        parser.add_argument(
            "--train_percent", default="70", help="of a series' time, from its start"
        )
        parser.add_argument("--train_shards", default="2", help="files of the train channel")
        known, _ = parser.parse_known_args(arguments)
        features = tuple(name.strip() for name in known.feature_columns.split(","))
        label = [known.label_column] if known.label_column else []
        named_once([known.series_column, known.time_column, *label, *features])
        return cls(
            records_uri=known.records_uri.rstrip("/") + "/",
            output_uri=known.output_uri.rstrip("/") + "/",
            series_column=known.series_column,
            time_column=known.time_column,
            label_column=known.label_column,
            feature_columns=features,
            window_points=_whole("window_points", known.window_points),
            grid_seconds=_whole("grid_seconds", known.grid_seconds),
            train_percent=_whole("train_percent", known.train_percent, most=100),
            train_shards=_whole("train_shards", known.train_shards),
        )

    @property
    def row_columns(self) -> tuple[str, ...]:
        """The columns of a window: its points one after the other, the oldest first."""
        if self.window_points == 1:
            return self.feature_columns
        return tuple(
            f"{column}_{point}"
            for point in range(self.window_points)
            for column in self.feature_columns
        )

    @property
    def layout(self) -> Layout:
        """The files that the run writes."""
        return Layout(
            output_uri=self.output_uri,
            channels=("train", "test"),
            train_shards=self.train_shards,
            label_column=self.label_column or "label",
            feature_columns=self.row_columns,
            unlabelled=("train",),
        )


def _whole(name: str, text: str, most: int | None = None) -> int:
    if text.strip().isdecimal() and 0 < int(text) <= (most or int(text)):
        return int(text)
    rule = "above 0" if most is None else f"from 1 to {most}"
    raise PrepareError(f"--{name} is {text!r}: expected a whole number {rule}")


@dataclass(frozen=True)
class Grid:
    """A series on its grid.

    `slots` are grid times with a value, ascending, counted in grid steps since 1970; `values` has
    a row for each and a column for each value; `labels` are 0, 1 or NaN. `records` were read,
    `unique` of them had a time of their own.
    """

    slots: Integers
    values: Floats
    labels: Floats
    records: int
    unique: int


def on_grid(times: Integers, values: Floats, labels: Floats, grid_seconds: int) -> Grid:
    """One series' records in any order, as points on the grid.

    Args:
        times: microseconds since 1970.
        values: a row for each record, a column for each value; finite.
        labels: 0, 1 or NaN for each record.
        grid_seconds: from one grid time to the next.
    """
    values = values + 0.0  # minus zero becomes zero: they sort alike and are written differently
    # by time, then as duplicates are preferred; the last key weighs most
    preference = np.where(np.isnan(labels), 1.0, -labels)
    order = np.lexsort((*values.T[::-1], preference, times))
    times, values, labels = times[order], values[order], labels[order]
    first = np.ones(len(times), bool)
    first[1:] = times[1:] != times[:-1]
    times, values, labels = times[first], values[first], labels[first]
    slots, starts, counts = np.unique(
        times // (grid_seconds * MICROSECONDS), return_index=True, return_counts=True
    )
    with np.errstate(over="ignore"):  # it would make the series' mean infinite, too
        sums = np.add.reduceat(values, starts, axis=0)
    return Grid(
        slots=slots,
        values=sums / counts[:, None],
        labels=np.fmax.reduceat(labels, starts),  # fmax: a number before NaN
        records=len(order),
        unique=len(times),
    )


def training_end(slots: Integers, train_percent: int) -> int:
    """The first slot behind the training window."""
    span = int(slots[-1] - slots[0]) + 1
    return int(slots[0]) + span * train_percent // 100


def mean_and_sd(values: Floats) -> tuple[Floats, Floats]:
    """By which each column is normalised. A constant column: its value, and 1."""
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused by name
        mean, sd = values.mean(axis=0), values.std(axis=0)
    constant = (values == values[0]).all(axis=0)
    # rounding gives a constant column's mean a last digit of its own
    return np.where(constant, values[0], mean), np.where(constant | (sd == 0), 1.0, sd)


def complete_windows(slots: Integers, window_points: int) -> Integers:
    """Where, in `slots`, the windows without a gap end."""
    ends = np.arange(window_points - 1, len(slots))
    steps = slots[ends] - slots[ends - window_points + 1]
    complete: Integers = ends[steps == window_points - 1]
    return complete


@dataclass(frozen=True)
class Prepared:
    """A series ready to be written: its normalised values, and where its windows end.

    `train` and `test` are places in the grid; a series that is too short has none, and no mean.
    """

    grid: Grid
    mean: Floats
    sd: Floats
    train: Integers
    test: Integers
    gap_windows: int

    @property
    def gaps(self) -> int:
        """Grid times without a value."""
        slots = self.grid.slots
        return int(slots[-1] - slots[0]) + 1 - len(slots)

    def rows(self, ends: Integers, window_points: int) -> npt.NDArray[np.float32]:
        """The normalised windows that end there, one a row, the oldest point first."""
        places = ends[:, None] + np.arange(1 - window_points, 1)
        with np.errstate(over="ignore"):  # infinity is refused where rows are written
            windows: Any = ((self.grid.values[places] - self.mean) / self.sd).astype(np.float32)
        rows: npt.NDArray[np.float32] = windows.reshape(len(ends), window_points * len(self.mean))
        return rows


def prepare(grid: Grid, window_points: int, train_percent: int) -> Prepared:
    """Learn a series' figures on its training window, and find the windows of both channels."""
    slots = grid.slots
    end = training_end(slots, train_percent)
    windows = complete_windows(slots, window_points)
    lasts = slots[windows]
    in_training, behind = lasts < end, lasts - window_points + 1 >= end
    positions = max(0, end - int(slots[0]) - window_points + 1) + max(
        0, int(slots[-1]) + 1 - end - window_points + 1
    )
    gap_windows = positions - int(in_training.sum()) - int(behind.sum())
    train = windows[in_training]
    if not len(train):
        nothing = np.empty(0)
        return Prepared(grid, nothing, nothing, train, train, gap_windows)
    mean, sd = mean_and_sd(grid.values[slots < end])
    test = windows[behind & ~np.isnan(grid.labels[windows])]
    return Prepared(grid, mean, sd, train, test, gap_windows)


def read_points(spark: SparkSession, settings: Settings) -> DataFrame:
    """All records with columns series, time, label, values, those of a series side by side.

    PrepareError if there are none, or not so.
    """
    label = settings.label_column
    lake = read_lake(
        spark,
        settings.records_uri,
        present=[settings.series_column, settings.time_column],
        numbers=[*([label] if label else []), *settings.feature_columns],
    )
    return (
        lake.select(
            F.col(settings.series_column).cast(StringType()).alias("series"),
            F.col(settings.time_column).cast(StringType()).alias("time"),
            (F.col(label) if label else F.lit(None)).cast("double").alias("label"),
            F.array(*[F.col(name).cast("double") for name in settings.feature_columns]).alias(
                "values"
            ),
        )
        .repartition("series")
        .sortWithinPartitions("series")
    )


def series_of(batches: Iterator[pa.RecordBatch]) -> Iterator[tuple[str, pa.Table]]:
    """The records of each series, of batches in which they are side by side."""
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


def grid_of(name: str, records: pa.Table, settings: Settings) -> Grid:
    """A series' records on the grid. PrepareError for a bad record."""
    times = _microseconds(name, records.column(1), settings)
    labels = records.column(2).to_numpy()  # a null becomes NaN, here and below
    values = _flat(records.column(3)).reshape(len(times), len(settings.feature_columns))
    texts = records.column(1)
    for column, numbers in zip(settings.feature_columns, values.T, strict=True):
        _refuse(name, texts, ~np.isfinite(numbers), f"has no finite number in column {column}")
    wrong = ~np.isnan(labels) & (labels != 0) & (labels != 1)
    _refuse(
        name, texts, wrong, f"has neither 1, an anomaly, nor 0 in column {settings.label_column}"
    )
    return on_grid(times, values, labels, settings.grid_seconds)


def _flat(column: pa.ChunkedArray) -> Floats:
    return np.concatenate([c.flatten().to_numpy(zero_copy_only=False) for c in column.chunks])


def _refuse(name: str, times: pa.ChunkedArray, bad: npt.NDArray[np.bool_], problem: str) -> None:
    if bad.any():
        first = min(str(times[int(row)]) for row in np.flatnonzero(bad))
        raise PrepareError(
            f"record {name}/{first} {problem} ({int(bad.sum())} records of this series)"
        )


def _microseconds(name: str, texts: pa.ChunkedArray, settings: Settings) -> Integers:
    if texts.null_count:
        raise PrepareError(
            f"{texts.null_count} records of series {name} have no {settings.time_column}"
        )
    try:
        times = texts.cast(pa.timestamp("us", tz="UTC"))
    except pa.ArrowInvalid as error:
        raise PrepareError(
            f"series {name}: column {settings.time_column} must hold ISO 8601 times with a zone, "
            f"such as 2026-01-31T12:00:00Z: {error}"
        ) from error
    found: Integers = times.cast(pa.int64()).to_numpy()
    return found


LEARNED_SCHEMA = (
    "series string, records long, unique long, points long, gaps long, gap_windows long, "
    "train_windows long, test_windows long, mean array<double>, sd array<double>, error string"
)


def learner(
    settings: Settings,
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """What runs on the executors first: points in, one row of figures for each series out.

    A bad record comes back as text instead of an exception: trying again would not mend it.
    """

    def learn(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        try:
            for name, records in series_of(batches):
                found = prepare(
                    grid_of(name, records, settings),
                    settings.window_points,
                    settings.train_percent,
                )
                yield pa.RecordBatch.from_pylist(
                    [_learned_row(name, found, settings)], schema=_learned_arrow()
                )
        except PrepareError as error:
            yield pa.RecordBatch.from_pylist([{"error": str(error)}], schema=_learned_arrow())

    return learn


def _learned_arrow() -> pa.Schema:
    types = {
        "string": pa.string(),
        "long": pa.int64(),
        "array<double>": pa.list_(pa.float64()),
    }
    fields = (field.split(" ") for field in LEARNED_SCHEMA.split(", "))
    return pa.schema([(name, types[kind]) for name, kind in fields])


def _learned_row(name: str, found: Prepared, settings: Settings) -> dict[str, Any]:
    for column, mean, sd in zip(settings.feature_columns, found.mean, found.sd, strict=False):
        if not (np.isfinite(mean) and np.isfinite(sd)):
            raise PrepareError(
                f"series {name}: the values in column {column} are too large for a mean"
            )
    return {
        "series": name,
        "records": found.grid.records,
        "unique": found.grid.unique,
        "points": len(found.grid.slots),
        "gaps": found.gaps,
        "gap_windows": found.gap_windows,
        "train_windows": len(found.train),
        "test_windows": len(found.test),
        "mean": found.mean.tolist(),
        "sd": found.sd.tolist(),
    }


WINDOWS_SCHEMA = "id string, label double, features array<float>, training boolean"


def windower(
    settings: Settings,
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """What runs on the executors then: points in, the windows of both channels out."""
    portion = max(1, PORTION_VALUES // len(settings.row_columns))

    def cut(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for name, records in series_of(batches):
            grid = grid_of(name, records, settings)
            found = prepare(grid, settings.window_points, settings.train_percent)
            for ends, training in ((found.train, True), (found.test, False)):
                for start in range(0, len(ends), portion):
                    some = ends[start : start + portion]
                    yield pa.RecordBatch.from_arrays(
                        [
                            pa.array(window_ids(name, grid.slots[some], settings.grid_seconds)),
                            pa.array(np.full(len(some), np.nan) if training else grid.labels[some]),
                            _lists(found.rows(some, settings.window_points)),
                            pa.array(np.full(len(some), training)),
                        ],
                        names=["id", "label", "features", "training"],
                    )

    return cut


def _lists(rows: npt.NDArray[np.float32]) -> pa.ListArray:
    starts = np.arange(len(rows) + 1, dtype=np.int32) * np.int32(rows.shape[1])
    return pa.ListArray.from_arrays(pa.array(starts), pa.array(rows.ravel()))


def window_ids(name: str, slots: Integers, grid_seconds: int) -> list[str]:
    """What windows are known by: the series and the grid time of their last point, in UTC."""
    times = (slots * grid_seconds).astype("datetime64[s]")
    return [f"{name}/{time}Z" for time in np.datetime_as_string(times)]


def group_of(settings: Settings) -> Column:
    """The number of the file that a window belongs to: a hash of its id, or the test channel's."""
    part = hash_part(PART_DIGITS) % settings.train_shards
    return F.when(F.col("training"), part).otherwise(settings.train_shards)


def described(learned: Sequence[Any], settings: Settings) -> dict[str, Any]:
    """The contents of series.json, of one row of LEARNED_SCHEMA for each series.

    Raises:
        PrepareError: a bad record, no records, or no series with a window to train on.
    """
    bad = sorted(row.error for row in learned if row.error)
    if bad:
        raise PrepareError(bad[0])
    if not learned:
        raise PrepareError(f"no records below {settings.records_uri}")
    rows = sorted(learned, key=lambda row: str(row.series))
    short = [row.series for row in rows if not row.train_windows]
    if len(short) == len(rows):
        raise PrepareError(
            f"no series has {settings.window_points} consecutive points in the first "
            f"{settings.train_percent} % of its time: {_some(short)}"
        )
    counts = ("points", "gaps", "gap_windows", "train_windows", "test_windows")
    return {
        "window_points": settings.window_points,
        "grid_seconds": settings.grid_seconds,
        "train_percent": settings.train_percent,
        "too_short": short,
        "series": {
            row.series: {
                "mean": _one_or_all(row.mean),
                "sd": _one_or_all(row.sd),
                **{count: getattr(row, count) for count in counts},
            }
            for row in rows
            if row.train_windows
        },
    }


def _one_or_all(numbers: list[float]) -> float | list[float]:
    return numbers[0] if len(numbers) == 1 else list(numbers)


def _some(names: list[str]) -> str:
    more = len(names) - NAMES_SHOWN
    return ", ".join(names[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def summarize(
    learned: Sequence[Any],
    series: dict[str, Any],
    channels: dict[str, dict[str, int]],
    settings: Settings,
) -> dict[str, Any]:
    """The contents of summary.json; a channel without records is left out of it."""
    records_read = sum(row.records for row in learned)
    unique = sum(row.unique for row in learned)
    written = {name: counted for name, counted in channels.items() if counted["records"]}
    tested = {"holdout_uri": settings.output_uri + "holdout/test.csv"}
    return {
        "records_read": records_read,
        "unique": unique,
        "duplicates": records_read - unique,
        "series": len(series["series"]),
        "too_short": len(series["too_short"]),
        "channels": written,
        "label_column": settings.label_column,
        "feature_columns": list(settings.row_columns),
        "train_percent": settings.train_percent,
        **(tested if "test" in written else {}),
    }


def main(arguments: list[str]) -> None:
    """Prepare the series; the summary is written last, so its presence says all is there."""
    settings = Settings.parse(arguments)
    spark = SparkSession.builder.appName("prepare-series").getOrCreate()
    # read once: the figures and the windows are of the same records
    points = read_points(spark, settings).persist()
    learned = points.mapInArrow(learner(settings), LEARNED_SCHEMA).collect()
    series = described(learned, settings)
    if series["too_short"]:
        print(
            f"left out, without {settings.window_points} consecutive points to train on: "
            + _some(series["too_short"])
        )
    windows = points.mapInArrow(windower(settings), WINDOWS_SCHEMA)
    rows = spread(windows, group_of(settings))
    counts = rows.mapInArrow(shard_writer(settings.layout), COUNTS_SCHEMA).collect()
    points.unpersist()
    channels = channel_counts(counts, settings.layout)
    summary = summarize(learned, series, channels, settings)
    if "test" not in summary["channels"]:
        print("no test channel: no window behind the training window has a labelled last point")
    s3 = boto3.client("s3")
    for name, document in (("series.json", series), ("summary.json", summary)):
        text = json.dumps(document, indent=2)
        upload(s3, io.BytesIO(text.encode()), settings.output_uri + name)
    print(json.dumps({key: summary[key] for key in ("records_read", "unique", "channels")}))


if __name__ == "__main__":
    main(sys.argv[1:])
