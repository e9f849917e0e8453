"""Glue job: turns a lake of labelled texts into token ids to train a classifier on.

Reads every record below `--records_uri` (an id, a text, a class from 0), keeps one record for each
id, splits by a hash of the id as jobs/prepare_records.py does, and writes below `--output_uri`:

    train/part-00000.rec ...       int32 rows of `--max_tokens` ids, 0 behind the text, and label;
                                   `--train_shards` parts at most, one a training host at least
    validation/part-00000.rec
    test/part-00000.rec
    tokenizer/vocab.txt            WordPiece, lower case; one token a line, its number is its id
    tokenizer/tokenizer.json       max_tokens, lower_case
    holdout/test.csv               the test channel's texts once more: id, label, text in one line
    holdout/test_features.jsonl    the same texts, {"text": ...} a line, as a batch transform reads
    baseline/part-00000.csv ...    tokens and predicted_label: what a model without fault would
                                   answer about each row of train, for a monitor
    summary.json                   what was read, what was dropped, what each channel holds; last
    _channels/<channel>/           what penstock.recordio.spark says of each channel: manifest.json,
                                   channel.json (for a channel of type ManifestFile), _SUCCESS

The vocabulary is learned from the texts of the train channel alone, `--vocabulary_size` tokens at
most, or it is the file at `--vocabulary_uri`, unchanged, if one lies there: that of pretrained
weights. summary.json says which. Words are counted and texts encoded on Spark's executors; the
driver sees words and how often they occur, no text.

Runs on Glue 5.1 as it stands: Spark, pyarrow, numpy and boto3 are there; penstock.recordio,
penstock.channels and jobs/reviews/{tokenizer,vocabulary}.py come by --extra-py-files. The role
needs what that of jobs/prepare_records.py needs, and for the vocabulary s3:ListBucket on its name
and s3:GetObject.
"""

from __future__ import annotations

import argparse
import functools
import io
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import boto3
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql.types import StringType

from jobs.reviews.tokenizer import PAD, Tokenizer, VocabularyError, folded, vocabulary_of, words
from jobs.reviews.vocabulary import vocabulary
from penstock.channels import (
    COUNTS_SCHEMA,
    PrepareError,
    hold,
    named_once,
    publish,
    shard_writer,
    upload,
)
from penstock.channels.lake import read_lake
from penstock.channels.split import CHANNELS, Split, summary_of
from penstock.channels.spread import spread
from penstock.channels.text import FILES, TextLayout, TextShard
from penstock.recordio.spark.output import Output

WORDS_SCHEMA = "word string, count long"


@dataclass(frozen=True)
class Settings:
    """The job's arguments; column names are those of the Parquet files."""

    records_uri: str
    output_uri: str
    id_column: str
    label_column: str
    text_column: str
    split: Split
    max_tokens: int
    vocabulary_size: int
    vocabulary_uri: str | None

    @classmethod
    def parse(cls, arguments: list[str]) -> Settings:
        """From the command line; what else Glue passes (--JOB_NAME ...) is left alone."""
        parser = argparse.ArgumentParser(allow_abbrev=False)
        parser.add_argument("--records_uri", required=True)
        parser.add_argument("--output_uri", required=True)
        parser.add_argument("--id_column", required=True)
        parser.add_argument("--label_column", required=True)
        parser.add_argument("--text_column", required=True)
        parser.add_argument("--split", default="70,15,15", help="percent of each channel")
        parser.add_argument("--max_tokens", default="256", help="of a row, 8 to 512")
        parser.add_argument("--vocabulary_size", default="8000", help="tokens, 1000 to 100000")
        parser.add_argument("--vocabulary_uri", help="a vocab.txt; where none lies, one is learned")
        parser.add_argument(
            "--train_shards", type=int, default=2, help="files, and so tasks, of the train channel"
        )
        parser.add_argument(
            "--training_hosts", type=int, default=1, help="machines; each gets a file at least"
        )
        known, _ = parser.parse_known_args(arguments)
        named_once([known.id_column, known.label_column, known.text_column])
        return cls(
            records_uri=known.records_uri.rstrip("/") + "/",
            output_uri=known.output_uri.rstrip("/") + "/",
            id_column=known.id_column,
            label_column=known.label_column,
            text_column=known.text_column,
            split=Split.parse(known.split, max(1, known.train_shards, known.training_hosts)),
            max_tokens=_whole("max_tokens", known.max_tokens, least=8, most=512),
            vocabulary_size=_whole(
                "vocabulary_size", known.vocabulary_size, least=1000, most=100_000
            ),
            vocabulary_uri=known.vocabulary_uri,
        )

    @property
    def layout(self) -> TextLayout:
        """The files that the run writes."""
        return TextLayout(
            output_uri=self.output_uri,
            channels=CHANNELS,
            train_shards=self.split.train_shards,
            label_column=self.label_column,
            feature_columns=(self.text_column,),
            id_column=self.id_column,
            max_tokens=self.max_tokens,
        )


def _whole(name: str, text: str, *, least: int, most: int) -> int:
    if text.strip().isdecimal() and least <= int(text) <= most:
        return int(text)
    raise PrepareError(f"--{name} is {text!r}: expected a whole number from {least} to {most}")


def read_records(spark: SparkSession, settings: Settings) -> DataFrame:
    """All records with columns id, label, features (the text). PrepareError if there are none."""
    lake = read_lake(
        spark,
        settings.records_uri,
        present=[settings.id_column, settings.text_column],
        numbers=[settings.label_column],
    )
    return lake.select(
        F.col(settings.id_column).cast(StringType()).alias("id"),
        F.col(settings.label_column).cast("double").alias("label"),
        F.col(settings.text_column).cast(StringType()).alias("features"),
    )


def word_counter(
    train_shards: int,
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """What runs on the executors first: rows as `spread` sorts them in, the train texts' words out.

    Of records with the same id the first one counts, as the writer of the shards has it.
    """

    def count(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        found: Counter[str] = Counter()
        last = None
        for batch in batches:
            groups, ids, _, texts = (column.to_pylist() for column in batch.columns)
            for group, name, text in zip(groups, ids, texts, strict=True):
                if group < train_shards and name != last and text is not None:
                    found.update(words(text))
                last = name
        yield pa.RecordBatch.from_arrays(
            [pa.array(list(found), pa.string()), pa.array(list(found.values()), pa.int64())],
            names=["word", "count"],
        )

    return count


def given_vocabulary(uri: str | None) -> bytes | None:
    """The file at an s3:// address; None if there is none."""
    if uri is None:
        return None
    s3 = boto3.client("s3")
    bucket, _, key = uri.partition("://")[2].partition("/")
    # asked by listing: without a right to list the whole bucket S3 may answer that access is
    # denied where there is no object (S3 API reference, GetObject, permissions)
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1).get("Contents", [])
    if [found["Key"] for found in listed] != [key]:
        return None
    content: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    return content


def tokens_of(content: bytes, source: str) -> dict[str, int]:
    """Token to id. PrepareError for a file that is no vocabulary of BERT's form."""
    try:
        tokens = vocabulary_of(content.decode("utf-8"))
        Tokenizer(tokens)
    except (UnicodeDecodeError, VocabularyError) as error:
        raise PrepareError(f"{source}: {error}; give a vocab.txt as BERT has it") from None
    if tokens[PAD]:
        raise PrepareError(
            f"{source}: {PAD} is token {tokens[PAD]}, and rows are filled up with 0: "
            "it must be the first one"
        )
    return tokens


def learned_vocabulary(rows: DataFrame, settings: Settings) -> str:
    """vocab.txt of the train texts' words."""
    counted = rows.mapInArrow(word_counter(settings.split.train_shards), WORDS_SCHEMA)
    totals = counted.groupBy("word").agg(F.sum("count").alias("count")).collect()
    tokens = vocabulary({row["word"]: row["count"] for row in totals}, settings.vocabulary_size)
    return "".join(f"{token}\n" for token in tokens)


def main(arguments: list[str]) -> None:
    """Prepare the texts; the summary is written last, so its presence says all is there."""
    settings = Settings.parse(arguments)
    spark = SparkSession.builder.appName("prepare-text").getOrCreate()
    given = given_vocabulary(settings.vocabulary_uri)
    # read once: the vocabulary and the rows are of the same records
    rows = spread(read_records(spark, settings), settings.split.group).persist()
    if given is None:
        source, vocabulary_file = "learned", learned_vocabulary(rows, settings).encode()
    else:
        source, vocabulary_file = str(settings.vocabulary_uri), given
    tokens = tokens_of(vocabulary_file, source)
    layout = settings.layout
    shard = functools.partial(TextShard, encode=Tokenizer(tokens).encode, folded=folded)
    form = {"max_tokens": settings.max_tokens, "lower_case": True}
    with Output(settings.output_uri, layout.folders, FILES) as output:
        writer = shard_writer(layout, output.store, shard)
        counts = rows.mapInArrow(writer, COUNTS_SCHEMA).collect()
        hold(output, counts)
        rows.unpersist()
        summary = {
            **summary_of(counts, layout, settings.split, settings.records_uri),
            **form,
            "vocabulary": source,
            "vocabulary_tokens": len(tokens),
        }
        output.store.put("tokenizer/vocab.txt", vocabulary_file)
        output.store.put("tokenizer/tokenizer.json", json.dumps(form).encode())
        publish(output, layout)
    text = json.dumps(summary, indent=2)
    upload(boto3.client("s3"), io.BytesIO(text.encode()), settings.output_uri + "summary.json")
    print(json.dumps({key: summary[key] for key in ("records_read", "unique", "channels")}))


if __name__ == "__main__":
    main(sys.argv[1:])
