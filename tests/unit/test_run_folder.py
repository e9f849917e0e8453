"""What a run keeps of the monitor's documents, in its own folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from penstock.cli.run import Run
from penstock.scenario.aws import StepFailedError
from penstock.scenario.progress import Step, Timeline


class Nobody:
    def changed(self, step: Step) -> None:
        """Nobody watches."""


class Failing(Run):
    def drive(self) -> None:
        raise StepFailedError("no room")


def client(service: str) -> Any:
    return boto3.client(service, region_name="us-east-1")


@pytest.fixture
def s3() -> Iterator[Any]:
    with mock_aws():
        s3 = client("s3")
        s3.create_bucket(Bucket="lake")
        yield s3


class FailingLater(Run):
    """The stream was scored; what came then failed."""

    def drive(self) -> None:
        self.findings = {"anomaly_drawing": {"threshold": 2.5, "series": []}}
        raise StepFailedError("the alarm did not go off")


def run(folder: Path) -> Run:
    return Failing("digits", "dev", [], Timeline(Nobody()), folder)


def test_each_document_lies_in_its_folder_and_the_report_knows_where(
    s3: Any, tmp_path: Path
) -> None:
    for key in ("baseline/1/statistics.json", "reports/2/run.json", "reports/2/deeper/no.json"):
        s3.put_object(Bucket="lake", Key=f"monitor/{key}", Body=key.encode())
    running = run(tmp_path)
    running.findings["monitor"] = {
        "baseline_uri": "s3://lake/monitor/baseline/1/",
        "drifted_batch": {"report_uri": "s3://lake/monitor/reports/2/"},
    }
    running.keep_monitor(client)
    kept = {
        str(path.relative_to(tmp_path)): path.read_text()
        for path in tmp_path.rglob("*")
        if path.is_file()
    }
    assert kept == {
        "monitor/baseline/statistics.json": "baseline/1/statistics.json",
        "monitor/drifted/run.json": "reports/2/run.json",
    }
    assert running.findings["monitor"]["baseline"] == "monitor/baseline"
    assert running.findings["monitor"]["drifted_batch"]["report"] == "monitor/drifted"


def test_a_run_without_a_monitor_keeps_nothing_of_it(s3: Any, tmp_path: Path) -> None:
    running = run(tmp_path)
    running.keep_monitor(client)
    assert list(tmp_path.iterdir()) == []


def test_the_curves_are_kept_even_if_a_later_step_fails(tmp_path: Path) -> None:
    running = FailingLater("anomaly", "dev", [], Timeline(Nobody()), tmp_path)
    assert running.go()[:2] == ("failed", "the alarm did not go off")
    text = (tmp_path / "anomaly.json").read_text()
    assert json.loads(text) == {"threshold": 2.5, "series": []}
    assert text.endswith("}\n")


def test_a_run_without_curves_keeps_no_file_of_them(tmp_path: Path) -> None:
    run(tmp_path).go()
    assert list(tmp_path.iterdir()) == []


def test_a_failed_run_says_why(tmp_path: Path) -> None:
    status, why, seconds = run(tmp_path).go()
    assert (status, why) == ("failed", "no room")
    assert 0 <= seconds < 5
