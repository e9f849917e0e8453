"""The monitor's Glue job without Spark: its arguments, files, metrics, and what it refuses."""

from __future__ import annotations

import importlib.util
import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import numpy as np
import pytest
from moto import mock_aws

from penstock.monitor import MonitorError, utc_time
from penstock.recordio import write_dense

SOURCE = Path(__file__).parents[2] / "jobs" / "monitor_data_quality.py"
BASELINE = ["--purpose", "baseline", "--training_uri", "s3://lake/train", "--baseline_uri"]
CHECK = [
    *("--JOB_NAME", "monitor", "--purpose", "check", "--feature_columns", "a,b"),
    *("--capture_uri", "s3://lake/capture/digits-dev", "--baseline_uri", "s3://lake/baseline"),
    *("--report_uri", "s3://lake/report", "--endpoint_name", "digits-dev"),
    *("--schedule_name", "digits-dev-monitor", "--window_end", "2026-11-22T12:20:00Z"),
]
METRICS = "aws/sagemaker/Endpoints/data-metrics"


class Parts:
    """A distributed list, worked on part by part."""

    def __init__(self, parts: list[list[str]]) -> None:
        self._parts = parts

    def mapPartitions(self, work: Callable[[Iterator[str]], Iterator[Any]]) -> Parts:
        self._done = [found for part in self._parts for found in work(iter(part))]
        return self

    def collect(self) -> list[Any]:
        return self._done


class Spark:
    """Two tasks, one after the other."""

    defaultParallelism = 2

    @property
    def sparkContext(self) -> Spark:
        return self

    def parallelize(self, names: list[str], tasks: int) -> Parts:
        return Parts([names[number::tasks] for number in range(tasks)])


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, with stand-ins for the modules of Glue."""
    sql = ModuleType("pyspark.sql")
    sql.SparkSession = Spark  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pyspark", ModuleType("pyspark"))
    monkeypatch.setitem(sys.modules, "pyspark.sql", sql)
    spec = importlib.util.spec_from_file_location("monitor_data_quality", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)  # dataclasses look there
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def lake(job: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A bucket with training data of two columns, and their baseline."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="lake")
        rows = np.random.default_rng(1).normal(size=(400, 2)).astype(np.float32)
        for part in range(3):
            file = io.BytesIO()
            write_dense(file, rows[part::3], np.zeros(len(rows[part::3]), dtype=np.float32))
            s3.put_object(Bucket="lake", Key=f"train/{part}.rec", Body=file.getvalue())
        job.make_baseline(
            Spark(), job.parse([*BASELINE, "s3://lake/baseline", "--feature_columns", "a, b"])
        )
        yield s3


def captured(lake: Any, name: str, *bodies: str, minute: int = 30) -> None:
    lines = [
        json.dumps(
            {
                "captureData": {
                    "endpointInput": {
                        "observedContentType": "text/csv",
                        "data": body,
                        "encoding": "CSV",
                    }
                },
                "eventMetadata": {"inferenceTime": f"2026-11-22T11:{minute}:00Z"},
            }
        )
        for body in bodies
    ]
    key = f"capture/digits-dev/main/2026/11/22/11/{name}.jsonl"
    lake.put_object(Bucket="lake", Key=key, Body="\n".join(lines))


def document(lake: Any, key: str) -> Any:
    return json.loads(lake.get_object(Bucket="lake", Key=key)["Body"].read())


def sent() -> dict[str, list[dict[str, str]]]:
    listed = boto3.client("cloudwatch").list_metrics(Namespace=METRICS)["Metrics"]
    return {one["MetricName"]: one["Dimensions"] for one in listed}


def test_the_window_is_given_or_the_full_hours_before_the_last_one(job: ModuleType) -> None:
    scheduled = job.parse([*CHECK, "--window_hours", "6"]).window
    assert scheduled.start == utc_time("2026-11-22T06:00:00Z")
    assert scheduled.end == utc_time("2026-11-22T12:00:00Z")
    given = job.parse([*CHECK, "--window_hours", "6", "--window_start", "2026-11-22T12:10:00Z"])
    assert given.window.start == utc_time("2026-11-22T12:10:00Z")
    assert given.window.end == utc_time("2026-11-22T12:20:00Z")


def test_the_baseline_names_the_columns_in_order_and_keeps_how_to_compare(
    job: ModuleType, lake: Any
) -> None:
    settings = job.parse(
        [
            *(*BASELINE, "s3://lake/other/", "--feature_columns", "a,b"),
            *("--distance", "Simple", "--drift_threshold", "0.25"),
        ]
    )
    assert job.make_baseline(Spark(), settings) == {"item_count": 400, "features": 2}
    found = document(lake, "other/constraints.json")
    assert [feature["name"] for feature in found["features"]] == ["a", "b"]
    how = found["monitoring_config"]["distribution_constraints"]
    assert (how["comparison_method"], how["comparison_threshold"]) == ("Simple", 0.25)


def test_a_check_counts_rows_violations_and_drift_and_sends_them(
    job: ModuleType, lake: Any
) -> None:
    rows = [f"{value},{value / 9 if place else ''}" for place, value in enumerate(range(9, 59))]
    captured(lake, "one", *rows[:20])
    captured(lake, "two", *rows[20:], "1,2,3", "no,")
    summary = job.make_report(Spark(), job.parse(CHECK))
    assert summary == document(lake, "report/summary.json")
    found = document(lake, "report/constraint_violations.json")["violations"]
    kinds = [(one["feature_name"], one["constraint_check_type"]) for one in found]
    assert summary["exit_status"] == "CompletedWithViolations"
    assert (summary["item_count"], summary["violations"]) == (52, len(kinds))
    assert summary["drifted_features"] == 2 < len(kinds)
    assert {("a", "baseline_drift_check"), ("b", "completeness_check")} <= set(kinds)
    assert any("no capture from" in text for text in summary["messages"])
    assert {"violations", "feature_data_a", "feature_baseline_drift_b"} <= set(sent())
    assert sent()["violations"] == [
        {"Name": "Endpoint", "Value": "digits-dev"},
        {"Name": "MonitoringSchedule", "Value": "digits-dev-monitor"},
    ]


def test_a_window_without_a_row_sends_no_metric(job: ModuleType, lake: Any) -> None:
    summary = job.make_report(Spark(), job.parse(CHECK))
    assert (summary["exit_status"], summary["item_count"]) == ("Completed", 0)
    assert summary["messages"][0].startswith("no data")
    assert sent() == {}


def test_the_summary_is_written_when_all_else_is_done(
    job: ModuleType, lake: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ConnectionError

    captured(lake, "one", "1,2")
    monkeypatch.setattr(job, "put_metrics", refuse)
    with pytest.raises(ConnectionError):
        job.make_report(Spark(), job.parse(CHECK))
    listed = lake.list_objects_v2(Bucket="lake", Prefix="report/")["Contents"]
    assert {one["Key"] for one in listed} == {
        f"report/{name}.json"
        for name in ("statistics", "constraints", "constraint_violations", "run")
    }


def test_an_object_that_cannot_be_read_fails_the_job_in_one_line(
    job: ModuleType, lake: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.put_object(Bucket="lake", Key="train/3.rec", Body=b"no RecordIO")
    with pytest.raises(MonitorError, match=r"train/3\.rec"):
        job.make_baseline(
            Spark(), job.parse([*BASELINE, "s3://lake/baseline", "--feature_columns", "a,b"])
        )
    lake.put_object(Bucket="lake", Key="baseline/statistics.json", Body=b"{")
    with pytest.raises(MonitorError, match=r"baseline/statistics\.json is not JSON"):
        job.make_report(Spark(), job.parse(CHECK))


def test_messages_in_the_summary_are_ten_at_most_and_short(job: ModuleType) -> None:
    assert job._short([f"{number}" for number in range(20)]) == [f"{n}" for n in range(10)]
    fitting = job._short(["é" * 999] * 10)
    assert len(fitting[0]) == 300
    assert 0 < len(json.dumps(fitting)) <= 3000
