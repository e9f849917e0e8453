"""`penstock run digits`: what the demonstration must show, read from its report."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from penstock.recordio import write_dense
from tests.runs.conftest import Done, Penstock

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("digits-demo")]

STEPS = [
    *("synth", "deploy", "ingest", "prepare", "train", "gate", "register"),
    *("baseline", "serve", "invoke", "capture", "monitor", "alarm", "retrain"),
]


@pytest.fixture(scope="module")
def demo(penstock: Penstock) -> Done:
    return penstock("run", "digits")


def read(demo: Done, name: str) -> dict[str, Any]:
    """A document of the run's folder."""
    found: dict[str, Any] = json.loads((demo.folder / "runs/digits/latest" / name).read_text())
    return found


@pytest.fixture(scope="module")
def report(demo: Done) -> dict[str, Any]:
    assert demo.code == 0, demo.out + demo.err
    return demo.report


def test_every_step_succeeds_and_says_how_long_it_took(report: dict[str, Any]) -> None:
    assert report["pipeline"] == "digits"
    assert report["status"] == "succeeded"
    assert [step["name"] for step in report["steps"]] == STEPS
    assert {step["status"] for step in report["steps"]} == {"succeeded"}
    assert 0 < sum(step["seconds"] for step in report["steps"]) < report["seconds"] + 1


def test_the_model_is_good_by_the_jobs_own_metric_and_by_the_endpoints_answers(
    report: dict[str, Any],
) -> None:
    assert report["metrics"]["test:multiclass_accuracy"] >= 0.93
    assert report["metrics"]["endpoint_accuracy"] >= 0.93
    assert report["model"]["artifact"].startswith("s3://")
    assert report["model"]["artifact"].endswith("/output/model.tar.gz")
    assert report["endpoint"]["name"] == "digits-dev"
    assert report["endpoint"]["invocations"] > 0
    # the rows that were asked about are the test channel's, and all requests were captured
    endpoint = report["endpoint"]
    assert endpoint["rows"] == report["training"]["channels"]["test"]["records"]
    assert endpoint["captured"] == endpoint["invocations"]
    confusion = np.array(endpoint["confusion"]["counts"])
    assert confusion.sum() == endpoint["rows"]
    assert confusion.trace() / endpoint["rows"] == report["metrics"]["endpoint_accuracy"]


def test_the_learning_curve_has_every_epoch_and_falls(report: dict[str, Any]) -> None:
    curve = report["training"]["learning_curve"]
    assert [point["epoch"] for point in curve] == list(range(15))
    losses = [point["metrics"]["train:objective_loss"] for point in curve]
    assert losses[-1] < losses[0]


def test_held_out_rows_raise_nothing_and_inverted_ones_drift_in_most_pixels_that_vary(
    demo: Done, report: dict[str, Any]
) -> None:
    monitor = report["monitor"]
    assert monitor["reference_batch"]["violations"] == 0
    assert monitor["reference_batch"]["rows"] > 100
    baseline = read(demo, f"{monitor['baseline']}/statistics.json")
    varying = {
        feature["name"]
        for feature in baseline["features"]
        if feature["numerical_statistics"]["min"] < feature["numerical_statistics"]["max"]
    }
    drifted = monitor["drifted_batch"]
    assert drifted["rows"] == monitor["reference_batch"]["rows"]
    assert len(varying & set(drifted["features"])) > 0.6 * len(varying)
    violations = read(demo, f"{drifted['report']}/constraint_violations.json")["violations"]
    assert len(violations) == drifted["violations"]
    assert {"baseline_drift_check"} <= {v["constraint_check_type"] for v in violations}


def test_the_alarm_starts_a_training_only_once_there_are_newer_records(
    report: dict[str, Any],
) -> None:
    assert report["monitor"]["alarm"] == "ALARM"
    assert report["monitor"]["retrained"] is True
    told = [(e["kind"], e["what"]) for e in report["events"] if e["kind"] in ("alarm", "retrain")]
    assert told == [
        ("alarm", "OK -> ALARM"),
        ("retrain", "nothing started"),
        ("alarm", "ALARM -> OK"),
        ("retrain", "new records"),
        ("alarm", "OK -> ALARM"),
        ("retrain", "training started"),
    ]
    (reason,) = [e["detail"] for e in report["events"] if e["what"] == "nothing started"]
    assert "no records newer than the last training" in reason


def test_the_new_model_beat_the_one_in_service_on_the_same_test_ids(
    report: dict[str, Any],
) -> None:
    retraining = report["retraining"]
    assert retraining["value"] > retraining["serving_value"] > 0.5
    assert retraining["registered"] is True
    assert retraining["model_package_arn"] == report["model"]["model_package_arn"]
    assert retraining["model_package_arn"].endswith("/2")
    assert report["metrics"]["test:multiclass_accuracy"] == retraining["value"]


def test_every_record_is_accounted_for_and_repeats_count_once(report: dict[str, Any]) -> None:
    records = report["records"]
    assert records["sent"] == 1797 + 18 + 7
    assert records["failed"] == {"source": 0, "transform": 7, "conversion": 0}
    assert records["sent"] == (
        records["delivered"] + records["dropped"] + sum(records["failed"].values())
    )
    assert records["unique"] == 1797


def test_each_bad_record_is_in_the_error_prefix_with_the_logged_reason(
    report: dict[str, Any],
) -> None:
    failures = report["records"]["failures"]
    assert len(failures) == 7
    for failure in failures:
        assert "/errors/processing-failed/" in failure["object"]
        assert failure["record_id"]  # found in the transform's log by the record's digest
    reasons = " | ".join(sorted(failure["reason"] for failure in failures))
    for word in ("JSON", "empty", "label", "pixels"):
        assert word in reasons, reasons
    assert len({failure["reason"] for failure in failures}) == 7


def test_the_training_job_is_told_as_it_was(report: dict[str, Any]) -> None:
    training = report["training"]
    assert training["algorithm"] == "linear-learner"
    assert training["image"].endswith("/linear-learner:1")
    assert training["input_mode"] == "Pipe"
    assert training["content_type"] == "application/x-recordio-protobuf"
    channels = training["channels"]
    assert set(channels) == {"train", "validation", "test"}
    assert sum(channel["records"] for channel in channels.values()) == 1797
    record_bytes = write_dense(io.BytesIO(), np.zeros((1, 64), "f4"), np.zeros(1, "f4"))
    assert all(c["bytes"] == record_bytes * c["records"] for c in channels.values())


def test_the_ledger_has_every_resource(report: dict[str, Any]) -> None:
    ledger = report["ledger"]
    assert ledger["live"] + ledger["api_only"] + len(ledger["substituted"]) == len(
        ledger["entries"]
    )
    by_type = {entry["type"]: entry for entry in ledger["substituted"]}
    assert "Spark" in by_type["AWS::Glue::Job"]["by"]
    assert "scikit-learn" in by_type["SageMaker training image"]["by"]
    assert all(entry["by"] for entry in ledger["substituted"])
    (lake,) = [
        e
        for e in ledger["entries"]
        if "/Lake" in e["resource"] and "Policy" not in e["type"] and e["type"] == "AWS::S3::Bucket"
    ]
    assert "BucketEncryption: nothing is encrypted here" in lake["notes"]


def test_the_model_and_all_logs_outlive_the_cloud(demo: Done, report: dict[str, Any]) -> None:
    folder = demo.folder / "runs/digits/latest"
    assert report["model"]["copy"].endswith("/model.tar.gz")
    with tarfile.open(folder / "model.tar.gz") as archive:
        assert "model_algo-1" in [Path(name).name for name in archive.getnames()]
    logs = {path.parent.name: path.read_text() for path in folder.glob("logs/*/*.log")}
    assert "multiclass_accuracy" in logs["aws_sagemaker_TrainingJobs"]
    (transform,) = [text for name, text in logs.items() if "TransformLogs" in name]
    assert '"event": "record_failed"' in transform or '"event":"record_failed"' in transform


def test_without_a_terminal_the_output_is_plain_lines(demo: Done) -> None:
    assert "\x1b" not in demo.out
    for step in STEPS:
        assert f" {step} " in demo.out
    assert "endpoint_accuracy: 0.9" in demo.out
    assert "runs/digits/latest/report.json" in demo.out
    assert demo.err == ""
