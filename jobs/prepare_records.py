"""Glue job: turns a lake of tabular Parquet records into RecordIO-protobuf shards to train on.

Reads every record below `--records_uri` (the folders' year=/month=/... names carry no column),
keeps one record for each id, splits by a hash of the id, orders each channel by another part of
that hash (SGD wants mixed data), and writes below `--output_uri`:

    train/part-00000.rec ...    float32 features and label, `--train_shards` parts at most
    validation/part-00000.rec
    test/part-00000.rec
    holdout/test.csv            the test channel's rows once more: id, label, features
    holdout/test_features.csv   their features alone and no header, as a batch transform reads them
    summary.json                what was read, what was dropped, what each channel holds

Split, order and choice among records with the same id depend on the records' contents alone, not
on files, partitions or runs. The same id always lands in the same channel.

Runs on Glue 5.1 as it stands: Spark, pyarrow, numpy and boto3 are there, penstock.recordio comes
by --extra-py-files. The role needs s3:GetObject and s3:ListBucket on the records and
s3:PutObject (with the bucket's KMS key) below the output.
"""

from __future__ import annotations

import argparse
import csv
import io
import itertools
import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import pyarrow as pa
from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql.types import BooleanType, DataType, NumericType, StringType

from penstock.recordio import write_dense

CHANNELS = ("train", "validation", "test")
# bits of the id's SHA-256 that decide about channel, order and part, as ranges of hex digits
CHANNEL_DIGITS = (1, 8)
ORDER_DIGITS = (9, 15)
PART_DIGITS = (24, 8)


class PrepareError(Exception):
    """Records that cannot become training data; one line that Glue shows as ErrorMessage."""


@dataclass(frozen=True)
class Settings:
    """The job's arguments; column names are those of the Parquet files."""

    records_uri: str
    output_uri: str
    id_column: str
    label_column: str
    feature_columns: tuple[str, ...]
    split: tuple[int, int, int]
    train_shards: int

    @classmethod
    def parse(cls, arguments: list[str]) -> Settings:
        """From the command line; what else Glue passes (--JOB_NAME ...) is left alone."""
        parser = argparse.ArgumentParser(allow_abbrev=False)
        parser.add_argument("--records_uri", required=True)
        parser.add_argument("--output_uri", required=True)
        parser.add_argument("--id_column", required=True)
        parser.add_argument("--label_column", required=True)
        parser.add_argument("--feature_columns", required=True, help="comma-separated, in order")
        parser.add_argument("--split", default="70,15,15", help="percent of each channel")
        parser.add_argument(
            "--train_shards", type=int, default=2, help="files, and so tasks, of the train channel"
        )
        known, _ = parser.parse_known_args(arguments)
        features = tuple(name.strip() for name in known.feature_columns.split(","))
        columns = [known.id_column, known.label_column, *features]
        if len(set(columns)) != len(columns):
            twice = sorted({name for name in columns if columns.count(name) > 1})
            raise PrepareError(f"columns are named more than once: {', '.join(twice)}")
        return cls(
            records_uri=known.records_uri.rstrip("/") + "/",
            output_uri=known.output_uri.rstrip("/") + "/",
            id_column=known.id_column,
            label_column=known.label_column,
            feature_columns=features,
            split=_percents(known.split),
            train_shards=max(1, known.train_shards),
        )


def _percents(text: str) -> tuple[int, int, int]:
    parts = text.split(",")
    if len(parts) == 3 and all(part.strip().isdigit() for part in parts):
        train, validation, test = (int(part) for part in parts)
        if train + validation + test == 100 and min(train, validation, test) > 0:
            return train, validation, test
    raise PrepareError(
        f"--split is {text!r}: expected three percents above 0 that make 100, like 70,15,15"
    )


def read_records(spark: SparkSession, settings: Settings) -> DataFrame:
    """All records with columns id, label, features. PrepareError if there are none, or not so."""
    try:
        # recursiveFileLookup: files below any depth, and folder names do not become columns
        lake = spark.read.option("recursiveFileLookup", "true").parquet(settings.records_uri)
    except AnalysisException as error:
        if error.getErrorClass() in ("PATH_NOT_FOUND", "UNABLE_TO_INFER_SCHEMA"):
            raise PrepareError(f"no records below {settings.records_uri}") from error
        raise
    types = {column.name: column.dataType for column in lake.schema.fields}
    needed = (settings.id_column, settings.label_column, *settings.feature_columns)
    missing = [name for name in needed if name not in types]
    if missing:
        raise PrepareError(
            f"the records have no column {', '.join(missing)}; they have {', '.join(types)}"
        )
    for name in needed[1:]:
        _check_number(name, types[name])
    return lake.select(
        F.col(settings.id_column).cast(StringType()).alias("id"),
        F.col(settings.label_column).cast("double").alias("label"),
        F.array(*[F.col(name).cast("float") for name in settings.feature_columns]).alias(
            "features"
        ),
    )


def _check_number(name: str, found: DataType) -> None:
    if not isinstance(found, NumericType | BooleanType):
        raise PrepareError(
            f"column {name} is {found.simpleString()}: labels and features must be numbers"
        )


def _hash_part(digits: tuple[int, int]) -> Column:
    """Some hex digits of the id's SHA-256 as a number."""
    digest = F.sha2(F.col("id"), 256)
    return F.conv(F.substring(digest, *digits), 16, 10).cast("bigint")


def grouped(records: DataFrame, settings: Settings) -> DataFrame:
    """One group of rows for each output file, in the order in which they are written.

    Records of the same id have the same hash, so they are neighbours in one group; among them
    the order is by label and features, so that the first one is always the same.
    """
    train, validation, _ = settings.split
    percent = _hash_part(CHANNEL_DIGITS) % 100
    part = _hash_part(PART_DIGITS) % settings.train_shards
    shards = settings.train_shards
    group = (
        F.when(percent < train, part)
        .when(percent < train + validation, shards)
        .otherwise(shards + 1)
        .cast("int")
    )
    # a null id has no hash: it travels in the last group, whose writer refuses it
    return (
        records.withColumn("group", group)
        .withColumn("order", _hash_part(ORDER_DIGITS))
        .repartition("group")
        .sortWithinPartitions("group", "order", "id", "label", "features")
        .select("group", "id", "label", "features")
    )


def channel_and_part(group: int, train_shards: int) -> tuple[str, int]:
    """Which channel and part number a group of `grouped` is."""
    if group < train_shards:
        return "train", group
    return CHANNELS[group - train_shards + 1], 0


@dataclass
class Shard:
    """One output file in the making, on the executor's disk; uploaded when it is complete."""

    group: int
    settings: Settings
    folder: Path
    records_read: int = 0
    unique: int = 0
    size: int = 0
    last_id: str | None = None
    _files: dict[str, Any] = field(default_factory=dict)

    def add(self, ids: np.ndarray, labels: np.ndarray, features: np.ndarray) -> None:
        """Append the rows whose id differs from the row before. PrepareError for a bad row."""
        self.records_read += len(ids)
        first = np.ones(len(ids), bool)
        first[1:] = ids[1:] != ids[:-1]
        first[0] = ids[0] != self.last_id
        self.last_id = ids[-1]
        ids, labels, features = ids[first], labels[first], features[first]
        if not len(ids):
            return
        bad = ~(np.isfinite(labels) & np.isfinite(features).all(axis=1))
        if bad.any():
            row = int(np.argmax(bad))
            names = [
                name
                for name, value in zip(
                    (self.settings.label_column, *self.settings.feature_columns),
                    (labels[row], *features[row]),
                    strict=True,
                )
                if not np.isfinite(value)
            ]
            raise PrepareError(
                f"record {ids[row]} has no finite number in column {', '.join(names)} "
                f"({int(bad.sum())} records in this part)"
            )
        self.unique += len(ids)
        self.size += write_dense(self._file("rec"), features, labels)
        if channel_and_part(self.group, self.settings.train_shards)[0] == "test":
            self._append_holdout(ids, labels, features)

    def _append_holdout(self, ids: np.ndarray, labels: np.ndarray, features: np.ndarray) -> None:
        if "csv" not in self._files:
            self._write_csv("csv", [["id", "label", *self.settings.feature_columns]])
        # nine digits give a float32 back exactly, and whole numbers stay short
        rows = [[f"{value:.9g}" for value in row] for row in features]
        names = zip(ids, (f"{label:.17g}" for label in labels), strict=True)
        self._write_csv("csv", ([*name, *row] for name, row in zip(names, rows, strict=True)))
        self._write_csv("features.csv", rows)

    def _write_csv(self, suffix: str, rows: Iterable[list[str]]) -> None:
        text = io.TextIOWrapper(self._file(suffix), newline="", write_through=True)
        csv.writer(text, lineterminator="\n").writerows(rows)
        text.detach()

    def _file(self, suffix: str) -> Any:
        if suffix not in self._files:
            self._files[suffix] = (self.folder / f"{self.group}.{suffix}").open("w+b")
        return self._files[suffix]

    def upload(self, s3: Any) -> None:
        """Put the finished files where they belong, with a boto3 client for S3."""
        channel, part = channel_and_part(self.group, self.settings.train_shards)
        names = {
            "rec": f"{channel}/part-{part:05d}.rec",
            "csv": "holdout/test.csv",
            "features.csv": "holdout/test_features.csv",
        }
        for suffix, file in self._files.items():
            with file:
                file.seek(0)
                upload(s3, file, self.settings.output_uri + names[suffix])


def upload(s3: Any, file: Any, uri: str) -> None:
    """Put a file object's contents at an s3:// address, in parts if it is large."""
    bucket, _, key = uri.partition("://")[2].partition("/")
    s3.upload_fileobj(file, bucket, key)


def shard_writer(
    settings: Settings,
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """What runs on the executors: rows in, one row of counts for each file out.

    A bad record comes back as text instead of an exception: trying again would not mend it.
    """

    def write(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        s3 = boto3.client("s3")
        shard: Shard | None = None
        done: list[Shard] = []
        with tempfile.TemporaryDirectory() as folder:
            try:
                for batch in batches:
                    for group, rows in _by_group(batch):
                        if shard is None or shard.group != group:
                            if shard is not None:
                                shard.upload(s3)
                            shard = Shard(group, settings, Path(folder))
                            done.append(shard)
                        shard.add(*_columns(rows, settings))
                if shard is not None:
                    shard.upload(s3)
            except PrepareError as error:
                yield _counts([], str(error))
                return
        yield _counts(done, "")

    return write


def _by_group(batch: pa.RecordBatch) -> Iterator[tuple[int, pa.RecordBatch]]:
    groups = batch.column(0).to_numpy()
    starts = [0, *(np.flatnonzero(np.diff(groups)) + 1).tolist(), len(groups)]
    for start, end in itertools.pairwise(starts):
        if end > start:
            yield int(groups[start]), batch.slice(start, end - start)


def _columns(rows: pa.RecordBatch, settings: Settings) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if rows.column(1).null_count:
        raise PrepareError(
            f"{rows.column(1).null_count} records have no value in column {settings.id_column}"
        )
    ids = rows.column(1).to_numpy(zero_copy_only=False)
    # a null becomes NaN here, which `Shard.add` refuses by its column's name
    labels = rows.column(2).to_numpy(zero_copy_only=False)
    values = rows.column(3).flatten().to_numpy(zero_copy_only=False)
    return ids, labels, values.reshape(len(ids), len(settings.feature_columns))


def _counts(shards: list[Shard], error: str) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict(
        {
            "group": [shard.group for shard in shards] or [-1],
            "records_read": [shard.records_read for shard in shards] or [0],
            "unique": [shard.unique for shard in shards] or [0],
            "bytes": [shard.size for shard in shards] or [0],
            "error": [error] * max(1, len(shards)),
        }
    )


COUNTS_SCHEMA = "group long, records_read long, unique long, bytes long, error string"


def summarize(counts: list[Any], settings: Settings) -> dict[str, Any]:
    """The contents of summary.json. PrepareError for a bad record or a channel without records."""
    for row in counts:
        if row.error:
            raise PrepareError(row.error)
    channels = {name: {"records": 0, "bytes": 0, "parts": 0} for name in CHANNELS}
    for row in counts:
        if row.group >= 0:
            channel = channels[channel_and_part(row.group, settings.train_shards)[0]]
            channel["records"] += row.unique
            channel["bytes"] += row.bytes
            channel["parts"] += 1
    records_read = sum(row.records_read for row in counts)
    unique = sum(row.unique for row in counts)
    empty = [name for name, channel in channels.items() if not channel["records"]]
    if not records_read:
        raise PrepareError(f"no records below {settings.records_uri}")
    if empty:
        raise PrepareError(
            f"{unique} records are too few: nothing falls into {' and '.join(empty)} "
            f"with the split {','.join(map(str, settings.split))}"
        )
    return {
        "records_read": records_read,
        "unique": unique,
        "duplicates": records_read - unique,
        "channels": channels,
        "label_column": settings.label_column,
        "feature_columns": list(settings.feature_columns),
        "split_percent": dict(zip(CHANNELS, settings.split, strict=True)),
        "holdout_uri": settings.output_uri + "holdout/test.csv",
    }


def main(arguments: list[str]) -> None:
    """Prepare the records; the summary is written last, so its presence says all is there."""
    settings = Settings.parse(arguments)
    spark = SparkSession.builder.appName("prepare-records").getOrCreate()
    rows = grouped(read_records(spark, settings), settings)
    counts = rows.mapInArrow(shard_writer(settings), COUNTS_SCHEMA).collect()
    summary = summarize(counts, settings)
    text = json.dumps(summary, indent=2)
    upload(boto3.client("s3"), io.BytesIO(text.encode()), settings.output_uri + "summary.json")
    print(json.dumps({key: summary[key] for key in ("records_read", "unique", "channels")}))


if __name__ == "__main__":
    main(sys.argv[1:])
