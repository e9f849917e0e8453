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
    _channels/<channel>/        what penstock.recordio.spark says of each channel: manifest.json,
                                channel.json (for a channel of type ManifestFile), _SUCCESS

Split, order and choice among records with the same id depend on the records' contents alone, not
on files, partitions or runs. The same id always lands in the same channel.

Runs on Glue 5.1 as it stands: Spark, pyarrow, numpy and boto3 are there, penstock.recordio and
penstock.channels come by --extra-py-files. The role needs s3:GetObject and s3:ListBucket on the
records; below the output s3:ListBucket, s3:PutObject and s3:AbortMultipartUpload (with the bucket's
KMS key) and, for what an earlier run into the same output has left, s3:DeleteObject.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from dataclasses import dataclass

import boto3
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql.types import StringType

from penstock.channels import (
    COUNTS_SCHEMA,
    FILES,
    Layout,
    hold,
    named_once,
    publish,
    shard_writer,
    upload,
)
from penstock.channels.lake import read_lake
from penstock.channels.split import CHANNELS, Split, summary_of
from penstock.channels.spread import spread
from penstock.recordio.spark.output import Output


@dataclass(frozen=True)
class Settings:
    """The job's arguments; column names are those of the Parquet files."""

    records_uri: str
    output_uri: str
    id_column: str
    label_column: str
    feature_columns: tuple[str, ...]
    split: Split

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
        parser.add_argument(
            "--training_hosts", type=int, default=1, help="machines; each gets a file at least"
        )
        known, _ = parser.parse_known_args(arguments)
        features = tuple(name.strip() for name in known.feature_columns.split(","))
        named_once([known.id_column, known.label_column, *features])
        return cls(
            records_uri=known.records_uri.rstrip("/") + "/",
            output_uri=known.output_uri.rstrip("/") + "/",
            id_column=known.id_column,
            label_column=known.label_column,
            feature_columns=features,
            split=Split.parse(known.split, max(1, known.train_shards, known.training_hosts)),
        )

    @property
    def layout(self) -> Layout:
        """The files that the run writes."""
        return Layout(
            output_uri=self.output_uri,
            channels=CHANNELS,
            train_shards=self.split.train_shards,
            label_column=self.label_column,
            feature_columns=self.feature_columns,
            id_column=self.id_column,
        )


def read_records(spark: SparkSession, settings: Settings) -> DataFrame:
    """All records with columns id, label, features. PrepareError if there are none, or not so."""
    numbers = (settings.label_column, *settings.feature_columns)
    lake = read_lake(spark, settings.records_uri, present=[settings.id_column], numbers=numbers)
    return lake.select(
        F.col(settings.id_column).cast(StringType()).alias("id"),
        F.col(settings.label_column).cast("double").alias("label"),
        F.array(*[F.col(name).cast("float") for name in settings.feature_columns]).alias(
            "features"
        ),
    )


def main(arguments: list[str]) -> None:
    """Prepare the records; the summary is written last, so its presence says all is there."""
    settings = Settings.parse(arguments)
    spark = SparkSession.builder.appName("prepare-records").getOrCreate()
    rows = spread(read_records(spark, settings), settings.split.group)
    layout = settings.layout
    with Output(settings.output_uri, layout.folders, FILES) as output:
        counts = rows.mapInArrow(shard_writer(layout, output.store), COUNTS_SCHEMA).collect()
        hold(output, counts)
        summary = summary_of(counts, layout, settings.split, settings.records_uri)
        publish(output, layout)
    text = json.dumps(summary, indent=2)
    upload(boto3.client("s3"), io.BytesIO(text.encode()), settings.output_uri + "summary.json")
    print(json.dumps({key: summary[key] for key in ("records_read", "unique", "channels")}))


if __name__ == "__main__":
    main(sys.argv[1:])
