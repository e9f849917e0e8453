"""Glue job: data quality of an endpoint's captured requests or answers, against the training data.

With `--feature_columns` it watches the requests, with `--answer_columns` the answers: one row for
each prediction, of which it reads these columns (`tokens:number,predicted_label:category`).

`--purpose baseline` reads what is below `--training_uri`, for requests RecordIO-protobuf shards,
for answers CSV with a header of these columns: what a model without fault would have answered. It
writes statistics.json and constraints.json below `--baseline_uri`.

`--purpose check` reads the capture files below `--capture_uri` (the endpoint's folder) of the
time from `--window_start` to just before `--window_end`, compares them with the baseline and
writes below `--report_uri`:

    statistics.json              of the captured rows
    constraints.json             that these rows would suggest
    constraint_violations.json   what differs from the baseline
    run.json                     distances, metrics, messages
    summary.json                 a few figures, for a state machine; last, so that all else is there

and sends the metrics of every feature, and `violations`, how many there are, to CloudWatch (no
metric for a window without a row). `--window_start auto` is `--window_hours` full hours before the
last full hour of `--window_end`.

Objects are spread over Spark's tasks, each of which makes a profile; the driver merges them.

Runs on Glue 5.1: Spark, pyarrow, numpy and boto3 are there, penstock.recordio and penstock.monitor
come by --extra-py-files, datasketches as a wheel by --additional-python-modules. The role needs
s3:ListBucket and s3:GetObject on what is read, s3:PutObject below what is written (with the
bucket's KMS key), and cloudwatch:PutMetricData. boto3 is told no region, as in the Glue
developer guide's own script ("Getting and setting workflow run properties"); that the executors
have one is unconfirmed, but they speak to S3 alone, which sends clients to the bucket's region.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import boto3
from pyspark.sql import SparkSession

from penstock.monitor import (
    Baseline,
    Distance,
    Format,
    Metric,
    MonitorError,
    Outcome,
    Parts,
    Profile,
    Reader,
    Reading,
    Source,
    Window,
    check,
    put_metrics,
    utc_text,
    utc_time,
)

AUTO = "auto"
NUMBER, CATEGORY = "number", "category"
DRIFT = "baseline_drift_check"
MESSAGES = 10
MESSAGE_CHARACTERS = 300
MESSAGES_BYTES = 3000  # of all of them, as JSON


class DataQualityError(Exception):
    """Data that cannot be watched; one line that Glue shows as ErrorMessage."""


@dataclass(frozen=True)
class BaselineSettings:
    """The arguments of `--purpose baseline`; it is of requests if there are no answer columns."""

    feature_columns: tuple[str, ...]
    answer_columns: Mapping[str, str]  # name -> number or category
    training_uri: str
    baseline_uri: str
    distance: Distance
    drift_threshold: float


@dataclass(frozen=True)
class CheckSettings:
    """The arguments of `--purpose check`; it is of requests if there are no answer columns."""

    answer_columns: Mapping[str, str]
    capture_uri: str
    baseline_uri: str
    report_uri: str
    window: Window
    endpoint_name: str
    schedule_name: str


def parse(arguments: list[str]) -> BaselineSettings | CheckSettings:
    """From the command line; what else Glue passes (--JOB_NAME ...) is left alone.

    Raises:
        MonitorError: an unknown distance, a column of no known kind, a time that is none, an empty
            window.
    """
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--purpose", required=True, choices=("baseline", "check"))
    purpose = parser.parse_known_args(arguments)[0].purpose
    parser.add_argument("--baseline_uri", required=True)
    watched = parser.add_mutually_exclusive_group(required=purpose == "baseline")
    watched.add_argument("--feature_columns", default="", help="comma-separated, in order")
    watched.add_argument("--answer_columns", default="", help="name:number,name:category")
    if purpose == "baseline":
        parser.add_argument("--training_uri", required=True)
        parser.add_argument("--distance", default=Distance.ROBUST.value)
        parser.add_argument("--drift_threshold", type=float, default=0.1)
        known, _ = parser.parse_known_args(arguments)
        return BaselineSettings(
            feature_columns=tuple(name.strip() for name in known.feature_columns.split(",")),
            answer_columns=_answer_columns(known.answer_columns),
            training_uri=_folder(known.training_uri),
            baseline_uri=_folder(known.baseline_uri),
            distance=Distance.read(known.distance),
            drift_threshold=known.drift_threshold,
        )
    for name in ("capture_uri", "report_uri", "window_end", "endpoint_name", "schedule_name"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--window_start", default=AUTO)
    parser.add_argument("--window_hours", type=int, default=1)
    known, _ = parser.parse_known_args(arguments)
    return CheckSettings(
        answer_columns=_answer_columns(known.answer_columns),
        capture_uri=_folder(known.capture_uri),
        baseline_uri=_folder(known.baseline_uri),
        report_uri=_folder(known.report_uri),
        window=_window(known.window_start, known.window_end, known.window_hours),
        endpoint_name=known.endpoint_name,
        schedule_name=known.schedule_name,
    )


def _folder(uri: str) -> str:
    return uri.rstrip("/") + "/"


def _answer_columns(text: str) -> dict[str, str]:
    found = {}
    for column in text.split(",") if text else ():
        name, _, kind = column.strip().partition(":")
        if not name or kind not in (NUMBER, CATEGORY):
            raise MonitorError(
                f"--answer_columns has {column!r}: write each as name:{NUMBER} or name:{CATEGORY}"
            )
        found[name] = kind
    return found


def _window(start: str, end: str, hours: int) -> Window:
    if start == AUTO:
        return Window.full_hours(hours, before=utc_time(end))
    return Window(utc_time(start), utc_time(end))


def categories(columns: Mapping[str, str]) -> list[str]:
    """Those of the answers' columns whose numbers are names."""
    return [name for name, kind in columns.items() if kind == CATEGORY]


def profiler(
    reader: Reader, categories: Sequence[str]
) -> Callable[[Iterator[str]], Iterator[tuple[bytes, bytes, str]]]:
    """What runs on the executors: names of objects in, one profile and what reading met out.

    An object that cannot be read comes back as text instead of an exception: trying again would
    not mend it.
    """

    def profile(names: Iterator[str]) -> Iterator[tuple[bytes, bytes, str]]:
        found, reading, refusal = Profile(categories), Reading(), ""
        s3 = boto3.client("s3")
        try:
            for name in names:
                for batch in reader.source_batches(Source(name, s3), reading):
                    found.update(batch)
        except MonitorError as error:
            refusal = str(error)
        yield found.to_bytes(), reading.to_bytes(), refusal

    return profile


def read_spread(
    spark: SparkSession, data: str, reader: Reader, categories: Sequence[str]
) -> tuple[Profile, Reading]:
    """The profile of a data set, its objects spread over as many tasks as Spark has cores for.

    Args:
        spark: the session.
        data: `s3://bucket/prefix/`.
        reader: how to read it; it travels to the tasks and holds no client.
        categories: columns whose numbers are names.

    Raises:
        MonitorError: the data cannot be listed, or an object does not have its format.
    """
    listing = Reader(window=reader.window, s3=boto3.client("s3"))
    names = [source.name for source in listing.sources(data)]
    profile, reading = Profile(), Reading()
    if not names:
        return profile, reading
    tasks = min(len(names), spark.sparkContext.defaultParallelism)
    profile_part = profiler(reader, categories)
    parts = spark.sparkContext.parallelize(names, tasks).mapPartitions(profile_part).collect()
    for part, met, refusal in parts:
        if refusal:
            raise MonitorError(refusal)
        profile.merge(Profile.from_bytes(part))
        reading.merge(Reading.from_bytes(met))
    return profile, reading


def make_baseline(spark: SparkSession, settings: BaselineSettings) -> dict[str, Any]:
    """Write the baseline's files; returns what the log shows."""
    columns = settings.answer_columns
    if columns:
        reader = Reader(format=Format.CSV, columns=tuple(columns))
    else:
        reader = Reader(format=Format.RECORDIO, names=settings.feature_columns)
    profile, reading = read_spread(spark, settings.training_uri, reader, categories(columns))
    if not reading.rows:
        raise MonitorError(f"no records below {settings.training_uri}: a baseline needs some")
    baseline = Baseline.of(profile, distance=settings.distance, threshold=settings.drift_threshold)
    put_files(baseline.files(), settings.baseline_uri)
    return {"item_count": profile.item_count, "features": len(profile.columns)}


def make_report(spark: SparkSession, settings: CheckSettings) -> dict[str, Any]:
    """Write the report's files and send the metrics; returns the summary."""
    baseline = read_baseline(settings.baseline_uri)
    columns = settings.answer_columns
    reader = Reader(
        format=Format.CAPTURE,
        parts=Parts.OUTPUT if columns else Parts.INPUT,
        columns=tuple(columns),
        names=baseline.feature_names,
        window=settings.window,
    )
    profile, reading = read_spread(spark, settings.capture_uri, reader, categories(columns))
    outcome = check(profile, baseline, reading=reading, window=settings.window)
    put_files(outcome.files(), settings.report_uri)
    if profile.item_count:
        violations = Metric("violations", float(len(outcome.findings.violations)))
        put_metrics(
            boto3.client("cloudwatch"),
            [*outcome.metrics, violations],
            endpoint=settings.endpoint_name,
            schedule=settings.schedule_name,
            timestamp=datetime.now(UTC),
        )
    summary = summarize(outcome, settings.window)
    put_files({"summary.json": json.dumps(summary, indent=1).encode()}, settings.report_uri)
    return summary


def read_baseline(uri: str) -> Baseline:
    """The two documents; MonitorError if they are not there, or no JSON."""
    s3 = boto3.client("s3")
    documents: list[Mapping[str, Any]] = []
    for name in ("statistics.json", "constraints.json"):
        with Source(uri + name, s3).open() as file:
            try:
                documents.append(json.load(file))
            except ValueError as error:
                raise MonitorError(f"{uri}{name} is not JSON: {error}") from error
    return Baseline(*documents)


def put_files(files: Mapping[str, bytes], uri: str) -> None:
    """Put files below an s3:// address."""
    bucket, _, prefix = uri.partition("://")[2].partition("/")
    s3 = boto3.client("s3")
    for name, content in files.items():
        s3.put_object(Bucket=bucket, Key=prefix + name, Body=content)


def summarize(outcome: Outcome, window: Window) -> dict[str, Any]:
    """The contents of summary.json: less than 4 KB, whatever the captured requests were."""
    violations = outcome.findings.violations
    return {
        "exit_status": outcome.exit_status,
        "item_count": outcome.profile.item_count,
        "violations": len(violations),
        "drifted_features": sum(found.constraint_check_type == DRIFT for found in violations),
        "window_start": utc_text(window.start),
        "window_end": utc_text(window.end),
        "messages": _short(outcome.messages),
    }


def _short(messages: Sequence[str]) -> list[str]:
    """The first ones, as far as they fit; run.json has them all."""
    fitting = [text[:MESSAGE_CHARACTERS] for text in messages[:MESSAGES]]
    while len(json.dumps(fitting)) > MESSAGES_BYTES:
        fitting.pop()
    return fitting


def main(arguments: list[str]) -> None:
    """Make a baseline or check a window."""
    try:
        settings = parse(arguments)
        spark = SparkSession.builder.appName("monitor-data-quality").getOrCreate()
        if isinstance(settings, BaselineSettings):
            said = make_baseline(spark, settings)
        else:
            said = make_report(spark, settings)
    except MonitorError as error:
        raise DataQualityError(str(error)) from error
    print(json.dumps(said))


if __name__ == "__main__":
    main(sys.argv[1:])
