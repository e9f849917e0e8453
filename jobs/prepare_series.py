"""Glue job: turns a lake of points of many time series into windows to train on.

Reads every record below `--records_uri` (a series' name, an ISO 8601 time with its zone, one or
more values, perhaps a label) and writes below `--output_uri`:

    train/part-00000.rec ...    float32 windows, no labels, `--train_shards` parts at most
    test/part-00000.rec         float32 windows and labels; only if one of them is an anomaly
    holdout/test.csv            every window behind the training windows: id, label, values; the
                                label is empty where it is unknown
    holdout/test_features.csv   their values alone and no header, as a batch transform reads them
    series.json                 by which figures each series was normalised, and what it has
    summary.json                what was read, what each channel holds; last
    _channels/<channel>/        what penstock.recordio.spark says of each channel: manifest.json,
                                channel.json (for a channel of type ManifestFile), _SUCCESS

What the job does with a series, step by step (the arithmetic is penstock.series):

Points. Records of one series with the same time are one point. Which of them stays does not
depend on how they arrived, for the lake does not keep that.

Grid. Times are rounded down to whole multiples of `--grid_seconds` since 1970. With `auto`, the
default, each series has a step of its own: the most frequent difference between consecutive
distinct times, in whole seconds, of the first `--train_percent` of its time. A grid time's value
is the mean of its points, its label 1 if one of them has 1. A grid time without a point is a gap:
nothing is filled in, for a made-up value would be learned as normal.

Training window. The first `--train_percent` of the grid times from a series' first point to its
last. Mean and standard deviation (of the population) of its values normalise the whole series:
(value - mean) / sd. No later value is looked at. A series that is constant there has sd 1 in
series.json, so that whoever normalises divides without asking.

Windows. `--window_points` consecutive grid times, the oldest first; a window is known by
<series>/<grid time of its last point>. One with a gap is nowhere. train has those that lie in the
training window, holdout those that lie behind it: no point is in both. A window's label is its
last point's: that is the point that a score is for when the window is complete, and a label of
any point would call the same anomaly late by up to a window.

Rows. With `--row points` a row holds the values of its window's points, one after the other; with
`--row deviation` one value for each column: how far the last point lies from the mean of those
before it in the window, in their standard deviation (a fifth of the training window's at least, or
a flat stretch would make everything after it look strange).

Test channel. The held-out windows whose label is known, if one of them at least is an anomaly:
an algorithm's F1 is undefined without one.

Short series. A series without a complete window to train on, or with `auto` and fewer than two
distinct times to tell a step by, is left out: its name is printed and in series.json, and they
are counted in summary.json.

series.json: {"window_points": n, "row": "points", "train_percent": n, "too_short": [names],
"series": {name: {"grid_seconds": n, "mean": m, "sd": s, "points": grid times with a value, "gaps":
those without, "gap_windows": windows that a gap keeps out, "train_windows": n, "holdout_windows":
n, "test_windows": those of the held-out ones whose label is known, "anomalies": those whose label
is 1}}}. With several value columns mean and sd are lists in the columns' order.

Rows' order and parts are by a hash of their ids. Nothing depends on files, partitions or runs.
A series is worked on by one task, in memory.

Runs on Glue 5.1 as it stands: Spark, pyarrow, numpy and boto3 are there, penstock.recordio,
penstock.channels and penstock.series come by --extra-py-files. The role needs s3:GetObject and
s3:ListBucket on the records; below the output s3:ListBucket, s3:PutObject and
s3:AbortMultipartUpload (with the bucket's KMS key) and, for what an earlier run into the same
output has left, s3:DeleteObject.
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
    FILES,
    Layout,
    PrepareError,
    channel_counts,
    hold,
    named_once,
    publish,
    shard_writer,
    upload,
)
from penstock.channels.lake import read_lake
from penstock.channels.spread import PART_DIGITS, hash_part, spread
from penstock.recordio.spark.output import Output
from penstock.series import (
    LEAST_DEVIATION_POINTS,
    ROWS,
    Points,
    Prepared,
    Row,
    prepare,
    window_ids,
)
from penstock.series.records import Columns, points_of, series_of

AUTO = "auto"
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
    row: Row
    grid_seconds: int | None
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
        parser.add_argument("--row", default=ROWS[0], help=f"what it holds: {' or '.join(ROWS)}")
        parser.add_argument(
            "--grid_seconds", default=AUTO, help="from one point to the next, or each series' own"
        )
        parser.add_argument(
            "--train_percent", default="70", help="of a series' time, from its start"
        )
        parser.add_argument("--train_shards", default="2", help="files of the train channel")
        parser.add_argument("--training_hosts", default="1", help="machines; each gets a file")
        known, _ = parser.parse_known_args(arguments)
        features = tuple(name.strip() for name in known.feature_columns.split(","))
        label = [known.label_column] if known.label_column else []
        named_once([known.series_column, known.time_column, *label, *features])
        window_points = _whole("window_points", known.window_points)
        return cls(
            records_uri=known.records_uri.rstrip("/") + "/",
            output_uri=known.output_uri.rstrip("/") + "/",
            series_column=known.series_column,
            time_column=known.time_column,
            label_column=known.label_column,
            feature_columns=features,
            window_points=window_points,
            row=_row(known.row, window_points),
            grid_seconds=_step(known.grid_seconds),
            train_percent=_whole("train_percent", known.train_percent, most=100),
            train_shards=max(
                _whole("train_shards", known.train_shards),
                _whole("training_hosts", known.training_hosts),
            ),
        )

    @property
    def columns(self) -> Columns:
        """What the executors must know of the columns."""
        return Columns(self.time_column, self.label_column, self.feature_columns)

    @property
    def least_points(self) -> int:
        """So many consecutive points a series must have to train on; a step needs two."""
        return max(self.window_points, 2 if self.grid_seconds is None else 1)

    @property
    def row_columns(self) -> tuple[str, ...]:
        """The columns of a row: of a window's points, the oldest first, or of its last one."""
        if self.row == "deviation":
            return tuple(f"{column}_deviation" for column in self.feature_columns)
        if self.window_points == 1:
            return self.feature_columns
        return tuple(
            f"{column}_{point}"
            for point in range(self.window_points)
            for column in self.feature_columns
        )

    def layout(self, *, tested: bool) -> Layout:
        """The files that the run writes; with or without a test channel."""
        return Layout(
            output_uri=self.output_uri,
            channels=("train", "test"),
            train_shards=self.train_shards,
            label_column=self.label_column or "label",
            feature_columns=self.row_columns,
            unlabelled=("train",),
            test_rows="labelled" if tested else "none",
        )


def _whole(name: str, text: str, most: int | None = None) -> int:
    if text.strip().isdecimal() and 0 < int(text) <= (most or int(text)):
        return int(text)
    rule = "above 0" if most is None else f"from 1 to {most}"
    raise PrepareError(f"--{name} is {text!r}: expected a whole number {rule}")


def _row(text: str, window_points: int) -> Row:
    for row in ROWS:
        if text.strip() == row:
            break
    else:
        raise PrepareError(f"--row is {text!r}: expected {' or '.join(ROWS)}")
    if row == "deviation" and window_points < LEAST_DEVIATION_POINTS:
        raise PrepareError(
            f"--window_points is {window_points}: a deviation from the points before needs "
            f"{LEAST_DEVIATION_POINTS}"
        )
    return row


def _step(text: str) -> int | None:
    if text.strip() == AUTO:
        return None
    try:
        return _whole("grid_seconds", text)
    except PrepareError as error:
        raise PrepareError(f"{error}, or {AUTO}") from None


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


def _prepared(name: str, records: pa.Table, settings: Settings) -> tuple[Points, Prepared | None]:
    points = points_of(name, records, settings.columns)
    found = prepare(
        points,
        window_points=settings.window_points,
        train_percent=settings.train_percent,
        grid_seconds=settings.grid_seconds,
    )
    return points, found


LEARNED_SCHEMA = (
    "series string, records long, unique long, grid_seconds long, points long, gaps long, "
    "gap_windows long, train_windows long, holdout_windows long, test_windows long, "
    "anomalies long, mean array<double>, sd array<double>, error string"
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
                row = _learned_row(name, records, settings)
                yield pa.RecordBatch.from_pylist([row], schema=_learned_arrow())
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


def _learned_row(name: str, records: pa.Table, settings: Settings) -> dict[str, Any]:
    points, found = _prepared(name, records, settings)
    read = {"series": name, "records": points.records, "unique": len(points.times)}
    if found is None:
        return {**read, "train_windows": 0, "holdout_windows": 0, "test_windows": 0, "anomalies": 0}
    for column, mean, sd in zip(settings.feature_columns, found.mean, found.sd, strict=True):
        if not (np.isfinite(mean) and np.isfinite(sd)):
            raise PrepareError(
                f"series {name}: the values in column {column} are too large for a mean"
            )
    return {
        **read,
        "grid_seconds": found.grid.grid_seconds,
        "points": len(found.grid.slots),
        "gaps": found.grid.gaps,
        "gap_windows": found.gap_windows,
        "train_windows": len(found.train),
        "holdout_windows": len(found.holdout),
        "test_windows": len(found.test),
        "anomalies": int((found.grid.labels[found.test] == 1).sum()),
        "mean": found.mean.tolist(),
        "sd": found.sd.tolist(),
    }


WINDOWS_SCHEMA = "id string, label double, features array<float>, training boolean"


def windower(
    settings: Settings,
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """What runs on the executors then: points in, the windows to train on and those held out."""
    portion = max(1, PORTION_VALUES // len(settings.row_columns))

    def cut(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for name, records in series_of(batches):
            _, found = _prepared(name, records, settings)
            if found is None:
                continue
            for ends, training in ((found.train, True), (found.holdout, False)):
                for start in range(0, len(ends), portion):
                    some = ends[start : start + portion]
                    yield pa.RecordBatch.from_arrays(
                        [
                            pa.array(window_ids(name, found.grid, some)),
                            pa.array(found.grid.labels[some]),
                            _lists(found.rows(some, settings.row)),
                            pa.array(np.full(len(some), training)),
                        ],
                        names=["id", "label", "features", "training"],
                    )

    return cut


def _lists(rows: npt.NDArray[np.float32]) -> pa.ListArray:
    starts = np.arange(len(rows) + 1, dtype=np.int32) * np.int32(rows.shape[1])
    return pa.ListArray.from_arrays(pa.array(starts), pa.array(rows.ravel()))


def group_of(settings: Settings) -> Column:
    """The number of the file that a window belongs to: a hash of its id, or the held-out one."""
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
            f"no series has {settings.least_points} consecutive points in the first "
            f"{settings.train_percent} % of its time: {_some(short)}"
        )
    counts = (
        *("points", "gaps", "gap_windows"),
        *("train_windows", "holdout_windows", "test_windows", "anomalies"),
    )
    return {
        "window_points": settings.window_points,
        "row": settings.row,
        "train_percent": settings.train_percent,
        "too_short": short,
        "series": {
            row.series: {
                "grid_seconds": row.grid_seconds,
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
    held_out = {"holdout_uri": settings.output_uri + "holdout/test.csv"}
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
        **(held_out if any(row.holdout_windows for row in learned) else {}),
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
            f"left out, without {settings.least_points} consecutive points to train on: "
            + _some(series["too_short"])
        )
    layout = settings.layout(tested=any(row.anomalies for row in learned))
    windows = points.mapInArrow(windower(settings), WINDOWS_SCHEMA)
    rows = spread(windows, group_of(settings))
    with Output(settings.output_uri, layout.folders, FILES) as output:
        counts = rows.mapInArrow(shard_writer(layout, output.store), COUNTS_SCHEMA).collect()
        hold(output, counts)
        points.unpersist()
        summary = summarize(learned, series, channel_counts(counts, layout), settings)
        publish(output, layout)
    if "test" not in summary["channels"]:
        labelled = sum(row.test_windows for row in learned)
        print(
            f"no test channel: of {labelled} labelled windows behind the training windows "
            "none is an anomaly"
        )
    s3 = boto3.client("s3")
    for name, document in (("series.json", series), ("summary.json", summary)):
        text = json.dumps(document, indent=2)
        upload(s3, io.BytesIO(text.encode()), settings.output_uri + name)
    print(json.dumps({key: summary[key] for key in ("records_read", "unique", "channels")}))


if __name__ == "__main__":
    main(sys.argv[1:])
